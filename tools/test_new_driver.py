#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""test_new_driver.py TREE KUNIT: tests of new_driver.py in copies of this repository.

What it copies is tested by make kunit.  Here is the rest: that a copy under another name is whole, is in the kernel's
style, is switched on and compiles, and that what can't be done is refused and leaves nothing behind.  KUNIT is where
make kunit builds; the compiler's flags are taken from there."""
import hashlib, os, re, shlex, shutil, subprocess, sys, tempfile, unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import new_driver
import overlay
import tested

TREE = KUNIT = None
BOOK, KCONFIG, MAKEFILE = new_driver.BOOK, new_driver.KCONFIG, new_driver.MAKEFILE


def snapshot(top):
    return {os.path.relpath(os.path.join(d, f), top): hashlib.sha256(open(os.path.join(d, f), "rb").read()).hexdigest()
            for d, _, files in os.walk(top) for f in files if "__pycache__" not in d}


class NewDriver(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.top = os.path.join(self.tmp.name, "repository")
        for f in overlay.overlay_files():
            os.makedirs(os.path.dirname(os.path.join(self.top, f)), exist_ok=True)
            shutil.copyfile(os.path.join(overlay.TOP, f), os.path.join(self.top, f))
        os.makedirs(os.path.join(self.top, "tools"), exist_ok=True)
        shutil.copy(new_driver.__file__, os.path.join(self.top, "tools"))

    def path(self, name):
        return os.path.join(self.top, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def call(self, *args):
        return subprocess.run([sys.executable, self.path("tools/new_driver.py"), "--source", TREE, *args], capture_output=True, text=True)

    def make(self, *args):
        r = self.call(*args)
        self.assertEqual(r.returncode, 0, r.stderr)
        return r.stdout

    def refused(self, args, *words):
        before = snapshot(self.top)
        r = self.call(*args)
        self.assertEqual(r.returncode, 1, r.stdout)
        for w in words:
            self.assertIn(w, r.stderr)
        self.assertNotIn("Traceback", r.stderr)
        self.assertEqual(before, snapshot(self.top))

    def sources(self, name):
        return [f"samples/virtio/virtio_{name}{suffix}.c" for suffix in ("", "_test")]

    def test_writes(self):
        before = snapshot(self.top)
        said = self.make("foo", "42")
        after = snapshot(self.top)
        changed = {f for f in after if after[f] != before.get(f)}
        self.assertEqual(changed, {*self.sources("foo"), KCONFIG, MAKEFILE, BOOK})
        for f in changed:
            self.assertIn(f"wrote {f}", said)
        for f in self.sources("foo"):
            self.assertNotIn("skeleton", self.read(f).lower())
        self.assertIn("make kunit FILTER='-foo*'", said)

    def test_same_as_what_is_tested(self):
        """Nothing but the name and the number differs from what make kunit has tested."""
        self.make("foo", "42")
        for ours, theirs in zip(self.sources("foo"), self.sources("skeleton")):
            text = self.read(ours).replace("foo", "skeleton").replace("FOO", "SKELETON")
            self.assertEqual(re.sub(r"_ID\t42$", "_ID\t0x5e1e", text, flags=re.M), self.read(theirs))
            self.assertIn("#define FOO_ID\t42\n", self.read(ours))

    def test_entries(self):
        self.make("foo", "42")
        kconfig = self.read(KCONFIG)
        for symbol in ("config SAMPLE_VIRTIO_FOO\n", "config SAMPLE_VIRTIO_FOO_KUNIT_TEST\n"):
            self.assertEqual(kconfig.count(symbol), 1)
        self.assertRegex(kconfig, r"FOO_KUNIT_TEST\n(\t.*\n)*\tdefault VIRTIO_KUNIT_TEST\n\tselect SAMPLE_VIRTIO_FOO\n")
        self.assertTrue(self.read(MAKEFILE).endswith("obj-$(CONFIG_SAMPLE_VIRTIO_FOO) += virtio_foo.o\n"
                                                     "obj-$(CONFIG_SAMPLE_VIRTIO_FOO_KUNIT_TEST) += virtio_foo_test.o\n"))
        self.assertRegex(self.read(BOOK), r"\n  virtio_skeleton .*\n  virtio_foo  .*device 42\n\n")

    def test_several(self):
        """One more is a copy of the skeleton, not of what was copied before, whatever that is called."""
        for name in ("skeleton2", "foo"):
            self.make(name, "42")
        self.assertEqual(len(re.findall(r"^config SAMPLE_VIRTIO_FOO", self.read(KCONFIG), re.M)), 2)
        self.assertEqual(self.read(MAKEFILE).count("virtio_foo"), 2)

    def test_ids(self):
        for n, (given, expected) in enumerate((("7", "7"), ("0x2A", "0x2a"), ("crypto", "VIRTIO_ID_CRYPTO"), ("VIRTIO_ID_FS", "VIRTIO_ID_FS"))):
            self.make(f"foo{n}", given)
            for f in self.sources(f"foo{n}"):
                self.assertIn(f"#define FOO{n}_ID\t{expected}\n", self.read(f))

    def test_carried(self):
        """The overlay takes along what is there, under names that it may use."""
        self.make("foo", "42")
        for f in self.sources("foo"):
            self.assertIn(f.split("/")[0], overlay.ROOMS)
            self.assertIsNone(overlay.LITTER.search(os.path.basename(f)))

    def test_style(self):
        names = ("a", "n" * new_driver.LONGEST)
        for n in names:
            self.make(n, "crypto")
        r = subprocess.run([os.path.join(TREE, "scripts/checkpatch.pl"), "--strict", "--terse", "--no-summary", "--no-tree",
                            "--max-line-length=100", "-f", *(f for n in names for f in self.sources(n))],
                           cwd=self.top, capture_output=True, text=True)
        self.assertEqual(r.stdout.strip(), "")

    def test_compiles(self):
        """As the skeleton was, on which the test just looks: the same command, on another file."""
        name = "n" * new_driver.LONGEST
        self.make(name, "crypto")
        for ours, theirs in zip(self.sources(name), self.sources("skeleton")):
            saved = os.path.join(KUNIT, os.path.dirname(theirs), f".{os.path.basename(theirs)[:-2]}.o.cmd")
            if not os.path.exists(saved):
                self.skipTest(f"{saved} is missing: run make kunit first")
            command = shlex.split(re.search(r"^savedcmd_\S+ := (.*?)(?: ;|$)", open(saved).read(), re.M)[1])
            command = command[:command.index("-o")] + ["-Werror", "-o", os.path.join(self.tmp.name, "object.o"), self.path(ours)]
            r = subprocess.run(command, cwd=KUNIT, capture_output=True, text=True)
            self.assertEqual((r.returncode, r.stderr), (0, ""))

    def test_names(self):
        for name, why in (("", "NAME= missing"), ("Foo", "C identifier"), ("9foo", "C identifier"), ("foo-bar", "C identifier"),
                          ("foo/bar", "C identifier"), ("_foo", "C identifier"), ("n" * 21, "21 characters"), ("foo\n", "C identifier")):
            self.refused((name, "42"), why)

    def test_missing_id(self):
        self.refused(("foo",), "ID= missing")
        self.refused(("foo", ""), "ID= missing")

    def test_bad_ids(self):
        for number in ("0", "65536", "0x10000", "-1", "4 2", "42x", "entropy", "0x"):
            self.refused(("foo", number), f"ID={number}", "expected")
        self.refused(("foo", "entropy"), "RNG", "CRYPTO")

    def test_taken(self):
        for name, why in (("sample", "samples/virtio/virtio_sample.c"), ("skeleton", "virtio_skeleton.c"), ("ring", "suite virtio-ring"),
                          ("rng", "module virtio_rng"), ("pci", "module virtio_pci"), ("kunit_test", "SAMPLE_VIRTIO_KUNIT_TEST"),
                          ("kernel", "kernel_")):
            self.refused((name, "42"), why, "choose another NAME")

    def test_twice(self):
        self.make("foo", "42")
        self.refused(("foo", "42"), "virtio_foo.c", "already")
        os.remove(self.path(self.sources("foo")[0]))
        self.refused(("foo", "42"), "virtio_foo_test.c", "already")
        os.remove(self.path(self.sources("foo")[1]))
        self.refused(("foo", "42"), KCONFIG, "already")

    def test_file_in_the_way(self):
        for f in self.sources("foo"):
            with open(self.path(f), "w") as out:
                out.write("mine\n")
            self.refused(("foo", "42"), f, "already")
            os.remove(self.path(f))

    def test_nothing_half_done(self):
        """The 1st, 2nd, ... file can't be written, or put in its place: all is as it was."""
        for f in (*self.sources("foo"), KCONFIG, MAKEFILE, BOOK):
            with open(self.path(f + ".new"), "w") as out:
                out.write("mine\n")
            self.refused(("foo", "42"), "nothing was written", f)
            os.remove(self.path(f + ".new"))
            before = snapshot(self.top)

            def fails(old, new, real=os.replace, f=f):
                if new == self.path(f):
                    raise OSError(28, "No space left on device", new)
                real(old, new)
            with mock.patch.object(new_driver, "TOP", self.top), mock.patch.object(os, "replace", fails), \
                 self.assertRaisesRegex(new_driver.Refused, "No space left on device.*nothing was written"):
                new_driver.put(new_driver.written("foo", "42"))
            self.assertEqual(before, snapshot(self.top))


if __name__ == "__main__":
    KUNIT = os.path.abspath(sys.argv.pop(2))
    TREE = os.path.abspath(sys.argv.pop(1))
    sys.exit(tested.run())
