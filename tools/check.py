#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sparse, W=1, checkpatch and kernel-doc over our files, and the examples of the book: not one line of complaint."""
import argparse, os, re, shutil, subprocess, sys, time

TOOLS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(TOOLS)
sys.path.insert(0, TOOLS)
import examples, mutate, overlay
from fuzz import mutants, targets
from kernel import Failed, Kernel

# What a tree without the overlay has no options for; of the samples, whatever there are.
OURS = """CONFIG_KUNIT=m
CONFIG_SAMPLES=y
CONFIG_VIRTIO_KUNIT_TEST=m
""" + "".join(f"CONFIG_{s}=m\n" for s in re.findall(r"^config (\w+)$", open(f"{TOP}/samples/virtio/Kconfig").read(), re.M))
# The drivers of the tree that must compile without a warning.
USERS = ("drivers/block/virtio_blk.o", "drivers/net/virtio_net.o", "drivers/char/virtio_console.o", "drivers/char/hw_random/virtio-rng.o",
         "drivers/virtio/virtio_balloon.o", "drivers/virtio/virtio_input.o", "drivers/scsi/virtio_scsi.o",
         "net/9p/trans_virtio.o", "net/vmw_vsock/virtio_transport.o")
# What checkpatch can't know of an overlay, or is no rule of ours:
IGNORED = {
    "FILE_PATH_CHANGES": "MAINTAINERS is edited by a patch",
    "LONG_LINE_STRING": "a message is not to be cut",
    "MACRO_ARG_REUSE": "the config accessors name a type and a member, which have no effects",
    "MACRO_ARG_UNUSED": "what is compiled out has arguments all the same",
    "MACRO_ARG_PRECEDENCE": "the same: a type can't be put in parentheses",
    "COMPLEX_MACRO": "rows of tables and members of operations",
    "MACRO_WITH_FLOW_CONTROL": "the same",
    "UNNECESSARY_PARENTHESES": "kept where they help to read",
    "ALLOC_WITH_SIZEOF": "the oldest base has no kzalloc_obj()",
    "CONFIG_DESCRIPTION": "an entry of the tree's own Kconfig",
}


def run(cmd, **kw):
    return subprocess.run(cmd, capture_output=True, text=True, errors="replace", **kw)


def ours(suffixes):
    """Also what is for one version alone."""
    files = {os.path.relpath(path, TOP) for name in overlay.known_bases() for path in overlay.Base(name).files().values()}
    return sorted(f for f in files if f.endswith(suffixes))


def make(kernel, *goals):
    return run(kernel.command("-k", *goals))


def complaints(result, mine):
    """Lines of a build that are about our files, or about anything if it failed."""
    lines = [l for l in (result.stdout + result.stderr).split("\n") if l.strip()]
    return lines if result.returncode else [l for l in lines if any(m in l for m in mine)]


def build_and_sparse(args):
    # Everything of ours once more: what is up to date would say nothing.
    for d in ("drivers/virtio", "samples/virtio"):
        for folder, _, files in os.walk(os.path.join(args.build, d)):
            for f in files:
                if f.endswith(".o"):
                    os.remove(os.path.join(folder, f))
    r = make(args.kernel, "W=1", "C=2", "CF=-D__CHECK_ENDIAN__", "drivers/virtio/", "samples/virtio/")
    return complaints(r, [os.path.basename(f) for f in ours((".c", ".h"))])


def users(kernel):
    for u in USERS:
        if os.path.exists(os.path.join(kernel.build, u)):
            os.remove(os.path.join(kernel.build, u))
    return complaints(make(kernel, *USERS), ["warning", "error"])


def users_built_in(args):
    """In a folder of its own, which costs once what changing the options here and back would cost each time."""
    kernel = Kernel(args.source, f"{args.build}/built-in")
    options = open(f"{TOOLS}/check.config").read().replace("=m\n", "=y\n")
    kernel.configure(options.replace("CONFIG_OCTEONEP_VDPA=y", "CONFIG_OCTEONEP_VDPA=m"))     # "depends on m"
    return users(kernel)


def checkpatch(args):
    r = run([os.path.join(args.source, "scripts/checkpatch.pl"), "--strict", "--terse", "--no-summary", "--show-types", "--no-tree", "--max-line-length=100",
             "--ignore", ",".join(IGNORED), "-f", *ours((".c", ".h"))], cwd=TOP)
    return [l for l in r.stdout.split("\n") if l.strip() and not is_association(l) and not is_event(l) and not is_of_user_space(l)]


def is_event(complaint):
    """A tracepoint is a table with a line for each member, and its path no division."""
    return complaint.startswith("drivers/virtio/watch/trace.h:") and re.search(r"CHECK:(PARENTHESIS_ALIGNMENT|OPEN_ENDED_LINE|SPACING):", complaint)


def is_of_user_space(complaint):
    """Names of the C library and of libslirp, and the one place where the kernel's names of attributes come from."""
    return complaint.startswith("tools/virtio/launch/") and re.search(r"(CHECK:CAMELCASE|WARNING:PREFER_DEFINED_ATTRIBUTE_MACRO):", complaint)


def is_association(complaint):
    """Of _Generic: checkpatch takes "u16: value" for a label."""
    name, line = complaint.split(":")[:2]
    text = open(os.path.join(TOP, name)).read().split("\n")[int(line) - 1]
    return re.search(r"\b(_Generic|(__)?u\d+:|__(virtio|le)\d+:)", text)


def kernel_doc(args):
    r = run([os.path.join(args.source, "scripts/kernel-doc"), "-none", "-Wall", *ours((".c", ".h"))], cwd=TOP)
    return [l for l in (r.stdout + r.stderr).split("\n") if l.strip()]


def book(args):
    """The examples of the book, a file for each chapter."""
    name = "Documentation/virtio.txt"
    folder = f"{args.build}/examples"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(TOP, name)) as f:
        found = dict(examples.sources(f.read(), name))
    for chapter, code in found.items():
        with open(f"{folder}/chapter{chapter}.c", "w") as f:
            f.write(code)
    objects = [f"chapter{chapter}.o" for chapter in found]
    with open(f"{folder}/Makefile", "w") as f:
        f.write(f"ccflags-y := -Wno-unused\nobj-m := {' '.join(objects)}\n")
    return complaints(make(args.kernel, f"M={folder}", *objects), ["warning"]) if found else [f"{name} has no examples"]


def places(args):
    """Each mutant has one place in the code, and a test by the name of its own."""
    found = list(mutate.misplaced())
    for name, target, path, old, _ in mutants.MUTANTS:
        with open(f"{targets.room(target, TOP)}/{path}") as f:
            count = f.read().count(old)
        if count != 1:
            found.append(f"fuzz/mutants.py: {name}: {count} places in {path} to change, expected 1")
    return found


def uapi(args):
    with open(os.path.join(args.build, "uapi.c"), "w") as f:
        f.write('#include <linux/virtio_config.h>\n#include <linux/virtio_page.h>\n#include <linux/virtio_page_socket.h>\nint main(void) { return VIRTIO_F_VERSION_1 - 32; }\n')
    r = run(["make", "-C", args.source, f"O={args.build}", "-s", "headers_install", f"INSTALL_HDR_PATH={args.build}/uapi"])
    if r.returncode:
        return [r.stderr]
    r = run(["gcc", "-Wall", "-Wextra", "-std=c11", f"-I{args.build}/uapi/include", os.path.join(args.build, "uapi.c"), "-o", os.path.join(args.build, "uapi.out")])
    return [l for l in r.stderr.split("\n") if l]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    args.kernel = Kernel(args.source, args.build)
    args.source, args.build = args.kernel.source, args.kernel.build
    try:
        if args.kernel.configure(open(f"{TOOLS}/check.config").read() + OURS):
            args.kernel.make("prepare", "modules_prepare")
    except Failed as e:
        print(f"check: {e}\n0 passed, 1 failed")
        return 1
    counts = [0, 0]
    for name, check in (("sparse and W=1", build_and_sparse), ("drivers of the tree as modules", lambda a: users(a.kernel)),
                        ("drivers of the tree built in", users_built_in), ("checkpatch --strict", checkpatch),
                        ("kernel-doc", kernel_doc), ("examples of the book", book), ("header in user space", uapi), ("places of mutants", places)):
        start = time.time()
        try:
            lines = check(args)
        except Failed as e:
            lines = [str(e)]
        counts[bool(lines)] += 1
        print(f"{'FAILED' if lines else 'ok':7}{name} ({time.time() - start:.0f} s)", flush=True)
        for l in lines[:60]:
            print("  " + l)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
