# SPDX-License-Identifier: GPL-2.0
"""A run of a guest: what it says, line by line, and what follows from that."""
import os, re, subprocess, sys, termios, threading, tty
from collections import Counter
import asks, bus, stuck

COMPLAINT = re.compile(r"WARNING:|BUG:|Oops|Call Trace|Kernel panic|DMA-API:.*error|is broken:|device refuses")
# The driver of the balloon has no use for indirect tables, and the IOMMU is not behind itself.
NO_USE = {(5, 28), (23, 33)}


class Guest:
    def __init__(self, command, scenario, host, results, table):
        self.command, self.scenario, self.host, self.results, self.table = command, scenario, host, results, table
        self.done, self.asleep, self.rows, self.checked = False, False, [], Counter()
        self.log_lines, self.complaints = 0, []
        self.heard, self.stacks = 0, None       # lines so far; those with stacks, while the kernel prints them
        self.tail = ""      # what a guest that reached its limit had said by then
        self.last = []      # what a guest that reached its limit was doing
        self.log = f"{host.build}/guest-{scenario.name}.log"

    def run(self, shell=False):
        with open(self.log, "wb", buffering=0) as log:
            status = self.start(log, shell)
            if self.asleep and not status:
                self.host.qmp.close()
                status = self.start(log, shell)
        self.judge(status)

    def start(self, log, shell):
        """The machine, until it is off; its exit status."""
        self.proc = proc = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=self.host.files())
        self.host.pid = proc.pid
        self.host.starts += 1
        timer = threading.Timer(self.scenario.limit, self.give_up)
        if not shell:
            timer.start()
        for raw in shell_lines(proc) if shell else iter(proc.stdout.readline, b""):
            log.write(raw)
            self.hear(raw.decode(errors="replace").strip())
        proc.wait()
        timer.cancel()
        return proc.returncode

    def give_up(self):
        """The limit is reached: what the guest is doing goes to its log, then it is off."""
        self.tail, self.stacks = self.said_last(), []
        self.last = stuck.ask(self.host.autopsy, self.proc, self.host.build, lambda: self.heard)
        self.last += stuck.tasks(self.stacks)
        self.proc.kill()

    def said_last(self):
        return "".join(open(self.log, errors="replace").readlines()[-15:])

    def hear(self, line):
        self.heard += 1
        if self.stacks is not None and "@told" not in line:
            self.stacks.append(line)
        elif "@stuck " in line:     # a check is, and what all tasks do comes next
            self.stacks = []
        elif "@told" in line:
            self.say_stuck(stuck.tasks(self.stacks or []))
            self.stacks = None
        elif line.startswith("@device "):
            self.rows.append(bus.Row(line[8:]))
        elif line.startswith("@bus "):
            self.show(line[5:])
        elif line.startswith(("@ok ", "@failed ")):
            verdict, text = line.split(" ", 1)
            self.checked[text.split(":")[0]] += 1
            self.results.say(verdict == "@ok", text)
        elif line.startswith("@ask "):
            self.tell(asks.answer(self.host, line[5:]))
        elif line == "@asleep":     # and goes on where it was when the machine is started again
            self.asleep = True
        elif line == "@again":      # another kernel, which has to find everything anew
            self.rows = []
        elif line == "@done":
            self.done = True
        elif line.startswith("@log "):
            self.log_lines += 1
            self.complaints += [line[5:]] if COMPLAINT.search(line) else []
        elif COMPLAINT.search(line):
            self.results.say(False, f"kernel: {line}")

    def tell(self, line):
        try:
            self.proc.stdin.write(f"{line}\n".encode())
            self.proc.stdin.flush()
        except BrokenPipeError:
            pass        # the machine has ended meanwhile, which judge() says

    def say_stuck(self, lines):
        print("\n".join([f"   what it was doing ({self.log} has all of it):", *(f"      {line}" for line in lines)]), flush=True)

    def show(self, line):
        if self.table:
            print(f"   {line}", flush=True)

    def judge(self, status):
        """What must be so when the machine is off."""
        if not self.done:
            self.results.say(False, f"the guest did not come to its end within {self.scenario.limit} s; it said last:\n{self.tail or self.said_last()}")
        elif status:
            self.results.say(False, f"power off: the machine ended with {status}")
        if self.last:
            self.say_stuck(self.last)
        for name in Counter(self.scenario.checks()) - self.checked:
            self.results.say(False, f"{name}: no result")
        self.results.say(*self.judge_bus())
        self.results.say(*self.judge_features())
        self.results.say(self.log_lines and not self.complaints, f"log: {(self.complaints or ['no complaint of the kernel'])[0]} in {self.log_lines} lines")

    def judge_bus(self):
        live = Counter((row.type, row.driver) for row in self.rows if row.live())
        if missing := Counter(self.scenario.drivers()) - live:
            return False, f"bus: not at work: {' '.join(driver for _, driver in missing)}"
        return True, f"bus: {live.total()} devices have their drivers and are live"

    def judge_features(self):
        wanted = self.scenario.features()
        for row in self.rows:
            for bit, on in wanted.items():
                if (row.type, bit) not in NO_USE and row.features >> bit & 1 != on:
                    return False, f"features: expected bit {bit}={int(on)} in {row.name}, got {row.features:#x}"
        return bool(self.rows), f"features: bits {' '.join(f'{b}={int(on)}' for b, on in wanted.items())} in {len(self.rows)} devices"


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
