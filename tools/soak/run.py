#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Data through disks and network for a long time, verified, while devices come and go.

Under QEMU with two processors, in a kernel with KASAN, lockdep and kmemleak, or with KCSAN: disks
are unplugged and replugged under I/O, drivers unbound and bound, queues reset and resized.  What was verified
and what was survived is counted and printed."""
import argparse, collections, os, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{os.path.dirname(HERE)}/boot", os.path.dirname(HERE)]
import accel, machine, stuck
from guest import COMPLAINT
from servers import serve_file
from kernel import Failed, Kernel
from qmp import Qmp
from races import Races
from run import initramfs, step

SILENCE = 300   # seconds without a line from the guest
CHANGES = 50    # of a disk's size, and back at the end
VICTIM = {"driver": "virtio-blk-pci", "id": "victim", "bus": "port0", "drive": "victim", "serial": "victim"}


class Soak:
    def __init__(self, build, races):
        self.build, self.qmp, self.autopsy = build, Qmp(f"{build}/qmp.sock"), Qmp(f"{build}/autopsy.sock")
        self.races = races
        self.stacks, self.heard = None, 0       # lines since the guest was asked what it does; all lines
        self.total, self.failures, self.rounds, self.done, self.start = collections.Counter(), 0, 0, False, time.time()

    def command(self, accelerator, words, packed):
        for name in ("bystander", "victim"):
            with open(f"{self.build}/{name}.img", "wb") as f:
                f.truncate(64 << 20)
        options = f"disable-legacy=on,packed={packed},iommu_platform=on"
        disks = [o for name in ("bystander", "victim") for o in ("-blockdev", f"driver=file,node-name={name},cache.no-flush=on,filename={self.build}/{name}.img")]
        return [*machine.bare(self.build, accelerator, words), "-m", "1G", *self.qmp.options(), *self.autopsy.options(),
                "-device", "pcie-root-port,id=port0,chassis=1", *disks,
                "-device", f"virtio-blk-pci,drive=bystander,serial=bystander,{options}",
                "-device", ",".join(f"{k}={v}" for k, v in VICTIM.items()),
                "-netdev", "user,id=net", "-device", f"virtio-net-pci,netdev=net,romfile=,rx_queue_size=1024,queue_reset=on,{options}",
                "-device", f"virtio-rng-pci,{options}"]

    def fail(self, text):
        self.failures += 1
        print(f"   FAILED {text} ({time.time() - self.start:.0f} s)", flush=True)

    def plug(self):
        self.qmp.command("device_add", **VICTIM)

    def unplug(self):
        self.qmp.unplug("victim")

    def stir(self):
        """Changes of the configuration, one after the other, while the guest does something else."""
        for i in range(1, CHANGES + 1):
            self.qmp.command("block_resize", **{"node-name": "victim"}, size=(64 + i % 2) << 20)

    def give_up(self, proc):
        """The guest is silent: what it is doing goes to its log, then it is off."""
        self.stacks = []
        lines = stuck.ask(self.autopsy, proc, self.build, lambda: self.heard)
        print("\n".join(["   what it was doing:", *(f"      {line}" for line in lines + stuck.tasks(self.stacks))]), flush=True)
        proc.kill()

    def hear(self, line):
        self.heard += 1
        if self.stacks is not None:
            self.stacks.append(line)
        elif line.startswith("@round "):
            self.rounds += 1
            self.total["changes"] += CHANGES
            self.total.update({k: int(v) for k, v in (w.split("=") for w in line.split()[1:])})
            print(f"   round {self.rounds}: {' '.join(line.split()[1:])} ({time.time() - self.start:.0f} s)", flush=True)
        elif line in ("@plug", "@unplug", "@stir"):
            getattr(self, line[1:])()
        elif line.startswith("@failed "):
            self.fail(line[8:])
        elif line == "@done":
            self.done = True
        elif names := self.races.reported(line):
            if self.races.is_ours(names):
                self.fail(f"race: {' / '.join(names)}")
        elif COMPLAINT.search(line) and "Call Trace" not in line:
            self.fail(f"kernel: {line}")

    def run(self, command):
        proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.listen(proc)
        finally:
            proc.kill()
            proc.wait()
        if not self.done:
            self.fail(f"the guest did not come to its end: it said nothing for {SILENCE} s, or died; all of it is in {self.build}/soak.log")

    def listen(self, proc):
        alarm = threading.Timer(SILENCE, self.give_up, (proc,))
        alarm.start()
        with open(f"{self.build}/soak.log", "wb") as log:
            for raw in iter(proc.stdout.readline, b""):
                if self.stacks is None:
                    alarm.cancel()
                    alarm = threading.Timer(SILENCE, self.give_up, (proc,))
                    alarm.start()
                log.write(raw)
                log.flush()
                self.hear(raw.decode(errors="replace").strip())
        alarm.cancel()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=int, default=600, help="how long; a round that has begun is ended")
    parser.add_argument("--packed", action="store_true", help="packed rings")
    parser.add_argument("--sanitizer", choices=("kasan", "kcsan"), default="kasan", help="kasan has lockdep and kmemleak with it; kcsan looks for races")
    parser.add_argument("--checked", action="store_true", help="look for drivers that misuse their queues")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        kernel = Kernel(args.source, args.build if args.sanitizer == "kasan" else f"{args.build}-{args.sanitizer}")
        configs = (f"{HERE}/../boot/guest.config", f"{HERE}/guest.config", f"{HERE}/{args.sanitizer}.config")
        step("configure", lambda: kernel.configure("".join(open(c).read() for c in configs)))
        step("build the kernel", lambda: kernel.make("bzImage", "modules"))
        step("initramfs", lambda: initramfs(kernel, f"{HERE}/init", "/usr/bin/fio", "/usr/sbin/ethtool"))
        port, checksum = serve_file(f"{kernel.build}/http")
        soak = Soak(kernel.build, Races(kernel.build))
        words = [f"soak.port={port}", f"soak.sum={checksum}", f"soak.seconds={args.seconds}", f"virtio_ring.check={int(args.checked)}"]
        soak.run(soak.command(accel.choose(kernel.build)[0], words, "on" if args.packed else "off"))
    except Failed as e:
        print(f"\nsoak: {e}\n0 passed, 1 failed")
        return 1
    t = soak.total
    print(f"verified: {(t['bystander_kib'] + t['victim_kib']) >> 10} MiB of disk, {t['stream_bytes'] >> 20} MiB of network; survived: "
          f"{t['faults']} disks taken away under I/O, {t['rebinds']} rebinds, {t['changes']} changes of configuration, {t['resets']} queue resets; {soak.rounds} rounds in {time.time() - soak.start:.0f} s")
    if soak.races.elsewhere:
        print("races elsewhere in the tree: " + "; ".join(f"{count} x {names}" for names, count in soak.races.elsewhere.most_common()))
    print(f"{soak.rounds} passed, {soak.failures} failed")
    return 1 if soak.failures or not soak.rounds else 0


if __name__ == "__main__":
    sys.exit(main())
