# SPDX-License-Identifier: GPL-2.0
"""The machines that the benchmark runs on, each built from a pristine tree and from ours."""
import glob, os, re, shutil, subprocess, time
from kernel import Failed, Kernel

HERE = os.path.dirname(os.path.abspath(__file__))
TREES = ("theirs", "ours")
LIMIT = 600     # seconds for a guest
# One instruction is one nanosecond of the guest's clock, also of its TSC.
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0,sleep=off,align=off", "-smp", "1", "-m", "512M",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"]


def qemu(build, words):
    return [*QEMU, "-kernel", f"{build}/arch/x86/boot/bzImage", "-initrd", f"{build}/initramfs.cpio",
            "-append", " ".join(["console=ttyS0", "stop=reboot", *words])]


def native(build, words):
    return [f"{build}/linux", "mem=256M", f"initrd={build}/initramfs.cpio", "con=null", "con0=fd:0,fd:1", "console=tty0", "stop=poweroff", *words]


# What is built, with which variables of make and which options, and how it is run.
MACHINES = {"guest": ("bzImage", (), ("guest",), qemu), "uml": ("linux", ("ARCH=um",), ("uml",), native), "probe": ("bzImage", (), ("guest", "probe"), qemu)}


def ring_objects(source):
    """Of drivers/virtio; they alone get debug information, by which trace.py finds them."""
    folder = f"{source}/drivers/virtio"
    found = glob.glob(f"{folder}/ring/*.c") or [f"{folder}/virtio_ring.c"]
    return [f"{os.path.relpath(f, folder)[:-2]}.o" for f in sorted(found)]


class Machine:
    """One tree built for one machine, with the benchmark's module in an initramfs."""

    def __init__(self, tree, source, machine, build, more=""):
        """more: options of the kernel besides those of the machine, which then is one of its own."""
        self.goal, variables, configs, self.command = MACHINES[machine]
        self.name = ", ".join([tree, machine, *more.split()])
        # The same way from here to the sources for both trees: ccache then compiles what they share once.
        variables += tuple(f"CFLAGS_{o}=-g" for o in ring_objects(source))
        self.kernel = Kernel(source, f"{build}/theirs/bench-{machine}" if tree == "theirs" else f"{build}/bench-{machine}{'-with' if more else ''}", *variables)
        self.dir = self.kernel.build
        start = time.time()
        print(f"   {self.name}: build ...", end="", flush=True)
        self.kernel.configure("".join(open(f"{HERE}/{c}.config").read() for c in configs) + more)
        self.kernel.make(self.goal, "modules")
        self.initramfs()
        print(f" {time.time() - start:.0f} s", flush=True)

    def initramfs(self):
        folder, root = f"{self.dir}/ring_bench", f"{self.dir}/root"
        os.makedirs(folder, exist_ok=True)
        for f in os.listdir(HERE):
            if f == "Kbuild" or f.endswith((".c", ".h")):
                shutil.copy(f"{HERE}/{f}", folder)
        self.kernel.make(f"M={folder}", "modules")
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        for f in glob.glob(f"{folder}/*.ko"):
            shutil.copy(f, root)
        if self.goal != "linux":
            Kernel.add_program(root, "/usr/bin/fio")
        self.kernel.initramfs(root, f"{HERE}/init")

    def run(self, *words, options=(), files=()):
        """Boot with words on the kernel's command line; what the benchmark says, as {case: [numbers]}."""
        cmd = [*self.command(self.dir, ["panic=-1", "loglevel=7", *words]), *options]
        try:
            out = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, pass_fds=files).stdout
        except subprocess.TimeoutExpired as e:
            out = e.stdout or b""
        text = out.decode(errors="replace").replace("\r", "")
        if "bench: done" not in text:
            raise Failed(f"{self.name}: did not come to its end within {LIMIT} s; it said:\n" + text[-3000:])
        return {case: [int(n) for n in numbers.split()] for case, numbers in re.findall(r"bench: (.*): ([\d ]+)$", text, re.M)}


class Trees:
    """Both trees; a machine is built when it is first needed."""

    def __init__(self, pristine, source, build):
        self.sources, self.build, self.machines = {"theirs": pristine, "ours": source}, build, {}
        self.counts = {}    # what ring.counted() found

    def ours(self, machine, more):
        """One of ours with more options; one at a time, since they share a folder."""
        return Machine("ours", self.sources["ours"], machine, self.build, more)

    def pair(self, machine):
        for t in TREES:
            if (t, machine) not in self.machines:
                self.machines[t, machine] = Machine(t, self.sources[t], machine, self.build)
        return {t: self.machines[t, machine] for t in TREES}
