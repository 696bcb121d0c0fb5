# SPDX-License-Identifier: GPL-2.0
"""The other end of the guest's network cards that are not QEMU's own: tap interfaces with the kernel's TCP behind them.

They live in a network namespace of their own, which nobody else sees and which ends with its last socket."""
import ctypes, fcntl, os, socket, struct, subprocess, threading
from kernel import Failed

TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, IFF_MULTI_QUEUE, CLONE_NEWNET = 0x400454ca, 2, 0x1000, 0x4000, 0x100, 0x40000000
TAPS = {"card": (8, "10.0.3.1/24"), "big": (1, "10.0.4.1/24")}      # queues, address of the host
GUEST = "10.0.3.15"
PORT = 8000         # of the server there
COUNT = 64          # datagrams, less than a ring has room for
LIMIT = 60


def tap(name, queues):
    """A file for each queue."""
    files = []
    for _ in range(queues):
        files.append(os.open("/dev/net/tun", os.O_RDWR))
        flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (IFF_MULTI_QUEUE if queues > 1 else 0)
        fcntl.ioctl(files[-1], TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    return files


class Network:
    def __init__(self, serve):
        """serve(address) is called inside, so that it listens there."""
        self.files, self.lacks = {}, ""
        thread = threading.Thread(target=self.enter, args=(serve,))
        thread.start()
        thread.join()

    def enter(self, serve):
        """A thread of its own may be in a namespace of its own."""
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "a network namespace")
            for name, (queues, address) in TAPS.items():
                self.files[name] = tap(name, queues)
                subprocess.run(["ip", "address", "add", address, "dev", name], check=True)
                subprocess.run(["ip", "link", "set", name, "up"], check=True)
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.settimeout(LIMIT)
            self.server = serve(("", PORT))
        except (OSError, subprocess.CalledProcessError) as e:
            self.lacks = f"no tap interfaces: {e}"

    def close(self):
        for f in sum(self.files.values(), []):
            os.close(f)
        if not self.lacks:
            self.udp.close()
            self.server.shutdown()
            self.server.server_close()

    def send(self, port):
        """Datagrams to the guest."""
        for i in range(COUNT):
            self.udp.sendto(b"rig %05d" % i, (GUEST, port))
        return str(COUNT)

    def datagrams(self, drop, back):
        """To one port from which nothing is to come back, and to one from which all is."""
        self.send(drop)
        self.send(back)
        came = set()
        while len(came) < COUNT:
            try:
                data, (_, port) = self.udp.recvfrom(64)
            except TimeoutError:
                raise Failed(f"{len(came)} of {COUNT} datagrams came back") from None
            if port != back:
                raise Failed(f"a datagram came back from port {port}")
            came.add(data)
        if came != {b"rig %05d" % i for i in range(COUNT)}:
            raise Failed("the datagrams came back as others")
        return f"{COUNT} datagrams dropped, {COUNT} came back"
