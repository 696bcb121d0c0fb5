# SPDX-License-Identifier: GPL-2.0
"""A device of the guest's virtio bus, by its numbers: driver, status and features."""

READY, READY_LEGACY = 0x0f, 0x07    # before virtio 1.0 there is no FEATURES_OK


class Row:
    """A device, as the guest says it: name, type, driver, status, features as sysfs has them."""

    def __init__(self, text):
        self.name, device, self.driver, status, features = text.split()
        self.type, self.status = int(device, 16), int(status, 16)
        self.features = sum(1 << i for i, c in enumerate(features) if c == "1")

    def live(self):
        return self.status == (READY if self.features >> 32 & 1 else READY_LEGACY)
