# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: memory that comes and goes.  For init to read.

total() { sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo; }

has_total() { [ "$(total)" = "$1" ]; } # KIB

check_balloon() {
	before=$(total)
	ask balloon_stats "$before" && ask balloon 384 || return 1
	[ $((before - $(total))) = 131072 ] || { echo "of $before KiB are left $(total)"; return 1; }
	ask balloon 512 && has_total "$before" || { echo "of $before KiB are back $(total)"; return 1; }
}

check_reporting() { # what is free again, the host gets back
	dd if=/dev/zero of=/tmp/filled bs=1M count=128 2>/dev/null || return 1
	held=$(ask hold) || { echo "$held"; return 1; }
	rm /tmp/filled
	ask less "$held" 96
}

check_memory() { # what lies in memory that goes has to move
	before=$(total)
	ask memory 256 && wait_until has_total $((before + 262144)) || return 1
	mkdir /tmp/copies
	head -c 4194304 /dev/urandom >/tmp/copies/0
	for n in $(seq 1 31); do cp /tmp/copies/0 /tmp/copies/$n; done
	ask memory 128 && wait_until has_total $((before + 131072)) || return 1
	[ "$(sha256sum /tmp/copies/* | cut -c1-64 | sort -u | wc -l)" = 1 ] || { echo "the copies differ"; return 1; }
	rm -r /tmp/copies
	ask memory 0 && wait_until has_total "$before"
}
