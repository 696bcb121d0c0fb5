#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-blk on PCI: the reset of one queue does not wait for requests in flight.
#
# Guess: once queue_reset reads 0 the device has let go of the queue's buffers (virtio 1.3, 2.6.1).
# Seen: queue_reset reads 0 at once; later the device writes the status bytes of the old requests,
# and their used entries appear in the new ring, which has had no request at all.  A driver of a
# disk must reset the device, not the queue, before it reuses buffers.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
RING_RESET = 1 << 40
with Machine("-machine", "q35", "-m", "64M", "-blockdev", "driver=null-co,node-name=disk,size=1048576,latency-ns=2000000000,read-zeroes=on",
             "-device", "virtio-blk-pci,drive=disk,addr=4,disable-legacy=on,queue_reset=on,num-queues=1") as machine:
    disk = PciDevice(machine, 4)
    disk.agree(VERSION_1 | RING_RESET)
    old = Split(machine, 0x100000, 64)
    disk.enable_queue(0, old)
    disk.status |= DRIVER_OK
    machine.write(0x400000, b"\xee" * 4)
    for n in range(4):
        machine.write(0x200000 + 16 * n, struct.pack("<IIQ", 0, 0, 8 * n))
        old.add((0x200000 + 16 * n, 16, False), (0x300000 + 4096 * n, 4096, True), (0x400000 + n, 1, True))
    disk.notify(0)
    disk.set_common(0x16, 2, 0)
    disk.set_common(0x3a, 2, 1)
    expect("queue_reset and queue_enable, right after the reset of the queue", (disk.common(0x3a, 2), disk.common(0x1c, 2)), (0, 0))
    expect("status bytes of the requests then", machine.read(0x400000, 4), b"\xee" * 4)
    new = Split(machine, 0x180000, 64)
    disk.enable_queue(0, new)
    machine.wait_until("used entries in the new ring", lambda: new.used_index() == 4)
    expect("status bytes after two seconds", machine.read(0x400000, 4), bytes(4))
    expect("used entries of the new ring, to which nothing was added", [new.used_entry(n) for n in range(4)], [(3 * n, 4097) for n in range(4)])
END
