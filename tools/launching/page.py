# SPDX-License-Identifier: GPL-2.0
"""The device page, the handshake, and guests that come one after the other."""
import errno, socket, struct

import page_guest as pg
from page_guest import ACKNOWLEDGE, BLOCK, CONSOLE, DRIVER, DRIVER_OK, FEATURES_OK, RNG, Guest, Memory
from .rig import BLK, CAPACITY, MIB, SECTOR, SEG_MAX, Disk, Launcher, contents, equal, image, test


@test
def page():
    """Header, descriptors, fields and the whole handshake as the ABI has them."""
    disk = image("disk")
    with Launcher("--disk", f"{disk},serial=abc") as launcher:
        guest = launcher.guest()
        equal(guest.error, 0)
        equal([d.id for d in guest.devices()], [BLOCK, RNG, CONSOLE])
        equal(guest.header()[3], 3, "changes")
        device = guest.find(BLOCK)
        equal(device.length % 8, 0)
        equal((device.byte(pg.STATUS), device.byte(pg.ANSWER), device.generation), (0, 0, 0))
        equal([t for t, _, _ in device.fields[:3]], [pg.F_VIRTIO, pg.F_FEATURES, pg.F_VIRTQUEUE])
        equal(device.value(CAPACITY), MIB // SECTOR)
        equal(device.value(SEG_MAX), 254)
        equal(device.offered(), sum(BLK.values()) - BLK["RO"] + pg.VERSION_1 + pg.INDIRECT + pg.EVENT_IDX + pg.PACKED + pg.RING_RESET)
        disk_ = Disk(guest)
        equal(device.answer, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
        equal(disk_.read(0, SECTOR), contents(disk)[:SECTOR])
        equal(launcher.said(), [])
    with Launcher("--ring", "split") as launcher:
        equal(launcher.guest().find(RNG).offered(), pg.VERSION_1 + pg.INDIRECT + pg.EVENT_IDX + pg.RING_RESET)


@test
def refused_features():
    """Those that were not offered, and all without VERSION_1."""
    with Launcher() as launcher:
        device = launcher.guest().find(RNG)
        for taken, said in ((pg.VERSION_1 | 1 << 5, "expected none but"), (pg.VERSION_1 | 1 << 33, "expected none but"), (pg.INDIRECT, "expected VERSION_1 among them")):
            device.status(0)
            device.status(ACKNOWLEDGE | DRIVER)
            device.take_features(taken)
            equal(device.status(ACKNOWLEDGE | DRIVER | FEATURES_OK), ACKNOWLEDGE | DRIVER, f"the answer to {taken:#x}")
            launcher.says(said)
        device.start()


@test
def one_guest():
    """A second is refused; when the first has gone, or comes back, it is served."""
    with Launcher() as launcher:
        first = launcher.guest()
        second = launcher.guest()
        equal(second.error, errno.EBUSY)
        first.find(RNG).start()
        first.close()
        third = launcher.guest()
        equal(third.error, 0)
        device = third.find(RNG)
        equal(device.byte(pg.ANSWER), 0, "the answer of a device that is new to this guest")
        equal(len(device.start().ask(64)[0][0]), 64)


@test
def pieces():
    """A hello may come byte by byte."""
    with Launcher() as launcher:
        memory = Memory()
        guest = Guest(launcher.socket, memory=memory, hello=struct.pack("<I", pg.HELLO)[:1])
        rest = struct.pack("<IIQQQQQ", pg.HELLO, 1, memory.start, memory.length, memory.offset, guest.page, guest.page_length)[1:]
        for byte in rest:
            guest.socket.send(bytes([byte]))
        guest.welcome()
        equal(guest.error, 0)
        guest.find(RNG).start()
