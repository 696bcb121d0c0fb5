#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Agreements between two sides without a lock, judged by the kernel's memory model: tools/litmus/*.litmus.

Each test says in its first comment whether its last line can become true ("Result: Never" or "Sometimes").
herd7 (Debian: herdtools7) tries all executions that the model allows.  HERD7 names it when it is not on PATH."""
import argparse, glob, os, re, shutil, subprocess, sys

LIMIT = 300     # seconds; a test takes less than one


def expected(path):
    found = re.search(r"^ \* Result: (Never|Sometimes|Always)$", open(path).read(), re.M)
    return found.group(1) if found else None


def judge(herd, model, path):
    """What herd7 says of a test, or its complaint."""
    try:
        r = subprocess.run([herd, "-conf", "linux-kernel.cfg", path], cwd=model, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"no answer after {LIMIT} s"
    found = re.search(r"^Observation \S+ (\w+) ", r.stdout, re.M)
    return found.group(1) if found else (r.stderr or r.stdout).strip() or "no answer"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="kernel tree, for tools/memory-model")
    args = parser.parse_args()
    tests = sorted(glob.glob(f"{os.path.dirname(os.path.abspath(__file__))}/litmus/*.litmus"))
    herd = shutil.which(os.environ.get("HERD7", "herd7"))
    if not herd:
        print(f"skipped litmus tests: no herd7 on PATH, and none in HERD7\n0 passed, 0 failed, {len(tests)} skipped")
        return 0
    failed = 0
    for path in tests:
        wanted, said = expected(path), judge(herd, f"{args.source}/tools/memory-model", path)
        good = said == wanted
        failed += not good
        print(f"{'ok' if good else 'FAILED':6} {os.path.basename(path)}: {said}{'' if good else f', expected {wanted}'}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
