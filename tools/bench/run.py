#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a request costs the driver's side of a queue: a pristine 6.12 tree against ours.

The same module is built against both.  Instructions are counted in a QEMU guest with
-icount, where the TSC counts them; cycles in a UML kernel that runs natively, runs of
the two taking turns.  Prints a table; --write FILE also keeps it."""
import argparse, glob, os, re, shutil, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from kernel import Failed, Kernel

LINE = re.compile(r"bench: (.*): (\d+)\s*$", re.M)
LIMIT = 300     # seconds for a guest
TREES = ("theirs", "ours")


def qemu(build, words):
    return ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0", "-m", "256M", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
            "-kernel", f"{build}/arch/x86/boot/bzImage", "-initrd", f"{build}/initramfs.cpio", "-append", " ".join(["console=ttyS0", "stop=reboot", *words])]


def native(build, words):
    return [f"{build}/linux", "mem=128M", f"initrd={build}/initramfs.cpio", "con=null", "con0=fd:0,fd:1", "console=tty0", "stop=poweroff", *words]


# What is built, with which variables of make, and how it is run.
MACHINES = {"guest": ("bzImage", (), qemu), "uml": ("linux", ("ARCH=um",), native)}


class Side:
    """One tree built for one machine, with the module and an initramfs."""

    def __init__(self, tree, source, machine, build):
        goal, variables, self.command = MACHINES[machine]
        self.name = f"{tree}, {machine}"
        self.kernel = Kernel(source, f"{build}/{tree}-{machine}", *variables)
        self.dir = self.kernel.build
        start = time.time()
        print(f"   {self.name}: build ...", end="", flush=True)
        self.kernel.configure(open(f"{HERE}/{machine}.config").read())
        self.kernel.make(goal, "modules")
        self.module()
        print(f" {time.time() - start:.0f} s", flush=True)

    def module(self):
        folder, root = f"{self.dir}/ring_bench", f"{self.dir}/root"
        os.makedirs(folder, exist_ok=True)
        for f in ("Kbuild", "ring_bench.c"):
            shutil.copy(f"{HERE}/{f}", folder)
        self.kernel.make(f"M={folder}", "modules")
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        shutil.copy(f"{folder}/ring_bench.ko", root)
        self.kernel.initramfs(root, f"{HERE}/init")

    def run(self, requests):
        """{case: ticks a request}"""
        cmd = self.command(self.dir, [f"requests={requests}", "panic=-1", "loglevel=7"])
        try:
            out = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT).stdout
        except subprocess.TimeoutExpired as e:
            out = e.stdout or b""
        text = out.decode(errors="replace").replace("\r", "")
        if "bench: done" not in text:
            raise Failed(f"{self.name}: did not come to its end; it said:\n" + text[-3000:])
        return {name: int(n) / 100 for name, n in LINE.findall(text)}

    def text_size(self):
        """Of the bus and of the ring, in bytes; built in, a module is the objects it is made of."""
        folder, sizes = f"{self.dir}/drivers/virtio", []
        for whole, parts in (("virtio.o", ("bus.o", "handshake.o", "config.o", "layout.o")), ("virtio_ring.o", ("ring/*.o",))):
            objects = glob.glob(f"{folder}/{whole}") or [o for p in parts for o in glob.glob(f"{folder}/{p}")]
            out = subprocess.run(["size", *objects], capture_output=True, text=True, check=True).stdout
            sizes.append(sum(int(l.split()[0]) for l in out.split("\n")[1:] if l))
        return sizes


def table(title, theirs, ours, lines):
    """Median of each side's runs, their spread, and the ratio."""
    lines += ["", title, "", f"{'case':52} {'theirs':>9} {'ours':>9} {'ratio':>6}   spread"]
    ratios = []
    for case in theirs[0]:
        a, b = [r[case] for r in theirs], [r[case] for r in ours]
        ma, mb = statistics.median(a), statistics.median(b)
        ratios.append(mb / ma)
        spread = max((max(v) - min(v)) / statistics.median(v) for v in (a, b))
        lines.append(f"{case:52} {ma:9.1f} {mb:9.1f} {mb / ma:6.2f}   {spread * 100:.1f} %")
    lines.append(f"{'geometric mean of the ratios':52} {'':9} {'':9} {statistics.geometric_mean(ratios):6.2f}")
    return len([r for r in ratios if r > 1])


def compare(args):
    sources, lines, slower = dict(zip(TREES, (args.pristine, args.source))), [], 0
    sides = {m: {t: Side(t, sources[t], m, args.build) for t in TREES} for m in MACHINES}
    for machine, title, runs, requests in (("guest", "Instructions for each request (QEMU, -icount)", 1, 4000),
                                           ("uml", "Cycles for each request (UML, native), median", args.runs, 200000)):
        got = {t: [] for t in TREES}
        for i in range(runs):
            for t in TREES if i % 2 else TREES[::-1]:
                got[t].append(sides[machine][t].run(requests))
                print(f"   {t}, {machine}: run {i + 1} of {runs}", flush=True)
        slower += table(title, got["theirs"], got["ours"], lines)
    lines += ["", "Text in bytes (guest): bus and configuration, rings"]
    lines += [f"   {t:8} " + " ".join(f"{n:8}" for n in sides["guest"][t].text_size()) for t in TREES]
    print("\n".join(lines))
    print(f"\n{slower} of the cases are slower than theirs")
    if args.write:
        with open(args.write, "w") as f:
            f.write("Cost of a request on the driver's side of a virtqueue, made by make bench.\n" + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", required=True, help="a 6.12 tree without our core")
    parser.add_argument("--source", required=True, help="the same with it")
    parser.add_argument("--build", required=True)
    parser.add_argument("--runs", type=int, default=7, help="native runs of each")
    parser.add_argument("--write", help="a file that the table goes to")
    args = parser.parse_args()
    if not os.path.exists(f"{args.pristine}/drivers/virtio/virtio_ring.c"):
        sys.exit(f"bench: {args.pristine} has no drivers/virtio/virtio_ring.c: expected a pristine 6.12 tree")
    try:
        compare(args)
    except Failed as e:
        sys.exit(f"bench: {e}")


if __name__ == "__main__":
    main()
