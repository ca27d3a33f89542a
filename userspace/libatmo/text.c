// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What people read: names of counters and lanes, reasons of failures. */
#include <arpa/inet.h>
#include <assert.h>
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

static_assert(NR_OF(drop_names) == ATMO_NR_DROPS, "a drop reason without a name");

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
		return "no permission for " ATMO_DEVICE_PATH "; grant it by chmod or a udev rule";
	return "ports below 1024 need CAP_NET_BIND_SERVICE; take a higher port, or setcap";
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
	return "the modules refuse the request; build library and modules from the same version";
}

static const struct {
	int err;
	const char *text;
} open_errors[] = {
	{ ENOENT, "no " ATMO_DEVICE_PATH "; load the module atmo_stack" },
	{ ENXIO, "nobody serves " ATMO_DEVICE_PATH "; load the module atmo_stack" },
	{ EPROTONOSUPPORT, "no module serves UDP; load the module atmo_udp" },
	{ EADDRINUSE, "the port is taken, here or in Linux (see `ss -ulpn`); take another" },
	{ EADDRNOTAVAIL, "not an address of the device; bind one that `ip addr` shows, or add it" },
	{ ENODEV, "no such device, or not driven by atmo_ixgbe; see `ethtool -i`" },
	{ EBUSY, "no hardware lane is left; close another socket, or take any or shared" },
	{ ENOMEM, "not enough memory may be locked; raise `ulimit -l` or take fewer pages" },
	{ ENOBUFS, "not enough memory may be locked; raise `ulimit -l` or take fewer pages" },
	{ ENETDOWN, "the device is down; `ip link set DEVICE up`" },
	{ EMFILE, "too many open files; raise `ulimit -n`" },
	{ EAFNOSUPPORT, "the local address is not IPv4; give an AF_INET address" },
	{ EPROTO, "library and modules don't fit together; build both from the same version" },
	{ ENOTTY, "library and modules don't fit together; build both from the same version" },
	{ E2BIG, "the program needs a newer library; install the one it was built with" },
};

static const char *explain(int err, const struct atmo_udp_options *opt)
{
	size_t i;

	if (err == -EINVAL)
		return explain_invalid(opt);
	if (err == -EACCES || err == -EPERM)
		return explain_access();
	for (i = 0; i < NR_OF(open_errors); i++)
		if (open_errors[i].err == -err)
			return open_errors[i].text;
	return strerror(-err);
}

const char *atmo_open_explain(int err, const struct atmo_udp_options *opt,
			      char *buf, size_t len)
{
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
		 explain(err, opt));
	return buf;
}
