#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_overlay.py TREE: tests of overlay.py on small trees made of TREE's pristine files."""
import contextlib, hashlib, io, os, re, shutil, subprocess, sys, tempfile, unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import overlay
import tested

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
        self.base = overlay.check_tree(TREE)
        for f in {"Makefile", "include/linux/virtio_anchor.h", *self.base.files(), *overlay.REPLACED, *self.base.patched_files()}:
            entry = state["files"].get(f) if state else None
            source = os.path.join(TREE, overlay.KEPT, "orig", f) if entry else os.path.join(TREE, f)
            if os.path.exists(source):
                os.makedirs(os.path.dirname(os.path.join(self.kdir, f)), exist_ok=True)
                shutil.copyfile(source, os.path.join(self.kdir, f))
        self.pristine = snapshot(self.kdir)

    def call(self, what, *more, top=None):
        return subprocess.run([sys.executable, overlay.__file__, what, top or self.kdir, *more], capture_output=True, text=True)

    def refused(self, what, *words, top=None):
        top = top or self.kdir
        before = snapshot(top)
        r = self.call(what, top=top)
        self.assertEqual(r.returncode, 1, r.stdout)
        for w in words:
            self.assertIn(w, r.stderr)
        self.assertNotIn("Traceback", r.stderr)
        self.assertEqual(before, snapshot(top))

    def edit(self, name, text):
        with open(os.path.join(self.kdir, name), "a") as f:
            f.write(text)

    def lines(self, name, text):
        path = os.path.join(self.kdir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def git(self, top, *args):
        return subprocess.run(["git", "-C", top, "-c", "user.name=t", "-c", "user.email=t@t", *args], check=True, capture_output=True, text=True).stdout

    def commit(self, top=None):
        top = top or self.kdir
        self.git(self.tmp.name, "init", "-q", top)
        self.git(top, "add", "-fA")
        self.git(top, "commit", "-qm", "x")

    def content(self, *but):
        return {f: s[::2] for f, s in snapshot(self.kdir).items() if not f.startswith((overlay.KEPT, *but))}

    def originals(self):
        return {f: s[::2] for f, s in self.pristine.items()}

    def another_overlay(self):
        """As if the repository had moved on: a file changed, one new, one gone, one of the tree's replaced anew."""
        real = overlay.wanted_content

        def other(base, source):
            want = real(base, source)
            want["drivers/virtio/bus.c"] += b"/* newer */\n"
            want["drivers/virtio/newer/file.c"] = b"/* new */\n"
            del want["drivers/virtio/handshake.c"]
            del want["drivers/virtio/virtio_debug.c"]
            return want
        return mock.patch.object(overlay, "wanted_content", other)

    def at_every_failure(self, what):
        """Call what() with the 1st, 2nd, ... change of a name failing, until none does: each time all must be as it was."""
        before = self.content()
        for n in (*range(1, 6), *range(6, 10000, 29)):
            left = [n]

            def fails(real):
                def wrapped(*args, **kw):
                    left[0] -= str(args[0]).startswith(self.kdir)
                    if left[0] == 0:
                        left[0] = -1
                        raise OSError(28, "No space left on device", args[0])
                    return real(*args, **kw)
                return wrapped
            with mock.patch.object(os, "replace", fails(os.replace)), mock.patch.object(os, "remove", fails(os.remove)), \
                 mock.patch.object(os, "makedirs", fails(os.makedirs)), contextlib.redirect_stdout(io.StringIO()):
                try:
                    what()
                except overlay.Refused as e:
                    self.assertIn("No space left", str(e))
                    self.assertEqual(before, self.content(), f"failure {n} left something behind")
                    continue
            self.assertGreater(n, 20)
            return
        self.fail("never done")

    def test_there_and_back(self):
        self.assertEqual(self.call("apply").returncode, 0)
        self.assertFalse(os.path.exists(os.path.join(self.kdir, overlay.REPLACED[0])))
        self.assertTrue(os.path.exists(os.path.join(self.kdir, "drivers/virtio/bus.c")))
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.originals(), self.content())
        self.assertEqual(set(os.listdir(self.tmp.name)), {"linux"})

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
        text = re.sub("^PATCHLEVEL = .*", "PATCHLEVEL = 99", open(path).read(), flags=re.M)
        with open(path, "w") as f:
            f.write(text)
        self.refused("apply", ".99.", *(f"{name}.y" for name in overlay.known_bases()))

    def test_no_kernel(self):
        shutil.rmtree(os.path.join(self.kdir, "drivers"))
        self.refused("apply", "no Linux source")

    def test_patch_in_the_way(self):
        path = os.path.join(self.kdir, "drivers/remoteproc/remoteproc_virtio.c")
        text = open(path).read().replace("rproc_virtio_get", "rproc_virtio_fetch")
        with open(path, "w") as f:
            f.write(text)
        self.refused("apply", "does not apply", "0001")

    def test_dirty_git_tree(self):
        self.commit()
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
        self.assertEqual(self.originals(), self.content())

    def test_patch_equals_apply(self):
        out = os.path.join(self.tmp.name, "core.patch")
        self.assertEqual(self.call("patch", out).returncode, 0)
        plain, mail = (os.path.join(self.tmp.name, d) for d in ("plain", "mail"))
        shutil.copytree(self.kdir, plain)
        shutil.copytree(self.kdir, mail)
        subprocess.run(["patch", "-s", "-p1", "-d", plain, "-i", out], check=True)
        self.commit(mail)
        self.git(mail, "am", "-q", out)
        self.refused("apply", "bus.c", "nothing says", top=plain)
        self.call("apply")

        def content(top):
            return {f: s[0] for f, s in snapshot(top).items() if not f.startswith((overlay.KEPT, ".git/"))}
        self.assertEqual(content(self.kdir), content(plain))
        self.assertEqual(content(self.kdir), content(mail))

    def test_failed_apply(self):
        self.at_every_failure(lambda: overlay.apply(self.kdir))
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.originals(), self.content())

    def test_failed_second_apply(self):
        self.call("apply")
        with self.another_overlay():
            self.at_every_failure(lambda: overlay.apply(self.kdir))
        self.assertIn("drivers/virtio/newer/file.c", self.content())
        self.assertIn("drivers/virtio/virtio_debug.c", self.content())
        self.assertNotIn("drivers/virtio/handshake.c", self.content())
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(self.originals(), self.content())

    def test_failed_unapply(self):
        self.call("apply")
        self.at_every_failure(lambda: overlay.unapply(self.kdir))
        self.assertEqual(self.originals(), self.content())

    def test_file_of_the_user_at_a_new_path(self):
        self.lines("drivers/virtio/bus.c", "/* mine */\n")
        self.refused("apply", "drivers/virtio/bus.c", "move")

    def test_file_of_the_user_where_a_patch_adds_one(self):
        self.lines(self.base.added_files()[0], "/* mine */\n")
        self.refused("apply", self.base.added_files()[0], "move")

    def test_file_of_the_user_at_a_later_new_path(self):
        self.call("apply")
        self.lines("drivers/virtio/newer/file.c", "/* mine */\n")
        before = snapshot(self.kdir)
        with self.another_overlay(), self.assertRaisesRegex(overlay.Refused, "drivers/virtio/newer/file.c"):
            overlay.apply(self.kdir)
        self.assertEqual(before, snapshot(self.kdir))

    def test_edited_original_comes_back(self):
        self.edit("drivers/virtio/virtio_ring.c", "/* mine */\n")
        self.edit("include/linux/virtio.h", "/* mine too */\n")
        before = self.content()
        r = self.call("apply")
        self.assertEqual(r.returncode, 0)
        self.assertIn("no git", r.stdout)
        self.assertIn(f"{overlay.KEPT}/orig", r.stdout)
        self.assertEqual(self.call("apply").returncode, 0)
        self.assertEqual(self.call("unapply").returncode, 0)
        self.assertEqual(before, self.content())

    def test_shared_is_what_both_have(self):
        self.assertEqual(sorted(overlay.SHARED), [f for f in sorted(self.base.files()) if f in self.pristine])

    def test_dirty_git_worktree(self):
        self.commit()
        main, self.kdir = self.kdir, os.path.join(self.tmp.name, "second")
        self.git(main, "worktree", "add", "-q", self.kdir)
        self.edit("drivers/virtio/virtio_ring.c", "/* mine */\n")
        self.refused("apply", "local changes", "virtio_ring.c")
        self.git(self.kdir, "checkout", "-q", ".")
        self.assertEqual(self.call("apply").returncode, 0)

    def test_git_does_not_answer(self):
        self.lines(".git", "gitdir: /nowhere\n")
        self.refused("apply", "git status", "not a git repository")

    def test_edits_are_named_and_given_up_only_by_force(self):
        self.call("apply")
        self.edit("drivers/virtio/bus.c", "/* mine */\n")
        self.edit("MAINTAINERS", "mine\n")
        self.lines("drivers/virtio/virtio.c", "/* mine */\n")
        self.refused("unapply", "drivers/virtio/bus.c", "MAINTAINERS", "drivers/virtio/virtio.c", "FORCE=1")
        r = self.call("unapply", "--force")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("drivers/virtio/bus.c", r.stdout)
        self.assertEqual(self.originals(), self.content())

    def test_edits_after_an_interrupted_run(self):
        self.call("apply")
        state = overlay.state_of(self.kdir)
        state["state"] = "applying"
        overlay.save_state(self.kdir, state)
        self.edit("drivers/virtio/bus.c", "/* mine */\n")
        self.refused("unapply", "drivers/virtio/bus.c", "changed since")

    def test_killed_half_way(self):
        for n in (1, 7, 40, 90):
            left = [n]
            real = os.replace

            def killed(*args, **kw):
                left[0] -= 1
                if not left[0]:
                    os._exit(9)
                return real(*args, **kw)
            pid = os.fork()
            if not pid:
                try:
                    with mock.patch.object(os, "replace", killed):
                        overlay.apply(self.kdir)
                finally:
                    os._exit(0)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 9)
            r = self.call("unapply")
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertEqual(self.originals(), self.content())

    def test_store_without_manifest(self):
        os.makedirs(os.path.join(self.kdir, overlay.KEPT, "orig"))
        self.refused("apply", overlay.KEPT, "manifest")
        self.refused("unapply", overlay.KEPT, "manifest")

    def test_damaged_store(self):
        self.call("apply")
        manifest, whole = (os.path.join(self.kdir, overlay.KEPT, "manifest"), overlay.state_of(self.kdir))
        for text in ("[]", "{}", "{", '{"state": "applied", "files": {"a": 1}}'):
            with open(manifest, "w") as f:
                f.write(text)
            self.refused("unapply", "damaged")
        overlay.save_state(self.kdir, whole)
        kept = os.path.join(self.kdir, overlay.KEPT, "orig/drivers/virtio/virtio.c")
        with open(kept, "a") as f:
            f.write("bit rot")
        self.refused("unapply", "drivers/virtio/virtio.c", "damaged")
        os.remove(kept)
        self.refused("unapply", "drivers/virtio/virtio.c", "missing")

    def test_restored_files_are_newer_than_objects(self):
        self.call("apply")
        mark = os.path.join(self.tmp.name, "object.o")
        with open(mark, "w"):
            pass
        changed = [f for f in self.pristine if overlay.current(self.kdir, f) is None or snapshot(self.kdir)[f] != self.pristine[f]]
        self.call("unapply")
        after = snapshot(self.kdir)
        self.assertIn("include/linux/virtio.h", changed)
        self.assertEqual([], [f for f in changed if after[f][1] <= os.stat(mark).st_mtime_ns])
        self.assertEqual([], [f for f in self.pristine if f not in changed and after[f] != self.pristine[f]])

    def test_tools_missing(self):
        for tool in ("git", "patch"):
            path = os.path.join(self.tmp.name, f"without-{tool}")
            os.makedirs(path)
            for other in {"git", "patch"} - {tool}:
                os.symlink(shutil.which(other), os.path.join(path, other))
            r = subprocess.run([sys.executable, overlay.__file__, "apply", self.kdir], env={"PATH": path}, capture_output=True, text=True)
            if tool == "git":
                self.assertEqual(r.returncode, 0, r.stderr)     # needed for a tree under git only
                self.call("unapply")
            else:
                self.assertEqual((r.returncode, "make deps" in r.stderr), (1, True), r.stderr)
                self.assertEqual(self.originals(), self.content())

    @unittest.skipIf(os.geteuid() == 0, "root can write everywhere")
    def test_unwritable(self):
        os.chmod(os.path.join(self.kdir, "drivers/virtio"), 0o555)
        self.refused("apply", "not writable")


if __name__ == "__main__":
    TREE = os.path.abspath(sys.argv.pop(1))
    sys.exit(tested.run())
