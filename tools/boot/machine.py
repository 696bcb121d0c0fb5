# SPDX-License-Identifier: GPL-2.0
"""The command line of QEMU: a machine with the devices of a scenario."""
import re

# Each device: its options before the virtio device, the virtio device, and what hangs behind it.
# "{build}" is the folder of the kernel.  What only a device on PCI has is taken away where there is none.
PCI_ONLY = re.compile(r",(romfile|vectors)=[^,]*")
DEVICES = {
    "disk": (["-drive", "if=none,id=disk,format=raw,file={build}/disk.img"], "virtio-blk-pci,drive=disk", []),
    "scratch": (["-drive", "if=none,id=scratch,format=raw,cache=unsafe,file={build}/scratch.img"], "virtio-blk-pci,drive=scratch", []),
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


def bare(build, accel, words, machine="q35"):
    return ["qemu-system-x86_64", "-machine", machine, "-accel", accel, "-cpu", "max", "-m", "512", "-smp", "2",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", f"{build}/arch/x86/boot/bzImage", "-initrd", f"{build}/initramfs.cpio",
            "-append", " ".join(["console=ttyS0 panic=-1 loglevel=5", *words])]


def command(build, accel, scenario, words):
    words = [*words, "rig.checks=" + ",".join(scenario.checks()), "rig.interrupts=" + ",".join(scenario.wanted_interrupts()),
             "rig.features=" + ",".join(f"{bit}={int(on)}" for bit, on in scenario.features().items()), scenario.words]
    cmd = bare(build, accel, words, scenario.machine)
    if not scenario.has_pci():
        cmd += ["-global", f"virtio-mmio.force-legacy={'off' if scenario.is_modern() else 'on'}"]
    for name in scenario.devices:
        before, device, behind = DEVICES[name]
        if not scenario.has_pci():
            device = PCI_ONLY.sub("", device.replace("-pci", "-device"))
        cmd += [o.format(build=build) for o in before] + ["-device", device + scenario.device_options(name)] + behind
    return cmd
