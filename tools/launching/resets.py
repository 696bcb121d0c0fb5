# SPDX-License-Identifier: GPL-2.0
"""Resets of devices and queues under requests, and launchers and guests that are killed."""
import itertools, os, re, subprocess

import page_guest as pg
from page_guest import RNG, Memory
from .rig import AIO, FLUSH, IN, MIB, OUT, RINGS, SECTOR, Disk, Launcher, contents, equal, header, here, image, test


@test
def reset_under_requests():
    """Many are in flight; after the reset nothing is written any more, and the device goes on."""
    for aio, ring in itertools.product(AIO, RINGS):
        path = image("disk", 8 * MIB)
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            guest = launcher.guest(memory=Memory(64 << 20))
            disk = Disk(guest, **ring)
            for round_ in range(4):
                os.posix_fadvise(fd := os.open(path, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(fd)
                asked = [disk.queue.add(header(IN, n * 256), 128 * 1024, 1) if n % 3 else disk.queue.add(header(FLUSH), 1) for n in range(32)]
                disk.queue.kick()
                equal(disk.device.status(0), 0, "the answer to a reset")
                buffers = [(a, l) for parts in asked for a, l, f in parts if f & pg.DESC_WRITE]
                for a, l in buffers:
                    guest.memory.write(a, b"\x77" * l)
                disk = Disk(guest, **ring)
                disk.read(0, 4096)
                for a, l in buffers:
                    equal(set(guest.memory.read(a, l)), {0x77}, "a buffer after the reset")
                guest.memory.next = guest.memory.start + (1 << 20)
            equal(launcher.said(), [])


@test
def reset_of_a_queue():
    """RING_RESET: one queue begins anew, the device stays as it is."""
    for packed in (False, True):
        path = image("disk")
        with Launcher("--disk", path) as launcher:
            guest = launcher.guest()
            disk = Disk(guest, packed=packed)
            disk.read(0, SECTOR)
            for size in (4, 64):
                disk.device.set_queue(0, disk.queue, enabled=0)
                equal(disk.device.command(pg.C_QUEUE), 0x0f)
                old = disk.queue
                old.add(header(IN), SECTOR, 1)
                guest.ring()
                disk.queue = disk.device.make_queue(0, size, packed)
                disk.device.set_queue(0, disk.queue)
                # What is there before it is enabled needs no kick.
                disk.queue.add(header(IN, 5), SECTOR, 1)
                equal(disk.device.command(pg.C_QUEUE), 0x0f)
                disk.queue.take()
                equal(disk.read(7, SECTOR), contents(path)[7 * SECTOR:8 * SECTOR])
                equal(old.take_one(), None, "a used buffer of a queue that was reset")
            equal(launcher.said(), [])


@test
def launcher_killed():
    """The next at the same socket finds the guest, and the disk as it was left."""
    for aio in AIO:
        path = image("disk")
        with Launcher("--disk", f"{path},aio={aio}") as launcher:
            guest = launcher.guest()
            disk = Disk(guest)
            disk.write(4, b"before".ljust(SECTOR))
            for n in range(16):
                disk.queue.add(header(OUT, 8 + n), b"z" * SECTOR, 1)
            disk.queue.kick()
            launcher.kill()
            with Launcher("--disk", f"{path},aio={aio}", path=launcher.socket) as second:
                again = second.guest(memory=guest.memory)
                equal(again.error, 0)
                equal(Disk(again).read(4, SECTOR), b"before".ljust(SECTOR))
                equal(second.said(), [])
                r = subprocess.run([here.program, "--attach", "--socket", launcher.socket], capture_output=True, text=True)
                assert r.returncode == 1 and "another process listens there" in r.stderr, r
        assert not os.path.exists(launcher.socket), "a socket is left behind"


@test
def guest_ends():
    """With --attach the process that has connected is watched."""
    with Launcher() as launcher:
        pid = os.fork()
        if not pid:
            launcher.guest().find(RNG).start()
            os._exit(0)
        os.waitpid(pid, 0)
        equal(launcher.wait(), 0)
        launcher.says(f"the guest, process {pid}, has ended")


@test
def memory_in_use():
    """The launcher itself is small: less than 8 MiB besides the guest's memory, with three disks at work."""
    if here.sanitized:
        print("       not of a build that is full of checks")
        return
    paths = [image(f"disk{n}", 4 * MIB) for n in range(3)]
    with Launcher(*sum((["--disk", f"{p},aio={a}"] for p, a in zip(paths, ("io_uring", "threads", "io_uring"))), [])) as launcher:
        guest = launcher.guest(memory=Memory(64 << 20))
        for nr in range(3):
            disk = Disk(guest, nr)
            for n in range(80):
                disk.queue.add(header(IN, n * 64), 32768, 1)
            disk.queue.kick()
            for n in range(80):
                disk.queue.take()
        status = open(f"/proc/{launcher.process.pid}/status").read()
        anon, file = (int(re.search(rf"{name}:\s+(\d+)", status).group(1)) for name in ("RssAnon", "RssFile"))
        print(f"       {anon + file} KiB")
        assert anon + file < 8192, f"found {anon} + {file} KiB, expected less than 8192"
