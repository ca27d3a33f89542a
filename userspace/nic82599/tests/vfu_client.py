# SPDX-License-Identifier: GPL-2.0
"""A vfio-user client for tests, and a runner of nic82599."""

import array
import errno
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_REGION_IO_FDS, \
    GET_IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE, DMA_READ, DMA_WRITE, \
    RESET, DIRTY_PAGES, WRITE_MULTI, FEATURE = range(1, 17)

BAR0, BAR2, BAR4, CONFIG = 0, 2, 4, 7
INTX, MSI, MSIX = 0, 1, 2
REPLY, NO_REPLY, ERROR = 0x1, 0x10, 0x20
DATA_NONE, DATA_BOOL, DATA_EVENTFD, MASK, UNMASK, TRIGGER = 1, 2, 4, 8, 16, 32

CAPS = b'{"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576}}\0'


class Refused(Exception):
    """The server answered with an error; args[0] is the errno."""


class Client:
    """One connection. Requests return the body of the reply or raise Refused."""

    def __init__(self, path, negotiate=True, caps=CAPS, timeout=10):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(path)
        self.sock.settimeout(timeout)
        self.next_id = 1
        if negotiate:
            self.version = self.request(VERSION, struct.pack("HH", 0, 1) + caps)

    def close(self):
        self.sock.close()

    def message(self, command, body=b"", flags=0, size=None, ident=None):
        if ident is None:
            ident = self.next_id
            self.next_id = self.next_id + 1 & 0xffff
        if size is None:
            size = 16 + len(body)
        return struct.pack("HHIII", ident, command, size, flags, 0) + body

    def send(self, data, fds=()):
        if fds:
            anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            self.sock.sendmsg([data], anc)
        else:
            self.sock.sendall(data)

    def recv_exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.sock.recv(n - len(data))
            if not part:
                raise ConnectionError("server closed the connection")
            data += part
        return data

    def reply(self):
        """The next reply: (id, command, body); raises Refused."""
        ident, command, size, flags, err = struct.unpack("HHIII", self.recv_exactly(16))
        body = self.recv_exactly(size - 16)
        assert flags & 0xf == REPLY
        if flags & ERROR:
            assert not body, "an error reply has no body"
            raise Refused(err)
        return ident, command, body

    def request(self, command, body=b"", fds=(), size=None):
        self.send(self.message(command, body, size=size), fds)
        got_id, got_command, reply = self.reply()
        assert got_id == self.next_id - 1 & 0xffff and got_command == command
        return reply

    # ---- what a VMM does with it ----

    def read(self, region, offset, count):
        reply = self.request(REGION_READ, struct.pack("QII", offset, region, count))
        assert struct.unpack("QII", reply[:16]) == (offset, region, count)
        return reply[16:]

    def write(self, region, offset, data):
        self.request(REGION_WRITE, struct.pack("QII", offset, region, len(data)) + data)

    def post(self, region, offset, data):
        self.send(self.message(REGION_WRITE, struct.pack("QII", offset, region, len(data)) +
                               data, NO_REPLY))

    def read32(self, region, offset):
        return struct.unpack("I", self.read(region, offset, 4))[0]

    def write32(self, region, offset, value):
        self.write(region, offset, struct.pack("I", value))

    def read16(self, region, offset):
        return struct.unpack("H", self.read(region, offset, 2))[0]

    def write16(self, region, offset, value):
        self.write(region, offset, struct.pack("H", value))

    def reg(self, offset):
        return self.read32(BAR0, offset)

    def set_reg(self, offset, value):
        self.write32(BAR0, offset, value)

    def enable(self, command=0x6):
        self.write16(CONFIG, 4, command)

    def dma_map(self, addr, size, fd=None, offset=0, flags=3, argsz=32):
        body = struct.pack("IIQQQ", argsz, flags, offset, addr, size)
        return self.request(DMA_MAP, body, [] if fd is None else [fd])

    def dma_unmap(self, addr, size, flags=0, argsz=24):
        return self.request(DMA_UNMAP, struct.pack("IIQQ", argsz, flags, addr, size))

    def set_irqs(self, index, flags, start=0, count=1, data=b"", fds=(), argsz=None):
        if argsz is None:
            argsz = 20 + len(data)
        body = struct.pack("IIIII", argsz, flags, index, start, count) + data
        return self.request(SET_IRQS, body, list(fds))

    def set_eventfds(self, index, fds, start=0):
        self.set_irqs(index, DATA_EVENTFD | TRIGGER, start, len(fds), fds=fds)


class Nic:
    """A running nic82599 in a directory of its own."""

    def __init__(self, binary, *options, ports=2):
        self.dir = tempfile.mkdtemp(prefix="nic82599-")
        self.sock = [os.path.join(self.dir, f"s{i}") for i in range(ports)]
        self.log_path = os.path.join(self.dir, "log")
        args = [binary, "--log", self.log_path, "--verbose"]
        for i, path in enumerate(self.sock):
            args += [f"--socket{i}", path]
        args += [o.replace("@DIR@", self.dir) for o in options]
        self.proc = subprocess.Popen(args, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.wait_for(lambda: os.path.exists(self.sock[-1]))

    def wait_for(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            if self.proc.poll() is not None:
                raise RuntimeError("nic82599 ended: " + self.proc.stderr.read().decode() +
                                   self.log())
            if time.monotonic() > end:
                raise TimeoutError("condition not met in time")
            time.sleep(0.002)

    def path(self, name):
        return os.path.join(self.dir, name)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return self.proc.poll() is None

    def nr_fds(self):
        return len(os.listdir(f"/proc/{self.proc.pid}/fd"))

    def stop(self):
        """End it as a user would. Returns (exit status, what went to stderr)."""
        if self.alive():
            self.proc.send_signal(signal.SIGTERM)
        try:
            _, err = self.proc.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            _, err = self.proc.communicate()
            err += b"did not end on SIGTERM"
        left = [s for s in self.sock if os.path.exists(s)]
        shutil.rmtree(self.dir)
        if left:
            err += b"socket left behind"
        return self.proc.returncode, err.decode(errors="replace")


def signalled(fd, seconds=0.0):
    """Take the count of an eventfd: 0 when nothing comes within the time."""
    if not select.select([fd], [], [], seconds)[0]:
        return 0
    return struct.unpack("Q", os.read(fd, 8))[0]


def memfd(size):
    fd = os.memfd_create("guest")
    os.ftruncate(fd, size)
    return fd


def refused(fn, *args, **kwargs):
    """The errno with which a request is refused, or 0."""
    try:
        fn(*args, **kwargs)
    except Refused as e:
        return e.args[0]
    return 0


def errno_name(number):
    return errno.errorcode.get(number, str(number))
