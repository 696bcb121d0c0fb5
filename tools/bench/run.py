#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a request costs the driver's side of a queue: a pristine 6.12 tree against ours.

The same module is built against both.  Instructions are counted in a QEMU guest with
-icount, where the TSC counts them; cycles in a UML kernel that runs natively, runs of
the two taking turns.  Prints a table; --write FILE also keeps it."""
import argparse, glob, gzip, os, re, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = re.compile(r"bench: (.*): (\d+)\s*$", re.M)
LIMIT = 300     # seconds for a guest
TREES = ("theirs", "ours")


def sh(cmd, log):
    with open(log, "a") as out:
        if subprocess.run(cmd, stdout=out, stderr=subprocess.STDOUT).returncode:
            sys.exit(f"bench: {' '.join(cmd[:6])} failed; all of it is in {log}\n" + "".join(open(log, errors="replace").readlines()[-15:]))


class Kernel:
    """One tree built for one machine, with the module and an initramfs."""

    def __init__(self, tree, source, machine, build):
        self.tree, self.machine, self.dir = tree, machine, f"{build}/{tree}-{machine}"
        os.makedirs(self.dir, exist_ok=True)
        self.log = f"{self.dir}/bench.log"
        self.make = ["make", "-s", "-C", source, f"O={self.dir}", f"-j{os.cpu_count()}", "CC=ccache gcc"] + (["ARCH=um"] if machine == "uml" else [])
        start = time.time()
        print(f"   {tree}, {machine}: build ...", end="", flush=True)
        self.configure()
        sh(self.make + (["linux"] if machine == "uml" else ["bzImage"]) + ["modules"], self.log)
        self.module()
        print(f" {time.time() - start:.0f} s", flush=True)

    def configure(self):
        fragment, kept = f"{HERE}/{self.machine}.config", f"{self.dir}/{self.machine}.config"
        if os.path.exists(kept) and open(kept).read() == open(fragment).read():
            return
        sh(self.make + [f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"], self.log)
        got = set(open(f"{self.dir}/.config").read().split("\n"))
        lost = [l for l in open(fragment).read().split("\n") if l.startswith("CONFIG_") and l not in got]
        if lost:
            sys.exit("bench: the kernel does not take these options: " + " ".join(lost))
        shutil.copy(fragment, kept)

    def module(self):
        folder, root = f"{self.dir}/ring_bench", f"{self.dir}/root"
        os.makedirs(folder, exist_ok=True)
        for f in ("Kbuild", "ring_bench.c"):
            shutil.copy(f"{HERE}/{f}", folder)
        sh(self.make + [f"M={folder}", "modules"], self.log)
        shutil.rmtree(root, ignore_errors=True)
        for d in ("bin", "dev"):
            os.makedirs(f"{root}/{d}")
        shutil.copy(f"{folder}/ring_bench.ko", root)
        shutil.copy("/bin/busybox", f"{root}/bin")
        shutil.copy(f"{HERE}/init", root)
        os.chmod(f"{root}/init", 0o755)
        names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
        cpio = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, capture_output=True, check=True).stdout
        with gzip.open(f"{self.dir}/initramfs.gz", "wb", compresslevel=1) as f:
            f.write(cpio)

    def run(self, requests):
        """{case: ticks a request}"""
        if self.machine == "uml":
            cmd = [f"{self.dir}/linux", "mem=128M", f"initrd={self.dir}/initramfs.gz", "con=null", "con0=fd:0,fd:1"]
        else:
            cmd = ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0", "-m", "256M", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
                   "-kernel", f"{self.dir}/arch/x86/boot/bzImage", "-initrd", f"{self.dir}/initramfs.gz", "-append"]
        words = ["console=ttyS0" if self.machine != "uml" else "console=tty0", f"requests={requests}", "panic=-1", "loglevel=7", "stop=" + ("poweroff" if self.machine == "uml" else "reboot")]
        cmd += words if self.machine == "uml" else [" ".join(words)]
        try:
            out = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT).stdout
        except subprocess.TimeoutExpired as e:
            out = e.stdout or b""
        text = out.decode(errors="replace").replace("\r", "")
        if "bench: done" not in text:
            sys.exit(f"bench: {self.tree}, {self.machine}: did not come to its end; it said:\n" + text[-3000:])
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", required=True, help="a 6.12 tree without our core")
    parser.add_argument("--source", required=True, help="the same with it")
    parser.add_argument("--build", required=True)
    parser.add_argument("--runs", type=int, default=7, help="native runs of each")
    parser.add_argument("--write", help="a file that the table goes to")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    if not os.path.exists(f"{args.pristine}/drivers/virtio/virtio_ring.c"):
        sys.exit(f"bench: {args.pristine} has no drivers/virtio/virtio_ring.c: expected a pristine 6.12 tree")
    sources, lines, slower, kernels = dict(zip(TREES, (os.path.abspath(args.pristine), os.path.abspath(args.source)))), [], 0, {}
    for machine in ("guest", "uml"):
        kernels[machine] = {t: Kernel(t, sources[t], machine, build) for t in TREES}
    for machine, title, runs, requests in (("guest", "Instructions for each request (QEMU, -icount)", 1, 4000),
                                           ("uml", "Cycles for each request (UML, native), median", args.runs, 200000)):
        got = {t: [] for t in TREES}
        for i in range(runs):
            for t in TREES if i % 2 else TREES[::-1]:
                got[t].append(kernels[machine][t].run(requests))
                print(f"   {t}, {machine}: run {i + 1} of {runs}", flush=True)
        slower += table(title, got["theirs"], got["ours"], lines)
    lines += ["", "Text in bytes (guest): bus and configuration, rings"]
    lines += [f"   {t:8} " + " ".join(f"{n:8}" for n in kernels["guest"][t].text_size()) for t in TREES]
    print("\n".join(lines))
    print(f"\n{slower} of the cases are slower than theirs")
    if args.write:
        with open(args.write, "w") as f:
            f.write("Cost of a request on the driver's side of a virtqueue, made by make bench.\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
