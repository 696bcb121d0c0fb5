# SPDX-License-Identifier: GPL-2.0
"""What a queue takes of memory, and how large the code is."""
import subprocess
from machines import TREES


def text_sizes(machine):
    """Bytes of text of what lies under drivers/virtio, by what it is for."""
    folder, sizes = f"{machine.dir}/drivers/virtio", {"bus and configuration": 0, "rings": 0, "virtio over PCI": 0}
    members = subprocess.run(["ar", "t", "built-in.a"], cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    out = subprocess.run(["size", *members], cwd=folder, capture_output=True, text=True, check=True).stdout
    for name, line in zip(members, out.split("\n")[1:]):
        part = "rings" if "ring" in name else "virtio over PCI" if "pci" in name else "bus and configuration"
        sizes[part] += int(line.split()[0])
    return sizes


def memory(trees, args):
    pair = trees.pair("guest")
    theirs, ours = (pair[t].run("part=ring", "memory=1") for t in TREES)
    lines = ["Bytes of memory for a queue: as it is made; with requests of three segments in every entry; with all of them",
             "done again.  Pages that are missing over many queues, so what the allocators round up is in it.", "",
             f"{'':24} {'made':^25} {'full':^25} {'idle again':^25}", f"{'queue':24}" + f" {'theirs':>9} {'ours':>9}  ratio" * 3]
    for case in theirs:
        lines.append(f"{case:24}" + "".join(f" {a:9} {b:9} {b / a:6.2f}" for a, b in zip(theirs[case], ours[case])))
    lines += ["", f"{'text of the guest in bytes':32} {'theirs':>9} {'ours':>9}  ratio"]
    theirs, ours = (text_sizes(pair[t]) for t in TREES)
    for name, a in theirs.items():
        b = ours[name]
        lines.append(f"   {name:29} {a:9} {b:9} {b / a:6.2f}")
    return lines
