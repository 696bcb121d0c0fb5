# SPDX-License-Identifier: GPL-2.0
"""What a disk request and a packet cost the whole guest, and how much of it the ring is."""
import re, statistics
import ring, trace
from machines import TREES

RINGS = (("split", "off"), ("packed", "on"))
DEVICE = "ioeventfd=off,disable-legacy=on,packed="
# The processor waits in a loop, so that nothing but instructions moves the clock.
WORDS = ["idle=poll", "tsc=reliable"]
TRACED = 3000    # requests under trace
LATE = 50000    # nanoseconds that the slow disk takes: longer than the guest needs to fall idle
CHECK = 100000000   # instructions of /proc/bench_loop


def disk_device(packed):
    """One that answers at once, and one that takes its time."""
    options = []
    for name, latency in (("fast", 0), ("slow", LATE)):
        options += ["-blockdev", f"null-co,node-name={name},size={8 << 30},latency-ns={latency}",
                    "-device", f"virtio-blk-pci,drive={name},num-queues=1,{DEVICE}{packed}"]
    return options


def net_device(packed):
    """One without a peer, so what is sent is taken and dropped, and two on a hub.  A timer of the guest's clock, by which
    the device takes what is there, is the same in every run."""
    options = []
    for i, peer in enumerate(("", ",netdev=a", ",netdev=b")):
        options += ["-netdev", f"hubport,hubid=0,id={peer[-1]}"] if peer else []
        options += ["-device", f"virtio-net-pci,addr={i + 4},romfile=,tx=timer,x-txtimer=50000,{DEVICE}{packed}{peer}"]
    return options


def busy(numbers):
    """Instructions executed while the processor was not idle; idleness is told by the kernel's clock."""
    ticks, clock, idle = numbers
    return ticks - idle * 1000 * ticks / clock


def each(counts):
    """{what: count for one more} of {"what few": count, "what many": count}: start and end fall out."""
    found = {}
    for name, count in counts.items():
        what, n = re.fullmatch(r"(.*?) ?(\d+)", name).groups()
        found.setdefault(what, []).append((int(n), count))
    return {what: (b[1] - a[1]) / (b[0] - a[0]) for what, (a, b) in found.items()}


def measure(trees, part, device, requests, runs):
    """{(format, what): {tree: [instructions for each, by run]}}, and the same of those in the ring, traced once"""
    pair, whole, inside = trees.pair("guest"), {}, {}
    for i in range(runs):
        for name, packed in RINGS:
            for t in TREES if i % 2 else TREES[::-1]:
                counts = pair[t].run(f"part={part}", f"requests={requests}", *WORDS, options=device(packed))
                for what, n in each({c: busy(numbers) for c, numbers in counts.items()}).items():
                    whole.setdefault((name, what), {u: [] for u in TREES})[t].append(n)
        print(f"   {part}: run {i + 1} of {runs}", flush=True)
    for name, packed in RINGS:
        for t in TREES:
            for what, n in each(trace.inside(pair[t], [f"part={part}", f"requests={TRACED}", *WORDS], device(packed))).items():
                inside.setdefault((name, what), {})[t] = n
        print(f"   {part}: {name} ring traced", flush=True)
    return whole, inside


def table(trees, measured, cases, target):
    """The whole guest, the ring's functions in it, and what the ring's case of the table above saves, against what is saved."""
    counts, (whole, inside) = ring.counted(trees), measured
    lines = [f"{'':20} {'whole guest':^32} {'in the ring':^15} {'share':^15} {'saved':^23}",
             f"{'':20} {'theirs':>8} {'ours':>8} {'ratio':>6} {'spread':>7} {'theirs':>8} {'ours':>6} {'theirs':>7} {'ours':>7} {'ring':>7} {'its case':>8} {'whole':>7}"]
    for (name, what), runs in whole.items():
        a, b = (statistics.median(runs[t]) for t in TREES)
        spread = max((max(runs[t]) - min(runs[t])) / 2 / statistics.median(runs[t]) for t in TREES)
        c, d = (inside[name, what][t] for t in TREES)
        e, f = (sum(sum(counts[t][f"{name} indirect, {c}"]) for c in cases[what]) / 100 for t in TREES)
        lines.append(f"{name + ', ' + what:20} {a:8.0f} {b:8.0f} {b / a:6.3f} ±{spread * 100:4.1f} % {c:8.0f} {d:6.0f}"
                     f" {c / a * 100:5.1f} % {d / b * 100:5.1f} % {c - d:7.0f} {e - f:8.0f} {a - b:7.0f}")
    return lines + ["", "in the ring: executed instructions of the ring's functions, traced.  saved, ring: theirs less ours of those;",
                    "its case: the same of the ring's case in the first table, which has what the ring calls in it, as for tables.",
                    f"target: {target}"]


def disk(trees, args):
    got = measure(trees, "disk", disk_device, 10000, args.system_runs)
    cases = {f"{how} {depth}": [f"disk request of 3, {depth} a kick"] for how in ("randread", "randwrite") for depth in (1, 32)}
    return ["Instructions of the whole guest, fio included, for a disk request of 4 KiB (virtio_blk, a null device behind it).", "",
            *table(trees, got, cases, "0.97 at depth 32")]


def net(trees, args):
    got = measure(trees, "net", net_device, 50000, args.system_runs)
    sent = ["1 out, 32 a kick, callbacks off"]
    return ["Instructions of the whole guest, pktgen included, for a packet of 60 bytes sent, and for one that is sent by one device",
            "and received by another, where the stack drops it (virtio_net).", "",
            *table(trees, got, {"sent": sent, "and received": [*sent, "1 in, 32 a kick"]}, "0.92 for a packet")]


def check(trees, args):
    """Does the count count?  A loop of a known length, and the same followed by sleep."""
    lines = ["The count of the whole guest, in the next two sections, is ticks of its TSC less what its kernel accounts as idle.  One",
             "tick is one instruction since QEMU runs it with -icount shift=0, and since the processor waits in a loop (idle=poll) and",
             "never halts, nothing else moves the clock.  Programs start and end in it too: what is shown is the difference of a short",
             f"and a long run, over what the long one did more.  How true that is: a loop of {CHECK} instructions, and the same and",
             "200 ms of sleep.", ""]
    for t, machine in trees.pair("guest").items():
        counts = machine.run("part=check", *WORDS)
        lines += [f"   {t}, {name}: {numbers[0]} ticks, {busy(numbers):.0f} counted, {busy(numbers) / CHECK:.4f} of the loop" for name, numbers in counts.items()]
    return lines
