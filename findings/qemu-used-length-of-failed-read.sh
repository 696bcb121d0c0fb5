#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-blk: the used length of a failed read counts bytes that were never written.
#
# Guess: the used length says how much the device wrote (virtio 1.3, 2.7.8), 1 for a status byte alone.
# Seen: a read beyond the end of the disk ends with an error status, its data buffer untouched, and a
# used length of 4097.  A driver must not take that length for data, and a strict core must allow it.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
IOERR = 1
with Machine("-machine", "q35", "-m", "64M", "-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on",
             "-device", "virtio-blk-pci,drive=disk,addr=4,disable-legacy=on") as machine:
    disk = PciDevice(machine, 4)
    disk.agree(VERSION_1)
    queue = Split(machine, 0x100000, 64)
    disk.enable_queue(0, queue)
    disk.status |= DRIVER_OK
    machine.write(0x200000, struct.pack("<IIQ", 0, 0, 1 << 30))
    machine.write(0x300000, b"U" * 4096)
    queue.add((0x200000, 16, False), (0x300000, 4096, True), (0x400000, 1, True))
    disk.notify(0)
    machine.wait_until("a used entry", lambda: queue.used_index() == 1)
    expect("status byte of a read beyond the end", machine.read(0x400000, 1)[0], IOERR)
    expect("its data buffer is untouched", machine.read(0x300000, 4096) == b"U" * 4096, True)
    expect("its used length", queue.used_entry(0)[1], 4097)
END
