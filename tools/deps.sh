#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the workbench needs, one line each: a file that shows it is there, and the
# Debian package that brings it.  Installs what is missing where it may, else
# prints the command that does.
set -eu

needed() {
	cat <<EOF
/usr/bin/gcc gcc
/usr/bin/make make
/usr/bin/flex flex
/usr/bin/bison bison
/usr/bin/bc bc
/usr/bin/git git
/usr/bin/perl perl
/usr/bin/patch patch
/usr/bin/xz xz-utils
/usr/bin/cpio cpio
/usr/bin/ccache ccache
/usr/bin/sparse sparse
/usr/sbin/mke2fs e2fsprogs
/usr/sbin/depmod kmod
/bin/busybox busybox-static
/usr/bin/qemu-system-x86_64 qemu-system-x86
/usr/share/seabios/bios-256k.bin seabios
/usr/include/libelf.h libelf-dev
/usr/include/openssl/opensslv.h libssl-dev
EOF
	[ -n "${KDIR:-}" ] || echo "/usr/src/linux-source-6.12.tar.xz linux-source-6.12"
}

missing=
while read -r file package; do
	[ -e "$file" ] || missing="$missing $package"
done <<EOF
$(needed)
EOF
# The static busybox, not the one that needs libraries the guest has not.
if [ -e /bin/busybox ] && ! dpkg -s busybox-static >/dev/null 2>&1; then
	missing="$missing busybox-static"
fi
[ -n "$missing" ] || exit 0

echo "missing:$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "deps: install them with: sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
start=$(date +%s)
log=$(mktemp)
# shellcheck disable=SC2086
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
       apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	echo "deps: could not install:$missing" >&2
	exit 1
fi
rm -f "$log"
echo "installed in $(($(date +%s) - start)) s"
