#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build a kernel with this core, boot a guest under QEMU, and move real data through it.

Shows the bus as a table, then each device at work, and what the host finds on the disk
afterwards.  Ends with "N passed, N failed"; exit status 0 if nothing failed."""
import argparse, os, shutil, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import accel, machine
from guest import Guest
from host import Host
from kernel import Failed, Kernel
from results import Results
from scenarios import SCENARIOS


def step(name, func):
    start = time.time()
    print(f"   {name} ...", end="", flush=True)
    func()
    print(f" {time.time() - start:.1f} s", flush=True)


def initramfs(kernel, init, *programs):
    """Modules, busybox, programs of the host's and the guest's init; made anew each time."""
    root = f"{kernel.build}/initramfs"
    shutil.rmtree(root, ignore_errors=True)
    kernel.make("modules_install", f"INSTALL_MOD_PATH={root}", "INSTALL_MOD_STRIP=1")
    for d, _, files in os.walk(f"{root}/lib/modules"):
        for f in ("source", "build"):
            if os.path.islink(f"{d}/{f}"):
                os.remove(f"{d}/{f}")
    for program in programs:
        kernel.add_program(root, program)
    kernel.initramfs(root, init)


def build(kernel):
    step("configure", lambda: kernel.configure(open(f"{HERE}/guest.config").read()))
    step("build the kernel", lambda: kernel.make("bzImage", "modules"))
    step("initramfs", lambda: initramfs(kernel, f"{HERE}/init", "/usr/bin/fio"))


def boot(scenario, accelerator, host, table, shell):
    host.prepare(scenario)
    words = host.words() + (["rig.shell=1"] if shell else [])
    results = Results()
    Guest(machine.command(host.build, accelerator, scenario, words), scenario, host, results, table).run(shell)
    host.check(scenario, results)
    return results


def run(args, total):
    kernel = Kernel(args.source, args.build)
    build(kernel)
    accelerator, why = accel.choose(kernel.build)
    print(f"   accelerator: {accelerator} ({why})")
    host = Host(kernel)
    for scenario in [SCENARIOS[args.scenario]] if args.scenario else SCENARIOS.values():
        print("   the bus:" if args.scenario else f"-- {scenario.name}", flush=True)
        results = boot(scenario, accelerator, host, bool(args.scenario), args.shell)
        total.add(results)
        if not args.scenario:
            print(f"   {scenario.name}: {results} in {time.time() - results.start:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build")
    parser.add_argument("--scenario", choices=SCENARIOS, help="one machine of scenarios.py; without it, all of them")
    parser.add_argument("--shell", action="store_true", help="leave a shell in the guest")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"    # mke2fs and depmod, for those who are not root
    total = Results()
    try:
        run(args, total)
    except Failed as e:
        print(f"\nboot: {e}")
        total.failed += 1
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
