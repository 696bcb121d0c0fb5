#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-mmio on m68k: configuration is big-endian until the driver has set FEATURES_OK.
#
# Guess: the configuration of a device that offers VERSION_1 (version 2 of the registers, no legacy
# interface) is little-endian from the start (virtio 1.3, 2.5).
# Seen: the capacity of a disk reads byte-swapped after a reset, still so once the features are
# written, and little-endian from FEATURES_OK on.  A driver that reads configuration earlier, as
# a driver may (virtio 1.3, 3.1.1, step 4), gets nonsense on a big-endian machine.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-misc qemu-system-m68k
probe <<'END'
from qtest import *
SECTORS = 2048
with Machine("-machine", "virt", "-m", "64M", "-blockdev", f"driver=null-co,node-name=disk,size={512 * SECTORS},read-zeroes=on",
             "-device", "virtio-blk-device,drive=disk") as machine:
    disk = next(d for d in (Mmio(machine, 0xff010000 + 512 * n, "big") for n in range(128)) if d.get(8) == 2)
    expect("version of the registers", disk.get(4), 2)

    def capacity():
        return machine.read(disk.base + 0x100, 8)

    big, little = SECTORS.to_bytes(8, "big"), SECTORS.to_bytes(8, "little")
    disk.status = 0
    expect("capacity, as bytes, after a reset", capacity(), big)
    disk.status = ACKNOWLEDGE
    disk.status = ACKNOWLEDGE | DRIVER
    for page, bits in (0, 0), (1, VERSION_1 >> 32):
        disk.set(0x24, page)
        disk.set(0x20, bits)
    expect("capacity once VERSION_1 is written", capacity(), big)
    disk.status |= FEATURES_OK
    expect("capacity once FEATURES_OK is set", capacity(), little)
END
