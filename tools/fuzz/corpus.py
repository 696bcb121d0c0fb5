# SPDX-License-Identifier: GPL-2.0
"""The kept inputs of a target: a line of hex digits for each, in corpus/TARGET, and what seeds.py has; libFuzzer wants a folder of files."""
import hashlib, os, shutil, subprocess

import seeds, targets

FOLDER = os.path.join(targets.HERE, "corpus")


def read_kept(target):
    kept = os.path.join(FOLDER, target)
    for line in open(kept) if os.path.exists(kept) else ():
        yield bytes.fromhex(line)


def unpack(target, folder):
    """Add what is kept to what is in folder."""
    os.makedirs(folder, exist_ok=True)
    for data in (*read_kept(target), *seeds.SEEDS.get(target, tuple)()):
        with open(f"{folder}/{hashlib.sha1(data).hexdigest()}", "wb") as f:
            f.write(data)
    return folder


def keep(program, target, folder):
    """What folder holds, as few inputs of it as cover the same, becomes what is kept."""
    merged = f"{folder}.merged"
    shutil.rmtree(merged, ignore_errors=True)
    os.makedirs(merged)
    subprocess.run([program, "-merge=1", "-use_counters=0", "-detect_leaks=0", f"-max_len={targets.TARGETS[target].longest}", merged, folder],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    inputs = sorted((open(f"{merged}/{f}", "rb").read() for f in os.listdir(merged)), key=lambda d: (len(d), d))
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, target), "w") as f:
        f.writelines(d.hex() + "\n" for d in inputs)
    return len(inputs)
