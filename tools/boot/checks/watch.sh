# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: what people see of devices at work, and of one that is stuck.
# For init to read.

tracing=/sys/kernel/tracing

trace_on() { [ -d $tracing/events/virtio ] || { echo "no events/virtio"; return 1; }; }

traced() { grep -c " $1: " /tmp/trace; } # EVENT

# Every tracepoint that an ordinary life has, and as many buffers taken as were added.
check_events() {
	trace_on || return 1
	disk=$(disk_with victim)
	device=$(virtio_of "/sys/block/$disk")
	echo 1 >$tracing/events/virtio/enable
	echo "$device" >/sys/bus/virtio/drivers/virtio_blk/unbind && echo "$device" >/sys/bus/virtio/drivers/virtio_blk/bind || return 1
	fio_on "/dev/$disk" 4m >/tmp/fio || { cat /tmp/fio; return 1; }
	echo 0 >$tracing/events/virtio/enable
	grep -w "$device" $tracing/trace >/tmp/trace
	echo >$tracing/trace
	missing=
	for event in status reset features config_read queue_found queue_deleted add kick callback get; do
		[ "$(traced virtio_$event)" -gt 0 ] || missing="$missing $event"
	done
	[ -z "$missing" ] || { echo "not seen:$missing"; return 1; }
	grep -q "virtio_kick: .* suppressed: " /tmp/trace || { echo "no kick was suppressed"; return 1; }
	echo "$(wc -l </tmp/trace) events, $(traced virtio_add) buffers added and $(traced virtio_get) taken, $(grep -c 'virtio_kick: .* sent' /tmp/trace) kicks sent"
}

check_latency() { # the histogram of the script that comes with the core
	trace_on || return 1
	disk=$(disk_with victim)
	device=$(virtio_of "/sys/block/$disk")
	virtio-latency -d "$device" 5 >/tmp/latency 2>&1 &
	latency=$!
	wait_until grep -qs ^hist $tracing/events/synthetic/virtio_latency/trigger || { cat /tmp/latency; return 1; }
	dd if="/dev/$disk" of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null
	await $latency || { cat /tmp/latency; return 1; }
	sed 's/^/@log /' /tmp/latency >/dev/console
	grep -q "^$device queue [0-9]*: [1-9]" /tmp/latency || { cat /tmp/latency; return 1; }
	[ ! -e $tracing/events/synthetic/virtio_latency ] || { echo "the script left its event"; return 1; }
	grep '^virtio' /tmp/latency
}

check_trace_cmd() { # another's tool reads the events
	trace_on || return 1
	disk=$(disk_with victim)
	/usr/bin/trace-cmd record -q -o /tmp/trace.dat -e virtio dd if="/dev/$disk" of=/dev/null bs=64k count=8 iflag=direct >/tmp/said 2>&1 &&
		/usr/bin/trace-cmd report /tmp/trace.dat >/tmp/trace 2>>/tmp/said || { cat /tmp/said; return 1; }
	added=$(grep -c "virtio_add: .*token=.* err=0" /tmp/trace)
	[ "$added" -ge 8 ] || { echo "$added buffers added, expected 8"; head -5 /tmp/trace; return 1; }
	grep -q 'virtio_kick: .* sent$' /tmp/trace || { grep -m 3 virtio_kick: /tmp/trace; return 1; }
	echo "trace-cmd counts $added buffers added"
}

key() { sed -n "s/^$2: //p" "/sys/kernel/debug/virtio/$1/queues/0"; } # DEVICE KEY

# A disk that answers nothing is said to be stuck, once, also to user space, and to go on.
check_stuck() {
	uevent env >/tmp/uevents 2>&1 &
	listener=$!
	said_once
	status=$?
	kill $listener
	return $status
}

said_once() {
	disk=$(disk_with victim)
	device=$(virtio_of "/sys/block/$disk")
	ask throttle victim 1 || return 1
	taskset 1 dd if="/dev/$disk" of=/dev/null bs=64k count=2 iflag=direct 2>/dev/null &
	reader=$!
	wait_until grep -q "^QUEUE=stuck" /tmp/uevents || { ask throttle victim 0; dmesg | tail -3; return 1; }
	sleep 4
	[ "$(dmesg | grep -c "$device: queue 0 .* is stuck: ")" = 1 ] || { dmesg | grep stuck; echo "expected it once"; return 1; }
	[ "$(key "$device" in_flight)" -ge 1 ] && [ "$(key "$device" oldest_ms)" -ge 2000 ] ||
		{ cat "/sys/kernel/debug/virtio/$device/queues/0"; return 1; }
	ask throttle victim 0 || return 1
	await $reader || { echo "the read failed"; return 1; }
	wait_until grep -q "^QUEUE=goes-on" /tmp/uevents || return 1
	[ "$(key "$device" in_flight)" = 0 ] || { cat "/sys/kernel/debug/virtio/$device/queues/0"; return 1; }
	dmesg | sed -n "s/.*$device: \(queue 0 .* is stuck: .*\)/\1/p"
}

# The time in which a guest does not run is not its device's.
check_paused() {
	disk=$(disk_with victim)
	said=$(dmesg | grep -c "is stuck: ")
	ask throttle victim 1 || return 1
	taskset 1 dd if="/dev/$disk" of=/dev/null bs=64k count=2 iflag=direct 2>/dev/null &
	reader=$!
	wait_until grep -q '[1-9]' "/sys/block/$disk/inflight" && ask pause 5
	status=$?
	ask throttle victim 0 && [ $status = 0 ] || return 1
	await $reader || { echo "the read failed"; return 1; }
	[ "$(dmesg | grep -c "is stuck: ")" = "$said" ] || { dmesg | grep "is stuck" | tail -1; return 1; }
	echo "nothing said of a guest that stood still for 5 s"
}

# Files that are read all the while do not keep a device from going.
check_readers() {
	disk=$(disk_with victim)
	device=$(virtio_of "/sys/block/$disk")
	while [ ! -e /tmp/rest ]; do
		cat /sys/kernel/debug/virtio/*/queues/* >/dev/null 2>&1
	done &
	for i in $(seq 50); do
		echo "$device" >/sys/bus/virtio/drivers/virtio_blk/unbind && echo "$device" >/sys/bus/virtio/drivers/virtio_blk/bind || return 1
	done
	echo "bound anew 50 times while all queues were read"
}

check_rules() { # What the log says of drivers that break one, the host reads.
	[ "$(cat /sys/module/virtio_ring/parameters/check)" = Y ] || { echo "the kernel does not look for it"; return 1; }
	echo "no driver breaks one"
}
