# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: disks, and folders of the host's.  For init to read.

exchange() { # FOLDER: read and check what is there, write it back beside it with something new
	cd "$1" || return 1
	sha256sum -c SHA256SUMS >/tmp/sums 2>&1 || { grep FAILED /tmp/sums; return 1; }
	rm -rf written && mkdir written && cp -r docs written/ || return 1
	dd if=/dev/urandom of=written/random bs=64k count=64 2>/dev/null
	cd written && find . -type f ! -name SUMS -exec sha256sum {} + >/tmp/SUMS && mv /tmp/SUMS SUMS || return 1
	cd / && sync
	umount "$1" || return 1
	echo "$(grep -c OK /tmp/sums) files read and written back"
}

check_disk() {
	wait_for /dev/vda && mount -t ext4 /dev/vda /mnt && exchange /mnt
}

check_share() {
	modprobe 9p
	mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=131072 share /mnt && exchange /mnt
}

fio_on() { # DISK SIZE OPTIONS...: random requests of all sizes, each block read back and its checksum compared
	disk=$1 size=$2
	shift 2
	wait_for "$disk" || return 1
	/usr/bin/fio --name=job --filename="$disk" --size="$size" --direct=1 --ioengine=libaio --iodepth=32 --rw=randrw \
		--bssplit=512/30:4k/30:32k/30:128k/10 --verify=crc32c --verify_fatal=1 --output="/tmp/fio.${disk##*/}" "$@" ||
		{ cat "/tmp/fio.${disk##*/}"; return 1; }
	set -- $(sed -n 's/^ *\(READ\|WRITE\):.* io=\([^ ]*\) .*/\2/p' "/tmp/fio.${disk##*/}")
	echo "$1 read, $2 written, checksums equal"
}

# The disk that anything may be written to: the last, where no serial number tells.
scratch_disk() { disk_with scratch | grep . || ls /sys/block | grep '^vd' | tail -n 1; }

check_fio() { fio_on "/dev/$(scratch_disk)" 32m; }

check_scsi() { fio_on /dev/sda 32m; }

check_fs() {
	modprobe virtiofs
	mount -t virtiofs fs /mnt && exchange /mnt
}

check_pmem() { # files are the host's file, by pages: what is written there is flushed by a request
	modprobe nd_pmem && wait_for /dev/pmem0 && mount -t ext4 -o dax=always /dev/pmem0 /mnt || return 1
	grep -q '^/dev/pmem0.*dax=always' /proc/mounts || { echo "mounted without DAX"; return 1; }
	exchange /mnt
}

# The disk with a serial number, wherever it came up.
disk_with() { grep -lsx "$1" /sys/block/vd*/serial | sed -n '1s|/sys/block/\(.*\)/serial|\1|p'; }

check_serial() {
	[ -n "$(disk_with queues)" ] || { echo "no disk with serial number queues"; return 1; }
	echo "$(disk_with queues) says that its serial number is queues"
}

check_queues() { # each CPU uses its own queue for its own part
	disk=$(disk_with queues)
	[ "$(ls "/sys/block/$disk/mq" | wc -l)" = 4 ] || { echo "expected 4 queues, got $(ls "/sys/block/$disk/mq")"; return 1; }
	fio_on "/dev/$disk" 2m --offset=16m --offset_increment=4m --numjobs=4 --cpus_allowed=0-3 --cpus_allowed_policy=split --group_reporting
}

check_discard() { # what is given up reads as zeroes here, and is a hole to the host
	disk=/dev/$(disk_with queues)
	/usr/sbin/blkdiscard --offset 4MiB --length 4MiB "$disk" &&
		/usr/sbin/blkdiscard --zeroout --offset 8MiB --length 4MiB "$disk" || return 1
	left=$(dd if="$disk" bs=1M skip=4 count=8 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)
	[ "$left" = 0 ] || { echo "$left bytes are not zero"; return 1; }
	echo "4 MiB discarded, 4 MiB zeroed"
}

check_grow() {
	disk=$(disk_with queues)
	ask grow queues 48 && wait_until grep -qx 98304 "/sys/block/$disk/size" || return 1
	echo "the last sector" | dd of="/dev/$disk" bs=512 seek=98303 conv=sync oflag=direct 2>/dev/null || return 1
	echo "48 MiB after a change of configuration, and the last sector is written"
}

# The disk behind a logical unit, nothing if there is none.
lun() { ls /sys/class/scsi_device/*":0:0:$1/device/block" 2>/dev/null; }

has_lun() { [ -n "$(lun "$1")" ]; }

no_lun() { [ -z "$(lun "$1")" ]; }

check_luns() {
	for n in 0 1 2; do
		wait_until has_lun $n && fio_on "/dev/$(lun $n)" 4m || return 1
	done
}

check_hotplug() {
	no_lun 3 && ask plug lun3 && wait_until has_lun 3 && fio_on "/dev/$(lun 3)" 4m || return 1
	ask unplug lun3 && wait_until no_lun 3 || return 1
	echo "a unit came, moved data, and went"
}
