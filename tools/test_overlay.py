#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_overlay.py TREE: tests of overlay.py on small trees made of TREE's pristine files."""
import hashlib, io, os, shutil, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import overlay

TREE = None


def snapshot(top):
    out = {}
    for d, _, files in os.walk(top):
        for f in files:
            path = os.path.join(d, f)
            st = os.stat(path)
            with open(path, "rb") as data:
                out[os.path.relpath(path, top)] = (hashlib.sha256(data.read()).hexdigest(), st.st_mtime_ns, st.st_mode)
    return out


class Overlay(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.kdir = os.path.join(self.tmp.name, "linux")
        state = overlay.state_of(TREE)
        for f in {"Makefile", "include/linux/virtio_anchor.h", *overlay.overlay_files(), *overlay.REPLACED, *overlay.patched_files()}:
            entry = state["files"].get(f) if state else None
            source = os.path.join(TREE, overlay.KEPT, "orig", f) if entry else os.path.join(TREE, f)
            if os.path.exists(source):
                os.makedirs(os.path.dirname(os.path.join(self.kdir, f)), exist_ok=True)
                shutil.copyfile(source, os.path.join(self.kdir, f))
        self.pristine = snapshot(self.kdir)

    def call(self, what, *more):
        return subprocess.run([sys.executable, overlay.__file__, what, self.kdir, *more], capture_output=True, text=True)

    def refused(self, what, *words):
        before = snapshot(self.kdir)
        r = self.call(what)
        self.assertEqual(r.returncode, 1, r.stdout)
        for w in words:
            self.assertIn(w, r.stderr)
        self.assertEqual(before, snapshot(self.kdir))

    def edit(self, name, text):
        with open(os.path.join(self.kdir, name), "a") as f:
            f.write(text)

    def test_there_and_back(self):
        self.assertEqual(self.call("apply").returncode, 0)
        self.assertFalse(os.path.exists(os.path.join(self.kdir, overlay.REPLACED[0])))
        self.assertTrue(os.path.exists(os.path.join(self.kdir, "drivers/virtio/bus.c")))
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.pristine, snapshot(self.kdir))

    def test_twice_touches_nothing(self):
        self.call("apply")
        before = {f: s for f, s in snapshot(self.kdir).items() if not f.startswith(overlay.KEPT)}
        self.assertEqual(self.call("apply").returncode, 0)
        self.assertEqual(before, {f: s for f, s in snapshot(self.kdir).items() if not f.startswith(overlay.KEPT)})

    def test_unapply_of_pristine(self):
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.pristine, snapshot(self.kdir))

    def test_wrong_version(self):
        path = os.path.join(self.kdir, "Makefile")
        text = open(path).read().replace("PATCHLEVEL = 12", "PATCHLEVEL = 6")
        with open(path, "w") as f:
            f.write(text)
        self.refused("apply", "6.6", "expected 6.12")

    def test_no_kernel(self):
        shutil.rmtree(os.path.join(self.kdir, "drivers"))
        self.refused("apply", "no Linux source")

    def test_patch_in_the_way(self):
        path = os.path.join(self.kdir, "net/vmw_vsock/virtio_transport.c")
        text = open(path).read().replace("guest_cid", "guest_kid")
        with open(path, "w") as f:
            f.write(text)
        self.refused("apply", "does not apply", "0002")

    def test_dirty_git_tree(self):
        git = ["git", "-C", self.kdir, "-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", "init", "-q", self.kdir], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)
        self.edit("drivers/virtio/virtio_ring.c", "/* mine */\n")
        r = self.call("apply")
        self.assertEqual(r.returncode, 1)
        self.assertIn("local changes", r.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.kdir, overlay.KEPT)))

    def test_core_missing(self):
        os.remove(os.path.join(self.kdir, overlay.REPLACED[1]))
        self.refused("apply", "missing", "pristine")

    def test_changed_since(self):
        self.call("apply")
        self.edit("drivers/virtio/bus.c", "/* mine */\n")
        self.refused("apply", "bus.c", "changed since")
        self.refused("unapply", "bus.c", "changed since")

    def test_interrupted(self):
        self.call("apply")
        state = overlay.state_of(self.kdir)
        state["state"] = "applying"
        overlay.save_state(self.kdir, state)
        self.refused("apply", "interrupted", "unapply")
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.pristine, snapshot(self.kdir))

    def test_patch_equals_apply(self):
        out = os.path.join(self.tmp.name, "core.patch")
        self.assertEqual(self.call("patch", out).returncode, 0)
        plain, mail = (os.path.join(self.tmp.name, d) for d in ("plain", "mail"))
        shutil.copytree(self.kdir, plain)
        shutil.copytree(self.kdir, mail)
        subprocess.run(["patch", "-s", "-p1", "-d", plain, "-i", out], check=True)
        git = ["git", "-C", mail, "-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", "init", "-q", mail], check=True)
        subprocess.run([*git, "add", "-fA"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)
        subprocess.run([*git, "am", "-q", out], check=True, capture_output=True)
        self.call("apply")

        def content(top):
            return {f: s[0] for f, s in snapshot(top).items() if not f.startswith((overlay.KEPT, ".git/"))}
        self.assertEqual(content(self.kdir), content(plain))
        self.assertEqual(content(self.kdir), content(mail))

    @unittest.skipIf(os.geteuid() == 0, "root can write everywhere")
    def test_unwritable(self):
        os.chmod(os.path.join(self.kdir, "drivers/virtio"), 0o555)
        self.refused("apply", "not writable")


if __name__ == "__main__":
    TREE = os.path.abspath(sys.argv.pop(1))
    log = io.StringIO()
    result = unittest.TextTestRunner(stream=log).run(unittest.defaultTestLoader.loadTestsFromTestCase(Overlay))
    bad = len(result.failures) + len(result.errors)
    for _, why in result.skipped:
        print(f"skipped: {why}")
    if bad:
        print(log.getvalue())
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed{skipped}")
    sys.exit(1 if bad else 0)
