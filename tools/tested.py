# SPDX-License-Identifier: GPL-2.0
"""Run the unit tests of the program that imports this, and count them as test.py wants it."""
import io, sys, unittest


def run():
    """What failed is said, what was skipped as well; returns the exit status."""
    log = io.StringIO()
    result = unittest.TextTestRunner(stream=log).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    for _, why in result.skipped:
        print(f"skipped: {why}")
    if bad:
        print(log.getvalue())
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed{skipped}")
    return 1 if bad else 0
