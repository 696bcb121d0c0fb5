# SPDX-License-Identifier: GPL-2.0
"""Inputs of the target "launch" to begin with: sessions of an honest guest, each with one thing in it that is not, at the limits
of what the launcher has to check.  What the bytes mean is in launch/launch.c."""
import itertools, struct

import ring_seeds

OPS = ("memory", "descriptor", "descriptor2", "ring", "ring2", "page", "header", "command", "enable", "begin", "request", "request2", "kick", "kick2",
       "hello", "message", "wire", "type", "race", "race2")
DISK, NET, CONSOLE, ENTROPY = DEVICES = range(4)
PACKED, BACKWARDS, CHECK_PACKED, INDIRECT = 1, 2, 8, 16
# One request of each queue that has any: device, and what request_add() makes it of; odd kinds are the second queue's.
REQUESTS = ((DISK, 130), (DISK, 129), (NET, 31), (NET, 400), (CONSOLE, 31), (CONSOLE, 16), (ENTROPY, 9))
START, LENGTH, QUEUES = 0x10000, 0x10000, 0x2000
STATUS, QUEUE = 1, 3
AT_SIZE, AT_DESC, AT_DRIVER, AT_DEVICE = 0x40, 0x46, 0x4e, 0x56     # of the first queue, in the descriptor of its device
BYTES_2, BYTES_8 = 2, 6


def step(op, a=0, b=0, c=0, d=0):
    return struct.pack("<BBBBI", OPS.index(op), a, b, c, d & 0xffffffff)


def request(device, kind):
    return step("request", device, kind & 255, kind >> 8)


def kick(device):
    return step("kick", device)


def memory(at, value, log=2):
    return step("memory", log, at // 2 >> 8, at // 2 & 255, value)


def queue_of(device, kind):
    """As the steps that write to a ring name it."""
    return device + 4 * (kind & 1) if device in (NET, CONSOLE) else device


def honest():
    for type, sector in itertools.product(range(7), (0, 8, 56, 63)):
        kind = next(k for k in range(sector * 8, sector * 8 + 64) if k % 7 == type)
        yield [request(DISK, kind), request(DISK, kind), kick(DISK)]
    yield [request(DISK, 128 + n) for n in range(5)] + [kick(DISK)]
    for kind in (1, 15, 31, 301, 3001, 12001):
        yield [request(NET, kind), kick(NET), step("wire", 0, 9)]
    for room in (2, 4, 16, 40, 380, 400):
        yield [request(NET, room)] * 5 + [kick(NET), step("message", 0, 0, 0, 72)] + [request(NET, room)] * 4 + [kick(NET)]
        yield [request(NET, room)] * 8 + [kick(NET), step("message", 0, 0, 0, 1500), step("message", 0, 0, 0, 200), request(NET, room), kick(NET)]
    for kind in range(2, 6):        # large packets, also longer than there is room for
        start = 54 if kind % 2 else 34
        yield [request(NET, 400)] * 12 + [kick(NET), step("message", 1 | kind << 2, start, 5, 3000 | 500 << 16), kick(NET)]
        yield [request(NET, 400)] * 2 + [kick(NET), step("message", 1 | kind << 2, start, 5, 9000 | 500 << 16)] + [request(NET, 400)] * 4 + [kick(NET)]
        yield [request(NET, 400)] * 2 + [kick(NET), step("message", 1 | kind << 2, start, 5, 9000 | 5000 << 16)]
    yield [request(NET, 400)] * 6 + [kick(NET), step("message", 1, 34, 0, 100), kick(NET)]
    full = [request(NET, 301)] * 10 + [kick(NET)]
    yield full + [step("wire", 0, 5), kick(NET), step("wire", 0, 20)]
    yield full + [step("wire", 1, 5), kick(NET)]
    yield [request(CONSOLE, 21), kick(CONSOLE), request(CONSOLE, 64), step("type", 10), kick(CONSOLE)]
    yield [request(CONSOLE, 16)] * 3 + [kick(CONSOLE), step("type", 90)]
    yield [request(CONSOLE, 65), request(CONSOLE, 3001), kick(CONSOLE)]
    yield [request(ENTROPY, 9), request(ENTROPY, 30000), kick(ENTROPY)]


def resets():
    """While something is under way, of a device or of a queue, or of all by a guest that comes again."""
    full = [request(NET, 301)] * 10 + [kick(NET)]
    for device, kind in REQUESTS:
        busy = full if (device, kind & 1) == (NET, 1) else [request(device, kind)] * 3 + [kick(device)]
        yield busy + [step("command", device, STATUS, 0), step("begin", device, 0, 0, -1), request(device, kind), kick(device)]
        late = [request(device, kind)] * 3 + [step("kick", device, 0, 1)]
        yield late + [step("command", device, STATUS, 0), kick(device)]
        yield late + [step("hello"), kick(device)]
        yield busy + [step("hello"), request(device, kind), kick(device)]
        yield busy + [step("page", device, 0x42, 0, 0), step("command", device, QUEUE), step("enable", device, 0, 8), step("command", device, QUEUE), kick(device)]
    for device in DEVICES:
        yield [step("command", device, STATUS, 0x8f), kick(device)]
        yield [step("command", device, c) for c in (2, 3, 4, 5)]
        yield [step("command", device, STATUS, s) for s in (0, 3, 11)] * 9
        yield [step("page", device, 32, 6, 0xffffffff)] + [step("command", device, STATUS, s) for s in (0, 10)] * 90


def rings():
    """Where they lie, what is in them, what is in a table, and what changes while it is read."""
    for device, at, value in itertools.product(DEVICES, (AT_DESC, AT_DRIVER, AT_DEVICE), (START + LENGTH - 16, START + LENGTH - 256, START + QUEUES + 1, START + QUEUES + 2)):
        yield [step("command", device, STATUS, 0), step("command", device, STATUS, 10), step("page", device, at, BYTES_8, value),
               step("command", device, STATUS, 14), request(device, 131), kick(device)]
    for device, size in itertools.product(DEVICES, (17, 64, 256, 512, 0x8000)):
        yield [step("command", device, STATUS, 0), step("command", device, STATUS, 10), step("page", device, AT_SIZE, BYTES_2, size),
               step("command", device, STATUS, 14), request(device, 131), kick(device)]
        # The first descriptor leads to itself.
        yield [step("command", device, STATUS, 0), step("command", device, STATUS, 10), step("page", device, AT_SIZE, BYTES_2, size), step("command", device, STATUS, 14),
               request(device, 130), step("descriptor", device, 0, 2, 3), step("descriptor", device, 0, 3, 0), kick(device)]
    for device, kind in REQUESTS:
        q, some = queue_of(device, kind), [request(device, kind)] * 2
        for member, value in ((0, 0), (4, LENGTH - 16), (12, 1), (1, 0), (1, 11), (1, 0xffffffff), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (3, 0), (3, 1), (3, 0xffff)):
            yield some + [step("descriptor", q, 0, member, value), kick(device)]
        for at, value in itertools.product((2, 4), (2, 0x10, 0x11, 0xff, 0xffff)):
            yield some + [step("ring", q, at, 0, value), kick(device)]
        for loads, value in itertools.product(range(7), (4, 0x11, 0xff)):
            yield some + [step("race", loads, value), kick(device)]


def tables():
    for device, kind in REQUESTS:
        q, some = queue_of(device, kind), [request(device, kind)]
        table = QUEUES + (device * 2 + q // 4) * 0x1000 + 0xc00
        end = [memory(LENGTH - 16, START), memory(LENGTH - 12, 0), memory(LENGTH - 8, 16), memory(LENGTH - 4, 1 | 1 << 16)]
        yield some + [kick(device)]
        yield some + end + [step("descriptor", q, 0, 4, LENGTH - 16), step("descriptor", q, 0, 1, 48), kick(device)]
        yield some + [memory(table, START + table), memory(table + 4, 0), memory(table + 8, 16), memory(table + 12, 4), kick(device)]
        for length in (0, 8, 16 * 17, 4096):
            yield some + [step("descriptor", q, 0, 1, length), kick(device)]
        for flags in (1, 3, 4, 5, 1 | 9 << 16):
            yield some + [memory(table + 12, flags), kick(device)]
            yield some + [memory(table + 14, flags), kick(device)]


def hellos():
    lengths = (0x10, 0x20, 0x28, 0x100, 0x200, 0x400)
    for at, bytes, values in ((8, 7, (0, START + 1, START - 15, START + 0x1000)), (16, 7, (0, 0x1000, LENGTH + 1)), (24, 7, (1, 16)), (32, 7, (START + 4, START + LENGTH - 8, START + LENGTH)),
                              (40, 7, (*lengths, LENGTH, LENGTH + 1)), (0, 3, (0,)), (4, 3, (2,))):
        for value in values:
            yield [step("hello", bytes, at, 0, value), request(DISK, 0), kick(DISK)]
    yield [step("hello", 0, 0, 1)]
    yield [step("hello", 0, 0, 251)]


def launch():
    plain, with_tables = (0, PACKED, BACKWARDS, CHECK_PACKED | PACKED), (INDIRECT, INDIRECT | PACKED)
    for kind, steps in itertools.chain(itertools.product((*plain, *with_tables), [*honest(), *resets()]), itertools.product(plain[:2], [*rings(), *hellos()]),
                                       itertools.product(with_tables, tables())):
        yield bytes([kind, 0, 0, 0]) + b"".join(steps)
        if kind < BACKWARDS:
            # A card whose driver takes no offloads, or no merged buffers either.
            for features in (0x82, 0xff):
                if b"".join(steps)[0] == OPS.index("request") and steps[0][1] == NET:
                    yield bytes([kind, 0, features, 0]) + b"".join(steps)


SEEDS = {"launch": launch, "ring": ring_seeds.ring}
