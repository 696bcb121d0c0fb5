# SPDX-License-Identifier: GPL-2.0
"""Which instructions of the ring a guest executed: by QEMU's own trace, without the guest's help."""
import collections, os, re, subprocess
import ring
from machines import TREES

CASE = "disk request of 3, 32 a kick"
CLOCK = "get_cpu_idle_time_us"
REQUESTS = 1280     # and twice that; the difference is what is shown


def ranges(machine):
    """Where the ring lies: only its objects were compiled with debug information."""
    out = subprocess.run(["readelf", "--debug-dump=aranges", f"{machine.dir}/vmlinux"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^\s+([0-9a-f]{16}) ([0-9a-f]{16})\s*$", out, re.M)
    return [(int(a, 16), int(n, 16)) for a, n in found if int(n, 16)]


def address_of(machine, symbol):
    return int(re.search(rf"^(\w+) T {symbol}$", open(f"{machine.dir}/System.map").read(), re.M).group(1), 16)


def executed(machine, words, options=()):
    """What the benchmark says, and [{address: how often its instruction was executed}]: a part ends where the guest reads its clock."""
    log, clock = f"{machine.dir}/trace", address_of(machine, CLOCK)
    where = ",".join(f"{a:#x}+{n:#x}" for a, n in [*ranges(machine), (clock, 1)])
    said = machine.run(*words, options=[*options, "-d", "in_asm,exec,nochain", "-dfilter", where, "-D", log])
    # A block is listed when it is translated; the next to run at its address is that translation.
    parts, blocks, pending, block = [collections.Counter()], {}, {}, None
    for line in open(log, errors="replace"):
        if line.startswith("IN:"):
            block = []
        elif line.startswith("0x") and block is not None:
            block.append(int(line.split(":", 1)[0], 16))
            pending[block[0]] = block
        elif line.startswith("Trace"):
            host, pc = re.match(r"Trace \d+: (\S+) \[\w+/(\w+)/", line).groups()
            pc = int(pc, 16)
            if pc in pending:
                blocks[host] = pending.pop(pc)
            if pc == clock:
                parts.append(collections.Counter())
            else:
                parts[-1].update(blocks[host])
    os.remove(log)
    return said, parts


def inside(machine, words, options):
    """{what was counted: instructions in the ring}; each has a reading of the clock before and after it."""
    said, parts = executed(machine, words, options)
    return {name: sum(part.values()) for name, part in zip(said, parts[1::2])}


def functions(machine, count):
    """{function of the source, also one that was inlined: how many instructions}"""
    addresses = sorted(count)
    out = subprocess.run(["addr2line", "-f", "-e", f"{machine.dir}/vmlinux"], input="\n".join(map(hex, addresses)),
                         capture_output=True, text=True, check=True).stdout.split("\n")
    total = collections.Counter()
    for i, address in enumerate(addresses):
        total[out[2 * i]] += count[address]
    return total


def of_case(machine, number):
    """Of the difference of two lengths, for one request."""
    counts = [functions(machine, executed(machine, ["part=ring", f"only={number}", f"requests={n}"])[1][0]) for n in (REQUESTS, 2 * REQUESTS)]
    more = REQUESTS + REQUESTS // 4     # those that warm up are executed too
    return {f: (counts[1][f] - counts[0][f]) / more for f in counts[1]}


def breakdown(trees, args):
    pair, counts = trees.pair("guest"), ring.counted(trees)
    lines = [f"Where the instructions of a request go: {CASE}, by the function of the source that they come from, inlined or not;",
             "executed instructions of the ring's objects as QEMU's trace lists them.  The rest is what they call and the benchmark's loop."]
    for number, group in enumerate(ring.GROUPS, 1):
        for t in TREES:
            found = of_case(pair[t], number)
            whole, inside = sum(counts[t][f"{group}, {CASE}"]) / 100, sum(found.values())
            lines += ["", f"{group}, {t}: {whole:.1f}, of which {inside:.1f} in the ring"]
            lines += [f"   {n:7.1f}  {f}" for f, n in sorted(found.items(), key=lambda kv: -kv[1]) if n >= 0.5]
            print(f"   trace: {group}, {t}", flush=True)
    return lines
