#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""kunit.py [--small] SOURCE BUILD [FILTER]: the KUnit suites under UML, with KASAN and UBSAN, twice.

--small: once, in a kernel with little besides virtio, which can't sleep.

The tree's own kunit.py builds and runs them.  Here is what it leaves out: signs of life
during the build, and reports in the kernel's log (KASAN, UBSAN, lockdep, WARNING, BUG),
each of which fails the run.  Ends with "N passed, N failed"."""
import os, re, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
QUIET = 15      # seconds between two signs of life
REPORT = re.compile(r"WARNING:|BUG:|BUG at|UBSAN:|KASAN:|KFENCE:|Oops|INFO: (task|rcu|possible|trying)|Kernel panic|stall|"
                    r"possible (recursive|circular) locking|suspicious RCU|Segfault|general protection|refcount_t:|"
                    # A driver that breaks a rule of the contract: drivers/virtio/watch/misuse.c.
                    r"^virtio: \S+: virtio\d+[,:]")
# Reports that are none of ours: what is in the line, and where it comes from.
EXPECTED = (("WARNING:", "arch/um/drivers/virt-pci.c"),     # UML's own PCI, given no device
            ("virtio: virtio-bus-test: ", "add_buf after virtio_break_device"),    # a test of what comes of that
            ("virtio: virtio-", "config->reset is for the core"))                  # tests of drivers that call it
# What kunit.py says of a test that failed, up to the next result, and of what does not compile.
WHY = re.compile(r"EXPECTATION|ASSERTION|error:|No such file|not found")
RESULT = re.compile(r"\[(PASSED|FAILED|SKIPPED|CRASHED)\]|^\S+ =====")
WIDTH, MOST = 160, 100      # of what is shown of that


def objects(build):
    """How far the build is.  The walk is cheap next to a compiler."""
    return sum(f.endswith(".o") for _, _, files in os.walk(build) for f in files)


# The way that drivers go; and on the same kernel the slow one, on which they are checked and traced: name, command
# of the tree's kunit.py, words for the kernel.
BUILD_AND_RUN = ("run", f"--jobs={os.cpu_count()}")
PASSES = (("", BUILD_AND_RUN, "virtio_ring.check=0"), ("watched: ", ("exec",), "virtio_ring.check=1 trace_event=virtio:*"))
SMALL = (("", BUILD_AND_RUN, ""),)


def run(source, build, config, pattern, log, command, words):
    """Build if the command does, and run the suites; say every QUIET seconds what is being done."""
    cmd = [sys.executable, "tools/testing/kunit/kunit.py", *command, f"--kunitconfig={HERE}/{config}", f"--build_dir={build}",
           "--make_options", "CC=ccache gcc",
           *(f"--kernel_args={word}" for word in ("time-travel=inf-cpu", *words.split())), f"virtio*{pattern}"]
    start = time.time()
    with open(log, "w") as out:
        proc = subprocess.Popen(cmd, cwd=source, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                env={**os.environ, "PYTHONUNBUFFERED": "1"})
        while True:
            try:
                return proc.wait(QUIET)
            except subprocess.TimeoutExpired:
                print(f"   {time.time() - start:4.0f} s: {doing(log)}, {objects(build)} objects built", flush=True)


def doing(log):
    text = open(log, errors="replace").read()
    for words, what in (("Starting KUnit Kernel", "running the suites"), ("Building KUnit Kernel", "building the kernel")):
        if words in text:
            return what
    return "configuring"


def reports(log):
    """The kernel's complaints in its log."""
    return complaints(open(log, errors="replace").read()) if os.path.exists(log) else ["the kernel left no log"]


def complaints(text):
    """Those that no entry of EXPECTED accounts for."""
    return [l.strip() for l in text.split("\n") if REPORT.search(l) and not any(all(w in l for w in e) for e in EXPECTED)]


def counts(text):
    """Passed and failed of kunit.py's last line; None if nothing ran."""
    found = re.search(r"Testing complete\. Ran (\d+) tests: (.*)", text)
    if not found:
        return None
    n = {k: int(v) for k, v in re.findall(r"(\w+): (\d+)", found[2])}
    return n.get("passed", 0), n.get("failed", 0) + n.get("crashed", 0) + n.get("errors", 0)


def why(text):
    """What was said of each failure, whole."""
    said, inside = [], False
    for line in text.split("\n"):
        line = re.sub(r"^\[[\d:]+\] ", "", line)
        failed = line.startswith("[FAILED]") or line.startswith("[CRASHED]")
        inside = bool(WHY.search(line)) or (inside and not RESULT.search(line))
        if inside or failed:
            said.append(line)
    return said


def run_and_count(source, build, config, pattern, command, words):
    """(passed, failed) as kunit.py counts them, and what else was found."""
    log, kernel_log = os.path.join(build, "kunit.log"), os.path.join(build, "test.log")
    if os.path.exists(kernel_log):
        os.remove(kernel_log)       # not to be taken for this run's
    status = run(source, build, config, pattern, log, command, words)
    text = open(log, errors="replace").read()
    if status:
        print("\n".join(l[:WIDTH] for l in why(text)[:MOST]))
    found = counts(text)
    if not found or not sum(found):
        return (0, 0), [f"nothing ran by the name of virtio*{pattern}; all that was said is in {log}"]
    if found[1] or not status:
        return found, reports(kernel_log)
    return found, [f"kunit.py ended with {status}"]


def judge(name, found, wrong):
    for c in wrong:
        print(f"FAILED  {name}{c}")
    return found[0], found[1] + len(wrong)


def main():
    small = sys.argv[1:2] == ["--small"]
    args = sys.argv[2 if small else 1:]
    if len(args) not in (2, 3):
        sys.exit(__doc__)
    source, build = (os.path.abspath(a) for a in args[:2])
    pattern = args[2] if len(args) == 3 else ""
    config, passes = ("kunit-small.config", SMALL) if small else ("kunit.config", PASSES)
    os.makedirs(build, exist_ok=True)
    total = []
    for name, command, words in passes:
        total.append(judge(name, *run_and_count(source, build, config, pattern, command, words)))
        if not total[-1][0]:    # what does not build, or does not exist, does not on a second try
            break
    passed, failed = (sum(n) for n in zip(*total))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
