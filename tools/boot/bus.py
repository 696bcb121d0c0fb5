# SPDX-License-Identifier: GPL-2.0
"""The guest's virtio bus as a table: drivers, status and features by name."""
import textwrap

TYPES = {1: "network", 2: "block", 3: "console", 4: "entropy", 5: "balloon", 8: "scsi", 9: "9p", 16: "gpu", 18: "input", 20: "crypto",
         23: "iommu", 24: "memory", 26: "fs", 27: "pmem"}
COMMON = {28: "INDIRECT_DESC", 29: "EVENT_IDX", 32: "VERSION_1", 33: "ACCESS_PLATFORM", 34: "RING_PACKED", 35: "IN_ORDER",
          36: "ORDER_PLATFORM", 37: "SR_IOV", 38: "NOTIFICATION_DATA", 40: "RING_RESET"}
NAMES = {1: {0: "CSUM", 1: "GUEST_CSUM", 2: "CTRL_GUEST_OFFLOADS", 3: "MTU", 5: "MAC", 7: "GUEST_TSO4", 8: "GUEST_TSO6", 9: "GUEST_ECN",
             10: "GUEST_UFO", 11: "HOST_TSO4", 12: "HOST_TSO6", 13: "HOST_ECN", 14: "HOST_UFO", 15: "MRG_RXBUF", 16: "STATUS", 17: "CTRL_VQ",
             18: "CTRL_RX", 19: "CTRL_VLAN", 21: "GUEST_ANNOUNCE", 22: "MQ", 23: "CTRL_MAC_ADDR"},
         2: {1: "SIZE_MAX", 2: "SEG_MAX", 4: "GEOMETRY", 5: "RO", 6: "BLK_SIZE", 9: "FLUSH", 10: "TOPOLOGY", 11: "CONFIG_WCE", 12: "MQ",
             13: "DISCARD", 14: "WRITE_ZEROES", 16: "SECURE_ERASE", 17: "ZONED"},
         3: {0: "SIZE", 1: "MULTIPORT", 2: "EMERG_WRITE"},
         5: {0: "MUST_TELL_HOST", 1: "STATS_VQ", 2: "DEFLATE_ON_OOM", 3: "FREE_PAGE_HINT", 4: "PAGE_POISON", 5: "REPORTING"},
         8: {0: "INOUT", 1: "HOTPLUG", 2: "CHANGE", 3: "T10_PI"},
         9: {0: "MOUNT_TAG"},
         16: {0: "VIRGL", 1: "EDID", 2: "RESOURCE_UUID", 3: "RESOURCE_BLOB", 4: "CONTEXT_INIT"},
         23: {0: "INPUT_RANGE", 1: "DOMAIN_RANGE", 2: "MAP_UNMAP", 3: "BYPASS", 4: "PROBE", 5: "MMIO", 6: "BYPASS_CONFIG"},
         24: {0: "ACPI_PXM", 1: "UNPLUGGED_INACCESSIBLE"}}
STATUS = {1: "ACKNOWLEDGE", 2: "DRIVER", 4: "DRIVER_OK", 8: "FEATURES_OK", 0x40: "NEEDS_RESET", 0x80: "FAILED"}
READY, READY_LEGACY = 0x0f, 0x07    # before virtio 1.0 there is no FEATURES_OK


class Row:
    """A device, as the guest says it: name, type, driver, status, features as sysfs has them."""

    def __init__(self, text):
        self.name, device, self.driver, status, features = text.split()
        self.type, self.status = int(device, 16), int(status, 16)
        self.features = sum(1 << i for i, c in enumerate(features) if c == "1")

    def live(self):
        return self.status == (READY if self.features >> 32 & 1 else READY_LEGACY)

    def __str__(self):
        says = "+".join(n for b, n in STATUS.items() if self.status & b)
        names = {**NAMES.get(self.type, {}), **COMMON}
        bits = " ".join(names.get(b, str(b)) for b in range(64) if self.features >> b & 1)
        lines = textwrap.wrap(bits, 80)
        return f"   {self.name:9}{TYPES.get(self.type, self.type):9}{self.driver:16}{says}" + "".join(f"\n{'':21}{l}" for l in lines)
