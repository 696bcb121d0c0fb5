# SPDX-License-Identifier: GPL-2.0
"""What a request costs the driver's side of a queue, in instructions and in nanoseconds."""
import statistics
from machines import TREES

GROUPS = ("split direct", "split indirect", "packed direct", "packed indirect")
REFERENCE = ("1 out + 1 in, 1 a kick", "1 out + 1 in, 32 a kick", "disk request of 3, 32 a kick", "16 segments, 8 a kick",
             "2 out, 32 a kick, callbacks off", "1 in, 256 a kick")
WIDTH = 57


def group(case):
    return case.split(", ", 1)[0]


def means(ratios, target, most=None):
    """Geometric means of {case: ratio} by group, and the cases above the most that one may have.  What swiotlb copies is
    not the ring's, and most of what such a case costs: they are left out once."""
    lines = ["", f"{'geometric mean of the ratios':33} {'reference':>10} {'no swiotlb':>10} {'all cases':>10}   target {target}"]
    for g in GROUPS:
        mine = {c: r for c, r in ratios.items() if group(c) == g}
        some = ([r for c, r in mine.items() if c.split(", ", 1)[1] in REFERENCE], [r for c, r in mine.items() if "swiotlb" not in c], mine.values())
        lines.append(f"   {g:30}" + "".join(f" {statistics.geometric_mean(r):10.2f}" for r in some) + f"   ({len(mine)} cases)")
    if most:
        above = [f"   {r:.2f}  {c}" for c, r in ratios.items() if r > most]
        lines += ["", f"cases above {most:.2f}: {len(above)} of {len(ratios)}", *above]
    return lines


def counted(trees):
    """{tree: {case: [add + kick, get]}} in hundredths.  One run of each tree, since it counts the same each time, and
    one that bounces what it maps."""
    if not trees.counts:
        for tree, machine in trees.pair("guest").items():
            got = machine.run("part=ring", "requests=4000")
            for case, numbers in machine.run("part=ring", "requests=4000", "bounced=1", "swiotlb=force").items():
                got.setdefault(case, numbers)
            trees.counts[tree] = got
            print(f"   {tree}: requests counted", flush=True)
    return trees.counts


def instructions(trees, args):
    got = counted(trees)
    rates = [got[t]["rate"][0] for t in TREES]
    lines = ["Instructions for each request (QEMU -icount, where the TSC counts them): add + kick, and get.",
             f"Ticks of the TSC in a microsecond of the guest, of which each is 1000 instructions: {rates[0]}, {rates[1]}.", "",
             f"{'':{WIDTH}} {'theirs':>17} {'ours':>17}", f"{'case':{WIDTH}} {'add+kick':>9} {'get':>7} {'add+kick':>9} {'get':>7}  ratio"]
    ratios = {}
    for case, theirs in got["theirs"].items():
        if case == "rate":
            continue
        ours = got["ours"][case]
        ratios[case] = sum(ours) / sum(theirs)
        a, b, c, d = (n / 100 for n in (*theirs, *ours))
        lines.append(f"{case:{WIDTH}} {a:9.1f} {b:7.1f} {c:9.1f} {d:7.1f} {ratios[case]:6.2f}")
    return lines + means(ratios, "0.50, no case above 0.70", 0.70)


# What is compiled in for people, each with what is above it; off unless the words for the kernel say otherwise.
TRACING = "CONFIG_JUMP_LABEL=y\nCONFIG_FTRACE=y\nCONFIG_ENABLE_DEFAULT_TRACERS=y\n"
DEBUG = TRACING + "CONFIG_DEBUG_FS=y\nCONFIG_VIRTIO_DEBUG=y\n"
CHECK = DEBUG + "CONFIG_VIRTIO_CHECK=y\n"
WATCHED = (("tracepoints, off", TRACING, ()), ("tracepoints, on", TRACING, ("trace_event=virtio:*",)), ("VIRTIO_DEBUG", DEBUG, ()),
           ("VIRTIO_CHECK, off", CHECK, ("virtio_ring.check=0",)), ("VIRTIO_CHECK, on", CHECK, ()))


def watched(trees, args):
    """What watching costs: our instructions, against our own without any of it."""
    bare = trees.ours("guest", "").run("part=ring", "requests=4000")
    lines = ["Our instructions for each request with what is there for people, as a ratio to a kernel without: tracepoints compiled in;",
             "and VIRTIO_DEBUG, which keeps an account of each queue; and VIRTIO_CHECK, which looks for drivers that break a rule.", "",
             f"{'':26}" + "".join(f" {g:>15}" for g in GROUPS) + f" {'most':>6}"]
    built = None
    for name, options, words in WATCHED:
        if built != options:
            machine, built = trees.ours("guest", options), options
        got = machine.run("part=ring", "requests=4000", *words)
        ratios = {case: sum(got[case]) / sum(bare[case]) for case in bare if case != "rate"}
        cells = [statistics.geometric_mean([r for c, r in ratios.items() if group(c) == g]) for g in GROUPS]
        lines.append(f"{name:26}" + "".join(f" {c:15.3f}" for c in cells) + f" {max(ratios.values()):6.2f}")
    return lines


def native(trees, args):
    """Runs of the two trees take turns; of each run the median of its batches."""
    sides, got = trees.pair("uml"), {t: [] for t in TREES}
    for i in range(args.runs):
        for t in TREES if i % 2 else TREES[::-1]:
            run = sides[t].run("part=ring", "requests=200000", "median=1")
            rate = run.pop("rate")[0] / 1000    # ticks in a nanosecond
            got[t].append({case: sum(numbers) / 100 / rate for case, numbers in run.items()})
        print(f"   native run {i + 1} of {args.runs}", flush=True)
    lines = [f"Nanoseconds for each request (UML, native): median of {args.runs} runs that took turns, and their spread,",
             "which is half of the distance between the first and the third quarter.", "",
             f"{'case':{WIDTH}} {'theirs':>14} {'ours':>14}  ratio"]
    ratios = {}
    for case in got["theirs"][0]:
        cells = []
        for t in TREES:
            runs = [r[case] for r in got[t]]
            q = statistics.quantiles(runs, n=4) if len(runs) > 1 else [runs[0]] * 3
            cells.append((statistics.median(runs), (q[2] - q[0]) / 2))
        ratios[case] = cells[1][0] / cells[0][0]
        lines.append(f"{case:{WIDTH}} " + " ".join(f"{m:7.1f} ±{s:5.1f}" for m, s in cells) + f" {ratios[case]:6.2f}")
    return lines + means(ratios, "0.80")
