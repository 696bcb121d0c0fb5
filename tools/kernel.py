# SPDX-License-Identifier: GPL-2.0
"""Kernels for the workbench: configure, build, and pack an initramfs."""
import os, re, shutil, subprocess

TOOLS = os.path.dirname(os.path.abspath(__file__))
# Paths below this folder are none of a file's contents: trees beside each other share what they have in common.
os.environ.setdefault("CCACHE_BASEDIR", os.path.dirname(TOOLS))
# Architectures besides the host's: what the kernel calls them, and what the names of their compilers begin with.
FOREIGN = {"arm64": ("arm64", "aarch64-linux-gnu-"), "riscv64": ("riscv", "riscv64-linux-gnu-"), "m68k": ("m68k", "m68k-linux-gnu-"),
           "ppc64": ("powerpc", "powerpc64-linux-gnu-"), "s390x": ("s390", "s390x-linux-gnu-"), "um": ("um", "")}


class Failed(Exception):
    pass


def lacking(what):
    """Why that of deps.sh can't be had, an architecture perhaps; nothing if it can."""
    deps = subprocess.run([f"{TOOLS}/deps.sh", what], stderr=subprocess.PIPE, text=True)
    why = "; ".join(re.findall(r"^deps: (.*)$", deps.stderr, re.M))
    return why or f"deps.sh ended with {deps.returncode}" if deps.returncode else ""


def for_arch(arch, *wrapper):
    """The variables of make for it, with what the compiler is to be run by."""
    name, cross = FOREIGN.get(arch, ("x86_64", ""))
    return f"ARCH={name}", f"CROSS_COMPILE={cross}", f"CC={' '.join([*wrapper, 'ccache', f'{cross}gcc'])}"


def check_pristine(tree):
    if not os.path.exists(f"{tree}/drivers/virtio/virtio_ring.c"):
        raise Failed(f"{tree} has no drivers/virtio/virtio_ring.c: expected a pristine tree")


def adapted(options, source):
    """As a tree of this version calls them: the file options of its base has what differs."""
    version = re.findall(r"^(?:VERSION|PATCHLEVEL) = (\d+)$", open(f"{source}/Makefile").read(), re.M)
    names = f"{os.path.dirname(TOOLS)}/bases/{'.'.join(version)}/options"
    if os.path.exists(names):
        for here, *there in (l.split() for l in open(names) if not l.startswith("#")):
            options = re.sub(rf"^{re.escape(here)}$", "\n".join(there), options, flags=re.M)
    return options


class Kernel:
    """A source tree, and the folder that it is built in.  Whatever is said goes to build.log there."""

    def __init__(self, source, build, *variables):
        self.source, self.build, self.variables = os.path.abspath(source), os.path.abspath(build), variables
        os.makedirs(self.build, exist_ok=True)
        self.log = f"{self.build}/build.log"

    def command(self, *goals):
        return ["make", "-s", "-C", self.source, f"O={self.build}", f"-j{os.cpu_count()}", "CC=ccache gcc", *self.variables, *goals]

    def run(self, *cmd):
        with open(self.log, "a") as out:
            if subprocess.run(cmd, stdout=out, stderr=subprocess.STDOUT).returncode:
                tail = "".join(open(self.log, errors="replace").readlines()[-20:])
                raise Failed(f"{' '.join(cmd[:4])} failed; all of it is in {self.log}\n{tail}")

    def make(self, *goals):
        self.run(*self.command(*goals))

    def configure(self, options, base="allnoconfig"):
        """By default, nothing but options and what they need.  True if that is not how it was already."""
        options = adapted(options, self.source)
        kept = f"{self.build}/options"
        if os.path.exists(kept) and open(kept).read() == options:
            return False
        with open(f"{kept}.new", "w") as f:
            f.write(options)
        self.make(f"KCONFIG_ALLCONFIG={kept}.new", base)
        got = set(open(f"{self.build}/.config").read().split("\n"))
        lost = [l for l in options.split("\n") if l.startswith("CONFIG_") and l not in got]
        if lost:
            raise Failed("the kernel does not take these options: " + " ".join(lost))
        os.replace(f"{kept}.new", kept)
        return True

    @staticmethod
    def add_program(root, path):
        """A program of the host's, with the libraries that it loads, into root."""
        said = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        for f in (path, *re.findall(r"(/\S+) \(0x", said)):
            os.makedirs(f"{root}{os.path.dirname(f)}", exist_ok=True)
            shutil.copy(f, f"{root}{f}")

    def initramfs(self, root, init, name="initramfs"):
        """root with busybox and init in it, packed."""
        for d in ("bin", "sbin"):
            os.makedirs(f"{root}/{d}", exist_ok=True)
        shutil.copy("/bin/busybox", f"{root}/bin/busybox")
        self.pack(root, init, name)

    def pack(self, root, init, name="initramfs"):
        """Not compressed, which the guest would pay for."""
        os.makedirs(f"{root}/dev", exist_ok=True)
        shutil.copy(init, f"{root}/init")
        os.chmod(f"{root}/init", 0o755)
        names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
        with open(f"{self.build}/{name}.cpio", "wb") as f:
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=f, check=True)
