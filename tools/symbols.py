#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A pristine tree and ours, built alike: the same modules, and every symbol that was exported.

Both are built whole with the drivers of the tree as modules, so what a driver imports and
nobody exports fails the build.  Then Module.symvers, the list of modules, and what each of
them says of itself (licence, aliases, parameters) are compared."""
import argparse, os, re, subprocess, sys, time

TOOLS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TOOLS)
from kernel import Failed, Kernel, check_pristine

# What a module says of itself that something else goes by.
FIELDS = ("license", "alias", "parm", "softdep")
# Names of 6.12 that our headers have for functions of 7.3.
RENAMED = {"vring_create_virtqueue_dma": "vring_create_virtqueue_map", "virtqueue_dma_unmap_single_attrs": "virtqueue_unmap_single_attrs",
           **{f"virtqueue_dma_{n}": f"virtqueue_map_{n}" for n in ("mapping_error", "need_sync", "sync_single_range_for_cpu", "sync_single_range_for_device")},
           "virtqueue_dma_map_single_attrs": "virtqueue_map_single_attrs"}
# Between the bus and its own file for debugfs, which are one module here; no driver has a header for them.
OWN = re.compile(r"virtio_debug_(device_)?(init|exit|filter_features)$")


def built(name, source, build):
    """The tree, built; what the compiler said is kept, since a warning that is new is ours."""
    start = time.time()
    print(f"   {name}: build ...", end="", flush=True)
    kernel = Kernel(source, build)
    kernel.configure(open(f"{TOOLS}/check.config").read())
    kernel.make("vmlinux", "modules")
    print(f" {time.time() - start:.0f} s", flush=True)
    return kernel.build


def exports(build):
    """{symbol: (module, licence)}, without the checksum of its type."""
    rows = [l.rstrip("\n").split("\t") for l in open(f"{build}/Module.symvers")]
    return {r[1]: (r[2], r[3]) for r in rows}


def modules(build):
    return {l.strip()[:-2] + ".ko" for l in open(f"{build}/modules.order")}


def says(build, module):
    out = subprocess.run(["modinfo", f"{build}/{module}"], capture_output=True, text=True, check=True).stdout
    pairs = [l.split(":", 1) for l in out.split("\n") if ":" in l]
    # Of a parameter its name and its type; the words between are for people.
    return {f: sorted(re.sub(r":.*(?= \(\w+\)$)", "", v.strip()) if f == "parm" else v.strip() for k, v in pairs if k == f) for f in FIELDS}


def warnings(build):
    return {l.strip() for l in open(f"{build}/build.log", errors="replace") if "warning:" in l or "WARNING:" in l}


def missing(theirs, ours):
    a, b = exports(theirs), exports(ours)
    return [f"{s} ({a[s][1]} of {a[s][0]}): found {' of '.join(b[s][::-1]) if s in b else 'nothing'}" for s in sorted(a)
            if b.get(s, b.get(RENAMED.get(s))) != a[s] and not OWN.match(s)]


def differ(theirs, ours):
    """Of the modules of both; a module's own name for itself is what its users load it by."""
    return [f"{m}: {f}: found {b[f]}, expected {a[f]}" for m in sorted(modules(theirs) & modules(ours))
            for a, b in [(says(theirs, m), says(ours, m))] for f in FIELDS if a[f] != b[f]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", required=True, help="a tree of the same version without our core")
    parser.add_argument("--source", required=True, help="the same with it")
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"    # modinfo, for those who are not root
    try:
        check_pristine(args.pristine)
        # Alike also in where they lie to their source: what is the same is compiled once.
        theirs, ours = built("theirs", args.pristine, f"{args.build}/theirs/symbols"), built("ours", args.source, f"{args.build}/symbols")
    except Failed as e:
        print(f"symbols: {e}\n0 passed, 1 failed")
        return 1
    counts = [0, 0]
    for name, found in ((f"modules: {len(modules(theirs))}, the same", sorted(modules(theirs) ^ modules(ours))),
                        (f"exports: {len(exports(theirs))}, all there, in their modules and under their licences", missing(theirs, ours)),
                        ("licences, aliases and parameters of the modules", differ(theirs, ours)),
                        ("warnings of the build: no new one", sorted(warnings(ours) - warnings(theirs)))):
        counts[bool(found)] += 1
        print(f"{'FAILED' if found else 'ok':7}{name}")
        for line in found:
            print("  " + line)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
