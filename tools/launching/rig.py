# SPDX-License-Identifier: GPL-2.0
"""What the tests of the launcher share: the launcher itself, files for disks, and a disk as a guest uses it."""
import itertools, os, struct, subprocess, tempfile, types

import page_guest as pg
from page_guest import ACKNOWLEDGE, BLOCK, DRIVER, DRIVER_OK, FEATURES_OK, Guest, until

SECTOR, MIB = 512, 1 << 20
AIO = ("io_uring", "threads")
RINGS = [dict(zip(("packed", "indirect", "events"), bits)) for bits in itertools.product((False, True), repeat=3)]
BLK = {"SEG_MAX": 1 << 2, "RO": 1 << 5, "BLK_SIZE": 1 << 6, "FLUSH": 1 << 9, "CONFIG_WCE": 1 << 11, "DISCARD": 1 << 13, "WRITE_ZEROES": 1 << 14}
IN, OUT, FLUSH, GET_ID, DISCARD, ZEROES = 0, 1, 4, 8, 11, 13
OK, IOERR, UNSUPP = 0, 1, 2
CAPACITY, SEG_MAX, WCE = 0x41, 0x43, 0x4c
COLS, ROWS = 0x41, 0x42
here = types.SimpleNamespace(program=None, folder=None, sanitized=False)
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected, what="it"):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def image(name, size=MIB, folder=None):
    path = f"{folder or here.folder}/{name}"
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
        self.socket = path or f"{here.folder}/socket{Launcher.count}"
        self.errors = open(f"{here.folder}/errors{Launcher.count}", "w+b")
        how = ("--kernel", kernel) if kernel else ("--attach",)
        kw.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen([here.program, *how, "--socket", self.socket, *console, *options], stderr=self.errors, **kw)

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


def script(text):
    """A kernel that is a shell script."""
    fd, path = tempfile.mkstemp(dir=here.folder)
    with open(fd, "w") as f:
        f.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)
    return path


def tell(command):
    r = subprocess.run([here.program, "--tell", f"{here.folder}/control", command], capture_output=True, text=True, timeout=60)
    return r.returncode, r.stdout.strip(), r.stderr.strip()
