# SPDX-License-Identifier: GPL-2.0
"""Port 0: who drives it, and what the machine needs before the first one does."""

import os
import subprocess
import time

PORT0 = os.environ.get("ATMO_PORT", "0000:00:03.0")
ADDR, PEER_ADDR = "10.82.0.1", "10.82.0.2"
MODULES = ("portmgr", "demux", "stack", "udp", "ixgbe")


def run(*cmd):
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(cmd), done.stdout.strip()))
    return done.stdout


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def read(path):
    with open(path) as f:
        return f.read().strip()


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("timed out")
        time.sleep(0.05)


def driver():
    path = "/sys/bus/pci/devices/%s/driver" % PORT0
    return os.path.basename(os.readlink(path)) if os.path.exists(path) else None


def netdev():
    return os.listdir("/sys/bus/pci/devices/%s/net" % PORT0)[0]


def unbind():
    if driver():
        write("/sys/bus/pci/devices/%s/driver/unbind" % PORT0, PORT0)


def bind(name):
    """The driver has port 0, freshly."""
    unbind()
    write("/sys/bus/pci/devices/%s/driver_override" % PORT0, name)
    write("/sys/bus/pci/drivers_probe", PORT0)
    if driver() != name:
        raise RuntimeError("%s does not take the port" % name)


def bind_up(name, mac_of_generator="02:82:59:90:01:00"):
    """And the device is up, with an address, and knows its peer's. Returns its name."""
    bind(name)
    dev = netdev()
    run("ip", "addr", "add", ADDR + "/24", "dev", dev)
    run("ip", "link", "set", "dev", dev, "up")
    wait_for(lambda: "LOWER_UP" in run("ip", "link", "show", "dev", dev))
    # ARP is nobody's bottleneck, but its first answer takes time.
    run("ip", "neigh", "replace", PEER_ADDR, "lladdr", mac_of_generator, "dev", dev)
    return dev


def prepare():
    write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")
    write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
    # What waits for Linux's sockets, and behind the default of 1000 frames.
    for name in ("rmem_default", "rmem_max", "wmem_default", "wmem_max"):
        write("/proc/sys/net/core/" + name, str(8 << 20))
    write("/proc/sys/net/core/netdev_max_backlog", "10000")
    write("/proc/sys/net/core/default_qdisc", "pfifo_fast")
    write("/proc/sys/vm/nr_hugepages", "256")
    os.makedirs("/dev/hugepages", exist_ok=True)
    run("mount", "-t", "hugetlbfs", "none", "/dev/hugepages")
    for module in MODULES:
        run("insmod", "%s/atmo_%s.ko" % (os.environ["ATMO_KMOD"], module))
    run("modprobe", "uio_pci_generic")
    write("/sys/bus/pci/drivers_autoprobe", "0")
    run("modprobe", "ixgbe")
    write("/sys/bus/pci/drivers_autoprobe", "1")
    if "tracefs" not in read("/proc/mounts"):
        run("mount", "-t", "tracefs", "none", "/sys/kernel/tracing")
