# SPDX-License-Identifier: GPL-2.0
"""The command line of QEMU: a machine with the devices of a scenario."""
import re
from typing import NamedTuple

PCI, MMIO, CCW = "pci", "device", "ccw"     # what the names of QEMU's virtio devices end with


class Machine(NamedTuple):
    """What QEMU plays besides the devices."""
    command: str
    kernel: str             # in the folder that it is built in
    console: str
    bus: str = PCI


PC = "arch/x86/boot/bzImage", "ttyS0"
Q35 = Machine("qemu-system-x86_64 -cpu max -smp 2 -machine q35", *PC)
MICROVM = Machine("qemu-system-x86_64 -cpu max -smp 2 -machine microvm,acpi=off", *PC, MMIO)
# Where no property of each device says which interface it offers.
INTERFACE = {MMIO: {True: "virtio-mmio.force-legacy=off", False: "virtio-mmio.force-legacy=on"},
             CCW: {True: "virtio-ccw-device.max_revision=2", False: "virtio-ccw-device.max_revision=0"}}

# Each device: its options before the virtio device, the virtio device, and what hangs behind it.
# "{build}" is the folder of the kernel.  What only a device on PCI has is taken away where there is none.
PCI_ONLY = re.compile(r",(romfile|vectors)=[^,]*")
DEVICES = {
    "disk": (["-drive", "if=none,id=disk,format=raw,file={build}/disk.img"], "virtio-blk-pci,drive=disk,serial=disk", []),
    "scratch": (["-drive", "if=none,id=scratch,format=raw,cache=unsafe,file={build}/scratch.img"], "virtio-blk-pci,drive=scratch,serial=scratch", []),
    "network": (["-netdev", "user,id=net"], "virtio-net-pci,netdev=net,romfile=", []),
    # Two ports, of which the first is the console's, and a vector for each of their queues.
    "console": (["-chardev", "socket,id=echo,path={build}/echo.sock"], "virtio-serial-pci,max_ports=2,vectors=7",
                ["-device", "virtserialport,chardev=echo,name=echo"]),
    "entropy": ([], "virtio-rng-pci", []),
    "balloon": ([], "virtio-balloon-pci", []),
    "scsi": (["-drive", "if=none,id=scsi,format=raw,cache=unsafe,file={build}/scsi.img"], "virtio-scsi-pci", ["-device", "scsi-hd,drive=scsi"]),
    "share": (["-fsdev", "local,id=share,path={build}/share,security_model=none"], "virtio-9p-pci,fsdev=share,mount_tag=share", []),
    "keyboard": (["-qmp", "unix:{build}/qmp.sock,server=on,wait=off"], "virtio-keyboard-pci,vectors=3", []),
}


def bare(build, accel, words, machine=Q35):
    return [*machine.command.split(), "-accel", accel, "-m", "512",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", f"{build}/{machine.kernel}", "-initrd", f"{build}/initramfs.cpio",
            "-append", " ".join([f"console={machine.console} panic=-1 loglevel=5", *words])]


def command(build, accel, scenario, words):
    words = [*words, "rig.checks=" + ",".join(scenario.checks()), *scenario.more_words()]
    bus = scenario.machine.bus
    cmd = bare(build, accel, words, scenario.machine)
    if bus in INTERFACE:
        cmd += ["-global", INTERFACE[bus][scenario.is_modern()]]
    for name in scenario.devices:
        before, device, behind = DEVICES[name]
        if bus != PCI:
            device = PCI_ONLY.sub("", device.replace("-pci", f"-{bus}"))
        cmd += [o.format(build=build) for o in before] + ["-device", device + scenario.device_options(name)] + behind
    return cmd
