# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: devices that run into errors, and are brought back beneath
# whoever uses them.  For init to read.

# The PCI device that a disk is on.
slot_of() { readlink -f "/sys/block/$1/device/.."; }

keep_busy() { # DISK: until /tmp/enough is there, and then what came of it
	rounds=0
	until [ -e /tmp/enough ]; do
		fio_on "/dev/$1" 16m >/tmp/round || { cat /tmp/round; return 1; }
		rounds=$((rounds + 1))
	done
	echo "$rounds rounds of fio, checksums equal"
}

while_busy() { # DISK COMMAND...: with requests in flight
	disk=$1
	shift
	rm -f /tmp/enough
	keep_busy "$disk" >/tmp/busy &
	busy=$!
	wait_until grep -q ' [1-9][0-9]*$' "/sys/block/$disk/inflight" || return 1
	"$@" >/tmp/command 2>&1
	status=$?
	touch /tmp/enough
	await $busy && [ $status = 0 ] || { cat /tmp/command /tmp/busy; return 1; }
	echo "$(cat /tmp/command); meanwhile $(cat /tmp/busy)"
}

find_victim() { # and call it $disk
	disk=$(disk_with victim) && [ -n "$disk" ] || { echo "no disk with serial number victim"; return 1; }
}

check_recovery() { # fio hears of nothing: the core shows the device its requests once more
	find_victim || return 1
	while_busy "$disk" /programs/breaker "$(slot_of "$disk")" 50 "/sys/block/$disk/stat"
}

check_luns_broken() { # a driver that is told nothing has its queues as they were
	slot=$(readlink -f /sys/block/sda/device/../../../..)
	while_busy sda /programs/breaker "$slot" 30 /sys/block/sda/stat partial
}

network_works() {
	ip link set eth0 down && check_network
}

# A disk that falls silent while it is brought back keeps nobody else waiting.  The machine is turned off with
# the disk in that state.
check_silent() {
	find_victim && ask throttle victim 1 || return 1
	slot=$(slot_of "$disk")
	# Their parent is init: they are not waited for.
	(dd if="/dev/$disk" of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null &)
	wait_until in_flight "$disk" || return 1
	before=$(dmesg | grep -c 'needs a reset')
	# It breaks a device that has served something; this one is not to, so the time counts.
	(/programs/breaker "$slot" 1 /proc/uptime >/dev/null 2>&1 &)
	wait_until needed_reset "$before" || return 1
	in_flight "$disk" || { echo "the disk is not silent"; return 1; }
	network_works & await $! || { echo "the network waits for the disk"; return 1; }
	rebind "/sys/bus/virtio/devices/$(virtio_of /sys/class/net/eth0)" 3 & await $! || { echo "unbinding the card waits for the disk"; return 1; }
	network_works
}

needed_reset() { [ "$(dmesg | grep -c 'needs a reset')" -gt "$1" ]; } # TIMES before

# At any time: also in the midst of what the last one has brought about.
reset_function() { # SLOT TIMES
	grep -q flr "$1/reset_method" || { echo "no function-level reset, but $(cat "$1/reset_method")"; return 1; }
	echo flr >"$1/reset_method"
	for i in $(seq "$2"); do
		echo 1 >"$1/reset" || return 1
	done
	noticed=$(dmesg | grep -c 'reset by its bus')
	echo "$2 function-level resets, $noticed of them while its driver was at work"
	[ "$noticed" -gt 0 ]
}

check_flr() {
	find_victim || return 1
	while_busy "$disk" reset_function "$(slot_of "$disk")" 100
}
