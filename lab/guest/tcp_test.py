# SPDX-License-Identifier: GPL-2.0
"""usage: tcp_test.py DEV0 DEV1 [PART...], see tcp_test.sh"""

import errno
import socket
import struct
import sys
import time

import wire_test
from atmo_sock import TCP, TX_FRAME, AtmoSock
from udp_test import ADDR0, ADDR1, SIX0, SIX1, fails, mac_of, peer_tap, run_parts, token
from wire_frames import Flow, checksum, pseudo
from wire_test import Peer, check, packet_socket, peer

PORT, PEER_PORT = 7400, 30400
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def segment(sport, dport, payload=b"", flags=ACK, options=b"", words=None, sums=None):
    """With checksum if the addresses are given."""
    words = 5 + len(options) // 4 if words is None else words
    tcp = struct.pack("!HHIIBBHHH", sport, dport, 1000, 2000, words << 4, flags, 8192, 0, 0)
    tcp += options + payload
    if sums:
        sum_ = checksum(pseudo(*sums, TCP, len(tcp)) + tcp)
        tcp = tcp[:16] + sum_.to_bytes(2, "big") + tcp[18:]
    return tcp


class Wire:
    """The peer's end: frames as they are, past its TCP."""

    def __init__(self, dev0, dev1):
        self.flow = Flow(mac_of(dev1, peer).hex(), mac_of(dev0).hex(), ADDR1, ADDR0, 0, 0)
        with Peer():
            self.socket = packet_socket(dev1)
        self.tap = peer_tap(dev1)

    def send(self, sport=PEER_PORT, dport=PORT, payload=b"", spoil=0, saddr=ADDR1, **how):
        saddr = socket.inet_aton(saddr)
        tcp = segment(sport, dport, payload, sums=(saddr, self.flow.daddr), **how)
        tcp = tcp[:16] + bytes((tcp[16] ^ spoil,)) + tcp[17:]
        self.socket.send(self.flow.eth(self.flow.ipv4(tcp, protocol=TCP, saddr=saddr)))
        return tcp

    def resets(self, dport):
        """Frames on the wire that say no to this port of the peer's."""
        return [f.hex() for f in self.tap.poll()
                if f[12:14] == b"\x08\0" and f[23] == TCP and f[6:12] == self.flow.dmac and
                f[34:38] == struct.pack("!HH", PORT, dport) and f[47] & RST]

    def close(self):
        self.socket.close()
        self.tap.socket.close()


def ours(s, want, timeout=wire_test.PATIENCE):
    """The segment that is wanted; what else the peer's TCP says is passed over."""
    while True:
        p = s.take(timeout)
        if p is None or p.data == want:
            return p


def received(lane, dev0, dev1):
    name = lane + " lane: "
    wire = Wire(dev0, dev1)
    s = AtmoSock(dev0, lane, TCP, lport=PORT, raddr=ADDR1, rport=PEER_PORT)
    check(s.lane == (1 if lane == "hardware" else 2), name + "is the one", s.lane)
    check(s.max_payload == 1480, name + "max_payload", s.max_payload)
    for what, how in (("without payload", {}), ("one byte", {"payload": b"x"}),
                      ("full", {"payload": token() * 60 + bytes(1460)}),
                      ("SYN", {"flags": SYN}),
                      ("options", {"options": b"\1" * 40, "payload": token()})):
        how["payload"] = how.get("payload", b"")[:1460]
        want = wire.send(**how)
        got = ours(s, want)
        check(got and got.port == PEER_PORT and got.addr == ADDR1,
              name + "receives a segment: " + what, s.drops())
    count = s.stats()["rx_packets"]
    wire.send(payload=token(), spoil=1)
    wire.send(payload=token(), words=4)
    wire.send(payload=b"", words=6)
    wire.send(sport=PEER_PORT + 1, payload=token())
    wire.send(saddr="10.82.0.3", payload=token())
    wire.send(dport=PORT + 1, payload=token())
    check(ours(s, wire.send(payload=token())), name + "receives after wrong ones")
    now = s.stats()
    check(now["rx_packets"] == count + 1, name + "nobody else's, nothing broken", now)
    check(now["rx_checksum"] == 1 and now["rx_malformed"] == 2,
          name + "wrong ones are counted", s.drops())
    check(fails(errno.EADDRINUSE, AtmoSock, dev0, lane, TCP, lport=PORT, raddr=ADDR1,
                rport=PEER_PORT), name + "the same connection again")
    told = wire.resets(PEER_PORT)
    check(not told, name + "Linux says nothing for our connection", told)
    s.close()
    wire.close()


def right(frame, tcp):
    """A frame with that segment, headers and checksums as they have to be."""
    ip = frame[14:34]
    body = frame[34:34 + len(tcp)]
    return (not checksum(ip) and ip[0] == 0x45 and ip[9] == TCP and
            ip[2:4] == (20 + len(tcp)).to_bytes(2, "big") and
            ip[12:20] == socket.inet_aton(ADDR0) + socket.inet_aton(ADDR1) and
            not checksum(pseudo(ip[12:16], ip[16:20], TCP, len(tcp)) + body) and
            body[:16] + body[18:] == tcp[:16] + tcp[18:])


def sent(lane, dev0, dev1):
    name = lane + " lane: "
    wire = Wire(dev0, dev1)
    s = AtmoSock(dev0, lane, TCP, lport=PORT, raddr=ADDR1, rport=PEER_PORT)
    s.send(segment(PORT, PEER_PORT, flags=RST))
    # 192 bytes, headers included, are sent as one piece.
    for sizes, options in (((18, 137, 138, 139, 500, 1460), b""),
                           ((18, 97, 98, 99, 1420), b"\1" * 40)):
        for size in sizes:
            payload = (token() * 90)[:size]
            tcp = segment(PORT, PEER_PORT, payload, flags=RST, options=options)
            wire.tap.clear()
            status = s.send(tcp)
            frame = wire.tap.wait(payload)
            check(status == 0 and frame and right(frame, tcp),
                  "%ssends %d bytes, %d of options" % (name, len(payload), len(options)),
                  status, frame and frame.hex(), s.drops())
    refused(name, s, wire)
    s.close()
    wire.close()


def refused(name, s, wire):
    seen = b"should not be seen"
    good = segment(PORT, PEER_PORT, seen, flags=RST)
    dest = {"counter": "tx_bad_dest"}
    wire.tap.clear()
    for what, tcp, how in (
            ("another source port", segment(PORT + 1, PEER_PORT, seen), {}),
            ("another destination port", segment(PORT, PEER_PORT + 1, seen), {}),
            ("a header of 16 bytes", segment(PORT, PEER_PORT, seen, words=4), {}),
            ("a header of no bytes", segment(PORT, PEER_PORT, seen, words=0), {}),
            ("a header longer than the segment", segment(PORT, PEER_PORT, words=6), {}),
            ("19 bytes", good[:19], {}), ("nothing", b"", {}),
            ("to another address", good, dict(dest, daddr="10.82.0.3")),
            ("to another port", good, dict(dest, dport=PEER_PORT + 1)),
            ("too long", good + bytes(1480), {"counter": "tx_too_long", "err": errno.EMSGSIZE}),
            ("a whole frame", good, {"counter": "tx_reserved", "flags": TX_FRAME})):
        counter = how.get("counter", "tx_bad_header")
        before = s.drops()
        status = s.send(tcp, how.get("daddr"), how.get("dport", 0), how.get("flags", 0))
        before[counter] = before.get(counter, 0) + 1
        check(status == -how.get("err", errno.EINVAL) and s.drops() == before,
              name + "refused: " + what, status, s.drops())
    check(not wire.tap.saw(seen), name + "none of these was sent")


def listener(lane, dev0, dev1):
    """Those for which there is no connection, and no others."""
    if lane != "shared":
        return
    wire = Wire(dev0, dev1)
    s = AtmoSock(dev0, "any", TCP, lport=PORT)
    c = AtmoSock(dev0, "any", TCP, lport=PORT, raddr=ADDR1, rport=PEER_PORT)
    want = wire.send(payload=token())
    check(ours(c, want), "listener: a connection gets its own", c.drops())
    want = wire.send(sport=PEER_PORT + 1, payload=token())
    check(ours(s, want), "listener: gets the others", s.drops())
    check(ours(s, b"", 0.3) is None and ours(c, b"", 0.3) is None, "listener: and no more")
    with Peer():
        linux = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        linux.bind(("", PEER_PORT + 2))
        linux.setblocking(False)
        linux.connect_ex((ADDR0, PORT))
    syn = s.take()
    while syn and syn.port != PEER_PORT + 2:
        syn = s.take()
    check(syn and syn.data[13] & (SYN | ACK) == SYN, "listener: Linux's SYN", s.drops())
    no = segment(PORT, PEER_PORT + 2, flags=RST | ACK)
    no = no[:8] + struct.pack("!I", int.from_bytes(syn.data[4:8], "big") + 1 & 0xffffffff) + no[12:]
    check(s.send(no, ADDR1, PEER_PORT + 2) == 0, "listener: answers", s.drops())
    end = time.monotonic() + wire_test.PATIENCE
    err = 0
    while not err and time.monotonic() < end:
        time.sleep(0.05)
        err = linux.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    check(err == errno.ECONNREFUSED, "listener: with RST, and Linux takes it", err)
    for what, daddr, dport in (("nowhere", None, 0), ("port 0", ADDR1, 0),
                               ("group", "224.0.0.5", 9), ("all", "255.255.255.255", 9)):
        before = s.stats()["tx_bad_dest"]
        check(s.send(segment(PORT, dport), daddr, dport) == -errno.EINVAL and
              s.stats()["tx_bad_dest"] == before + 1, "listener: not to " + what, s.drops())
    told = wire.resets(PEER_PORT) + wire.resets(PEER_PORT + 1)
    check(not told, "listener: Linux says nothing for our port", told)
    linux.close()
    for each in (c, s, wire):
        each.close()
    wire = Wire(dev0, dev1)
    wire.send(flags=SYN)
    end = time.monotonic() + wire_test.PATIENCE
    resets = []
    while not resets and time.monotonic() < end:
        time.sleep(0.05)
        resets = wire.resets(PEER_PORT)
    check(resets, "listener: closed, the port is Linux's again, which refuses")
    wire.close()


def ipv6(lane, dev0, dev1):
    if lane != "shared":
        return
    s = AtmoSock(dev0, "any", TCP, laddr=SIX0, lport=PORT, family=socket.AF_INET6)
    with Peer():
        linux = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        linux.bind(("", PEER_PORT))
        linux.setblocking(False)
        linux.connect_ex((SIX0, PORT))
    syn = s.take()
    check(syn and syn.addr == SIX1 and syn.port == PEER_PORT and syn.data[13] & SYN,
          "IPv6: Linux's SYN", s.drops())
    no = segment(PORT, PEER_PORT, flags=RST | ACK)
    no = no[:8] + struct.pack("!I", int.from_bytes(syn.data[4:8], "big") + 1 & 0xffffffff) + no[12:]
    check(s.send(no, SIX1, PEER_PORT) == 0, "IPv6: answers", s.drops())
    end = time.monotonic() + wire_test.PATIENCE
    err = 0
    while not err and time.monotonic() < end:
        time.sleep(0.05)
        err = linux.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    check(err == errno.ECONNREFUSED, "IPv6: with RST, and Linux takes it", err)
    check(s.max_payload == 1460, "IPv6: max_payload", s.max_payload)
    linux.close()
    s.close()


PARTS = {
    "received": received,
    "sent": sent,
    "listener": listener,
    "ipv6": ipv6,
}


if __name__ == "__main__":
    sys.exit(run_parts(PARTS))
