#!/bin/bash
set -x
ls /sys/bus/pci/devices
for d in /sys/bus/pci/devices/0000:00:03.*; do cat $d/vendor $d/device $d/class $d/resource | head -12; done
lspci -vvv -s 3 || true
modprobe ixgbe; sleep 3
dmesg | tail -40
ip -d link
cat /proc/interrupts | head -80
