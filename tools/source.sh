#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.sh TREE: see to it that TREE is a Linux tree with the overlay applied.
# Unpacks Debian's source if there is nothing yet.
set -eu
tree=$1
tarball=/usr/src/linux-source-6.12.tar.xz

if [ ! -e "$tree/Makefile" ]; then
	[ -e "$tarball" ] || { echo "source: $tree is no tree and $tarball is missing" >&2; exit 1; }
	start=$(date +%s)
	rm -rf "$tree.part"
	mkdir -p "$tree.part"
	tar xJf "$tarball" -C "$tree.part" --strip-components=1
	mv "$tree.part" "$tree"
	echo "unpacked the source in $(($(date +%s) - start)) s"
fi
"$(dirname "$0")/overlay.py" apply "$tree"
