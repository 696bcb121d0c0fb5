#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Put this repository's kernel files into a Linux 6.12 tree, and take them out again.

  overlay.py apply KDIR      files copied, files that they replace removed, patches applied
  overlay.py unapply KDIR    the tree as it was, byte for byte
  overlay.py patch KDIR OUT  the same change as one patch, against a pristine KDIR

What was there before is kept in KDIR/.virtio-overlay until unapply.  All that can be
checked is checked before the first write, and a failure half way is rolled back."""
import argparse, hashlib, json, os, re, shutil, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("drivers", "include", "Documentation", "samples")
# The core of the tree, which ours takes the place of.
REPLACED = ("drivers/virtio/virtio.c", "drivers/virtio/virtio_ring.c", "drivers/virtio/virtio_debug.c",
            *(f"drivers/virtio/virtio_pci_{part}" for part in ("common.c", "common.h", "modern.c", "modern_dev.c", "legacy.c",
                                                                "legacy_dev.c", "admin_legacy_io.c")))
KEPT = ".virtio-overlay"


class Refused(Exception):
    pass


def read(path):
    with open(path, "rb") as f:
        return f.read()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def overlay_files():
    out = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard", *ROOMS], capture_output=True, text=True)
    if out.returncode == 0 and out.stdout:
        return sorted(f for f in out.stdout.split("\n") if f and os.path.exists(os.path.join(TOP, f)))
    return sorted(os.path.relpath(os.path.join(d, f), TOP) for r in ROOMS for d, _, fs in os.walk(os.path.join(TOP, r)) for f in fs)


def patches():
    folder = os.path.join(TOP, "patches")
    return [os.path.join(folder, p) for p in sorted(os.listdir(folder)) if p.endswith(".patch")]


def patched_files():
    return sorted({m for p in patches() for m in re.findall(r"^\+\+\+ b/(\S+)", open(p).read(), re.M)})


def check_tree(kdir):
    makefile = os.path.join(kdir, "Makefile")
    if not os.path.isfile(makefile) or not os.path.isdir(os.path.join(kdir, "drivers")):
        raise Refused(f"{kdir}: found no Linux source, expected the top of a 6.12 tree: give its path as KDIR=")
    got = re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", open(makefile).read(), re.M)
    if got[:2] != ["6", "12"]:
        raise Refused(f"{kdir}: found Linux {'.'.join(got) or '(no version)'}, expected 6.12.y: use a tree of that version")
    for d in ("", "drivers/virtio", "include/linux"):
        if not os.access(os.path.join(kdir, d), os.W_OK):
            raise Refused(f"{os.path.join(kdir, d)}: not writable: use a tree of your own, or change its permissions")


def state_of(kdir):
    try:
        return json.loads(read(os.path.join(kdir, KEPT, "manifest")))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Refused(f"{kdir}/{KEPT}/manifest is damaged: restore the tree from its origin")


def save_state(kdir, state):
    path = os.path.join(kdir, KEPT, "manifest")
    with open(path + ".new", "w") as f:
        json.dump(state, f, indent=1, sort_keys=True)
    os.replace(path + ".new", path)


def wanted_content(source):
    """What the tree is to hold: path -> bytes, None for a file that goes.  source(path) gives the pristine bytes."""
    want = {f: read(os.path.join(TOP, f)) for f in overlay_files()}
    want.update({f: None for f in REPLACED})
    with tempfile.TemporaryDirectory() as tmp:
        for f in patched_files():
            data = source(f)
            if data is None:
                raise Refused(f"{f}: not in the tree, but a patch edits it: expected a complete 6.12 tree")
            os.makedirs(os.path.dirname(os.path.join(tmp, f)), exist_ok=True)
            with open(os.path.join(tmp, f), "wb") as out:
                out.write(data)
        for p in patches():
            r = subprocess.run(["patch", "-s", "-p1", "-N", "-d", tmp, "-i", p, "--no-backup-if-mismatch"], capture_output=True, text=True)
            if r.returncode:
                raise Refused(f"{os.path.basename(p)} does not apply: the tree has changes of its own in the way\n{r.stdout.strip()}")
        for f in patched_files():
            want[f] = read(os.path.join(tmp, f))
    return want


def put(path, data, mtime=None):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".overlay", "wb") as f:
        f.write(data)
    if os.path.exists(path):
        shutil.copymode(path, path + ".overlay")
    os.replace(path + ".overlay", path)
    if mtime is not None:
        os.utime(path, ns=(mtime, mtime))


def restore(kdir, files, state):
    for f in files:
        path, old = os.path.join(kdir, f), state["files"][f]
        if old["original"]:
            put(path, read(os.path.join(kdir, KEPT, "orig", f)), old["mtime"])
            os.chmod(path, old["mode"])
        elif os.path.exists(path):
            os.remove(path)
            folder = os.path.dirname(path)
            while folder != kdir and not os.listdir(folder):
                os.rmdir(folder)
                folder = os.path.dirname(folder)


def current(kdir, f):
    path = os.path.join(kdir, f)
    return read(path) if os.path.isfile(path) else None


def check_unchanged(kdir, state):
    for f, e in state["files"].items():
        data = current(kdir, f)
        if (digest(data) if data is not None else None) != e["ours"]:
            raise Refused(f"{f}: changed since the overlay was applied: save your change and restore the file, or carry it over to the overlay")


def check_pristine(kdir, want):
    missing = [f for f in REPLACED if current(kdir, f) is None]
    if missing:
        raise Refused(f"{missing[0]}: missing, but nothing says that the overlay was applied: expected a pristine tree")
    if os.path.isdir(os.path.join(kdir, ".git")):
        r = subprocess.run(["git", "-C", kdir, "status", "--porcelain", "--", *want], capture_output=True, text=True)
        if r.stdout.strip():
            raise Refused(f"the tree has local changes in the way: commit, stash or remove them\n{r.stdout.rstrip()}")


def note_originals(kdir, state, files):
    for f in files:
        path, data = os.path.join(kdir, f), current(kdir, f)
        entry = {"original": data is not None, "ours": digest(data) if data is not None else None}
        if data is not None:
            st = os.stat(path)
            entry.update(mtime=st.st_mtime_ns, mode=st.st_mode & 0o7777)
            keep = os.path.join(kdir, KEPT, "orig", f)
            os.makedirs(os.path.dirname(keep), exist_ok=True)
            with open(keep, "wb") as out:
                out.write(data)
        state["files"][f] = entry


def apply(kdir):
    check_tree(kdir)
    state = state_of(kdir)
    if state and state["state"] != "applied":
        raise Refused(f"{kdir}: an earlier run was interrupted: run unapply first")
    if state:
        check_unchanged(kdir, state)

    def source(f):
        if state and f in state["files"]:
            return read(os.path.join(kdir, KEPT, "orig", f)) if state["files"][f]["original"] else None
        return current(kdir, f)
    want = wanted_content(source)
    if not state:
        check_pristine(kdir, want)
        os.makedirs(os.path.join(kdir, KEPT))
        state = {"state": "applying", "files": {}}
    gone = [f for f in state["files"] if f not in want]
    new = [f for f in want if f not in state["files"]]
    state["state"] = "applying"
    written = 0
    try:
        note_originals(kdir, state, new)
        save_state(kdir, state)
        restore(kdir, gone, state)
        for f in gone:
            del state["files"][f]
        for f, data in want.items():
            if data == current(kdir, f):
                pass
            elif data is None:
                os.remove(os.path.join(kdir, f))
                written += 1
            else:
                put(os.path.join(kdir, f), data)
                written += 1
            state["files"][f]["ours"] = digest(data) if data is not None else None
        state["state"] = "applied"
        save_state(kdir, state)
    except OSError as e:
        restore(kdir, list(state["files"]), state)
        shutil.rmtree(os.path.join(kdir, KEPT), ignore_errors=True)
        raise Refused(f"{e}: the tree is as it was")
    print(f"applied to {kdir}: {len(want)} files, {written} of them written, {len(patches())} patches")


def unapply(kdir):
    check_tree(kdir)
    state = state_of(kdir)
    if not state:
        print(f"{kdir}: the overlay is not applied, nothing to do")
        return
    if state["state"] == "applied":
        check_unchanged(kdir, state)
    restore(kdir, list(state["files"]), state)
    shutil.rmtree(os.path.join(kdir, KEPT))
    print(f"restored {kdir}: {len(state['files'])} files")


def write_patch(kdir, out):
    """One patch in the way of git format-patch: git am and patch -p1 take it."""
    check_tree(kdir)
    state = state_of(kdir)

    def source(f):
        if state and f in state["files"]:
            return read(os.path.join(kdir, KEPT, "orig", f)) if state["files"][f]["original"] else None
        return current(kdir, f)
    want = wanted_content(source)
    with tempfile.TemporaryDirectory() as tmp:
        def git(*args):
            return subprocess.run(["git", "-C", tmp, "-c", "user.name=Virtio core", "-c", "user.email=virtio@localhost",
                                   "-c", "core.autocrlf=false", *args], check=True, capture_output=True).stdout
        git("init", "-q")
        for f in want:
            if source(f) is not None:
                put(os.path.join(tmp, f), source(f))
        git("add", "-fA")
        git("commit", "-qm", "pristine", "--allow-empty")
        for f, data in want.items():
            if data is not None:
                put(os.path.join(tmp, f), data)
            elif os.path.exists(os.path.join(tmp, f)):
                os.remove(os.path.join(tmp, f))
        git("add", "-fA")
        git("commit", "-qm", "virtio: replace the core\n\nThe bus, the configuration fields and the virtqueues, from the contract up.")
        data = git("format-patch", "-1", "--stdout", "--no-renames", "--full-index")
    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    with open(out, "wb") as f:
        f.write(data)
    print(f"wrote {out}: {len(want)} files")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("apply", "unapply", "patch"))
    parser.add_argument("kdir")
    parser.add_argument("out", nargs="?")
    args = parser.parse_args()
    kdir = os.path.abspath(args.kdir)
    try:
        if args.what == "patch":
            write_patch(kdir, args.out or os.path.join(TOP, "build", "virtio-core.patch"))
        else:
            {"apply": apply, "unapply": unapply}[args.what](kdir)
    except Refused as e:
        print(f"overlay: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
