#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The tree's own programs under tools/virtio, built on our ring, and run; lsvirtio, which lists devices, and
launch, which makes them; the ring under ThreadSanitizer (tools/race).

vringh_test plays the device with the tree's vringh, which shares no code with the ring.
The other two ask a kernel to play it, and are skipped where it does not offer to.
--slow-range is left out: it is about the addresses of vringh's side, and takes a GiB."""
import argparse, itertools, os, shutil, signal, subprocess, sys, time

FEATURES = ("--indirect", "--eventidx", "--virtio-1")
# One side after the other; then both at once, with a device that parses chains and one that does not.
VRINGH = [[f for f in FEATURES if f in chosen] for n in range(4) for chosen in itertools.combinations(FEATURES, n)]
VRINGH += [["--parallel", *fast, *f] for fast in ([], ["--fast-vringh"]) for f in ([], ["--indirect"], ["--eventidx"], FEATURES)]
# program, options of each run, the device that it needs, who has that
RUNS = (
    ("vringh_test", VRINGH, None, None),
    ("virtio_test", ([], ["--no-event-idx"], ["--no-indirect"], ["--no-virtio-1"], ["--delayed-interrupt"], ["--batch=random"], ["--reset=1000"]),
     "/dev/vhost-test", "module of the tree's tools/virtio/vhost_test"),
    ("vhost_net_test", [["--buf-num=20000", *f] for f in ([], ["--no-event-idx"], ["--no-indirect"], ["--delayed-interrupt"])],
     "/dev/vhost-net", "module vhost_net"),
)
SANITIZERS = "-O1 -g -Werror -fno-omit-frame-pointer -fsanitize=address,undefined"
HUNG = 600      # seconds; a run takes some ten
TOOLS = os.path.dirname(os.path.abspath(__file__))


def shadow(source, build):
    """The programs are built where they lie: copy them, next to links to what they include."""
    shutil.rmtree(build, ignore_errors=True)
    for d in ("arch", "drivers", "include", "usr", "tools/include"):
        os.makedirs(os.path.dirname(f"{build}/{d}"), exist_ok=True)
        os.symlink(f"{source}/{d}", f"{build}/{d}")
    shutil.copytree(f"{source}/tools/virtio", f"{build}/tools/virtio", symlinks=True)
    return f"{build}/tools/virtio"


def run(cmd, cwd):
    """Whether it ended well, and what it said.  Its children go with it."""
    proc = subprocess.Popen(cmd, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    try:
        said = proc.communicate(timeout=HUNG)[0]
    except subprocess.TimeoutExpired:
        os.killpg(proc.pid, signal.SIGKILL)
        return False, proc.communicate()[0] + f"no end after {HUNG} s, expected one in some ten\n"
    return proc.returncode == 0, said + (f"died of signal {-proc.returncode}\n" if proc.returncode < 0 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    counts = {"ok": 0, "FAILED": 0, "skipped": 0}

    def report(status, name, said="", why=""):
        counts[status] += 1
        print(f"{status:6} {name}{why}", flush=True)
        if status == "FAILED":
            print("".join(f"  {l}\n" for l in said.split("\n")[-20:] if l), end="")

    def attempt(name, cmd, folder):
        start = time.time()
        good, said = run(cmd, folder)
        report("ok" if good else "FAILED", name, said, f" ({time.time() - start:.0f} s)")
        return good

    folder = shadow(os.path.abspath(args.source), os.path.abspath(args.build))
    if attempt("lsvirtio builds", ["make", "-s", "CFLAGS=-O2 -g -Werror", "install", f"DESTDIR={folder}/installed"], f"{folder}/lsvirtio"):
        attempt("lsvirtio on machines made of files",
                [f"{TOOLS}/test_lsvirtio.py", f"{folder}/installed/usr/local/sbin/lsvirtio", os.path.abspath(args.source)], folder)
    if attempt("launch builds", ["make", "-s", "CFLAGS=-O2 -g -Werror", "install", f"DESTDIR={folder}/installed"], f"{folder}/launch"):
        attempt("launch, under a guest made of Python", [f"{TOOLS}/test_launch.py", f"{folder}/installed/usr/local/bin/launch"], folder)
        attempt("network cards of launch, under guests made of Python", [f"{TOOLS}/test_launch_net.py", f"{folder}/installed/usr/local/bin/launch"], folder)
    checked = f"{folder}/launch/checked/"
    if attempt("launch builds with sanitizers", ["make", "-s", f"CFLAGS={SANITIZERS}", f"OUTPUT={checked}"], f"{folder}/launch"):
        attempt("launch with sanitizers, under a guest made of Python", [f"{TOOLS}/test_launch.py", f"{checked}launch"], folder)
    attempt("the ring under three threads, with ThreadSanitizer",
            [f"{TOOLS}/race/run.py", "--source", os.path.abspath(args.source), "--build", f"{folder}/race"], folder)
    built = attempt("tools/virtio builds", ["make", "-s", f"-j{os.cpu_count()}", "test"], folder)
    for program, runs, device, whose in RUNS if built else ():
        if device and not os.path.exists(device):
            report("skipped", program, why=f": no {device} ({whose})")
            continue
        if device and os.geteuid():
            report("skipped", program, why=f": not root, who may open {device}")
            continue
        for options in runs:
            attempt(" ".join([program, *options]), [f"./{program}", *options], folder)
    print(f"{counts['ok']} passed, {counts['FAILED']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
