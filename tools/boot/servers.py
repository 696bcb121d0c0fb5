# SPDX-License-Identifier: GPL-2.0
"""Servers for guests: files over the network, and an echo for the ports of consoles."""
import contextlib, functools, hashlib, http.server, os, socket, subprocess, threading, time
from documents import sha256


class Files(http.server.SimpleHTTPRequestHandler):
    """Gives a file, and says what the checksum is of one that it gets."""

    def do_POST(self):
        digest = hashlib.sha256(self.rfile.read(int(self.headers["Content-Length"]))).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(digest)))
        self.end_headers()
        self.wfile.write(digest)

    def log_message(self, *unused):
        pass


def serve_files(folder, address):
    server = http.server.ThreadingHTTPServer(address, functools.partial(Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_file(folder, **more):
    """A file for the guest to fetch, and more of them by other names; returns the port and the checksum."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/file", "wb") as f:
        f.write(os.urandom(4 << 20))
    for name, path in more.items():
        with contextlib.suppress(FileExistsError):
            os.symlink(path, f"{folder}/{name}")
    return serve_files(folder, ("127.0.0.1", 0)).server_address[1], sha256(f"{folder}/file")


def terminate(daemon, limit=60):
    """End a process of the host's, within seconds: qemu-storage-daemon loses a signal that comes just before it polls."""
    end = time.time() + limit
    while daemon.poll() is None:
        daemon.terminate() if time.time() < end else daemon.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(0.1)


def unix_listener(path):
    if os.path.exists(path):
        os.remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(32)
    return listener


def converse(conn, answer):
    """Whatever comes is answered as it comes, until a guest is done or gone."""
    with conn, contextlib.suppress(ConnectionError):
        while data := conn.recv(65536):
            conn.sendall(answer(data))


def serve(listener, answer):
    """Each connection on its own."""
    def accept():
        while True:
            threading.Thread(target=converse, args=(listener.accept()[0], answer), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def echo(listener):
    """The host's end of the console's ports: all that comes goes back."""
    serve(listener, lambda data: data)
