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

# The last of each is plugged in while the guest runs.  Were all ports there from the start, QEMU would have one message
# more for the guest than the control queue has buffers, and drop it.
PORTS, LUNS = range(16), range(4)


def drive(name, options=""):
    return ["-drive", f"if=none,id={name},format=raw,cache=unsafe,file={{build}}/{name}.img{options}"]


def card(name, mac, netdev, options=""):
    return ["-netdev", netdev], f"virtio-net-pci,netdev={name}-host,id={name},mac=52:54:00:00:00:0{mac},romfile={options}", []


# Memory that the guest starts with, room for more, and a back end that another process may share.
ROOM = ["-m", "512M,maxmem=2G"]
SHARED = ["-object", "memory-backend-memfd,id=ram,size=512M,share=on", "-machine", "memory-backend=ram"]

# Each device: its options before the virtio device, the virtio device, and what hangs behind it.
# "{build}" is the folder of the kernel, "{card}" and "{big}" are the files of the host's tap interfaces.
# What only a device on PCI has is taken away where there is none.
PCI_ONLY = re.compile(r",(romfile|vectors)=[^,]*")
DEVICES = {
    "disk": (["-drive", "if=none,id=disk,format=raw,file={build}/disk.img"], "virtio-blk-pci,drive=disk,serial=disk", []),
    "scratch": (drive("scratch"), "virtio-blk-pci,drive=scratch,serial=scratch", []),
    # In a slot, to be plugged and torn out; a -drive would go with it.
    "victim": (["-device", "pcie-root-port,id=socket,chassis=1", "-blockdev", "raw,node-name=victim,file.driver=file,file.filename={build}/victim.img"],
               "virtio-blk-pci,id=victim,drive=victim,bus=socket,serial=victim", []),
    "swap": (drive("swap"), "virtio-blk-pci,drive=swap,serial=swap", []),
    "queues": (drive("queues", ",discard=unmap"), "virtio-blk-pci,drive=queues,num-queues=4,serial=queues", []),
    "network": (["-netdev", "user,id=net"], "virtio-net-pci,netdev=net,romfile=", []),
    # Two ports, of which the first is the console's, and a vector for each of their queues.
    "console": (["-chardev", "socket,id=echo,path={build}/echo.sock"], "virtio-serial-pci,max_ports=2,vectors=7",
                ["-device", "virtserialport,chardev=echo,name=echo"]),
    "entropy": ([], "virtio-rng-pci", []),
    "ports": ([o for n in PORTS for o in ("-chardev", f"socket,id=port{n},path={{build}}/echo.sock")], "virtio-serial-pci,id=ports,max_ports=17,vectors=40",
              [o for n in PORTS[:-1] for o in ("-device", f"virtserialport,chardev=port{n},name=port{n},id=port{n},bus=ports.0,nr={n + 1}")]),
    "hwrng": ([], "virtio-rng-pci", []),
    "balloon": ([], "virtio-balloon-pci", []),
    "inflatable": ([], "virtio-balloon-pci,id=inflatable,free-page-reporting=on", []),
    "memory": ([*ROOM, "-object", "memory-backend-ram,id=more,size=512M"], "virtio-mem-pci,id=memory,memdev=more", []),
    "pmem": ([*ROOM, "-object", "memory-backend-file,id=pmem,share=on,size=64M,mem-path={build}/pmem.img"], "virtio-pmem-pci,memdev=pmem", []),
    "scsi": (drive("scsi"), "virtio-scsi-pci", ["-device", "scsi-hd,drive=scsi"]),
    "luns": ([o for n in LUNS for o in drive(f"lun{n}")], "virtio-scsi-pci,id=luns,num_queues=4",
             [o for n in LUNS[:-1] for o in ("-device", f"scsi-hd,drive=lun{n},bus=luns.0,scsi-id=0,lun={n}")]),
    "share": (["-fsdev", "local,id=share,path={build}/share,security_model=none"], "virtio-9p-pci,fsdev=share,mount_tag=share", []),
    "fs": ([*SHARED, "-chardev", "socket,id=fs,path={build}/fs.sock"], "vhost-user-fs-pci,chardev=fs,tag=fs", []),
    # A console whose driver waits for each byte with interrupts off, and takes it itself.
    "tty": (["-chardev", "null,id=tty"], "virtio-serial-pci,id=tty,max_ports=1,vectors=5", ["-device", "virtconsole,chardev=tty,bus=tty.0"]),
    "keyboard": ([], "virtio-keyboard-pci,vectors=3", []),
    "mouse": ([], "virtio-mouse-pci,vectors=3", []),
    "tablet": ([], "virtio-tablet-pci,vectors=3", []),
    "screen": ([], "virtio-gpu-pci,xres=640,yres=480", []),
    "crypto": (["-object", "cryptodev-backend-builtin,id=crypto"], "virtio-crypto-pci,cryptodev=crypto,vectors=3", []),
    "iommu": ([], "virtio-iommu-pci", []),
    "card": card("card", 1, "tap,id=card-host,fds={card}", ",mq=on,vectors=18"),
    "big": card("big", 2, "tap,id=big-host,fds={big}", ",mrg_rxbuf=off"),
    "left": card("left", 3, "hubport,id=left-host,hubid=0"),
    "right": card("right", 4, "hubport,id=right-host,hubid=0"),
}


def bare(build, accel, words, machine=Q35):
    return [*machine.command.split(), "-accel", accel, "-m", "512",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", f"{build}/{machine.kernel}", "-initrd", f"{build}/initramfs.cpio",
            "-append", " ".join([f"console={machine.console} panic=-1 loglevel=5", *words])]


def command(host, accel, scenario, words):
    words = [*words, "rig.checks=" + ",".join(scenario.checks()), *scenario.more_words()]
    bus = scenario.machine.bus
    cmd = [*bare(host.build, accel, words, scenario.machine), *scenario.more_options(), *host.qmp.options(), *host.autopsy.options()]
    if bus in INTERFACE:
        cmd += ["-global", INTERFACE[bus][scenario.is_modern()]]
    for name in scenario.devices:
        before, device, behind = DEVICES[name]
        if bus != PCI:
            device = PCI_ONLY.sub("", device.replace("-pci", f"-{bus}"))
        cmd += [o.format(build=host.build, **host.taps()) for o in before] + ["-device", device + scenario.device_options(name)] + behind
    return cmd
