#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Put this repository's kernel files into a Linux tree, and take them out again.

  overlay.py apply KDIR              files copied, files that they replace removed, patches applied
  overlay.py unapply [--force] KDIR  the tree as it was, byte for byte
  overlay.py patch KDIR OUT          the same change as one patch, against a pristine KDIR

The tree is of one of the versions under bases/.  What is for one version alone lies in
its folder there: patches, and files, which go before ours of the same name.
What was there before is kept in KDIR/.virtio-overlay until unapply.  All that can be
checked is checked before the first write, and a failure half way is rolled back."""
import argparse, hashlib, json, os, re, shutil, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("arch", "drivers", "include", "Documentation", "samples", "tools/virtio")
# Ours under a name that the tree has too.  Whatever else is ours must not be there yet.
SHARED = ("include/uapi/linux/virtio_config.h",
          *(f"include/linux/virtio{part}.h" for part in ("", "_config", "_pci_admin", "_pci_legacy", "_pci_modern", "_ring")))
# The core of the tree, which ours takes the place of.
REPLACED = ("drivers/virtio/virtio.c", "drivers/virtio/virtio_ring.c", "drivers/virtio/virtio_debug.c", "drivers/virtio/virtio_mmio.c",
            "drivers/virtio/virtio_vdpa.c",
            *(f"drivers/virtio/virtio_pci_{part}" for part in ("common.c", "common.h", "modern.c", "modern_dev.c", "legacy.c",
                                                                "legacy_dev.c", "admin_legacy_io.c")))
BASES = os.path.join(TOP, "bases")
KEPT = ".virtio-overlay"
PART = KEPT + ".part"       # a store that is being made or removed: worth nothing
LITTER = re.compile(r"(^\.|~$|\.(o|ko|mod|cmd|pyc|orig|rej)$)")


class Refused(Exception):
    pass


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def digest(data):
    return None if data is None else hashlib.sha256(data).hexdigest()


def run(*cmd):
    try:
        return subprocess.run(cmd, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise Refused(f"{cmd[0]}: not installed: make deps sees to it")


def listed(files):
    return "".join(f"\n  {f}" for f in sorted(files))


def files_below(top, rooms):
    """As git has it where this is a clone, so that new files count and what it ignores does not."""
    files = []
    if os.path.exists(os.path.join(TOP, ".git")) and shutil.which("git"):
        files = run("git", "-C", top, "ls-files", "-zco", "--exclude-standard", *rooms).stdout.split("\0")
    if not any(files):
        files = [os.path.relpath(os.path.join(d, f), top) for r in rooms for d, _, fs in os.walk(os.path.join(top, r)) for f in fs]
    return sorted(f for f in files if f and not LITTER.search(os.path.basename(f)) and os.path.exists(os.path.join(top, f)))


def overlay_files():
    """All of ours that go into a tree of any version."""
    return files_below(TOP, ROOMS)


class Base:
    """A version of Linux, and what goes into its trees."""

    def __init__(self, name):
        self.name, self.folder = name, os.path.join(BASES, name)

    def files(self):
        """Path in the tree -> path here."""
        own = [f for f in files_below(self.folder, (".",)) if f.startswith(tuple(r + "/" for r in ROOMS))]
        return {**{f: os.path.join(TOP, f) for f in overlay_files()}, **{f: os.path.join(self.folder, f) for f in own}}

    def patches(self):
        folder = os.path.join(self.folder, "patches")
        return [os.path.join(folder, p) for p in sorted(os.listdir(folder)) if p.endswith(".patch")]

    def patched_files(self):
        return sorted({m for p in self.patches() for m in re.findall(r"^\+\+\+ b/(\S+)", read(p).decode(), re.M)})

    def added_files(self):
        """Those of them that a patch brings into being."""
        return sorted({m for p in self.patches() for m in re.findall(r"^--- /dev/null\n\+\+\+ b/(\S+)", read(p).decode(), re.M)})


def known_bases():
    return sorted((d for d in os.listdir(BASES) if os.path.isdir(os.path.join(BASES, d, "patches"))), key=lambda d: [int(n) for n in d.split(".")])


def current(kdir, f):
    path = os.path.join(kdir, f)
    return read(path) if os.path.isfile(path) else None


# ---- what is checked before anything is written

def check_tree(kdir):
    """Returns the base that it is of."""
    makefile = os.path.join(kdir, "Makefile")
    known = " or ".join(f"{name}.y" for name in known_bases())
    if not os.path.isfile(makefile) or not os.path.isdir(os.path.join(kdir, "drivers")):
        raise Refused(f"{kdir}: found no Linux source, expected the top of a tree of {known}: give its path as KDIR=")
    got = re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", read(makefile).decode(errors="replace"), re.M)
    if ".".join(got[:2]) not in known_bases():
        raise Refused(f"{kdir}: found Linux {'.'.join(got) or '(no version)'}, expected {known}: use a tree of such a version")
    for d in ("", "drivers/virtio", "include/linux"):
        if not os.access(os.path.join(kdir, d), os.W_OK):
            raise Refused(f"{os.path.join(kdir, d)}: not writable: use a tree of your own, or change its permissions")
    return Base(".".join(got[:2]))


def check_names(kdir, base, state, names):
    """A file under a name that only we use, and that we did not put there, is somebody's work."""
    added = {*base.added_files()}
    known = {*SHARED, *REPLACED, *base.patched_files()} - added | {*state["files"]}
    taken = [f for f in {*names, *added} - known if os.path.lexists(os.path.join(kdir, f))]
    if taken:
        raise Refused("found files where the overlay has its own, and nothing says that it put them there: move them away, "
                      f"or if the overlay went in as a patch, reverse that{listed(taken)}")


def check_pristine(kdir, base):
    missing = [f for f in REPLACED if current(kdir, f) is None]
    if missing:
        raise Refused(f"found no sign that the overlay is applied, expected a pristine tree: restore what is missing{listed(missing)}")
    if not os.path.lexists(os.path.join(kdir, ".git")):
        return
    r = run("git", "-C", kdir, "status", "--porcelain", "--", *base.files(), *REPLACED, *base.patched_files())
    if r.returncode:
        raise Refused(f"{kdir}: git status, which would tell local changes, failed: set that right first\n{r.stderr.strip()}")
    if r.stdout.strip():
        raise Refused(f"the tree has local changes in the way: commit, stash or remove them\n{r.stdout.rstrip()}")


def edited(kdir, state):
    """Files that hold neither what we put there nor, after a run that was cut off, what was there before or is next."""
    found = []
    for f, entry in state["files"].items():
        known = [entry["ours"]]
        if state["state"] != "applied":
            known += [None, state.get("next", {}).get(f), digest(original(kdir, state, f))]
        if digest(current(kdir, f)) not in known:
            found.append(f)
    return found


# ---- the store

def state_of(kdir):
    """The manifest, None if the overlay is not applied."""
    store = os.path.join(kdir, KEPT)
    if not os.path.lexists(store):
        return None
    try:
        state = json.loads(read(os.path.join(store, "manifest")))
        if state["state"] not in ("applied", "applying") or not all(e["original"] in (True, False) and "ours" in e for e in state["files"].values()):
            raise ValueError
    except OSError as e:
        raise Refused(f"{store}: found no manifest that can be read, expected one ({e.strerror}): if drivers/virtio/virtio.c is in the tree, "
                      "remove the folder; else put back what lies under its orig/, or restore the tree from its origin")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{store}/manifest is damaged: put back what lies under {store}/orig, or restore the tree from its origin")
    return state


def save_state(kdir, state, store=KEPT):
    path = os.path.join(kdir, store, "manifest")
    write(path + ".new", json.dumps(state, indent=1, sort_keys=True).encode())
    os.replace(path + ".new", path)


def original(kdir, state, f):
    """The bytes of before, None if there was no such file."""
    entry = state["files"].get(f) if state else None
    if not entry:
        return current(kdir, f)
    if not entry["original"]:
        return None
    data = current(kdir, os.path.join(KEPT, "orig", f))
    if data is None or digest(data) != entry.get("kept", digest(data)):
        raise Refused(f"{kdir}/{KEPT}/orig/{f}: {'missing' if data is None else 'damaged'}: restore the tree from its origin")
    return data


def keep(kdir, store, f):
    """Put the tree's file into the store; returns its line of the manifest."""
    data = current(kdir, f)
    if data is None:
        return {"original": False, "ours": None}
    write(os.path.join(kdir, store, "orig", f), data)
    return {"original": True, "ours": digest(data), "kept": digest(data), "mode": os.stat(os.path.join(kdir, f)).st_mode & 0o7777}


def drop_store(kdir):
    """The store is there or it is not: it goes by one rename."""
    os.replace(os.path.join(kdir, KEPT), os.path.join(kdir, PART))
    shutil.rmtree(os.path.join(kdir, PART), ignore_errors=True)


# ---- the change

def wanted_content(base, source):
    """What the tree is to hold: path -> bytes, None for a file that goes.  source(path) gives the pristine bytes."""
    want = {f: read(path) for f, path in base.files().items()}
    want.update({f: None for f in REPLACED})
    patched, added = base.patched_files(), base.added_files()
    with tempfile.TemporaryDirectory() as tmp:
        for f in patched:
            data = source(f)
            if data is not None:
                write(os.path.join(tmp, f), data)
            elif f not in added:
                raise Refused(f"{f}: not in the tree, but a patch edits it: expected a complete {base.name} tree")
        for p in base.patches():
            r = run("patch", "-s", "-p1", "-N", "-d", tmp, "-i", p, "--no-backup-if-mismatch")
            if r.returncode:
                raise Refused(f"{os.path.relpath(p, TOP)} does not apply: the tree has changes of its own in the way\n{r.stdout.strip()}")
        for f in patched:
            want[f] = read(os.path.join(tmp, f))
    return want


class Change:
    """From what the tree holds to target (path -> bytes or None), or not at all.

    Whatever needs room is written to the store first.  What is left are renames, and they are
    undone by renames: that works on a full disk too."""

    def __init__(self, kdir, target):
        self.kdir, self.done = kdir, []
        self.target = {f: data for f, data in target.items() if current(kdir, f) != data}

    def path(self, *parts):
        return os.path.join(self.kdir, KEPT, *parts)

    def stage(self, modes):
        self.clean()
        for f, data in self.target.items():
            if data is None:
                continue
            there, staged = os.path.join(self.kdir, f), self.path("next", f)
            write(staged, data)
            if f in modes:
                os.chmod(staged, modes[f])
            elif os.path.exists(there):
                shutil.copymode(there, staged)

    def commit(self):
        for f, data in self.target.items():
            there = os.path.join(self.kdir, f)
            self.done.append(f)
            if os.path.lexists(there):
                os.makedirs(os.path.dirname(self.path("prev", f)), exist_ok=True)
                os.replace(there, self.path("prev", f))
            if data is not None:
                os.makedirs(os.path.dirname(there), exist_ok=True)
                os.replace(self.path("next", f), there)
        self.prune()

    def undo(self):
        for f in reversed(self.done):
            there, before = os.path.join(self.kdir, f), self.path("prev", f)
            if os.path.lexists(before):
                os.makedirs(os.path.dirname(there), exist_ok=True)
                os.replace(before, there)
            elif self.target[f] is not None and not os.path.lexists(self.path("next", f)):
                os.remove(there)
        self.prune()
        self.clean()

    def prune(self):
        """Folders that nothing is left in go."""
        for f in self.target:
            folder = os.path.dirname(os.path.join(self.kdir, f))
            while folder != self.kdir and not (os.path.isdir(folder) and os.listdir(folder)):
                if os.path.isdir(folder):
                    os.rmdir(folder)
                folder = os.path.dirname(folder)

    def clean(self):
        for sub in ("next", "prev"):
            shutil.rmtree(self.path(sub), ignore_errors=True)


def carry_out(kdir, state, target, modes, finish):
    """Bring the tree to target, then finish() the store; on failure both are as they were.  Returns how many files changed."""
    change = Change(kdir, target)
    try:
        save_state(kdir, {**state, "state": "applying", "next": {f: digest(data) for f, data in target.items()}})
        change.stage(modes)
        change.commit()
        finish()
        change.clean()
    except BaseException as e:
        try:
            change.undo()
            save_state(kdir, state)
        except OSError as again:
            raise Refused(f"{e}, and then, while undoing it, {again}: set that right and run unapply, which restores the tree")
        if isinstance(e, OSError):
            raise Refused(f"{e}: the tree is as it was")
        raise
    return len(change.target)


def begin(kdir, files):
    """A store with the originals of files: there is all of it, or none."""
    part = os.path.join(kdir, PART)
    shutil.rmtree(part, ignore_errors=True)
    try:
        state = {"state": "applied", "files": {f: keep(kdir, PART, f) for f in files}}
        save_state(kdir, state, PART)
        os.replace(part, os.path.join(kdir, KEPT))
    except OSError as e:
        shutil.rmtree(part, ignore_errors=True)
        raise Refused(f"{e}: the tree is as it was")
    return state


def refuse_edits(kdir, state, way_out):
    found = edited(kdir, state)
    if found:
        raise Refused(f"these files were changed since the overlay was applied: save your changes{way_out}{listed(found)}")


def apply(kdir):
    base = check_tree(kdir)
    state = state_of(kdir)
    if state and state["state"] != "applied":
        raise Refused(f"{kdir}: an earlier run was interrupted: run unapply first")
    if state:
        refuse_edits(kdir, state, " or carry them over to the overlay, then unapply FORCE=1 and apply")
    else:
        check_names(kdir, base, {"files": {}}, base.files())
        check_pristine(kdir, base)
    want = wanted_content(base, lambda f: original(kdir, state, f))
    if state:
        check_names(kdir, base, state, want)
    first = not state
    state = state or begin(kdir, want)
    try:
        written = change_to(kdir, state, want)
    except BaseException:
        # An interrupted state is what unapply restores the tree from.
        if first and state_of(kdir)["state"] == "applied":
            drop_store(kdir)
        raise
    print(f"applied to {kdir}: {len(want)} files, {written} of them written, {len(base.patches())} patches")
    if first and not os.path.lexists(os.path.join(kdir, ".git")):
        print(f"no git there to tell local changes: the {sum(e['original'] for e in state['files'].values())} files replaced or edited "
              f"are kept as they were in {KEPT}/orig until unapply")


def change_to(kdir, state, want):
    """Carry out want, and give back what it no longer has."""
    try:
        files = {f: state["files"].get(f) or keep(kdir, KEPT, f) for f in want}
    except OSError as e:
        raise Refused(f"{e}: the tree is as it was")
    gone = [f for f in state["files"] if f not in want]
    after = {"state": "applied", "files": {f: {**e, "ours": digest(want[f])} for f, e in files.items()}}
    before = {**state, "files": {**state["files"], **files}}
    return carry_out(kdir, before, {**want, **{f: original(kdir, state, f) for f in gone}},
                     {f: state["files"][f]["mode"] for f in gone if state["files"][f]["original"]}, lambda: save_state(kdir, after))


def unapply(kdir, force=False):
    check_tree(kdir)
    state = state_of(kdir)
    if not state:
        print(f"{kdir}: the overlay is not applied, nothing to do")
        return
    files = state["files"]
    if not force:
        refuse_edits(kdir, state, ", then unapply with FORCE=1, which gives them up")
    given_up = edited(kdir, state)
    carry_out(kdir, state, {f: original(kdir, state, f) for f in files}, {f: e["mode"] for f, e in files.items() if e["original"]},
              lambda: drop_store(kdir))
    print(f"restored {kdir}: {len(files)} files")
    if given_up:
        print(f"changes given up in{listed(given_up)}")


def write_patch(kdir, out):
    """One patch in the way of git format-patch: git am and patch -p1 take it."""
    base = check_tree(kdir)
    state = state_of(kdir)

    def source(f):
        return original(kdir, state, f)
    if not state:
        check_names(kdir, base, {"files": {}}, base.files())
    want = wanted_content(base, source)
    with tempfile.TemporaryDirectory() as tmp:
        def git(*args):
            return subprocess.run(["git", "-C", tmp, "-c", "user.name=Virtio core", "-c", "user.email=virtio@localhost",
                                   "-c", "core.autocrlf=false", *args], check=True, capture_output=True).stdout
        git("init", "-q")
        for f in want:
            if source(f) is not None:
                write(os.path.join(tmp, f), source(f))
        git("add", "-fA")
        git("commit", "-qm", "pristine", "--allow-empty")
        for f, data in want.items():
            if data is not None:
                write(os.path.join(tmp, f), data)
            elif os.path.exists(os.path.join(tmp, f)):
                os.remove(os.path.join(tmp, f))
        git("add", "-fA")
        git("commit", "-qm", "virtio: replace the core\n\nThe bus, the configuration fields and the virtqueues, from the contract up.")
        data = git("format-patch", "-1", "--stdout", "--no-renames", "--full-index")
    write(os.path.abspath(out), data)
    print(f"wrote {out}: {len(want)} files")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("apply", "unapply", "patch"))
    parser.add_argument("kdir")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--force", action="store_true", help="unapply: give up changes made to the overlay's files in KDIR")
    args = parser.parse_args()
    kdir = os.path.abspath(args.kdir)
    try:
        if args.what == "patch":
            write_patch(kdir, args.out or os.path.join(TOP, "build", "virtio-core.patch"))
        elif args.what == "apply":
            apply(kdir)
        else:
            unapply(kdir, args.force)
    except Refused as e:
        print(f"overlay: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
