# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: devices that run into errors, and are brought back beneath
# whoever uses them, or not.  For init to read.

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

check_recovery() { # fio sees no error: the core offers the device its requests once more
	find_victim || return 1
	while_busy "$disk" /programs/breaker "$(slot_of "$disk")" 50 "/sys/block/$disk/stat"
}

read_until_error() { # DISK: and say so in /tmp/reader
	while dd if="/dev/$1" of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null; do :; done
	echo ended >/tmp/reader
}

check_luns_broken() { # commands that must not be repeated end with errors, until the driver is bound again
	adapter=$(readlink -f /sys/block/sda/device/../../..)
	slot=$(dirname "$adapter")
	[ "$(cat "$adapter/recovery")" = unsupported ] || { echo "recovery: $(cat "$adapter/recovery")"; return 1; }
	: >/tmp/reader
	read_until_error sda &
	/programs/breaker "$slot" 1 /sys/block/sda/stat failed || return 1
	wait_until grep -q ended /tmp/reader || { echo "a reader still waits"; return 1; }
	timeout 60 dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct >/tmp/later 2>&1
	status=$?
	[ $status = 1 ] || { echo "a later read ended with $status:"; cat /tmp/later; return 1; }
	for what in unbind bind; do
		echo "${adapter##*/}" >"/sys/bus/virtio/drivers/virtio_scsi/$what" || return 1
	done
	wait_until [ -b /dev/sda ] && dd if=/dev/sda of=/dev/null bs=64k count=16 iflag=direct 2>/tmp/later ||
		{ cat /tmp/later; return 1; }
	echo "a reader got an error, and so did a later one; bound again, it serves"
}

logged() { dmesg | grep -c "$1"; } # WORDS in the log

logged_more_than() { [ "$(logged "$2")" -gt "$1" ]; } # COUNT WORDS

network_works() {
	ip link set eth0 down && check_network
}

# The disk answers no more while it is brought back, and its driver waits for it.
fall_silent() {
	find_victim && ask throttle victim 1 || return 1
	# Their parent is init: they are not waited for.
	(dd if="/dev/$disk" of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null &)
	wait_until in_flight "$disk" || return 1
	before=$(logged 'needs a reset')
	# It breaks a device that has served something; this one is not to, so the time counts.
	(/programs/breaker "$(slot_of "$disk")" 1 /proc/uptime >/dev/null 2>&1 &)
	wait_until logged_more_than "$before" 'needs a reset' && is_silent
}

is_silent() { in_flight "$disk" || { echo "the disk is not silent"; return 1; }; }

check_silent_unbind() {
	fall_silent || return 1
	device=$(virtio_of "/sys/block/$disk")
	echo "$device" >/sys/bus/virtio/drivers/virtio_blk/unbind &
	await $! || { echo "unbinding the disk waits for it"; return 1; }
	ask throttle victim 0 && echo "$device" >/sys/bus/virtio/drivers/virtio_blk/bind && whole
}

check_silent_unplug() {
	fall_silent && ask unplug victim && wait_until gone && ask plug victim && whole
}

# Nobody else waits.  The machine is turned off with the disk in that state.
check_silent() {
	fall_silent || return 1
	network_works & await $! || { echo "the network waits for the disk"; return 1; }
	rebind "/sys/bus/virtio/devices/$(virtio_of /sys/class/net/eth0)" 3 & await $! || { echo "unbinding the card waits for the disk"; return 1; }
	network_works && is_silent
}

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

# The device that a port is on: on the virtio bus, and on PCI.
virtio_of_port() { readlink -f "/sys/class/virtio-ports/$1/device"; }

# The driver has a CPU poll for an answer of a device that has failed.  The guest goes on, and
# the device works again at the latest when its driver is bound anew.
poll_in_vain() { # PORT FILE
	device=$(virtio_of_port "$1")
	took=$(/programs/breaker "$(dirname "$device")" poll "$2") || { echo "$took"; return 1; }
	echo "${device##*/}" >"$device/driver/unbind" || return 1
	echo "${device##*/}" >/sys/bus/virtio/drivers/virtio_console/bind || return 1
	wait_for "$2" || return 1
	echo "$took on a machine of $(nproc) CPUs"
}

check_poll_output() { # with interrupts off
	wait_for /dev/hvc0 || return 1
	for port in /sys/class/virtio-ports/*; do
		cat "$port/name" >/dev/null 2>&1 && continue
		poll_in_vain "${port##*/}" /dev/hvc0 || return 1
	done
	dd if=/dev/zero of=/dev/hvc0 bs=1 count=100 2>/dev/null
}

check_poll_control() { # under a lock
	wait_until has_port echo || return 1
	file=$(port_named echo)
	poll_in_vain "${file##*/}" "$file" && wait_until has_port echo && echo_on echo 65536
}

available() { awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo; } # MiB of memory

# Memory is reclaimed to a disk that fails: recovery must not wait for that memory.
check_swap() {
	find_victim || return 1
	mkswap "/dev/$disk" >/dev/null && swapon "/dev/$disk" || return 1
	rm -f /tmp/enough
	/programs/hog $(($(available) + 128)) /tmp/enough >/tmp/hogged 2>&1 &
	hog=$!
	/programs/breaker "$(slot_of "$disk")" 20 "/sys/block/$disk/stat" >/tmp/command 2>&1
	status=$?
	touch /tmp/enough
	wait_until ended $hog	# it reads all of its memory back, which takes a slow host more than a minute
	await $hog && [ $status = 0 ] || { cat /tmp/command /tmp/hogged; return 1; }
	swapped=$(awk '$1 == "pswpin" { print int($2 / 256) }' /proc/vmstat)
	swapoff "/dev/$disk" || return 1
	echo "$(cat /tmp/command); meanwhile $(cat /tmp/hogged), $swapped MiB of them from the disk"
	[ "$swapped" -gt 0 ]
}
