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
    """What the benchmark says; [{address: how often its instruction was executed}], of which a part ends where the guest
    reads its clock; {address: its text}"""
    log, clock = f"{machine.dir}/trace", address_of(machine, CLOCK)
    where = ",".join(f"{a:#x}+{n:#x}" for a, n in [*ranges(machine), (clock, 1)])
    said = machine.run(*words, options=[*options, "-d", "in_asm,exec,nochain", "-dfilter", where, "-D", log])
    # A block is listed when it is translated; the next to run at its address is that translation.
    parts, blocks, pending, listing, block = [collections.Counter()], {}, {}, {}, None
    for line in open(log, errors="replace"):
        if line.startswith("IN:"):
            block = []
        elif line.startswith("0x") and block is not None:
            address, text = line.split(":", 1)
            block.append(int(address, 16))
            listing[block[-1]] = " ".join(re.sub(r"^\s*([0-9a-f]{2} )+", "", text).split())
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
    return said, parts, listing


def inside(machine, words, options):
    """{what was counted: instructions in the ring}; each has a reading of the clock before and after it."""
    said, parts, _ = executed(machine, words, options)
    return {name: sum(part.values()) for name, part in zip(said, parts[1::2])}


def source_lines(machine, addresses):
    """{address: (function, file:line)} of the source, also of what was inlined"""
    out = subprocess.run(["addr2line", "-f", "-e", f"{machine.dir}/vmlinux"], input="\n".join(map(hex, addresses)),
                         capture_output=True, text=True, check=True).stdout.split("\n")
    return {a: (out[2 * i], "/".join(out[2 * i + 1].split(" ")[0].split("/")[-2:])) for i, a in enumerate(addresses)}


def of_cases(machine):
    """For each format {address: instructions for one request}, by the difference of two lengths; and {address: its text}"""
    _, parts, listing = executed(machine, ["part=ring", "traced=1", f"requests={REQUESTS}"])
    more = REQUESTS + REQUESTS // 4     # those that warm up are executed too
    parts = parts[1::2]
    return [{a: (twice[a] - once[a]) / more for a in sorted(twice)} for once, twice in zip(parts[::2], parts[1::2])], listing


def annotate(machine, group, count, lines, listing):
    """Every instruction with how often a request executes it, for who wants to remove one."""
    path = f"{machine.dir}/trace-{group.replace(' ', '-')}.txt"
    with open(path, "w") as f:
        for a, n in ((a, n) for a, n in count.items() if n >= 0.005):
            f.write(f"{n:7.2f}  {a:x}  {listing[a]:50}  {lines[a][0]} {lines[a][1]}\n")


def floor(trees):
    """What the formats ask for; the same in both trees, of whose cores nothing is in it."""
    counts, least = ring.counted(trees), trees.pair("guest")["ours"].run("part=ring", "floor=1", "requests=4000")
    lines = [f"The floor: {CASE}, by code that believes the device, knows one size, maps nothing, has no full ring, no callbacks and",
             "no buffers that overtake others (tools/bench/floor.c): what the format itself asks for, and the segments' list.", "",
             f"{'':20} {'add+kick':>9} {'get':>7} {'both':>7} {'ours':>7} {'theirs':>7}"]
    for g in ring.GROUPS:
        add, get = (n / 100 for n in least[f"{g}, {CASE}"])
        ours, theirs = (sum(counts[t][f"{g}, {CASE}"]) / 100 for t in TREES[::-1])
        lines.append(f"{g:20} {add:9.1f} {get:7.1f} {add + get:7.1f} {ours:7.1f} {theirs:7.1f}")
    return lines


def breakdown(trees, args):
    counts = ring.counted(trees)
    lines = [f"Where the instructions of a request go: {CASE}, by the function of the source that they come from, inlined or not;",
             "executed instructions of the ring's objects as QEMU's trace lists them.  The rest is what they call and the benchmark's",
             "loop.  The same by instruction is in trace-*.txt in the folders that the guests were built in.", "", *floor(trees)]
    for t, machine in trees.pair("guest").items():
        cases, listing = of_cases(machine)
        print(f"   {t}: requests traced", flush=True)
        for group, count in zip(ring.GROUPS, cases):
            where, total = source_lines(machine, list(count)), collections.Counter()
            annotate(machine, group, count, where, listing)
            for a, n in count.items():
                total[where[a][0]] += n
            whole = sum(counts[t][f"{group}, {CASE}"]) / 100
            lines += ["", f"{t}, {group}: {whole:.1f}, of which {sum(total.values()):.1f} in the ring"]
            lines += [f"   {n:7.1f}  {f}" for f, n in total.most_common() if n >= 0.5]
    return lines
