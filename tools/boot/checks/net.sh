# SPDX-License-Identifier: GPL-2.0
# Checks of the boot rig: network cards.  For init to read.

fetch() { # URL [FILE]: and look at the checksum
	wget -q -O "${2:-/tmp/file}" "$1" || return 1
	[ "$(sha256sum <"${2:-/tmp/file}" | cut -c1-64)" = "$(asked sum)" ] || { echo "checksum differs"; return 1; }
}

check_network() {
	wait_for /sys/class/net/eth0 || return 1
	ip addr flush dev eth0 && ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up || return 1
	fetch "http://10.0.2.2:$(asked port)/file" || return 1
	echo "$(wc -c </tmp/file) bytes fetched, checksum equal"
}

CARD=52:54:00:00:00:01 BIG=52:54:00:00:00:02 LEFT=52:54:00:00:00:03 RIGHT=52:54:00:00:00:04

# The interface of a card.
interface() { grep -lx "$1" /sys/class/net/*/address | cut -d/ -f5; }

connect() { # CARD SUBNET: up, with an address there
	dev=$(interface "$1")
	[ -n "$dev" ] || { echo "no card $1"; return 1; }
	ip addr flush dev "$dev" && ip addr add "$2.15/24" dev "$dev" && ip link set "$dev" up
}

counted() { /usr/sbin/ethtool -S "$dev" | sed -n "s/^ *$1: //p"; } # NAME in the card's statistics

check_pairs() { # each CPU sends by its own queue, and receives there what comes in return
	connect $CARD 10.0.3 || return 1
	for n in 2 4; do
		/usr/sbin/ethtool -L "$dev" combined $n || return 1
	done
	fetches=
	for cpu in 0 1 2 3; do
		taskset $((1 << cpu)) wget -q -O /tmp/pair$cpu http://10.0.3.1:8000/file &
		fetches="$fetches $!"
	done
	await $fetches || return 1
	[ "$(sha256sum /tmp/pair? | grep -c "^$(asked sum)")" = 4 ] || { echo "checksum differs"; return 1; }
	virtio=$(virtio_of "/sys/class/net/$dev")
	for n in 0 1 2 3; do
		[ "$(counted tx${n}_kicks)" -ge 10 ] && [ -n "$(came "$virtio-input.$n")" ] && [ -n "$(came "$virtio-output.$n")" ] ||
			{ echo "little or nothing through pair $n"; /usr/sbin/ethtool -S "$dev" >/dev/console; return 1; }
	done
	rm /tmp/pair?
	echo "4 files at once through 4 pairs, checksums equal"
}

bytes_a_packet() { # STATISTICS BEFORE, STATISTICS AFTER
	echo $((($3 - $1) / ($4 - $2)))
}

moved() { cat "/sys/class/net/$dev/statistics/$1_bytes" "/sys/class/net/$dev/statistics/$1_packets"; } # rx or tx

# A file to the host, which says what its checksum is.  Of busybox's programs none can send bytes and wait for an answer.
post() { # ADDRESS PORT FILE
	/usr/bin/bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" "$(wc -c <"$2")" >&3 && cat "$2" >&3 && tail -n 1 <&3' "$@"
}

segments() { # SUBNET: TCP in packets larger than the wire's, both ways
	rx=$(moved rx) tx=$(moved tx)
	fetch "http://$1.1:8000/file" && back=$(post "$1.1" 8000 /tmp/file) || return 1
	[ "$back" = "$(asked sum)" ] || { echo "the host got another file"; return 1; }
	rx=$(bytes_a_packet $rx $(moved rx)) tx=$(bytes_a_packet $tx $(moved tx))
	[ "$rx" -gt 2000 ] && [ "$tx" -gt 2000 ] || { echo "packets of $rx bytes came and of $tx went"; return 1; }
	echo "a file and back in packets of $rx and $tx bytes, checksums equal"
}

# Buffers that the device may put together for a large packet, and buffers as large as a packet gets.
check_mergeable() {
	connect $CARD 10.0.3 && has_bit "$(virtio_of "/sys/class/net/$dev")" 15 && segments 10.0.3
}

check_big() {
	connect $BIG 10.0.4 || return 1
	has_bit "$(virtio_of "/sys/class/net/$dev")" 15 && { echo "MRG_RXBUF is agreed on"; return 1; }
	segments 10.0.4
}

sum() { # NAME in the statistics of each queue
	/usr/sbin/ethtool -S "$dev" | awk -v "name=$1:" '$1 ~ "^rx[0-9]+_" && substr($1, index($1, "_") + 1) == name { n += $2 } END { print n + 0 }'
}

check_xdp() { # dropped, sent back, and passed
	connect $CARD 10.0.3 && /usr/sbin/ip link set dev "$dev" xdpdrv object /programs/xdp.o section xdp && ask datagrams 9001 9002 || return 1
	fetch http://10.0.3.1:8000/file || return 1
	[ "$(sum xdp_drops)" = 64 ] && [ "$(sum xdp_tx)" = 64 ] && [ "$(sum xdp_packets)" -gt 192 ] ||
		{ echo "counted $(sum xdp_drops) drops, $(sum xdp_tx) sent, of $(sum xdp_packets)"; return 1; }
	/usr/sbin/ip link set dev "$dev" xdpdrv off && fetch http://10.0.3.1:8000/file || return 1
	echo "and a file passed"
}

check_xsk() { # AF_XDP: what comes is put into a program's memory
	connect $CARD 10.0.3 && /usr/sbin/ethtool -L "$dev" combined 1 || return 1
	/programs/xsk "$dev" 9003 64 >/tmp/xsk 2>&1 &
	xsk=$!
	wait_until grep -q . /tmp/xsk
	grep -qx bound /tmp/xsk && ask send 9003 >/dev/null && await $xsk || { cat /tmp/xsk; return 1; }
	fetch http://10.0.3.1:8000/file || return 1
	tail -n 1 /tmp/xsk
}

OTHER=52:54:00:00:aa:01 GROUP=01:00:5e:01:02:03

ask_filters() { ask filters $OTHER 7 $GROUP; }

check_filters() { # what the control queue is for
	connect $CARD 10.0.3 || return 1
	modprobe 8021q && /usr/sbin/ip link set "$dev" promisc on && /usr/sbin/ip link set "$dev" address $OTHER &&
		/usr/sbin/ip maddress add $GROUP dev "$dev" && /usr/sbin/ip link add link "$dev" name "$dev.7" type vlan id 7 &&
		ask_filters || return 1
	/usr/sbin/ip neigh flush dev "$dev"
	fetch http://10.0.3.1:8000/file && echo "and a file to the new address"
}

fetch_until_enough() {
	until [ -e /tmp/enough ]; do
		wget -q -O /dev/null http://10.0.3.1:8000/file
	done
}

check_revived() { # a card that was broken, with filters, is told of them again
	dev=$(interface $OTHER | grep -v '[.]')	# its VLAN has the same
	rm -f /tmp/enough
	fetch_until_enough &
	fetching=$!
	/programs/breaker "$(readlink -f "/sys/class/net/$dev/device/..")" 20 "/sys/class/net/$dev/statistics/rx_packets"
	status=$?
	touch /tmp/enough
	await $fetching
	[ $status = 0 ] && ask_filters && fetch http://10.0.3.1:8000/file
}

check_selftest() { # the tree's own, on two cards that are connected
	modprobe ipv6 && modprobe vrf || return 1
	cd /selftests/drivers/net/virtio_net || return 1
	left=$(interface $LEFT) right=$(interface $RIGHT)
	PATH=/usr/bin:/usr/sbin:/bin /usr/bin/bash ./basic_features.sh "$left" "$right" >/tmp/selftest 2>&1
	[ $? = 0 ] && [ "$(grep -c '^TEST:.*\[ OK \]' /tmp/selftest)" = 2 ] || { cat /tmp/selftest; return 1; }
	sed -n 's/^TEST: *\(.*[^ ]\) *\[ OK \]/\1,/p' /tmp/selftest
}

in_other() { /usr/sbin/ip netns exec other "$@"; }

check_between() { # two cards, of which the second is in a namespace of its own
	/usr/sbin/ip netns add other && /usr/sbin/ip link set eth1 netns other || return 1
	ip addr add 10.1.0.1/24 dev eth0 && ip link set eth0 up || return 1
	in_other ip addr add 10.1.0.2/24 dev eth1 && in_other ip link set eth1 up || return 1
	mkdir -p /tmp/www && head -c 8388608 /dev/urandom >/tmp/www/file
	in_other httpd -h /tmp/www
	for round in 1 2 3; do
		wget -q -O /tmp/got http://10.1.0.2/file && cmp /tmp/www/file /tmp/got || return 1
	done
	echo "8 MiB fetched over both cards, 3 times, equal"
}
