# SPDX-License-Identifier: GPL-2.0
"""What the launcher is asked for, how its guest is started, and how both end."""
import os, signal, socket, subprocess

from page_guest import until
from .rig import Launcher, contents, equal, here, image, script, tell, test


@test
def usage():
    """Each mistake has a message of its own, and its status."""
    directory, small, odd = f"{here.folder}/directory", image("small", 100), image("odd", 1000)
    text = f"{here.folder}/text"
    os.makedirs(directory, exist_ok=True)
    with open(text, "w") as f:
        f.write("no program")
    kernel = ("--kernel", script("exit 0"))
    for options, status, said in (
            ((), 2, "found no --kernel, expected a UML kernel, or --attach"),
            (("--kernel", f"{here.folder}/none"), 1, "/none: No such file or directory"),
            (("--kernel", directory), 1, "found a directory, expected a file"),
            (("--kernel", small), 1, "Permission denied: expected a UML kernel"),
            ((*kernel, "--initrd", directory), 1, "found a directory"),
            ((*kernel, "--disk", f"{here.folder}/none"), 1, "No such file"),
            ((*kernel, "--disk", directory), 1, "found a directory, expected a file or a block device"),
            ((*kernel, "--disk", "/dev/null"), 1, "found something else, expected a file or a block device"),
            ((*kernel, "--disk", small), 1, "found 100 bytes, expected at least a sector of 512"),
            ((*kernel, "--disk", odd), 0, "the last 488 are hidden"),
            ((*kernel, "--disk", f"{odd},rw"), 2, 'found "rw", expected ro'),
            ((*kernel, "--disk", f"{odd},serial={'x' * 21}"), 2, "found a serial of 21 characters"),
            ((*kernel, "--disk", f"{odd},aio=fast"), 2, "found aio=fast, expected io_uring or threads"),
            ((*kernel, "--disk", ",ro"), 2, "expected a file first"),
            ((*kernel, "--disk", odd, "--disk", odd), 1, "is the disk of another guest"),
            ((*kernel, "-m", "12Q"), 2, 'found "12Q", expected a number'),
            ((*kernel, "-m", "-1"), 2, "expected a number"),
            ((*kernel, "-m", "1M"), 2, "expected 16M to"),
            ((*kernel, "-m", "99999999999999999999G"), 2, "expected 16M to"),
            ((*kernel, "--ring", "round"), 2, "expected packed or split"),
            ((*kernel, "--console", "stdio", "--console", "stdio"), 2, 'found "stdio" twice'),
            ((*kernel, "--console", "x" * 200), 1, "a path of 200 characters, expected at most 107"),
            ((*kernel, "--socket", odd), 1, "found a file that is no socket"),
            ((*kernel, "--log", directory), 1, "Is a directory"),
            (("--attach",), 2, "found no --socket"),
            (("--attach", "--socket", "x", *kernel), 2, "found an option for a kernel"),
            ((*kernel, "more"), 2, 'found "more", expected options alone'),
            (("--tell", "x"), 2, "expected one command"),
            (("--tell", f"{here.folder}/none", "list"), 1, "expected the --control of a launch that runs"),
            (("--surprise",), 2, "--help"),
            ((*kernel, "--append", ""), 2, "found an empty text")):
        r = subprocess.run([here.program, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert r.returncode == status and said in r.stderr, f"{options}: {r.returncode} {r.stderr!r}, expected {status} {said!r}"
    r = subprocess.run([here.program, "--help"], capture_output=True, text=True)
    assert r.returncode == 0 and "usage: launch" in r.stdout and max(map(len, r.stdout.split("\n"))) < 100
    equal(subprocess.run([here.program, "--version"], capture_output=True).returncode, 0)


@test
def ends():
    """How the guest ends is how the launcher does; what its kernel wrote is shown if that is badly."""
    for text, status, said in (("echo hello; exit 0", 0, ()),
                               ("echo early; echo Kernel panic >&2; exit 1", 3, ("ended with status 1", "early", "Kernel panic")),
                               ("echo last words; kill -9 $$", 128 + 9, ("killed by signal 9", "last words")),
                               ("seq 100000; exit 7", 3, ("ended with status 7", "100000"))):
        with Launcher(kernel=script(text)) as launcher:
            equal(launcher.wait(), status, text)
            heard = "\n".join(launcher.said())
            for word in said:
                assert word in heard, f"{text}: found {heard!r}, expected {word!r} in it"
            assert len(heard) < 10000 and (said or not heard), heard
    with open(f"{here.folder}/log", "w"):
        pass
    with Launcher("--log", f"{here.folder}/log", kernel=script("echo to the log; exit 1")) as launcher:
        equal(launcher.wait(), 3)
    equal(contents(f"{here.folder}/log"), b"to the log\n")


@test
def arguments():
    """The guest's command line, its input, and where its socket is without --socket."""
    disk = image("disk")
    show = script(f'for a in "$@"; do echo "$a"; done > {here.folder}/arguments.new; cat >> {here.folder}/arguments.new; mv {here.folder}/arguments.new {here.folder}/arguments')
    for options, expected in (
            (("-m", "64M"), ["mem=65536K", "con=null", "console=hvc0"]),
            (("--disk", disk), ["mem=262144K", "con=null", "console=hvc0", "root=/dev/vda"]),
            (("--disk", disk, "--append", 'quiet  root=/dev/vdb init="/bin/a b"'),
             ["mem=262144K", "con=null", "console=hvc0", "quiet", "root=/dev/vdb", 'init="/bin/a b"']),
            (("--disk", disk, "--initrd", disk), ["mem=262144K", f"initrd={disk}", "con=null", "console=hvc0"])):
        r = subprocess.run([here.program, "--kernel", show, "--console", "none", *options], stdin=subprocess.DEVNULL, env={"XDG_RUNTIME_DIR": here.folder, "PATH": os.environ["PATH"]})
        equal(r.returncode, 0)
        lines = contents(f"{here.folder}/arguments").decode().split("\n")[:-1]
        path, = [l for l in lines if l.startswith(f"virtio_page.socket={here.folder}/launch-")]
        lines.remove(path)
        equal(lines, expected)
        assert not os.path.exists(os.path.dirname(path.split("=", 1)[1])), "its folder is left behind"


@test
def quits():
    """By a command and by signals: the guest ends before the launcher; killed, it leaves the guest."""
    stays = script(f'trap "echo ends > {here.folder}/ended; exit 1" TERM; echo $$ > {here.folder}/pid.new; mv {here.folder}/pid.new {here.folder}/pid; while :; do sleep 0.05; done')
    for how in ("quit", signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        for name in ("ended", "pid", "control"):
            if os.path.exists(f"{here.folder}/{name}"):
                os.remove(f"{here.folder}/{name}")
        with Launcher("--control", f"{here.folder}/control", kernel=stays) as launcher:
            until("the guest", lambda: os.path.exists(f"{here.folder}/pid"))
            pid = int(contents(f"{here.folder}/pid"))
            if how == "quit":
                equal(tell("quit"), (0, "", ""))
            else:
                launcher.process.send_signal(how)
            equal(launcher.wait(), {"quit": 0, signal.SIGKILL: -9}.get(how, 128 + how if how != "quit" else 0), f"{how}")
            if how == signal.SIGKILL:
                os.kill(pid, 0)
                os.kill(pid, signal.SIGKILL)
            else:
                assert os.path.exists(f"{here.folder}/ended"), f"{how}: the guest was not asked to end"
                equal(launcher.said(), [])


@test
def stubborn():
    """A guest that does not end is killed."""
    with Launcher(kernel=script(f'trap "" TERM; echo > {here.folder}/there; while :; do sleep 0.1; done')) as launcher:
        until("the guest", lambda: os.path.exists(f"{here.folder}/there"))
        launcher.process.terminate()
        equal(launcher.wait(), 128 + signal.SIGTERM)
        launcher.says("has not ended within 5 seconds")
