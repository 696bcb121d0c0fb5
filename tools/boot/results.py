# SPDX-License-Identifier: GPL-2.0
"""What passed, failed or was skipped, said as it comes."""
import textwrap, time
from kernel import Failed


class Results:
    def __init__(self):
        self.start, self.passed, self.failed, self.skipped = time.time(), 0, 0, 0

    def say(self, good, text):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        self.show("ok" if good else "FAILED", text)

    def skip(self, text):
        self.skipped += 1
        self.show("skipped", text)

    def show(self, verdict, text):
        text = f"   {verdict:6} {text} ({time.time() - self.start:.1f} s)"
        for line in text.split("\n"):
            print(textwrap.fill(line, 110, subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False), flush=True)

    def add(self, other):
        self.passed, self.failed, self.skipped = self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def verdict(name, run):
    """The exit status of a rig: what run() gives to a total, also if that is that it could not."""
    total = Results()
    try:
        run(total)
    except Failed as e:
        print(f"\n{name}: {e}")
        total.failed += 1
    print(total)
    return 1 if total.failed else 0
