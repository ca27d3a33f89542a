// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What people read: names of counters and lanes, reasons of failures. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atmo.h"

#define NR_OF(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const drop_names[] = {
	[ATMO_DROP_RX_HW_ERROR]		= "rx_hw_error",
	[ATMO_DROP_RX_MULTI_DESC]	= "rx_multi_desc",
	[ATMO_DROP_RX_MALFORMED]	= "rx_malformed",
	[ATMO_DROP_RX_CHECKSUM]		= "rx_checksum",
	[ATMO_DROP_RX_NOT_MINE]		= "rx_not_mine",
	[ATMO_DROP_RX_QUEUE_FULL]	= "rx_queue_full",
	[ATMO_DROP_FREE_BAD_SLOT]	= "free_bad_slot",
	[ATMO_DROP_FREE_NOT_OWNED]	= "free_not_owned",
	[ATMO_DROP_TX_BAD_SLOT]		= "tx_bad_slot",
	[ATMO_DROP_TX_NOT_OWNED]	= "tx_not_owned",
	[ATMO_DROP_TX_BAD_RANGE]	= "tx_bad_range",
	[ATMO_DROP_TX_TOO_LONG]		= "tx_too_long",
	[ATMO_DROP_TX_RESERVED]		= "tx_reserved",
	[ATMO_DROP_TX_BAD_DEST]		= "tx_bad_dest",
	[ATMO_DROP_TX_NO_ROUTE]		= "tx_no_route",
	[ATMO_DROP_TX_NO_MEMORY]	= "tx_no_memory",
	[ATMO_DROP_TX_DEVICE]		= "tx_device",
	[ATMO_DROP_BAD_CURSOR]		= "bad_cursor",
};

_Static_assert(NR_OF(drop_names) == ATMO_NR_DROPS, "a drop reason without a name");

static const char *const lane_names[] = {
	[ATMO_LANE_ANY]		= "any",
	[ATMO_LANE_HARDWARE]	= "hardware",
	[ATMO_LANE_SHARED]	= "shared",
};

static const char *const lane_reasons[] = {
	[ATMO_LANE_ASKED]	= "asked for",
	[ATMO_LANE_GRANTED]	= "a hardware lane was free",
	[ATMO_LANE_NO_QUEUE]	= "all hardware queues in use",
	[ATMO_LANE_NO_FILTER]	= "all hardware filters in use",
	[ATMO_LANE_UNSUPPORTED]	= "the device can't steer this flow",
};

static const char *name_of(const char *const *names, size_t nr, size_t i)
{
	return i < nr && names[i] ? names[i] : "unknown";
}

const char *atmo_drop_name(unsigned int reason)
{
	return name_of(drop_names, NR_OF(drop_names), reason);
}

const char *atmo_lane_name(unsigned int lane)
{
	return name_of(lane_names, NR_OF(lane_names), lane);
}

int atmo_lane_parse(const char *name)
{
	int lane;

	for (lane = ATMO_LANE_ANY; lane <= ATMO_LANE_SHARED; lane++)
		if (!strcmp(name, lane_names[lane]))
			return lane;
	return -EINVAL;
}

const char *atmo_lane_reason_text(unsigned int reason)
{
	return name_of(lane_reasons, NR_OF(lane_reasons), reason);
}

const char *atmo_version(void)
{
	return LIBATMO_VERSION;
}

/* EACCES stands for two things, which the device file's mode tells apart. */
static const char *explain_access(void)
{
	if (access(ATMO_DEVICE_PATH, R_OK | W_OK))
		return "no permission for " ATMO_DEVICE_PATH
		       "; let its owner grant it (chmod, chgrp or a udev rule)";
	return "ports below 1024 need CAP_NET_BIND_SERVICE; take a higher port, or "
	       "setcap cap_net_bind_service=ep on the program";
}

/* What can be wrong with options that are malformed in one way or another. */
static const char *explain_invalid(const struct atmo_udp_options *opt)
{
	if (!opt || opt->size < sizeof(*opt))
		return "options without their size; set .size";
	if (!opt->ifname)
		return "no device given; name one";
	if (!opt->local.sin_port)
		return "no port given; choose one from 1 to 65535";
	if (opt->nr_pages && (opt->nr_pages < ATMO_MIN_PAGES ||
			      opt->nr_pages > ATMO_MAX_PAGES ||
			      (opt->nr_pages & (opt->nr_pages - 1))))
		return "wrong number of pages; give a power of two from 16 to 16384";
	if (opt->lane > ATMO_LANE_SHARED)
		return "no such lane; choose any, hardware or shared";
	return "the kernel modules refuse the request; build library and modules "
	       "from the same version";
}

static const char *explain(int err, const struct atmo_udp_options *opt)
{
	switch (-err) {
	case ENOENT:
	case ENXIO:
		return "no " ATMO_DEVICE_PATH "; load the modules (insmod atmo_stack.ko "
		       "or modprobe atmo_stack)";
	case EPROTONOSUPPORT:
		return "no module serves UDP; load atmo_udp";
	case EACCES:
	case EPERM:
		return explain_access();
	case EADDRINUSE:
		return "the port is taken; `ss -ulpn` shows Linux's users of it, else "
		       "another atmo socket has it";
	case EADDRNOTAVAIL:
		return "the address is not one of the device's; see `ip -4 addr show`, "
		       "add one or bind another";
	case ENODEV:
		return "no such device, or not one that atmo_ixgbe drives; see `ip link` "
		       "and `ethtool -i`";
	case EBUSY:
		return "no hardware lane is left; close a socket that has one, or ask "
		       "for lane any or shared";
	case ENOMEM:
		return "not enough memory to lock; raise `ulimit -l` or take fewer pages";
	case ENETDOWN:
		return "the device is down; `ip link set DEVICE up`";
	case EINVAL:
		return explain_invalid(opt);
	case EMFILE:
	case ENFILE:
		return "too many open files; raise `ulimit -n`";
	case EPROTO:
	case ENOTTY:
	case E2BIG:
		return "library and kernel modules don't fit together; build both from "
		       "the same version";
	default:
		return NULL;
	}
}

const char *atmo_open_explain(int err, const struct atmo_udp_options *opt,
			      char *buf, size_t len)
{
	const char *what = explain(err, opt);
	const char *dev = "(no device)";
	char addr[INET_ADDRSTRLEN] = "*";
	unsigned int port = 0;

	if (!len)
		return buf;
	if (opt && opt->size >= sizeof(*opt)) {
		if (opt->ifname)
			dev = opt->ifname;
		if (opt->local.sin_addr.s_addr)
			inet_ntop(AF_INET, &opt->local.sin_addr, addr, sizeof(addr));
		port = ntohs(opt->local.sin_port);
	}
	snprintf(buf, len, "UDP port %u on %s, address %s: %s", port, dev, addr,
		 what ? what : strerror(-err));
	return buf;
}
