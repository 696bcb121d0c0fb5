# SPDX-License-Identifier: GPL-2.0
"""The host's side of a guest's devices: images, folders, servers; and a look at what the guest wrote."""
import functools, os, random, shutil, subprocess
import documents
from asks import until
from machine import PC
from network import TAPS, Network
from qmp import Qmp
from servers import echo, serve_file, serve_files, unix_listener

MIB = 1 << 20
# Images of the devices, empty or with a file system that has the documents: MiB.
EMPTY = {"scratch": {"scratch": 32}, "victim": {"victim": 1024}, "swap": {"swap": 512}, "scsi": {"scsi": 32}, "luns": {f"lun{n}": 8 for n in range(4)}}
FILE_SYSTEMS = {"disk": 64, "pmem": 64}
FOLDERS = ("share", "fs")
# The image that is full: what the guest gives up of it, what it writes zeroes to, where it writes, and how large it gets.
FULL, GIVEN_UP, ZEROED, WRITTEN, GROWN = 32 * MIB, 4 * MIB, 8 * MIB, 16 * MIB, 48 * MIB
VIRTIOFSD = "/usr/lib/qemu/virtiofsd"


@functools.cache
def filling():
    return random.Random(0).randbytes(FULL)


class Host:
    def __init__(self, kernel):
        self.kernel, self.build = kernel, kernel.build
        self.tree, self.known = f"{self.build}/tree", f"{self.build}/tree/SHA256SUMS"
        self.qmp, self.pid, self.starts = Qmp(f"{self.build}/qmp.sock"), None, 0      # of the machine, once it runs
        self.autopsy = Qmp(f"{self.build}/autopsy.sock")     # another monitor, for when the first may be waiting for an answer
        self.network, self.daemon = None, None
        documents.gather(self.tree)
        self.port, self.sum = serve_file(f"{self.build}/http", kernel=f"{self.build}/{PC[0]}", initramfs=f"{self.build}/initramfs.cpio")
        echo(unix_listener(f"{self.build}/echo.sock"))

    def words(self):
        return [f"rig.port={self.port}", f"rig.sum={self.sum}"]

    def prepare(self, scenario):
        """All as no guest has touched it.  Returns what can't be had here, and why."""
        lacks, self.starts = {}, 0
        for device in scenario.devices:
            for name, size in EMPTY.get(device, {}).items():
                self.image(name, size * MIB)
            if device in FILE_SYSTEMS:
                self.kernel.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", self.tree, self.image(device, FILE_SYSTEMS[device] * MIB))
            if device in FOLDERS:
                shutil.rmtree(f"{self.build}/{device}", ignore_errors=True)
                shutil.copytree(self.tree, f"{self.build}/{device}")
        if "queues" in scenario.devices:
            self.image("queues", FULL, filling())
        if "swap" in scenario.devices:
            self.kernel.run("mkswap", f"{self.build}/swap.img")
        if "fs" in scenario.devices:
            lacks["fs"] = self.start_virtiofsd()
        if TAPS.keys() & set(scenario.devices):
            self.network = Network(lambda address: serve_files(f"{self.build}/http", address))
            lacks.update(dict.fromkeys(TAPS, self.network.lacks))
        return {device: why for device, why in lacks.items() if why}

    def image(self, name, size, contents=b""):
        path = f"{self.build}/{name}.img"
        with open(path, "wb") as f:
            f.write(contents)
            f.truncate(size)
        return path

    def start_virtiofsd(self):
        """Why it does not run; nothing if it does."""
        path = f"{self.build}/fs.sock"
        if os.path.exists(path):
            os.remove(path)
        with open(f"{self.build}/virtiofsd.log", "w") as log:
            self.daemon = subprocess.Popen([VIRTIOFSD, f"--socket-path={path}", "-o", f"source={self.build}/fs", "-o", "sandbox=chroot"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("virtiofsd", lambda: os.path.exists(path) or self.daemon.poll() is not None)
        return "" if os.path.exists(path) else f"virtiofsd: {open(log.name).read().strip()}"

    def taps(self):
        """The files of tap interfaces, as QEMU wants to hear of them."""
        return {name: ":".join(map(str, files)) for name, files in self.network.files.items()} if self.network else {}

    def files(self):
        return sum(self.network.files.values(), []) if self.network else []

    def close(self):
        """The machine is off."""
        self.qmp.close()
        self.autopsy.close()
        if self.network:
            self.network.close()
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
        self.network = self.daemon = None

    def check(self, scenario, results):
        """What the guest wrote, seen from outside."""
        for device in scenario.devices:
            if device in FILE_SYSTEMS:
                image = f"{self.build}/{device}.img"
                results.say(*documents.clean(device, image))
                results.say(*documents.compare(device, documents.extract(image, f"{self.build}/written"), self.known))
            if device in FOLDERS:
                results.say(*documents.compare(device, f"{self.build}/{device}/written", self.known))
        if "queues" in scenario.devices:
            results.say(*self.full_image())

    def full_image(self):
        """A hole where the guest gave something up, zeroes behind it, what was there before around them, and the end where it is now."""
        with open(f"{self.build}/queues.img", "rb") as f:
            now, data = f.read(), os.lseek(f.fileno(), GIVEN_UP, os.SEEK_DATA)
        end = ZEROED + (ZEROED - GIVEN_UP)
        wrong = [what for what, good in (
            ("the size", len(now) == GROWN), ("the hole", data >= ZEROED), ("the zeroes", not any(now[GIVEN_UP:end])),
            ("what is before", now[:GIVEN_UP] == filling()[:GIVEN_UP]), ("what is behind", now[end:WRITTEN] == filling()[end:WRITTEN]),
            ("the last sector", now[-512:].startswith(b"the last sector"))) if not good]
        return not wrong, "queues, seen by the host: " + (f"not as expected: {', '.join(wrong)}" if wrong else
                                                         f"a hole, zeroes, the rest as it was, {GROWN // MIB} MiB in all")
