#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every file of the tree that is written against virtio, compiled with W=1 against a pristine
tree and against ours: what compiled before does, and without one more warning.

The files are those that include a virtio header, in their own text or through a header that
lies with them, but for what the overlay brings or takes away.  An architecture compiles of
them what its allmodconfig reaches.  The table, file by file, goes to users/table.txt."""
import argparse, os, re, subprocess, sys, time
from typing import NamedTuple

TOOLS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TOOLS)
import overlay
from kernel import Failed, Kernel, check_pristine, for_arch, lacking

ARCHES = ("x86_64", "arm64", "um", "s390x")
HEADERS = r"(virtio\w*|vringh|vdpa|vhost\w*)\.h"
# Programs of user space and text are not compiled with the kernel.
FOLDERS = ("arch", "block", "certs", "crypto", "drivers", "fs", "include", "init", "io_uring", "ipc", "kernel", "lib", "mm", "net", "samples",
           "security", "sound", "virt")
MISSING = "-"       # in the table: this architecture does not come to compile the file


def including(source, what):
    """Files that have such an #include."""
    pattern = rf"^\s*#\s*include\s*{what}"
    out = subprocess.run(["grep", "-rlE", "--include=*.c", "--include=*.h", pattern, *FOLDERS], cwd=source, capture_output=True, text=True).stdout
    return set(out.split())


def with_headers_of_their_own(source, files):
    """And what includes one of them from beside it, and so on."""
    while own := {f for f in files if f.endswith(".h") and not f.startswith("include/")}:
        names = "|".join(sorted({re.escape(os.path.basename(f)) for f in own}))
        found = {f for f in including(source, rf'"([^"]*/)?({names})"') if beside(source, f) & own}
        if found <= files:
            break
        files = files | found
    return files


def beside(source, path):
    text = open(f"{source}/{path}", errors="replace").read()
    return {os.path.normpath(f"{os.path.dirname(path)}/{name}") for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M)}


def users(pristine):
    core = {*overlay.check_tree(pristine).files(), *overlay.REPLACED}
    direct = including(pristine, rf'[<"](uapi/)?linux/{HEADERS}[>"]') - core
    return sorted(f for f in with_headers_of_their_own(pristine, direct) - core if f.endswith(".c"))


def compiled(source, build, arch, files):
    """{file: how many warnings, "error", or MISSING}"""
    kernel = Kernel(source, build, *for_arch(arch, f"{TOOLS}/said.sh"))
    objects = {f: f"{kernel.build}/{f[:-2]}.o" for f in files}
    changed = kernel.configure(open(f"{TOOLS}/users.config").read(), "allmodconfig")
    for path in objects.values():
        if changed or not os.path.exists(f"{path}.said"):
            # Nothing of another configuration, and no object of which is not known what was said.
            for old in (path, f"{path}.said"):
                if os.path.exists(old):
                    os.remove(old)
    kernel.make("prepare", "modules_prepare")
    # There are files that an architecture can't compile or does not reach: status 2, at the end of all.
    with open(kernel.log, "a") as out:
        status = subprocess.run(kernel.command("-k", "W=1", *(f"{f[:-2]}.o" for f in files)), stdout=out, stderr=out).returncode
    if status not in (0, 2):
        raise Failed(f"make ended with {status}; all of it is in {kernel.log}")
    return {f: outcome(path) for f, path in objects.items()}


def outcome(path):
    if not os.path.exists(f"{path}.said"):
        return MISSING
    if not os.path.exists(path):
        return "error"
    return sum("warning:" in line for line in open(f"{path}.said", errors="replace"))


class Row(NamedTuple):
    file: str
    arch: str
    before: object
    after: object

    def reached(self):
        return {self.before, self.after} != {MISSING}

    def compiles(self):
        return type(self.after) is int

    def worse(self):
        """An error, or no object, is more than any number of warnings."""
        return rank(self.after) > rank(self.before)


def rank(result):
    return result if type(result) is int else float("inf")


def compare(arch, files, args):
    start = time.time()
    before = compiled(args.pristine, f"{args.build}/theirs/users/{arch}", arch, files)
    after = compiled(args.source, f"{args.build}/users/{arch}", arch, files)
    rows = [Row(f, arch, before[f], after[f]) for f in files]
    good = [[r for r in results.values() if type(r) is int] for results in (before, after)]
    print(f"   {arch}: {sum(r.reached() for r in rows)} files, {len(good[0])} compile before, {len(good[1])} after, {sum(r.worse() for r in rows)} worse; "
          f"{sum(good[0])} warnings before, {sum(good[1])} after ({time.time() - start:.0f} s)", flush=True)
    return rows


def table(args):
    """Its rows, and how many architectures are left out."""
    files, rows, skipped = users(args.pristine), [], 0
    print(f"   {len(files)} files of the tree use virtio", flush=True)
    for arch in ARCHES:
        if why := lacking(arch):
            print(f"   skipped {arch}: {why}", flush=True)
            skipped += 1
        else:
            rows += compare(arch, files, args)
    write(f"{args.build}/users/table.txt", [Row("file", "arch", "before", "after"), *sorted((r for r in rows if r.reached()), key=lambda r: r[:2])], args.pristine)
    return rows, skipped


def write(path, rows, pristine):
    patched = overlay.check_tree(pristine).patched_files()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.writelines(f"{r.file:60}{r.arch:8}{r.before!s:>8}{r.after!s:>8}{'  edited by a patch' if r.file in patched else ''}\n" for r in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", required=True, help="a tree of the same version without our core")
    parser.add_argument("--source", required=True, help="the same with it")
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    try:
        check_pristine(args.pristine)
        rows, skipped = table(args)
    except Failed as e:
        print(f"users: {e}\n0 passed, 1 failed")
        return 1
    failed, passed = [r for r in rows if r.worse()], sum(r.compiles() and not r.worse() for r in rows)
    for row in failed:
        print(f"   FAILED {row.file}, {row.arch}: found {row.after}, expected {row.before} as before")
    never = sorted({r.file for r in rows} - {r.file for r in rows if int in (type(r.before), type(r.after))})
    print(f"   not compiled, by any of these: {len(never)} files" + "".join(f"\n      {f}" for f in never))
    skipped += len(never)
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
