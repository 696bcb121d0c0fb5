#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build a kernel with this core, boot a guest under QEMU, and move real data through it.

Shows the bus as a table, then each device at work, and what the host finds on the disk
afterwards.  Ends with "N passed, N failed"; exit status 0 if nothing failed."""
import argparse, os, shutil, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import accel, kernels, machine
from guest import Guest
from host import Host
from results import Results, verdict
from scenarios import DEVICES, SCENARIOS

PROGRAMS = ("/usr/bin/fio", "/usr/bin/bash", "/usr/bin/jq", "/usr/bin/readlink", "/usr/sbin/ip", "/usr/sbin/tc", "/usr/sbin/vdpa",
            "/usr/bin/qemu-storage-daemon", "/usr/sbin/ethtool", "/usr/sbin/blkdiscard", "/usr/sbin/kexec", "/usr/bin/trace-cmd")
# The tree's own test of virtio_net, under tools/testing/selftests.
SELFTEST = ("drivers/net/virtio_net/basic_features.sh", "drivers/net/virtio_net/virtio_net_common.sh", "net/forwarding/lib.sh", "net/lib.sh")

def step(name, func):
    start = time.time()
    print(f"   {name} ...", end="", flush=True)
    func()
    print(f" {time.time() - start:.1f} s", flush=True)


def initramfs(kernel, init, *programs, more=lambda root: None):
    """Modules, busybox, programs of the host's, whatever more() puts there, and the guest's init; made anew each time."""
    root = f"{kernel.build}/initramfs"
    shutil.rmtree(root, ignore_errors=True)
    kernel.make("modules_install", f"INSTALL_MOD_PATH={root}", "INSTALL_MOD_STRIP=1")
    for d, _, files in os.walk(f"{root}/lib/modules"):
        for f in ("source", "build"):
            if os.path.islink(f"{d}/{f}"):
                os.remove(f"{d}/{f}")
    for program in programs:
        kernel.add_program(root, program)
    more(root)
    kernel.initramfs(root, init)


def own_checks(root):
    shutil.copytree(f"{HERE}/checks", f"{root}/checks")


def own_programs(kernel, root):
    """The checks, the programs that they need, and the tree's own tests, where init looks for them."""
    own_checks(root)
    os.makedirs(f"{root}/programs")
    for name in ("breaker", "cipher", "hog", "xsk"):
        kernel.run("gcc", "-O2", "-Wall", "-Werror", "-static", f"{HERE}/programs/{name}.c", "-o", f"{root}/programs/{name}")
    kernel.run("clang-14", "-O2", "-Wall", "-Werror", "-target", "bpf", f"-I/usr/include/{os.uname().machine}-linux-gnu",
               "-c", f"{HERE}/programs/xdp.c", "-o", f"{root}/programs/xdp.o")
    output = f"{kernel.build}/lsvirtio/"
    os.makedirs(output, exist_ok=True)
    kernel.run("make", "-s", "-C", f"{kernel.source}/tools/virtio/lsvirtio", f"OUTPUT={output}", "LDFLAGS=-static")
    os.makedirs(f"{root}/sbin", exist_ok=True)
    shutil.copy(f"{output}lsvirtio", f"{root}/sbin/lsvirtio")
    shutil.copy(f"{HERE}/../virtio/virtio-latency", f"{root}/sbin")
    for path in SELFTEST:
        os.makedirs(os.path.dirname(f"{root}/selftests/{path}"), exist_ok=True)
        shutil.copy(f"{kernel.source}/tools/testing/selftests/{path}", f"{root}/selftests/{path}")


def build(kernel, name):
    step("configure", lambda: kernel.configure(kernels.options(name, kernel.source)))
    step(f"build the kernel{name and f' ({name})'}", lambda: kernel.make("bzImage", "modules"))
    step("initramfs", lambda: initramfs(kernel, f"{HERE}/init", *PROGRAMS, more=lambda root: own_programs(kernel, root)))


def boot(scenario, accelerator, host, table, shell):
    results = Results()
    lacks = host.prepare(scenario)
    for device, why in lacks.items():
        for name in DEVICES[device].checks:
            results.skip(f"{name}: {why}")
    scenario = scenario.without(lacks)
    words = host.words() + (["rig.shell=1"] if shell else [])
    if scenario.kernel == kernels.MODULES:
        seed, modules = kernels.order(driver for _, driver in scenario.drivers())
        print(f"   loaded in this order (SEED={seed}): {' '.join(modules)}", flush=True)
        words.append("rig.load=" + ",".join(modules))
    try:
        Guest(machine.command(host, accelerator, scenario, words), scenario, host, results, table).run(shell)
    finally:
        host.close()
    host.check(scenario, results)
    return results


def run(args, total):
    scenarios = [SCENARIOS[args.scenario]] if args.scenario else [s for s in SCENARIOS.values() if args.all or not s.slow]
    hosts = {}
    for name in dict.fromkeys(s.kernel for s in scenarios):
        kernel = kernels.of(name, args.source, args.build)
        build(kernel, name)
        hosts[name] = Host(kernel)
    accelerator, why = accel.choose(kernel.build)
    print(f"   accelerator: {accelerator} ({why})")
    for scenario in scenarios:
        print("   the bus:" if args.scenario else f"-- {scenario.name}", flush=True)
        results = boot(scenario, accelerator, hosts[scenario.kernel], bool(args.scenario), args.shell)
        total.add(results)
        if not args.scenario:
            print(f"   {scenario.name}: {results} in {time.time() - results.start:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build")
    parser.add_argument("--scenario", choices=SCENARIOS, help="one machine of scenarios.py; without it, all that are not slow")
    parser.add_argument("--all", action="store_true", help="the slow ones, too")
    parser.add_argument("--shell", action="store_true", help="leave a shell in the guest")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"    # mke2fs and depmod, for those who are not root
    return verdict("boot", lambda total: run(args, total))


if __name__ == "__main__":
    sys.exit(main())
