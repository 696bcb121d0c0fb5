#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio on PCI: the bus mastering bit of the command register changes the device status.
#
# Guess: bus mastering stops DMA, and leaves the status, which only driver and device write, alone.
# Seen: switching it off takes DRIVER_OK away, and switching it on again does not bring it back: a
# driver that compares the status around a save and restore of the command register is misled.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
COMMAND, MEMORY, MASTER = 4, 2, 4
LIVE = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK
with Machine("-machine", "q35", "-m", "64M", "-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on",
             "-device", "virtio-blk-pci,drive=disk,addr=4,disable-legacy=on") as machine:
    disk = PciDevice(machine, 4)
    disk.agree(VERSION_1)
    disk.enable_queue(0, Split(machine, 0x100000, 64))
    disk.status = LIVE
    expect("status of a live device", hex(disk.status), hex(LIVE))
    disk.set_config(COMMAND, 2, MEMORY)
    expect("status with bus mastering off", hex(disk.status), hex(LIVE & ~DRIVER_OK))
    disk.set_config(COMMAND, 2, MEMORY | MASTER)
    expect("status with bus mastering on again", hex(disk.status), hex(LIVE & ~DRIVER_OK))
END
