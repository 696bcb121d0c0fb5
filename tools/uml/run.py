#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build a UML kernel with this core, and boot it on devices that are processes of other projects.

A vhost-user back end is a device that shares no code with QEMU's or with the kernel: disks are
those of qemu-storage-daemon, network cards those of dpdk, which speaks packed rings and keeps
order.  Ends with "N passed, N failed"."""
import argparse, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.dirname(HERE)
sys.path[:0] = [f"{TOOLS}/boot", TOOLS]
from asks import until
from guest import Guest
from host import Host
from kernel import Kernel, lacking
from results import Results, verdict
from run import initramfs, own_checks, step
from scenarios import Scenario
from servers import terminate

BLK, NET = 2, 1
PACKED, IN_ORDER = 34, 35
# What wants the control queue, which dpdk offers, and leaves to the one who calls it.
CONTROLLED = (17, 18, 19, 20, 21, 22, 23)
DAEMON, SWITCH = "/usr/bin/qemu-storage-daemon", "/usr/bin/dpdk-testpmd"


class Uml(Scenario):
    """A guest on vhost-user devices; "left" and "right" are two cards with dpdk between them."""

    def checks(self):
        return ["between"] if "left" in self.devices else ["disk", "fio"]

    def features(self):
        return {**super().features(), IN_ORDER: self.extra.get("in_order", False)}

    def drop(self):
        """Features that the guest is not to take."""
        have = self.features()
        return [*CONTROLLED, *(bit for bit in (PACKED, IN_ORDER) if not have[bit])] if "left" in self.devices else []


CARDS = {"devices": ("left", "right")}
# Tables and events of dpdk's rings are as on all others.
SCENARIOS = (
    Uml("disks", devices=("disk", "scratch")),
    Uml("cards", **CARDS),
    Uml("cards-in-order", extra={"in_order": True}, **CARDS),
    Uml("cards-packed", {"packed": "on"}, **CARDS),
    Uml("cards-packed-in-order", {"packed": "on"}, extra={"in_order": True}, **CARDS),
)


def socket_of(build, name):
    return f"{build}/{name}.sock"


def daemon(build, name):
    return [DAEMON, "--blockdev", f"driver=file,node-name=file,filename={build}/{name}.img", "--blockdev", "driver=raw,node-name=disk,file=file",
            "--export", f"vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path={socket_of(build, name)},writable=on"]


def switch(build, names):
    """What comes in at one card goes out at the other."""
    cards = [o for n, name in enumerate(names) for o in ("--vdev", f"net_vhost{n},iface={socket_of(build, name)}")]
    return [SWITCH, "--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "-l", "0,1", "--file-prefix", f"virtio-{os.getpid()}", *cards,
            "--", "--auto-start", "--forward-mode=io", "--total-num-mbufs=16384"]


def start(build, scenario):
    names = scenario.devices
    for name in names:
        if os.path.exists(socket_of(build, name)):
            os.remove(socket_of(build, name))
    commands = [switch(build, names)] if "left" in names else [daemon(build, name) for name in names]
    with open(f"{build}/backend-{scenario.name}.log", "w") as log:
        # They go on for as long as somebody may press a key.
        procs = [subprocess.Popen(c, stdin=subprocess.PIPE, stdout=log, stderr=log) for c in commands]
    until(f"the back ends of {scenario.name}; {log.name} has what they say", lambda: all(os.path.exists(socket_of(build, n)) for n in names))
    return procs


def command(build, scenario, words):
    """Sockets in the order in which Linux is to find them."""
    devices = [f"virtio_uml.device={socket_of(build, n)}:{NET if 'left' in scenario.devices else BLK}" for n in scenario.devices]
    return [f"{build}/linux", "mem=512M", f"initrd={build}/initramfs.cpio", "con=null", "con0=fd:0,fd:1", "loglevel=5", *devices, *words,
            "rig.checks=" + ",".join(scenario.checks()), "rig.drop=" + ",".join(map(str, scenario.drop())), f"rig.limit={scenario.limit // 2}", "rig.end=off"]


def boot(scenario, host):
    results = Results()
    host.prepare(scenario)
    procs = start(host.build, scenario)
    try:
        Guest(command(host.build, scenario, host.words()), scenario, host, results, False).run()
    finally:
        for proc in procs:
            terminate(proc)
        host.close()
    host.check(scenario, results)
    return results


def run(args, total):
    kernel = Kernel(args.source, args.build, "ARCH=um")
    step("configure", lambda: kernel.configure(open(f"{HERE}/guest.config").read()))
    step("build the kernel", lambda: kernel.make("linux", "modules"))
    step("initramfs", lambda: initramfs(kernel, f"{TOOLS}/boot/init", "/usr/bin/fio", "/usr/sbin/ip", more=own_checks))
    host, no_switch = Host(kernel), lacking("switch")
    for scenario in SCENARIOS:
        print(f"-- {scenario.name}", flush=True)
        if no_switch and "left" in scenario.devices:
            total.skip(f"{scenario.name}: {no_switch}")
        else:
            total.add(boot(scenario, host))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build")
    args = parser.parse_args()
    return verdict("uml", lambda total: run(args, total))


if __name__ == "__main__":
    sys.exit(main())
