#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_launch_net.py PROGRAM: tests of the launcher's network cards, with guests made of Python at both ends of a cable, on the
launcher's own network, and with a guest or another launcher that lies."""
import os, random, signal, socket, struct, subprocess, sys, tempfile, threading, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page_guest, tested
from page_guest import DESC_WRITE, DRIVER_OK, LIMIT, NEEDS_RESET, NET, until

PROGRAM = None
CSUM, GUEST_CSUM, MTU, MAC, GUEST_TSO4, GUEST_TSO6, GUEST_ECN, HOST_TSO4, HOST_TSO6, HOST_ECN, MRG, STATUS = (
    1 << n for n in (0, 1, 3, 5, 7, 8, 9, 11, 12, 13, 15, 16))
PLAIN = MTU | MAC | STATUS
SENDS, TAKES = CSUM | HOST_TSO4 | HOST_TSO6 | HOST_ECN, GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN
FIELD_MAC, FIELD_STATUS, FIELD_MTU = 0x41, 0x42, 0x44
HEADER, LARGEST, PAGE = 12, 65589, 1536
TCP4, TCP6, ECN = 1, 4, 0x80
RINGS = [dict(packed=p, indirect=i, events=e) for p in (False, True) for i in (False, True) for e in (False, True)]


def header(flags=0, type=0, length=0, segment=0, start=0, place=0, buffers=0):
    return struct.pack("<BBHHHHH", flags, type, length, segment, start, place, buffers)


def frame(length, seed=0):
    return random.Random(length * 1000 + seed).randbytes(length)


def total(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n


class Launcher:
    """A launcher, and a guest that it serves."""

    def __init__(self, test, folder, name, *nets, memory=64 << 20):
        self.path, self.folder, self.log = f"{folder}/{name}", folder, open(f"{folder}/{name}.log", "w+")
        self.control = f"{folder}/{name}.control"
        self.process = subprocess.Popen([PROGRAM, "--attach", "--socket", self.path, "--console", "none", "--no-entropy", "--control", self.control,
                                         *(w for n in nets for w in ("-n", n))], stderr=self.log, cwd=folder)
        test.addCleanup(self.end)
        self.guest = page_guest.Guest(self.path, page_guest.Memory(memory))

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(LIMIT) == 128 + signal.SIGTERM, self.said()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def list(self):
        return subprocess.run([PROGRAM, "--tell", self.control, "list"], capture_output=True, text=True, check=True, timeout=LIMIT).stdout

    def card(self, features=PLAIN, **kw):
        return Card(self.guest.find(NET), features, **kw)


class Card:
    """Its driver."""

    def __init__(self, device, features, **kw):
        device.start(features, **kw)
        assert device.answer & DRIVER_OK, f"{device.answer:#x}"
        self.device, (self.rx, self.tx) = device, device.queues
        self.merges = features & MRG

    def room(self, count, length=HEADER + 1514):
        for _ in range(count):
            self.rx.add(length)
        self.rx.kick()

    def put(self, data, head=header(), cut=None):
        """The header for itself, or cut anywhere else."""
        whole, cut = head + data, HEADER if cut is None else cut
        self.tx.add(*(p for p in (whole[:cut], whole[cut:]) if p))
        self.tx.kick()

    def send(self, *args, **kw):
        self.put(*args, **kw)
        _, written = self.tx.take()
        assert written == 0

    def one(self, bytes_before=None):
        """What is in the next buffer, and how long that is."""
        buffers, written = self.rx.take()
        data = b"".join(self.device.memory.read(a, l) for a, l, _ in buffers)
        return data[:written], len(data)

    def receive(self):
        """(header, frame); a frame in several buffers has all but the last of them full."""
        data, length = self.one()
        count = struct.unpack_from("<H", data, 10)[0]
        assert count >= 1 and (self.merges or count == 1), count
        for _ in range(count - 1):
            assert len(data) % length == 0, "a buffer is not full, and not the last"
            data += self.one()[0]
        return data[:HEADER], data[HEADER:]

    def link(self):
        return self.device.value(FIELD_STATUS)


def tcp(version, length, flags=0x18, segment=1448):
    """A large packet, as a driver leaves it: (header, frame)."""
    payload, ports = frame(length), struct.pack(">HHIIBBHHH", 1000, 2000, 0xfffff000, 7, 0x80, flags, 500, 0, 0)
    ports += bytes([1, 1, 8, 10]) + bytes(8)
    addresses = bytes(range(1, 9)) if version == 4 else bytes(range(1, 33))
    pseudo = total(addresses + struct.pack(">II", 6, len(ports) + length))
    ports = ports[:16] + struct.pack(">H", pseudo) + ports[18:]
    if version == 4:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(ports) + length, 77, 0x4000, 64, 6, 0) + addresses
    else:
        ip = struct.pack(">IHBB", 6 << 28, len(ports) + length, 6, 64) + addresses
    data = b"\2" * 12 + (b"\x08\0" if version == 4 else b"\x86\xdd") + ip + ports + payload
    return header(1, TCP4 if version == 4 else TCP6, 14 + len(ip) + len(ports), segment, 14 + len(ip), 16), data


def check_segments(test, version, length, segments, flags=0x18, segment=1448):
    """What is cut from it is what the same TCP would have sent."""
    at, ip_bytes, payload = 0, 20 if version == 4 else 40, frame(length)
    for n, data in enumerate(segments):
        ip, rest = data[14:14 + ip_bytes], data[14 + ip_bytes:]
        addresses = ip[12:] if version == 4 else ip[8:]
        if version == 4:
            test.assertEqual((total(ip), struct.unpack_from(">HH", ip, 2)), (0xffff, (len(data) - 14, 77 + n)))
        else:
            test.assertEqual(struct.unpack_from(">H", ip, 4)[0], len(rest))
        test.assertEqual(total(addresses + struct.pack(">II", 6, len(rest)) + rest), 0xffff)
        last = at + len(rest) - 32 == length
        first_flags = flags if not at else flags & ~0x80
        test.assertEqual(struct.unpack_from(">I", rest, 4)[0], (0xfffff000 + at) % (1 << 32))
        test.assertEqual(rest[13], first_flags if last else first_flags & ~9)
        test.assertEqual(rest[32:], payload[at:at + segment])
        at += len(rest) - 32
    test.assertEqual(at, length)


class Test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def launch(self, name, net="peer=cable", **kw):
        return Launcher(self, self.folder, name, net, **kw)

    def joined(self):
        """Two launchers that have met."""
        self.launchers = [self.launch("one"), self.launch("two")]
        until("the link", lambda: all(l.guest.find(NET).value(FIELD_STATUS) for l in self.launchers))
        return self.launchers

    def pair(self, one=PLAIN, two=PLAIN):
        self.joined()
        return [l.card(f) for l, f in zip(self.launchers, (one, two))]

    def cable(self):
        """The other end, without a launcher."""
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(s.close)
        s.settimeout(LIMIT)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        until("somebody at the cable", lambda: not s.connect_ex(f"{self.folder}/cable"))
        return s


class Joined(Test):
    def test_there_and_back(self):
        one, two = self.joined()
        for rings in RINGS:
            with self.subTest(rings):
                a, b = one.card(**rings), two.card(**rings)
                a.room(32)
                b.room(32)
                for length in (14, 15, 60, 1000, 1513, 1514):
                    for cut in (0, 5, HEADER, HEADER + 7, HEADER + length):
                        a.send(frame(length, cut), cut=cut)
                        self.assertEqual(b.receive(), (header(buffers=1), frame(length, cut)))
                    b.send(frame(length, 99))
                    self.assertEqual(a.receive(), (header(buffers=1), frame(length, 99)))
                    a.room(6)
                    b.room(6)

    def test_large(self):
        """It reaches the other guest as it was, in as many buffers as it takes, all but the last full."""
        one, two = self.joined()
        for rings in RINGS:
            with self.subTest(rings):
                a, b = one.card(PLAIN | SENDS, **rings), two.card(PLAIN | TAKES | MRG, **rings)
                for version, length in ((4, 65000), (4, 100), (6, 65535 - 32), (6, 3000)):
                    b.room(HEADER + length // PAGE + 2, PAGE)
                    head, data = tcp(version, length)
                    a.send(data, head)
                    got, whole = b.receive()
                    count = -(-(HEADER + len(data)) // PAGE)
                    self.assertEqual(got, head[:10] + struct.pack("<H", count))
                    self.assertTrue(whole == data, f"{len(whole)} bytes, expected the {len(data)} that were sent")

    def test_large_into_one_buffer(self):
        a, b = self.pair(PLAIN | SENDS, PLAIN | TAKES)
        head, data = tcp(4, 60000)
        b.room(2, HEADER + LARGEST)
        a.send(data, head)
        self.assertEqual(b.receive(), (head[:10] + b"\1\0", data))

    def test_large_for_who_takes_none(self):
        one, two = self.joined()
        for features in (PLAIN, PLAIN | MRG, PLAIN | GUEST_CSUM):
            a, b = one.card(PLAIN | SENDS), two.card(features)
            for version in (4, 6):
                most = 1448 if version == 4 else 1428
                for length, flags, segment in ((60000, 0x18, most), (most + 1, 0x91, most), (most, 0x19, most), (5000, 0x81, 536)):
                    with self.subTest(version=version, length=length):
                        b.room(length // segment + 1)
                        head, data = tcp(version, length, flags, segment)
                        a.send(data, head[:1] + bytes([head[1] | (ECN if flags & 0x80 else 0)]) + head[2:])
                        got = [b.receive() for _ in range(-(-length // segment))]
                        self.assertEqual({h for h, _ in got}, {header(buffers=1)})
                        check_segments(self, version, length, [d for _, d in got], flags, segment)
                        self.assertIsNone(b.rx.take_one())

    def test_large_waits_for_buffers_between_its_segments(self):
        a, b = self.pair(PLAIN | SENDS, PLAIN)
        head, data = tcp(4, 50000)
        a.send(data, head)
        got = []
        while len(got) < -(-50000 // 1448):
            b.room(1)
            got.append(b.receive()[1])
        check_segments(self, 4, 50000, got)

    def test_checksum(self):
        a, b = self.pair(PLAIN | CSUM, PLAIN)
        b.room(4)
        head, data = tcp(4, 700)
        a.send(data, header(1, start=34, place=16))
        got, done = b.receive()
        self.assertEqual(got, header(buffers=1))
        self.assertEqual(total(data[26:34] + struct.pack(">II", 6, len(done) - 34) + done[34:]), 0xffff)
        self.assertEqual(done[:50] + done[52:], data[:50] + data[52:])

    def comes_back(self, card, launcher):
        """A frame that was sent; if there is none, the launcher has looked since, which it does before it answers twice."""
        return card.tx.take_one() or (launcher.list(), launcher.list()) and card.tx.take_one()

    def test_nobody_has_room(self):
        """What the other guest has no buffer for stays where it is, in order, up to what is in the sender's own ring."""
        for features, length in ((PLAIN, 1514), (PLAIN | MRG | TAKES, 30000)):
            with self.subTest(length=length):
                a, b = self.pair(PLAIN | SENDS, features)
                count, sent, got = 10000 if length < 2000 else 900, 0, 0
                while sent < count:
                    data, head = (frame(length, sent), header()) if length < 2000 else (tcp(4, length)[1][:-4] + struct.pack(">I", sent), tcp(4, length)[0])
                    if len(a.tx.free) < 2 and not self.comes_back(a, self.launchers[0]):
                        break
                    a.put(data, head)
                    sent += 1
                self.assertLess(sent, count, f"the sender is not held up: {[l.list() for l in self.launchers]}")
                self.assertGreater(sent, 128)
                while got < sent:
                    b.room(*((40, PAGE) if b.merges else (64, HEADER + length)))
                    for _ in range(min(sent - got, 64 if not b.merges else 2)):
                        data = b.receive()[1]
                        self.assertEqual(data[-4:], frame(length, got)[-4:] if length < 2000 else struct.pack(">I", got))
                        got += 1
                for l in self.launchers:
                    self.assertIn("dropped 0 and 0", l.list())
                    l.end()

    def test_too_large_for_one_buffer(self):
        a, b = self.pair()
        b.room(1, HEADER + 100)
        a.send(frame(101))
        a.send(frame(100))
        self.assertEqual(b.receive()[1], frame(100))
        self.assertIn("dropped 0 and 1", self.launchers[1].list())

    def test_link(self):
        one = self.launch("one")
        a = one.card()
        self.assertEqual(a.link(), 0)
        a.send(frame(60))
        self.assertIn("link down, sent 0, received 0, dropped 1 and 0", one.list())
        for _ in range(3):
            two = self.launch("two")
            until("the link", lambda: a.link() == 1)
            self.assertEqual(two.guest.find(NET).value(FIELD_STATUS), 1)
            b = two.card()
            b.room(1)
            a.send(frame(60))
            self.assertEqual(b.receive()[1], frame(60))
            two.end()
            until("the end of the link", lambda: a.link() == 0)
            a.send(frame(60))

    def test_who_waits_goes(self):
        """The path is that of whoever waits: also when both have been there, and when one died there."""
        one, two = self.joined()
        a, b = one.card(), two.card()
        one.process.kill()
        one.process.wait()
        until("the end of the link", lambda: b.link() == 0)
        until("the other to wait", lambda: os.path.exists(f"{self.folder}/cable"))
        two.process.kill()
        two.process.wait()
        self.assertTrue(os.path.exists(f"{self.folder}/cable"))
        a, b = self.launch("three").card(), self.launch("four").card()
        until("the link", lambda: a.link() and b.link())
        self.assertFalse(os.path.exists(f"{self.folder}/cable"))

    def test_four(self):
        cards = [self.launch(n).card() for n in "abcd"]
        for c in cards:
            until("the link", c.link)
            c.room(1)
        for n, (a, b) in enumerate((cards[:2], cards[2:])):
            a.send(frame(60, n))
            self.assertEqual(b.receive()[1], frame(60, n))

    def test_reset(self):
        """A card that is not at work takes no packets, and does not hold them up."""
        a, b = self.pair()
        b.device.status(0)
        for n in range(1000):
            a.send(frame(1514))
        b = self.launchers[1].card()
        b.room(1)
        a.send(frame(60))
        until("all to be dropped", lambda: "dropped 0 and 1000" in self.launchers[1].list())
        self.assertEqual(b.receive()[1], frame(60))

    def test_reset_of_who_is_held_up(self):
        """What it had not sent is forgotten, and used in no ring."""
        a, b = self.pair()
        while len(a.tx.free) >= 2 or self.comes_back(a, self.launchers[0]):
            a.put(frame(1514))
        a = self.launchers[0].card()
        a.put(frame(60))
        got = None
        while got != frame(60):
            b.room(1)
            got = b.receive()[1]
        self.assertEqual(a.tx.take()[1], 0)
        self.assertIsNone(a.tx.take_one())

    def test_fields(self):
        card = self.launch("one", "peer=cable,mac=52:54:00:12:34:56,mtu=9000").card()
        self.assertEqual(card.device.value(FIELD_MAC).to_bytes(6, "little"), bytes.fromhex("525400123456"))
        self.assertEqual(card.device.value(FIELD_MTU), 9000)
        macs = {self.launch(n).guest.find(NET).value(FIELD_MAC) for n in ("two", "three")}
        self.assertEqual((len(macs), {m.to_bytes(6, "little")[:3] for m in macs}), (2, {bytes.fromhex("525400")}))


class Lies(Test):
    def broken(self, card, queue, why):
        until("the device to give up", lambda: card.device.byte(page_guest.ANSWER) & NEEDS_RESET)
        self.assertIn(f"net cable, queue {queue}: {why}", self.one.said())
        card = self.one.card()
        card.room(1)
        card.send(frame(60, 5))
        self.assertEqual(self.wire.recv(70000), header() + frame(60, 5))
        self.wire.send(header() + frame(60, 6))
        self.assertEqual(card.receive()[1], frame(60, 6))

    def setUp(self):
        super().setUp()
        self.one = self.launch("one")
        self.wire = self.cable()

    def lie(self, queue, parts, why, features=PLAIN):
        card = self.one.card(features)
        q = card.device.queues[queue]
        q.add(*parts)
        q.kick()
        if not queue:
            self.wire.send(header() + frame(60))
        self.broken(card, queue, why)

    def test_transmit(self):
        for parts, found in (((bytes(11),), "11 bytes to read, and 0 parts"), ((bytes(100), 1), "100 bytes to read, and 1 parts"), ((100,), "0 bytes to read, and 1 parts")):
            with self.subTest(found):
                self.lie(1, parts, f"found a frame with {found} to write, expected at least 12, and 0")

    def test_receive(self):
        for parts, found in (((11,), "0 parts to read, and 11 bytes"), ((bytes(4), 2000), "1 parts to read, and 2000 bytes"), ((bytes(4),), "1 parts to read, and 0 bytes")):
            for features in (PLAIN, PLAIN | MRG):
                with self.subTest(found, features=features):
                    self.lie(0, parts, f"found a buffer with {found} to write, expected 0, and at least 12", features)

    def test_frames_that_nobody_takes(self):
        """They are dropped and counted; the next honest one is there."""
        large, data = tcp(4, 3000)
        bad = {
            "short": (frame(13), header()), "nothing": (b"", header()), "long": (frame(1519), header()),
            "larger than all": (data + bytes(63000), large), "a checksum that was not agreed": (frame(100), header(1, start=14, place=2)),
            "large, which was not agreed": (data, large),
        }
        agreed = {
            "a checksum outside": (frame(100), header(1, start=90, place=9)), "far outside": (frame(100), header(1, start=65535, place=65535)),
            "a large packet without a checksum": (data, header(0, TCP4, 0, 1448, 34, 16)), "of no size": (data, header(1, TCP4, 0, 0, 34, 16)),
            "of UDP": (data, header(1, 3, 0, 1448, 34, 16)), "of another kind": (data, header(1, 5, 0, 1448, 34, 16)), "both": (data, header(1, 5 | ECN, 0, 1448, 34, 16)),
            "not TCP's checksum": (data, header(1, TCP4, 0, 1448, 34, 6)), "long": (frame(1519), header()),
        }
        for features, cases in ((PLAIN, bad), (PLAIN | SENDS, agreed)):
            card = self.one.card(features)
            for n, (name, (data, head)) in enumerate(cases.items()):
                with self.subTest(name):
                    card.send(data, head)
                    card.send(frame(60, n))
                    self.assertEqual(self.wire.recv(70000), header() + frame(60, n))
        self.assertIn(f"dropped {len(bad) + len(agreed)} and 0", self.one.list())

    def test_flags(self):
        """What a driver has no business to say is not passed on."""
        card = self.one.card(PLAIN | SENDS)
        card.send(frame(60), struct.pack("<BBHHHHH", 0xfe, 0, 5, 6, 7, 8, 9))
        self.assertEqual(self.wire.recv(70000), header() + frame(60))

    def test_the_other_end(self):
        card = self.one.card(PLAIN | MRG)
        large, data = tcp(4, 3000)
        bad = (b"x", header(), header() + frame(13), header() + frame(1519), header() + frame(66000), header(1, start=90, place=9) + frame(100),
               header(0, TCP4, 0, 1448, 34, 16) + data, header(1, 3, 0, 1448, 34, 16) + data,
               # Large packets that can't be cut: not the header that it says, or none of its length.
               header(1, TCP6, 0, 1448, 34, 16) + data, header(1, TCP4, 0, 1448, 38, 16) + data, header(1, TCP4, 0, 1448, 38, 16) + data[:50] + b"\x80" + data[51:], large + data[:46] + b"\xf0" + data[47:80],
               large + data[:46] + b"\x40" + data[47:], header(1, TCP4, 0, 1500, 34, 16) + data)
        card.room(4)
        for n, message in enumerate(bad):
            self.wire.send(message)
            self.wire.send(header() + frame(60, n))
            self.assertEqual(card.receive(), (header(buffers=1), frame(60, n)))
            card.room(1)
        self.assertIn(f"dropped 0 and {len(bad)}", self.one.list())

    def test_silence_is_the_end(self):
        card = self.one.card()
        self.assertEqual(card.link(), 1)
        self.wire.send(b"")
        until("the end of the link", lambda: card.link() == 0)
        self.wire = self.cable()
        until("the link", lambda: card.link() == 1)

    def test_usage(self):
        for net, why in (("", 'found "", expected "user" or "peer=PATH"'), ("peer=", 'found "peer=", expected'), ("user,mtu=1279", "found mtu=1279, expected 1280 to 65535"),
                         ("user,mac=01:00:00:00:00:00", "found mac=01:00:00:00:00:00, expected six bytes"), ("user,mac=2:0:0:0:0:0", "expected six bytes"),
                         ("user,hostfwd=tcp:1-:2", "expected it like"), ("user,hostfwd=tcp:127.0.0.1:0-:2", "expected it like"), ("user,hostfwd=sctp::1-:2", "expected it like"),
                         ("user,hostfwd=tcp:a.b:1-:2", "expected it like"), ("user,hostfwd=tcp::1-:2x", "expected it like"), ("peer=x,hostfwd=tcp::1-:2", "expected it with user alone"),
                         ("user,x=1", 'found "x", expected mac=, mtu= or, with user, hostfwd=')):
            with self.subTest(net):
                r = subprocess.run([PROGRAM, "--attach", "--socket", f"{self.folder}/x", "-n", net], capture_output=True, text=True, timeout=LIMIT)
                self.assertEqual(r.returncode, 2)
                self.assertIn(why, r.stderr)


class User(Test):
    """On the launcher's own network, with as much of a network stack as it takes."""
    MAC, IP, ROUTER = bytes.fromhex("525400123456"), bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])

    def begin(self, more="", features=PLAIN | MRG, room=200, **kw):
        self.one = self.launch("one", f"user,mac=52:54:00:12:34:56{more}")
        if "without libslirp" in self.one.said():
            self.skipTest("a launcher without libslirp")
        self.card = self.one.card(features, **kw)
        self.assertEqual(self.card.link(), 1)
        self.card.room(room)

    def ether(self, type, data, to=b"\xff" * 6):
        self.card.send((to + self.MAC + struct.pack(">H", type) + data).ljust(60, b"\0"))

    def answer(self, wanted):
        """The first frame that @wanted makes something of; the router's questions are answered."""
        while True:
            data = self.card.receive()[1]
            self.card.room(1)
            if data[12:14] == b"\x08\x06" and data[20:22] == b"\0\1":
                self.ether(0x806, struct.pack(">HHBBH", 1, 0x800, 6, 4, 2) + self.MAC + self.IP + data[22:32], data[6:12])
            elif (found := wanted(data)) is not None:
                return found

    def ip(self, protocol, data, source=None, to=None, mac=None):
        source, to = source or self.IP, to or self.ROUTER
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0) + source + to
        head = head[:10] + struct.pack(">H", 0xffff ^ total(head)) + head[12:]
        self.ether(0x800, head + data, mac or self.router)

    def find_router(self):
        self.ether(0x806, struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + self.MAC + self.IP + bytes(6) + self.ROUTER)
        self.router = self.answer(lambda d: d[22:28] if d[12:14] == b"\x08\x06" and d[28:32] == self.ROUTER else None)

    def test_dhcp(self):
        self.begin()
        ask = bytes([1, 1, 6, 0]) + b"\1\2\3\4" + bytes(20) + self.MAC.ljust(16, b"\0") + bytes(192) + bytes([99, 130, 83, 99, 53, 1, 1, 255])
        self.ip(17, struct.pack(">HHHH", 68, 67, 8 + len(ask), 0) + ask, bytes(4), b"\xff" * 4, b"\xff" * 6)
        offer = self.answer(lambda d: d[42:] if d[23] == 17 and d[34:38] == struct.pack(">HH", 67, 68) else None)
        self.assertEqual((offer[:8], offer[16:20]), (bytes([2, 1, 6, 0]) + b"\1\2\3\4", self.IP))

    def test_ping(self):
        for rings in RINGS[::3]:
            self.begin(**rings)
            self.find_router()
            text = b"\x08\0\0\0\0\1\0\1" + b"ping" * 20
            self.ip(1, text[:2] + struct.pack(">H", 0xffff ^ total(text)) + text[4:])
            self.assertEqual(self.answer(lambda d: d[42:122] if d[23] == 1 and d[34] == 0 else None), b"ping" * 20)
            self.one.end()

    def tcp(self, port, mine, flags, sequence, seen, data=b""):
        head = struct.pack(">HHIIBBHHH", mine, port, sequence, seen, 0x50, flags, 65535, 0, 0)
        value = 0xffff ^ total(self.IP + self.ROUTER + struct.pack(">II", 6, 20 + len(data)) + head + data)
        self.ip(6, head[:16] + struct.pack(">H", value) + head[18:] + data)

    def segment(self, mine):
        """(flags, sequence, data) of the next segment for a port of the guest's."""
        def find(d):
            if d[12:14] != b"\x08\0" or d[23] != 6 or d[36:38] != struct.pack(">H", mine):
                return None
            length, offset = struct.unpack_from(">H", d, 16)[0], (d[46] >> 4) * 4
            return d[47], struct.unpack_from(">I", d, 38)[0], d[34 + offset:14 + length]
        return self.answer(find)

    def fetch(self, port, length, mine=4000):
        """All that a server sends, in order; what comes twice is the sender's right."""
        self.tcp(port, mine, 2, 100, 0)
        flags, seen, _ = self.segment(mine)
        self.assertEqual(flags & 0x12, 0x12)
        got, seen = b"", seen + 1
        self.tcp(port, mine, 0x10, 101, seen)
        while len(got) < length:
            flags, sequence, data = self.segment(mine)
            self.assertFalse(flags & 4, "the connection was reset")
            if sequence == seen and data:
                got, seen = got + data, seen + len(data)
            self.tcp(port, mine, 0x10, 101, seen)
        self.tcp(port, mine, 4, 101, seen)
        return got

    def test_fetch(self):
        """From a server of this machine, which is the router's; more than there are buffers for at once."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=lambda: [server.accept()[0].sendall(frame(300000)) for _ in range(6)], daemon=True).start()
        for room in (200, 3):
            self.begin(room=room)
            self.find_router()
            for mine in (4000, 4001, 4002):     # one after the other, on the same descriptor here
                self.assertTrue(self.fetch(server.getsockname()[1], 300000, mine) == frame(300000), "what came is what was sent")
            self.assertIn("dropped 0 and 0", self.one.list())
            self.one.end()

    def test_forward(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        self.begin(f",hostfwd=tcp:127.0.0.1:{port}-:80")
        self.find_router()
        client = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.addCleanup(client.close)

        def syn(d):
            return struct.unpack_from(">HHI", d, 34) if d[23] == 6 and d[47] & 2 and d[36:38] == struct.pack(">H", 80) else None
        theirs, _, sequence = self.answer(syn)
        self.tcp(theirs, 80, 0x12, 500, sequence + 1)
        self.tcp(theirs, 80, 0x18, 501, sequence + 1, b"hello")
        client.settimeout(LIMIT)
        self.assertEqual(client.recv(100), b"hello")
        client.sendall(b"world")
        while not (data := self.segment(80)[2]):
            pass
        self.assertEqual(data, b"world")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
            r = subprocess.run([PROGRAM, "--attach", "--socket", f"{self.folder}/x", "-n", f"user,hostfwd=tcp:127.0.0.1:{port}-:80"],
                               capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(r.returncode, 1)
        self.assertIn("Address already in use: expected a port of this machine that is free", r.stderr)

    def test_no_room(self):
        """What comes when there are no buffers waits, up to a limit; the rest is lost, and counted.  Afterwards all is well."""
        self.begin(room=2)
        self.find_router()
        for n in range(200):
            text = b"\x08\0\0\0\0\1" + struct.pack(">H", n) + b"ping"
            self.ip(1, text[:2] + struct.pack(">H", 0xffff ^ total(text)) + text[4:])
        until("some to be lost", lambda: "dropped 0 and 70" in self.one.list())
        for n in range(130):
            self.card.room(1)
            self.assertEqual(self.card.receive()[1][40:42], struct.pack(">H", n))
        self.find_router()

    def test_lost_on_the_way(self):
        """An answer that does not come: what was sent is sent again, when its time has come."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
        self.begin()
        self.find_router()
        port = server.getsockname()[1]
        self.tcp(port, 4000, 2, 100, 0)
        seen = self.segment(4000)[1] + 1
        self.tcp(port, 4000, 0x10, 101, seen)
        for _ in range(2):
            while (got := self.segment(4000))[2] != b"hello":
                pass
            self.assertEqual(got[1], seen)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv[1])
    sys.exit(tested.run())
