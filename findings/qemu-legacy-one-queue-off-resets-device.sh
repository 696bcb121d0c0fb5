#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, legacy virtio on PCI: taking one queue from the device resets all of it.
#
# Guess: writing 0 to QUEUE_PFN stops the selected queue and no other; Linux deletes a queue that way.
# Seen: the status reads 0 afterwards, and the other queue has lost its address.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
PFN, SELECT, STATUS = 8, 14, 18
with Machine("-machine", "q35", "-m", "64M", "-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on",
             "-device", "virtio-blk-pci,drive=disk,addr=4,disable-modern=on,num-queues=2") as machine:
    ports = PciDevice(machine, 4).bars[0]
    machine.port_out(ports + STATUS, 1, ACKNOWLEDGE | DRIVER)
    for queue, page in (0, 0x100), (1, 0x200):
        machine.port_out(ports + SELECT, 2, queue)
        machine.port_out(ports + PFN, 4, page)
    machine.port_out(ports + STATUS, 1, ACKNOWLEDGE | DRIVER | DRIVER_OK)
    expect("status with two queues at work", machine.port_in(ports + STATUS, 1), ACKNOWLEDGE | DRIVER | DRIVER_OK)
    machine.port_out(ports + SELECT, 2, 1)
    machine.port_out(ports + PFN, 4, 0)
    expect("status after 0 was written to the page of queue 1", machine.port_in(ports + STATUS, 1), 0)
    machine.port_out(ports + SELECT, 2, 0)
    expect("page of queue 0", machine.port_in(ports + PFN, 4), 0)
END
