# SPDX-License-Identifier: GPL-2.0
"""Servers for guests: files over the network, and an echo for the ports of consoles."""
import functools, hashlib, http.server, os, socket, threading
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


def serve(folder, address):
    server = http.server.ThreadingHTTPServer(address, functools.partial(Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_file(folder):
    """A file for the guest to fetch; returns the port and the checksum."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/file", "wb") as f:
        f.write(os.urandom(4 << 20))
    return serve(folder, ("127.0.0.1", 0)).server_address[1], sha256(f"{folder}/file")


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)
    conn.close()


def echo_server(path):
    """The host's end of the console's ports: all that comes goes back."""
    if os.path.exists(path):
        os.remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(32)

    def serve_all():
        while True:
            threading.Thread(target=echo, args=listener.accept()[:1], daemon=True).start()
    threading.Thread(target=serve_all, daemon=True).start()
