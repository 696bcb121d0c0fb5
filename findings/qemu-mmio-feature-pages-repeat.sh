#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2, virtio-mmio: feature pages beyond the second are the second once more.
#
# Guess: DeviceFeatures reads 0 where DeviceFeaturesSel names bits that the device does not have.
# Seen: pages 2, 3 and 4 read what page 1 does.  A driver that asks for 128 bits finds bits 64 and 72
# (VERSION_1 and RING_RESET, repeated) offered, and must not ask a device of this kind.
set -eu
. "$(dirname "$0")/lib/root.sh"
qemu_7_2 qemu-system-x86 qemu-system-x86_64
probe <<'END'
from qtest import *
with Machine("-machine", "microvm", "-m", "64M", "-global", "virtio-mmio.force-legacy=false", "-device", "virtio-rng-device") as machine:
    device = next(d for d in (Mmio(machine, 0xfeb00000 + 512 * n) for n in range(24)) if d.get(8))
    pages = [hex(device.offered(page)) for page in range(5)]
    expect("feature pages 1 to 4", pages[1:], ["0x101"] * 4)
END
