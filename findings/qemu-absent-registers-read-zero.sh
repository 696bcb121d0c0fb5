#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, x86 machines: registers that nobody decodes read as zeros, not as ones.
#
# Guess: a read from a PCI device that is gone returns ones, so that a status of 0xff tells it.
# Seen: with the memory decoding of a virtio device off, on q35 and on pc, its status reads 0, which is
# what a device says that was reset.  Only the vendor ID in configuration space tells the two apart.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
COMMAND, EVERYTHING = 4, 7
for kind in "q35", "pc":
    with Machine("-machine", kind, "-m", "64M", "-device", "virtio-rng-pci,addr=4,disable-legacy=on") as machine:
        device = PciDevice(machine, 4)
        device.status = ACKNOWLEDGE | DRIVER
        device.set_config(COMMAND, 2, 0)
        expect(f"{kind}: status and features of a device that does not decode", (hex(device.status), hex(device.common(4, 4))), ("0x0", "0x0"))
        device.set_config(COMMAND, 2, EVERYTHING)
        expect(f"{kind}: status of the same device when it decodes again", device.status, ACKNOWLEDGE | DRIVER)
END
