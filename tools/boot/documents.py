# SPDX-License-Identifier: GPL-2.0
"""Files for guests to read and write back, and whether they came back as they were."""
import glob, hashlib, os, shutil, subprocess

MOST = 6 << 20      # bytes


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def gather(tree):
    """Some of Debian's own documents, with their checksums."""
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/docs")
    size, sums = 0, []
    for path in sorted(glob.glob("/usr/share/doc/**", recursive=True)):
        if os.path.islink(path) or not os.path.isfile(path) or size > MOST:
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


def clean(what, image):
    r = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True)
    return r.returncode == 0, f"{what}, seen by the host: file system " + ("clean" if r.returncode == 0 else r.stdout)


def extract(image, out):
    """What the guest wrote into the file system of an image."""
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    subprocess.run(["debugfs", "-R", f"rdump /written {out}", image], capture_output=True)
    return f"{out}/written"
