#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""new_driver.py --source TREE NAME ID: begin a virtio driver that builds and passes its tests at once.

Writes samples/virtio/virtio_NAME.c and its KUnit suite, with the entries in Kconfig and Makefile, and a line in
Documentation/virtio.txt.  All of it is a copy of the skeleton that stands in the same places, under another name: what
is copied is built and tested with every make kunit.  ID is a number, or a name of <linux/virtio_ids.h> like CRYPTO.
Either all is written or nothing."""
import argparse, os, re, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER, BOOK = "samples/virtio", "Documentation/virtio.txt"
KCONFIG, MAKEFILE = f"{FOLDER}/Kconfig", f"{FOLDER}/Makefile"
LONGEST = 20        # of a name: lines stay on the screen
LARGEST = 0xffff    # of an ID
SOURCES = ("{}.c", "{}_test.c")


class Refused(Exception):
    pass


def read(name):
    with open(os.path.join(TOP, name)) as f:
        return f.read()


def renamed(text, name):
    return text.replace("skeleton", name).replace("SKELETON", name.upper())


def source(name, which):
    return f"{FOLDER}/virtio_{which.format(name)}"


# ---- what is checked before anything is written

def check_name(name):
    if not name:
        raise Refused("NAME= missing: expected the name of the driver, as in make new-driver NAME=foo ID=42")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Refused(f"NAME={name}: expected a C identifier in small letters: a letter, then letters, digits and _")
    if len(name) > LONGEST:
        raise Refused(f"NAME={name}: {len(name)} characters, expected at most {LONGEST}")


def given_id(tree, text):
    """As it is to stand in the source."""
    if not text:
        raise Refused("ID= missing: expected what the device calls itself, a number or a name of <linux/virtio_ids.h>")
    if re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", text):
        number = int(text, 0) if text[:2].lower() == "0x" else int(text)
        if not 0 < number <= LARGEST:
            raise Refused(f"ID={text}: expected a number from 1 to {LARGEST}")
        return hex(number) if text[:2].lower() == "0x" else str(number)
    with open(os.path.join(tree, "include/uapi/linux/virtio_ids.h")) as f:
        known = re.findall(r"^#define VIRTIO_ID_(\w+)", f.read(), re.M)
    name = text.upper().removeprefix("VIRTIO_ID_")
    if name not in known:
        raise Refused(f"ID={text}: expected a number, or one of {' '.join(known)}")
    return f"VIRTIO_ID_{name}"


def check_free(tree, name, new):
    """Files, the symbol, the module, the suite and what C will call things: all of them are new."""
    for f in new:
        if os.path.lexists(os.path.join(TOP, f)):
            raise Refused(f"{f} is there already: choose another NAME, or remove what was written for this one")
    if re.search(rf"^config SAMPLE_VIRTIO_{name.upper()}(_KUNIT_TEST)?$", read(KCONFIG), re.M):
        raise Refused(f"{KCONFIG} has SAMPLE_VIRTIO_{name.upper()} already: choose another NAME, or remove the entry")
    suite = found(TOP, ("drivers", FOLDER), rf'\.name = "virtio-{name}"', "*.c")
    if suite:
        raise Refused(f"{suite} has a suite virtio-{name} already: choose another NAME")
    module = found(tree, ("drivers", "net", "sound", "fs", "crypto", "samples"), rf"\bvirtio[-_]{name.replace('_', '[-_]')}\.o\b", "Makefile*")
    if module:
        raise Refused(f"{module} has a module virtio_{name} already: choose another NAME")
    words = sorted({w for s in SOURCES for w in re.findall(r"\bskeleton_\w+", read(source("skeleton", s)))})
    header = found(tree, ("include/linux", "include/uapi", "include/kunit"), rf"\b({'|'.join(renamed(w, name) for w in words)})\b", "*.h")
    if header:
        raise Refused(f"{header} uses a name that begins with {name}_ as the driver's would: choose another NAME")


def found(top, folders, pattern, files):
    """A file below the folders with such a line, if there is one."""
    there = [d for d in folders if os.path.isdir(os.path.join(top, d))]
    said = subprocess.run(["grep", "-rlP", f"--include={files}", pattern, *there], cwd=top, capture_output=True, text=True).stdout
    return said.split("\n")[0]


# ---- what is written

def entries(text):
    """Those of the skeleton in Kconfig: each goes up to the next one."""
    return "".join(re.findall(r"^config SAMPLE_VIRTIO_SKELETON(?:_KUNIT_TEST)?\n.*?(?=^config |\Z)", text, re.M | re.S)).strip("\n")


def lines(text):
    return "".join(l for l in text.splitlines(True) if re.search(r"\(CONFIG_SAMPLE_VIRTIO_SKELETON(_KUNIT_TEST)?\)", l))


def with_line_after(text, pattern, line):
    """The line behind the last one of the list that has the pattern."""
    last = [m.end() for m in re.finditer(pattern, text, re.M)][-1]
    return text[:last] + line + text[last:]


def written(name, number):
    """All files that change: path -> text."""
    files = {source(name, s): renamed(re.sub(r"(#define SKELETON_ID\t).*", rf"\g<1>{number}", read(source("skeleton", s))), name)
             for s in SOURCES}
    kconfig, makefile, book = read(KCONFIG), read(MAKEFILE), read(BOOK)
    files[KCONFIG] = f"{kconfig}\n{renamed(entries(kconfig), name)}\n"
    files[MAKEFILE] = makefile + renamed(lines(makefile), name)
    files[BOOK] = with_line_after(book, r"^  virtio_skeleton +\S.*\n(?:  virtio_\w+ +\S.*\n)*", f"  {'virtio_' + name:<28}a request and its answer; device {number}\n")
    return files


def put(files):
    """All of them, or none: whatever needs room is written beside its place first."""
    before = {f: read(f) if os.path.exists(os.path.join(TOP, f)) else None for f in files}
    staged, placed = [], []
    try:
        for f, text in files.items():
            with open(os.path.join(TOP, f + ".new"), "x") as out:
                staged.append(f)
                out.write(text)
        while staged:
            os.replace(os.path.join(TOP, staged[0] + ".new"), os.path.join(TOP, staged[0]))
            placed.append(staged.pop(0))
    except OSError as e:
        undo(staged, {f: before[f] for f in placed})
        raise Refused(f"{e}: nothing was written")


def undo(staged, before):
    for f in staged:
        os.remove(os.path.join(TOP, f + ".new"))
    for f, text in before.items():
        if text is None:
            os.remove(os.path.join(TOP, f))
        else:
            with open(os.path.join(TOP, f), "w") as out:
                out.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="Linux tree that the overlay is for")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("id", nargs="?", default="")
    args = parser.parse_args()
    try:
        check_name(args.name)
        files = written(args.name, given_id(args.source, args.id))
        check_free(args.source, args.name, [source(args.name, s) for s in SOURCES])
        put(files)
    except Refused as e:
        print(f"new-driver: {e}", file=sys.stderr)
        return 1
    print("\n".join(f"wrote {f}" for f in files))
    print(f"now: make kunit FILTER='-{args.name}*'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
