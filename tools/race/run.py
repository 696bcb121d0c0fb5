#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The sources of the ring under ThreadSanitizer: a driver, a device and an interrupt, a thread each (race.c).

Both formats, with and without event index, for a driver of the contract and two of the 6.12 functions."""
import argparse, concurrent.futures, glob, os, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = "clang-14"
FLAGS = ("-g -O1 -std=gnu11 -Wall -Werror -D_GNU_SOURCE -fsanitize=thread -Wno-pointer-sign -fno-strict-overflow -fno-strict-aliasing "
         "-I{here}/include -I{tree}/tools/virtio -I{tree}/tools/include -I{tree}/drivers/virtio -idirafter {tree}/include "
         "-include {tree}/include/linux/kconfig.h")
KINDS = 12      # of queues and drivers


def run(cmd, limit=None):
    """What a command printed, or the end of this program."""
    try:
        r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=limit)
    except subprocess.TimeoutExpired as e:
        sys.exit(f"FAILED race: no end after {limit:.0f} s\n{(e.stdout or b'').decode(errors='replace')[-2000:]}\n0 passed, 1 failed")
    if r.returncode:
        sys.exit(f"FAILED race: {' '.join(cmd[:2])} ... ended with {r.returncode}\n{r.stdout[-6000:]}\n0 passed, 1 failed")
    return r.stdout


def build(tree, out):
    os.makedirs(out, exist_ok=True)
    sources = sorted(f for f in glob.glob(f"{tree}/drivers/virtio/ring/*.c") if not f.endswith(".mod.c")) + sorted(glob.glob(f"{HERE}/*.c"))
    objects = [f"{out}/{os.path.basename(f)[:-2]}.o" for f in sources]
    compiler = (["ccache"] if shutil.which("ccache") else []) + [COMPILER, *FLAGS.format(here=HERE, tree=tree).split()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda f, o: run([*compiler, "-c", f, "-o", o]), sources, objects))
    run([COMPILER, "-fsanitize=thread", *objects, "-lpthread", "-o", f"{out}/race"])
    return f"{out}/race"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--time", type=float, default=12, help="seconds, for all kinds of queues together")
    args = parser.parse_args()
    if not shutil.which(COMPILER):
        print(f"skipped race: no {COMPILER}\n0 passed, 0 failed, 1 skipped")
        return 0
    program = build(os.path.abspath(args.source), os.path.abspath(args.build))
    said = run([program, f"{args.time / KINDS}"], limit=10 * args.time + 120)
    lines = [l for l in said.split("\n") if l]
    print("".join(f"ok     {l}\n" for l in lines) + f"{len(lines)} passed, 0 failed")
    return 0 if len(lines) == KINDS else 1


if __name__ == "__main__":
    sys.exit(main())
