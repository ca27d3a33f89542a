# SPDX-License-Identifier: GPL-2.0
"""usage: rate_test.py DEV ADDRESS, see rate_test.sh"""

import subprocess
import sys
import time

from nic_port import Port, check, finish

FLOOD = "/project/build/userspace/tests/rate_flood"
SENT = "tx_good_bytes"
RATES = (10, 100, 500, 1000)
HEADERS = 14 + 20 + 8 + 4       # with FCS


class Flood:
    """One socket that sends all it can"""

    def __init__(self, dev, address, *options):
        self.child = subprocess.Popen([FLOOD, *options, dev, address, "9"], text=True,
                                      stdout=subprocess.PIPE)
        self.said = self.child.stdout.readline().strip()
        self.opened = self.said == "ready"

    def stop(self):
        self.child.terminate()
        rest = self.child.stdout.read().strip()
        return self.child.wait() == 0 or rest


def refused(dev, address, error, name, *options):
    flood = Flood(dev, address, *options)
    check(flood.said.startswith(error + ":"), name, flood.said)
    flood.stop()


def reachable(limit):
    """The rates to ask for; in the place of those that this machine can't send, one it can."""
    rates = [rate for rate in RATES if rate * 1.3 < limit]
    missing = [rate for rate in RATES if rate not in rates]
    if missing:
        rates.append(int(limit * 0.7))
        print("# this machine sends no more than %.0f Mbit/s: %d Mbit/s in the place of %s" %
              (limit, rates[-1], " and ".join(map(str, missing))), flush=True)
    return rates


def test_rates(port, dev, address, limit):
    for rate in reachable(limit):
        name = "%d Mbit/s asked" % rate
        flood = Flood(dev, address, "-r", str(rate))
        port.check_rate(SENT, rate, name)
        check(flood.stop() is True, name + ": the socket was well to the end")


def test_two(port, dev, address):
    """Each has its own limit."""
    floods = [Flood(dev, address, "-r", rate, "-l", length)
              for rate, length in (("20", "1472"), ("40", "%d" % (594 - HEADERS)))]
    port.check_rate(SENT, 60, "two sockets, 20 and 40 Mbit/s, frames of 1518 and 594 bytes")
    for flood in floods:
        flood.stop()


def main():
    dev, address = sys.argv[1:]
    port = Port(None, dev)
    refused(dev, address, "ERANGE", "9 Mbit/s: less than the NIC can", "-r", "9")
    refused(dev, address, "ERANGE", "10001 Mbit/s: more than it can", "-r", "10001")
    refused(dev, address, "EOPNOTSUPP", "a rate in the shared lane", "-s", "-r", "100")
    flood = Flood(dev, address)
    time.sleep(1)
    limit = port.mbps(SENT, 2)
    flood.stop()
    check(limit > 20, "a socket without a limit: %.0f" % limit, flood.said)
    test_rates(port, dev, address, limit)
    test_two(port, dev, address)
    time.sleep(0.5)
    check(port.mbps(SENT, 1) < 1, "all closed: nothing is sent any more")
    sys.exit(finish())


main()
