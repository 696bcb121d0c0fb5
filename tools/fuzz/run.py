#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Fuzz the rings and the fields of the core, and the launcher, in user space.

fuzz: those named --only, for --time seconds each, beginning with the kept inputs and what earlier runs added to them under
--build; then the lines of theirs that all of those run through.  check: the kept inputs, and a short run from a fixed seed.  mutants: break
them on purpose, row by row of mutants.py: is it found?  keep: let what earlier runs found become the kept inputs."""
import argparse, fnmatch, os, re, shutil, subprocess, sys, time

import corpus, coverage, mutants, targets

HUNG = 60       # seconds that no input takes, however busy the machine is: one takes less than a millisecond
COUNTS = {"ok": 0, "FAILED": 0, "skipped": 0}


def report(status, name, why="", said=""):
    COUNTS[status] += 1
    print(f"{status:6} {name}{why}", flush=True)
    if status == "FAILED":
        print("".join(f"  {l}\n" for l in said.split("\n")[-40:] if l), end="")


def fuzz(program, target, folder, *options):
    """Whether nothing was found, seconds, what was said."""
    start, out = time.time(), os.path.dirname(program)
    r = subprocess.run([program, "-detect_leaks=0", f"-timeout={HUNG}", f"-max_len={targets.TARGETS[target].longest}", "-use_value_profile=1",
                        "-print_final_stats=1", f"-artifact_prefix={out}/", *options, folder], capture_output=True, text=True, errors="replace")
    return r.returncode == 0, time.time() - start, r.stderr


def found(said):
    """What broke, out of all that was said: the lines that name it, and the input."""
    lines = [l for l in said.split("\n") if re.search(r"expected |runtime error|ERROR: |SUMMARY|Test unit written|^    #\d+ .* in (?!__|fuzzer)", l)]
    return "\n".join(lines[:30]) or said[-2000:]


def speed(said):
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    rate = re.search(r"stat::average_exec_per_sec:\s*(\d+)", said)
    return f"{int(runs[1])} inputs, {int(rate[1])} a second" if runs and rate else "no count"


def replay(program, target, folder):
    good, seconds, said = fuzz(program, target, folder, "-runs=0")
    report("ok" if good else "FAILED", f"{target}: {len(os.listdir(folder))} kept inputs", f" ({seconds:.0f} s)", found(said))


def run_fuzz(args, target):
    program = targets.build(target, args.source, f"{args.build}/{target}")
    folder = corpus.unpack(target, f"{args.build}/corpus/{target}")
    good, _, said = fuzz(program, target, folder, f"-max_total_time={args.time}")
    report("ok" if good else "FAILED", f"{target}: {speed(said)}, {len(os.listdir(folder))} of them kept in {folder}", said=found(said))
    coverage.report(target, args.source, f"{args.build}/{target}-coverage", folder)


def run_check(args, target):
    program = targets.build(target, args.source, f"{args.build}/{target}")
    folder = f"{args.build}/check/{target}"
    shutil.rmtree(folder, ignore_errors=True)
    replay(program, target, corpus.unpack(target, folder))
    good, _, said = fuzz(program, target, folder, "-seed=1", f"-max_total_time={args.time}")
    report("ok" if good else "FAILED", f"{target}: {speed(said)}", said=found(said))


def run_keep(args, target):
    program = targets.build(target, args.source, f"{args.build}/{target}")
    folder = corpus.unpack(target, f"{args.build}/corpus/{target}")
    report("ok", f"{target}: {corpus.keep(program, target, folder)} inputs kept")


def mutate(args, row):
    """The core with one change, in a folder of its own."""
    name, target, path, old, new = row
    core = f"{args.build}/mutants/core"
    shutil.rmtree(core, ignore_errors=True)
    shutil.copytree(targets.room(target, args.source), core, ignore=shutil.ignore_patterns("pci", "tests", "*.o", ".*"))
    text = open(f"{core}/{path}").read()
    if text.count(old) != 1:
        raise targets.Failed(f"{text.count(old)} places in {path} to change, expected 1")
    with open(f"{core}/{path}", "w") as f:
        f.write(text.replace(old, new))
    return core


def judge(args, row):
    """How the mutant was found, or None."""
    name, target = row[:2]
    program = targets.build(target, args.source, f"{args.build}/mutants/{target}", core=mutate(args, row))
    folder = f"{args.build}/mutants/corpus"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if not args.bare:
        good, seconds, said = fuzz(program, target, corpus.unpack(target, folder), "-runs=0")
        if not good:
            return "by a kept input", said
    good, seconds, said = fuzz(program, target, folder, "-seed=1", f"-max_total_time={args.time}")
    return (None if good else f"after {seconds:.0f} s"), said


def run_mutants(args, target):
    for row in mutants.MUTANTS:
        if row[1] != target or not fnmatch.fnmatch(row[0], args.only):
            continue
        try:
            how, said = judge(args, row)
        except targets.Failed as e:
            report("FAILED", row[0], said=str(e))
            continue
        what = re.search(r"expected .*|runtime error: .*|ERROR: AddressSanitizer: \S+|ERROR: libFuzzer: .*", said)
        report("ok" if how else "FAILED", f"{row[0]:55}", f"{how}: {what[0][:90]}" if how else f"not found in {args.time} s")


def chosen(args):
    """What to go through: for a run of mutants the pattern is theirs."""
    names = fnmatch.filter(targets.TARGETS, args.only) if args.what == "fuzz" else list(targets.TARGETS)
    if not names:
        sys.exit(f"fuzz: nothing is named {args.only}: expected one of {', '.join(targets.TARGETS)}, or a pattern of them")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fuzz", "check", "mutants", "keep"))
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--time", type=int, default=60)
    parser.add_argument("--only", default="*", help="fuzz: pattern of what to fuzz; mutants: of mutants")
    parser.add_argument("--bare", action="store_true", help="mutants: begin with no input at all")
    args = parser.parse_args()
    args.source, args.build = os.path.abspath(args.source), os.path.abspath(args.build)
    for target in chosen(args):
        lacking = targets.missing()
        if lacking:
            report("skipped", target, f": no {' '.join(lacking)}")
            continue
        try:
            globals()[f"run_{args.what}"](args, target)
        except targets.Failed as e:
            report("FAILED", target, said=str(e))
    print(f"{COUNTS['ok']} passed, {COUNTS['FAILED']} failed" + (f", {COUNTS['skipped']} skipped" if COUNTS["skipped"] else ""))
    return 1 if COUNTS["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
