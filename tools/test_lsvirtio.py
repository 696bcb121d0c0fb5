#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_lsvirtio.py PROGRAM TREE: tests of lsvirtio on machines made of files, and of the names that it shares with the kernel."""
import json, os, re, shutil, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tested

PROGRAM = TREE = None
NOBODY = 65534
DRIVER_OK, GONE = 0x0f, 0xff
QUEUE = """name: req.0
format: split
size: 128
free: 120
in_flight: 4
oldest_ms: 12
made_available: 4711
taken: 4700
kicks_sent: 5
callbacks: 9
state: broken
why: used id 300, expected less than 256
of a later kernel: yes
"""
FEATURES = "1 SIZE_MAX: wanted\n2 SEG_MAX: offered wanted taken\n12 MQ: offered wanted\n32 VERSION_1: offered wanted taken\n60 bit60: offered\n"
CONFIG = "capacity: 65536\nseg_max: 254\nmac: 52:54:00:12:34:56\nlarge: 18446744073709551615\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


class Machine:
    """A sysfs and a debugfs of files."""

    def __init__(self, top):
        self.top, self.sys, self.debug = top, f"{top}/sys", f"{top}/sys/kernel/debug"
        os.makedirs(f"{self.sys}/bus/virtio/devices")
        os.chmod(top, 0o755)

    def device(self, name, type=2, status=DRIVER_OK, features=(2, 32), driver="virtio_blk", parent="0000:00:03.0", digits=128):
        folder = f"{self.sys}/devices/pci0000:00/{parent}/{name}" if parent else f"{self.sys}/devices/{name}"
        write(f"{folder}/device", f"0x{type:04x}\n")
        write(f"{folder}/vendor", "0x1af4\n")
        write(f"{folder}/status", f"0x{status:08x}\n")
        write(f"{folder}/features", "".join("01"[bit in features] for bit in range(digits)) + "\n")
        os.symlink(folder, f"{self.sys}/bus/virtio/devices/{name}")
        if parent:
            os.makedirs(f"{self.sys}/bus/pci", exist_ok=True)
            os.symlink("../../../bus/pci", f"{os.path.dirname(folder)}/subsystem")
        if driver:
            os.symlink(f"../../../../bus/virtio/drivers/{driver}", f"{folder}/driver")
        return folder

    def more(self, name, queues=1, features=FEATURES, config=CONFIG):
        folder = f"{self.debug}/virtio/{name}"
        write(f"{folder}/features", features)
        write(f"{folder}/config", config)
        os.makedirs(f"{folder}/queues")
        for n in range(queues):
            write(f"{folder}/queues/{n}", QUEUE.replace("req.0", f"req.{n}"))
        return folder


class Lsvirtio(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.machine = Machine(tmp.name)

    def call(self, *args, **kw):
        return subprocess.run([PROGRAM, "--sysfs", self.machine.sys, *args], capture_output=True, text=True, **kw)

    def said(self, *args, status=0, errors=""):
        r = self.call(*args)
        self.assertEqual((r.stderr, r.returncode), (errors, status))
        return r.stdout

    def json(self, *args, **kw):
        return json.loads(self.said("-j", *args, **kw))["devices"]

    def test_plain(self):
        self.machine.device("virtio10", 1, 0x83, driver=None, parent="0000:00:04.0")
        self.machine.device("virtio2")
        self.machine.device("virtio3", 0x1234, 0, driver=None, parent=None)
        self.machine.more("virtio2", queues=2)
        self.assertEqual(self.said(), """\
DEVICE    TYPE     TRANSPORT         DRIVER      STATUS     QUEUES
virtio2   block    pci 0000:00:03.0  virtio_blk  DRIVER_OK  2
virtio3   4660     -                 -           reset      -
virtio10  network  pci 0000:00:04.0  -           FAILED     -
""")
        self.assertEqual(self.said("virtio3").count("\n"), 2)

    def test_states(self):
        for status, state in ((0, "reset"), (1, "ACKNOWLEDGE"), (3, "DRIVER"), (0xb, "FEATURES_OK"), (7, "DRIVER_OK"), (0xf, "DRIVER_OK"),
                              (0x4f, "NEEDS_RESET"), (0xcf, "FAILED"), (0x81, "FAILED"), (GONE, "gone")):
            with self.subTest(status):
                write(self.machine.device(f"virtio{status}", status=status, parent=f"{status}") + "/status", f"0x{status:08x}\n")
                device, = self.json(f"virtio{status}")
                self.assertEqual(device["status"]["state"], state)
                self.assertEqual(device["status"]["value"], status)
        self.assertEqual(self.json("virtio79")[0]["status"]["names"], ["ACKNOWLEDGE", "DRIVER", "DRIVER_OK", "FEATURES_OK", "NEEDS_RESET"])
        self.assertEqual(self.json("virtio255")[0]["status"]["names"], [])

    def test_verbose(self):
        self.machine.device("virtio0")
        self.machine.more("virtio0", queues=2)
        self.assertEqual(self.said("-v"), """\
DEVICE   TYPE   TRANSPORT         DRIVER      STATUS     QUEUES
virtio0  block  pci 0000:00:03.0  virtio_blk  DRIVER_OK  2
    features: SEG_MAX VERSION_1
    offered, not taken: MQ bit60
    wanted, not offered: SIZE_MAX
    config: capacity=65536 seg_max=254 mac=52:54:00:12:34:56
        large=18446744073709551615
    queue 0: name=req.0 format=split size=128 in_flight=4 oldest_ms=12 kicks_sent=5 callbacks=9 state=broken why="used id 300, expected less than 256"
    queue 1: name=req.1 format=split size=128 in_flight=4 oldest_ms=12 kicks_sent=5 callbacks=9 state=broken why="used id 300, expected less than 256"
""")

    def test_lines_are_short(self):
        self.machine.device("virtio0", 1, features=range(128))
        lines = self.said("-v").split("\n")
        self.assertGreater(len(lines), 8)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(sum(len(line.split()) for line in lines[2:]), 128 + 1)

    def test_json(self):
        self.machine.device("virtio0")
        self.machine.more("virtio0")
        device, = self.json()
        self.assertEqual([device[k] for k in ("name", "id", "type", "vendor", "driver")], ["virtio0", 2, "block", 0x1af4, "virtio_blk"])
        self.assertEqual(device["transport"], {"bus": "pci", "name": "0000:00:03.0"})
        self.assertEqual(device["features"][:3], [
            {"bit": 1, "name": "SIZE_MAX", "offered": False, "wanted": True, "taken": False},
            {"bit": 2, "name": "SEG_MAX", "offered": True, "wanted": True, "taken": True},
            {"bit": 12, "name": "MQ", "offered": True, "wanted": True, "taken": False}])
        self.assertEqual(device["features"][-1]["name"], None)
        self.assertEqual(device["config"], {"capacity": 65536, "seg_max": 254, "mac": "52:54:00:12:34:56", "large": "18446744073709551615"})
        queue, = device["queues"]
        self.assertEqual([queue[k] for k in ("index", "name", "size", "oldest_ms", "of a later kernel")], [0, "req.0", 128, 12, "yes"])

    def test_queues_by_number(self):
        self.machine.device("virtio0")
        folder = self.machine.more("virtio0", queues=12)
        write(f"{folder}/queues/2", "size: 8\noldest_ms: -\nwhy: \"\\\x1b[31m\n")
        write(f"{folder}/queues/trace", "not a queue\n")
        queues = self.json()[0]["queues"]
        self.assertEqual([q["index"] for q in queues], list(range(12)))
        self.assertEqual(queues[2], {"index": 2, "size": 8, "oldest_ms": None, "why": "\"\\?[31m"})

    def test_without_debugfs(self):
        self.machine.device("virtio0")
        device, = self.json()
        self.assertEqual((device["queues"], device["config"]), (None, None))
        self.assertEqual(device["features"], [{"bit": b, "name": n, "offered": None, "wanted": None, "taken": True}
                                              for b, n in ((2, "SEG_MAX"), (32, "VERSION_1"))])
        self.assertEqual(self.said("-v").split("\n")[2:], ["    features: SEG_MAX VERSION_1", ""])

    def test_high_bits(self):
        """Those of a network card that are beyond 63, by name; of a kernel that shows 64 bits there are none."""
        self.machine.device("virtio0", 1, features=(5, 65, 127), driver="virtio_net")
        self.machine.device("virtio1", 1, features=(5, 63), digits=64, parent="0000:00:04.0", driver="virtio_net")
        self.assertEqual([[(f["bit"], f["name"]) for f in d["features"]] for d in self.json()],
                         [[(5, "MAC"), (65, "GUEST_UDP_TUNNEL_GSO"), (127, None)], [(5, "MAC"), (63, "SPEED_DUPLEX")]])
        self.machine.more("virtio0", features="65 GUEST_UDP_TUNNEL_GSO: offered\n68 HOST_UDP_TUNNEL_GSO_CSUM: wanted\n")
        self.assertEqual([(f["bit"], f["offered"], f["wanted"], f["taken"]) for f in self.json()[0]["features"]],
                         [(65, True, False, False), (68, False, True, False)])
        self.assertIn("    offered, not taken: GUEST_UDP_TUNNEL_GSO\n    wanted, not offered: HOST_UDP_TUNNEL_GSO_CSUM\n", self.said("-v"))

    def test_features_of_an_earlier_driver(self):
        self.machine.device("virtio0", status=1, driver=None)
        self.assertEqual(self.json()[0]["features"], [])

    def test_other_debugfs(self):
        self.machine.device("virtio0")
        self.machine.more("virtio0")
        shutil.move(self.machine.debug, f"{self.machine.top}/elsewhere")
        self.assertIsNone(self.json()[0]["queues"])
        self.assertEqual(len(self.json("--debugfs", f"{self.machine.top}/elsewhere")[0]["queues"]), 1)

    def test_vanished(self):
        """One of a list may go while it is read; one that was asked for is missed."""
        self.machine.device("virtio0")
        shutil.rmtree(self.machine.device("virtio1", parent="0000:00:04.0"))
        os.remove(self.machine.device("virtio2", parent="0000:00:05.0") + "/features")
        self.assertEqual([d["name"] for d in self.json()], ["virtio0"])
        for name in ("virtio1", "virtio2", "virtio9", "../devices/virtio0", "."):
            r = self.call("virtio0", name)
            self.assertEqual((r.stderr, r.returncode), (f"lsvirtio: {name}: found no such device on the virtio bus\n", 1))
            self.assertIn("virtio0 ", r.stdout)

    def test_garbled(self):
        self.machine.device("virtio0")
        cases = (("status", "four\n", "four", "a number"), ("device", "\n", "", "a number"), ("vendor", "0x1af4 \x07\n", "0x1af4 ?", "a number"),
                 *(("features", f"{text}\n", text, "64 or 128 digits of 0 and 1") for text in ("0101", "2" * 64, "0" * 65, "1" * 129)))
        for n, (name, text, found, what) in enumerate(cases, 1):
            folder = self.machine.device(f"virtio{n}", parent=f"0000:01:0{n}.0")
            write(f"{folder}/{name}", text)
            r = self.call("-j")
            self.assertEqual(r.returncode, 1)
            self.assertIn(f'/virtio{n}/{name}: found "{found}", expected {what}\n', r.stderr)
            self.assertEqual([d["name"] for d in json.loads(r.stdout)["devices"]], ["virtio0"])

    def test_garbled_debugfs(self):
        """What can't be understood is passed over."""
        self.machine.device("virtio0")
        folder = self.machine.more("virtio0", features="\n:\nx: taken\n128 far: taken\n-1 x: taken\n3 y: mistaken takenx\n5 RO: taken\n\x00\xff: offered\n",
                                   config="capacity\n: 5\nsize_max:\n")
        write(f"{folder}/queues/0", "x" * 100000)
        device, = self.json()
        self.assertEqual([f["bit"] for f in device["features"]], [5])
        self.assertEqual((device["config"], device["queues"]), ({"size_max": ""}, [{"index": 0}]))
        self.assertIn("virtio0", self.said("-v"))

    def test_no_permission(self):
        self.machine.device("virtio0")
        self.machine.more("virtio0")
        os.chmod(self.machine.debug, 0o700)
        if os.geteuid():
            os.chmod(self.machine.debug, 0)
        # Root may read all: be nobody, who may run what lies where it can be reached.
        program = shutil.copy(PROGRAM, f"{self.machine.top}/lsvirtio")
        who = {} if os.geteuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for options, heard in ((), ""), (("-v",), "Permission denied"), (("-j",), "Permission denied"):
            r = subprocess.run([program, "--sysfs", self.machine.sys, *options], capture_output=True, text=True, **who)
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertEqual(bool(r.stderr), bool(heard))
            self.assertIn(heard, r.stderr)
            self.assertIn("virtio0", r.stdout)
        self.assertIsNone(json.loads(r.stdout)["devices"][0]["queues"])

    def test_no_bus(self):
        shutil.rmtree(f"{self.machine.sys}/bus")
        r = self.call()
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        self.assertIn("/bus/virtio/devices: No such file or directory: expected a kernel with virtio", r.stderr)

    def test_no_devices(self):
        self.assertEqual(self.said().count("\n"), 1)
        self.assertEqual(self.json(), [])

    def test_usage(self):
        self.assertIn("usage: lsvirtio", self.said("--help"))
        for wrong in (("-x",), ("--sysfs",), ("--nothing",)):
            r = self.call(*wrong)
            self.assertEqual((r.returncode, r.stdout), (2, ""))
            self.assertIn("--help", r.stderr)

    def test_full_output(self):
        with open("/dev/full", "w") as full:
            r = subprocess.run([PROGRAM, "--sysfs", self.machine.sys], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left", r.stderr)

    def test_manual(self):
        """The manual has the options that the help has."""
        with open(f"{TREE}/tools/virtio/lsvirtio/lsvirtio.8") as f:
            manual = re.findall(r"^\.It Fl (.*)$", f.read(), re.M)
        told = {f"-{o}" for line in manual for o in re.findall(r"-?\b[a-z]+", line.split(" Ar ")[0])}
        self.assertEqual(told, set(re.findall(r"(?<!\S)--?[a-z]+", self.said("--help").split("\n\n")[2])))


class Names(unittest.TestCase):
    """Every number of the headers has its name, and every name its number."""

    def setUp(self):
        folder = f"{TREE}/include/uapi/linux"
        self.headers = {f: open(f"{folder}/{f}").read() for f in sorted(os.listdir(folder)) if f.startswith("virtio_")}
        with open(f"{TREE}/drivers/virtio/names.c") as f:
            self.names = f.read()

    def test_types(self):
        ids = re.findall(r"^#define VIRTIO_ID_(\w+)\s+\d+", self.headers["virtio_ids.h"], re.M)
        self.assertGreater(len(ids), 30)
        self.assertEqual(set(re.findall(r"\bTYPE\((\w+), \"", self.names)), set(ids))

    def test_features(self):
        other_things = ("CONFIG", "TRANSPORT")
        # The last two are places of offloads in another register.
        older_names = ("WCE", "IOMMU_PLATFORM", "GUEST_UDP_TUNNEL_GSO_MAPPED", "GUEST_UDP_TUNNEL_GSO_CSUM_MAPPED")
        found = {pair for text in self.headers.values() for pair in re.findall(r"\bVIRTIO_(?:([A-Z0-9]+)_)?F_(\w*[A-Z0-9])\b", text)}
        self.assertGreater(len(found), 80)
        for kind, name in sorted(found):
            if kind not in other_things and name not in older_names:
                named = f"{kind or 'COMMON'}({name})" in self.names or f"{{ VIRTIO_{kind}_F_{name}, " in self.names
                # By number, where the headers of the oldest base end before it.
                named = named or re.search(rf'{{ \d+, "{name}" }}', self.names)
                self.assertTrue(named, f"{kind} {name} has no name")


def main():
    global PROGRAM, TREE
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    PROGRAM, TREE = map(os.path.abspath, sys.argv[1:])
    return tested.run()


if __name__ == "__main__":
    sys.exit(main())
