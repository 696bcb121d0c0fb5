#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build a kernel with this core, boot a guest under QEMU, and move real data through it.

Shows the bus as a table, then each device at work, and what the host finds on the disk
afterwards.  Ends with "N passed, N failed"; exit status 0 if nothing failed."""
import argparse, functools, hashlib, http.server, os, re, shutil, socket, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from kernel import Failed, Kernel

TYPES = {1: "network", 2: "block", 3: "console", 4: "entropy", 5: "balloon", 8: "scsi", 9: "9p", 18: "input"}
COMMON = {28: "INDIRECT_DESC", 29: "EVENT_IDX", 32: "VERSION_1", 33: "ACCESS_PLATFORM", 34: "RING_PACKED", 35: "IN_ORDER",
          36: "ORDER_PLATFORM", 37: "SR_IOV", 38: "NOTIFICATION_DATA", 40: "RING_RESET"}
NAMES = {1: {0: "CSUM", 1: "GUEST_CSUM", 2: "CTRL_GUEST_OFFLOADS", 3: "MTU", 5: "MAC", 7: "GUEST_TSO4", 8: "GUEST_TSO6", 9: "GUEST_ECN",
             10: "GUEST_UFO", 11: "HOST_TSO4", 12: "HOST_TSO6", 13: "HOST_ECN", 14: "HOST_UFO", 15: "MRG_RXBUF", 16: "STATUS", 17: "CTRL_VQ",
             18: "CTRL_RX", 19: "CTRL_VLAN", 21: "GUEST_ANNOUNCE", 22: "MQ", 23: "CTRL_MAC_ADDR"},
         2: {1: "SIZE_MAX", 2: "SEG_MAX", 4: "GEOMETRY", 5: "RO", 6: "BLK_SIZE", 9: "FLUSH", 10: "TOPOLOGY", 11: "CONFIG_WCE", 12: "MQ",
             13: "DISCARD", 14: "WRITE_ZEROES", 16: "SECURE_ERASE", 17: "ZONED"},
         3: {0: "SIZE", 1: "MULTIPORT", 2: "EMERG_WRITE"},
         5: {0: "MUST_TELL_HOST", 1: "STATS_VQ", 2: "DEFLATE_ON_OOM", 3: "FREE_PAGE_HINT", 4: "PAGE_POISON", 5: "REPORTING"}}
STATUS = {1: "ACKNOWLEDGE", 2: "DRIVER", 4: "DRIVER_OK", 8: "FEATURES_OK", 0x40: "NEEDS_RESET", 0x80: "FAILED"}
LIMIT = 180     # seconds for a guest that does all its work
COMPLAINT = re.compile(r"WARNING:|BUG:|Oops|Call Trace|Kernel panic|is broken:|device refuses")
# What the machine below has, and what the guest must have said by the end.
DRIVERS = {2: "virtio_blk", 1: "virtio_net", 3: "virtio_console", 4: "virtio_sample", 5: "virtio_balloon"}
CHECKS = ("disk", "network", "console", "entropy", "life cycle", "kernel log")
READY, READY_LEGACY = 0x0f, 0x07    # before virtio 1.0 there is no FEATURES_OK


def step(name, func):
    start = time.time()
    print(f"   {name} ...", end="", flush=True)
    func()
    print(f" {time.time() - start:.1f} s", flush=True)


def configure(args):
    args.kernel.configure(open(f"{HERE}/guest.config").read())


def build(args):
    args.kernel.make("bzImage", "modules")


def initramfs(args):
    """Modules, busybox and the guest's init; made anew each time."""
    root = f"{args.build}/initramfs"
    shutil.rmtree(root, ignore_errors=True)
    args.kernel.make("modules_install", f"INSTALL_MOD_PATH={root}", "INSTALL_MOD_STRIP=1")
    for d, _, files in os.walk(f"{root}/lib/modules"):
        for f in ("source", "build"):
            if os.path.islink(f"{d}/{f}"):
                os.remove(f"{d}/{f}")
    args.kernel.initramfs(root, f"{HERE}/init")


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def disk_image(args):
    """An ext4 file system of Debian's own documents, with their checksums."""
    tree, image = f"{args.build}/tree", f"{args.build}/disk.img"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/docs")
    size, sums = 0, []
    for d, _, files in sorted(os.walk("/usr/share/doc")):
        for f in sorted(files):
            path = os.path.join(d, f)
            if os.path.islink(path) or not os.path.isfile(path) or size > 6 << 20:
                continue
            name = os.path.relpath(path, "/usr/share/doc").replace("/", "_")
            shutil.copyfile(path, f"{tree}/docs/{name}")
            sums.append(f"{sha256(path)}  docs/{name}\n")
            size += os.path.getsize(path)
    with open(f"{tree}/SHA256SUMS", "w") as f:
        f.writelines(sums)
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    args.kernel.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


def serve_file(args):
    """A file for the guest to fetch; returns the port and the checksum."""
    folder = f"{args.build}/http"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/file", "wb") as f:
        f.write(os.urandom(4 << 20))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], sha256(f"{folder}/file")


def echo_server(path):
    """The host's end of the console port: all that comes goes back."""
    if os.path.exists(path):
        os.remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)

    def serve():
        conn = listener.accept()[0]
        while data := conn.recv(65536):
            conn.sendall(data)
    threading.Thread(target=serve, daemon=True).start()


def qemu(args, port, digest):
    append = f"console=ttyS0 panic=-1 loglevel=5 rig.port={port} rig.sum={digest}" + (" rig.shell=1" if args.shell else "")
    opts = ",disable-legacy=on" + "".join(f",{o}" for o in args.device_option)
    return ["qemu-system-x86_64", "-machine", "q35", "-accel", os.environ.get("ACCEL", "tcg"), "-cpu", "max", "-m", "512", "-smp", "2",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", f"{args.build}/arch/x86/boot/bzImage", "-initrd", f"{args.build}/initramfs.cpio", "-append", append,
            "-drive", f"if=none,id=disk,format=raw,file={args.build}/disk.img", "-device", "virtio-blk-pci,drive=disk" + opts,
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=" + opts,
            "-device", "virtio-serial-pci" + opts, "-chardev", f"socket,id=echo,path={args.build}/echo.sock",
            "-device", "virtserialport,chardev=echo,name=echo", "-device", "virtio-rng-pci" + opts, "-device", "virtio-balloon-pci" + opts]


def bits(names, value):
    return [names.get(b, str(b)) for b in range(64) if value >> b & 1]


def show_device(row):
    """Print a row of the bus table; returns the device type if its driver has it and it is live."""
    name, device, driver, status, features = row.split()
    device, status = int(device, 16), int(status, 16)
    value = sum(1 << i for i, c in enumerate(features) if c == "1")
    says = "+".join(n for b, n in STATUS.items() if status & b)
    print(f"   {name:9}{TYPES.get(device, device):9}{driver:16}{says}")
    line = " ".join(bits({**NAMES.get(device, {}), **COMMON}, value))
    while line:
        cut = line if len(line) <= 80 else line[:line.rindex(" ", 0, 80)]
        print(f"   {'':18}{cut}")
        line = line[len(cut):].strip()
    return device if driver == DRIVERS.get(device) and status == (READY if value >> 32 & 1 else READY_LEGACY) else None


def guest(args, results):
    """Boot, read what the guest says, and stop it when it is done or takes too long."""
    port, digest = serve_file(args)
    echo_server(f"{args.build}/echo.sock")
    start, done, live, said = time.time(), False, set(), ""
    proc = subprocess.Popen(qemu(args, port, digest), stdout=subprocess.PIPE, stdin=None if args.shell else subprocess.DEVNULL, stderr=subprocess.STDOUT)
    timer = None if args.shell else threading.Timer(LIMIT, proc.kill)
    if timer:
        timer.start()
    with open(f"{args.build}/guest.log", "wb") as log:
        for raw in iter(proc.stdout.readline, b"") if not args.shell else shell_lines(proc):
            log.write(raw)
            line = raw.decode(errors="replace").strip()
            if line.startswith("@device "):
                live.add(show_device(line[8:]))
            elif line.startswith(("@ok ", "@failed ")):
                verdict, text = line.split(" ", 1)
                said += f"{text}\n"
                report(results, verdict == "@ok", text, start)
            elif line == "@done":
                done = True
            elif COMPLAINT.search(line):
                report(results, False, f"kernel: {line}", start)
    proc.wait()
    if timer:
        timer.cancel()
    if not done:
        tail = open(f"{args.build}/guest.log", errors="replace").readlines()[-15:]
        report(results, False, f"the guest did not come to its end within {LIMIT} s; it said last:\n" + "".join(tail), start)
    elif proc.returncode:
        report(results, False, f"power off: the machine ended with {proc.returncode}", start)
    dead = [TYPES[d] for d in DRIVERS if d not in live]
    report(results, not dead, "bus: " + (f"not at work: {' '.join(dead)}" if dead else f"{len(live)} devices have their drivers and are live"), start)
    for name in CHECKS:
        if f"{name}: " not in said:
            report(results, False, f"{name}: no result", start)


def shell_lines(proc):
    """Lines until the guest is done, then everything as it comes, for the person at the shell."""
    buf = b""
    while data := os.read(proc.stdout.fileno(), 4096):
        if buf is None:
            os.write(1, data)
            continue
        buf += data
        while buf is not None and b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            yield line
            if line.strip() == b"@done":
                os.write(1, buf)
                buf = None


def report(results, good, text, start):
    results.append(good)
    print(f"   {'ok' if good else 'FAILED':7}{text} ({time.time() - start:.1f} s)", flush=True)


def host_checks(args, results):
    """What the guest wrote, seen from outside."""
    start, image, out = time.time(), f"{args.build}/disk.img", f"{args.build}/written"
    r = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True)
    report(results, r.returncode == 0, "disk, seen by the host: file system " + ("clean" if r.returncode == 0 else r.stdout), start)
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    subprocess.run(["debugfs", "-R", f"rdump /written {out}", image], capture_output=True)
    sums = f"{out}/written/SUMS"
    names = [l.split(None, 1) for l in open(sums)] if os.path.exists(sums) else []
    # The documents are held against what the host made, not against what the guest says of them.
    names = [n for n in names if "./docs/" not in n[1]] + [l.split(None, 1) for l in open(f"{args.build}/tree/SHA256SUMS")]
    wrong = [n.strip() for s, n in names if not os.path.exists(f"{out}/written/{n.strip()}") or sha256(f"{out}/written/{n.strip()}") != s]
    report(results, bool(names) and not wrong, f"disk, seen by the host: {len(names)} files, {len(wrong)} with another checksum", start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="kernel tree with the overlay applied")
    parser.add_argument("--build", required=True, help="where to build")
    parser.add_argument("--shell", action="store_true", help="leave a shell in the guest")
    parser.add_argument("--device-option", action="append", default=[], help="for each virtio device of QEMU, as iommu_platform=on")
    args = parser.parse_args()
    args.kernel = Kernel(args.source, args.build)
    args.build = args.kernel.build
    os.environ["PATH"] += ":/usr/sbin:/sbin"    # mke2fs and depmod, for those who are not root
    results = []
    try:
        for name, func in (("configure", configure), ("build the kernel", build), ("initramfs", initramfs), ("disk image", disk_image)):
            step(name, lambda: func(args))
        print("   the bus:")
        guest(args, results)
        host_checks(args, results)
    except Failed as e:
        print(f"\nboot: {e}")
        results.append(False)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
