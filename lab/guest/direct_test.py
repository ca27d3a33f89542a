# SPDX-License-Identifier: GPL-2.0
"""usage: direct_test.py DEV0 DEV1 [PART...], see direct_test.sh"""

import errno
import socket
import struct
import sys
import time

import wire_test
from atmo_sock import PACKET, TX, AtmoSock, pack_addr, pack_port
from udp_test import ADDR0, ADDR1, PEER_PORT, PORT, peer_socket
from wire_test import PATIENCE, Tap, check, run

TRACING = "/sys/kernel/tracing/"
OUTPUT, POSTROUTING = 3, 4
PAGE, FLOWS = 4096, 4


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Queued:
    """Counts the frames that a device gets by Linux's own way of sending."""

    def __init__(self, dev):
        event = TRACING + "events/net/net_dev_start_xmit/"
        write(event + "filter", 'name == "%s" && protocol == 0x800' % dev)
        write(event + "enable", "1")

    def count(self):
        with open(TRACING + "trace") as f:
            n = sum("net_dev_start_xmit" in line for line in f if line[0] != "#")
        write(TRACING + "trace", "")
        return n


# ---- nft, which the guest doesn't have: a chain that only has a policy ----

NETLINK_NETFILTER, NFTABLES, IPV4 = 12, 10, 2
BATCH_BEGIN, BATCH_END, NEWTABLE, DELTABLE, NEWCHAIN = 0x10, 0x11, 0xa00, 0xa02, 0xa03
REQUEST, ACK, CREATE = 1, 4, 0x400
DROP, ACCEPT = 0, 1


def attr(kind, raw):
    return struct.pack("=HH", 4 + len(raw), kind) + raw + bytes(-len(raw) % 4)


def message(kind, flags, family, res_id, raw=b""):
    body = struct.pack("=BB", family, 0) + struct.pack(">H", res_id) + raw
    return struct.pack("=IHHII", 16 + len(body), kind, REQUEST | flags, 0, 0) + body


def nft(*messages):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.settimeout(PATIENCE)
    s.send(message(BATCH_BEGIN, 0, 0, NFTABLES) + b"".join(messages) +
           message(BATCH_END, 0, 0, NFTABLES))
    for _ in messages:
        err = struct.unpack_from("=i", s.recv(65536), 16)[0]
        if err:
            raise OSError(-err, "nft")
    s.close()


def chain(hook, policy):
    table = attr(1, b"direct\0")
    return (message(NEWTABLE, CREATE | ACK, IPV4, 0, table),
            message(NEWCHAIN, CREATE | ACK, IPV4, 0, attr(1, b"direct\0") + attr(3, b"out\0") +
                    attr(0x8004, attr(1, struct.pack(">I", hook)) + attr(2, bytes(4))) +
                    attr(5, struct.pack(">I", policy)) + attr(7, b"filter\0")))


def no_chain():
    return (message(DELTABLE, ACK, IPV4, 0, attr(1, b"direct\0")),)


# ---- A socket in the shared lane, and Linux's at the other end ----

class Bench:
    def __init__(self, dev0, dev1):
        self.dev0, self.dev1 = dev0, dev1
        # Flows for all of the device's queues, most likely; at present to this one of them.
        self.linux = [peer_socket(port=PEER_PORT + i) for i in range(FLOWS)]
        self.to = 0
        for s in self.linux:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock = AtmoSock(dev0, "shared", lport=PORT, nr_pages=128)
        self.queued = Queued(dev0)
        self.next = 0
        # The neighbour becomes known.
        self.send(1)
        self.arrives(1)
        self.queued.count()

    def each_flow(self):
        for self.to in range(FLOWS):
            yield self.to

    def send(self, n, size=60):
        """A batch of so many numbered datagrams, in one call. Returns the statuses."""
        s = self.sock
        slots = [s.mine.pop() for _ in range(n)]
        for slot in slots:
            s.pages.write(slot * PAGE + 128, self.next.to_bytes(4, "big") + bytes(size - 4))
            s.put(TX, PACKET.pack(slot, 128, size, 0, pack_port(PEER_PORT + self.to), 0,
                                  pack_addr(ADDR1)))
            self.next += 1
        s.statuses = []
        end = time.monotonic() + PATIENCE
        while len(s.statuses) < n and time.monotonic() < end:
            s.batch(5)
            s.collect()
        return s.statuses

    def numbers(self, n, patience=PATIENCE):
        """Of what arrives: up to so many"""
        got = []
        end = time.monotonic() + patience
        while len(got) < n and time.monotonic() < end:
            self.linux[self.to].settimeout(max(0.001, end - time.monotonic()))
            try:
                got.append(int.from_bytes(self.linux[self.to].recv(2000)[:4], "big"))
            except TimeoutError:
                break
        return got

    def arrives(self, n, patience=PATIENCE):
        """The last so many, all of them and in order"""
        got = self.numbers(n, patience)
        return got == list(range(self.next - n, self.next)) or print("#", got)

    def sends(self, what, n=20, queued=0, size=60):
        statuses = self.send(n, size)
        check(statuses == [0] * n and self.arrives(n), what + ": all arrive in order", statuses)
        seen = self.queued.count()
        check(seen == queued, what + (": by Linux's queue" if queued else ": past Linux's queue"),
              seen)

    def nothing(self, what, n=5, status=0):
        statuses = self.send(n)
        got = self.numbers(n, 0.3)
        check(statuses == [status] * n and not got, what + ": nothing gets out", statuses, got)
        self.queued.count()


# ---- Parts ----

def nobody(b):
    for flow in b.each_flow():
        b.sends("nobody looks, flow %d" % flow)
    b.sends("nobody looks, a batch", 60)
    b.sends("nobody looks, whole pages", 8, size=1472)
    run("ip", "neigh", "flush", "dev", b.dev0)
    b.sends("an unknown neighbour", 1, 1)
    b.sends("a known one")


def packet_socket(b):
    tap = Tap(b.dev0, outgoing=True)
    b.sends("a packet socket", 20, 20)
    check(len([f for f in tap.poll() if f[23] == 17]) == 20, "a packet socket sees all of it",
          len(tap.frames))
    tap.socket.close()
    # It is there until its users are gone.
    time.sleep(0.1)
    b.sends("no packet socket any more")


def netfilter(b):
    for hook, name in (OUTPUT, "OUTPUT"), (POSTROUTING, "POSTROUTING"):
        nft(*chain(hook, DROP))
        b.nothing("a rule in %s that drops" % name, status=-errno.EPERM)
        nft(*no_chain())
        nft(*chain(hook, ACCEPT))
        b.sends("a rule in %s that doesn't" % name, 20, 20)
        nft(*no_chain())
        b.sends("no rule in %s any more" % name)


def disciplines(b):
    # Its router solicitations would be counted, too.
    write("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % b.dev0, "1")
    default = run("tc", "qdisc", "show", "dev", b.dev0)
    for name in ("pfifo", "fq_codel", "pfifo_fast"):
        run("tc", "qdisc", "replace", "dev", b.dev0, "root", *name.split())
        b.sends(name + ", empty")
        said = run("tc", "-s", "qdisc", "show", "dev", b.dev0)
        check("Sent %d bytes 20 pkt" % (20 * 102) in said, name + " counts them", said)
    run("tc", "qdisc", "replace", "dev", b.dev0, "root", "netem", "delay", "300ms")
    start = time.monotonic()
    statuses = b.send(20)
    check(statuses == [0] * 20 and b.arrives(20) and time.monotonic() - start >= 0.3,
          "netem: all are late, in order", statuses, time.monotonic() - start)
    run("tc", "qdisc", "replace", "dev", b.dev0, "root", "netem", "loss", "100%")
    b.nothing("netem that loses all")
    run("tc", "qdisc", "replace", "dev", b.dev0, "root", "tbf", "rate", "400kbit", "burst", "2000",
        "limit", "100000")
    start = time.monotonic()
    statuses = b.send(30, 1000)
    check(statuses == [0] * 30 and b.arrives(30) and time.monotonic() - start >= 0.5,
          "tbf: no faster than it says, in order", statuses, time.monotonic() - start)
    run("tc", "qdisc", "del", "dev", b.dev0, "root")
    b.queued.count()
    b.sends("the default again")
    check(run("tc", "qdisc", "show", "dev", b.dev0).split()[1] == default.split()[1],
          "as it was before", default)


def device(b):
    run("tc", "qdisc", "add", "dev", b.dev0, "clsact")
    run("tc", "filter", "add", "dev", b.dev0, "egress", "matchall", "action", "drop")
    b.nothing("a filter of tc that drops", status=-errno.ENOBUFS)
    run("tc", "filter", "del", "dev", b.dev0, "egress")
    run("tc", "qdisc", "del", "dev", b.dev0, "clsact")
    b.sends("no filter any more")
    run("ethtool", "-K", b.dev0, "tx", "off")
    b.sends("checksums by Linux", 20, 20)
    run("ethtool", "-K", b.dev0, "tx", "on")
    b.sends("checksums by the NIC")


def switching(b):
    """Whoever comes and goes meanwhile: what is late is lost, never overtaken."""
    taps = []

    def tap():
        taps.append(Tap(b.dev0, outgoing=True))

    def qdisc(*what):
        run("tc", "qdisc", "replace", "dev", b.dev0, "root", *what)

    steps = (tap, lambda: qdisc("netem", "delay", "5ms"), lambda: nft(*chain(OUTPUT, ACCEPT)),
             lambda: qdisc("tbf", "rate", "20mbit", "burst", "3000", "limit", "200000"),
             lambda: taps.pop().socket.close(), lambda: qdisc("pfifo"), lambda: nft(*no_chain()),
             lambda: qdisc("fq_codel"), lambda: qdisc("pfifo_fast"))
    got = [[] for _ in range(FLOWS)]
    first = b.next
    for step in steps:
        for flow in b.each_flow():
            b.send(25)
        step()
        for flow in b.each_flow():
            b.send(25)
        for flow in b.each_flow():
            got[flow] += b.numbers(50, 0.02)
    for flow in b.each_flow():
        got[flow] += b.numbers(10000, 0.5)
        back = sum(later <= earlier for earlier, later in zip(got[flow], got[flow][1:]))
        check(not back, "switching: flow %d is in order" % flow, back)
    arrived, sent = sum(len(each) for each in got), b.next - first
    check(arrived > sent / 2, "switching: most arrive", arrived, sent)
    run("tc", "qdisc", "del", "dev", b.dev0, "root")
    b.queued.count()
    b.sends("after that")


PARTS = (nobody, packet_socket, netfilter, disciplines, device, switching)


def main():
    dev0, dev1, *names = sys.argv[1:]
    b = Bench(dev0, dev1)
    for part in PARTS:
        if not names or part.__name__ in names:
            part(b)
    print("1..%d" % wire_test.nr_checks)
    return wire_test.nr_failed > 0


sys.exit(main())
