# SPDX-License-Identifier: GPL-2.0
"""The machines that QEMU has for each architecture of make boots-arch."""
import os, sys

sys.path.insert(0, f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}/boot")
from machine import CCW, MMIO, PCI, Machine
from scenarios import Scenario

ARM64_PCI = Machine("qemu-system-aarch64 -machine virt,gic-version=3 -cpu cortex-a57 -smp 2", "arch/arm64/boot/Image", "ttyAMA0", PCI)
RISCV64_PCI = Machine("qemu-system-riscv64 -machine virt -smp 2", "arch/riscv/boot/Image", "ttyS0", PCI)
M68K_MMIO = Machine("qemu-system-m68k -machine virt", "vmlinux", "ttyGF0", MMIO)
PPC64_PCI = Machine("qemu-system-ppc64 -machine pseries -cpu power9 -smp 2", "vmlinux", "hvc0", PCI)
# What this QEMU makes of the vector instructions that 6.12 sums packets up with is wrong: they would go out with bad checksums.
S390X_CCW = Machine("qemu-system-s390x -machine s390-ccw-virtio -cpu max,vx=off,vxeh=off -smp 2", "arch/s390/boot/bzImage", "ttysclp0", CCW)


class Guest(Scenario):
    """A machine on which the init of this folder runs."""
    WORDS = ["ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off"]

    def checks(self):
        return ["disk", "network", "console", "entropy", "rebind"]

    def more_words(self):
        return [*self.WORDS, f"rig.limit={self.limit - 30}"]


DEVICES = ("disk", "scratch", "network", "console", "entropy")
PACKED, LEGACY = {"packed": "on"}, {"disable-legacy": "off", "disable-modern": "on"}
IOMMU = {"iommu_platform": "on"}


def guest(name, machine, properties={}):
    return Guest(name, properties, DEVICES, machine=machine)


def modern(name, machine):
    return guest(name, machine), guest(f"{name}-packed", machine, PACKED)


def each_way(name, machine):
    return *modern(name, machine), guest(f"{name}-legacy", machine, LEGACY)


ARCHES = {
    "arm64": (guest("arm64-pci", ARM64_PCI), *each_way("arm64-mmio", ARM64_PCI._replace(bus=MMIO))),
    "riscv64": (guest("riscv64-pci", RISCV64_PCI), guest("riscv64-mmio", RISCV64_PCI._replace(bus=MMIO))),
    "m68k": modern("m68k-mmio", M68K_MMIO),     # QEMU's has no legacy devices, whatever it is told
    "ppc64": (*each_way("ppc64-pci", PPC64_PCI), guest("ppc64-pci-iommu", PPC64_PCI, IOMMU)),
    "s390x": each_way("s390x-ccw", S390X_CCW),
}
