# SPDX-License-Identifier: GPL-2.0
"""What it costs to probe a device: register accesses, each of which leaves the guest, and time."""
import collections, ctypes, os, re, sys, threading
from kernel import Failed
from machines import TREES

sys.path.append(f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}/boot")
from network import CLONE_NEWNET, tap

EVENTS = ("memory_region_ops_read", "memory_region_ops_write")
ACCESS = re.compile(r"memory_region_ops_(?:read|write) cpu \d+ mr \S+ addr (0x[0-9a-f]+) value (0x[0-9a-f]+) size \d+ name '([^']*)'")
SERIAL, PORT = "serial", 0x3f8
# Registers that belong to requests and not to a probe: QueueNotify, InterruptStatus and InterruptACK; and the same on PCI.
REQUESTS_MMIO, PAGE = (0x50, 0x60, 0x64), 0x1ff
REQUESTS_PCI = re.compile(r"virtio-pci-(notify|isr)")
# What is read and not set up: what the device is (on MMIO), and its configuration with the generation.
READ_MMIO, CONFIG_MMIO = (0x0, 0x4, 0x8, 0xc, 0xfc), 0x100
READ_PCI, COMMON_PCI, GENERATION_PCI, COMMON_PAGE = "virtio-pci-device", "virtio-pci-common", 0x15, 0xfff
CONFIGURATION_SPACE = ("pci-conf-idx", "pci-conf-data")

# A kick is followed before the guest goes on, so that a guest which polls for the answer always executes as many instructions.
PCI = "disable-legacy=on,ioeventfd=off"
# To enable a PCI device, both kernels interpret ACPI's tables for 57 million instructions, which is ten times all the rest.
TIMED = ("acpi=off",)
MICROVM = ["-machine", "microvm,acpi=off,rtc=on", "-global", "virtio-mmio.force-legacy=off"]
DISKS, PAIRS = 64, 256


def disk(n, device):
    return ["-blockdev", f"null-co,node-name=disk{n},size={8 << 30}", "-device", f"{device},drive=disk{n}"]


def card(device):
    return ["-netdev", "hubport,hubid=0,id=net", "-device", f"{device},netdev=net"]


def many_disks():
    """Eight functions a slot."""
    return [o for n in range(DISKS) for o in disk(n, f"virtio-blk-pci,num-queues=1,{PCI},multifunction=on,addr={4 + n // 8:x}.{n % 8}")]


def large_card(files):
    return ["-netdev", f"tap,id=net,vhost=off,fds={':'.join(map(str, files))}",
            "-device", f"virtio-net-pci,netdev=net,romfile=,mq=on,vectors={2 * PAIRS + 2},{PCI}"]


BUSES = {"pci": "pci/drivers/virtio-pci", "mmio": "platform/drivers/virtio-mmio"}
ONE = {
    "PCI, disk with 2 queues": ("pci", disk(0, f"virtio-blk-pci,num-queues=2,{PCI}")),
    "PCI, card": ("pci", card(f"virtio-net-pci,romfile=,{PCI}")),
    "MMIO, disk": ("mmio", [*MICROVM, *disk(0, "virtio-blk-device,num-queues=1")]),
    "MMIO, card": ("mmio", [*MICROVM, *card("virtio-net-device")]),
}


def kind(address, name):
    """What an access is to: "setup", "read" or "space"; None if it is no part of a probe."""
    if name in CONFIGURATION_SPACE:
        return "space"
    if name == "virtio-mmio":
        register = address & PAGE
        return None if register in REQUESTS_MMIO else "read" if register in READ_MMIO or register >= CONFIG_MMIO else "setup"
    if not name.startswith("virtio-pci") or REQUESTS_PCI.match(name):
        return None
    generation = name.startswith(COMMON_PCI) and address & COMMON_PAGE == GENERATION_PCI
    return "read" if generation or name.startswith(READ_PCI) else "setup"


def count(path):
    """Accesses by kind() between the two marks that the guest writes to its serial line."""
    said, found = "", collections.Counter()
    for line in open(path, errors="replace"):
        if not (access := ACCESS.match(line)):
            continue
        address, value, name = int(access[1], 16), int(access[2], 16), access[3]
        if name == SERIAL and address == PORT:
            said = said[-40:] + chr(value & 0x7f)
            if said.endswith("<probe>"):
                found.clear()
            elif said.endswith("</probe>"):
                return found["setup"], found["read"], found["space"]
        else:
            found[kind(address, name)] += 1
    raise Failed(f"{path}: found no </probe>, which the guest writes behind its probes")


def measure(machine, bus, options, files=(), words=()):
    """(registers set up, registers read, configuration space, nanoseconds to probe, nanoseconds to remove)"""
    log = f"{machine.dir}/trace"
    trace = [o for e in EVENTS for o in ("-trace", e)] + ["-D", log]
    got = machine.run("part=probe", f"driver=/sys/bus/{BUSES[bus]}", "reboot=t", *words, options=["-smp", "4", *options, *trace], files=files)
    accesses = count(log)
    os.remove(log)
    return *accesses, got["probe"][1], got["remove"][1]


def in_namespace(queues):
    """The files of a tap interface with so many queues, in a network namespace of its own.  One serves one guest."""
    found = []

    def enter():
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "no network namespace")
            found.extend(tap("large", queues))
        except OSError as e:
            found.append(e)     # what the caller reports
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return found


def measure_large(machine):
    files = in_namespace(PAIRS)
    try:
        if isinstance(files[-1], OSError):
            raise files.pop()
        return measure(machine, "pci", large_card(files), files, TIMED)
    finally:
        for f in files:
            os.close(f)


def row(name, theirs, ours, which):
    return f"{name:26}" + "".join(f" {theirs[i]:9.0f} {ours[i]:9.0f} {ours[i] / theirs[i] if theirs[i] else 1:6.2f}" for i in which)


def heads(*names):
    return [f"{'':26}" + "".join(f" {n:^26}" for n in names), f"{'':26}" + f" {'theirs':>9} {'ours':>9}  ratio" * len(names)]


def micro(numbers):
    return *numbers[:3], *(n / 1000 for n in numbers[3:])


def probes(trees, args):
    pair = trees.pair("probe")
    lines = ["Accesses of a probe to the registers of a device, by QEMU's trace: each is an exit of the guest under a hypervisor.  Transport",
             "and driver are bound to a device that they had before; notifications and acknowledged interrupts belong to requests and are",
             "left out.  Beside the registers that set a device up, what is read of it: on MMIO what it is, and its configuration, which",
             "is as much as its driver asks for.  Then PCI's configuration space, of which one register takes two accesses.", "",
             *heads("registers", "read", "configuration space")]
    for name, (bus, options) in ONE.items():
        lines.append(row(name, *(measure(pair[t], bus, options) for t in TREES), (0, 1, 2)))
        print(f"   probe: {name}: counted", flush=True)
    lines += ["target: 0.80 of the registers in each row", "",
              "Microseconds of the guest's clock until all devices of a guest are probed, and until all are removed; one CPU executes an",
              "instruction in a nanosecond, and an exit costs no time (QEMU -icount).  Four CPUs, and no ACPI, whose interpreter takes",
              "more time in both kernels than all the rest.", "", *heads("probed", "removed", "registers")]
    lines.append(row(f"PCI, {DISKS} disks", *(micro(measure(pair[t], "pci", many_disks(), words=TIMED)) for t in TREES), (3, 4, 0)))
    name = f"PCI, card with {PAIRS} pairs"
    try:
        lines.append(row(name, *(micro(measure_large(pair[t])) for t in TREES), (3, 4, 0)))
    except OSError as e:
        lines.append(f"{name}   not measured: {e}")
    return [*lines, "target: 0.90 of the time to probe"]
