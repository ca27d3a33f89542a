# SPDX-License-Identifier: GPL-2.0
"""The control socket of port 0's traffic generator (docs/generator.md): that of the
device model, or with ATMO_GENERATOR=HOST:PORT whatever speaks the same language there."""

import json
import os
import socket


def virtio_port(name):
    for port in os.listdir("/sys/class/virtio-ports"):
        with open("/sys/class/virtio-ports/%s/name" % port) as f:
            if f.read().strip() == name:
                return open("/dev/" + port, "r+b", buffering=0)
    return None


def connect():
    address = os.environ.get("ATMO_GENERATOR")
    if not address:
        return virtio_port("lab.gen")
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port))).makefile("rwb", buffering=0)


class Generator:
    def __init__(self):
        self.file = connect()
        self.said = b""
        self.number = 0

    def ask(self, command):
        self.number += 1
        self.file.write(b"#%d %s\n" % (self.number, command.encode()))
        while True:
            while b"\n" not in self.said:
                self.said += self.file.read(65536)
            line, _, self.said = self.said.partition(b"\n")
            answer = json.loads(line)
            if answer.get("id") == str(self.number):
                break
        if not answer["ok"]:
            raise RuntimeError("%s: %s" % (command, answer["error"]))
        return answer

    def run(self, **settings):
        """A run from start to end; its numbers."""
        self.ask("reset 0")
        self.ask("start 0 " + " ".join("%s=%s" % s for s in settings.items()))
        return self.ask("wait 0 600")
