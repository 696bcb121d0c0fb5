# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor, in its own words: commands, their answers, and events."""
import json, os, socket, time
from kernel import Failed

LIMIT = 60      # seconds for an answer or an event


class Qmp:
    """Connects with the first command: by then the machine is there, or soon will be."""

    def __init__(self, path):
        self.path, self.conn, self.events = path, None, []

    def options(self):
        if os.path.exists(self.path):
            os.remove(self.path)    # of a machine before, which would not answer
        return ["-qmp", f"unix:{self.path},server=on,wait=off"]

    def connect(self):
        self.conn = socket.socket(socket.AF_UNIX)
        self.conn.settimeout(LIMIT)
        until = time.time() + LIMIT
        while True:
            try:
                self.conn.connect(self.path)
                break
            except OSError as e:
                if time.time() > until:
                    raise Failed(f"QEMU's monitor: {e.strerror}") from None
                time.sleep(0.1)
        self.answers = self.conn.makefile("r")
        self.answers.readline()     # the greeting
        self.command("qmp_capabilities")

    def close(self):
        """The machine is off, perhaps to be started again."""
        if self.conn:
            self.conn.close()
        self.conn, self.events = None, []

    def command(self, execute, **arguments):
        """What it returns."""
        if not self.conn:
            self.connect()
        self.conn.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode())
        while True:
            said = self.hear(f"an answer to {execute}")
            if "return" in said:
                return said["return"]
            if "error" in said:
                raise Failed(f"QEMU, asked to {execute}: {said['error']['desc']}")

    def wait(self, event, **data):
        """For an event with this data, also if it has come while an answer was waited for."""
        def found():
            return [e for e in self.events if e["event"] == event and data.items() <= e.get("data", {}).items()]
        while not found():
            self.hear(event)
        self.events.remove(found()[0])

    def hear(self, what):
        try:
            line = self.answers.readline()
        except TimeoutError:
            raise Failed(f"QEMU said nothing for {LIMIT} s, expected {what}") from None
        if not line:
            raise Failed(f"QEMU ended without {what}")
        said = json.loads(line)
        if "event" in said:
            self.events.append(said)
        return said

    def unplug(self, device):
        self.command("device_del", id=device)
        self.wait("DEVICE_DELETED", device=device)
