# SPDX-License-Identifier: GPL-2.0
"""What the guest's lsvirtio says of its devices, against what QEMU's monitor says of the same: status, features, sizes of queues.

QEMU keeps them for itself, apart from what the guest can write to and read from."""
import json
from kernel import Failed

# Numbers that have two names.
OTHER_NAMES = {"IOMMU_PLATFORM": "ACCESS_PLATFORM"}
# On a legacy device of QEMU's a trap for drivers that take what they don't know.
TRAP, TRAP_NAME = 30, "PROTOCOL_FEATURES"


def short(names):
    """VIRTIO_BLK_F_RO: explanation -> RO, and so on."""
    plain = {n.split(":")[0].split("_F_" if "_F_" in n else "_S_", 1)[1] for n in names}
    return {OTHER_NAMES.get(n, n) for n in plain}


class Features:
    """A set of them as QEMU has it: by name, and by number where it knows none."""

    def __init__(self, said):
        self.names, self.bits = short(said["transports"] + said["dev-features"]), said.get("unknown-dev-features", 0) | said.get("unknown-dev-features2", 0) << 64
        if TRAP_NAME in self.names:
            self.names.remove(TRAP_NAME)
            self.bits |= 1 << TRAP

    def lacks(self, features):
        """Those of lsvirtio's that are not in it."""
        return [f["name"] or f["bit"] for f in features if f["name"] not in self.names and not self.bits >> f["bit"] & 1]

    def count(self):
        return len(self.names) + self.bits.bit_count()


def place(qmp, path):
    """Where the guest finds the PCI device that it belongs to: all sit on the root bus."""
    devfn = qmp.command("qom-get", path=path.rsplit("/", 1)[0], property="addr")
    return f"0000:00:{devfn >> 3:02x}.{devfn & 7}"


def differences(qmp, path, device):
    """What lsvirtio says otherwise, for people."""
    said = qmp.command("x-query-virtio-status", path=path)
    if device["id"] != said["device-id"]:
        yield f"type {device['id']}, QEMU has {said['device-id']}"
    status = short(said["status"]["statuses"])
    if set(device["status"]["names"]) != status:
        yield f"status {device['status']['names']}, QEMU has {sorted(status)}"
    taken, mine = Features(said["guest-features"]), [f for f in device["features"] if f["taken"]]
    if taken.lacks(mine) or taken.count() != len(mine):
        yield f"features {[f['name'] for f in mine]}, QEMU has {said['guest-features']}"
    if unknown := Features(said["host-features"]).lacks(f for f in device["features"] if f["offered"]):
        yield f"offered features {unknown}, QEMU has {said['host-features']}"
    if device["driver"] and not device["queues"]:
        yield "no queues, and a driver"
    for queue in device["queues"] or ():
        size = qmp.command("x-query-virtio-queue-status", path=path, queue=queue["index"])["vring-num"]
        if queue["size"] != size:
            yield f"queue {queue['index']} of {queue['size']}, QEMU has {size}"


def compare(qmp, text):
    """Raises Failed if they don't say the same, else says how much was compared."""
    try:
        guests = {d["transport"]["name"]: d for d in json.loads(text)["devices"]}
    except (ValueError, TypeError, KeyError) as e:
        raise Failed(f"lsvirtio says what is no JSON of devices on PCI: {e!r}") from None
    paths = {place(qmp, d["path"]): d["path"] for d in qmp.command("x-query-virtio")}
    if guests.keys() != paths.keys():
        raise Failed(f"lsvirtio has devices at {sorted(guests)}, QEMU at {sorted(paths)}")
    for where, device in guests.items():
        if said := list(differences(qmp, paths[where], device)):
            raise Failed(f"lsvirtio says of {device['name']}: {'; '.join(said)}")
    features = sum(f["taken"] for d in guests.values() for f in d["features"])
    queues = sum(len(d["queues"] or ()) for d in guests.values())
    return f"QEMU has the same {len(guests)} devices, {features} features and {queues} queues"
