#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-mmio: a queue whose QueueReady was set to 0 is served all the same.
#
# Guess: once QueueReady reads 0 the device does not use the queue (virtio 1.3, 4.2.2.2), and RING_RESET,
# which this device offers, comes with a register that resets a queue.
# Seen: QueueReady reads 0, the next request is carried out from the old ring, and QueueReset (0xc0)
# reads 0 whatever is written: only a reset of the device ends the use of a ring.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
SELECT, NUM, READY, NOTIFY, RESET = 0x30, 0x38, 0x44, 0x50, 0xc0
RING_RESET_AND_VERSION_1 = 0x101        # in the second page of features
with Machine("-machine", "microvm", "-m", "64M", "-global", "virtio-mmio.force-legacy=false",
             "-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on", "-device", "virtio-blk-device,drive=disk") as machine:
    disk = next(d for d in (Mmio(machine, 0xfeb00000 + 512 * n) for n in range(24)) if d.get(8) == 2)
    expect("second page of features", hex(disk.offered(1)), hex(RING_RESET_AND_VERSION_1))
    for status in 0, ACKNOWLEDGE, ACKNOWLEDGE | DRIVER:
        disk.status = status
    for page, bits in (0, 0), (1, RING_RESET_AND_VERSION_1):
        disk.set(0x24, page)
        disk.set(0x20, bits)
    disk.status |= FEATURES_OK
    queue = Split(machine, 0x100000, 64)
    disk.set(SELECT, 0)
    disk.set(NUM, queue.size)
    for at, address in (0x80, queue.descriptors), (0x90, queue.available), (0xa0, queue.used):
        disk.set(at, address)
        disk.set(at + 4, 0)
    disk.set(READY, 1)
    disk.status |= DRIVER_OK

    def read(n):
        machine.write(0x200000, struct.pack("<IIQ", 0, 0, 0))
        queue.add((0x200000, 16, False), (0x300000, 512, True), (0x400000, 1, True))
        disk.set(NOTIFY, 0)
        machine.wait_until(f"request {n}", lambda: queue.used_index() == n)

    read(1)
    disk.set(RESET, 1)
    disk.set(READY, 0)
    expect("QueueReset and QueueReady after both were told to stop the queue", (disk.get(RESET), disk.get(READY)), (0, 0))
    read(2)
    expect("requests served on that ring since", queue.used_index() - 1, 1)
END
