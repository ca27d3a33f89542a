#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A memcached client over UDP, written from the protocol's description, that
stores and fetches keys and compares every byte. Prints TAP.

usage: kv_client.py [--keys N] [--lenient] HOST PORT[,PORT...]

With several ports keys are stored through one and fetched through another.
--lenient is for a server that memcached 1.6 is: it puts every item of a reply into
a message of its own, under the same number. And it leaves out what the protocol
does not settle.
"""
import socket
import struct
import sys
import time

WINDOW = 64
# A slow machine is not a lost datagram.
RETRY_S = 10.0
TRIES = 5
FRAME = struct.Struct("!HHHH")
KEYS_PER_GET = 25
# Of the keys, so many are set one by one, the others as many at once as fit in here.
SINGLY = 5000
PACKED_LEN = 1400

results = {"nr": 0, "failed": 0}


def report(good, name, why=""):
    results["nr"] += 1
    print("%sok %d - %s" % ("" if good else "not ", results["nr"], name))
    if not good:
        results["failed"] += 1
        print("# " + why)
    sys.stdout.flush()


class Client:
    """Requests by number, so many in flight, each until its reply is whole."""

    def __init__(self, host, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.connect((host, port))
        self.sock.settimeout(0.2)
        self.next_id = 1
        self.resent = 0
        # Numbers that more than one reply may come to; requests of the last run().
        self.twice = set()
        self.sent_twice = set()

    def datagram(self, flying=()):
        """The next one, but for another reply to what was sent twice."""
        while True:
            data = self.sock.recv(65536)
            number = int.from_bytes(data[:2], "big")
            if number in flying or number not in self.twice:
                return data

    def receive(self, flying, replies):
        try:
            data = self.datagram(flying)
        except socket.timeout:
            return
        number, seq, total, reserved = FRAME.unpack_from(data)
        if number not in flying or not 0 <= seq < total or reserved:
            raise AssertionError("frame header %r" % (data[:8],))
        index, _, _, parts = flying[number]
        parts[seq] = data[8:]
        if len(parts) == total:
            replies[index] = b"".join(parts[i] for i in range(total))
            del flying[number]

    def resend(self, flying):
        now = time.monotonic()
        for number, (index, sent, tries, parts) in list(flying.items()):
            if now - sent < RETRY_S:
                continue
            if tries == TRIES:
                raise AssertionError("no reply to request %d" % index)
            self.resent += 1
            self.twice.add(number)
            self.sent_twice.add(index)
            self.sock.send(FRAME.pack(number, 0, 1, 0) + self.requests[index])
            flying[number] = (index, now, tries + 1, parts)

    def run(self, requests):
        """All replies, in the order of the requests; of these, self.sent_twice."""
        self.requests = requests
        self.sent_twice = set()
        replies = [None] * len(requests)
        flying = {}
        done = False
        index = 0
        while not done:
            while index < len(requests) and len(flying) < WINDOW:
                number = self.next_id
                self.next_id = self.next_id % 0xffff + 1
                self.sock.send(FRAME.pack(number, 0, 1, 0) + requests[index])
                flying[number] = (index, time.monotonic(), 1, {})
                index += 1
            if flying:
                self.receive(flying, replies)
                self.resend(flying)
            done = index == len(requests) and not flying
        return replies

    def one(self, request):
        return self.run([request])[0]

    def silent(self, datagram):
        """True if nothing comes back."""
        self.sock.send(datagram)
        try:
            return not self.datagram()
        except socket.timeout:
            return True


def parse_values(reply):
    """Items of a get's reply: {key: (flags, data)}; whole reply or an error."""
    items = {}
    at = 0
    while reply[at:] != b"END\r\n":
        end = reply.index(b"\r\n", at)
        word, key, flags, size = reply[at:end].split(b" ")
        size = int(size)
        data = reply[end + 2:end + 2 + size]
        if word != b"VALUE" or reply[end + 2 + size:end + 4 + size] != b"\r\n" or key in items:
            raise AssertionError("reply %r" % reply[at:at + 80])
        items[key] = (int(flags), data)
        at = end + 4 + size
    return items


def key_of(i):
    return b"key-%d" % i


def value_of(i):
    # Every length up to 36, line ends and zero bytes among the data.
    return (b"%d\r\n\0" % (i * 2654435761))[:i % 7 + 3] * (i % 5) + b"%x" % i


def flags_of(i):
    return i * 40503 % (1 << 32)


def set_request(key, flags, data, rest=b""):
    return b"set %s %d 0 %d%s\r\n%s\r\n" % (key, flags, len(data), rest, data)


def pack(commands, singly):
    """The same commands in fewer datagrams, and how many there are in each."""
    requests, counts = [], []
    for i, command in enumerate(commands):
        if i > singly and len(requests[-1]) + len(command) <= PACKED_LEN:
            requests[-1] += command
            counts[-1] += 1
        else:
            requests.append(command)
            counts.append(1)
    return requests, counts


def count_wrong(client, first, last, expected, lenient):
    """Fetches keys; how many are not as `expected` has them."""
    requests = []
    step = 1 if lenient else KEYS_PER_GET
    for i in range(first, last, step):
        keys = [key_of(j) for j in range(i, min(i + step, last))]
        requests.append(b"get " + b" ".join(keys) + b"\r\n")
    found = {}
    for reply in client.run(requests):
        found.update(parse_values(reply))
    wrong = sum(found.pop(key_of(i), None) != expected(i) for i in range(first, last))
    return wrong + len(found)


def test_keys(writer, reader, nr, lenient):
    requests, counts = pack([set_request(key_of(i), flags_of(i), value_of(i))
                             for i in range(nr)], nr if lenient else SINGLY)
    start = time.monotonic()
    replies = writer.run(requests)
    stored = sum(n for n, reply in zip(counts, replies) if reply == b"STORED\r\n" * n)
    report(stored == nr, "%d keys set" % nr, "%d stored" % stored)
    middle = time.monotonic()
    wrong = count_wrong(reader, 0, nr, lambda i: (flags_of(i), value_of(i)), lenient)
    report(not wrong, "%d keys fetched, every byte compared" % nr, "%d wrong" % wrong)
    print("# %.0f s to set, %.0f s to get, %d requests sent again" %
          (middle - start, time.monotonic() - middle, writer.resent + reader.resent))


def test_change(client, nr, lenient):
    replies = client.run([b"delete %s\r\n" % key_of(i) for i in range(0, nr, 2)])
    # Of what was sent twice, the first may have done it.
    gone = sum(reply == b"DELETED\r\n" or
               (reply == b"NOT_FOUND\r\n" and i in client.sent_twice)
               for i, reply in enumerate(replies))
    report(gone == len(replies), "every second one of %d deleted" % nr, "%d" % gone)
    replies = client.run([set_request(key_of(i), 1, b"new") for i in range(1, nr, 4)])
    stored = sum(reply == b"STORED\r\n" for reply in replies)
    report(stored == len(replies), "every fourth one changed", "%d" % stored)

    def expected(i):
        if i % 2 == 0:
            return None
        return (1, b"new") if i % 4 == 1 else (flags_of(i), value_of(i))
    wrong = count_wrong(client, 0, nr, expected, lenient)
    report(not wrong, "what is left is right", "%d wrong" % wrong)


def test_long(client, lenient):
    key = b"k" * 250
    data = bytes(range(256)) * 4
    report(client.one(set_request(key, 0, data)) == b"STORED\r\n",
           "longest key, 1024 bytes of all values set")
    report(parse_values(client.one(b"get " + key + b"\r\n")) == {key: (0, data)},
           "and fetched")
    if lenient:
        # Over loopback a datagram can be that long.
        data = bytes(range(256)) * 40
        client.one(set_request(b"long", 0, data))
        report(parse_values(client.one(b"get long\r\n")) == {b"long": (0, data)},
               "a reply of 10,240 bytes in many datagrams put together")
        return
    for i in range(20):
        client.one(set_request(b"long%d" % i, i, bytes([i]) * 1000))
    got = parse_values(client.one(b"get " + b" ".join(b"long%d" % i for i in range(20)) + b"\r\n"))
    report(got == {b"long%d" % i: (i, bytes([i]) * 1000) for i in range(20)},
           "a reply of 20,000 bytes in many datagrams put together")


def test_small_things(client):
    report(client.one(b"version\r\n").startswith(b"VERSION "), "version")
    report(client.one(b"stats\r\n").endswith(b"\r\nEND\r\n"), "stats")
    report(client.one(b"get no-such-key\r\n") == b"END\r\n", "a key that is not there")
    report(client.one(b"delete no-such-key\r\n") == b"NOT_FOUND\r\n", "nor to be deleted")
    client.sock.send(FRAME.pack(7, 0, 1, 0) + set_request(b"quiet", 0, b"x", b" noreply"))
    report(client.one(b"get quiet\r\n") == b"VALUE quiet 0 1\r\nx\r\nEND\r\n",
           "noreply is carried out and not answered")
    report(client.one(b"set gone 0 -1 1\r\nx\r\n") == b"STORED\r\n" and
           client.one(b"get gone\r\n") == b"END\r\n", "a negative expiry time is at once")


MALFORMED = [
    (b"hello\r\n", b"ERROR\r\n"),
    (b"get\r\n", b"ERROR\r\n"),
    (b"\r\n", b"ERROR\r\n"),
    (b"SET a 0 0 1\r\n", b"ERROR\r\n"),
    (b"set a 0\r\n", b"ERROR\r\n"),
    (b"get " + b"k" * 251 + b"\r\n", b"CLIENT_ERROR "),
    (b"delete " + b"k" * 251 + b"\r\n", b"CLIENT_ERROR "),
    (b"delete a b\r\n", b"CLIENT_ERROR "),
]

# Where the protocol leaves open what becomes of the bytes that follow.
MALFORMED_STRICT = [
    (b"set a x 0 1\r\n1\r\n", b"CLIENT_ERROR "),
    (b"set a 0 0 -1\r\n1\r\n", b"CLIENT_ERROR "),
    (b"set a 0 0 3\r\nabcdef\r\n", b"CLIENT_ERROR bad data chunk\r\n"),
    (b"set a 0 0 3\r\na\r\n", b"CLIENT_ERROR bad data chunk\r\n"),
    (b"set a 0 0 2000000\r\nx\r\n", b"SERVER_ERROR object too large for cache\r\n"),
    (b"get a", b"CLIENT_ERROR "),
    (b"get a\x01b\r\n", b"CLIENT_ERROR "),
]


def test_malformed(client, lenient):
    for request, expected in MALFORMED + ([] if lenient else MALFORMED_STRICT):
        reply = client.one(request)
        report(reply.startswith(expected), "%r is answered by %r" % (request[:30], expected),
               "reply %r" % reply)
    if not lenient:
        client.sock.send(FRAME.pack(9, 0, 2, 0) + b"version\r\n")
        reply = client.datagram([9])
        report(reply[:2] == b"\0\x09" and reply[8:].startswith(b"SERVER_ERROR multi-packet"),
               "a request of two datagrams is refused", repr(reply))
    report(client.silent(b"\0\1\0\0\0\1\0"), "a datagram without a frame is not answered")
    report(client.one(b"version\r\n").startswith(b"VERSION "), "and all goes on")


def main(argv):
    nr, lenient = 100000, False
    while argv and argv[0].startswith("--"):
        option = argv.pop(0)
        if option == "--keys":
            nr = int(argv.pop(0))
        elif option == "--lenient":
            lenient = True
        else:
            sys.exit(__doc__)
    if len(argv) != 2:
        sys.exit(__doc__)
    clients = [Client(argv[0], int(port)) for port in argv[1].split(",")]
    test_small_things(clients[0])
    test_keys(clients[0], clients[-1], nr, lenient)
    test_change(clients[-1], min(nr, 2000), lenient)
    test_long(clients[0], lenient)
    test_malformed(clients[0], lenient)
    print("1..%d" % results["nr"])
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
