# SPDX-License-Identifier: GPL-2.0
"""The examples of a text, as files that a compiler takes.

What is indented by a tab is C: whole functions and objects, or statements, which get a
function around them with the names that the text uses.  A line of "..." stands for what
is left out.  The examples of a chapter are one file."""
import re

PREAMBLE = """#include <kunit/virtio.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_page.h>
"""
AROUND = """static int __maybe_unused example_%d(struct virtio_device *vdev, struct virtqueue *vq, struct kunit *test, struct virtio_host *host)
{
	int err = 0;

	{
%s
	}
	return err;
}
"""
CHAPTER = re.compile(r"^\d+\. .*\n-+$", re.M)
AT_FILE_LEVEL = re.compile(r"(static|const|enum|struct \w+ \{|#|module_|MODULE_|EXPORT_)")


def blocks(text):
    """[number of the first line, lines without their tab] of each."""
    found, inside = [], False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("\t"):
            if not inside:
                found.append([number, []])
            inside = True
            found[-1][1].append(line[1:])
        elif line.strip():
            inside = False
        elif inside:
            found[-1][1].append("")
    return found


def compilable(number, lines, name):
    """A block; what the compiler says of it is of the text's lines."""
    code = f'#line {number} "{name}"\n' + "\n".join(lines)
    if AT_FILE_LEVEL.match(lines[0]):
        return re.sub(r"^\.\.\.$", "", code, flags=re.M)
    return AROUND % (number, code)


def sources(text, name):
    """(number, file) of each chapter that has examples: they belong together, in their order."""
    starts = [m.start() for m in CHAPTER.finditer(text)]
    for number, (start, end) in enumerate(zip([0, *starts], [*starts, len(text)])):
        before = text[:start].count("\n")
        found = [compilable(before + n, lines, name) for n, lines in blocks(text[start:end])]
        if found:
            yield number, PREAMBLE + "\n".join(re.sub(r"^(\s+)\.\.\.\s*$", r"\1{ }", code, flags=re.M) for code in found) + "\n"
