#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.sh [--pristine] TREE: see to it that TREE is a Linux tree with the overlay applied,
# or without.
# Unpacks Debian's source if there is nothing yet and the tree is not the user's own.
set -eu
pristine=
[ "$1" = --pristine ] && { pristine=y; shift; }
tree=$1
tarball=/usr/src/linux-source-6.12.tar.xz

if [ ! -e "$tree/Makefile" ] && [ -z "${KDIR:-}" ]; then
	[ -e "$tarball" ] || { echo "source: $tree is no tree and $tarball is missing: run make deps" >&2; exit 1; }
	start=$(date +%s)
	echo "unpacking the source, which takes about a minute"
	rm -rf "$tree.part"
	mkdir -p "$tree.part"
	tar xJf "$tarball" -C "$tree.part" --strip-components=1
	mv -T "$tree.part" "$tree"
	echo "unpacked the source in $(($(date +%s) - start)) s"
fi
[ -n "$pristine" ] || "$(dirname "$0")/overlay.py" apply "$tree"
