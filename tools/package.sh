#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# package.sh SUITE PACKAGE FOLDER: fetch a package of any suite of Debian into FOLDER, from
# where this machine gets its own, and print the path of its file.  apt checks the signature.
# Neither the machine's sources nor its packages change.
set -eu
suite=$1 package=$2 folder=$3

fail() {
	echo "package: $package of $suite: $*" >&2
	exit 1
}

found() { find "$folder" -maxdepth 1 -name "${package}_*.deb" | sort | tail -1; }

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -z "$(found)" ]; then
	command -v apt-get >/dev/null || fail "found no apt-get, expected Debian"
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016
	archive=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' | sed -n "s/^$codename main //p" | head -1)
	[ -n "$archive" ] || fail "apt's sources name no archive of $codename main"
	own=$(mktemp -d)
	trap 'rm -rf "$own"' EXIT
	mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
	: >"$own/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" >"$own/sources"
	cat >"$own/apt.conf" <<EOF
Dir::State::lists "$own/lists";
Dir::State::status "$own/status";
Dir::Cache "$own/cache";
Dir::Etc::sourcelist "$own/sources";
Dir::Etc::sourceparts "/dev/null";
APT::Architectures {"$(dpkg --print-architecture)";}
APT::Sandbox::User "root";
EOF
	export APT_CONFIG="$own/apt.conf"
	apt-get -q update >"$own/said" 2>&1 && ! grep -q '^[EW]:' "$own/said" || fail "$(grep '^[EW]:' "$own/said" | head -1)"
	echo "fetching $package of $suite" >&2
	(cd "$own" && apt-get -q download "$package" >said 2>&1) || fail "$(grep '^[EW]:' "$own/said" | head -1)"
	mv "$own/${package}"_*.deb "$folder/"
fi
found
