# SPDX-License-Identifier: GPL-2.0
"""A guest that is a process, on the launcher's devices and on what else there is for UML.

The kernel is the same for all: one UML kernel with this core.  What differs is where a disk
or a card comes from: the launcher's device page, UML's own drivers, or a vhost-user back end."""
import json, os, shutil, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.dirname(HERE)
sys.path += [f"{TOOLS}/boot", f"{TOOLS}/process"]
import accel, launcher
from asks import until
from kernel import Failed, Kernel
from machine import MICROVM, bare
from servers import terminate

MIB = 1 << 20
DISK, SECONDS, LIMIT = 256 * MIB, 3, 90
JOBS = [(rw, depth) for rw in ("randread", "randwrite") for depth in (1, 32)]
MORE = "CONFIG_BLK_DEV_UBD=y\nCONFIG_VIRTIO_UML=y\nCONFIG_UML_NET=y\nCONFIG_UML_NET_VECTOR=y\n"
DAEMON = "/usr/bin/qemu-storage-daemon"


class Guest:
    """A UML kernel, by whatever it is started, and what it measures."""

    def __init__(self, build, name, part, words=()):
        self.build, self.folder = build, f"{build}/measured/{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.words = ["loglevel=4", f"bench.part={part}", f"bench.folder={self.folder}", *words]

    def launch(self, *options):
        return self.start(f"{self.build}/launch/launch", "--kernel", f"{self.build}/linux", "--initrd", f"{self.build}/bench.cpio", "-m", "512M",
                          "--console", "none", *options, "--append", " ".join(self.words))

    def bare(self, *options, files=()):
        return self.start(f"{self.build}/linux", "mem=512M", f"initrd={self.build}/bench.cpio", "con=null", *options, *self.words, files=files)

    def start(self, *command, files=()):
        self.log = f"{self.folder}/log"
        with open(self.log, "wb") as log:
            self.proc = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=files)
        return self

    def end(self):
        try:
            self.proc.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.proc.kill()
        if not os.path.exists(f"{self.folder}/good"):
            said = f"{self.folder}/said"
            raise Failed(f"{self.folder}: the guest measured nothing: {open(said if os.path.exists(said) else self.log, errors='replace').read()[-800:]}")
        return self

    def json(self, name):
        return json.load(open(f"{self.folder}/{name}.json"))


def build(args):
    kernel = Kernel(args.source, f"{args.build}/bench-process", "ARCH=um")
    start = time.time()
    print("   a guest that is a process: build ...", end="", flush=True)
    kernel.configure(open(f"{TOOLS}/process/guest.config").read() + MORE)
    kernel.make("linux", "modules")
    launcher.build(kernel)
    root = f"{kernel.build}/root"
    for name, programs in (("bench", ("/usr/bin/fio", "/usr/bin/iperf3", "/usr/sbin/ip")), ("small", ())):
        shutil.rmtree(root, ignore_errors=True)
        for program in programs:
            kernel.add_program(root, program)
        kernel.initramfs(root, f"{HERE}/process-init", name)
    with open(f"{kernel.build}/disk.img", "wb") as f:
        for _ in range(DISK // MIB):
            f.write(os.urandom(MIB))
    print(f" {time.time() - start:.0f} s", flush=True)
    return kernel.build


def resident(pid):
    """KiB of a launcher that are not the guest's memory."""
    with open(f"/proc/{pid}/status") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(("RssAnon", "RssFile")))


# Disks


def job(guest, rw, depth):
    return guest.json(f"{rw}-{depth}")["jobs"][0]["read" if rw == "randread" else "write"]["iops"]


def by_launcher(build, name, *ring):
    guest = Guest(build, name, "disk", (f"bench.with=/dev/vda,{SECONDS}",)).launch("--disk", f"{build}/disk.img", *ring)
    most = 0
    while guest.proc.poll() is None:
        try:
            most = max(most, resident(guest.proc.pid))
        except OSError:
            break
        time.sleep(0.2)
    guest.end().resident = most
    return guest


def by_ubd(build, name):
    return Guest(build, name, "disk", (f"bench.with=/dev/ubda,{SECONDS}",)).bare(f"ubd0={build}/disk.img").end()


def by_daemon(build, name, aio):
    path = f"{build}/daemon.sock"
    if os.path.exists(path):
        os.remove(path)
    daemon = subprocess.Popen([DAEMON, "--blockdev", f"driver=file,node-name=file,filename={build}/disk.img,aio={aio}", "--blockdev",
                               "driver=raw,node-name=disk,file=file", "--export",
                               f"vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path={path},writable=on"])
    try:
        until("qemu-storage-daemon", lambda: os.path.exists(path))
        return Guest(build, name, "disk", (f"bench.with=/dev/vda,{SECONDS}",)).bare(f"virtio_uml.device={path}:2").end()
    finally:
        terminate(daemon)


DISKS = {
    "launcher, split ring": lambda build, name: by_launcher(build, name, "--ring", "split"),
    "launcher, packed ring": lambda build, name: by_launcher(build, name, "--ring", "packed"),
    "ubd": by_ubd,
    "virtio_uml, threads": lambda build, name: by_daemon(build, name, "threads"),
    "virtio_uml, io_uring": lambda build, name: by_daemon(build, name, "io_uring"),
}


def disks(build, runs):
    found, most = {name: {j: [] for j in JOBS} for name in DISKS}, 0
    for i in range(runs):
        for name, measure in list(DISKS.items())[::1 if i % 2 else -1]:
            guest = measure(build, f"disk-{name.replace(', ', '-').replace(' ', '-')}")
            most = max(most, getattr(guest, "resident", 0))
            for j in JOBS:
                found[name][j].append(job(guest, *j))
        print(f"   process: disks: run {i + 1} of {runs}", flush=True)
    heads = [f"{rw[4:]} {depth}" for rw, depth in JOBS]
    lines = ["Disk of a guest that is a process: thousands of requests of 4 KiB a second, at random, by depth (fio, libaio, O_DIRECT).",
             f"One kernel, one file in the host's page cache; median of {runs} runs and half of what they spread.", "",
             f"{'':24}" + "".join(f"{h:>18}" for h in heads)]
    for name, jobs in found.items():
        lines.append(f"{name:24}" + "".join(f"{statistics.median(v) / 1000:11.1f} ±{(max(v) - min(v)) / 2000:5.1f}" for v in jobs.values()))
    return lines + ["", f"The launcher held {most / 1024:.1f} MiB at most, besides the guest's memory."]


# Networks


def talk(left, right):
    right.end()
    left.end()
    return right.json("net")["end"]["sum_received"]["bits_per_second"]


def joined(build, ring):
    peer = f"{build}/peer"
    guests = (Guest(build, name, part, (f"bench.with={args}",)).launch("--net", f"peer={peer}", "--ring", ring)
              for name, part, args in (("left", "serve", "eth0"), ("right", "send", f"eth0,{SECONDS}")))
    return talk(*guests)


def vector(build):
    """The same two kernels, each with one end of a pair of sockets."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in ends:
        for which in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, which, MIB)
    guests = [Guest(build, name, part, (f"bench.with={args}",)).bare(f"vec0:transport=fd,fd={end.fileno()},depth=128", files=(end.fileno(),))
              for end, name, part, args in ((ends[0], "left", "serve", "vec0"), (ends[1], "right", "send", f"vec0,{SECONDS}"))]
    for end in ends:
        end.close()
    return talk(*guests)


NETS = {"launchers, split ring": lambda build: joined(build, "split"), "launchers, packed ring": lambda build: joined(build, "packed"), "vector": vector}


def nets(build, runs):
    found = {name: [] for name in NETS}
    for i in range(runs):
        for name, measure in NETS.items():
            found[name].append(measure(build) / 1e9)
        print(f"   process: networks: run {i + 1} of {runs}", flush=True)
    return [f"Network of two such guests: Gbit/s of one TCP stream (iperf3, {SECONDS} s), median of {runs} runs.", "",
            *(f"{name:24}{statistics.median(v):8.2f} ±{(max(v) - min(v)) / 2:5.2f}" for name, v in found.items())]


# Boots


def until_up(command):
    """Seconds until the guest's first program has said so."""
    start = time.time()
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in guest.stdout:
        if b"@up" in line:
            took = time.time() - start
            # A microvm can't turn itself off.
            guest.terminate()
            guest.communicate()
            return took
    raise Failed(f"{command[0]}: the guest does not come up")


def microvm(kernel, accelerator):
    command = bare(kernel, accelerator, ["bench.part=up", "reboot=t"], MICROVM)
    command[command.index("-initrd") + 1] = f"{kernel}/small.cpio"
    return [*command, "-drive", f"if=none,id=disk,format=raw,file={kernel}/empty.img", "-device", "virtio-blk-device,drive=disk",
            "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net"]


def process(build):
    return [f"{build}/launch/launch", "--kernel", f"{build}/linux", "--initrd", f"{build}/small.cpio", "-m", "512M", "--disk", f"{build}/disk.img",
            "--net", "user", "--console", "stdio", "--append", "loglevel=4 bench.part=up"]


def boots(build, args, runs):
    machines = {"process": process(build)}
    kernel = f"{args.build}/boot"
    if os.path.exists(f"{kernel}/{MICROVM.kernel}"):
        shutil.copy(f"{build}/small.cpio", kernel)
        with open(f"{kernel}/empty.img", "wb") as f:
            f.truncate(DISK)
        accelerator, _ = accel.choose(kernel)
        machines[f"microvm, {accelerator}"] = microvm(kernel, accelerator)
    found = {name: [until_up(command) for _ in range(runs)] for name, command in machines.items()}
    lines = ["Boot, from the start of launcher or emulator to the first line of the first program: seconds, with a disk and a card.", "",
             *(f"{name:24}{statistics.median(v):8.2f} ±{(max(v) - min(v)) / 2:5.2f}" for name, v in found.items())]
    return lines if len(machines) > 1 else [*lines, "microvm                 not measured: \"make boot\" has not built its kernel"]


def processes(trees, args):
    built, runs = build(args), args.system_runs
    return [*disks(built, runs), "", *nets(built, runs), "", *boots(built, args, 2 * runs + 1)]
