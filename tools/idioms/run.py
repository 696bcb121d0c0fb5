#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""run.py --pristine TREE --source TREE --build DIR: what drivers may do by the functions of
Linux 6.12, asked of a pristine kernel and of ours, by the same source, under UML.

Each question and its answer is a line of the kernel's log.  The two kernels must have
said the same.  Ends with "N passed, N failed"."""
import argparse, itertools, os, re, shutil, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from kernel import check_pristine

SOURCES = ("Kbuild", "idioms.h", "transport.c", "driver.c", "queues.c", "config.c")
# What make kunit builds, for the compiler's cache, but for what a pristine tree does not have.
OURS = re.compile(r"CONFIG_(VIRTIO_KUNIT_TEST|VIRTIO_CHECK|SAMPLES)=")
CONFIG = "".join(line for line in open(f"{os.path.dirname(HERE)}/kunit.config") if not OURS.match(line))
ANSWER = re.compile(r"idiom: (.*)")
REPORT = re.compile(r"WARNING:|BUG:|BUG at|KASAN:|UBSAN:|Oops|Kernel panic|Segfault")
# What differs on purpose (Documentation/virtio.txt, chapter 14): questions, and their answers of a pristine kernel and of ours.
# A kick that has nothing to publish does not reach the device, nor does a failed add to a queue with tables.
ON_PURPOSE = {("full: kicks", 2): ("2", "1"), **{("kicks: reached the device", n): (theirs, ours)
              for n, theirs, ours in ((1, "1", "0"), (2, "1", "0"), (3, "2", "1"), (4, "2", "1"))}}
FEWEST = 300        # answers, of a kernel that was asked at all


def write(path, text):
    """As a new file: the tree is one of links to another."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.replace(path + ".new", path)


def prepare(source, build):
    """A copy of the tree in links, with the questions in it."""
    tree, folder = f"{build}/linux", f"{build}/linux/drivers/virtio/idioms"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(build, exist_ok=True)
    subprocess.run(["cp", "-al", source, tree], check=True)
    os.makedirs(folder)
    for name in SOURCES:
        shutil.copy(f"{HERE}/{name}", f"{folder}/{name}")
    makefile = f"{tree}/drivers/virtio/Makefile"
    write(makefile, open(makefile).read() + "obj-y += idioms/\n")
    write(f"{build}/kunitconfig", CONFIG)
    return tree


def ask(name, source, build):
    """The lines that a kernel answered, and what went wrong."""
    start, tree, log = time.time(), prepare(source, build), f"{build}/kunit.log"
    print(f"   {name}: build and ask ...", end="", flush=True)
    with open(log, "w") as out:
        done = subprocess.run([sys.executable, "tools/testing/kunit/kunit.py", "run", f"--jobs={os.cpu_count()}",
                               f"--kunitconfig={build}/kunitconfig", f"--build_dir={build}/kunit", "--make_options", "CC=ccache gcc",
                               "--timeout=120", "idioms*"], cwd=tree, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    print(f" {time.time() - start:.0f} s", flush=True)
    said = open(f"{build}/kunit/test.log", errors="replace").read().split("\n") if os.path.exists(f"{build}/kunit/test.log") else []
    answers = [m[1] for line in said for m in [ANSWER.search(line)] if m]
    wrong = [f"{name}: {line.strip()}" for line in said if REPORT.search(line)]
    if done.returncode or len(answers) < FEWEST:
        wrong.append(f"{name}: {len(answers)} answers, expected {FEWEST} or more; kunit.py ended with {done.returncode}: {log}")
    return answers, wrong


def by_question(answers):
    """{(test, question, which time): answer}, so that one more or less does not shift the rest."""
    found, seen = {}, {}
    for line in answers:
        question, _, answer = line.rpartition(" = ")
        seen[question] = seen.get(question, 0) + 1
        found[question, seen[question]] = answer
    return found


def is_wrong(question, theirs, ours):
    return (theirs, ours) != ON_PURPOSE[question] if question in ON_PURPOSE else theirs != ours


def main():
    p = argparse.ArgumentParser(description=__doc__)
    for name in ("pristine", "source", "build"):
        p.add_argument(f"--{name}", required=True, type=os.path.abspath)
    args = p.parse_args()
    check_pristine(args.pristine)
    theirs, wrong = ask("pristine", args.pristine, f"{args.build}/idioms/theirs")
    ours, wrong_too = ask("ours", args.source, f"{args.build}/idioms/ours")
    a, b = by_question(theirs), by_question(ours)
    differ = [f"{q} (time {n}): {b.get((q, n), 'nothing')}, expected {a.get((q, n), 'nothing')}"
              for q, n in sorted(set(a) | set(b)) if is_wrong((q, n), a.get((q, n)), b.get((q, n)))]
    for line in itertools.chain(wrong, wrong_too, differ):
        print(f"FAILED  {line}")
    failed = len(wrong) + len(wrong_too) + len(differ)
    print(f"{len(set(a) | set(b)) - len(differ)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
