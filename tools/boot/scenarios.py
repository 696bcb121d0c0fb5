# SPDX-License-Identifier: GPL-2.0
"""The machines that the boot rig tries: what each has, and what its guest must find there."""
import itertools
from typing import NamedTuple
from kernels import BUILTIN, MIXED, MODULES
from machine import MICROVM, PCI, Q35, Machine


class Device(NamedTuple):
    type: int
    driver: str             # of the guest
    checks: tuple           # functions of the guest's init that put it to work


DEVICES = {
    "disk": Device(2, "virtio_blk", ("disk",)),
    "scratch": Device(2, "virtio_blk", ("fio",)),
    "victim": Device(2, "virtio_blk", ()),
    "swap": Device(2, "virtio_blk", ()),
    "queues": Device(2, "virtio_blk", ("serial", "queues", "discard", "grow")),
    "network": Device(1, "virtio_net", ("network",)),
    "card": Device(1, "virtio_net", ("pairs", "mergeable", "xdp", "xsk", "filters", "revived")),
    "big": Device(1, "virtio_net", ("big",)),
    "left": Device(1, "virtio_net", ("selftest",)),
    "right": Device(1, "virtio_net", ()),
    "console": Device(3, "virtio_console", ("console",)),
    "tty": Device(3, "virtio_console", ("unhandled",)),
    "ports": Device(3, "virtio_console", ("ports", "port_hotplug")),
    "entropy": Device(4, "virtio_sample", ("entropy", "rebind")),
    "hwrng": Device(4, "virtio_rng", ("hwrng",)),
    "balloon": Device(5, "virtio_balloon", ()),
    "inflatable": Device(5, "virtio_balloon", ("balloon", "reporting")),
    "memory": Device(24, "virtio_mem", ("memory",)),
    "pmem": Device(27, "virtio_pmem", ("pmem",)),
    "scsi": Device(8, "virtio_scsi", ("scsi",)),
    "luns": Device(8, "virtio_scsi", ("luns", "hotplug")),
    "share": Device(9, "9pnet_virtio", ("share",)),
    "fs": Device(26, "virtiofs", ("fs",)),
    "keyboard": Device(18, "virtio_input", ("keyboard",)),
    "mouse": Device(18, "virtio_input", ()),
    "tablet": Device(18, "virtio_input", ("pointers",)),
    "screen": Device(16, "virtio_gpu", ("screen",)),
    "crypto": Device(20, "virtio_crypto", ("cipher",)),
    "iommu": Device(23, "virtio_iommu", ("iommu",)),
}
USUAL = ("disk", "scratch", "network", "console", "entropy", "balloon")

# Properties of every virtio device of QEMU, and the feature bits that some of them stand for.
PROPERTIES = {"disable-legacy": "on", "packed": "off", "indirect_desc": "on", "event_idx": "on", "iommu_platform": "off"}
BITS = {28: "indirect_desc", 29: "event_idx", 33: "iommu_platform", 34: "packed"}
LEGACY = {"disable-legacy": "off", "disable-modern": "on"}
VERSION_1 = 32
MODERN = ("fs",)     # for which QEMU knows no other way
WATCHED = ("lsvirtio",)     # where all devices are on the root bus, and the host looks at each
ENTROPY = 4

# Names of interrupts that must have come, as /proc/interrupts has them behind the name of the
# device; which of a disk's queues serves depends on the CPU.
DISK = ("-req.[0-9]",)
EACH = {"disk": DISK, "scratch": DISK, "network": ("-input.0", "-output.0"), "console": ("-control-i", "-input")}
SHARED = {"disk": DISK, "scratch": DISK, "network": ("-virtqueues",), "console": ("-virtqueues",)}
LINE = {name: ("",) for name in EACH}
MORE = {"scsi": ("-request",), "share": ("-requests",), "keyboard": ("-events",)}
STORAGE = {"queues": tuple(f"-req.{n}" for n in range(4)), "luns": ("-request",), "ports": ("-control-i", "-input"), "hwrng": ("-input",),
           "crypto": ("-controlq", "-dataq.0")}
# Balloon and memory have the interrupt line alone.
MEMORY = {"inflatable": ("",), "memory": ("",), "pmem": ("",), "fs": ("-requests.0",), "mouse": ("-events",), "screen": ("-control",)}


class Scenario(NamedTuple):
    name: str
    properties: dict = {}       # that differ from those above
    devices: tuple = USUAL
    extra: dict = {}            # properties of one device
    words: str = ""             # for the kernel
    interrupts: dict = EACH
    machine: Machine = Q35
    cpus: int = 0               # another number of them than the machine has
    checked: bool = False       # the kernel looks for drivers that misuse their queues
    slow: bool = False          # left out of what is run often
    also: tuple = ()            # checks of the guest that belong to none of the devices, after all others
    limit: int = 300            # seconds for a guest that does all its work
    kernel: str = MIXED         # one of kernels.py

    def is_modern(self):
        return self.properties.get("disable-modern") != "on"

    def device_options(self, name):
        options = {**PROPERTIES, **self.properties, **self.extra.get(name, {})}
        legacy = self.machine.bus == PCI and name not in MODERN
        return "".join(f",{k}={v}" for k, v in options.items() if legacy or not k.startswith("disable-"))

    def without(self, devices):
        return self._replace(devices=tuple(d for d in self.devices if d not in devices))

    def checks(self):
        interrupts = ["interrupts"] if self.wanted_interrupts() else []
        return [c for d in self.devices for c in DEVICES[d].checks] + [*interrupts, *self.also]

    def first(self):
        """Drivers to load before any other that serves the same device."""
        return [DEVICES[d].driver for d in self.devices if DEVICES[d].type == ENTROPY]

    def drivers(self):
        """(type, driver) for each of the devices."""
        return [DEVICES[d][:2] for d in self.devices]

    def features(self):
        """Whether each of the bits in question is to be agreed on."""
        have = {**PROPERTIES, **self.properties}
        return {**{bit: have[name] == "on" for bit, name in BITS.items()}, VERSION_1: self.is_modern()}

    def wanted_interrupts(self):
        """For every device of a type: both disks of a machine are asked for by one word."""
        return list(dict.fromkeys(f"{DEVICES[d].type}:{name}" for d in self.devices for name in self.interrupts.get(d, ())))

    def more_words(self):
        return ["rig.interrupts=" + ",".join(self.wanted_interrupts()), "rig.first=" + ",".join(self.first()), f"virtio_ring.check={int(self.checked)}",
                f"rig.limit={self.limit // 2}", self.words]

    def more_options(self):
        return ["-smp", str(self.cpus)] if self.cpus else []


def rings():
    """Both formats, with and without tables, event index and address translation: all at work
    where one thing differs from the default, the disk and the network where several do."""
    choices = ({}, {"packed": "on"}), ({}, {"indirect_desc": "off"}), ({}, {"event_idx": "off"}), ({}, {"iommu_platform": "on"})
    names = {"packed": "packed", "indirect_desc": "no-indirect", "event_idx": "no-event", "iommu_platform": "iommu"}
    for picks in itertools.product(*choices):
        changes = {k: v for pick in picks for k, v in pick.items()}
        devices = USUAL if len(changes) == 1 else ("scratch", "network")
        if "iommu_platform" in changes:     # which the driver of the balloon refuses
            devices = tuple(d for d in devices if d != "balloon")
        if changes:
            yield Scenario("-".join(names[c] for c in changes), changes, devices, also=WATCHED)


def drivers():
    """What the drivers of the tree can do; with packed rings as well, when there is time."""
    for suffix, changes in ("", {}), ("-packed", {"packed": "on"}):
        slow = bool(changes)
        yield Scenario(f"storage{suffix}", changes, ("queues", "luns", "ports", "hwrng", "crypto"), interrupts=STORAGE, cpus=4, slow=slow)
        # On a packed ring QEMU forgets to move its event when what a card sends has had to wait, as it does behind a hub:
        # the two that are connected do without.
        pair = () if slow else ("left", "right")
        yield Scenario(f"cards{suffix}", changes, ("card", "big", *pair), interrupts={}, cpus=4, slow=slow)
        # The daemon of the shared folder knows split rings alone.
        folder = () if slow else ("fs",)
        yield Scenario(f"memory{suffix}", changes, ("inflatable", "memory", "pmem", *folder, "mouse", "tablet", "screen"), interrupts=MEMORY,
                       words="memhp_default_state=online_movable", slow=slow)
    yield Scenario("pair-packed-no-event", {"packed": "on", "event_idx": "off"}, ("left", "right"), interrupts={}, slow=True)


def life():
    """Machines that sleep and devices that go, with what is asked of them before and after."""
    usual = ("disk", "scratch", "network", "console", "entropy", "inflatable")
    again = ("disk", "fio", "network", "console", "entropy", "balloon")
    more, more_again = (*usual, "scsi", "keyboard", "crypto"), (*again, "scsi", "keyboard", "cipher")
    for suffix, changes in ("", {}), ("-packed", {"packed": "on"}):
        yield Scenario(f"sleep{suffix}", changes, more, also=("sleep", *more_again), slow=True, limit=600)
        yield Scenario(f"hibernate{suffix}", changes, (*usual, "swap"), also=("hibernate", *again), words="resume=/dev/vdc", slow=True, limit=600)
        yield Scenario(f"kexec{suffix}", changes, usual, also=("kexec", *again), slow=True, limit=600)
        # Without SCSI, which looks for its units for seconds each time.
        yield Scenario(f"storm-bind{suffix}", changes, (*usual, "keyboard", "crypto"), also=("rebinds", "rebinds_pci", "modules", *again, "keyboard", "cipher"),
                       slow=True, limit=1200)
        yield Scenario(f"storm-plug{suffix}", changes, (*usual, "victim"), also=("pull", "plug", *again), slow=True, limit=1200)
    # Where nobody answers, QEMU reads ones from ports and zeroes from memory: only a device with ports looks like one that is gone.
    yield Scenario("torn-out", LEGACY, ("scratch", "network", "victim"), also=("torn_disk", "torn_card", "fio", "network"), slow=True)
    # A disk that falls silent is unbound, unplugged, and there when the machine is turned off.
    yield Scenario("silent", devices=("victim", "network"), also=("silent_unbind", "silent_unplug", "silent"), slow=True)
    yield Scenario("resizes", devices=("scratch", "victim"), also=("resizes", "fio"))


# Those that make boots starts with all of virtio as modules; make boots-all starts all that are not slow so, and with all of it built in.
OFTEN = ("default-modules", "microvm-modules", "packed-modules")


def on_kernel(kernel, scenarios):
    names = ((s, f"{s.name}-{kernel}") for s in scenarios if not s.slow)
    return [s._replace(name=name, kernel=kernel, slow=name not in OFTEN) for s, name in names]


MACHINES = (
    Scenario("default", also=WATCHED),
    Scenario("shared", extra={d: {"vectors": "2"} for d in ("network", "console")}, interrupts=SHARED),
    Scenario("intx", words="pci=nomsi", interrupts=LINE),
    Scenario("legacy", LEGACY, also=WATCHED),
    # Described by the parameter of the transport, which QEMU adds to the words for the kernel.  With ACPI there
    # is no timer but one that has to be measured, which fails on a busy host.
    Scenario("microvm", words="reboot=t", interrupts=LINE, machine=MICROVM),
    Scenario("microvm-packed", {"packed": "on"}, words="reboot=t", interrupts=LINE, machine=MICROVM),
    Scenario("microvm-legacy", {"disable-modern": "on"}, words="reboot=t", interrupts=LINE, machine=MICROVM),
    Scenario("more", devices=("scsi", "share", "keyboard", "tty"), interrupts=MORE),
    # Drawn on until the machine is off: of that the kernel says nothing.
    Scenario("screen", devices=("screen",), also=("drawn",), interrupts={"screen": ("-control",)}),
    *rings(),
    *drivers(),
    Scenario("recovery", devices=("victim", "network", "scsi"), also=("recovery", "flr", "luns_broken")),
    Scenario("swaps", devices=("victim",), interrupts={}, also=("swap",), limit=600),
    *(Scenario(f"polls-{n}", devices=("console", "tty"), interrupts={}, cpus=n, also=("poll_output", "poll_control")) for n in (1, 2)),
    # The drivers of the tree keep the rules.
    Scenario("checked", checked=True, also=("rules",)),
    Scenario("checked-packed", {"packed": "on", "iommu_platform": "on"}, tuple(d for d in USUAL if d != "balloon"), checked=True, also=("rules",)),
    Scenario("checked-cards", devices=("card", "big", "left", "right"), interrupts={}, cpus=4, checked=True, also=("rules",), slow=True),
    Scenario("checked-storage", devices=("queues", "luns", "ports", "hwrng", "crypto"), interrupts=STORAGE, cpus=4, checked=True, also=("rules",), slow=True),
    *(Scenario(f"watch{suffix}", changes, ("victim", "network"), also=("events", "latency", "trace_cmd", "stuck", "paused", "readers"),
               words="virtio_ring.stuck_after=2", slow=bool(changes)) for suffix, changes in (("", {}), ("-packed", {"packed": "on"}))),
    Scenario("vdpa", devices=("scratch",), also=("vdpa_blk", "vdpa_net", "vduse")),
    *life(),
    # Queues are looked at often, so that buffers without a kick are found.
    Scenario("virtio-iommu", {"iommu_platform": "on"}, ("iommu", "disk", "scratch", "network", "console", "hwrng"),
             extra={"iommu": {"iommu_platform": "off"}}, checked=True, also=("iommu_events", "rules"), words="virtio_ring.stuck_after=2"),
)
SCENARIOS = {s.name: s for s in (
    *MACHINES, *on_kernel(MODULES, MACHINES), *on_kernel(BUILTIN, MACHINES),
)}
