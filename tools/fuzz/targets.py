# SPDX-License-Identifier: GPL-2.0
"""What is fuzzed: the files of the core, and the ones here that drive them; how both are built."""
import collections, concurrent.futures, glob, os, shutil, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# The tree's own stand-ins for kernel headers (tools/virtio), and before them what is missing there.
KERNEL = ("-I{here}/include -I{tree}/tools/virtio -I{tree}/tools/include -I{core} -idirafter {tree}/include "
          "-Wno-pointer-sign -fno-strict-overflow -fno-strict-aliasing -include {tree}/include/linux/kconfig.h")
PROGRAM = "-D_GNU_SOURCE -I{out}/include -I{core}"
# What the launcher asks the kernel for is asked of tools/fuzz/launch.
AROUND = ("-Dmmap=guest_mmap -Dmunmap=guest_munmap -Dbind=outside_bind -Dlisten=outside_listen -Daccept4=outside_accept -Dtimerfd_settime=outside_settime "
          "-Dsetsockopt=outside_setsockopt")
# room: where the files under test are; files: patterns of them there; ours: files here; longest: input
Target = collections.namedtuple("Target", "room files ours longest flags around", defaults=("",))
TARGETS = {
    "ring": Target("drivers/virtio", "ring/*.c", "memory race dma host model driver life recovery device ring", 900, KERNEL),
    "fields": Target("drivers/virtio", "config.c layout.c layout_tables.c offset.c", "memory race page structure fields", 600, KERNEL),
    "launch": Target("tools/virtio/launch", "memory.c device.c page.c handshake.c hello.c socket.c queue.c split.c packed.c iov.c "
                     "disk.c request.c blockfile.c aio.c console.c entropy.c net.c net_options.c receive.c offload.c peer.c no_slirp.c",
                     "launch/guest launch/outside launch/ends launch/loop launch/race launch/driver launch/request launch/launch", 1500, PROGRAM, AROUND),
}
TOOLS = ("clang-14", "llvm-profdata-14", "llvm-cov-14")
COMMON = "-g -O1 -std=gnu11 -Wall -fno-omit-frame-pointer"
CHECKS = "-fsanitize=address,undefined -fno-sanitize-recover=all"
# Loads are reported to race.c; what the fuzzer itself asks for has to be named again beside that.
WATCHED = "-fsanitize=fuzzer-no-link -fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp,indirect-calls,trace-loads"
PROFILE = "-fprofile-instr-generate"
COUNTED = f"{PROFILE} -fcoverage-mapping -fsanitize-coverage=inline-8bit-counters,pc-table,trace-loads"
# Headers of the tree that a program needs, newer than the system's.
HEADERS = ("virtio_config.h", "virtio_page.h", "virtio_page_socket.h")


class Failed(Exception):
    pass


def run(cmd):
    r = subprocess.run(cmd, capture_output=True, text=True, errors="replace")
    if r.returncode or r.stderr:
        raise Failed(f"{' '.join(cmd[:3])} ... {cmd[-1]}\n{r.stderr[-3000:]}")
    return r.stdout


def missing():
    """Programs that there is no fuzzing without."""
    runtime = glob.glob("/usr/lib/llvm-14/lib/clang/14*/lib/linux/libclang_rt.fuzzer-*.a")
    return [t for t in TOOLS if not shutil.which(t)] + ([] if runtime else ["libclang_rt.fuzzer"])


def room(target, tree):
    return f"{tree}/{TARGETS[target].room}"


def core_files(target, core):
    return sorted(f for pattern in TARGETS[target].files.split() for f in glob.glob(f"{core}/{pattern}") if not f.endswith(".mod.c"))


def copy_headers(tree, out):
    os.makedirs(f"{out}/include/linux", exist_ok=True)
    for name in HEADERS:
        shutil.copy(f"{tree}/include/uapi/linux/{name}", f"{out}/include/linux/{name}")


def build(target, tree, out, core=None, counted=False):
    """The program that fuzzes target, or with counted one that says which lines ran."""
    core = core or room(target, tree)
    chosen = TARGETS[target]
    flags = f"{COMMON} {chosen.flags}".format(here=HERE, tree=tree, core=core, out=out).split()
    copy_headers(tree, out)
    jobs = [(f, f"{COUNTED if counted else f'{CHECKS} {WATCHED}'} {chosen.around}".split()) for f in core_files(target, core)]
    jobs += [(f"{HERE}/{f}.c", [] if counted else CHECKS.split()) for f in chosen.ours.split()]
    objects = [f"{out}/{'core-' if f.startswith(core) else ''}{os.path.basename(f)[:-2]}.o" for f, _ in jobs]
    compiler = ["ccache", TOOLS[0]] if shutil.which("ccache") else [TOOLS[0]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda j, o: run([*compiler, *flags, *j[1], "-c", "-o", o, j[0]]), jobs, objects))
    link = [PROFILE] if counted else ["-fsanitize=address,undefined"]
    run([TOOLS[0], "-fsanitize=fuzzer", *link, *objects, "-o", f"{out}/{target}"])
    return f"{out}/{target}"
