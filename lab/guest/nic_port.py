# SPDX-License-Identifier: GPL-2.0
"""A port of the NIC as a test sees it: by ethtool's ioctls, many times a second."""

import array
import fcntl
import os
import socket
import struct
import time

SIOCETHTOOL = 0x8946
GSTRINGS, GSTATS, GSSET_INFO = 0x1b, 0x1d, 0x37
ETH_SS_STATS = 1
PATIENCE = 15

nr_checks = nr_failed = 0


def check(good, name, *got):
    global nr_checks, nr_failed
    nr_checks += 1
    print("%sok %d - %s" % ("" if good else "not ", nr_checks, name), flush=True)
    if not good:
        nr_failed += 1
        for what in got:
            print("# got", what, flush=True)
    return good


def finish():
    """The exit status"""
    print("1..%d" % nr_checks)
    return nr_failed > 0


class Netns:
    """For a while this process is in a network namespace (None: stays)."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if not self.name:
            return
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        with open("/run/netns/" + self.name) as ns:
            os.setns(ns.fileno(), os.CLONE_NEWNET)

    def __exit__(self, *_):
        if not self.name:
            return
        os.setns(self.home, os.CLONE_NEWNET)
        os.close(self.home)


def wait_for(what):
    end = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Port:
    """An interface in a network namespace (None: ours)"""

    def __init__(self, netns, dev):
        self.netns, self.dev = netns, dev
        with Netns(netns):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.names = self.read_names()

    def ethtool(self, data):
        """One command, as the kernel fills it in"""
        buf = array.array("B", data)
        fcntl.ioctl(self.socket, SIOCETHTOOL,
                    struct.pack("16sQ16x", self.dev.encode(), buf.buffer_info()[0]))
        return buf.tobytes()

    def read_names(self):
        said = self.ethtool(struct.pack("=IIQI", GSSET_INFO, 0, 1 << ETH_SS_STATS, 0))
        nr = struct.unpack("=I", said[16:20])[0]
        said = self.ethtool(struct.pack("=III", GSTRINGS, ETH_SS_STATS, nr) + bytes(32 * nr))
        return [said[12 + 32 * i:44 + 32 * i].rstrip(b"\0").decode() for i in range(nr)]

    def stats(self):
        """The driver's counters, the NIC's among them read just now."""
        names = self.names
        said = self.ethtool(struct.pack("=II", GSTATS, len(names)) + bytes(8 * len(names)))
        return dict(zip(names, struct.unpack("=%dQ" % len(names), said[8:])))

    def read_at(self, name):
        """A counter, and the two moments between which it was read: the closest of some."""
        best = None
        for _ in range(20):
            a = time.monotonic()
            value = self.stats()[name]
            b = time.monotonic()
            if not best or b - a < best[1] - best[0]:
                best = a, b, value
            if b - a < 0.02:
                break
        return best

    def mbps(self, name, seconds):
        """What a counter of bytes gains. Our clock is the device model's, too.

        On a busy machine reading takes its time; then the window is made longer, until
        that is little against it.
        """
        a0, b0, v0 = self.read_at(name)
        for _ in range(4):
            time.sleep(seconds)
            a1, b1, v1 = self.read_at(name)
            if b0 - a0 + b1 - a1 < 0.02 * (a1 - b0):
                break
        return (v1 - v0) * 8 / 1e6 / ((a1 + b1) / 2 - (a0 + b0) / 2)

    def check_rate(self, name, rate, text):
        """Too much is wrong at once; too little can be a busy machine's fault for a while.

        What the model makes up for after it was kept from running, 30 ms at most, is
        little against the time this takes.
        """
        for _ in range(12):
            time.sleep(0.5)
            got = self.mbps(name, 2)
            if got >= rate * 0.95:
                break
        check(rate * 0.95 <= got <= rate * 1.05, text + ": %.2f" % got)
