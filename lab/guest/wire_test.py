# SPDX-License-Identifier: GPL-2.0
"""usage: wire_test.py DEV0 DEV1 [PART...], see wire_test.sh"""

import errno
import os
import select
import socket
import subprocess
import sys
import time

from wire_frames import (DF, ETH_IPV6, ETH_QINQ, ICMP, MF, RESERVED, TCP, Flow, Random,
                         addr, checksum, mac, pseudo, vlan)

ADDR0, ADDR1 = "10.82.0.1", "10.82.0.2"
SUBNET_BROADCAST = "10.82.0.255"
PORT, PEER_PORT, LINUX_PORT = 7100, 30000, 7199
PAGES = 256
WIRE_SOCK = "/project/build/userspace/tests/wire_sock"
# Seconds after which something won't happen any more, however slow the machine.
PATIENCE = 15
LANES = ("hardware", "shared")
ETH_P_ALL, PACKET_OUTGOING, SOL_PACKET, PACKET_IGNORE_OUTGOING = 3, 4, 263, 23

nr_checks = nr_failed = 0


def check(good, name, *got):
    global nr_checks, nr_failed
    nr_checks += 1
    print("%sok %d - %s" % ("" if good else "not ", nr_checks, name))
    if not good:
        nr_failed += 1
        for what in got:
            print("# got", what)
    sys.stdout.flush()
    return good


def skip(name, why):
    global nr_checks
    nr_checks += 1
    print("ok %d - %s # SKIP %s" % (nr_checks, name, why))


def run(*cmd):
    return subprocess.run(cmd, check=True, stdout=subprocess.PIPE, text=True).stdout


def peer(*cmd):
    return run("ip", "netns", "exec", "peer", *cmd)


class Peer:
    """For a while this process is in the peer's network namespace."""

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        with open("/run/netns/peer") as ns:
            os.setns(ns.fileno(), os.CLONE_NEWNET)

    def __exit__(self, *_):
        os.setns(self.home, os.CLONE_NEWNET)
        os.close(self.home)


def packet_socket(dev):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    s.bind((dev, ETH_P_ALL))
    s.setblocking(False)
    return s


class Tap:
    """What Linux gets (or, with outgoing, sends) on a device."""

    def __init__(self, dev, outgoing=False):
        self.socket = packet_socket(dev)
        self.outgoing = outgoing
        self.frames = []

    def clear(self):
        self.poll()
        self.frames = []

    def poll(self):
        while True:
            try:
                frame, where = self.socket.recvfrom(65536)
            except BlockingIOError:
                return self.frames
            if (where[2] == PACKET_OUTGOING) == self.outgoing:
                self.frames.append(frame)

    def saw(self, token):
        return sum(token in frame for frame in self.poll())

    def wait(self, token):
        """The first frame with the token in it, or None."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for frame in self.poll():
                if token in frame:
                    return frame
            select.select([self.socket], [], [], 0.05)
        return None


class Sock:
    """A bound socket of ours, in a process of its own."""

    def __init__(self, lane, dev, port=PORT, pages=PAGES):
        self.process = subprocess.Popen([WIRE_SOCK, lane, dev, str(port), str(pages)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bound = self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline().strip()
            if line == "end":
                return lines
            if not line:
                raise EOFError("wire_sock died")
            lines.append(line)

    def receive(self, ms=0, until=b"nothing"):
        """[(address, port, payload)...]"""
        got = []
        for line in self.command("receive %d %s" % (ms, until.hex() or "-")):
            _, saddr, port, payload = line.split()
            got.append((saddr, int(port), bytes.fromhex(payload.replace("-", ""))))
        return got

    def send(self, daddr, port, payload):
        return self.command("send %s %d %s" % (daddr, port, payload.hex() or "-"))

    def stats(self):
        return {k: int(v) for k, v in (line.split() for line in self.command("stats"))}

    def drops(self):
        counters = ("rx_packets", "tx_packets", "tx_slow", "rx_passed")
        return {k: v for k, v in self.stats().items() if k not in counters}


def delta(before, after):
    return {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}


class Bench:
    """A socket bound in a lane, the wire to it, and Linux beside it."""

    def __init__(self, lane, dev0, dev1):
        self.lane, self.dev0, self.dev1 = lane, dev0, dev1
        self.token_nr = 0
        with Peer():
            self.wire = packet_socket(dev1)
            self.wire.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.wire.setblocking(True)
            self.peer_tap = Tap(dev1)
            self.peer_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.peer_udp.bind((ADDR1, PEER_PORT))
            self.peer_udp.settimeout(PATIENCE)
        self.tap = Tap(dev0)
        self.mac0 = self.tap.socket.getsockname()[4].hex(":")
        self.mac1 = self.peer_tap.socket.getsockname()[4].hex(":")
        self.flow = Flow(self.mac1, self.mac0, ADDR1, ADDR0, PEER_PORT, PORT)
        self.sock = Sock(lane, dev0)
        check(self.sock.bound == "bound " + lane, lane + " lane: bound", self.sock.bound)

    def close(self):
        self.sock.close()
        for s in (self.wire, self.peer_tap.socket, self.peer_udp, self.tap.socket):
            s.close()

    def token(self):
        """Sixteen bytes that are nowhere else."""
        self.token_nr += 1
        return b"token%08d%03d" % (self.token_nr, self.token_nr * 7 % 1000)

    def transmit(self, frame):
        self.wire.send(frame)

    def gone_through(self):
        """Sends a good datagram and waits for it; what came before it or with it."""
        marker = self.token()
        self.transmit(self.flow.frame(marker))
        got = self.sock.receive(1000 * PATIENCE, marker)
        check_it = [g for g in got if g[2] != marker]
        return check_it, len(got) > len(check_it)

    def expect(self, name, frames, deliver=(), account=(), token=None):
        """Sends frames; exactly these payloads are to be delivered, and one of the
        outcomes in account is to show: a drop counter, or "linux". None: none."""
        before = self.sock.drops()
        passed = self.sock.stats()["rx_passed"]
        self.tap.clear()
        for frame in frames:
            self.transmit(frame)
        delivered, deliver = [], sorted(deliver)
        end = time.monotonic() + PATIENCE
        marked = outcome = False
        settled = 0
        while settled < 2 and time.monotonic() < end:
            more, marked = self.gone_through()
            delivered += [payload for _, _, payload in more]
            drops = delta(before, self.sock.drops())
            linux = self.tap.saw(token) if token else 0
            seen = dict(drops, **({"linux": linux} if linux else {}))
            if not account:
                outcome = not seen
            else:
                outcome = len(seen) == 1 and list(seen)[0] in account and \
                    list(seen.values())[0] == len(frames)
            settled = settled + 1 if outcome and sorted(delivered) == deliver else 0
        passed = self.sock.stats()["rx_passed"] - passed
        check(marked and outcome and sorted(delivered) == deliver,
              "%s lane: %s" % (self.lane, name),
              "delivered %r" % delivered, "outcome %r" % seen, "passed %d" % passed,
              "want %r delivered, outcome in %r" % (deliver, account))


def part_good(bench):
    """What is odd, but right, is delivered as it is."""
    f = bench.flow

    def good(name, payload, frame=None, **odd):
        bench.expect(name + ": delivered", [frame or f.frame(payload, **odd)], [payload])

    good("a datagram", bench.token())
    good("no payload", b"")
    good("one byte, padded to 60 bytes", b"x")
    good("18 bytes, no padding", b"y" * 18)
    good("1,472 bytes", bench.token() * 92)
    good("odd length", bench.token() + b"!")
    good("UDP checksum zero: none", bench.token(), udp_sum=0)
    good("padding that is not zero", b"short", padding=b"\xa5" * 20)
    good("padding behind a frame that needs none", bench.token() * 4, padding=b"\x5a" * 33)
    payload = bench.token()
    good("padding behind the datagram, inside the IP packet", payload,
         f.eth(f.ipv4(f.udp(payload) + b"\xff" * 9)))
    good("source port zero", bench.token(), sport=0)
    good("DF clear", bench.token(), fragment=0)
    good("reserved flag set", bench.token(), fragment=DF | RESERVED)
    good("time to live 1", bench.token(), ttl=1)
    payload = ones(f)
    good("UDP checksum 0xffff", payload)
    bench.transmit(f.frame(b"who", sport=12345))
    got = bench.sock.receive(1000 * PATIENCE, b"who")
    check(got == [(ADDR1, 12345, b"who")], bench.lane + " lane: address and port of the sender",
          got)


def ones(f):
    """A payload for which the checksum is computed as zero, and sent as 0xffff."""
    base = f.udp(b"ones\0\0", udp_sum=0)
    value = checksum(pseudo(f.saddr, f.daddr, 17, len(base)) + base)
    payload = b"ones" + value.to_bytes(2, "big")
    assert f.udp(payload)[6:8] == b"\xff\xff"
    return payload


def part_lengths(bench):
    f = bench.flow
    # In hardware it is the filter that decides whether the frame comes here.
    malformed = ("rx_malformed",) if bench.lane == "shared" else ("rx_malformed", "linux")

    def bad(name, account=malformed, **wrong):
        token = bench.token()
        bench.expect(name, [f.frame(token, **wrong)], account=account, token=token)

    bad("total length beyond the frame: malformed", total_len=200)
    bad("total length 65535: malformed", total_len=65535)
    bad("total length 27: malformed", total_len=27)
    bad("total length 20: malformed", total_len=20)
    bad("total length 0: malformed", total_len=0)
    bad("UDP length beyond the packet: malformed", udp_len=8 + 17)
    bad("UDP length 65535: malformed", udp_len=65535)
    bad("UDP length 7: malformed", udp_len=7)
    bad("UDP length 0: malformed", udp_len=0)
    # Where the ports are, such a header doesn't say: it is nobody's.
    either = ("linux",) if bench.lane == "shared" else ("rx_malformed", "linux")
    bad("IPv4 header of 16 bytes: not delivered", either, ihl=4)
    bad("IPv4 header of 0 bytes: not delivered", either, ihl=0)
    token = bench.token()
    whole = f.frame(token * 20)
    for cut in (61, 100, 200, len(whole) - 1):
        bench.expect("cut off after %d bytes: malformed" % cut, [whole[:cut]],
                     account=malformed, token=token)
    for cut in (15, 20, 33, 34, 38, 42):
        # Too short for its token: it must only not be delivered.
        quiet(bench, "cut off after %d bytes, padded with zeros" % cut, [whole[:cut]])


def quiet(bench, name, frames):
    """Not delivered, and the socket still works; who counts it isn't asked."""
    before = bench.sock.stats()["rx_packets"]
    for frame in frames:
        bench.transmit(frame)
    time.sleep(0.05)
    got, marked = bench.gone_through()
    after = bench.sock.stats()["rx_packets"]
    check(not got and marked and after - before == 1,
          "%s lane: %s: not delivered" % (bench.lane, name), got, marked)


def part_checksums(bench):
    f = bench.flow
    counted = ("rx_checksum",)
    either = counted if bench.lane == "shared" else ("rx_checksum", "linux")
    token = bench.token()
    right = int.from_bytes(f.udp(token)[6:8], "big")
    for name, wrong in (("off by one", right ^ 1), ("complemented", right ^ 0xffff),
                        ("bytes swapped", (right >> 8 | right << 8) & 0xffff)):
        bench.expect("UDP checksum %s: dropped" % name, [f.frame(token, udp_sum=wrong)],
                     account=counted, token=token)
    token = bench.token()
    bench.expect("last byte flipped on the way: dropped",
                 [f.frame(token + b"z")[:-1] + b"{"], account=counted, token=token)
    token = bench.token()
    bench.expect("sum of another address: dropped",
                 [f.eth(f.ipv4(f.udp(token, saddr=addr("10.82.0.3"))))],
                 account=counted, token=token)
    for name, wrong in (("zero", 0), ("all ones", 0xffff), ("wrong", 0x1234)):
        token = bench.token()
        bench.expect("IPv4 checksum %s: dropped" % name, [f.frame(token, ip_sum=wrong)],
                     account=either, token=token)
    token = bench.token()
    bench.expect("both wrong: dropped", [f.frame(token, ip_sum=1, udp_sum=1)],
                 account=either, token=token)


def part_linux(bench):
    """What isn't plain IPv4/UDP for the socket reaches Linux, untouched."""
    f = bench.flow

    def linux(name, **kind):
        token = bench.token()
        bench.expect(name + ": to Linux", [f.frame(token, **kind)], account=("linux",),
                     token=token)

    linux("IP option (no operation)", options=b"\x01\x01\x01\x00")
    linux("IP option (record route)", options=b"\x07\x27\x04" + b"\0" * 37)
    linux("IP option that lies about its length", options=b"\x07\xff\x04\x00")
    linux("first fragment", fragment=MF)
    linux("middle fragment", fragment=MF | 10)
    linux("last fragment", fragment=10)
    linux("VLAN tag", tag=vlan(5))
    linux("VLAN tag, priority only", tag=vlan(0xe000))
    linux("two VLAN tags", tag=vlan(5, ETH_QINQ) + vlan(6))
    linux("another UDP port", dport=PORT + 1)
    linux("UDP port zero", dport=0)
    linux("TCP to the same port", protocol=TCP)
    linux("ICMP", protocol=ICMP)
    linux("protocol 255", protocol=255)
    linux("version 6 under IPv4's type", version=6)
    linux("IPv6's type", ethertype=ETH_IPV6)
    linux("an unknown type", ethertype=0x88b5)
    linux("another address of the subnet", daddr=addr("10.82.0.9"))
    linux("the subnet's broadcast address", daddr=addr(SUBNET_BROADCAST))
    linux("broadcast address and MAC", daddr=addr("255.255.255.255"), dmac=b"\xff" * 6)
    linux("our address, broadcast MAC", dmac=b"\xff" * 6)
    linux("all hosts", daddr=addr("224.0.0.1"), dmac=mac("01:00:5e:00:00:01"))
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        linux("source %s" % source, saddr=addr(source))
    reassembled(bench)
    other_mac(bench)
    linux_works(bench)


def reassembled(bench):
    """A datagram in fragments is put together by Linux, where the port is
    reserved: it is nobody's."""
    f = bench.flow
    _, before = linux_socket()
    token = bench.token()
    whole = f.udp(token * 4)
    frames = [f.eth(f.ipv4(whole[:40], fragment=MF, ident=bench.token_nr)),
              f.eth(f.ipv4(whole[40:], fragment=5, ident=bench.token_nr))]
    bench.expect("a datagram in two fragments: to Linux, not delivered", frames,
                 account=("linux",), token=token[-8:])
    _, after = linux_socket()
    check(after - before == 1, bench.lane + " lane: and counted there, put together, as one drop",
          after - before)


def other_mac(bench):
    token = bench.token()
    frame = bench.flow.frame(token, dmac=mac("02:00:00:00:00:99"))
    bench.expect("another MAC: the NIC drops it", [frame], token=token)
    run("ip", "link", "set", "dev", bench.dev0, "promisc", "on")
    bench.expect("another MAC, promiscuous: to Linux", [frame], account=("linux",), token=token)
    run("ip", "link", "set", "dev", bench.dev0, "promisc", "off")


def linux_works(bench):
    """The port's other traffic, while the socket is bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((ADDR0, LINUX_PORT))
        s.settimeout(PATIENCE)
        token = bench.token()
        bench.transmit(bench.flow.frame(token, dport=LINUX_PORT))
        check(s.recv(100) == token, bench.lane + " lane: a socket of Linux gets its datagram")
        bench.transmit(bench.flow.frame(token, dport=LINUX_PORT, udp_sum=1))
        options = bench.token()
        bench.transmit(bench.flow.frame(options, dport=LINUX_PORT, options=b"\1\1\1\0"))
        check(s.recv(100) == options,
              bench.lane + " lane: and one with IP options; not one with a bad checksum")
    ping = subprocess.run(["ip", "netns", "exec", "peer", "ping", "-q", "-c", "3", "-i", "0.1",
                           "-W", str(PATIENCE), ADDR0], stdout=subprocess.PIPE, text=True)
    check(ping.returncode == 0, bench.lane + " lane: ping", ping.stdout)


def part_mutations(bench):
    """Thousands of frames with random bytes changed, beside a reference."""
    f, random = bench.flow, Random(20)
    expected, got = [], []
    for _ in range(100):
        for _ in range(40):
            payload = bench.token() + bytes(random.below(256) for _ in range(random.below(8)))
            frame = f.frame(payload)
            if random.below(16):
                frame = random.mutated(frame)
            bench.transmit(frame)
            payload = f.payload_of(frame)
            if payload is not None:
                expected.append(payload)
        more, _ = bench.gone_through()
        got += [payload for _, _, payload in more]
    end = time.monotonic() + PATIENCE
    marked = True
    while marked and len(got) < len(expected) and time.monotonic() < end:
        more, marked = bench.gone_through()
        got += [payload for _, _, payload in more]
    more, marked = bench.gone_through()
    got += [payload for _, _, payload in more]
    extra = [p for p in got if p not in expected]
    missing = [p for p in expected if p not in got]
    check(marked and sorted(got) == sorted(expected),
          "%s lane: 4,000 mutated frames: exactly the %d that are right are delivered" %
          (bench.lane, len(expected)), "extra %r" % extra[:5], "missing %r" % missing[:5],
          bench.sock.stats())


def part_overflow(bench):
    """More than fits, while nobody receives."""
    nr, before = PAGES + 100, bench.sock.drops()
    payloads = [bench.token() for _ in range(nr)]
    for payload in payloads:
        bench.transmit(bench.flow.frame(payload))
    if bench.lane == "shared":
        end = time.monotonic() + PATIENCE
        while delta(before, bench.sock.drops()) != {"rx_queue_full": 100} and \
                time.monotonic() < end:
            time.sleep(0.05)
        got = [payload for _, _, payload in bench.sock.receive(0)]
        drops = delta(before, bench.sock.drops())
        check(got == payloads[:PAGES] and drops == {"rx_queue_full": 100},
              "shared lane: flooded: the first %d are delivered in order, the 100 too many "
              "counted" % PAGES, len(got), drops)
    else:
        # The NIC drops what finds no page. Late ones may find one again.
        time.sleep(0.5)
        got = [payload for _, _, payload in bench.sock.receive(0)]
        more, _ = bench.gone_through()
        got += [payload for _, _, payload in more]
        sent = iter(payloads)
        check(all(payload in sent for payload in got) and 0 < len(got) < nr,
              "hardware lane: flooded: some are lost, the others delivered in order", len(got))
    more, marked = bench.gone_through()
    check(marked and not more, bench.lane + " lane: flooded: receives again afterwards", more)


def until_link(bench):
    """The peer's driver takes the link down to change its MTU."""
    end = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < end:
        time.sleep(0.5)
        marker = bench.token()
        bench.transmit(bench.flow.frame(marker))
        if any(payload == marker for _, _, payload in bench.sock.receive(500, marker)):
            return True
    return False


def part_oversize(bench):
    """A frame longer than what fits into one buffer of ours."""
    try:
        peer("ip", "link", "set", "dev", bench.dev1, "mtu", "9000")
    except subprocess.CalledProcessError:
        skip(bench.lane + " lane: oversize frames", "the peer's driver can't send any")
        return
    until_link(bench)
    for size in (1473, 1480, 2000, 4000, 8900):
        token = bench.token()
        quiet(bench, "payload of %d bytes" % size, [bench.flow.frame(token.ljust(size, b"."))])
    peer("ip", "link", "set", "dev", bench.dev1, "mtu", "1500")
    check(until_link(bench), bench.lane + " lane: receives again with the usual MTU")


def sent_well(bench, frame, payload, dmac=None):
    """Is this frame of the peer's tap all right?"""
    ip = frame[14:]
    back = Flow(bench.mac0, dmac or bench.mac1, ADDR0, ADDR1, PORT, PEER_PORT)
    back.daddr = ip[16:20]
    return (frame[6:12] == mac(bench.mac0) and ip[8] == 64 and ip[6:8] == b"\x40\0" and
            ip[12:16] == addr(ADDR0) and ip[20:22] == PORT.to_bytes(2, "big") and
            ip[26:28] != b"\0\0" and back.payload_of(frame) == payload)


def part_send(bench):
    lane = bench.lane + " lane: "
    outgoing = Tap(bench.dev0, outgoing=True)
    for size in (0, 1, 17, 18, 64, 149, 150, 151, 256, 1471, 1472):
        payload = (bench.token() * 92)[:size]
        bench.peer_tap.clear()
        bench.sock.send(ADDR1, PEER_PORT, payload)
        got = bench.peer_udp.recv(2000)
        frames = [f for f in bench.peer_tap.poll() if f[12:14] == b"\x08\0"]
        check(got == payload and len(frames) == 1 and sent_well(bench, frames[0], payload),
              lane + "sends %d bytes, all headers right" % size, got[:40],
              [f.hex() for f in frames])
    # Linux knows of what it has sent itself.
    token = bench.token()
    outgoing.clear()
    bench.sock.send(ADDR1, PEER_PORT, token)
    bench.peer_udp.recv(2000)
    check(bool(outgoing.saw(token)) == (bench.lane == "shared"),
          lane + ("tcpdump sees what is sent" if bench.lane == "shared" else
                  "what is sent goes past Linux"))
    outgoing.socket.close()
    refused(bench)
    neighbours(bench)
    routes(bench)


def refused(bench):
    def refuse(name, counter, daddr, port=PEER_PORT, payload=b"no"):
        before = bench.sock.stats()
        bench.sock.send(daddr, port, payload)
        after = delta(before, bench.sock.stats())
        check(after == {counter: 1}, "%s lane: to %s: refused as %s" % (bench.lane, name, counter),
              after)

    refuse("port 0", "tx_bad_dest", ADDR1, 0)
    for daddr in ("0.0.0.0", "255.255.255.255", SUBNET_BROADCAST, "127.0.0.1", ADDR0):
        refuse(daddr, "tx_bad_dest", daddr)
    refuse("nowhere", "tx_no_route", "198.51.100.1")
    refuse("the peer, 1,473 bytes", "tx_too_long", ADDR1, payload=b"x" * 1473)


def arrives(bench, name, daddr, dmac=None):
    token = bench.token()
    bench.peer_tap.clear()
    bench.sock.send(daddr, PEER_PORT, token)
    frame = bench.peer_tap.wait(token)
    check(frame and sent_well(bench, frame, token, dmac), "%s lane: %s" % (bench.lane, name),
          frame and frame.hex(), bench.sock.stats())


def neighbours(bench):
    dev = ("dev", bench.dev0)
    for _ in range(3):
        run("ip", "neigh", "flush", *dev)
        arrives(bench, "the first datagram to an unknown neighbour arrives", ADDR1)
    run("ip", "neigh", "replace", ADDR1, "lladdr", "02:00:00:00:00:77", "nud", "permanent", *dev)
    peer("ip", "link", "set", "dev", bench.dev1, "promisc", "on")
    arrives(bench, "a neighbour's MAC changes: the next datagram follows", ADDR1,
            "02:00:00:00:00:77")
    run("ip", "neigh", "del", ADDR1, *dev)
    arrives(bench, "the entry is deleted: ARP finds the right one", ADDR1)
    run("ip", "neigh", "replace", "10.82.0.77", "lladdr", "02:00:00:00:00:78", "nud",
        "permanent", *dev)
    arrives(bench, "a permanent entry is used", "10.82.0.77", "02:00:00:00:00:78")
    run("ip", "neigh", "del", "10.82.0.77", *dev)
    peer("ip", "link", "set", "dev", bench.dev1, "promisc", "off")
    used = bench.sock.stats()["tx_slow"]
    arrives(bench, "known neighbour", ADDR1)
    if bench.lane == "hardware":
        check(bench.sock.stats()["tx_slow"] == used,
              "hardware lane: a known neighbour doesn't need Linux", bench.sock.stats())


def routes(bench):
    net, there = "198.51.100.0/24", "198.51.100.1"

    def no_route(name):
        before = bench.sock.stats()
        bench.sock.send(there, PEER_PORT, b"no")
        after = delta(before, bench.sock.stats())
        check(after == {"tx_no_route": 1}, "%s lane: %s" % (bench.lane, name), after)

    run("ip", "route", "add", net, "via", ADDR1, "dev", bench.dev0)
    arrives(bench, "a new route through a gateway is used", there)
    run("ip", "route", "change", net, "via", ADDR1, "dev", bench.dev0, "mtu", "1000")
    before = bench.sock.stats()
    bench.sock.send(there, PEER_PORT, b"x" * 973)
    check(delta(before, bench.sock.stats()) == {"tx_too_long": 1},
          bench.lane + " lane: the route's MTU counts", delta(before, bench.sock.stats()))
    run("ip", "route", "del", net)
    no_route("the route is deleted: no route")
    run("ip", "route", "add", "blackhole", net)
    no_route("a blackhole route")
    run("ip", "route", "del", "blackhole", net)
    run("ip", "route", "add", net, "dev", "lo")
    no_route("a route through another device")
    run("ip", "route", "del", net, "dev", "lo")
    run("ip", "addr", "add", "203.0.113.5/32", "dev", "lo")
    before = bench.sock.stats()
    bench.sock.send("203.0.113.5", PEER_PORT, b"no")
    check(delta(before, bench.sock.stats()) == {"tx_bad_dest": 1},
          bench.lane + " lane: an address of this machine", delta(before, bench.sock.stats()))
    run("ip", "addr", "del", "203.0.113.5/32", "dev", "lo")


def linux_bind(where, *options, port=PORT):
    """errno of Linux's bind, or 0."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for option in options:
            s.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            s.bind((where, port))
        except OSError as e:
            return e.errno
    return 0


def part_reservation(bench):
    """One port, one owner: Linux and we never share."""
    lane = bench.lane + " lane: "
    for where, name in ((ADDR0, "the address"), ("", "all addresses")):
        check(linux_bind(where) == errno.EADDRINUSE, lane + "Linux can't bind %s" % name)
        check(linux_bind(where, socket.SO_REUSEADDR, socket.SO_REUSEPORT) == errno.EADDRINUSE,
              lane + "nor %s with SO_REUSEADDR and SO_REUSEPORT" % name)
    check(linux_bind("127.0.0.1") == 0, lane + "another address of Linux is free")
    with Sock(bench.lane, bench.dev0) as second:
        check("port is taken" in second.bound, lane + "nor can a second socket of ours", second.bound)
    for where in (ADDR0, ""):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind((where, LINUX_PORT))
            with Sock(bench.lane, bench.dev0, LINUX_PORT) as second:
                check("port is taken" in second.bound,
                      lane + "what Linux has bound (%s) is refused" % (where or "any"),
                      second.bound)
    with Sock(bench.lane, bench.dev0, LINUX_PORT) as second:
        check(second.bound.startswith("bound"), lane + "and granted when Linux has let go",
              second.bound)
        check(linux_bind(ADDR0, port=LINUX_PORT) == errno.EADDRINUSE, lane + "and is reserved")
    check(linux_bind(ADDR0, port=LINUX_PORT) == 0, lane + "and free again after close")
    # From inside the machine nobody gets at the socket, and nothing piles up.
    _, before = linux_socket()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(1000):
            s.sendto(b"local" * 200, (ADDR0, PORT))
    queued, drops = linux_socket()
    check(queued == "00000000:00000000" and drops - before == 1000,
          lane + "1,000 datagrams by way of Linux are counted as drops, and don't pile up",
          queued, drops - before)


def linux_socket():
    """Queues and drops of the socket that holds the port in Linux."""
    with open("/proc/net/udp") as f:
        line, = [line.split() for line in f if line.split()[1].endswith(":%04X" % PORT)]
    return line[4], int(line[-1])


PARTS = {
    "good": part_good,
    "lengths": part_lengths,
    "checksums": part_checksums,
    "linux": part_linux,
    "mutations": part_mutations,
    "overflow": part_overflow,
    "oversize": part_oversize,
    "send": part_send,
    "reservation": part_reservation,
}


def main():
    dev0, dev1 = sys.argv[1:3]
    for lane in LANES:
        bench = Bench(lane, dev0, dev1)
        for part in sys.argv[3:] or PARTS:
            start = time.monotonic()
            PARTS[part](bench)
            print("# %s lane: part %s took %.1f s" % (lane, part, time.monotonic() - start))
        bench.close()
    print("1..%d" % nr_checks)
    return nr_failed > 0


if __name__ == "__main__":
    sys.exit(main())
