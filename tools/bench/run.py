#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What virtio costs a guest: a pristine 6.12 tree against ours.

The same sources are built against both trees and run in one go.  Prints a section for each
part; --write FILE also keeps them, as the document that it is."""
import argparse, os, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import endtoend, interrupts, memory, probe, process, ring, trace
from kernel import Failed, check_pristine
from machines import Trees

PARTS = {"ring": ring.instructions, "native": ring.native, "check": endtoend.check, "disk": endtoend.disk, "net": endtoend.net,
         "memory": memory.memory, "trace": trace.breakdown, "watch": ring.watched, "process": process.processes,
         "interrupts": interrupts.interrupts, "probe": probe.probes}
INTRODUCTION = """Cost of virtio in a guest, a pristine Linux 6.12 ("theirs") against this core ("ours").

Made by "make bench WRITE=" this file; not to be edited by hand.  The same benchmark sources are built
against both trees and run in one go.  A ratio below 1 is what is saved.  ONLY= renews single sections:
each is of one run, but two may be of different ones."""
BETWEEN = "\n\n\n"


def write(path, made):
    """What was made, and for the rest what the document has of it; so too of its introduction, which may say what is old."""
    introduction, kept = INTRODUCTION, {}
    if os.path.exists(path):
        introduction, *old = open(path).read().rstrip("\n").split(BETWEEN)
        # One that has been added since comes last.
        kept = dict(zip(PARTS, old))
    kept.update(made)
    with open(path, "w") as f:
        f.write(BETWEEN.join([introduction, *(kept[name] for name in PARTS if name in kept)]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", required=True, help="a 6.12 tree without our core")
    parser.add_argument("--source", required=True, help="the same with it")
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="these parts")
    parser.add_argument("--runs", type=int, default=7, help="native runs of each")
    parser.add_argument("--system-runs", type=int, default=3, help="runs of each for the disk and for the network")
    parser.add_argument("--write", help="a file that the sections go to")
    args = parser.parse_args()
    trees, sections, start = Trees(args.pristine, args.source, args.build), {}, time.time()
    try:
        check_pristine(args.pristine)
        for name in args.only:
            sections[name] = "\n".join(PARTS[name](trees, args))
            print(f"\n{sections[name]}\n", flush=True)
    except Failed as e:
        sys.exit(f"bench: {e}")
    print(f"{len(sections)} parts in {time.time() - start:.0f} s")
    if args.write:
        write(args.write, sections)


if __name__ == "__main__":
    main()
