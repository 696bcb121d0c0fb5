# SPDX-License-Identifier: GPL-2.0
"""Guests and launchers that come and go: killed, started again, joined, with a disk more.

Each story is a guest, or two, of the init beside this.  What a guest says is a file in a
folder that it sees by hostfs, since its console may be gone."""
import os, re, shutil, signal, subprocess, time
import documents
from asks import until
from kernel import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
LIMIT = 180     # seconds; after 150, the guest prints what its tasks are doing


class Teller:
    """A guest of a story, and the launcher that it began with."""

    def __init__(self, kernel, name, story, *options, words=""):
        self.build, self.folder = kernel.build, f"{kernel.build}/life/{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.socket, self.log = f"{self.folder}/socket", open(f"{self.folder}/log", "w+b")
        self.launcher = self.launch("--kernel", f"{self.build}/linux", "--initrd", f"{self.build}/life.cpio", "-m", "256M", *options,
                                    "--append", f"loglevel=6 life.story={story} life.folder={self.folder} {words}")

    def launch(self, *options):
        command = [f"{self.build}/launch/launch", "--socket", self.socket, "--console", "stdio", *options]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def text(self):
        self.log.flush()
        return open(self.log.name, errors="replace").read()

    def heard(self, name):
        path = f"{self.folder}/{name}"
        return open(path).read().strip() if os.path.exists(path) else ""

    def told(self, wanted=""):
        """What it tells, once that is it; a story that has ended tells no more."""
        def found():
            if said := self.heard("said"):
                raise Failed(f"{self.folder}: the story has ended: {said}")
            told = self.heard("told")
            return told if told == wanted or not wanted else None
        return until(f"{self.folder}: {wanted or 'a word'}", found)

    def guests(self):
        """Processes of the kernel: the first is the guest, the rest run its programs."""
        pids = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/exe") == f"{self.build}/linux" and self.folder in open(f"/proc/{pid}/cmdline").read():
                    pids.append(int(pid))
            except OSError:
                pass
        return sorted(pids)

    def end(self):
        """Its verdict, once it is off and its launcher, too."""
        try:
            self.launcher.wait(LIMIT)
            until(f"{self.folder}: the guest's end", lambda: not self.guests())
        except (subprocess.TimeoutExpired, Failed):
            for pid in self.guests():
                os.kill(pid, signal.SIGKILL)
            self.launcher.kill()
            return False, f"it does not come to its end; it said last:\n{self.text()[-1500:]}"
        verdict, _, said = (self.heard("said") or f"failed it said nothing:\n{self.text()[-1500:]}").partition(" ")
        return verdict == "ok", said


def image(kernel, name, tree=None):
    path = f"{kernel.build}/{name}.img"
    with open(path, "wb") as f:
        f.truncate(32 * MIB)
    if tree:
        kernel.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, path)
    return path


def forsaken(kernel):
    guest = Teller(kernel, "forsaken", "forsaken", "--disk", image(kernel, "life"), "--net", "user", words="virtio_page.wait=2")
    guest.told("busy")
    guest.launcher.kill()
    return guest.end()


def relaunched(kernel):
    disk = image(kernel, "life")
    guest = Teller(kernel, "relaunched", "relaunched", "--disk", disk, "--net", "user", words="virtio_page.wait=60")
    guest.told("busy")
    guest.launcher.kill()
    guest.launcher.wait(LIMIT)
    guest.launcher = guest.launch("--attach", "--disk", disk, "--net", "user")
    return guest.end()


def killed(kernel):
    """The guest is: its launcher says so, and ends with the number of the signal."""
    guest = Teller(kernel, "killed", "killed", "--disk", image(kernel, "life"))
    guest.told("busy")
    os.kill(guest.guests()[0], signal.SIGKILL)
    status = guest.launcher.wait(LIMIT)
    said = [line for line in guest.text().split("\n") if line.startswith("launch: ")]
    return said and status == 128 + signal.SIGKILL, f"the launcher ended with {status} and said: {'; '.join(said)}"


def extra(kernel):
    tree = f"{kernel.build}/tree"
    control = f"{kernel.build}/life/control"
    guest = Teller(kernel, "extra", "extra", "--disk", image(kernel, "life"), "--control", control)
    tell = lambda words: subprocess.run([f"{kernel.build}/launch/launch", "--tell", control, words], capture_output=True, text=True, timeout=LIMIT)
    guest.told("ready")
    added = tell(f"disk {image(kernel, 'extra', tree)}")
    guest.told("used")
    number = re.search(r"\d+", added.stdout)
    removed = tell(f"remove {number.group() if number else '?'}")
    good, said = guest.end()
    clean, state = documents.clean("extra", f"{kernel.build}/extra.img")
    return good and clean and not added.returncode and not removed.returncode, f"{said}; {state}" + added.stderr + removed.stderr


def joined(kernel):
    """Two guests with a network between them; the host carries nothing but a checksum to compare with."""
    peer = f"{kernel.build}/life/peer"
    left, right = (Teller(kernel, story, story, "--net", f"peer={peer}") for story in ("left", "right"))
    with open(f"{right.folder}/other.new", "w") as f:
        f.write(left.told())
    os.rename(f.name, f"{right.folder}/other")
    ends = [right.end()]
    open(f"{left.folder}/other", "w").close()
    ends.append(left.end())
    return all(good for good, _ in ends), "; ".join(said for _, said in ends)


def boots(kernel, times):
    """The same guest, from nothing to off."""
    start, disk = time.time(), image(kernel, "life")
    for n in range(times):
        good, said = Teller(kernel, "boots", "boot", "--disk", disk, "--net", "user").end()
        if not good:
            return False, f"boot {n + 1}: {said}"
    return True, f"{times} in a row, {(time.time() - start) / times:.2f} s each, from nothing to off"


STORIES = (forsaken, relaunched, killed, extra, joined)


def run(kernel, results, times):
    root = f"{kernel.build}/life-root"
    shutil.rmtree(root, ignore_errors=True)
    for program in ("/usr/bin/fio", "/usr/sbin/ip"):
        kernel.add_program(root, program)
    kernel.initramfs(root, f"{HERE}/init", "life")
    documents.gather(f"{kernel.build}/tree")
    print("-- guests and launchers that come and go", flush=True)
    for story in STORIES:
        try:
            good, said = story(kernel)
        except Failed as e:
            good, said = False, str(e)
        results.say(good, f"{story.__name__}: {said}")
    good, said = boots(kernel, times)
    results.say(good, f"boots: {said}")
