# SPDX-License-Identifier: GPL-2.0
"""A guest that lies: each lie costs it the device, or the connection, and nobody else anything."""
import errno, itertools, os, socket

import page_guest as pg
from page_guest import ACKNOWLEDGE, BLOCK, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, RNG, Guest, Memory, until
from .rig import AIO, CAPACITY, IN, MIB, SECTOR, Disk, Launcher, contents, equal, header, here, image, tell, test


def lie_hello(memory):
    """(what is wrong, the errno, the message)"""
    pipe, readable = os.pipe(), os.open("/dev/zero", os.O_RDONLY)
    short = os.memfd_create("short")
    os.ftruncate(short, 4096)
    read_only = os.open(f"/proc/self/fd/{memory.fd}", os.O_RDONLY)
    bell = os.eventfd(0)
    end = memory.start + memory.length
    yield {"magic": 1}, errno.EPROTO, "hello begins with 0x1"
    yield {"version": 2}, errno.EPROTONOSUPPORT, "version 2 of the device page"
    yield {"length": 0}, errno.EINVAL, "expected some"
    yield {"length": 2 ** 64 - 1}, errno.EINVAL, "up to an address of 64 bits"
    yield {"start": 2 ** 64 - 4096}, errno.EINVAL, "up to an address of 64 bits"
    yield {"length": memory.length + 1}, errno.EINVAL, "memory has 0x"
    yield {"offset": memory.offset + 1}, errno.EINVAL, "expected both alike modulo 16"
    yield {"offset": memory.offset + 16}, errno.EINVAL, "memory has 0x"
    yield {"offset": 2 ** 64 - 16}, errno.EINVAL, "memory has 0x"
    yield {"page": memory.start - 8}, errno.EINVAL, "expected a multiple of 8 in its memory"
    yield {"page": end + 8}, errno.EINVAL, "expected a multiple of 8 in its memory"
    yield {"page": memory.start + 4}, errno.EINVAL, "expected a multiple of 8 in its memory"
    yield {"page": end - 8}, errno.EINVAL, "expected a multiple of 8 in its memory"
    yield {"page_length": 2 ** 64 - 1}, errno.EINVAL, "expected a multiple of 8 in its memory"
    yield {"page_length": 8}, errno.ENOSPC, "expected at least"
    yield {"fds": []}, errno.EBADF, "comes with 0 descriptors"
    yield {"fds": [memory.fd]}, errno.EBADF, "comes with 1 descriptors"
    yield {"fds": [memory.fd, bell, bell]}, errno.EBADF, "comes with 3 descriptors"
    yield {"fds": [bell, memory.fd]}, errno.EINVAL, "is no file"
    yield {"fds": [readable, bell]}, errno.EINVAL, "is no file"
    yield {"fds": [short, bell]}, errno.EINVAL, "memory has 0x1000 bytes"
    yield {"fds": [read_only, bell]}, errno.EACCES, "can't be written"
    yield {"fds": [memory.fd, pipe[1]]}, errno.EINVAL, "doorbell is"
    yield {"fds": [memory.fd, memory.fd]}, errno.EINVAL, "doorbell is"


@test
def lies_in_the_hello():
    with Launcher() as launcher:
        for lie, number, said in lie_hello(Memory()):
            before = len(launcher.said())
            guest = launcher.guest(**lie)
            equal(guest.error, number, f"{lie}")
            until("a message", lambda: len(launcher.said()) > before)
            more = launcher.said()[before:]
            assert len(more) == 1 and said in more[0], f"{lie}: found {more}, expected one line with {said!r}"
            guest.close()
        fds = len(os.listdir(f"/proc/{launcher.process.pid}/fd"))
        guest = launcher.guest()
        equal(guest.error, 0)
        guest.find(RNG).start().ask(64)
        # Not a descriptor was kept, but those of this guest: connection and doorbell.
        assert len(os.listdir(f"/proc/{launcher.process.pid}/fd")) <= fds + 2
        guest.socket.send(b"more")
        launcher.says("expected none: disconnected")
        until("the next guest", lambda: launcher.guest().error == 0)
        half = Guest(launcher.socket, hello=b"half")
        half.close()
        launcher.says("has gone after 4 bytes of 48")


def put_chain(queue, rows, table=None):
    """Descriptors of a chain as they are: (address, length, flags, next); or a table of such behind the first."""
    def put(at, n, address, length, flags, next):
        if isinstance(queue, pg.SplitQueue):
            queue.put_desc(at, n, address, length, flags, next)
        else:
            queue.memory.put("QIHH", at + 16 * n, address, length, 7, flags | (queue.flags() if at == queue.desc else 0))
    if table is not None:
        at = queue.memory.allocate(16 * len(table) + 16)
        for n, row in enumerate(table):
            put(at, n, *row)
        rows = [(at, 16 * len(table), pg.DESC_INDIRECT, 0)] if rows is None else rows(at)
    for n, row in reversed(list(enumerate(rows))):
        put(queue.desc, n, *row)
    if isinstance(queue, pg.SplitQueue):
        queue.offer(0)


def ring_lies(queue):
    """(what is done, the message)"""
    memory, size = queue.memory, queue.size
    split = isinstance(queue, pg.SplitQueue)
    head = queue.buffer(header(IN))
    status = queue.buffer(1)
    good = (*head[:2], pg.DESC_NEXT, 1)
    end = memory.start + memory.length
    for address, length in ((0, 16), (memory.start - 1, 16), (memory.start - 16, 16), (end, 16), (end - 15, 16), (2 ** 64 - 1, 16), (2 ** 64 - 8, 16), (memory.start, 2 ** 32 - 1)):
        yield lambda a=address, l=length: put_chain(queue, [(a, l, 0, 0)]), "expected it in the guest's memory"
        yield lambda a=address, l=length: put_chain(queue, [good, (a, l, pg.DESC_WRITE, 0)]), "expected it in the guest's memory"
    yield lambda: put_chain(queue, [(*status[:2], pg.DESC_WRITE | pg.DESC_NEXT, 1), (*head[:2], 0, 0)]), "found a buffer to read behind one to write"
    yield lambda: put_chain(queue, [(*head[:2], 0, 0)]), "without a byte to write"
    yield lambda: put_chain(queue, [(head[0], 15, pg.DESC_NEXT, 1), (*status[:2], pg.DESC_WRITE, 0)]), "found a request of 15 bytes"
    yield lambda: put_chain(queue, [(*status[:2], pg.DESC_WRITE, 0)]), "found a request of 0 bytes"
    if split:
        yield lambda: put_chain(queue, [(*head[:2], pg.DESC_NEXT, 0)]), f"goes on after {size} descriptors"
        yield lambda: put_chain(queue, [good, (*head[:2], pg.DESC_NEXT, 0)]), f"goes on after {size} descriptors"
        yield lambda: put_chain(queue, [(*head[:2], pg.DESC_NEXT, size)]), f"found {size} as the next descriptor"
        yield lambda: put_chain(queue, [(*head[:2], pg.DESC_NEXT, 0xffff)]), "found 65535 as the next descriptor"
        yield lambda: queue.offer(size), f"found descriptor {size} in the available ring"
        yield lambda: queue.offer(0xffff), "found descriptor 65535 in the available ring"
        yield lambda: memory.put("H", queue.driver + 2, size + 1), f"available index {size + 1} ahead"
        yield lambda: memory.put("H", queue.driver + 2, 0xffff), "available index 65535 ahead"
    else:
        yield lambda: put_chain(queue, [(*head[:2], pg.DESC_NEXT, 0)] * size), f"goes on after {size} descriptors"
    if queue.indirect:
        where = lambda address, length, flags=pg.DESC_INDIRECT: lambda at: [(at if address is None else address, length, flags, 0)]
        one = [(*status[:2], pg.DESC_WRITE, 0)]
        for address, length in ((None, 0), (None, 8), (None, 17), (end, 16), (end - 8, 16), (2 ** 64 - 16, 32), (memory.start - 16, 16), (memory.start, 2 ** 32 - 16)):
            yield lambda w=where(address, length): put_chain(queue, w, one), "found an indirect table"
        yield lambda: put_chain(queue, where(None, 16, pg.DESC_INDIRECT | pg.DESC_NEXT), one), "found an indirect table"
        yield lambda: put_chain(queue, None, [(*head[:2], pg.DESC_NEXT, 1)] * (size + 5)), "goes on after" if not split else f"goes on after {size} descriptors"
        if split:
            yield lambda: put_chain(queue, None, [(*head[:2], pg.DESC_INDIRECT, 0)]), "found an indirect table in an indirect table"
            yield lambda: put_chain(queue, None, [(*head[:2], pg.DESC_NEXT, 1)]), "found 1 as the next descriptor"
            yield lambda: put_chain(queue, None, [(*head[:2], pg.DESC_NEXT, 0)]), f"goes on after {size} descriptors"
    else:
        yield lambda: put_chain(queue, None, [(*status[:2], pg.DESC_WRITE, 0)]), "expected none without INDIRECT_DESC"


def one_lie(launcher, guest, device, other, lie, said, name):
    before = len(launcher.said())
    while guest.wait(0):
        pass
    device.set(pg.CHANGED, 0)
    lie()
    until(f"{name}: a message with {said!r}", lambda: len(launcher.said()) > before)
    until(f"{name}: NEEDS_RESET", lambda: device.byte(pg.ANSWER) & NEEDS_RESET)
    until(f"{name}: the flag", lambda: device.byte(pg.CHANGED))
    # Again, and anything else: nothing more is said or done.
    device.set(pg.KICKED, 0)
    device.kick()
    equal(len(other.ask(64)[0][0]), 64, "entropy after a lie to a disk")
    more = launcher.said()[before:]
    assert len(more) == 1 and said in more[0], f"{name}: found {more}, expected one line with {said!r}"
    assert "/disk" in more[0] and "until its driver resets it" in more[0], more


@test
def lies_in_rings():
    """Each costs the device, one line, and nobody else anything; after a reset it works again."""
    path = image("disk")
    count = 0
    for packed, indirect in itertools.product((False, True), repeat=2):
        seen = 0
        while True:
            # A device says so many and no more.
            with Launcher("--disk", path) as launcher:
                guest = launcher.guest()
                other = guest.find(RNG).start(packed=packed)
                batch = list(range(seen, seen + 15))
                done = 0
                for n in batch:
                    guest.memory.next = guest.memory.start + (1 << 20)
                    disk = Disk(guest, size=16, packed=packed, indirect=indirect)
                    lies = list(ring_lies(disk.queue))
                    if n >= len(lies):
                        break
                    lie, said = lies[n]
                    one_lie(launcher, guest, disk.device, other, lambda: (lie(), disk.device.kick()), said, f"packed {packed} indirect {indirect} lie {n}")
                    done += 1
                disk = Disk(guest, packed=packed, indirect=indirect)
                equal(disk.read(0, SECTOR), contents(path)[:SECTOR])
                seen += done
                if done < len(batch):
                    break
        count += seen
    print(f"       {count} lies")


def page_lies(guest, device):
    """Without a handshake before them, or with one."""
    queue = lambda: device.queues[0]
    memory = device.memory
    end = memory.start + memory.length
    for name, value, said in (("enabled", 2, "found 2 as enabled"), ("enabled", 255, "found 255 as enabled"), ("size", 0, "found size 0"),
                              ("size", 257, "found size 257"), ("size", 512, "found size 512"), ("size", 3, "found size 3, expected a power of 2"), ("size", 0xffff, "found size 65535"),
                              ("desc", 0, "its descriptors: found address 0"), ("desc", end, "its descriptors"), ("desc", end - 16, "its descriptors"),
                              ("desc", 2 ** 64 - 16, "its descriptors"), ("desc", memory.start + 8, "its descriptors"),
                              ("driver", 0, "its driver's part"), ("driver", memory.start + 1, "its driver's part"), ("driver", end - 4, "its driver's part"),
                              ("device", 0, "its device's part"), ("device", memory.start + 2, "its device's part"), ("device", 2 ** 64 - 4, "its device's part")):
        yield lambda n=name, v=value: device.start(lies={0: {n: v}}), said
    for command in (5, 77, 255):
        yield lambda c=command: device.command(c), f"found command {command}, expected 1 to 4"
    yield lambda: device.command(pg.C_RELEASE), "expected it of a device that is gone"
    yield lambda: (device.status(0), device.command(pg.C_QUEUE)), "found a command for queues"
    yield lambda: (device.status(0), device.status(0x10)), "found status 0x10"
    yield lambda: (device.start(), device.status(ACKNOWLEDGE)), "expected bits to be cleared by a reset alone"
    yield lambda: (device.status(0), device.status(ACKNOWLEDGE | DRIVER | DRIVER_OK)), "expected FEATURES_OK with DRIVER_OK"
    yield lambda: (device.start(), device.set_queue(0, queue(), enabled=3), device.command(pg.C_QUEUE)), "found 3 as enabled"


@test
def lies_on_the_page():
    """Commands, status, queues; and fields that are scribbled over deceive nobody."""
    path = image("disk")
    with Launcher("--disk", path) as launcher:
        guest = launcher.guest()
        count = len(list(page_lies(guest, guest.find(BLOCK))))
        guest.close()
    for first in range(0, count, 15):
        with Launcher("--disk", path) as launcher:
            guest = launcher.guest()
            other = guest.find(RNG).start()
            device = guest.find(BLOCK)
            for n, (lie, said) in list(enumerate(page_lies(guest, device)))[first:first + 15]:
                guest.memory.next = guest.memory.start + (1 << 20)
                device.status(0)
                one_lie(launcher, guest, device, other, lie, said, f"lie {n}")
                equal(device.status(0), 0, "the answer to a reset")
            Disk(guest).read(0, SECTOR)
    with Launcher("--disk", path, "--control", f"{here.folder}/control") as launcher:
        guest = launcher.guest()
        disk = Disk(guest)
        other = guest.find(RNG).start()
        # All of the page but commands and the bytes that the driver is to write.
        keep = {d.at: d.memory.read(d.at, pg.HEAD_BYTES + d.length) for d in guest.devices()}
        page_header = guest.memory.read(guest.page, pg.HEADER_BYTES)
        guest.memory.write(guest.page, b"\xff" * pg.HEADER_BYTES)
        for at, text in keep.items():
            guest.memory.write(at, b"\xff" * 16)
            guest.memory.write(at + pg.HEAD_BYTES, b"\xee" * (len(text) - pg.HEAD_BYTES))
        disk.queue.add(header(IN), SECTOR, 1)
        disk.device.set(pg.KICKED, 1)
        guest.ring()
        until("a used buffer", disk.queue.take_one)
        os.truncate(path, 2 * MIB)
        equal(tell("resize 0"), (0, "", ""))
        equal(tell(f"disk {image('another')}"), (0, "3", ""))
        guest.memory.write(guest.page, page_header)
        for at, text in keep.items():
            guest.memory.write(at, text[:16])
            guest.memory.write(at + pg.HEAD_BYTES, text[pg.HEAD_BYTES:])
        disk = Disk(guest)
        equal(disk.read(0, SECTOR), contents(path)[:SECTOR])
        equal(disk.device.value(CAPACITY), 2 * MIB // SECTOR)
        equal(launcher.said(), [])


@test
def many_lies():
    """A guest that lies for ever fills no log."""
    with Launcher() as launcher:
        device = launcher.guest().find(RNG)
        for _ in range(50):
            device.command(99)
            device.status(0)
        equal(len(launcher.said()), 16)
        assert "No more of this device's will be said" in launcher.said()[-1]
        device.start().ask(64)


@test
def cut_memory():
    """A guest that takes its memory away is disconnected with a line; the launcher serves the next."""
    for aio in AIO:
        path = image("disk")
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            for what in ("all", "page stays"):
                memory = Memory()
                guest = launcher.guest(memory=memory)
                equal(guest.error, 0)
                disk = Disk(guest)
                disk.queue.add(header(IN), SECTOR, 1)
                memory.put("B", disk.device.at + pg.KICKED, 1)
                before = len(launcher.said())
                page_end = guest.page + guest.page_length
                os.ftruncate(memory.fd, 0 if what == "all" else (memory.at(page_end) + 4095) // 4096 * 4096)
                guest.ring()
                until("a message", lambda: len(launcher.said()) > before)
                assert "found its file cut while in use" in launcher.said()[-1], launcher.said()
                equal(guest.socket.recv(100)[-1:] and guest.socket.recv(100), b"", "the end of the connection")
            Disk(launcher.guest()).read(0, SECTOR)
            equal(len(launcher.said()), 2)
