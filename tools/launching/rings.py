# SPDX-License-Identifier: GPL-2.0
"""Both ring formats, in all their ways: what is used, who is told, and who asks to be."""
import itertools, os, select, socket

import page_guest as pg
from page_guest import RNG, until
from .rig import AIO, FLUSH, IN, MIB, OK, RINGS, SECTOR, Disk, Launcher, contents, equal, header, image, test


@test
def rings():
    """Both formats, with and without tables and event index, with both engines, over many rounds of the ring."""
    for aio, ring in itertools.product(AIO, RINGS):
        path = image("disk", 256 * 1024)
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            disk = Disk(launcher.guest(), size=8, **ring)
            data = bytearray(contents(path))
            for n in range(40):
                sector, text = n * 7, os.urandom(SECTOR * (1 + n % 4))
                disk.write(sector, text)
                data[sector * SECTOR:sector * SECTOR + len(text)] = text
                equal(disk.read(sector - n % 3, 2048), bytes(data[(sector - n % 3) * SECTOR:][:2048]), f"{aio} {ring} {n}")
            equal(disk.status(header(FLUSH)), OK)
            equal(contents(path), bytes(data))


@test
def odd_sizes():
    """A packed ring has any size."""
    with Launcher("--disk", image("disk")) as launcher:
        guest = launcher.guest()
        for size in (3, 5, 100, 255):
            disk = Disk(guest, packed=True, events=True, size=size)
            for n in range(2 * size):
                equal(len(disk.read(n, 1024)), 1024)


@test
def batches():
    """What is there together is used together: one interrupt if the ring says so, and all are right."""
    for aio, ring in itertools.product(AIO, RINGS):
        path = image("disk", MIB)
        data = contents(path)
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            disk = Disk(launcher.guest(), size=256, **ring)
            for round_ in range(8):
                sectors = [(n * 13 + round_) % 2000 for n in range(64)]
                asked = {}
                for sector in sectors:
                    buffers = disk.queue.add(header(IN, sector), SECTOR, 1)
                    asked[buffers[1][0]] = sector
                disk.queue.kick()
                for _ in sectors:
                    buffers, written = disk.queue.take()
                    address = buffers[1][0]
                    sector = asked.pop(address)
                    equal(disk.queue.memory.read(address, SECTOR), data[sector * SECTOR:(sector + 1) * SECTOR], f"{aio} {ring}")
                    equal(written, SECTOR + 1)


@test
def doorbells():
    """None that the guest does not want; none while one is not heard; kicks are not wanted by one that looks anyway."""
    for ring in RINGS:
        with Launcher() as launcher:
            guest = launcher.guest()
            device = guest.find(RNG)
            queue = device.start(**ring)
            while guest.wait(0):
                pass
            queue.ask_for_interrupt(False)
            for n in range(3):
                queue.add(64)
                queue.kick()
                until("a used buffer", queue.take_one)
            equal((device.byte(pg.USED), guest.wait(0)), (0, False), f"{ring}: a doorbell that was not wanted")
            queue.ask_for_interrupt()
            queue.add(64)
            queue.kick()
            until("a used buffer", queue.take_one)
            until("the flag", lambda: device.byte(pg.USED))
            until("the doorbell", lambda: select.select([guest.socket], [], [], 0)[0])
            equal(guest.socket.recv(100), b"\0", "one doorbell")
            queue.ask_for_interrupt()
            queue.add(64)
            queue.kick()
            until("a used buffer", queue.take_one)
            tell_all(guest, device)
            equal(select.select([guest.socket], [], [], 0)[0], [], f"{ring}: a second doorbell for a flag that was set")


def tell_all(guest, device):
    """Anything that the launcher had to say before this command ended has been said; the doorbell of its end is left out."""
    before = device.byte(pg.USED)
    device.set(pg.STATUS, device.byte(pg.ANSWER))
    device.set(pg.COMMAND, pg.C_STATUS)
    guest.ring()
    until("the end of a command", lambda: device.byte(pg.COMMAND) == 0)
    until("its doorbell", lambda: select.select([guest.socket], [], [], 0)[0])
    equal(guest.socket.recv(1), b"\0")
    equal(device.byte(pg.USED), before)


@test
def asleep():
    """The device asks for a kick before it sleeps, in all ways that a ring has."""
    for ring in RINGS:
        with Launcher() as launcher:
            queue = launcher.guest().find(RNG).start(size=4, **ring)
            for n in range(20):
                queue.add(16)
                assert queue.wants_kick(), f"{ring}: no kick is wanted, and nobody looks"
                queue.device.kick()
                queue.take()
