# SPDX-License-Identifier: GPL-2.0
"""The control socket: devices come, grow and go."""
import errno, os, socket

import page_guest as pg
from page_guest import BLOCK, RNG, until
from .rig import CAPACITY, IN, MIB, SECTOR, Disk, Launcher, contents, equal, header, here, image, tell, test


@test
def control():
    """Disks come, grow and go, seen by the guest; what can't be is said."""
    first, second, third = (image(name, size) for name, size in (("first", MIB), ("second", 2 * MIB), ("third", MIB)))
    with Launcher("--disk", first, "--control", f"{here.folder}/control") as launcher:
        guest = launcher.guest()
        disk = Disk(guest)
        before = guest.header()[3]
        until("a control socket", lambda: os.path.exists(f"{here.folder}/control"))
        equal(tell(f"disk {second}"), (0, "3", ""))
        equal(guest.header()[3], before + 1, "changes")
        assert guest.wait(pg.LIMIT), "no doorbell"
        extra = Disk(guest, 1)
        equal(extra.read(4000, SECTOR), contents(second)[4000 * SECTOR:4001 * SECTOR])
        status, listed, _ = tell("list")
        for text in ("0 disk", "first (2048 sectors, ", "3 disk", "in use", "entropy", "not in use"):
            assert status == 0 and text in listed, listed
        # Grow, with requests in flight.
        os.truncate(second, 3 * MIB)
        extra.queue.add(header(IN), SECTOR, 1)
        equal(tell("resize 3"), (0, "", ""))
        equal(extra.device.value(CAPACITY), 3 * MIB // SECTOR)
        extra.queue.kick()
        extra.queue.take()
        equal(extra.read(5000, SECTOR), bytes(SECTOR))
        # Gone: it answers, does nothing, and its place is free when the driver says so.
        device = extra.device
        equal(tell("remove 3"), (0, "", ""))
        equal(device.byte(pg.STATE), pg.GONE)
        equal(tell("resize 3")[0], 1)
        device.status(0)
        device.command(pg.C_RELEASE)
        equal(device.byte(pg.STATE), pg.EMPTY)
        equal(guest.header()[3], before + 3, "changes")
        # Another in its place, with nothing of the one before.
        equal(tell(f"disk {third}"), (0, "4", ""))
        equal(guest.find(BLOCK, 1).at, device.at, "the place of a disk of the same length")
        equal((guest.find(BLOCK, 1).byte(pg.STATUS), guest.find(BLOCK, 1).byte(pg.ANSWER)), (0, 0))
        equal(Disk(guest, 1).read(0, SECTOR), contents(third)[:SECTOR])
        # Removed while it is in use.
        for n in range(32):
            disk.queue.add(header(IN, n), SECTOR, 1)
        disk.queue.kick()
        equal(tell("remove 0"), (0, "", ""))
        for command, said in (("disk", "expected something"), ("disk /nonexistent", "No such file"), (f"disk {here.folder}", "directory"), (f"disk {third}", "another guest"),
                              (f"disk {third},x", "expected ro"), ("remove 17", "expected the number"), ("remove x", "expected the number"), ("remove -1", "expected the number"),
                              ("resize 1", "is no disk"), ("list all", "expected nothing"), ("dance", "expected disk FILE")):
            status, out, errors = tell(command)
            assert status == 1 and said in errors and not out, f"{command}: {status} {out} {errors}"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{here.folder}/control")
            client.send(b"li")
            client.send(b"st\nremove 4\ndance\n")
            text = b""
            while text.count(b"\n") < 3:
                text += client.recv(4096)
            equal([line.split()[0] for line in text.decode().strip().split("\n")], ["ok", "ok", "error:"])
            client.send(b"x" * 2000)
            assert b"error" in client.recv(4096)
        equal(launcher.said(), [])


@test
def page_is_full():
    path = image("disk")
    with Launcher("--control", f"{here.folder}/control") as launcher:
        guest = launcher.guest(page_bytes=600)
        equal(guest.error, 0)
        said = until("a full page", lambda: (r := tell(f"disk {path},ro"))[0] and r[2])
        assert "found no room on the guest's device page" in said, said
        guest.find(RNG).start()
    with Launcher("--disk", path) as launcher:
        equal(launcher.guest(page_bytes=100).error, errno.ENOSPC)
        launcher.says("expected room for disk")
        equal(launcher.guest().error, 0)
