# SPDX-License-Identifier: GPL-2.0
"""A guest made of Python: it has memory, a device page and drivers' sides of rings, and lies where it is told to.

The page is <linux/virtio_page.h>, the handshake <linux/virtio_page_socket.h>; both are written down here once more, so
that a launcher is judged by another hand than the one that wrote it."""
import mmap, os, select, socket, struct, threading, time

LIMIT = 20      # seconds; anything that is waited for takes some milliseconds
HELLO, WELCOME, PAGE = 0x6f6c6c65, 0x636c6577, 0x65676170
EMPTY, LIVE, GONE = 0, 1, 2
C_STATUS, C_CONFIG, C_QUEUE, C_RELEASE = 1, 2, 3, 4
ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, FAILED = 1, 2, 4, 8, 0x40, 0x80
INDIRECT, EVENT_IDX, VERSION_1, PACKED, RING_RESET = (1 << n for n in (28, 29, 32, 34, 40))
IN_VIRTIO_FIELD = ((1 << 50) - 1) & ~((1 << 24) - 1)
NET, BLOCK, CONSOLE, RNG = 1, 2, 3, 4
F_VIRTIO, F_VIRTQUEUE, F_FEATURES, F_DEVICE = 1, 2, 0x40, 0x41
DESC_NEXT, DESC_WRITE, DESC_INDIRECT = 1, 2, 4
HEADER_BYTES, HEAD_BYTES = 32, 24
STATE, STATUS, ANSWER, COMMAND, KICKED, USED, CHANGED = range(16, 23)    # of a descriptor
barrier_lock = threading.Lock()


def barrier():
    """Full: an atomic operation is one on all machines that this runs on."""
    with barrier_lock:
        pass


def until(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.0005)
    return result


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


class Queue:
    """What both formats have: buffers are added as (bytes to read or length to write), and used ones come back."""

    def __init__(self, device, nr, size, indirect=False, events=False):
        self.device, self.memory, self.nr, self.size, self.indirect, self.events = device, device.memory, nr, size, indirect, events
        self.tables = {}        # of a buffer's id: what it was

    def buffer(self, part):
        """[address, length, flags] of a part: bytes are to be read, a number is a length to be written, a triple is itself."""
        if isinstance(part, tuple):
            return part
        length = part if isinstance(part, int) else len(part)
        address = self.memory.allocate(max(length, 1))
        if isinstance(part, int):
            self.memory.write(address, b"\xa5" * length)
            return address, length, DESC_WRITE
        self.memory.write(address, part)
        return address, length, 0

    def add(self, *parts):
        """Returns what take() gives back of it."""
        buffers = [self.buffer(p) for p in parts]
        self.lay(buffers)
        return buffers

    def kick(self):
        if self.wants_kick():
            self.device.kick()

    def take(self, limit=LIMIT):
        """The next used one: (its buffers, written)."""
        return until(f"a used buffer of {self.device} queue {self.nr}", self.poll, limit)

    def poll(self):
        used = self.take_one()
        if used:
            return used
        # As a driver does: ask for an interrupt, look once more, and only then wait.
        self.ask_for_interrupt()
        barrier()
        used = self.take_one()
        if not used:
            self.device.guest.wait(0.05)
        return used

    def ask(self, *parts):
        """Added, kicked and used: what was written to each part that is to be written, and how much of all."""
        self.add(*parts)
        self.kick()
        buffers, written = self.take()
        return [self.memory.read(a, l) for a, l, flags in buffers if flags & DESC_WRITE], written


class SplitQueue(Queue):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.desc = self.memory.allocate(16 * self.size)
        self.driver = self.memory.allocate(6 + 2 * self.size, 2)
        self.device_part = self.memory.allocate(6 + 8 * self.size, 4)
        self.begin()

    def begin(self):
        self.memory.write(self.driver, bytes(6 + 2 * self.size))
        self.memory.write(self.device_part, bytes(6 + 8 * self.size))
        self.free, self.avail, self.shown, self.used, self.chains = list(range(self.size)), 0, 0, 0, {}

    def put_desc(self, table, n, address, length, flags, next):
        self.memory.put("QIHH", table + 16 * n, address, length, flags, next)

    def lay(self, buffers):
        if self.indirect:
            table, head = self.memory.allocate(16 * len(buffers)), self.free.pop(0)
            for n, (address, length, flags) in enumerate(buffers):
                self.put_desc(table, n, address, length, flags | (DESC_NEXT if n < len(buffers) - 1 else 0), n + 1)
            self.put_desc(self.desc, head, table, 16 * len(buffers), DESC_INDIRECT, 0)
            places = [head]
        else:
            places = [self.free.pop(0) for _ in buffers]
            for n, (address, length, flags) in enumerate(buffers):
                last = n == len(buffers) - 1
                self.put_desc(self.desc, places[n], address, length, flags | (0 if last else DESC_NEXT), 0 if last else places[n + 1])
        self.chains[places[0]] = places, buffers
        self.offer(places[0])

    def offer(self, head):
        self.memory.put("H", self.driver + 4 + 2 * (self.avail % self.size), head)
        self.avail = self.avail + 1 & 0xffff
        self.memory.put("H", self.driver + 2, self.avail)

    def wants_kick(self):
        barrier()
        old, self.shown = self.shown, self.avail
        if not self.events:
            return not self.memory.get("H", self.device_part) & 1
        event = self.memory.get("H", self.device_part + 4 + 8 * self.size)
        return (self.avail - event - 1 & 0xffff) < (self.avail - old & 0xffff)

    def take_one(self):
        if self.memory.get("H", self.device_part + 2) == self.used:
            return None
        head, written = self.memory.get("II", self.device_part + 4 + 8 * (self.used % self.size))
        self.used = self.used + 1 & 0xffff
        places, buffers = self.chains.pop(head)
        self.free += places
        return buffers, written

    def ask_for_interrupt(self, on=True):
        if self.events:
            self.memory.put("H", self.driver + 4 + 2 * self.size, self.used if on else self.used - 1 & 0xffff)
        else:
            self.memory.put("H", self.driver, 0 if on else 1)


class PackedQueue(Queue):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.desc = self.memory.allocate(16 * self.size)
        self.driver = self.memory.allocate(4, 4)
        self.device_part = self.memory.allocate(4, 4)
        self.begin()

    def begin(self):
        self.memory.write(self.desc, bytes(16 * self.size))
        self.memory.write(self.driver, bytes(4))
        self.memory.write(self.device_part, bytes(4))
        self.next, self.wrap, self.used, self.used_wrap, self.chains, self.ids = 0, 1, 0, 1, {}, 0
        self.shown = 0, 1

    def flags(self):
        return 0x80 if self.wrap else 0x8000

    def lay(self, buffers):
        self.ids = (self.ids + 7) & 0xffff      # any number will do
        rows = [(a, l, f | (DESC_NEXT if n < len(buffers) - 1 else 0)) for n, (a, l, f) in enumerate(buffers)]
        if self.indirect:
            table = self.memory.allocate(16 * len(buffers))
            for n, (address, length, flags) in enumerate(buffers):
                self.memory.put("QIHH", table + 16 * n, address, length, 0, flags)
            rows = [(table, 16 * len(buffers), DESC_INDIRECT)]
        self.chains[self.ids] = len(rows), buffers
        self.lay_rows(rows)

    def lay_rows(self, rows):
        """The first is made available last."""
        writes = []
        for address, length, flags in rows:
            writes.append((self.desc + 16 * self.next, address, length, flags | self.flags()))
            self.next += 1
            if self.next == self.size:
                self.next, self.wrap = 0, self.wrap ^ 1
        for at, address, length, flags in reversed(writes):
            self.memory.put("QIH", at, address, length, self.ids)
            barrier()
            self.memory.put("H", at + 14, flags)

    def wants_kick(self):
        barrier()
        place, flags = self.memory.get("HH", self.device_part)
        old, self.shown = self.shown, (self.next, self.wrap)
        if flags == 1:
            return False
        if flags == 2 and self.events:
            new = self.next
            event = (place & 0x7fff) - (self.size if place >> 15 != self.wrap else 0)
            before = old[0] - (self.size if old[1] != self.wrap else 0)
            return (new - event - 1 & 0xffff) < (new - before & 0xffff)
        return True

    def take_one(self):
        at = self.desc + 16 * self.used
        flags = self.memory.get("H", at + 14)
        if not (bool(flags & 0x80) == bool(flags & 0x8000) == bool(self.used_wrap)):
            return None
        barrier()
        written, id = self.memory.get("IH", at + 8)
        places, buffers = self.chains.pop(id)
        self.used += places
        if self.used >= self.size:
            self.used, self.used_wrap = self.used - self.size, self.used_wrap ^ 1
        return buffers, written

    def ask_for_interrupt(self, on=True):
        if not on:
            self.memory.put("HH", self.driver, 0, 1)
        elif self.events:
            self.memory.put("H", self.driver, self.used | self.used_wrap << 15)
            self.memory.put("H", self.driver + 2, 2)
        else:
            self.memory.put("HH", self.driver, 0, 0)


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
