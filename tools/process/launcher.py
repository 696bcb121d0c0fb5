# SPDX-License-Identifier: GPL-2.0
"""The launcher, built for who boots guests with it."""
import os


def build(kernel):
    output = f"{kernel.build}/launch/"
    os.makedirs(output, exist_ok=True)
    kernel.run("make", "-s", "-C", f"{kernel.source}/tools/virtio/launch", f"OUTPUT={output}")
