# SPDX-License-Identifier: GPL-2.0
"""What an interrupt costs that all queues of a device share."""
from machines import TREES

QUEUES = (2, 10)    # of a disk, which takes one for each processor
WIDTH = 24


def interrupts(trees, args):
    """Of a disk whose vectors are one for changes and one for all queues."""
    pair = trees.pair("probe")
    lines = ["Instructions for a call of the handler of an interrupt that all queues of a device share (virtio_blk with two vectors,",
             "QEMU -icount), when no queue has anything.", "", f"{'':{WIDTH}} {'theirs':>9} {'ours':>9}  ratio"]
    for n in QUEUES:
        device = ["-smp", str(n), "-blockdev", "null-co,node-name=disk,size=1048576",
                  "-device", f"virtio-blk-pci,drive=disk,num-queues={n},vectors=2,disable-legacy=on"]
        a, b = (pair[t].run("part=interrupts", options=device)["shared vector"][0] / 100 for t in TREES)
        lines.append(f"{f'{n} queues':{WIDTH}} {a:9.1f} {b:9.1f} {b / a:6.2f}")
    return lines + ["", "target: 1.00"]
