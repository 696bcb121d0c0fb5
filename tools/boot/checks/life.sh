# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: machines that sleep or start another kernel, devices that come
# and go, and that all of it happens to devices at work.  For init to read.

SCRATCH=scratch VICTIM=victim

in_flight() { # DISK: requests that it has not answered
	[ "$(awk '{ print $1 + $2 }' "/sys/block/$1/inflight" 2>/dev/null || echo 0)" -gt 0 ]
}

work() { # NAME COMMAND...: over and over in the background until rest, and it must not fail
	name=$1
	shift
	(
		rounds=0
		until [ -e /tmp/rest ]; do
			"$@" >"/tmp/work.$name" 2>&1 || { mv "/tmp/work.$name" "/tmp/failed.$name"; break; }
			rounds=$((rounds + 1))
		done
		echo "$rounds x $name" >"/tmp/worked.$name"
	) &
	workers="$workers $!"
}

rest() { # what work has come to
	touch /tmp/rest
	await $workers || { echo "work did not end"; cat /tmp/work.*; return 1; }
	workers=
	rm /tmp/rest
	cat /tmp/failed.* 2>/dev/null && return 1
	echo "meanwhile verified: $(cat /tmp/worked.*)"
	rm -f /tmp/work*
}

server() { echo "http://10.0.2.2:$(asked port)"; }

# A disk and a network card at work.
busy() { # [COMMAND] that fetches a file
	work disk fio_on "/dev/$(disk_with $SCRATCH)" 4m
	work network "${1:-fetch}" "$(server)/file" /tmp/fetched
	wait_until in_flight "$(disk_with $SCRATCH)"
}

# QEMU is another one after hibernation, and knows nothing of a connection that was open.
fetch_again() { fetch "$@" || fetch "$@"; } # URL FILE

# Sleep.

suspended() { cat /sys/power/suspend_stats/success; }

suspend() {
	before=$(suspended)
	wait_until in_flight "$(disk_with $SCRATCH)" && echo mem >/sys/power/state || return 1
	[ "$(suspended)" = $((before + 1)) ] || { echo "not asleep: $(grep . /sys/power/suspend_stats/last_failed*)"; return 1; }
	echo_on echo 4096
}

check_sleep() { # as far as the devices go: each loses its state, and the machine keeps its power
	echo devices >/sys/power/pm_test && echo 0 >/sys/module/suspend/parameters/pm_test_delay && busy || return 1
	for turn in 1 2 3 4 5; do
		suspend >/tmp/suspend || { cat /tmp/suspend; return 1; }
	done
	echo none >/sys/power/pm_test
	rest && echo "asleep $turn times"
}

check_hibernate() { # the machine is off meanwhile: what it goes on from lies on a disk
	swapon "/dev/$(disk_with swap)" && busy fetch_again || return 1
	echo shutdown >/sys/power/disk
	echo "@asleep" >/dev/console
	echo disk >/sys/power/state || return 1
	ask started 2 && rest
}

# Another kernel.

check_kexec() { # called in both: the second does what comes behind it
	[ -z "$(asked second)" ] || { echo "a second kernel after $(asked second) s, with $(ls /sys/bus/virtio/devices | wc -l) devices"; return; }
	wget -q -O /tmp/kernel "$(server)/kernel" && wget -q -O /tmp/initramfs "$(server)/initramfs" || return 1
	/usr/sbin/kexec -l /tmp/kernel --initrd=/tmp/initramfs \
		--command-line="$(sed 's/rig.checks=[^ ]*,kexec/rig.checks=kexec/' /proc/cmdline) rig.second=$(cut -d. -f1 /proc/uptime)" || return 1
	rm /tmp/kernel /tmp/initramfs
	busy || return 1
	echo "@again" >/dev/console
	/usr/sbin/kexec -e
}

# Coming and going.

drive_of() { basename "$(readlink "$1/driver")"; } # DEVICE in sysfs

rebind() { # DEVICE in sysfs, TIMES
	driver=$(readlink -f "$1/driver") n=0
	while [ $n -lt "$2" ]; do
		echo "${1##*/}" >"$driver/unbind" && echo "${1##*/}" >"$driver/bind" || { echo "${1##*/} is lost after $n times"; return 1; }
		n=$((n + 1))
	done
}

each_rebound() { # TIMES DEVICES in sysfs...: but for the disk that is at work
	times=$1 bound=0
	shift
	for d in "$@"; do
		case $d in "/sys/bus/virtio/devices/$(virtio_of "/sys/block/$(disk_with $SCRATCH)")" | "$(pci_of $SCRATCH)") continue ;; esac
		[ -e "$d/driver" ] || continue
		rebind "$d" "$times" || return 1
		bound=$((bound + 1))
	done
	echo "$bound devices unbound and bound $times times each"
}

# The PCI function of a disk.
pci_of() { echo "/sys/bus/pci/devices/$(basename "$(dirname "$(readlink -f "/sys/block/$(disk_with "$1")/device")")")"; }

check_rebinds() {
	work disk fio_on "/dev/$(disk_with $SCRATCH)" 4m
	each_rebound 100 /sys/bus/virtio/devices/* && rest
}

check_rebinds_pci() {
	work disk fio_on "/dev/$(disk_with $SCRATCH)" 4m
	each_rebound 20 $(ls -d /sys/bus/pci/drivers/virtio-pci/0000:* | sed 's|drivers/virtio-pci|devices|') && rest
}

virtio_modules() { lsmod | awk '/virtio/ && $3 == 0 { print $1 }'; }

reload() { # MODULES...: all out, then all in
	for m in "$@"; do rmmod "$m" || return 1; done
	for m in "$@"; do modprobe "$m" || return 1; done
}

check_modules() { # in the order that they came in, the other way round, and by their names
	work disk fio_on "/dev/$(disk_with $SCRATCH)" 4m
	modules=$(virtio_modules)
	for order in cat tac sort "sort -r" cat; do
		reload $(echo "$modules" | $order) || return 1
	done
	rest && echo "$(echo "$modules" | wc -l) modules in 5 orders"
}

there() { [ -b "/dev/$(disk_with $VICTIM)" ]; }

gone() { [ -z "$(disk_with $VICTIM)" ]; }

whole() { wait_until there && fio_on "/dev/$(disk_with $VICTIM)" 1m; }

under_io() { # COMMAND...: takes away the disk that fio is using, which is to see errors, and not to hang
	wait_until there || return 1
	fio_on "/dev/$(disk_with $VICTIM)" 1g >/tmp/victim 2>&1 &
	fio=$!
	wait_until in_flight "$(disk_with $VICTIM)" && "$@" || return 1
	await $fio
	case $? in
	0) echo "fio saw no error"; return 1 ;;
	137) echo "fio did not end"; return 1 ;;
	esac
	grep -qi 'error' /tmp/victim || { cat /tmp/victim; return 1; }
}

rescan() { echo 1 >/sys/bus/pci/rescan; }

pull() { echo 1 >"$(pci_of $VICTIM)/remove"; }

repeat() { # COUNT COMMAND...: each time beside a disk that must not notice
	work disk fio_on "/dev/$(disk_with $SCRATCH)" 4m
	count=$1 turn=0
	shift
	while [ $turn -lt "$count" ]; do
		"$@" >/tmp/time 2>&1 || { echo "time $turn: $(cat /tmp/time)"; return 1; }
		turn=$((turn + 1))
	done
	whole && rest && echo "$count times"
}

pull_once() { under_io pull && rescan; }

check_pull() { repeat 100 pull_once; }

unplug_once() { under_io ask unplug $VICTIM && wait_until gone && ask plug $VICTIM; }

check_plug() { repeat 20 unplug_once; }

# Registers that read as all ones.

blind() { printf '\0' | dd of="$1/config" bs=1 seek=4 conv=notrunc 2>/dev/null; } # FUNCTION: it decodes no address any more

said() { dmesg | sed "1,/$1\$/d" | grep virtio; } # MARK: what the log has of virtio since then

tear_out() { # FUNCTION: and say nothing but that
	mark="torn out: ${1##*/} $turn"
	blind "$1"
	[ "$(cat "$1"/virtio*/status)" = 0x000000ff ] || { echo "its registers are there"; return 1; }
	echo "$mark" >/dev/kmsg
	echo 1 >"$1/remove"
	[ "$(said "$mark" | grep -c 'device is gone$')" = 1 ] && [ "$(said "$mark" | wc -l)" = 1 ] || { echo "the log has: $(said "$mark")"; return 1; }
}

tear_out_disk() { under_io tear_out "$(pci_of $VICTIM)" && rescan && whole; }

check_torn_disk() { repeat 10 tear_out_disk; }

card() { readlink -f /sys/class/net/eth0/device/..; }

tear_out_card() { # in the midst of a file
	wget -q -O /tmp/torn "$(server)/file" 2>/dev/null &
	torn=$!
	wait_until [ -s /tmp/torn ] || return 1
	tear_out "/sys/bus/pci/devices/$(basename "$(card)")" || return 1
	kill $torn
	rm /tmp/torn
	rescan && check_network
}

check_torn_card() { repeat 10 tear_out_card; }

# Changes of the configuration.

check_resizes() { # while the driver comes and goes, which is to know the last of them
	wait_until there || return 1
	d=/sys/bus/virtio/devices/$(virtio_of "/sys/block/$(disk_with $VICTIM)")
	(until [ -e /tmp/resized ]; do rebind "$d" 1 || break; echo; done >/tmp/rebound) &
	rebinder=$!
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		ask resize $VICTIM 50 $((64 + turn)) || break
	done
	touch /tmp/resized
	await $rebinder || return 1
	wait_until there && wait_until grep -qx $(((64 + turn) * 2048)) "/sys/block/$(disk_with $VICTIM)/size" || return 1
	echo "$((turn * 50)) sizes during $(wc -l </tmp/rebound) times unbound and bound, the last is known"
}
