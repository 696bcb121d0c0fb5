# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig that belong to no device.  For init to read.

check_features() {
	n=0
	for d in /sys/bus/virtio/devices/*; do
		n=$((n + 1))
		for want in $(asked features); do
			bit=${want%=*}
			# The driver of the balloon has no use for indirect tables, and the IOMMU is not behind itself.
			case "$bit $(cat "$d/device")" in "28 0x0005" | "33 0x0017") continue ;; esac
			[ "$(cut -c$((bit + 1)) "$d/features")" = "${want#*=}" ] ||
				{ echo "expected bit $want in $(basename "$d"), got $(cat "$d/features")"; return 1; }
		done
	done
	echo "bits $(asked features) in $n devices"
}

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
	echo $says
}

check_log() {
	if dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|DMA-API:.*error|is broken|device refuses' >/tmp/complaints; then
		head -n 1 /tmp/complaints
		return 1
	fi
	echo "no complaint of the kernel in $(dmesg | wc -l) lines"
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
