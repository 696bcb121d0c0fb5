# SPDX-License-Identifier: GPL-2.0
"""The host's side of a guest's devices: disk images, a shared folder, servers, keys; and a look at what the guest wrote."""
import contextlib, functools, glob, hashlib, http.server, json, os, shutil, socket, subprocess, threading

DOCUMENTS, SCRATCH = 6 << 20, 32 << 20      # bytes
KEYS = "virtio"


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def documents(tree):
    """Some of Debian's own documents, with their checksums."""
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/docs")
    size, sums = 0, []
    for path in sorted(glob.glob("/usr/share/doc/**", recursive=True)):
        if os.path.islink(path) or not os.path.isfile(path) or size > DOCUMENTS:
            continue
        name = os.path.relpath(path, "/usr/share/doc").replace("/", "_")
        shutil.copyfile(path, f"{tree}/docs/{name}")
        sums.append(f"{sha256(path)}  docs/{name}\n")
        size += os.path.getsize(path)
    with open(f"{tree}/SHA256SUMS", "w") as f:
        f.writelines(sums)


def compare(what, folder, known):
    """Documents are held against what the host made, the rest against what the guest says of it."""
    said = f"{folder}/SUMS"
    sums = [l.split() for l in open(said)] if os.path.exists(said) else []
    rows = [s for s in sums if not s[1].startswith("./docs/")] + [l.split() for l in open(known)]
    wrong = [name for digest, name in rows if not os.path.exists(f"{folder}/{name}") or sha256(f"{folder}/{name}") != digest]
    return sums and not wrong, f"{what}, seen by the host: {len(rows)} files, {len(wrong)} with another checksum"


def press(key):
    """Down and up at once: a key that is held repeats."""
    return {"execute": "input-send-event", "arguments": {"events": [
        {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}} for down in (True, False)]}}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


def serve_file(folder):
    """A file for the guest to fetch; returns the port and the checksum."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/file", "wb") as f:
        f.write(os.urandom(4 << 20))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], sha256(f"{folder}/file")


def serve(listener, answer):
    """Whatever comes through a connection is answered as it comes, until a guest is done or gone."""
    def accept():
        while True:
            with listener.accept()[0] as conn, contextlib.suppress(ConnectionError):
                while data := conn.recv(65536):
                    conn.sendall(answer(data))
    threading.Thread(target=accept, daemon=True).start()


def unix_listener(path):
    """The host's end of the console port."""
    if os.path.exists(path):
        os.remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    return listener


class Host:
    def __init__(self, kernel):
        self.kernel, self.build = kernel, kernel.build
        documents(f"{self.build}/tree")
        self.port, self.sum = serve_file(f"{self.build}/http")
        serve(unix_listener(f"{self.build}/echo.sock"), lambda data: data)

    def words(self):
        return [f"rig.port={self.port}", f"rig.sum={self.sum}"]

    def prepare(self, scenario):
        """Disks and a shared folder as no guest has touched them."""
        for name, size in (("disk", 64 << 20), ("scratch", SCRATCH), ("scsi", SCRATCH)):
            if name in scenario.devices:
                with open(f"{self.build}/{name}.img", "wb") as f:
                    f.truncate(size)
        if "disk" in scenario.devices:
            self.kernel.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", f"{self.build}/tree", f"{self.build}/disk.img")
        if "share" in scenario.devices:
            shutil.rmtree(f"{self.build}/share", ignore_errors=True)
            shutil.copytree(f"{self.build}/tree", f"{self.build}/share")

    def send_keys(self):
        """Once the guest has the keyboard open."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"{self.build}/qmp.sock")
            answers = s.makefile("r")
            answers.readline()      # the greeting
            for command in ({"execute": "qmp_capabilities"}, *map(press, KEYS)):
                s.sendall(json.dumps(command).encode())
                answers.readline()

    def check(self, scenario, results):
        """What the guest wrote, seen from outside."""
        if "disk" in scenario.devices:
            self.check_disk(results)
        if "share" in scenario.devices:
            results.say(*compare("share", f"{self.build}/share/written", f"{self.build}/tree/SHA256SUMS"))

    def check_disk(self, results):
        image, out = f"{self.build}/disk.img", f"{self.build}/written"
        r = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True)
        results.say(r.returncode == 0, "disk, seen by the host: file system " + ("clean" if r.returncode == 0 else r.stdout))
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        subprocess.run(["debugfs", "-R", f"rdump /written {out}", image], capture_output=True)
        results.say(*compare("disk", f"{out}/written", f"{self.build}/tree/SHA256SUMS"))
