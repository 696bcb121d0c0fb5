# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: the screen.  For init to read.

check_screen() { # text by the kernel's console, then pixels by the frame buffer
	wait_for /dev/fb0 || return 1
	echo 0 >/sys/class/graphics/fbcon/cursor_blink
	seq 1 50 >/dev/tty1
	ask text || return 1
	set -- $(tr , ' ' </sys/class/graphics/fb0/virtual_size)
	size=$(($1 * $2 * 4))
	seq 1 $((size / 5)) | head -c $size >/dev/fb0
	ask screen "$1" "$2"
}

check_drawn() { # the last: the screen is drawn on until the machine is off, which is no reason for a warning
	wait_for /dev/fb0 || return 1
	for n in 1 2 3; do
		# Not a job of the check, whose end would be waited for.
		(setsid sh -c 'while dd if=/dev/zero of=/dev/fb0 bs=64k count=8; do echo >/tmp/drawn; done' >/dev/null 2>&1 &)
	done
	wait_for /tmp/drawn
}
