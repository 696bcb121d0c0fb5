# SPDX-License-Identifier: GPL-2.0
"""What a guest that does not come to its end is doing, for its log and for people.

guest.py asks when a machine has reached its limit; init asks for a check.  Either way the kernel
prints the stack of every task."""
import bisect, os, re, time
from kernel import Failed

QUIET, MOST = 2, 30     # seconds without a line after which the kernel has printed everything; seconds in all
KTHREADD = 2            # the parent of the kernel's own threads
SCHEDULER = re.compile(r"(__)?schedule(_\w+)?$|io_schedule|ret_from_fork|.*entry_SYSCALL|do_syscall|.*sys_call")
TASK = re.compile(r"task:(.{1,15}?)\s+state:(\w)\s.*\bpid:(\d+)\s.*\bppid:(\d+)")
FRAME = re.compile(r"\] +(\? )?([\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+")     # with a question mark: perhaps left over from an earlier call


def symbols(path):
    """Addresses of a System.map, and the names that belong to them."""
    rows = sorted((int(a, 16), name) for a, _, name in (line.strip().split(maxsplit=2) for line in open(path)))
    return [a for a, _ in rows], [name for _, name in rows]


def processors(qmp, build):
    """What each processor executes, by QEMU's count of its registers: also where no interrupt is taken any more."""
    text = qmp.command("human-monitor-command", **{"command-line": "info registers -a"})
    addresses, names = symbols(f"{build}/System.map")
    for n, pc in enumerate(re.findall(r"\b(?:RIP|PC|pc|NIP)\s*=?\s*([0-9a-f]{8,16})\b", text)):
        at = bisect.bisect(addresses, int(pc, 16)) - 1
        yield f"processor {n} at {pc}" + (f", {names[at]}+{int(pc, 16) - addresses[at]:#x}" if int(pc, 16) >> 63 and at >= 0 else "")


def ask(qmp, proc, build, heard):
    """Lines about the processors; then the kernel prints its tasks on the serial line.  heard(): how many lines it has printed."""
    if not os.path.exists(qmp.path):
        return []
    try:
        found = list(processors(qmp, build))
        for key in b"8", b"t":      # SysRq: all messages to the console; the tasks
            qmp.command("chardev-send-break", id="serial0")
            proc.stdin.write(key)
            proc.stdin.flush()
            time.sleep(0.5)
        wait_until_quiet(heard)
    except (Failed, OSError, ValueError) as e:
        return [f"QEMU does not answer: {e}"]
    return found


def wait_until_quiet(heard):
    end, before, since = time.time() + MOST, heard(), time.time()
    while time.time() < min(end, since + QUIET):
        time.sleep(0.1)
        if heard() != before:
            before, since = heard(), time.time()


def tasks(lines):
    """A line for each process, and for each thread of the kernel that can't be interrupted: where it sleeps."""
    rows, frames = [], []
    for line in lines:
        if task := TASK.search(line):
            name, state, pid, parent = task.groups()
            frames = []
            if state == "D" or KTHREADD not in (int(pid), int(parent)):
                rows.append((f"{name} ({pid}) {state}", frames))
        elif (frame := FRAME.search(line)) and not frame.group(1) and not SCHEDULER.match(frame.group(2)):
            frames.append(frame.group(2))
    return [f"{who} in {' < '.join(frames[:3]) or 'no known function'}" for who, frames in rows]
