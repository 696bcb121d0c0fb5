#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run targets of the Makefile one after the other and add up what they count.

VERSION:TARGET is run as BASE=VERSION; where the source of that Linux can't be had, it is skipped.
Each target ends with a line "N passed, N failed[, N skipped]"; so does this.  One that
fails does not keep the rest from running; one that counts nothing has failed."""
import re, subprocess, sys, time

COUNTS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


lacking = {}


def lacks_source(base):
    """Says why, once for each base."""
    if base not in lacking:
        got = subprocess.run(["make", "--no-print-directory", "source", *base], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lacking[base] = got.stdout.strip().split("\n")[-1] if got.returncode else ""
        if lacking[base]:
            print(f"== skipping what is for {base[0]}: {lacking[base]}", flush=True)
    return lacking[base]


def run(name):
    *base, target = name.split(":")
    base = tuple(f"BASE={version}" for version in base)
    if base and lacks_source(base):
        return [0, 0, 1]
    name = " ".join([target, *base])
    print(f"== make {name}", flush=True)
    start, last = time.time(), None
    proc = subprocess.Popen(["make", "--no-print-directory", target, *base], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    for line in proc.stdout:
        found = COUNTS.match(line.strip())
        last = found or last
        print(line if not found else f"   {line}", end="", flush=True)
    status = proc.wait()
    counts = [int(n or 0) for n in last.groups()] if last else [0, 1, 0]
    if status and not counts[1]:
        counts[1] = 1
    print(f"== make {name}: {'ok' if not status else 'FAILED'} in {time.time() - start:.0f} s", flush=True)
    return counts


def main():
    total = [sum(c) for c in zip(*[run(t) for t in sys.argv[1:]])]
    print(f"{total[0]} passed, {total[1]} failed" + (f", {total[2]} skipped" if total[2] else ""))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
