# SPDX-License-Identifier: GPL-2.0
"""How two processes that share memory wait for each other, for page_guest.py."""
import threading, time

LIMIT = 20      # seconds; anything that is waited for takes some milliseconds
barrier_lock = threading.Lock()


def barrier():
    """Full: an atomic operation is one on all machines that this runs on."""
    with barrier_lock:
        pass


def until(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.0005)
    return result
