#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the workbench needs: the one list of it.  Each line is a file that shows it is
# there, and the Debian package that brings it.  Installs what is missing where it may
# (root, or sudo without a password), else prints the command that does and fails.
# deps.sh ARCH: what building for an architecture and booting it need besides;
# deps.sh switch: a network switch that is a vhost-user back end.
set -eu

# ARCH TRIPLET CPU PACKAGE: a compiler, a C library for the guest, the emulator of a PACKAGE
needed_for() {
	cat <<EOF
/usr/bin/$2-gcc gcc-$2
/usr/$2/lib/libc.a libc6-dev-$1-cross
/usr/bin/qemu-system-$3 $4
EOF
}

needed() {
	case "${1:-}" in
	arm64) needed_for arm64 aarch64-linux-gnu aarch64 qemu-system-arm; return ;;
	riscv64) needed_for riscv64 riscv64-linux-gnu riscv64 qemu-system-misc; return ;;
	m68k) needed_for m68k m68k-linux-gnu m68k qemu-system-misc; return ;;
	ppc64) needed_for ppc64 powerpc64-linux-gnu ppc64 qemu-system-ppc; return ;;
	s390x) needed_for s390x s390x-linux-gnu s390x qemu-system-misc; return ;;
	switch)
		pmds=/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0
		cat <<EOF
/usr/bin/dpdk-testpmd dpdk-dev
$pmds/librte_net_vhost.so.23 librte-net-vhost23
$pmds/librte_bus_vdev.so.23 librte-bus-vdev23
$pmds/librte_mempool_ring.so.23 librte-mempool-ring23
EOF
		return ;;
	esac
	cat <<EOF
/usr/bin/python3 python3
/usr/bin/gcc gcc
/usr/include/stdio.h libc6-dev
/usr/bin/make make
/usr/bin/flex flex
/usr/bin/bison bison
/usr/bin/bc bc
/usr/bin/git git
/usr/bin/perl perl
/usr/bin/patch patch
/usr/bin/xz xz-utils
/usr/bin/cpio cpio
/usr/bin/rsync rsync
/usr/bin/ccache ccache
/usr/bin/sparse sparse
/usr/sbin/mke2fs e2fsprogs
/usr/sbin/depmod kmod
/bin/busybox busybox-static
/usr/bin/qemu-system-x86_64 qemu-system-x86
/usr/share/seabios/bios-256k.bin seabios
/usr/bin/fio fio
/usr/bin/iperf3 iperf3
/usr/include/libelf.h libelf-dev
/usr/include/openssl/opensslv.h libssl-dev
/usr/sbin/ethtool ethtool
/usr/bin/trace-cmd trace-cmd
/usr/sbin/ip iproute2
/usr/bin/jq jq
/usr/sbin/kexec kexec-tools
/usr/lib/qemu/virtiofsd qemu-system-common
/usr/bin/qemu-storage-daemon qemu-system-common
/usr/bin/clang-14 clang-14
/usr/lib/llvm-14/lib/clang/14.0.6/include/fuzzer/FuzzedDataProvider.h libclang-rt-14-dev
/usr/bin/llvm-cov-14 llvm-14
/usr/include/slirp/libslirp.h libslirp-dev
/usr/include/liburing.h liburing-dev
EOF
	[ -n "${KDIR:-}" ] || [ "${BASE:-6.12}" != 6.12 ] || echo "/usr/src/linux-source-6.12.tar.xz linux-source-6.12"
}

missing=
while read -r file package; do
	[ -e "$file" ] || missing="$missing $package"
done <<EOF
$(needed "${1:-}")
EOF
# The guest takes the static busybox; the other package has the same file.
if [ -e /bin/busybox ] && ! dpkg -s busybox-static >/dev/null 2>&1; then
	missing="$missing busybox-static"
fi
[ -n "$missing" ] || exit 0

echo "missing:$missing"
if ! command -v apt-get >/dev/null; then
	echo "deps: found no apt-get, expected Debian 12: install what these packages hold, under the names above" >&2
	exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
	root=sudo
	if ! sudo -n true 2>/dev/null; then
		echo "deps: not root, and sudo asks or is not there; as root run:" >&2
		echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
		exit 1
	fi
fi

start=$(date +%s)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists that are there may do; fetch them only if not.
# shellcheck disable=SC2086
install_them() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >"$log" 2>&1
}
echo "installing, which takes some minutes on a bare machine"
if ! install_them && ! { $root apt-get update >"$log" 2>&1 && install_them; }; then
	tail -20 "$log" >&2
	echo "deps: could not install:$missing" >&2
	echo "deps: expected Debian 12 with bookworm and bookworm-security in the apt sources" >&2
	exit 1
fi
echo "installed in $(($(date +%s) - start)) s"
