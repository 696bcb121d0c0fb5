# SPDX-License-Identifier: GPL-2.0
"""The host's side of a foreign guest's devices: what it sends to the guest and what it wants back are one
another's inverse, held against each other here and there."""
import os, socket
from qmp import Qmp
from servers import serve, unix_listener

SIZE = 8 << 20      # bytes, as in init.c
INVERTED = bytes(255 - b for b in range(256))


class Peer:
    """An end of a stream from the guest: what comes is held against the disk, and goes back inverted."""

    def __init__(self, data, size):
        self.data, self.size, self.got, self.same = data, size, 0, True

    def answer(self, said):
        self.same &= said == self.data[self.got:self.got + len(said)]
        self.got += len(said)
        return said.translate(INVERTED)

    def verdict(self, name):
        return self.same and self.got == self.size, \
            f"{name}, seen by the host: {self.got} bytes, {'equal' if self.same else 'not what the disk holds'}"


class Host:
    def __init__(self, build):
        self.build, self.data = build, os.urandom(SIZE)
        self.qmp, self.autopsy = Qmp(f"{build}/qmp.sock"), Qmp(f"{build}/autopsy.sock")
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        serve(listener, lambda said: self.network.answer(said))
        serve(unix_listener(f"{build}/echo.sock"), lambda said: self.console.answer(said))

    def words(self):
        return [f"rig.port={self.port}"]

    def prepare(self, scenario):
        self.network, self.console, self.starts = Peer(self.data, SIZE), Peer(self.data, SIZE // 8), 0
        with open(f"{self.build}/disk.img", "wb") as f:
            f.write(self.data)
        with open(f"{self.build}/scratch.img", "wb") as f:
            f.truncate(SIZE)

        return {}

    def taps(self):
        return {}

    def files(self):
        return []

    def close(self):
        self.qmp.close()
        self.autopsy.close()

    def check(self, scenario, results):
        with open(f"{self.build}/scratch.img", "rb") as f:
            wrong = sum(a != b for a, b in zip(f.read().translate(INVERTED), self.data, strict=True))
        results.say(not wrong, f"disk, seen by the host: {SIZE} bytes, {wrong} of them wrong")
        results.say(*self.network.verdict("network"))
        results.say(*self.console.verdict("console"))
