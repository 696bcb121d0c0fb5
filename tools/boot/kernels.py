# SPDX-License-Identifier: GPL-2.0
"""The kernels of the boot rig: one source, and what of virtio is built in.

All share the options of guest.config, and most of their objects: an option that changes a
structure of the whole kernel belongs into all of them."""
import os, random, re, shutil
from kernel import Kernel

HERE = os.path.dirname(os.path.abspath(__file__))
MIXED, MODULES, BUILTIN = "", "modules", "builtin"      # bus, transports and the disk built in; nothing of virtio; all of it
OBJTOOL = "tools/objtool"
TRANSPORTS = ("virtio_pci", "virtio_mmio")
# What guest.config builds in and can be a module, and modules of virtio with what they need.
BUILT_IN = r"VIRTIO|VIRTIO_PCI|VIRTIO_MMIO|VIRTIO_BLK|VIRTIO_IOMMU"
MODULAR = r"\w*VIRTIO\w*|LIBNVDIMM|FUSE_FS|DRM|NET_9P|9P_FS|VDPA"


def options(name, source):
    text = open(f"{HERE}/guest.config").read() + samples(source)
    if name == MODULES:
        text = re.sub(rf"^CONFIG_({BUILT_IN})=y$", r"CONFIG_\1=m", text, flags=re.M)
    if name == BUILTIN:
        text = re.sub(rf"^CONFIG_({MODULAR})=m$", r"CONFIG_\1=y", text, flags=re.M)
    return text


def samples(source):
    """All of them, also one that was begun a minute ago."""
    found = re.findall(r"^config (SAMPLE_VIRTIO\w*)$", open(f"{source}/samples/virtio/Kconfig").read(), re.M)
    return "".join(f"CONFIG_{o}=m\n" for o in found if not o.endswith("_TEST"))


def of(name, source, build):
    """Begins as a copy of the first one if that is built: make then compiles what the other options change."""
    kernel = Kernel(source, f"{build}-{name}" if name else build)
    if name and os.path.exists(f"{build}/vmlinux") and not os.path.exists(f"{kernel.build}/.config"):
        kernel.run("rsync", "-a", *(f"--exclude=/{f}" for f in ("initramfs*", "*.img", "*.sock", "http", "tree", "*.log")), f"{build}/", kernel.build)
        # A program whose commands have the folder's name in them: make builds it anew, and then each object that is older.
        kernel.make("prepare")
        for path in [f"{d}/{f}" for d, _, files in os.walk(f"{kernel.build}/{OBJTOOL}") for f in files]:
            shutil.copystat(f"{build}/{OBJTOOL}/objtool", path)
    return kernel


def order(drivers):
    """Transports and drivers in an order of chance, which SEED= repeats; and that seed."""
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    modules = sorted({*TRANSPORTS, *drivers})
    random.Random(seed).shuffle(modules)
    return seed, modules
