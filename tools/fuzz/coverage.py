# SPDX-License-Identifier: GPL-2.0
"""Which lines of the core a set of inputs runs through, file by file."""
import os, subprocess

import targets


def spans(lines):
    """1,2,3,7 as "1-3 7"."""
    out = []
    for n in sorted(lines):
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in out)


def lines_of(lcov):
    """{file: {line: runs}}; a line of a header is run if it is in any of the files that include it."""
    files, name = {}, None
    for l in lcov.split("\n"):
        if l.startswith("SF:"):
            name = l[3:]
        elif l.startswith("DA:"):
            line, runs = (int(n) for n in l[3:].split(",")[:2])
            files.setdefault(name, {})[line] = max(runs, files.get(name, {}).get(line, 0))
    return files


def report(target, tree, out, inputs):
    """A line for each file of the core."""
    program = targets.build(target, tree, out, counted=True)
    profile = f"{out}/{target}.profraw"
    subprocess.run([program, "-runs=0", inputs], env={**os.environ, "LLVM_PROFILE_FILE": profile}, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    targets.run([targets.TOOLS[1], "merge", "-sparse", profile, "-o", f"{out}/{target}.profdata"])
    lcov = targets.run([targets.TOOLS[2], "export", "-format=lcov", f"-instr-profile={out}/{target}.profdata", program])
    judged = tuple(f[:-1] for f in targets.core_files(target, targets.room(target, tree)))
    for name, runs in sorted(lines_of(lcov).items()):
        missed = [n for n, r in runs.items() if not r]
        if name.startswith(judged) or "/ring/" in name:
            print(f"   {os.path.relpath(name, tree):32}{100 * (1 - len(missed) / len(runs)):6.1f} % of {len(runs):4} lines"
                  + (f", not {spans(missed)}" if missed else ""))
