# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: virtio devices on the vDPA bus, which the guest makes for itself.
# For init to read.

disks() { ls /sys/block | grep '^vd'; }

another_disk() { # DISKS: that were there before
	disks | grep -vxF "$1"
}

on_another_disk() { # DISKS: fio on the one that has come since
	wait_until another_disk "$1" >/dev/null || return 1
	disk=$(another_disk "$1")
	link=$(readlink -f "/sys/block/$disk/device/..")
	case $link in */pci*) echo "$disk is on $link, expected it on vDPA"; return 1 ;; esac
	fio_on "/dev/$disk" "$2" || return 1
}

simulator() { # NAME MANAGEMENT
	/usr/sbin/vdpa dev add name "$1" mgmtdev "$2"
}

check_vdpa_blk() { # the tree's simulator
	modprobe -a virtio_vdpa vdpa_sim_blk
	before=$(disks)
	simulator sim-blk vdpasim_blk && on_another_disk "$before" 16m || return 1
	/usr/sbin/vdpa dev del sim-blk
}

net_cards() { ls /sys/class/net; }

another_card() { net_cards | grep -vxF "$1"; }

count_of() { cat "/sys/class/net/$1/statistics/$2"; }

came_back() { # CARD: the simulator gives back what is sent to itself
	[ "$(count_of "$1" rx_packets)" -ge 100 ]
}

check_vdpa_net() {
	modprobe -a virtio_vdpa vdpa_sim_net virtio_net
	before=$(net_cards)
	/usr/sbin/vdpa dev add name sim-net mgmtdev vdpasim_net mac 52:54:00:12:34:56 && wait_until another_card "$before" >/dev/null || return 1
	card=$(another_card "$before")
	ip addr add 10.9.0.1/24 dev "$card" && ip link set "$card" up || return 1
	arp -i "$card" -s 10.9.0.2 52:54:00:12:34:56
	/usr/bin/bash -c 'for i in {1..100}; do echo $i >/dev/udp/10.9.0.2/9; done' || return 1
	wait_until came_back "$card" || return 1
	echo "$(count_of "$card" tx_packets) packets sent, $(count_of "$card" rx_packets) back"
	/usr/sbin/vdpa dev del sim-net
}

served_by_process() {
	wait_until [ -e /dev/vduse/vduse-disk ] || { cat /tmp/daemon; return 1; }
	/usr/sbin/vdpa dev add name vduse-disk mgmtdev vduse && on_another_disk "$before" 16m && /usr/sbin/vdpa dev del vduse-disk
}

check_vduse() { # a process of its own is the device
	modprobe -a virtio_vdpa vduse
	truncate -s 32M /tmp/vduse.img
	before=$(disks)
	/usr/bin/qemu-storage-daemon --blockdev driver=file,node-name=file,filename=/tmp/vduse.img --blockdev driver=raw,node-name=disk,file=file \
		--export vduse-blk,id=export,node-name=disk,name=vduse-disk,writable=on,num-queues=2 >/tmp/daemon 2>&1 &
	daemon=$!
	served_by_process
	status=$?
	terminate $daemon || { echo "the daemon ended with $?: $(cat /tmp/daemon)"; return 1; }
	[ $status = 0 ] || return 1
	[ "$(tr -d '\0' </tmp/vduse.img | head -c 1048576 | wc -c)" = 1048576 ] || { echo "the daemon's file is empty"; return 1; }
}
