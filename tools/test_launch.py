#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_launch.py PROGRAM [NAME ...]: tests of the launcher under a guest made of Python, one that is honest and one that lies."""
import errno, fcntl, itertools, os, pty, re, select, shutil, signal, socket, struct, subprocess, sys, tempfile, termios, time, traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page_guest as pg
from page_guest import ACKNOWLEDGE, BLOCK, CONSOLE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, RNG, Guest, Memory, until

SECTOR, MIB = 512, 1 << 20
AIO = ("io_uring", "threads")
RINGS = [dict(zip(("packed", "indirect", "events"), bits)) for bits in itertools.product((False, True), repeat=3)]
BLK = {"SEG_MAX": 1 << 2, "RO": 1 << 5, "BLK_SIZE": 1 << 6, "FLUSH": 1 << 9, "CONFIG_WCE": 1 << 11, "DISCARD": 1 << 13, "WRITE_ZEROES": 1 << 14}
IN, OUT, FLUSH, GET_ID, DISCARD, ZEROES = 0, 1, 4, 8, 11, 13
OK, IOERR, UNSUPP = 0, 1, 2
CAPACITY, SEG_MAX, WCE = 0x41, 0x43, 0x4c
COLS, ROWS = 0x41, 0x42
PROGRAM = FOLDER = None
SANITIZED = False
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected, what="it"):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def image(name, size=MIB, folder=None):
    path = f"{folder or FOLDER}/{name}"
    with open(path, "wb") as f:
        f.write(os.urandom(size))
    return path


def contents(path):
    with open(path, "rb") as f:
        return f.read()


class Launcher:
    """One that waits for a guest, or starts one if it is told a kernel."""
    count = 0

    def __init__(self, *options, kernel=None, path=None, console=("--console", "none"), **kw):
        Launcher.count += 1
        self.socket = path or f"{FOLDER}/socket{Launcher.count}"
        self.errors = open(f"{FOLDER}/errors{Launcher.count}", "w+b")
        how = ("--kernel", kernel) if kernel else ("--attach",)
        kw.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen([PROGRAM, *how, "--socket", self.socket, *console, *options], stderr=self.errors, **kw)

    def said(self):
        with open(self.errors.name, errors="replace") as f:
            return [line for line in f.read().split("\n") if line]

    def says(self, text, count=1):
        until(f"a message with {text!r} in {self.said()}", lambda: sum(text in line for line in self.said()) >= count)

    def guest(self, **kw):
        return Guest(self.socket, **kw)

    def wait(self):
        return self.process.wait(pg.LIMIT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        alive = self.process.poll() is None
        if alive:
            self.process.terminate()
            try:
                self.process.wait(pg.LIMIT)
            except subprocess.TimeoutExpired:
                self.kill()
                assert kind, "the launcher does not end"
        text = "\n".join(self.said())
        if "Sanitizer" in text or "runtime error" in text:
            raise AssertionError(text)
        if kind:
            print(f"  the launcher ended with {self.process.returncode}; it said:\n{text}")


def header(type, sector=0):
    return struct.pack("<IIQ", type, 0, sector)


def range_of(sector, count, flags=0):
    return struct.pack("<QII", sector, count, flags)


class Disk:
    """A disk that a guest uses."""

    def __init__(self, guest, nr=0, features=None, **kw):
        self.device = guest.find(BLOCK, nr)
        offered = self.device.offered() & 0xffffff
        self.queue = self.device.start(features=offered if features is None else features, **kw)

    def ask(self, *parts):
        """(data, status, written)"""
        got, written = self.queue.ask(*parts, 1)
        return b"".join(got[:-1]), got[-1][0], written

    def read(self, sector, length):
        data, status, written = self.ask(header(IN, sector), length)
        equal((status, written), (OK, length + 1), "a read")
        return data

    def write(self, sector, data):
        equal(self.ask(header(OUT, sector), data)[1:], (OK, 1), "a write")

    def status(self, *parts):
        return self.ask(*parts)[1]


# What it is asked for

@test
def usage():
    """Each mistake has a message of its own, and its status."""
    directory, small, odd = f"{FOLDER}/directory", image("small", 100), image("odd", 1000)
    text = f"{FOLDER}/text"
    os.makedirs(directory, exist_ok=True)
    with open(text, "w") as f:
        f.write("no program")
    kernel = ("--kernel", script("exit 0"))
    for options, status, said in (
            ((), 2, "found no --kernel, expected a UML kernel, or --attach"),
            (("--kernel", f"{FOLDER}/none"), 1, "/none: No such file or directory"),
            (("--kernel", directory), 1, "found a directory, expected a file"),
            (("--kernel", small), 1, "Permission denied: expected a UML kernel"),
            ((*kernel, "--initrd", directory), 1, "found a directory"),
            ((*kernel, "--disk", f"{FOLDER}/none"), 1, "No such file"),
            ((*kernel, "--disk", directory), 1, "found a directory, expected a file or a block device"),
            ((*kernel, "--disk", "/dev/null"), 1, "found something else, expected a file or a block device"),
            ((*kernel, "--disk", small), 1, "found 100 bytes, expected at least a sector of 512"),
            ((*kernel, "--disk", odd), 0, "the last 488 are hidden"),
            ((*kernel, "--disk", f"{odd},rw"), 2, 'found "rw", expected ro'),
            ((*kernel, "--disk", f"{odd},serial={'x' * 21}"), 2, "found a serial of 21 characters"),
            ((*kernel, "--disk", f"{odd},aio=fast"), 2, "found aio=fast, expected io_uring or threads"),
            ((*kernel, "--disk", ",ro"), 2, "expected a file first"),
            ((*kernel, "--disk", odd, "--disk", odd), 1, "is the disk of another guest"),
            ((*kernel, "-m", "12Q"), 2, 'found "12Q", expected a number'),
            ((*kernel, "-m", "-1"), 2, "expected a number"),
            ((*kernel, "-m", "1M"), 2, "expected 16M to"),
            ((*kernel, "-m", "99999999999999999999G"), 2, "expected 16M to"),
            ((*kernel, "--ring", "round"), 2, "expected packed or split"),
            ((*kernel, "--console", "stdio", "--console", "stdio"), 2, 'found "stdio" twice'),
            ((*kernel, "--console", "x" * 200), 1, "a path of 200 characters, expected at most 107"),
            ((*kernel, "--socket", odd), 1, "found a file that is no socket"),
            ((*kernel, "--log", directory), 1, "Is a directory"),
            (("--attach",), 2, "found no --socket"),
            (("--attach", "--socket", "x", *kernel), 2, "found an option for a kernel"),
            ((*kernel, "more"), 2, 'found "more", expected options alone'),
            (("--tell", "x"), 2, "expected one command"),
            (("--tell", f"{FOLDER}/none", "list"), 1, "expected the --control of a launch that runs"),
            (("--surprise",), 2, "--help"),
            ((*kernel, "--append", ""), 2, "found an empty text")):
        r = subprocess.run([PROGRAM, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert r.returncode == status and said in r.stderr, f"{options}: {r.returncode} {r.stderr!r}, expected {status} {said!r}"
    r = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True)
    assert r.returncode == 0 and "usage: launch" in r.stdout and max(map(len, r.stdout.split("\n"))) < 100
    equal(subprocess.run([PROGRAM, "--version"], capture_output=True).returncode, 0)


def script(text):
    """A kernel that is a shell script."""
    fd, path = tempfile.mkstemp(dir=FOLDER)
    with open(fd, "w") as f:
        f.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)
    return path


@test
def ends():
    """How the guest ends is how the launcher does; what its kernel wrote is shown if that is badly."""
    for text, status, said in (("echo hello; exit 0", 0, ()),
                               ("echo early; echo Kernel panic >&2; exit 1", 3, ("ended with status 1", "early", "Kernel panic")),
                               ("echo last words; kill -9 $$", 128 + 9, ("killed by signal 9", "last words")),
                               ("seq 100000; exit 7", 3, ("ended with status 7", "100000"))):
        with Launcher(kernel=script(text)) as launcher:
            equal(launcher.wait(), status, text)
            heard = "\n".join(launcher.said())
            for word in said:
                assert word in heard, f"{text}: found {heard!r}, expected {word!r} in it"
            assert len(heard) < 10000 and (said or not heard), heard
    with open(f"{FOLDER}/log", "w"):
        pass
    with Launcher("--log", f"{FOLDER}/log", kernel=script("echo to the log; exit 1")) as launcher:
        equal(launcher.wait(), 3)
    equal(contents(f"{FOLDER}/log"), b"to the log\n")


@test
def arguments():
    """The guest's command line, its input, and where its socket is without --socket."""
    disk = image("disk")
    show = script(f'for a in "$@"; do echo "$a"; done > {FOLDER}/arguments.new; cat >> {FOLDER}/arguments.new; mv {FOLDER}/arguments.new {FOLDER}/arguments')
    for options, expected in (
            (("-m", "64M"), ["mem=65536K", "con=null", "console=hvc0"]),
            (("--disk", disk), ["mem=262144K", "con=null", "console=hvc0", "root=/dev/vda"]),
            (("--disk", disk, "--append", 'quiet  root=/dev/vdb init="/bin/a b"'),
             ["mem=262144K", "con=null", "console=hvc0", "quiet", "root=/dev/vdb", 'init="/bin/a b"']),
            (("--disk", disk, "--initrd", disk), ["mem=262144K", f"initrd={disk}", "con=null", "console=hvc0"])):
        r = subprocess.run([PROGRAM, "--kernel", show, "--console", "none", *options], stdin=subprocess.DEVNULL, env={"XDG_RUNTIME_DIR": FOLDER, "PATH": os.environ["PATH"]})
        equal(r.returncode, 0)
        lines = contents(f"{FOLDER}/arguments").decode().split("\n")[:-1]
        path, = [l for l in lines if l.startswith(f"virtio_page.socket={FOLDER}/launch-")]
        lines.remove(path)
        equal(lines, expected)
        assert not os.path.exists(os.path.dirname(path.split("=", 1)[1])), "its folder is left behind"


@test
def quits():
    """By a command and by signals: the guest ends before the launcher; killed, it leaves the guest."""
    stays = script(f'trap "echo ends > {FOLDER}/ended; exit 1" TERM; echo $$ > {FOLDER}/pid.new; mv {FOLDER}/pid.new {FOLDER}/pid; while :; do sleep 0.05; done')
    for how in ("quit", signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        for name in ("ended", "pid", "control"):
            if os.path.exists(f"{FOLDER}/{name}"):
                os.remove(f"{FOLDER}/{name}")
        with Launcher("--control", f"{FOLDER}/control", kernel=stays) as launcher:
            until("the guest", lambda: os.path.exists(f"{FOLDER}/pid"))
            pid = int(contents(f"{FOLDER}/pid"))
            if how == "quit":
                equal(tell("quit"), (0, "", ""))
            else:
                launcher.process.send_signal(how)
            equal(launcher.wait(), {"quit": 0, signal.SIGKILL: -9}.get(how, 128 + how if how != "quit" else 0), f"{how}")
            if how == signal.SIGKILL:
                os.kill(pid, 0)
                os.kill(pid, signal.SIGKILL)
            else:
                assert os.path.exists(f"{FOLDER}/ended"), f"{how}: the guest was not asked to end"
                equal(launcher.said(), [])


@test
def stubborn():
    """A guest that does not end is killed."""
    with Launcher(kernel=script(f'trap "" TERM; echo > {FOLDER}/there; while :; do sleep 0.1; done')) as launcher:
        until("the guest", lambda: os.path.exists(f"{FOLDER}/there"))
        launcher.process.terminate()
        equal(launcher.wait(), 128 + signal.SIGTERM)
        launcher.says("has not ended within 5 seconds")


# Page and handshake

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


# Rings

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


# Disks

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
    for aio, folder in itertools.product(AIO, (FOLDER, "/dev/shm")):
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


# Resets

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
                r = subprocess.run([PROGRAM, "--attach", "--socket", launcher.socket], capture_output=True, text=True)
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


# Consoles

def fill(queue, count=8, size=64):
    for _ in range(count):
        queue.add(size)
    queue.kick()


def hear(queue, length):
    """Input of the guest; a buffer comes back for each."""
    heard = b""
    while len(heard) < length:
        buffers, written = queue.take()
        heard += queue.memory.read(buffers[0][0], written)
        fill(queue, 1)
    return heard


@test
def console_pipes():
    """Both ways; output that nobody takes stops nobody else; the end of the input is no end."""
    with Launcher(console=(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        guest = launcher.guest()
        device = guest.find(CONSOLE)
        equal(device.offered() & 1, 0, "a size without a terminal")
        launcher.process.stdin.write(b"before there is a driver")
        launcher.process.stdin.flush()
        device.start(events=True)
        receive, transmit = device.queues
        fill(receive, 2, 5)
        heard = hear(receive, 24)
        equal(heard, b"before there is a driver")
        transmit.add(b"hello ", b"from the guest\n")
        transmit.kick()
        transmit.take()
        equal(launcher.process.stdout.readline(), b"hello from the guest\n")
        text = os.urandom(1000)
        for _ in range(200):
            transmit.lay([transmit.buffer(text)]) if transmit.free else transmit.take() and transmit.lay([transmit.buffer(text)])
            transmit.kick()
            if len(transmit.chains) == 64:
                break
        until("a pipe that is full", lambda: select.select([launcher.process.stdout], [], [], 0)[0])
        equal(len(guest.find(RNG).start().ask(64)[0][0]), 64, "entropy while the console is stuck")
        launcher.process.stdin.close()
        count = 0
        while transmit.chains or select.select([launcher.process.stdout], [], [], 0)[0]:
            piece = os.read(launcher.process.stdout.fileno(), 4096)
            equal(piece, (text * 80)[count % 1000:][:len(piece)])
            count += len(piece)
            while transmit.take_one():
                pass
        equal(len(guest.find(RNG).start().ask(64)[0][0]), 64, "entropy when the input has ended")
        equal(launcher.said(), [])


@test
def console_files():
    """A file as input, and as output."""
    with open(f"{FOLDER}/input", "wb") as f:
        f.write(b"x" * 1000)
    with open(f"{FOLDER}/input", "rb") as input_, open(f"{FOLDER}/output", "wb") as output:
        with Launcher(console=(), stdin=input_, stdout=output) as launcher:
            device = launcher.guest().find(CONSOLE)
            device.start()
            fill(device.queues[0])
            equal(hear(device.queues[0], 1000), b"x" * 1000)
            device.queues[1].ask(b"written")
            equal(contents(f"{FOLDER}/output"), b"written")


def on_terminal(*options):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return master, slave, termios.tcgetattr(slave), Launcher(*options, console=(), stdin=slave, stdout=slave, start_new_session=True)


@test
def console_terminal():
    """Raw, of a size that follows, and as before when all is over, however that is."""
    for how in ("escape", signal.SIGTERM, signal.SIGINT, signal.SIGSEGV, signal.SIGABRT):
        master, slave, before, launcher = on_terminal()
        with launcher:
            guest = launcher.guest()
            device = guest.find(CONSOLE)
            equal((device.value(COLS), device.value(ROWS)), (80, 24))
            device.start(features=1)
            receive, transmit = device.queues
            fill(receive)
            assert not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG), "the terminal is not raw"
            os.write(master, b"a\x03\x01\x01b")
            equal(hear(receive, 4), b"a\x03\x01b")
            transmit.ask(b"out\n")
            equal(os.read(master, 100), b"out\r\n")
            generation = device.memory.get("I", device.at + 12)
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
            launcher.process.send_signal(signal.SIGWINCH)
            until("another size", lambda: (device.value(COLS), device.value(ROWS)) == (132, 50))
            until("the flag", lambda: device.byte(pg.CHANGED))
            assert device.memory.get("I", device.at + 12) > generation
            if how == "escape":
                # Of a guest that is not launch's own the process is ended: this one.
                signal.signal(signal.SIGTERM, lambda *_: guest.socket.close())
                os.write(master, b"\x01x")
                until("the end of the guest", lambda: guest.socket.fileno() < 0)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                launcher.process.terminate()
                launcher.wait()
            else:
                launcher.process.send_signal(how)
                equal(launcher.wait(), -how if how in (signal.SIGSEGV, signal.SIGABRT) and not SANITIZED else launcher.process.returncode)
            equal(termios.tcgetattr(slave), before, f"the terminal after {how}")
            if SANITIZED:
                launcher.errors.truncate(0)
        os.close(master)
        os.close(slave)


@test
def console_socket():
    """One client at a time; without one output is dropped, with a slow one it waits."""
    path = f"{FOLDER}/console"
    with Launcher(console=("--console", "none", "--console", path)) as launcher:
        guest = launcher.guest()
        equal([d.id for d in guest.devices()], [RNG, CONSOLE, CONSOLE])
        device = guest.find(CONSOLE, 1)
        device.start()
        receive, transmit = device.queues
        fill(receive)
        transmit.ask(b"dropped")
        for round_ in range(2):
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            client.settimeout(pg.LIMIT)
            client.send(b"hello")
            equal(hear(receive, 5), b"hello")
            second = socket.socket(socket.AF_UNIX)
            second.connect(path)
            second.settimeout(pg.LIMIT)
            assert b"has a client already" in second.recv(100) and second.recv(100) == b""
            transmit.ask(b"to the client")
            equal(client.recv(100), b"to the client")
            while len(transmit.chains) < 60:
                transmit.add(b"x" * 20000)
                transmit.kick()
                while transmit.take_one():
                    pass
            guest.memory.next = guest.memory.start + (4 << 20)
            equal(len(guest.find(RNG).start().ask(64)[0][0]), 64)
            client.close()
            # All that waited for it is dropped.
            while transmit.chains:
                transmit.take()
    assert not os.path.exists(path), "a socket is left behind"


# Control

def tell(command):
    r = subprocess.run([PROGRAM, "--tell", f"{FOLDER}/control", command], capture_output=True, text=True, timeout=60)
    return r.returncode, r.stdout.strip(), r.stderr.strip()


@test
def control():
    """Disks come, grow and go, seen by the guest; what can't be is said."""
    first, second, third = (image(name, size) for name, size in (("first", MIB), ("second", 2 * MIB), ("third", MIB)))
    with Launcher("--disk", first, "--control", f"{FOLDER}/control") as launcher:
        guest = launcher.guest()
        disk = Disk(guest)
        before = guest.header()[3]
        until("a control socket", lambda: os.path.exists(f"{FOLDER}/control"))
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
        for command, said in (("disk", "expected something"), ("disk /nonexistent", "No such file"), (f"disk {FOLDER}", "directory"), (f"disk {third}", "another guest"),
                              (f"disk {third},x", "expected ro"), ("remove 17", "expected the number"), ("remove x", "expected the number"), ("remove -1", "expected the number"),
                              ("resize 1", "is no disk"), ("list all", "expected nothing"), ("dance", "expected disk FILE")):
            status, out, errors = tell(command)
            assert status == 1 and said in errors and not out, f"{command}: {status} {out} {errors}"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{FOLDER}/control")
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
    with Launcher("--control", f"{FOLDER}/control") as launcher:
        guest = launcher.guest(page_bytes=600)
        equal(guest.error, 0)
        said = until("a full page", lambda: (r := tell(f"disk {path},ro"))[0] and r[2])
        assert "found no room on the guest's device page" in said, said
        guest.find(RNG).start()
    with Launcher("--disk", path) as launcher:
        equal(launcher.guest(page_bytes=100).error, errno.ENOSPC)
        launcher.says("expected room for disk")
        equal(launcher.guest().error, 0)


# Lies

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
    with Launcher("--disk", path, "--control", f"{FOLDER}/control") as launcher:
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


@test
def memory_in_use():
    """The launcher itself is small: less than 8 MiB besides the guest's memory, with three disks at work."""
    if SANITIZED:
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


def main():
    global PROGRAM, FOLDER, SANITIZED
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = os.path.abspath(sys.argv[1])
    with open(PROGRAM, "rb") as f:
        SANITIZED = b"__asan_init" in f.read()
    failed = passed = 0
    for function in TESTS:
        if sys.argv[2:] and function.__name__ not in sys.argv[2:]:
            continue
        FOLDER = tempfile.mkdtemp(prefix="launch-test-")
        start = time.monotonic()
        try:
            function()
            passed += 1
            print(f"ok     {function.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}\n{traceback.format_exc()}", flush=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
