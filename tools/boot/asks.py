# SPDX-License-Identifier: GPL-2.0
"""What a guest may ask its host for: the functions of ASKS.

Each does what it is asked for, sees that it has come about as far as the host can tell, and
returns what the guest is to hear of it.  Failed is an answer, too."""
import os, time
import watch
from kernel import Failed

LIMIT = 60      # seconds for something to come about
KEYS = "virtio"
MIB = 1 << 20
# What is plugged in while the guest runs.
PLUGS = {
    "lun3": {"driver": "scsi-hd", "drive": "lun3", "bus": "luns.0", "scsi-id": 0, "lun": 3, "serial": "lun3"},
    "victim": {"driver": "virtio-blk-pci", "drive": "victim", "bus": "socket", "serial": "victim"},
    "port15": {"driver": "virtserialport", "chardev": "port15", "name": "port15", "bus": "ports.0", "nr": 16},
}


def until(what, found):
    """What it found, once that is something."""
    end = time.time() + LIMIT
    while not (result := found()):
        if time.time() > end:
            raise Failed(f"{what}: waited in vain for {LIMIT} s")
        time.sleep(0.1)
    return result


def events(*those):
    return [{"type": kind, "data": data} for kind, data in those]


def keys(host):
    """Down and up at once: a key that is held repeats."""
    for key in KEYS:
        host.qmp.command("input-send-event", events=events(*(("key", {"down": down, "key": {"type": "qcode", "data": key}}) for down in (True, False))))


def pointers(host):
    """One step of the mouse, and the tablet's pen on one place.  QEMU gives each to the device that can take it."""
    host.qmp.command("input-send-event", events=events(("rel", {"axis": "x", "value": 11}), ("rel", {"axis": "y", "value": -7})))
    host.qmp.command("input-send-event", events=events(("abs", {"axis": "x", "value": 12345}), ("abs", {"axis": "y", "value": 23456})))


def plug(host, name):
    host.qmp.command("device_add", id=name, **PLUGS[name])


def unplug(host, name):
    host.qmp.unplug(name)


def grow(host, disk, mib):
    host.qmp.command("block_resize", device=disk, size=int(mib) * MIB)


def resize(host, node, count, mib):
    """Through other sizes to the one that is meant."""
    for n in reversed(range(int(count))):
        host.qmp.command("block_resize", **{"node-name": node, "size": (int(mib) + n) * MIB})


def throttle(host, device, bytes_a_second):
    """0 lifts the limit, and lets go what waited for it."""
    none = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    host.qmp.command("block_set_io_throttle", id=f"/machine/peripheral/{device}/virtio-backend", bps=int(bytes_a_second), **none)


def pause(host, seconds):
    host.qmp.command("stop")
    time.sleep(int(seconds))
    host.qmp.command("cont")


def started(host, times):
    if host.starts != int(times):
        raise Failed(f"the machine was started {host.starts} times, expected {times}")
    return f"went on in a machine started {times} times"


def balloon(host, mib):
    host.qmp.command("balloon", value=int(mib) * MIB)
    until(f"a balloon that leaves {mib} MiB", lambda: host.qmp.command("query-balloon")["actual"] == int(mib) * MIB)
    return f"the host counts {mib} MiB"


def balloon_stats(host, total_kib):
    """That the guest's own numbers have come."""
    path = "/machine/peripheral/inflatable"
    host.qmp.command("qom-set", path=path, property="guest-stats-polling-interval", value=1)
    stats = until("statistics", lambda: (got := host.qmp.command("qom-get", path=path, property="guest-stats"))["last-update"] and got["stats"])
    host.qmp.command("qom-set", path=path, property="guest-stats-polling-interval", value=0)
    if stats["stat-total-memory"] != int(total_kib) << 10:
        raise Failed(f"expected {total_kib} KiB of memory in the statistics, got {stats}")
    return f"{sum(v != (1 << 64) - 1 for v in stats.values())} statistics, with the memory that there is"


def memory(host, mib):
    path = "/machine/peripheral/memory"
    host.qmp.command("qom-set", path=path, property="requested-size", value=int(mib) * MIB)
    until(f"{mib} MiB plugged in", lambda: host.qmp.command("qom-get", path=path, property="size") == int(mib) * MIB)
    return f"{mib} MiB by the host's count"


def resident(host):
    """KiB that QEMU holds, the guest's memory for the most part."""
    with open(f"/proc/{host.pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 10


def hold(host):
    return str(resident(host))


def less(host, before_kib, mib):
    """The guest has told of free pages when QEMU holds so much less."""
    now = until(f"{mib} MiB less than {before_kib} KiB", lambda: (r := resident(host)) <= int(before_kib) - (int(mib) << 10) and r)
    return f"QEMU holds {(int(before_kib) - now) >> 10} MiB less"


def picture(host):
    """The screen as rows of red, green and blue."""
    path = f"{host.build}/screen.ppm"
    host.qmp.command("screendump", filename=path)
    with open(path, "rb") as f:
        kind, size, _, pixels = f.read().split(b"\n", 3)
    if kind != b"P6":
        raise Failed(f"expected a portable pixmap, got {kind}")
    return size.decode(), pixels


def painted(text):
    """What the guest has in its frame buffer, four bytes a pixel, in a pixmap's three."""
    return b"".join(bytes((text[i + 2], text[i + 1], text[i])) for i in range(0, len(text), 4))


def numbers(size):
    """The same numbers as seq writes, so many bytes of them."""
    return "".join(f"{i}\n" for i in range(1, size // 6)).encode()[:size]


def screen(host, width, height):
    """The guest has filled its frame buffer with numbers."""
    want = f"{width} {height}", painted(numbers(int(width) * int(height) * 4))
    until("the guest's numbers on the screen", lambda: picture(host) == want)
    return f"{width}x{height} pixels on the screen, each as the guest wrote it"


def text(host):
    """The console of the kernel has something to show."""
    lit = until("text on the screen", lambda: sum(map(bool, picture(host)[1])) // 3)
    return f"{lit} pixels lit"


def filters(host, mac, vlan, group):
    """What the card has been told by its control queue."""
    def as_told():
        f = host.qmp.command("query-rx-filter", name="card")[0]
        return f["promiscuous"] and f["main-mac"] == mac and int(vlan) in f["vlan-table"] and group in f["multicast-table"]
    until("filters as told", as_told)
    return f"promiscuous, {mac}, VLAN {vlan} and group {group} in the host's filters"


def devices(host, *text):
    """What lsvirtio prints as JSON, which is split at blanks by now."""
    return watch.compare(host.qmp, " ".join(text))


def datagrams(host, drop, back):
    return host.network.datagrams(int(drop), int(back))


def send(host, port):
    return host.network.send(int(port))


ASKS = {f.__name__: f for f in (keys, pointers, plug, unplug, grow, resize, throttle, pause, started, balloon, balloon_stats, memory, hold, less, screen, text, filters, devices, datagrams, send)}


def answer(host, request):
    name, *words = request.split()
    try:
        return f"yes {ASKS[name](host, *words) or ''}"
    except (Failed, KeyError, OSError) as e:
        return f"no {name}: {e!r}".replace("\n", " ")
