#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.sh [--pristine] BASE TREE: see to it that TREE is a Linux tree of that version with
# the overlay applied, or without.
# Unpacks Debian's source if there is nothing yet and the tree is not the user's own.
set -eu
pristine=
[ "$1" = --pristine ] && { pristine=y; shift; }
base=$1 tree=$2
tools=$(dirname "$0")
tarball=/usr/src/linux-source-$base.tar.xz

# Out of its package, which is not installed.
unpack() {
	dpkg-deb --fsys-tarfile "$deb" | tar xO "./usr/src/linux-source-$base.tar.xz" | tar xJ -C "$1" --strip-components=1
}

fetch() {
	if [ ! -r "$tools/../bases/$base/source" ]; then
		echo "source: BASE=$base: expected one of $(cd "$tools/../bases" && echo *)" >&2
		exit 1
	fi
	read -r suite package <"$tools/../bases/$base/source"
	deb=$("$tools/package.sh" "$suite" "$package" "$tools/../build/packages") || exit 1
}

if [ ! -e "$tree/Makefile" ] && [ -z "${KDIR:-}" ]; then
	start=$(date +%s)
	[ -e "$tarball" ] || fetch
	echo "unpacking the source of Linux $base, which takes about a minute"
	rm -rf "$tree.part"
	mkdir -p "$tree.part"
	if [ -e "$tarball" ]; then
		tar xJf "$tarball" -C "$tree.part" --strip-components=1
	else
		unpack "$tree.part"
	fi
	mv -T "$tree.part" "$tree"
	echo "unpacked the source in $(($(date +%s) - start)) s"
fi
[ -n "$pristine" ] || "$tools/overlay.py" apply "$tree"
