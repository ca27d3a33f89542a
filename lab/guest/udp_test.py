# SPDX-License-Identifier: GPL-2.0
"""usage: udp_test.py DEV0 DEV1 [PART...], see udp_test.sh"""

import errno
import os
import socket
import subprocess
import sys
import time

import wire_test
from atmo_sock import ENTRY_DELETE, TX_FRAME, AtmoSock
from wire_test import LANES, Peer, Tap, check, peer, run

ADDR0, ADDR1, SIX0, SIX1 = "10.82.0.1", "10.82.0.2", "fd82::1", "fd82::2"
PORT, PEER_PORT = 7300, 30300
OTHER_NET, OTHER = "198.51.100.0", "198.51.100.9"
GHOST_MAC, GHOST2_MAC = "02:00:00:00:00:99", "02:00:00:00:00:98"

token_nr = 0


def token():
    global token_nr
    token_nr += 1
    return b"udp-test %08d " % token_nr


def mac(text):
    return bytes(int(b, 16) for b in text.split(":"))


def mac_of(dev, where=run):
    return mac(where("cat", "/sys/class/net/%s/address" % dev).strip())


def peer_socket(family=socket.AF_INET, port=PEER_PORT):
    with Peer():
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", port))
    s.settimeout(wire_test.PATIENCE)
    return s


def peer_tap(dev):
    with Peer():
        return Tap(dev)


def receives(s, want):
    """Linux's socket gets this datagram; later ones than lost ones, too."""
    try:
        while True:
            got = s.recv(2000)
            if got == want:
                return True
    except TimeoutError:
        return False


def fails(err, call, *args, **kwargs):
    """Whether a call fails with that errno; what it does instead is shown."""
    try:
        call(*args, **kwargs)
    except OSError as e:
        return e.errno == err or print("# is", errno.errorcode[e.errno])
    return print("# succeeded")


# ---- Parts; each is run in each lane, IPv6's in the shared one ----


def connected(lane, dev0, dev1):
    name = lane + " lane: connected: "
    mine, other = peer_socket(), peer_socket(port=PEER_PORT + 1)
    a = AtmoSock(dev0, lane, lport=PORT, raddr=ADDR1, rport=PEER_PORT)
    b = AtmoSock(dev0, lane, lport=PORT, raddr=ADDR1, rport=PEER_PORT + 1)
    for s in (mine, other):
        s.sendto(b"warm up", (ADDR0, PORT))
    a.take(), b.take()
    sent = token()
    other.sendto(sent, (ADDR0, PORT))
    got = b.take()
    check(got and got.data == sent and got.port == PEER_PORT + 1,
          name + "each gets what its peer sends", got and got.data)
    check(a.recv(0.3) is None, name + "and nobody else's", a.stats())
    sent = token()
    check(a.send(sent) == 0 and receives(mine, sent), name + "sends to its peer", a.drops())
    sent = token()
    check(a.send(sent, ADDR1, PEER_PORT) == 0 and receives(mine, sent),
          name + "which it may name", a.drops())
    for what, daddr, dport in (("address", "10.82.0.3", PEER_PORT),
                               ("port", ADDR1, PEER_PORT + 1), ("half", "10.82.0.3", 0)):
        before = a.stats()["tx_bad_dest"]
        check(a.send(b"no", daddr, dport) == -errno.EINVAL and
              a.stats()["tx_bad_dest"] == before + 1,
              name + "but no other: " + what, a.drops())
    check(fails(errno.EADDRINUSE, AtmoSock, dev0, lane, lport=PORT, raddr=ADDR1,
                rport=PEER_PORT), name + "the same pair again")
    check(fails(errno.EADDRINUSE, AtmoSock, dev0, lane, lport=PORT), name + "its port as a whole")
    for s in (a, b, mine, other):
        s.close()


def ipv6(lane, dev0, dev1):
    if lane != "shared":
        return
    linux = peer_socket(socket.AF_INET6)
    check(fails(errno.EOPNOTSUPP, AtmoSock, dev0, "hardware", laddr=SIX0, lport=PORT,
                family=socket.AF_INET6), "IPv6: no hardware lane")
    s = AtmoSock(dev0, "any", laddr=SIX0, lport=PORT, family=socket.AF_INET6)
    check(s.lane == 2 and s.reason == 4, "IPv6: shared lane, because the NIC can't", s.reason)
    check(s.max_payload == 1500 - 48, "IPv6: max_payload", s.max_payload)
    for size in (0, 1, 100, 1451, 1452):
        sent = (token() * 80)[:size]
        linux.sendto(sent, (SIX0, PORT))
        got = s.take()
        good = got and got.data == sent and got.addr == SIX1 and got.port == PEER_PORT
        check(good, "IPv6: receives %d bytes" % size, got and got.data, s.drops())
        check(s.send(sent, SIX1, PEER_PORT) == 0 and receives(linux, sent),
              "IPv6: sends %d bytes" % size, s.drops())
    check(s.send(bytes(1453), SIX1, PEER_PORT) == -errno.EMSGSIZE, "IPv6: 1453 bytes don't fit")
    for daddr in ("::", "::1", SIX0, "::ffff:10.82.0.2"):
        check(s.send(b"no", daddr, PEER_PORT) == -errno.EINVAL, "IPv6: not to " + daddr)
    check(s.send(b"no", "2001:db8::1", PEER_PORT) == -errno.ENETUNREACH, "IPv6: no route")
    head = s.headers(SIX1, PEER_PORT)
    sent = token()
    frame = head[:18] + (8 + len(sent)).to_bytes(2, "big") + head[20:58] + \
        (8 + len(sent)).to_bytes(2, "big") + b"\0\0" + sent
    check(s.send(frame, flags=TX_FRAME) == 0 and receives(linux, sent),
          "IPv6: headers in place", head.hex(), s.drops())
    for what, at in (("source", 37), ("source port", 55), ("length", 19), ("version", 14)):
        bad = bytearray(frame)
        bad[at] ^= 0x10
        before = s.stats()["tx_bad_header"]
        check(s.send(bytes(bad), flags=TX_FRAME) == -errno.EINVAL and
              s.stats()["tx_bad_header"] == before + 1,
              "IPv6: headers in place: another " + what, s.drops())
    s.close()
    c = AtmoSock(dev0, "shared", laddr=SIX0, lport=PORT, raddr=SIX1, rport=PEER_PORT,
                 family=socket.AF_INET6)
    sent = token()
    check(c.send(sent) == 0 and receives(linux, sent), "IPv6: connected", c.drops())
    linux.sendto(sent, (SIX0, PORT))
    got = c.take()
    check(got and got.data == sent, "IPv6: connected, receives", c.drops())
    c.close()
    linux.close()


def groups(lane, dev0, dev1):
    group(lane, dev0, dev1, socket.AF_INET, "239.82.1.3", "01:00:5e:52:01:03")
    if lane == "shared":
        group(lane, dev0, dev1, socket.AF_INET6, "ff05::82:3", "33:33:00:82:00:03")


def peer_joins(s, family, addr, dev):
    with Peer():
        index = socket.if_nametoindex(dev)
        if family == socket.AF_INET:
            where = socket.inet_aton(addr) + socket.inet_aton(ADDR1)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ADDR1))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        else:
            where = socket.inet_pton(family, addr) + index.to_bytes(4, sys.byteorder)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, where)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)


def group(lane, dev0, dev1, family, addr, group_mac):
    six = family == socket.AF_INET6
    name = "%s lane: group %s: " % (lane, addr)
    linux, tap = peer_socket(family), peer_tap(dev1)
    peer_joins(linux, family, addr, dev1)
    bound = {"family": family, "laddr": SIX0 if six else ADDR0}
    s = AtmoSock(dev0, lane, lport=PORT, **bound)
    other = AtmoSock(dev0, "shared", lport=PORT + 1, **bound)
    linux.sendto(b"too early", (addr, PORT))
    check(s.recv(0.3) is None, name + "nothing before it is joined")
    check(fails(errno.EINVAL, s.group, SIX1 if six else ADDR1), name + "no group")
    check(fails(errno.ENOENT, s.group, addr, ENTRY_DELETE), name + "left without joining")
    s.group(addr)
    check(fails(errno.EADDRINUSE, s.group, addr), name + "joined twice")
    sent = token()
    linux.sendto(sent, (addr, PORT))
    got = s.take()
    check(got and got.data == sent and got.frame[:6] == mac(group_mac),
          name + "receives what Linux sends to it", got and got.data, s.drops())
    check(other.recv(0.2) is None, name + "which another port doesn't", other.drops())
    sent = token()
    tap.clear()
    check(s.send(sent, addr, PEER_PORT) == 0 and receives(linux, sent),
          name + "Linux receives what is sent to it", s.drops())
    frame = tap.wait(sent)
    check(frame and frame[:6] == mac(group_mac) and frame[21 if six else 22] == 1,
          name + "group's MAC address, TTL 1", frame and frame.hex())
    s.group(addr, ENTRY_DELETE)
    linux.sendto(token(), (addr, PORT))
    check(s.recv(0.3) is None, name + "nothing after it was left", s.drops())
    other.close()
    s.close()
    c = AtmoSock(dev0, lane, lport=PORT, raddr=SIX1 if six else ADDR1, rport=PEER_PORT, **bound)
    check(fails(errno.EOPNOTSUPP, c.group, addr), name + "not for the connected")
    for each in (c, linux, tap.socket):
        each.close()


def static(lane, dev0, dev1):
    """What a socket is told goes before what Linux knows."""
    name = lane + " lane: static: "
    tap, mac1 = peer_tap(dev1), mac_of(dev1, peer)
    s = AtmoSock(dev0, lane, lport=PORT)

    def to(daddr):
        sent = token()
        status = s.send(sent, daddr, PEER_PORT)
        if status:
            return errno.errorcode[-status]
        frame = tap.wait(sent)
        return frame and frame[30:34] == socket.inet_aton(daddr) and frame[:6].hex(":")

    def goes(what, daddr, where):
        got = to(daddr)
        check(got == where, name + what, got, s.drops())

    plain = mac1.hex(":")
    peer("ip", "link", "set", "dev", dev1, "promisc", "on")
    goes("nothing yet", ADDR1, plain)
    s.neigh(ADDR1, mac(GHOST2_MAC))
    goes("a neighbour", ADDR1, GHOST2_MAC)
    s.neigh(ADDR1, mac(GHOST_MAC))
    goes("a neighbour changes", ADDR1, GHOST_MAC)
    goes("no route to elsewhere", OTHER, "ENETUNREACH")
    run("ip", "route", "add", "blackhole", OTHER_NET + "/24")
    s.route(OTHER_NET, 24, ADDR1)
    goes("a route goes before Linux's, to a static neighbour", OTHER, GHOST_MAC)
    s.neigh(ADDR1, flags=ENTRY_DELETE)
    goes("a route to Linux's neighbour", OTHER, plain)
    run("ip", "neigh", "flush", "dev", dev0)
    goes("a route to a neighbour that Linux must find", OTHER, plain)
    s.neigh("10.82.0.77", mac(GHOST2_MAC))
    s.route(OTHER, 32, "10.82.0.77")
    goes("the longer prefix", OTHER, GHOST2_MAC)
    goes("the shorter prefix", "198.51.100.10", plain)
    entries_survive(s, lambda what: goes(what, OTHER, GHOST2_MAC))
    s.route(OTHER, 32, flags=ENTRY_DELETE)
    s.route(OTHER, 32)
    s.neigh(OTHER, mac(GHOST_MAC))
    goes("a route without a gateway", OTHER, GHOST_MAC)
    s.route(OTHER, 32, flags=ENTRY_DELETE)
    s.route(OTHER_NET, 24, flags=ENTRY_DELETE)
    goes("Linux's route again", OTHER, "ENETUNREACH")
    goes("Linux's neighbour again", ADDR1, plain)
    run("ip", "route", "del", "blackhole", OTHER_NET + "/24")
    peer("ip", "link", "set", "dev", dev1, "promisc", "off")
    static_nonsense(name, s)
    s.close()
    tap.socket.close()


def entries_survive(s, goes):
    run("rmmod", "atmo_udp")
    fails(errno.EPROTONOSUPPORT, s.rx_batch)
    run("insmod", os.environ["ATMO_KMOD"] + "/atmo_udp.ko")
    goes("entries survive the replacement of atmo_udp")


def static_nonsense(name, s):
    good = mac(GHOST_MAC)
    for what, args in (("group", ("224.0.0.5", good)), ("no address", ("0.0.0.0", good)),
                       ("MAC of a group", (ADDR1, mac("01:00:5e:00:00:05"))),
                       ("no MAC", (ADDR1, bytes(6))),
                       ("deleted with a MAC", (ADDR1, good, ENTRY_DELETE)),
                       ("unknown flag", (ADDR1, good, 2)), ("IPv6", (SIX1, good))):
        check(fails(errno.EINVAL, s.neigh, *args), name + "neighbour: " + what)
    for what, args in (("host bits", (OTHER, 24, ADDR1)), ("prefix", (OTHER_NET, 33, ADDR1)),
                       ("of groups", ("224.0.0.0", 4, ADDR1)),
                       ("gateway is a group", (OTHER_NET, 24, "224.0.0.5")),
                       ("gateway is this machine", (OTHER_NET, 24, ADDR0)),
                       ("gateway that no route leads to", (OTHER_NET, 24, "203.0.113.1")),
                       ("unknown flag", (OTHER_NET, 24, ADDR1, 2))):
        check(fails(errno.EINVAL, s.route, *args), name + "route: " + what)
    run("ip", "route", "add", "203.0.113.0/24", "via", ADDR1)
    check(fails(errno.EINVAL, s.route, OTHER_NET, 24, "203.0.113.1"),
          name + "route: gateway behind a gateway of Linux's")
    run("ip", "route", "del", "203.0.113.0/24")
    check(fails(errno.ENOENT, s.neigh, "10.82.0.99", flags=ENTRY_DELETE), name + "no neighbour")
    check(fails(errno.ENOENT, s.route, OTHER_NET, 24, flags=ENTRY_DELETE), name + "no route")
    for i in range(64):
        s.route("10.99.%d.0" % i, 24, ADDR1)
    check(fails(errno.ENOSPC, s.route, OTHER_NET, 24, ADDR1), name + "65 routes")
    s.remote.ask("u", 65534)
    check(fails(errno.EPERM, s.neigh, ADDR1, good), name + "neighbour: CAP_NET_ADMIN")
    check(fails(errno.EPERM, s.route, OTHER_NET, 24, ADDR1), name + "route: CAP_NET_ADMIN")
    s.remote.ask("u", 0)


def frame_of(head, payload):
    """Headers as ATMO_GET_HEADERS has them, the lengths filled in."""
    return (head[:16] + (28 + len(payload)).to_bytes(2, "big") + head[18:38] +
            (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload)


def changed(frame, at, raw):
    return frame[:at] + raw + frame[at + len(raw):]


def in_place(lane, dev0, dev1):
    name = lane + " lane: in place: "
    linux, tap = peer_socket(), peer_tap(dev1)
    s = AtmoSock(dev0, lane, lport=PORT)
    check(fails(errno.EINVAL, s.headers, "255.255.255.255", PEER_PORT), name + "headers to all")
    check(fails(errno.EINVAL, s.headers, ADDR1, 0), name + "headers to port 0")
    check(fails(errno.ENETUNREACH, s.headers, OTHER, 9), name + "headers to nowhere")
    run("ip", "neigh", "flush", "dev", dev0)
    head = s.headers(ADDR1, PEER_PORT)
    check(head[:6] == mac_of(dev1, peer) and head[6:12] == mac_of(dev0) and
          head[26:42] == socket.inet_aton(ADDR0) + socket.inet_aton(ADDR1) +
          PORT.to_bytes(2, "big") + PEER_PORT.to_bytes(2, "big") + b"\0\x08\0\0",
          name + "headers are as they should be", head.hex())
    for size in (0, 1, 18, 150, 151, 1472):
        sent = (token() * 80)[:size]
        check(s.send(frame_of(head, sent), flags=TX_FRAME) == 0 and receives(linux, sent),
              name + "sends %d bytes" % size, s.drops())
    chosen = token()
    tap.clear()
    frame = changed(changed(frame_of(head, chosen), 15, b"\x28"), 22, b"\x07")
    s.send(changed(frame, 24, b"\xde\xad"), flags=TX_FRAME)
    got = tap.wait(chosen)
    check(got and got[15] == 0x28 and got[22] == 7 and receives(linux, chosen),
          name + "type of service and TTL are the sender's, checksums aren't",
          got and got.hex())
    run("ip", "neigh", "flush", "dev", dev0)
    sent = token()
    check(s.send(changed(frame_of(head, sent), 0, mac(GHOST_MAC)), flags=TX_FRAME) == 0 and
          receives(linux, sent), name + "neighbour unknown: Linux sends, and knows where to",
          s.drops())
    s.send(token(), ADDR1, PEER_PORT)
    refused_headers(name, s, tap, head)
    echoed(name, s, linux)
    for each in (s, linux, tap.socket):
        each.close()


def refused_headers(name, s, tap, head):
    good = frame_of(head, b"should not be seen")
    n = len(good)
    bad = (("another source MAC", changed(good, 6, mac(GHOST_MAC)), {}),
           ("another destination MAC", changed(good, 0, mac(GHOST_MAC)), {}),
           ("broadcast MAC", changed(good, 0, b"\xff" * 6), {}),
           ("another source address", changed(good, 26, socket.inet_aton("10.82.0.3")), {}),
           ("another source port", changed(good, 34, b"\0\x50"), {}),
           ("IPv4's length too short", changed(good, 16, (n - 15).to_bytes(2, "big")), {}),
           ("IPv4's length too long", changed(good, 16, (n - 13).to_bytes(2, "big")), {}),
           ("UDP's length too short", changed(good, 38, (n - 35).to_bytes(2, "big")), {}),
           ("UDP's length too long", changed(good, 38, (n - 33).to_bytes(2, "big")), {}),
           ("UDP's length below 8", changed(good, 38, b"\0\x07"), {}),
           ("bytes behind the datagram", good + b"x", {}),
           ("options", changed(good, 14, b"\x46"), {}),
           ("header of 16 bytes", changed(good, 14, b"\x44"), {}),
           ("version 5", changed(good, 14, b"\x55"), {}),
           ("more fragments", changed(good, 20, b"\x20\0"), {}),
           ("a fragment's offset", changed(good, 20, b"\0\x01"), {}),
           ("the reserved flag", changed(good, 20, b"\x80\0"), {}),
           ("TTL 0", changed(good, 22, b"\0"), {}),
           ("TCP", changed(good, 23, b"\x06"), {}),
           ("ICMP", changed(good, 23, b"\x01"), {}),
           ("a VLAN tag", good[:12] + b"\x81\0\0\x01" + good[12:], {}),
           ("ARP", changed(good, 12, b"\x08\x06"), {}),
           ("no more than Ethernet's header", good[:14], {}),
           ("nothing", b"", {}),
           ("one byte too few", good[:41], {}),
           ("destination port 0", changed(good, 36, b"\0\0"), {"counter": "tx_bad_dest"}),
           ("to all", changed(good, 30, b"\xff" * 4), {"counter": "tx_bad_dest"}),
           ("to nowhere", changed(good, 30, socket.inet_aton(OTHER)),
            {"counter": "tx_no_route", "err": errno.ENETUNREACH}),
           ("an address in the entry, too", good, {"daddr": ADDR1, "counter": "tx_reserved"}),
           ("a port in the entry, too", good, {"dport": 9, "counter": "tx_reserved"}),
           ("1473 bytes", frame_of(head, bytes(1473)),
            {"counter": "tx_too_long", "err": errno.EMSGSIZE}))
    tap.clear()
    for what, frame, how in bad:
        counter = how.get("counter", "tx_bad_header")
        before = s.drops()
        status = s.send(frame, how.get("daddr"), how.get("dport", 0), TX_FRAME)
        before[counter] = before.get(counter, 0) + 1
        check(status == -how.get("err", errno.EINVAL) and s.drops() == before,
              name + "refused: " + what, status, s.drops())
    check(not tap.saw(b"should not be seen"), name + "none of these was sent")


def echoed(name, s, linux):
    """The echo of the thesis: the very page goes back, source and destination
    swapped where they stand."""
    held = len(s.mine)
    for i in range(60):
        sent = (token() * 80)[:i * 24]
        linux.sendto(sent, (ADDR0, PORT))
        p = s.recv()
        if not p:
            break
        f = p.frame
        at = p.slot * 4096 + p.frame_offset
        s.pages.write(at, f[6:12] + f[:6] + f[12:26] + f[30:34] + f[26:30] +
                      f[36:38] + f[34:36] + f[38:42])
        status = s.send_slot(p.slot, p.frame_offset, len(f), flags=TX_FRAME)
        s.give(s.mine.pop())
        if status or not receives(linux, sent):
            check(False, name + "echo number %d" % i, status, s.drops())
            return
    check(i == 59 and len(s.mine) == held, name + "60 datagrams echoed, every page is back",
          i, len(s.mine), held)


PARTS = {
    "connected": connected,
    "ipv6": ipv6,
    "groups": groups,
    "static": static,
    "in_place": in_place,
}


def run_parts(parts):
    """Those named on the command line, or all, in each lane; an exit status."""
    dev0, dev1 = sys.argv[1:3]
    for lane in LANES:
        for part in sys.argv[3:] or parts:
            start = time.monotonic()
            parts[part](lane, dev0, dev1)
            print("# %s lane: part %s took %.1f s" % (lane, part, time.monotonic() - start))
    print("1..%d" % wire_test.nr_checks)
    return wire_test.nr_failed > 0


if __name__ == "__main__":
    sys.exit(run_parts(PARTS))
