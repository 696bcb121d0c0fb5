# SPDX-License-Identifier: GPL-2.0
"""A guest made of Python: it has memory, a device page and drivers' sides of rings, and lies where it is told to.

The page is <linux/virtio_page.h>, the handshake <linux/virtio_page_socket.h>; both are written down here once more, so
that a launcher is judged by another hand than the one that wrote it."""
import mmap, os, select, socket, struct

from page_rings import DESC_INDIRECT, DESC_NEXT, DESC_WRITE, PackedQueue, SplitQueue
from page_waits import LIMIT, barrier, until

HELLO, WELCOME, PAGE = 0x6f6c6c65, 0x636c6577, 0x65676170
EMPTY, LIVE, GONE = 0, 1, 2
C_STATUS, C_CONFIG, C_QUEUE, C_RELEASE = 1, 2, 3, 4
ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, FAILED = 1, 2, 4, 8, 0x40, 0x80
INDIRECT, EVENT_IDX, VERSION_1, PACKED, RING_RESET = (1 << n for n in (28, 29, 32, 34, 40))
IN_VIRTIO_FIELD = ((1 << 50) - 1) & ~((1 << 24) - 1)
NET, BLOCK, CONSOLE, RNG = 1, 2, 3, 4
F_VIRTIO, F_VIRTQUEUE, F_FEATURES, F_DEVICE = 1, 2, 0x40, 0x41
HEADER_BYTES, HEAD_BYTES = 32, 24
STATE, STATUS, ANSWER, COMMAND, KICKED, USED, CHANGED = range(16, 23)    # of a descriptor


class Memory:
    """Memory of a guest: a file, of which it has @length bytes from @offset on, at address @start."""

    def __init__(self, length=8 << 20, start=0x40000000, offset=0x2000):
        self.length, self.start, self.offset = length, start, offset
        self.fd = os.memfd_create("guest")
        os.ftruncate(self.fd, offset + length)
        self.map = mmap.mmap(self.fd, offset + length)
        self.next = start

    def allocate(self, length, align=16):
        address = (self.next + align - 1) // align * align
        self.next = address + length
        assert self.next <= self.start + self.length, "the guest's memory is too small"
        return address

    def at(self, address):
        return address - self.start + self.offset

    def get(self, format, address):
        values = struct.unpack_from("<" + format, self.map, self.at(address))
        return values[0] if len(values) == 1 else values

    def put(self, format, address, *values):
        # At once, for the other side looks meanwhile: pack_into() begins with zeros.
        self.write(address, struct.pack("<" + format, *values))

    def read(self, address, length):
        return self.map[self.at(address):self.at(address) + length]

    def write(self, address, text):
        self.map[self.at(address):self.at(address) + len(text)] = text


class Device:
    """A device on the page, found as a driver would find it."""

    def __init__(self, guest, at):
        self.guest, self.memory, self.at = guest, guest.memory, at
        self.length, self.id, self.vendor, self.generation = self.memory.get("IIII", at)
        self.fields = []        # (type, address, length)
        field, end = at + HEAD_BYTES, at + HEAD_BYTES + self.length
        while field < end and (type := self.memory.get("B", field)):
            length = self.memory.get("B", field + 1)
            self.fields.append((type & 0x7f, field + 2, length))
            field += 2 + length
        assert field < end, "the fields don't end"
        self.queues = []

    def __repr__(self):
        return f"device {self.id} at {self.at:#x}"

    def byte(self, which):
        return self.memory.get("B", self.at + which)

    def set(self, which, value):
        self.memory.put("B", self.at + which, value)

    def field(self, type, nr=0):
        return [(a, l) for t, a, l in self.fields if t == type][nr]

    def value(self, type):
        """Of a field of numbers, as it is when its generation stands still."""
        while True:
            before = self.memory.get("I", self.at + 12)
            address, length = self.field(type)
            value = int.from_bytes(self.memory.read(address, length), "little")
            if before % 2 == 0 and before == self.memory.get("I", self.at + 12):
                return value

    def kick(self):
        barrier()
        if not self.byte(KICKED):
            self.set(KICKED, 1)
            self.guest.ring()

    def command(self, command):
        self.set(COMMAND, command)
        self.guest.ring()
        until(f"the end of command {command} of {self}", lambda: self.byte(COMMAND) == 0)
        return self.byte(ANSWER)

    def status(self, status):
        self.set(STATUS, status)
        return self.command(C_STATUS)

    def offered(self):
        return sum(self.memory.get("Q", self.field(t)[0]) for t in (F_VIRTIO, F_FEATURES))

    def take_features(self, features):
        self.memory.put("Q", self.field(F_VIRTIO)[0] + 8, features & IN_VIRTIO_FIELD)
        self.memory.put("Q", self.field(F_FEATURES)[0] + 8, features & ~IN_VIRTIO_FIELD)

    def queue_count(self):
        return sum(t == F_VIRTQUEUE for t, _, _ in self.fields)

    def set_queue(self, nr, queue, enabled=1, **lies):
        values = {"size": queue.size, "enabled": enabled, "desc": queue.desc, "driver": queue.driver, "device": queue.device_part, **lies}
        address, length = self.field(F_VIRTQUEUE, nr)
        assert length == 32
        self.memory.put("HB3xQQQ", address + 2, *(values[v] for v in ("size", "enabled", "desc", "driver", "device")))

    def make_queue(self, nr, size=None, packed=False, **kw):
        offered = self.memory.get("H", self.field(F_VIRTQUEUE, nr)[0])
        return (PackedQueue if packed else SplitQueue)(self, nr, size or offered, **kw)

    def start(self, features=0, packed=False, indirect=False, events=False, size=None, lies={}):
        """The whole handshake (virtio 1.3, 3.1.1); the queues are in self.queues then."""
        assert self.status(0) == 0
        self.status(ACKNOWLEDGE)
        self.status(ACKNOWLEDGE | DRIVER)
        self.take_features(features | VERSION_1 | RING_RESET | (PACKED if packed else 0) | (INDIRECT if indirect else 0) | (EVENT_IDX if events else 0))
        answer = self.status(ACKNOWLEDGE | DRIVER | FEATURES_OK)
        assert answer == ACKNOWLEDGE | DRIVER | FEATURES_OK, f"features were refused: {answer:#x}"
        self.queues = [self.make_queue(n, size, packed, indirect=indirect, events=events) for n in range(self.queue_count())]
        for n, queue in enumerate(self.queues):
            self.set_queue(n, queue, **lies.get(n, {}))
        self.answer = self.status(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
        return self.queues[0]


class Guest:
    """A guest that has connected, or has tried to."""

    def __init__(self, path, memory=None, page_bytes=0x4000, fds=None, hello=None, **lies):
        self.memory = memory or Memory()
        self.page, self.page_length = self.memory.allocate(page_bytes, 4096), page_bytes
        self.memory.write(self.page, bytes(page_bytes))
        self.bell = os.eventfd(0)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(LIMIT)
        until(f"a launcher at {path}", lambda: self.connects(path))
        values = {"magic": HELLO, "version": 1, "start": self.memory.start, "length": self.memory.length, "offset": self.memory.offset,
                  "page": self.page, "page_length": page_bytes, **lies}
        text = struct.pack("<IIQQQQQ", *values.values()) if hello is None else hello
        socket.send_fds(self.socket, [text], [self.memory.fd, self.bell] if fds is None else fds)
        self.error = None
        if hello is None:
            self.welcome()

    def connects(self, path):
        try:
            self.socket.connect(path)
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def welcome(self):
        text = b""
        while len(text) < 8:
            more = self.socket.recv(8 - len(text))
            assert more, "found the end of the connection, expected a welcome"
            text += more
        magic, self.error = struct.unpack("<II", text)
        assert magic == WELCOME

    def ring(self):
        os.eventfd_write(self.bell, 1)

    def wait(self, seconds):
        """For the doorbell; its flags are cleared, what they are about is looked at then."""
        if select.select([self.socket], [], [], seconds)[0]:
            assert self.socket.recv(4096), "the launcher has hung up"
            self.rings = True
            for device in self.devices():
                device.set(USED, 0)
            barrier()
            return True
        return False

    def header(self):
        return self.memory.get("IIII", self.page)

    def places(self):
        magic, version, length, _ = self.header()
        assert (magic, version) == (PAGE, 1) and length <= self.page_length
        at, end = self.page + HEADER_BYTES, self.page + length
        while at + 4 <= end and (bytes_ := self.memory.get("I", at)):
            assert bytes_ % 8 == 0 and at + HEAD_BYTES + bytes_ <= end
            yield at
            at += HEAD_BYTES + bytes_

    def devices(self):
        """Those that are there; the same object for a device each time."""
        if not hasattr(self, "known"):
            self.known = {}
        for at in self.places():
            if self.memory.get("B", at + STATE) != LIVE:
                self.known.pop(at, None)
            elif at not in self.known:
                self.known[at] = Device(self, at)
        return list(self.known.values())

    def find(self, id, nr=0):
        return [d for d in self.devices() if d.id == id][nr]

    def close(self):
        self.socket.close()
        os.close(self.bell)
        self.memory.map.close()
        os.close(self.memory.fd)
