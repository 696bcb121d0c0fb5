#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-console on PCI: two interrupt vectors, however many queues there are.
#
# Guess: like a disk or a card, a console has a vector for each of its queues and one for configuration.
# Seen: with 1, 4 and 31 ports there are 4, 10 and 64 queues, and 2 vectors each time: a driver of one
# port shares one vector between all of its queues, unless the user asks for more by vectors=.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
MSIX = 0x11
for ports, queues in (1, 4), (4, 10), (31, 64):
    with Machine("-machine", "q35", "-m", "64M", "-device", f"virtio-serial-pci,addr=4,disable-legacy=on,max_ports={ports}") as machine:
        device = PciDevice(machine, 4)
        at = device.config(0x34, 1)
        while device.config(at, 1) != MSIX:
            at = device.config(at + 1, 1)
        vectors = (device.config(at + 2, 2) & 0x7ff) + 1
        expect(f"queues and vectors of a console of {ports} ports", (device.common(0x12, 2), vectors), (queues, 2))
END
