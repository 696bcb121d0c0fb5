# SPDX-License-Identifier: GPL-2.0
"""Drive virtio devices of QEMU without a guest, by QEMU's qtest protocol.

Machine runs a QEMU and reads and writes its memory and ports.  PciDevice finds a virtio device on
the PCI bus and its modern registers (virtio 1.3, 4.1.4), Mmio the registers of a virtio-mmio device
(4.2.2), and Split is a split virtqueue (2.7) in the memory of the machine.  Used by the scripts in
the folder above; knows nothing of any operating system."""
import os, shlex, struct, subprocess, sys, time

ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK = 1, 2, 4, 8
VERSION_1 = 1 << 32
NEXT, WRITE = 1, 2
NO_VECTOR = 0xffff


class Machine:
    """A QEMU that executes no guest code.  ROOT_RUN names the command that runs it."""

    def __init__(self, *options):
        command = shlex.split(os.environ["QEMU"])
        self.process = subprocess.Popen([*command, "-accel", "tcg", "-S", "-display", "none", "-nodefaults", "-qtest", "stdio",
                                         "-qtest-log", "none", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.next_bar = 0xc0000000
        self.next_port = 0x6000

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        while True:
            answer = self.process.stdout.readline().split()
            if not answer:
                raise SystemExit(f"QEMU ended at: {' '.join(map(str, words))}")
            if answer[0] == "IRQ":
                continue
            if answer[0] != "OK":
                raise SystemExit(f"QEMU answers {' '.join(answer)} to: {' '.join(map(str, words))}")
            return answer[1] if len(answer) > 1 else None

    def read(self, address, length):
        return bytes.fromhex(self.ask("read", hex(address), hex(length))[2:])

    def write(self, address, data):
        self.ask("write", hex(address), hex(len(data)), "0x" + data.hex())

    def get(self, address, size):
        """A register in memory, in the byte order of the machine's CPU."""
        return int(self.ask("read" + "bwlq"[size.bit_length() - 1], hex(address)), 16)

    def set(self, address, size, value):
        self.ask("write" + "bwlq"[size.bit_length() - 1], hex(address), hex(value))

    def port_in(self, port, size):
        return int(self.ask("in" + "bwl"[size.bit_length() - 1], hex(port)), 16)

    def port_out(self, port, size, value):
        self.ask("out" + "bwl"[size.bit_length() - 1], hex(port), hex(value))

    def wait_until(self, what, condition, seconds=20):
        """Real time passes in the device models that use threads or disks."""
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            time.sleep(0.02)
        raise SystemExit(f"waited {seconds} s in vain: {what}")


class PciDevice:
    """The virtio device in a slot of the root bus of an x86 machine, its BARs assigned."""

    def __init__(self, machine, slot):
        self.machine, self.slot, self.bars = machine, slot, {}
        if self.config(0, 2) != 0x1af4:
            raise SystemExit(f"no virtio device in slot {slot}")
        self.assign_bars()
        self.set_config(4, 2, 7)        # ports, memory and bus mastering
        self.find_registers()

    def config(self, at, size):
        self.machine.port_out(0xcf8, 4, 1 << 31 | self.slot << 11 | at & ~3)
        return self.machine.port_in(0xcfc + at % 4, size)

    def set_config(self, at, size, value):
        self.machine.port_out(0xcf8, 4, 1 << 31 | self.slot << 11 | at & ~3)
        self.machine.port_out(0xcfc + at % 4, size, value)

    def assign_bars(self):
        bar = 0
        while bar < 6:
            at = 0x10 + 4 * bar
            self.set_config(at, 4, 0xffffffff)
            mask = self.config(at, 4)
            wide = mask & 7 == 4
            if mask & 1:
                self.bars[bar] = self.machine.next_port
                self.machine.next_port += 0x100
            elif mask & ~15:
                self.bars[bar] = self.machine.next_bar
                self.machine.next_bar += 0x100000
            if bar in self.bars:
                self.set_config(at, 4, self.bars[bar])
                if wide:
                    self.set_config(at + 4, 4, 0)
            bar += 2 if wide else 1

    def find_registers(self):
        """The first capability of each type."""
        self.places, at = {}, self.config(0x34, 1)
        while at:
            kind = self.config(at + 3, 1)
            if self.config(at, 1) == 9 and kind < 5 and kind not in self.places:
                self.places[kind] = self.bars.get(self.config(at + 4, 1), 0) + self.config(at + 8, 4)
                if kind == 2:
                    self.multiplier = self.config(at + 16, 4)
            at = self.config(at + 1, 1)

    def common(self, at, size):
        return self.machine.get(self.places[1] + at, size)

    def set_common(self, at, size, value):
        self.machine.set(self.places[1] + at, size, value)

    status = property(lambda self: self.common(0x14, 1), lambda self, value: self.set_common(0x14, 1, value))

    def offered(self):
        bits = 0
        for page in 0, 1:
            self.set_common(0, 4, page)
            bits |= self.common(4, 4) << 32 * page
        return bits

    def agree(self, features):
        """As far as FEATURES_OK, after a reset (virtio 1.3, 3.1.1)."""
        self.status = 0
        self.status = ACKNOWLEDGE
        self.status = ACKNOWLEDGE | DRIVER
        for page in 0, 1:
            self.set_common(8, 4, page)
            self.set_common(12, 4, features >> 32 * page & 0xffffffff)
        self.status = ACKNOWLEDGE | DRIVER | FEATURES_OK
        if not self.status & FEATURES_OK:
            raise SystemExit(f"features {features:#x} are refused")

    def enable_queue(self, index, queue):
        self.set_common(0x16, 2, index)
        self.set_common(0x18, 2, queue.size)
        self.set_common(0x1a, 2, NO_VECTOR)
        for at, address in (0x20, queue.descriptors), (0x28, queue.available), (0x30, queue.used):
            self.set_common(at, 4, address & 0xffffffff)
            self.set_common(at + 4, 4, address >> 32)
        self.set_common(0x1c, 2, 1)

    def notify(self, index):
        self.set_common(0x16, 2, index)
        self.machine.set(self.places[2] + self.common(0x1e, 2) * self.multiplier, 2, index)


class Mmio:
    """The registers of a virtio-mmio device, which are little-endian; qtest speaks the byte order of the CPU."""

    def __init__(self, machine, base, cpu="little"):
        self.machine, self.base, self.cpu = machine, base, cpu

    def turned(self, value):
        return int.from_bytes(value.to_bytes(4, "little"), self.cpu)

    def get(self, at):
        return self.turned(self.machine.get(self.base + at, 4))

    def set(self, at, value):
        self.machine.set(self.base + at, 4, self.turned(value))

    status = property(lambda self: self.get(0x70), lambda self, value: self.set(0x70, value))

    def offered(self, page):
        self.set(0x14, page)
        return self.get(0x10)


class Split:
    """A split virtqueue of little-endian entries, empty, in three pages at base."""

    def __init__(self, machine, base, size):
        self.machine, self.size = machine, size
        self.descriptors, self.available, self.used = base, base + 0x1000, base + 0x2000
        self.added = self.next_descriptor = 0
        machine.write(base, bytes(0x3000))

    def add(self, *segments):
        """A chain of (address, length, is written by the device), and make it available."""
        head = self.next_descriptor
        for n, (address, length, written) in enumerate(segments):
            at = head + n
            flags = (WRITE if written else 0) | (NEXT if n + 1 < len(segments) else 0)
            self.machine.write(self.descriptors + 16 * at, struct.pack("<QIHH", address, length, flags, at + 1))
        self.next_descriptor += len(segments)
        self.machine.write(self.available + 4 + 2 * (self.added % self.size), struct.pack("<H", head))
        self.added += 1
        self.machine.write(self.available + 2, struct.pack("<H", self.added))
        return head

    def used_index(self):
        return struct.unpack("<H", self.machine.read(self.used + 2, 2))[0]

    def used_entry(self, n):
        """(id, length)"""
        return struct.unpack("<II", self.machine.read(self.used + 4 + 8 * (n % self.size), 8))


def expect(what, seen, expected):
    """State what was seen; a behaviour that changed fails the script."""
    print(f"  {what}: {seen}")
    if seen != expected:
        sys.exit(f"CHANGED: {what}: saw {seen}, expected {expected}")
