# SPDX-License-Identifier: GPL-2.0
"""A run of a guest: what it says, line by line, and what follows from that."""
import os, re, subprocess, sys, termios, threading, tty
from collections import Counter
import asks, bus
from scenarios import DEVICES

LIMIT = 300     # seconds for a guest that does all its work
COMPLAINT = re.compile(r"WARNING:|BUG:|Oops|Call Trace|Kernel panic|is broken:|device refuses")


class Guest:
    def __init__(self, command, scenario, host, results, table):
        self.command, self.scenario, self.host, self.results, self.table = command, scenario, host, results, table
        self.done, self.live, self.checked = False, [], set()
        self.log = f"{host.build}/guest-{scenario.name}.log"

    def run(self, shell=False):
        self.proc = proc = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=self.host.files())
        self.host.pid = proc.pid
        timer = threading.Timer(LIMIT, proc.kill)
        if not shell:
            timer.start()
        with open(self.log, "wb") as log:
            for raw in shell_lines(proc) if shell else iter(proc.stdout.readline, b""):
                log.write(raw)
                self.hear(raw.decode(errors="replace").strip())
        proc.wait()
        timer.cancel()
        self.judge(proc.returncode)

    def hear(self, line):
        if line.startswith("@device "):
            self.see(bus.Row(line[8:]))
        elif line.startswith(("@ok ", "@failed ")):
            verdict, text = line.split(" ", 1)
            self.checked.add(text.split(":")[0])
            self.results.say(verdict == "@ok", text)
        elif line.startswith("@ask "):
            self.tell(asks.answer(self.host, line[5:]))
        elif line == "@done":
            self.done = True
        elif COMPLAINT.search(line):
            self.results.say(False, f"kernel: {line}")

    def tell(self, line):
        try:
            self.proc.stdin.write(f"{line}\n".encode())
            self.proc.stdin.flush()
        except BrokenPipeError:
            pass        # the machine has ended meanwhile, which judge() says

    def see(self, row):
        if row.live():
            self.live.append((row.type, row.driver))
        if self.table:
            print(row, flush=True)

    def judge(self, status):
        """What must be so when the machine is off."""
        if not self.done:
            tail = "".join(open(self.log, errors="replace").readlines()[-15:])
            self.results.say(False, f"the guest did not come to its end within {LIMIT} s; it said last:\n{tail}")
        elif status:
            self.results.say(False, f"power off: the machine ended with {status}")
        missing = Counter(DEVICES[d][:2] for d in self.scenario.devices) - Counter(self.live)
        self.results.say(not missing, "bus: " + (f"not at work: {' '.join(bus.TYPES[t] for t, _ in missing)}" if missing else
                                                 f"{len(self.live)} devices have their drivers and are live"))
        for name in self.scenario.checks():
            if name not in self.checked:
                self.results.say(False, f"{name}: no result")


def shell_lines(proc):
    """Lines until the guest is done, then everything as it comes, for the person at the shell."""
    buf = b""
    while data := os.read(proc.stdout.fileno(), 4096):
        if buf is None:
            os.write(1, data)
            continue
        buf += data
        while buf is not None and b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            yield line + b"\n"
            if line.strip() == b"@done":
                os.write(1, buf)
                buf = None
                threading.Thread(target=type_to, args=(proc,), daemon=True).start()


def type_to(proc):
    """Each key as it is pressed; the terminal is as it was when the machine is off."""
    if sys.stdin.isatty():
        before = termios.tcgetattr(0)
        threading.Thread(target=lambda: (proc.wait(), termios.tcsetattr(0, termios.TCSADRAIN, before))).start()
        tty.setraw(0)
    while data := os.read(0, 4096):
        os.write(proc.stdin.fileno(), data)
