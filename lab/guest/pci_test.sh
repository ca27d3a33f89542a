#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: pci_test.sh [TRAFFIC]
# The device model as a PCI function, with Linux's own ixgbe: identity, BARs,
# resets, removal and return. With TRAFFIC (a word that says what the machine
# was started with, such as iommu or intx) only that frames flow that way.
. "$(dirname "$0")/lib.sh"

DEVICE=/sys/bus/pci/devices

attribute()
{
	cat "$DEVICE/$1/$2"
}

# bar_size PORT BAR
bar_size()
{
	local first last

	read -r first last _ < <(sed -n "$(($2 + 1))p" "$DEVICE/$1/resource")
	echo $((last - first + (last > 0)))
}

# capabilities PORT: identifiers of the list, then of the extended one
capabilities()
{
	python3 - "$DEVICE/$1/config" <<-'END'
	import struct, sys
	c = open(sys.argv[1], "rb").read()
	at, ids = c[0x34], []
	while at:
	    ids.append(f"{c[at]:02x}")
	    at = c[at + 1]
	at = 0x100 if len(c) > 0x100 else 0
	while at:
	    header = struct.unpack_from("<I", c, at)[0]
	    ids.append(f"{header & 0xffff:04x}")
	    at = header >> 20
	print(*sorted(ids))
	END
}

# io_read PORT REGISTER: through IOADDR and IODATA
io_read()
{
	python3 - "$DEVICE/$1/resource2" "$2" <<-'END'
	import os, struct, sys
	io = os.open(sys.argv[1], os.O_RDWR)
	os.pwrite(io, struct.pack("<I", int(sys.argv[2], 0)), 0)
	print(f"{struct.unpack('<I', os.pread(io, 4, 4))[0]:#010x}".upper())
	END
}

# io_window PORT DEV: registers that the driver reads through BAR 0, here too
io_window()
{
	local reg value

	for reg in 0x00008 0x00018 0x02F00 0x04240; do
		value=$(ethtool -d "$2" | sed -n "s/^$reg: .* \(0x[0-9A-Fa-f]*\)$/\1/p")
		[ "${value^^}" = "$(io_read "$1" $reg)" ] ||
			{ echo "$reg: '$value', $(io_read "$1" $reg)"; return 1; }
	done
}

identity()
{
	local port

	for port in "$PORT0" "$PORT1"; do
		equal "$port is an 82599" "0x8086 0x10fb 0x020000 0x01" \
			"$(for a in vendor device class revision; do
				attribute "$port" $a
			done | xargs)"
		equal "$port has its BARs" "131072 0 32 0 16384 0" \
			"$(for b in 0 1 2 3 4 5; do bar_size "$port" $b; done | xargs)"
		equal "$port has its capabilities" "0001 0003 01 05 10 11" \
			"$(capabilities "$port")"
		check "$port can be reset by itself" \
			grep -qw flr "$DEVICE/$port/reset_method"
	done
}

reaches_peer()
{
	ping -q -c 20 -i 0.02 -W 5 -s "${1:-56}" "$ADDR1" | grep -q ' 0% packet loss'
}

up()
{
	setup_peer && setup_port0 ixgbe && wait_carrier "$DEV0" &&
		wait_carrier "$PEER" "$DEV1"
}

traffic()
{
	local size

	for size in 1 18 512 1472 9000; do
		reaches_peer $size || { echo "size $size"; return 1; }
	done
}

# The interface is down meanwhile: nobody tells a running ixgbe of a reset.
flr()
{
	ip link set dev "$DEV0" down &&
		echo flr >"$DEVICE/$PORT0/reset_method" &&
		echo 1 >"$DEVICE/$PORT0/reset" && ip link set dev "$DEV0" up &&
		wait_carrier "$DEV0" && eventually 10 reaches_peer
}

removed()
{
	echo 1 >"$DEVICE/$PORT0/remove" && [ ! -e "$DEVICE/$PORT0" ]
}

returned()
{
	echo 1 >/sys/bus/pci/rescan && [ -e "$DEVICE/$PORT0" ] && setup_port0 ixgbe &&
		wait_carrier "$DEV0" && eventually 10 reaches_peer
}

if [ $# -gt 0 ]; then
	up || bail "$1: ports come up"
	ok "$1: ports come up"
	check "$1: frames of all sizes get through" traffic
	check "$1: ixgbe lets go" rmmod ixgbe
	finish
fi

identity
up || bail "ports come up"
ok "ports come up"
check "I/O window shows the registers" io_window "$PORT0" "$DEV0"
check "function-level reset, then traffic" flr
check "frames of all sizes get through" traffic
check "removed" removed
check "found again, then traffic" returned
finish
