#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build a kernel with this core for each of some architectures, boot it on the machines that QEMU
has for it, and move data through its devices.

What is looked for: the order of bytes, the addresses of rings, and transports that x86 has not
got.  Ends with a line for each architecture and "N passed, N failed"; one whose compiler or
emulator can't be had is skipped."""
import argparse, fnmatch, os, shutil, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.dirname(HERE)
sys.path[:0] = [f"{TOOLS}/boot", TOOLS]
from kernel import FOREIGN, Failed, Kernel, for_arch, lacking
from machines import ARCHES
from peer import Host
from results import Results
from run import boot, step


def initramfs(kernel, arch):
    root, init = f"{kernel.build}/initramfs", f"{kernel.build}/initramfs.init"
    kernel.run(f"{FOREIGN[arch][1]}gcc", "-static", "-O2", "-Wall", "-Werror", "-o", init, f"{HERE}/init.c")
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    kernel.pack(root, init)


def build(arch, image, source, folder):
    kernel = Kernel(source, folder, *for_arch(arch))
    step("configure", lambda: kernel.configure(open(f"{HERE}/common.config").read() + open(f"{HERE}/{arch}.config").read()))
    step("build the kernel", lambda: kernel.make(os.path.basename(image)))
    step("initramfs", lambda: initramfs(kernel, arch))
    return kernel


def run(arch, scenarios, args):
    print(f"== {arch}", flush=True)
    results = Results()
    if why := lacking(arch):
        results.skip(f"{arch}: {why}")
        return results
    try:
        host = Host(build(arch, scenarios[0].machine.kernel, args.source, f"{args.build}/arch-{arch}").build)
        for scenario in scenarios:
            print(f"-- {scenario.name}", flush=True)
            results.add(boot(scenario, "tcg", host, False, False))
    except Failed as e:
        results.say(False, f"{arch}: {e}")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build, in a folder for each")
    parser.add_argument("--only", default="*", help="machines whose names match this")
    args = parser.parse_args()
    total, lines = Results(), []
    for arch, scenarios in ARCHES.items():
        if picked := [s for s in scenarios if fnmatch.fnmatch(s.name, args.only)]:
            results = run(arch, picked, args)
            total.add(results)
            lines.append(f"   {arch:8} {len(picked)} machines: {results} in {time.time() - results.start:.0f} s")
    if not lines:
        total.say(False, f"found no machine named {args.only}, expected one of {' '.join(s.name for m in ARCHES.values() for s in m)}")
    print("\n".join([*lines, str(total)]))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
