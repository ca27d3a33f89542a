# SPDX-License-Identifier: GPL-2.0
"""usage: ixgbe_filter_test.py [PART...], see ixgbe_filter_test.sh"""

import errno
import select
import socket
import struct
import subprocess
import sys
import time

from nic_port import PATIENCE, Netns, Port, check, finish, wait_for
from wire_frames import TCP, UDP, Flow, Random, checksum, pseudo

LEFT, RIGHT = "10.83.0.1", "10.83.0.2"
DEV = "eth0"
# There are as many queues as processors. RSS is told to use the first only: who
# gets a packet in the other has a filter.
NR_QUEUES, FILTERED = 2, 1
NR_RULES = 2046

SO_SNDBUFFORCE = 32
DEL_RULE, ADD_RULE = 0x31, 0x32
FLOW_TYPE = {TCP: 1, UDP: 2}
DISCARD = 2 ** 64 - 1


def run(side, *cmd):
    return subprocess.run(("ip", "netns", "exec", side) + cmd, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


class IxgbePort(Port):
    """A port that ixgbe drives"""

    def __init__(self, side):
        super().__init__(side, DEV)
        self.mac = run(side, "cat", "/sys/class/net/%s/address" % DEV).strip()

    def rx_queues(self):
        stats = self.stats()
        return [stats["rx_queue_%d_packets" % q] for q in range(NR_QUEUES)]

    def carrier(self):
        return "LOWER_UP" in run(self.netns, "ip", "link", "show", "dev", DEV)

    def rule(self, cmd, where, flow=None, queue=0):
        spec = bytes(168)
        if flow:
            tuple4 = flow.saddr + flow.daddr + struct.pack("!HH", flow.sport, flow.dport)
            spec = struct.pack("=I52s20s52s20s4xQ", FLOW_TYPE[flow.protocol], tuple4, b"",
                               b"\xff" * 12, b"", queue)
        spec = spec[:160] + struct.pack("=I4x", where)
        self.ethtool(struct.pack("=IIQ", cmd, 0, 0) + spec + bytes(8))

    def rule_fails(self, where, flow):
        try:
            self.rule(ADD_RULE, where, flow)
        except OSError as e:
            return e.errno in (errno.ENOSPC, errno.EINVAL, errno.E2BIG)
        return False


class AnyFlow(Flow):
    """A TCP or UDP flow between two addresses of our choice"""

    def __init__(self, ports, protocol, *ends):
        super().__init__(ports[0].mac, ports[1].mac, *ends)
        self.protocol = protocol

    def tcp(self):
        segment = struct.pack("!HHIIBBHHH", self.sport, self.dport, 1, 1, 5 << 4, 0x10,
                              8192, 0, 0) + b"data"
        total = checksum(pseudo(self.saddr, self.daddr, TCP, len(segment)) + segment)
        return segment[:16] + struct.pack("!H", total) + segment[18:]

    def whole(self):
        if self.protocol == UDP:
            return self.frame(b"data")
        return self.eth(self.ipv4(self.tcp(), protocol=TCP))


def some_flows(ports, nr):
    rnd, seen, flows = Random(99), set(), []
    while len(flows) < nr:
        ends = tuple("%d.%d.%d.%d" % (10 + rnd.below(90), rnd.below(256), rnd.below(256),
                                      1 + rnd.below(254)) for _ in range(2))
        ends += (1 + rnd.below(65535), 1 + rnd.below(65535))
        if ends not in seen:
            flows.append(AnyFlow(ports, (TCP, UDP)[len(flows) % 2], *ends))
            seen.add(ends)
    return flows


def send_all(frames):
    with Netns("left"):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind((DEV, 0))
    for i, frame in enumerate(frames):
        s.send(frame)
        if i % 64 == 63:        # rings and their interrupts take their time
            time.sleep(0.005)
    s.close()


def per_queue(right, frames, nr):
    """What the queues get of these frames: all of the NIC's, by difference."""
    before = right.rx_queues()
    send_all(frames)
    wait_for(lambda: sum(right.rx_queues()) - sum(before) >= nr)
    return [b - a for a, b in zip(before, right.rx_queues())]


# ---- filters that ethtool(8) sets, and sockets ----

def udp_socket_traffic(sport, dport, nr):
    with Netns("left"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((LEFT, sport))
    for i in range(nr):
        s.sendto(b"%d" % i, (RIGHT, dport))
        time.sleep(0.001)
    s.close()


def tcp_socket_traffic(sport, dport, nr):
    """A connection whose client, on the left, sends @nr segments."""
    with Netns("right"):
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((RIGHT, dport))
        server.listen()
    with Netns("left"):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind((LEFT, sport))
    client.settimeout(PATIENCE)
    client.connect((RIGHT, dport))
    conn, _ = server.accept()
    conn.settimeout(PATIENCE)
    for i in range(nr):
        client.send(b"ping")
        conn.send(conn.recv(4))
        client.recv(4)
    # reset, so that the next connection can have the same ports
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for s in client, conn, server:
        s.close()


def by_hand(right, name, traffic, sport, dport):
    """One rule by ethtool(8): its flow goes to the queue, after it is gone no more."""
    nr, queue = 50, FILTERED
    said = run("right", "ethtool", "-N", DEV, "flow-type", name, "src-ip", LEFT, "dst-ip",
               RIGHT, "src-port", str(sport), "dst-port", str(dport), "action", str(queue))
    where = said.split("ID")[-1].strip()

    def counted():
        before = right.rx_queues()
        traffic(sport, dport, nr)
        wait_for(lambda: sum(right.rx_queues()) - sum(before) >= nr)
        return [b - a for a, b in zip(before, right.rx_queues())]

    got = counted()
    check(got[queue] >= nr and sum(got) - got[queue] < 10,
          "%s rule: its flow goes to queue %d" % (name, queue), got)
    before = right.rx_queues()[queue]
    traffic(sport + 1, dport, nr)
    time.sleep(0.2)
    check(right.rx_queues()[queue] == before, "%s rule: another source port does not" % name)
    run("right", "ethtool", "-N", DEV, "delete", where)
    got = counted()
    check(got[queue] == 0, "%s rule deleted: its flow does not either" % name, got)


def test_sockets(ports):
    run("left", "ping", "-q", "-c", "2", RIGHT)
    by_hand(ports[1], "tcp4", tcp_socket_traffic, 40001, 5301)
    by_hand(ports[1], "udp4", udp_socket_traffic, 40003, 5302)


# ---- as many as there can be ----

def test_many(ports):
    right = ports[1]
    flows = some_flows(ports, NR_RULES + 1)
    extra, flows = flows[-1], flows[:-1]
    frames = [flow.whole() for flow in flows]
    # every fourth one is dropped
    actions = [DISCARD if i % 4 == 3 else FILTERED for i in range(len(flows))]
    want = actions.count(FILTERED)
    start = time.monotonic()
    for i, flow in enumerate(flows):
        right.rule(ADD_RULE, i, flow, actions[i])
    print("# %d rules in %.1f s" % (len(flows), time.monotonic() - start))
    check(right.rule_fails(NR_RULES, extra), "one more than %d rules is refused" % NR_RULES)
    before = right.stats()
    got = per_queue(right, frames, want)
    check(got[FILTERED] == want and sum(got) < want + 10,
          "%d rules, TCP and UDP: to their queue or dropped" % NR_RULES, got, want)
    after = right.stats()
    matches = after["fdir_match"] - before["fdir_match"]
    check(matches == len(frames), "fdir_match counts them", matches)
    for flow in flows[::8]:
        flow.sport ^= 1
    others = [flow.whole() for flow in flows[::8]]
    got = per_queue(right, others, len(others))
    check(got[FILTERED] == 0 and sum(got) >= len(others), "flows beside them: not there", got)
    for i in range(len(flows)):
        right.rule(DEL_RULE, i)
    got = per_queue(right, frames, len(frames))
    check(got[FILTERED] == 0 and sum(got) >= len(frames), "all deleted: not there", got)


def test_filters(ports):
    run("right", "ethtool", "-K", DEV, "ntuple", "on")
    run("right", "ethtool", "-X", DEV, "equal", "1")
    check(wait_for(lambda: ports[0].carrier() and ports[1].carrier()), "ntuple filters are on")
    test_sockets(ports)
    test_many(ports)
    run("right", "ethtool", "-K", DEV, "ntuple", "off")
    wait_for(lambda: ports[0].carrier() and ports[1].carrier())


# ---- transmit rate limits ----

def set_rate(queue, mbps):
    run("left", "sh", "-c", "echo %d >/sys/class/net/%s/queues/tx-%d/tx_maxrate" %
        (mbps, DEV, queue))


def pktgen(what, text):
    with Netns("left"), open("/proc/net/pktgen/" + what, "w") as f:
        f.write(text + "\n")


def sent_all(port):
    """Whether the NIC sends nothing: at the lowest limit a frame takes 1.2 ms."""
    before = port.stats()["tx_bytes_nic"]
    for _ in range(5):
        time.sleep(0.05)
        if port.stats()["tx_bytes_nic"] != before:
            return False
    return True


class Flood:
    """pktgen, one kernel thread to a queue; frames that nobody at the other end takes"""

    def __init__(self, port, length, queues):
        self.port = port
        for q in queues:
            pktgen("kpktgend_%d" % q, "rem_device_all")
            pktgen("kpktgend_%d" % q, "add_device %s@%d" % (DEV, q))
            for line in ("count 0", "delay 0", "clone_skb 100000", "burst 16",
                         "pkt_size %d" % (length - 4),
                         "dst 10.83.0.9", "src_min 10.83.0.1", "src_max 10.83.0.1",
                         "dst_mac 02:00:00:00:00:09", "queue_map_min %d" % q,
                         "queue_map_max %d" % q):
                pktgen("%s@%d" % (DEV, q), line)
        self.starter = subprocess.Popen(["ip", "netns", "exec", "left", "sh", "-c",
                                         "echo start >/proc/net/pktgen/pgctrl"])

    def stop(self):
        """Its frames are gone then: the rings hold some seconds at a low rate."""
        pktgen("pgctrl", "stop")
        self.starter.wait()
        pktgen("pgctrl", "reset")
        if not wait_for(lambda: sent_all(self.port)):
            check(False, "what lay in the rings is sent")


def test_rates(ports):
    for rate, length in ((10, 64), (50, 594), (100, 1518), (200, 1518)):
        set_rate(0, rate)
        flood = Flood(ports[0], length, [0])
        ports[0].check_rate("tx_bytes_nic", rate, "%d Mbit/s asked, frames of %d bytes" % (rate, length))
        flood.stop()


def test_rate_change(ports):
    left = ports[0]
    set_rate(0, 10)
    flood = Flood(left, 1518, [0, 1])
    time.sleep(0.5)
    one = left.mbps("tx_queue_0_bytes", 1.5)
    other = left.mbps("tx_queue_1_bytes", 1)
    check(one < 11 and other > 30, "a limited queue beside one that is not: %.1f and %.1f" %
          (one, other))
    set_rate(0, 20)
    set_rate(1, 30)
    left.check_rate("tx_bytes_nic", 50, "two limits, changed while sending: 20 + 30 asked")
    flood.stop()


def test_rate_socket(ports):
    left = ports[0]
    for queue in range(2):
        set_rate(queue, 20)
    run("left", "ip", "neigh", "replace", "10.83.0.9", "lladdr", "02:00:00:00:00:09", "dev", DEV)
    child = subprocess.Popen(["ip", "netns", "exec", "left", sys.executable, __file__, "flood"])
    left.check_rate("tx_bytes_nic", 20, "20 Mbit/s asked, datagrams of one socket")
    child.kill()
    child.wait()


def flood_socket():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # As much as the ring holds: it must not run dry when this sleeps for a while.
    s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
    s.connect(("10.83.0.9", 9))
    payload = bytes(1400)
    while True:
        try:
            s.send(payload)
        except OSError:
            select.select([], [s], [])


def test_limits(ports):
    # a long ring, so that it does not run dry when the machine is busy
    run("left", "ethtool", "-G", DEV, "tx", "4096")
    check(wait_for(lambda: ports[0].carrier() and ports[1].carrier()), "a long transmit ring")
    test_rates(ports)
    test_rate_change(ports)
    test_rate_socket(ports)


PARTS = {"filters": test_filters, "limits": test_limits}


def main():
    if sys.argv[1:] == ["flood"]:
        flood_socket()
    ports = IxgbePort("left"), IxgbePort("right")
    for part in sys.argv[1:] or PARTS:
        PARTS[part](ports)
    sys.exit(finish())


main()
