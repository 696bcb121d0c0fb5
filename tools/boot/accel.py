# SPDX-License-Identifier: GPL-2.0
"""Which accelerator to boot with: KVM only where a guest has come up in it.

A /dev/kvm that opens proves nothing: there are machines where a kernel hangs in it."""
import os, subprocess
import machine

LIMIT = 20      # seconds for a guest that says a line and powers off


def choose(build):
    """(accelerator, what there is to say of it)"""
    if given := os.environ.get("ACCEL"):
        return given, "as ACCEL= says"
    refused = closed() or remembered(f"{build}/kvm", lambda: try_kvm(build))
    return ("tcg", f"kvm: {refused}") if refused else ("kvm", "a probe guest came up in it")


def remembered(path, find_out):
    """One verdict for each time that the machine was started."""
    boot = open("/proc/sys/kernel/random/boot_id").read().strip()
    if os.path.exists(path):
        when, _, verdict = open(path).read().partition(" ")
        if when == boot:
            return verdict
    verdict = find_out()
    with open(path, "w") as f:
        f.write(f"{boot} {verdict}")
    return verdict


def closed():
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
        return ""
    except OSError as e:
        return f"/dev/kvm: {e.strerror}"


def try_kvm(build):
    """Why KVM is of no use here; nothing if it is."""
    print(f"   trying kvm, for {LIMIT} s at most ...", flush=True)
    try:
        guest = subprocess.run(machine.bare(build, "kvm", ["rig.probe=1"]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"the probe guest did not come up within {LIMIT} s"
    if guest.returncode == 0 and "@up" in guest.stdout:
        return ""
    said = guest.stdout.strip().split("\n")[-1]
    return f"the probe guest did not come up: the machine ended with {guest.returncode}, and last said '{said}'"
