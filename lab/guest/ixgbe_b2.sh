#!/bin/bash
modprobe ixgbe
ip netns add a; ip netns add b
P0=$(ls /sys/bus/pci/devices/0000:00:10.0/net); P1=$(ls /sys/bus/pci/devices/0000:00:10.1/net)
ip link set $P0 netns a name p0; ip link set $P1 netns b name p1
A="ip netns exec a"; B="ip netns exec b"
$A ip addr add 10.0.0.1/24 dev p0; $B ip addr add 10.0.0.2/24 dev p1
$A ip link set p0 up; $B ip link set p1 up
sleep 1.5
$A ip link; $A ethtool p0
$A ping -c 3 -i 0.2 10.0.0.2
$A ethtool -S p0 | grep -v ": 0"
cat /proc/interrupts | grep p[01]
