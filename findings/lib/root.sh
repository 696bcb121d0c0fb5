# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts in the folder above: unpack pinned Debian packages, with all that they
# depend on, into a temporary folder, and run programs from there with their own libraries.
#
# The packages come by apt from the Debian archive that this machine's own sources name; apt checks
# their signatures.  Nothing is installed on the machine.  ROOT=FOLDER keeps the folder and uses it
# again, which saves half a minute a script.

# The pinned QEMU of Debian 12; suite and version of each package named after it.
QEMU_7_2="bookworm 1:7.2+dfsg-7+deb12u18+b3"

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 2
}

archive=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
[ -n "$archive" ] || fail "found no archive in /etc/apt/sources.list.d/debian.sources, expected that of Debian 12"
if [ -n "${ROOT:-}" ]; then
	root=$ROOT
	mkdir -p "$root"
else
	root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
fi

# root_add SUITE PACKAGE=VERSION
root_add() {
	[ ! -e "$root/has/$2" ] || return 0
	apt=$root/apt
	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts" "$root/has"
	: >"$apt/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1 main" >"$apt/sources"
	cat >"$apt/conf" <<-END
		Dir::State "$apt";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "$apt/sources";
		Dir::Etc::sourceparts "$apt/parts";
		Acquire::Languages "none";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
	END
	echo "fetching $2 from $1" >&2
	{
		APT_CONFIG=$apt/conf apt-get -q update &&
			APT_CONFIG=$apt/conf apt-get -q -y --download-only --no-install-recommends install "$2"
	} >"$apt/log" 2>&1 || { tail -5 "$apt/log" >&2; fail "could not fetch $2"; }
	for deb in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$root" || fail "could not unpack $deb"
	done
	rm -rf "$apt"
	: >"$root/has/$2"
}

# qemu_7_2 PACKAGE PROGRAM: have $QEMU run that program of that package
qemu_7_2() {
	root_add "${QEMU_7_2% *}" "$1=${QEMU_7_2#* }"
	lib=$root/usr/lib/x86_64-linux-gnu
	QEMU="$root/lib64/ld-linux-x86-64.so.2 --library-path $lib:$root/lib/x86_64-linux-gnu $root/usr/bin/$2 -L $root/usr/share/qemu -L $root/usr/share/seabios"
	QEMU_MODULE_DIR=$lib/qemu
	export QEMU QEMU_MODULE_DIR
	$QEMU --version | head -1
}

# probe: run the Python program on standard input, which drives $QEMU by qtest.py
probe() {
	PYTHONPATH=$(dirname "$0")/lib PYTHONDONTWRITEBYTECODE=1 python3 -
}
