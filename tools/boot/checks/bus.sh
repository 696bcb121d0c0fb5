# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig that belong to no device.  For init to read.

check_interrupts() {
	says=
	for want in $(asked interrupts); do
		for d in $(grep -lix "0x0*$(printf %x "${want%%:*}")" /sys/bus/virtio/devices/*/device); do
			name=$(basename "${d%/device}")${want#*:}
			found=$(came "$name")
			[ -n "$found" ] || { echo "none came by the name of $name"; cat /proc/interrupts >/dev/console; return 1; }
			says="$says "$found
		done
	done
	all_wanted && echo $says
}

all_wanted() { # no handler has told the kernel that an interrupt by a vector was not for it
	for n in $(sed -n 's/^ *\([0-9]*\):.* PCI-MSIX.* virtio.*/\1/p' /proc/interrupts); do
		grep -qx 'unhandled 0' "/proc/irq/$n/spurious" || { echo "interrupt $n was not wanted: $(cat "/proc/irq/$n/spurious")"; return 1; }
	done
}

check_lsvirtio() { # what it says, on a line, against what the host says of the same devices
	lsvirtio -j >/tmp/devices && says=$(/usr/bin/jq -c . /tmp/devices) || return 1
	ask devices "$says"
}

check_iommu() { # all the others behind it, in addresses that it translates
	n=0
	for d in /sys/bus/virtio/devices/*; do
		[ "$(cat "$d/device")" = 0x0017 ] && continue
		type=$(cat "$d/../iommu_group/type") || return 1
		case $type in DMA*) n=$((n + 1)) ;; *) echo "$(basename "$d") is behind it in a domain of type $type"; return 1 ;; esac
	done
	echo "$n devices behind it, translated"
}

# The driver fills the event queue when it is bound, and the device reports by it what a disk did wrong: it read
# where nothing is mapped.  The disk is brought back.
check_iommu_events() {
	iommu=$(grep -lix 0x0017 /sys/bus/virtio/devices/*/device)
	events=/sys/kernel/debug/virtio/$(basename "${iommu%/device}")/queues/1
	waiting=$(value_of in_flight)
	[ "$waiting" -gt 0 ] && [ "$(value_of kicks_sent)" -gt 0 ] && [ "$(value_of callbacks)" = 0 ] || { cat "$events"; return 1; }
	disk=$(disk_with scratch)
	/programs/breaker "$(slot_of "$disk")" fault || return 1
	taskset 1 dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null || { echo "the disk is not back"; return 1; }
	wait_until logged_more_than 0 'fault from EP' && [ "$(value_of callbacks)" -gt 0 ] || { cat "$events"; return 1; }
	[ "$(value_of in_flight)" = "$waiting" ] || { echo "expected $waiting buffers for events again"; cat "$events"; return 1; }
	fio_on "/dev/$disk" 4m || return 1
	echo "$waiting buffers for events; $(dmesg | sed -n 's/.*\(page fault from EP.*\)/\1/p' | head -n 1)"
}

value_of() { sed -n "s/^$1: //p" "$events"; } # KEY
