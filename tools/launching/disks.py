# SPDX-License-Identifier: GPL-2.0
"""Requests of disks, with both engines, and entropy."""
import itertools, os

import page_guest as pg
from page_guest import CONSOLE, RNG
from .rig import AIO, BLK, DISCARD, FLUSH, GET_ID, IN, IOERR, MIB, OK, OUT, SECTOR, UNSUPP, WCE, ZEROES, Disk, Launcher, contents, equal, header, here, image, range_of, test


@test
def requests():
    """All that may be asked, and all that may not, of both engines."""
    for aio in AIO:
        path = image("disk", MIB)
        data = contents(path)
        with Launcher("--disk", f"{path},aio={aio},serial=its-serial") as launcher:
            disk = Disk(launcher.guest())
            last = MIB // SECTOR
            equal(disk.ask(header(GET_ID), 20), (b"its-serial".ljust(20, b"\0"), OK, 21))
            equal(disk.ask(header(GET_ID), 4)[0], b"its-")
            equal(disk.read(last - 1, SECTOR), data[-SECTOR:])
            # However the buffers are cut.
            split = header(IN, 3)
            equal(disk.ask(split[:1], split[1:7], split[7:], 100, 412, 512)[:2], (data[3 * SECTOR:5 * SECTOR], OK))
            disk.queue.add(split, 512 + 1)
            disk.queue.kick()
            (_, (address, _, _)), written = disk.queue.take()
            equal((disk.queue.memory.read(address, 513), written), (data[3 * SECTOR:4 * SECTOR] + b"\0", 513), "data and status in one buffer")
            equal(disk.ask(header(OUT, 9) + b"y" * 100, b"y" * 412)[1], OK)
            equal(contents(path)[9 * SECTOR:10 * SECTOR], b"y" * SECTOR)
            for parts, status in (((header(IN, last), SECTOR), IOERR), ((header(IN, last - 1), 1024), IOERR), ((header(IN, 2 ** 63), SECTOR), IOERR),
                                  ((header(IN, 2 ** 64 - 1), SECTOR), IOERR), ((header(IN, 0), 100), IOERR), ((header(IN, 0),), IOERR),
                                  ((header(OUT, last), b"x" * SECTOR), IOERR), ((header(OUT, 0), b"x" * 511), IOERR), ((header(OUT, 0),), IOERR),
                                  ((header(99),), UNSUPP), ((header(99), 100), UNSUPP), ((header(14),), UNSUPP)):
                got, found, written = disk.ask(*parts)
                equal((found, written), (status, 0 if got else 1), f"{parts}")
                equal(set(got), {0xa5} if got else set(), f"{parts}: nothing is read")
            equal(launcher.said(), [])
        now = contents(path)
        equal(now[:9 * SECTOR] + now[10 * SECTOR:], data[:9 * SECTOR] + data[10 * SECTOR:])


@test
def holes():
    """Discard and write zeroes, with their flags and limits, on files that can punch holes and files that can't."""
    for aio, folder in itertools.product(AIO, (here.folder, "/dev/shm")):
        path = image(f"launch-test-{os.getpid()}", 8 * MIB, folder)
        data = bytearray(contents(path))

        def zeroed(sector, count):
            data[sector * SECTOR:(sector + count) * SECTOR] = bytes(count * SECTOR)

        try:
            with Launcher("--disk", f"{path},aio={aio}") as launcher:
                disk = Disk(launcher.guest())
                equal(disk.status(header(ZEROES), range_of(1, 7)), OK)
                zeroed(1, 7)
                equal(disk.status(header(ZEROES), range_of(64, 4096) + range_of(9000, 3, 1)), OK)
                zeroed(64, 4096)
                zeroed(9000, 3)
                equal(contents(path), bytes(data), f"{aio} in {folder}")
                blocks = os.stat(path).st_blocks
                equal(disk.status(header(DISCARD), range_of(8192, 4096)), OK)
                zeroed(8192, 4096)
                equal(contents(path), bytes(data))
                assert os.stat(path).st_blocks <= blocks - 3800, "nothing was given back"
                last = 8 * MIB // SECTOR
                for type in (DISCARD, ZEROES):
                    for ranges, status in ((b"", IOERR), (b"x" * 15, IOERR), (range_of(0, 0), IOERR), (range_of(last, 1), IOERR), (range_of(last - 1, 2), IOERR),
                                           (range_of(0, 2 ** 32 - 1), IOERR), (range_of(2 ** 64 - 1, 1), IOERR), (range_of(0, 1, 2), UNSUPP), (range_of(0, 1) * 17, IOERR)):
                        equal(disk.status(header(type), *[ranges][:len(ranges)]), status, f"{type} {ranges}")
                equal(disk.status(header(DISCARD), range_of(0, 1, 1)), UNSUPP)
                equal(contents(path), bytes(data))
                equal(os.stat(path).st_size, 8 * MIB)
        finally:
            os.remove(path)


@test
def not_taken():
    """A feature that the driver did not take is not there."""
    with Launcher("--disk", image("disk")) as launcher:
        disk = Disk(launcher.guest(), features=0)
        for type in (DISCARD, ZEROES):
            equal(disk.status(header(type), range_of(0, 1)), UNSUPP)
        equal(disk.status(header(FLUSH)), UNSUPP)


@test
def read_only():
    for aio in AIO:
        path = image("disk")
        os.chmod(path, 0o444)
        data = contents(path)
        with Launcher("--disk", f"{path},ro,aio={aio}") as launcher:
            disk = Disk(launcher.guest())
            assert disk.device.offered() & BLK["RO"] and not disk.device.offered() & (BLK["DISCARD"] | BLK["WRITE_ZEROES"])
            equal(disk.read(0, SECTOR), data[:SECTOR])
            equal(disk.status(header(OUT), b"x" * SECTOR), IOERR)
            equal(disk.status(header(ZEROES), range_of(0, 1)), UNSUPP)
            equal(disk.status(header(FLUSH)), OK)
        equal(contents(path), data)
        os.remove(path)


@test
def write_cache():
    """The driver may turn it off, for writes that are on the medium when they end."""
    for aio in AIO:
        path = image("disk")
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            disk = Disk(launcher.guest())
            address, length = disk.device.field(WCE)
            equal((length, disk.device.value(WCE)), (1, 1))
            disk.device.memory.put("B", address, 0)
            disk.device.command(pg.C_CONFIG)
            disk.write(1, b"w" * SECTOR)
            equal(disk.status(header(ZEROES), range_of(2, 1)), OK)
            equal(contents(path)[SECTOR:3 * SECTOR], b"w" * SECTOR + bytes(SECTOR))
            disk.device.status(0)
            equal(disk.device.value(WCE), 1, "the field after a reset")


@test
def shorter():
    """A file that is cut under the guest gives errors, and no message of a lie."""
    for aio in AIO:
        path = image("disk")
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            disk = Disk(launcher.guest())
            os.truncate(path, 4096 + 512)
            equal(disk.ask(header(IN, 8), 512)[1], OK)
            equal(disk.ask(header(IN, 8), 1024)[1], IOERR)
            equal(disk.ask(header(IN, 100), 512)[1], IOERR)
            equal(launcher.said(), [])


@test
def entropy():
    with Launcher() as launcher:
        queue = launcher.guest().find(RNG).start()
        first, written = queue.ask(64)
        equal(written, 64)
        assert len(set(first[0])) > 20 and queue.ask(64)[0] != first
        got, written = queue.ask(4000, 4000)
        equal(written, 4096)
        equal(got[1][96:], b"\xa5" * 3904, "what is behind the bytes that were written")
        equal(queue.ask(b"only to read")[1], 0)
    with Launcher("--no-entropy") as launcher:
        equal([d.id for d in launcher.guest().devices()], [CONSOLE])
