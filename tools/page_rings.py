# SPDX-License-Identifier: GPL-2.0
"""The driver's side of a virtqueue, of both formats, for page_guest.py.  Written from the specification alone."""
from page_waits import LIMIT, barrier, until

DESC_NEXT, DESC_WRITE, DESC_INDIRECT = 1, 2, 4


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
