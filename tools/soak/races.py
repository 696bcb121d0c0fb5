# SPDX-License-Identifier: GPL-2.0
"""What KCSAN reports: races in our files, and those elsewhere in the tree."""
import collections, glob, os, re, subprocess

REPORT = re.compile(r"BUG: KCSAN: data-race in (.+)")
# Of the tree, though in the same folder.
THEIRS = ("virtio_balloon.o", "virtio_input.o", "virtio_mem.o", "virtio_dma_buf.o")


def functions(build):
    """Those of our objects, by name."""
    objects = [o for o in glob.glob(f"{build}/drivers/virtio/**/*.o", recursive=True) if os.path.basename(o) not in THEIRS]
    said = subprocess.run(["nm", "--defined-only", *objects], capture_output=True, text=True, check=True).stdout
    return {plain(name) for name in re.findall(r"^[0-9a-f]+ [tT] (\S+)$", said, re.M)}


def plain(name):
    """Without what the compiler adds to it, like .isra.0"""
    return name.strip().split(".")[0]


class Races:
    def __init__(self, build):
        self.ours, self.elsewhere = functions(build), collections.Counter()

    def reported(self, line):
        """The functions of a report, none if the line begins no report."""
        report = REPORT.search(line)
        return [plain(name) for name in report[1].split("/")] if report else []

    def is_ours(self, names):
        """Whether one of them lies in our files; the others are counted."""
        if self.ours.isdisjoint(names):
            self.elsewhere[" / ".join(names)] += 1
        return not self.ours.isdisjoint(names)
