# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: what gives or takes a stream of bytes.  For init to read.

# The file of a port of the console, nothing if there is none.
port_named() { grep -lsx "$1" /sys/class/virtio-ports/*/name | sed 's|/sys/class/virtio-ports/\(.*\)/name|/dev/\1|'; }

has_port() { [ -n "$(port_named "$1")" ]; }

no_port() { [ -z "$(port_named "$1")" ]; }

echo_on() { # NAME BYTES: through a port and back
	wait_until has_port "$1" || return 1
	exec 3<>"$(port_named "$1")"
	head -c "$2" /dev/urandom >"/tmp/$1.sent"
	cat "/tmp/$1.sent" >&3 &
	head -c "$2" <&3 >"/tmp/$1.back"
	exec 3>&-
	cmp "/tmp/$1.sent" "/tmp/$1.back" || return 1
	echo "$2 bytes echoed, equal"
}

check_console() { echo_on echo 1048576; }

check_line() { # a console of one port: a line, made to pass on all bytes as they are
	wait_for /dev/hvc1 || return 1
	exec 3<>/dev/hvc1
	stty raw -echo <&3 || return 1
	head -c 1048576 /dev/urandom >/tmp/line.sent
	# In turns: who writes to a console does nothing else until it is taken.
	for part in $(seq 0 63); do
		dd if=/tmp/line.sent bs=16k skip=$part count=1 2>/dev/null >&3
		head -c 16384 <&3
	done >/tmp/line.back
	exec 3>&-
	cmp /tmp/line.sent /tmp/line.back || return 1
	echo "1048576 bytes echoed, equal"
}

# The driver takes each buffer before its interrupt comes.  The kernel counts an interrupt that its handler
# disowns, and switches the line off at 99 900 of 100 000.
check_unhandled() {
	wait_for /dev/hvc0 || return 1
	dd if=/dev/zero of=/dev/hvc0 bs=1 count=2000 2>/dev/null || return 1
	all_wanted && echo "2000 bytes, $(came "$(devices_of virtio_console)-.*") interrupts, each of them wanted"
}

check_ports() { # all of them at once
	echoes=
	for n in $(seq 0 14); do
		echo_on "port$n" 65536 >/tmp/port$n || mv /tmp/port$n /tmp/port$n.failed &
		echoes="$echoes $!"
	done
	await $echoes
	cat /tmp/port*.failed 2>/dev/null && return 1
	echo "15 ports: $(cat /tmp/port? /tmp/port?? | sort | uniq -c)"
}

check_port_hotplug() { # a port comes, goes while somebody reads it, and comes back
	no_port port15 && ask plug port15 && echo_on port15 65536 || return 1
	exec 3<"$(port_named port15)"
	cat <&3 2>/dev/null &
	reader=$!
	exec 3<&-
	ask unplug port15 && wait_until no_port port15 || return 1
	await $reader
	ask plug port15 && echo_on port15 65536
}

check_entropy() {
	wait_for /dev/virtio-sample || return 1
	i=0
	while [ $i -lt 64 ]; do
		dd if=/dev/virtio-sample bs=64 count=1 2>/dev/null || return 1
		i=$((i + 1))
	done >/tmp/entropy
	many_bytes /tmp/entropy || return 1
	echo "$(wc -c </tmp/entropy) bytes through the sample driver"
}

many_bytes() { # FILE: nearly all that there can be
	distinct=$(od -An -v -tx1 -w1 "$1" | sort -u | wc -l)
	[ "$distinct" -ge 200 ] || { echo "$distinct distinct bytes in $(wc -c <"$1")"; return 1; }
}

check_hwrng() {
	wait_until grep -qx virtio_rng.0 /sys/class/misc/hw_random/rng_current || return 1
	dd if=/dev/hwrng of=/tmp/hwrng bs=64 count=256 iflag=fullblock 2>/dev/null && many_bytes /tmp/hwrng || return 1
	echo "$(wc -c </tmp/hwrng) bytes from /dev/hwrng"
}

check_rebind() {
	cd /sys/bus/virtio/drivers/virtio_sample || return 1
	dev=$(ls | grep '^virtio[0-9]')
	for i in 1 2 3 4 5; do
		echo "$dev" >unbind && echo "$dev" >bind || return 1
	done
	dd if=/dev/virtio-sample bs=64 count=1 of=/dev/null 2>/dev/null || return 1
	[ -e /sys/module/virtio_sample/initstate ] || { echo "sample driver unbound and bound"; return; }	# built in
	cd / && rmmod virtio_sample || return 1
	modprobe virtio_sample && wait_for /dev/virtio-sample || return 1
	dd if=/dev/virtio-sample bs=64 count=1 of=/dev/null 2>/dev/null || return 1
	echo "sample driver unbound, bound and reloaded"
}

event_of() { # WHICH of QEMU's input devices: its file
	modprobe evdev
	wait_until grep -qsx "QEMU Virtio $1" /sys/class/input/event*/device/name || return 1
	event=$(grep -lsx "QEMU Virtio $1" /sys/class/input/event*/device/name | cut -d/ -f5)
	wait_for "/dev/input/$event" && echo "/dev/input/$event"
}

check_keyboard() {
	event=$(event_of Keyboard) || { echo "$event"; return 1; }
	exec 4<"$event"
	ask keys || return 1
	# Three events for a key: down, up, and the end of the report.
	head -c $((6 * 3 * 24)) <&4 >/tmp/events
	# Behind the time stand type, code and value: of a key (1), which, down (1).
	codes=$(od -An -v -tu2 -w24 /tmp/events | awk '$9 == 1 && $11 == 1 { printf "%s ", $10 }')
	[ "$codes" = "47 23 19 20 23 24 " ] || { echo "expected virtio, got key codes $codes"; return 1; }
	echo "virtio typed by the host, read from evdev"
}

# Type (below) and code (above) in one number, and the value.
events() { od -An -v -td4 -w24 "$1" | awk '{ printf "%s:%s ", $5, $6 }'; }

check_pointers() { # a mouse and a tablet: two axes each, and the end of the report
	mouse=$(event_of Mouse) && tablet=$(event_of Tablet) || { echo "$mouse $tablet"; return 1; }
	exec 4<"$mouse" 5<"$tablet"
	ask pointers || return 1
	head -c $((3 * 24)) <&4 >/tmp/mouse
	head -c $((3 * 24)) <&5 >/tmp/tablet
	moved="$(events /tmp/mouse)$(events /tmp/tablet)"
	[ "$moved" = "2:11 65538:-7 0:0 3:12345 65539:23456 0:0 " ] || { echo "moved: $moved"; return 1; }
	echo "a mouse moved, a tablet touched by the host, read from evdev"
}

check_cipher() { /programs/cipher virtio_crypto_aes_cbc; }
