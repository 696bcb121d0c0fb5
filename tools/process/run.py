#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boot a guest that is a process, under the launcher, and move real data through it.

The kernel is UML with this core, the hypervisor is tools/virtio/launch, and the devices are
those of a device page.  The guest does what the one under QEMU does, with the same checks of
disk, network, console and entropy.  Ends with "N passed, N failed"."""
import argparse, os, socket, sys, threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.dirname(HERE)
sys.path[:0] = [f"{TOOLS}/boot", TOOLS]
from asks import until
from guest import Guest
from host import Host
from kernel import Kernel
from results import Results, verdict
from run import initramfs, own_checks, step
from scenarios import Scenario
from servers import converse
import launcher, life

RINGS = ("split", "packed")


class Process(Scenario):
    """A guest on a device page.  Its second console is a line that the host's end echoes."""

    def checks(self):
        return [{"console": "line"}.get(c, c) for c in super().checks()]

    def drivers(self):
        return [*super().drivers(), (3, "virtio_console")]

    def ring(self):
        return "packed" if self.features()[34] else "split"


DEVICES = ("disk", "scratch", "network", "console", "entropy")
# There is one interrupt for all, and it bears no device's name.
SCENARIOS = {ring: Process(f"process-{ring}", {"packed": "on" if ring == "packed" else "off"}, DEVICES, interrupts={}) for ring in RINGS}


def build(kernel):
    step("configure", lambda: kernel.configure(open(f"{HERE}/guest.config").read()))
    step("build the kernel", lambda: kernel.make("linux", "modules"))
    step("build the launcher", lambda: launcher.build(kernel))
    step("initramfs", lambda: initramfs(kernel, f"{TOOLS}/boot/init", "/usr/bin/fio", "/usr/sbin/ip", more=lambda root: own_tools(kernel, root)))


def own_tools(kernel, root):
    own_checks(root)
    lsvirtio = f"{kernel.build}/lsvirtio/"
    os.makedirs(lsvirtio, exist_ok=True)
    kernel.run("make", "-s", "-C", f"{kernel.source}/tools/virtio/lsvirtio", f"OUTPUT={lsvirtio}", "LDFLAGS=-static")
    os.makedirs(f"{root}/sbin", exist_ok=True)
    os.link(f"{lsvirtio}lsvirtio", f"{root}/sbin/lsvirtio")


def command(host, scenario, words):
    build = host.build
    words = ["loglevel=5", *words, "rig.checks=" + ",".join(scenario.checks()), *scenario.more_words(), "rig.end=off"]
    return [f"{build}/launch/launch", "--kernel", f"{build}/linux", "--initrd", f"{build}/initramfs.cpio", "-m", "512M", "--ring", scenario.ring(),
            "--disk", f"{build}/disk.img,serial=disk", "--disk", f"{build}/scratch.img,serial=scratch", "--net", "user",
            "--console", "stdio", "--console", f"{build}/line.sock", "--append", " ".join(words)]


def echo_line(path):
    """The host's end of the second console, once the launcher listens there: all that comes goes back."""
    conn = socket.socket(socket.AF_UNIX)
    until(path, lambda: os.path.exists(path))
    conn.connect(path)
    converse(conn, lambda data: data)


def boot(scenario, host, table, shell):
    results = Results()
    host.prepare(scenario)
    line = f"{host.build}/line.sock"
    if os.path.exists(line):
        os.remove(line)
    threading.Thread(target=echo_line, args=(line,), daemon=True).start()
    words = host.words() + (["rig.shell=1"] if shell else [])
    Guest(command(host, scenario, words), scenario, host, results, table).run(shell)
    host.check(scenario, results)
    return results


def run(args, total):
    kernel = Kernel(args.source, args.build, "ARCH=um")
    build(kernel)
    host = Host(kernel)
    for ring in [args.ring] if args.ring else RINGS:
        print("   the bus:" if args.ring else f"-- {ring} rings", flush=True)
        total.add(boot(SCENARIOS[ring], host, bool(args.ring), args.shell))
    if args.life:
        life.run(kernel, total, args.boots)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build")
    parser.add_argument("--ring", choices=RINGS, help="with such rings alone; without it, with both")
    parser.add_argument("--shell", action="store_true", help="leave a shell in the guest")
    parser.add_argument("--life", action="store_true", help="and guests and launchers that come and go")
    parser.add_argument("--boots", type=int, default=20, help="so many boots in a row, for --life")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    return verdict("process", lambda total: run(args, total))


if __name__ == "__main__":
    sys.exit(main())
