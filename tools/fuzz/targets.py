# SPDX-License-Identifier: GPL-2.0
"""What is fuzzed: the files of the core, and the ones here that drive them; how both are built."""
import concurrent.futures, glob, os, shutil, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# target: files of the core under drivers/virtio, files here, longest input
TARGETS = {
    "ring": ("ring/*.c", "memory race dma host model driver life device ring", 900),
    "fields": ("[cl]*.c", "memory race page structure fields", 600),
}
TOOLS = ("clang-14", "llvm-profdata-14", "llvm-cov-14")
# The tree's own stand-ins for kernel headers (tools/virtio), and before them what is missing there.
INCLUDES = "-I{here}/include -I{tree}/tools/virtio -I{tree}/tools/include -I{core} -idirafter {tree}/include"
COMMON = ("-g -O1 -std=gnu11 -Wall -Wno-pointer-sign -fno-strict-overflow -fno-strict-aliasing -fno-omit-frame-pointer "
          "-include {tree}/include/linux/kconfig.h")
CHECKS = "-fsanitize=address,undefined -fno-sanitize-recover=all"
# Loads are reported to race.c; what the fuzzer itself asks for has to be named again beside that.
WATCHED = "-fsanitize=fuzzer-no-link -fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp,indirect-calls,trace-loads"
PROFILE = "-fprofile-instr-generate"
COUNTED = f"{PROFILE} -fcoverage-mapping -fsanitize-coverage=inline-8bit-counters,pc-table,trace-loads"


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


def core_files(target, core):
    """The parser's files begin with c and l, and no others of that folder do."""
    return sorted(f for f in glob.glob(f"{core}/{TARGETS[target][0]}") if not f.endswith(".mod.c"))


def build(target, tree, out, core=None, counted=False):
    """The program that fuzzes target, or with counted one that says which lines ran."""
    core = core or f"{tree}/drivers/virtio"
    flags = f"{COMMON} {INCLUDES}".format(here=HERE, tree=tree, core=core).split()
    os.makedirs(out, exist_ok=True)
    jobs = [(f, (COUNTED if counted else f"{CHECKS} {WATCHED}").split()) for f in core_files(target, core)]
    jobs += [(f"{HERE}/{f}.c", [] if counted else CHECKS.split()) for f in TARGETS[target][1].split()]
    objects = [f"{out}/{'core-' if f.startswith(core) else ''}{os.path.basename(f)[:-2]}.o" for f, _ in jobs]
    compiler = ["ccache", TOOLS[0]] if shutil.which("ccache") else [TOOLS[0]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda j, o: run([*compiler, *flags, *j[1], "-c", "-o", o, j[0]]), jobs, objects))
    link = [PROFILE] if counted else ["-fsanitize=address,undefined"]
    run([TOOLS[0], "-fsanitize=fuzzer", *link, *objects, "-o", f"{out}/{target}"])
    return f"{out}/{target}"
