#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_launch.py PROGRAM [NAME ...]: tests of the launcher under a guest made of Python, one that is honest and one that lies.

They are in launching/, and the guest is page_guest.py."""
import os, shutil, sys, tempfile, time, traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from launching.rig import TESTS, here
from launching import program, page, rings, disks, resets, consoles, control, lies


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    here.program = os.path.abspath(sys.argv[1])
    with open(here.program, "rb") as f:
        here.sanitized = b"__asan_init" in f.read()
    failed = passed = 0
    for function in TESTS:
        if sys.argv[2:] and function.__name__ not in sys.argv[2:]:
            continue
        here.folder = tempfile.mkdtemp(prefix="launch-test-")
        start = time.monotonic()
        try:
            function()
            passed += 1
            print(f"ok     {function.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}\n{traceback.format_exc()}", flush=True)
        shutil.rmtree(here.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
