# SPDX-License-Identifier: GPL-2.0
"""Consoles on pipes, files, a terminal and a socket."""
import fcntl, os, pty, select, signal, socket, struct, subprocess, termios

import page_guest as pg
from page_guest import CONSOLE, RNG, until
from .rig import COLS, ROWS, Launcher, contents, equal, here, test


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
    with open(f"{here.folder}/input", "wb") as f:
        f.write(b"x" * 1000)
    with open(f"{here.folder}/input", "rb") as input_, open(f"{here.folder}/output", "wb") as output:
        with Launcher(console=(), stdin=input_, stdout=output) as launcher:
            device = launcher.guest().find(CONSOLE)
            device.start()
            fill(device.queues[0])
            equal(hear(device.queues[0], 1000), b"x" * 1000)
            device.queues[1].ask(b"written")
            equal(contents(f"{here.folder}/output"), b"written")


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
                equal(launcher.wait(), -how if how in (signal.SIGSEGV, signal.SIGABRT) and not here.sanitized else launcher.process.returncode)
            equal(termios.tcgetattr(slave), before, f"the terminal after {how}")
            if here.sanitized:
                launcher.errors.truncate(0)
        os.close(master)
        os.close(slave)


@test
def console_socket():
    """One client at a time; without one output is dropped, with a slow one it waits."""
    path = f"{here.folder}/console"
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
