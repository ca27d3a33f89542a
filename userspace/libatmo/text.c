// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What people read: names of counters and lanes, reasons of failures. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
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
	[ATMO_DROP_TX_BAD_HEADER]	= "tx_bad_header",
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
	[ATMO_LANE_SHARED_USED]	= "sockets in the shared lane need the ordinary queues",
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

/* EOPNOTSUPP: what was asked for does not go with the lane. */
static const char *explain_unsupported(const struct atmo_options *opt)
{
	if (opt && opt->tx_rate)
		return "a rate needs the hardware lane; take lane hardware, or no rate";
	return "the device can't steer this flow to a queue; take any or shared";
}

/* EBUSY: in each lane somebody else has what it takes. */
static const char *explain_busy(const struct atmo_options *opt)
{
	if (!opt || opt->lane == ATMO_LANE_HARDWARE)
		return "no hardware lane is left; close another socket, or take any or shared";
	if (opt->tx_rate)
		return "a rate needs a hardware lane, and none is left; close another socket";
	if (opt->lane == ATMO_LANE_SHARED)
		return "a raw socket has the port's ordinary queues; end it, or take lane hardware";
	return "no hardware lane is left, and a raw socket has the port's ordinary queues; end it";
}

static bool is_zero(const union atmo_sockaddr *addr)
{
	static const union atmo_sockaddr zero;

	return !memcmp(addr, &zero, sizeof(zero));
}

/* What can be wrong with options that are malformed in one way or another. */
static const char *explain_invalid(const struct atmo_options *opt)
{
	uint32_t nr;

	if (!opt || opt->size < sizeof(*opt))
		return "options without their size; set .size";
	if (!opt->ifname)
		return "no device given; name one";
	nr = opt->nr_pages;
	if (nr && (nr < ATMO_MIN_PAGES || nr > ATMO_MAX_PAGES || (nr & (nr - 1))))
		return "wrong number of pages; give a power of two from 16 to 16384";
	if (opt->share && nr)
		return "not the number of pages that the other socket has; leave it out";
	if (!opt->share && opt->nr_rx_pages > (nr ? nr : ATMO_DEFAULT_PAGES))
		return "more pages to receive into than there are; take fewer";
	if (opt->lane > ATMO_LANE_SHARED)
		return "no such lane; choose any, hardware or shared";
	if (!is_zero(&opt->remote) && !opt->remote.v4.sin_port)
		return "a remote address without a port; give both";
	if (opt->share)
		return "too few pages are left to receive into; let each socket take fewer";
	return "the modules refuse the request; build library and modules from one version";
}

static const struct {
	int err;
	const char *text;
} open_errors[] = {
	{ ENOENT, "no " ATMO_DEVICE_PATH "; load the module atmo_stack" },
	{ ENXIO, "nobody serves " ATMO_DEVICE_PATH "; load the module atmo_stack" },
	{ EPROTONOSUPPORT, "no module serves the protocol; load atmo_udp or atmo_tcp" },
	{ EPERM, "whole frames need CAP_NET_RAW; run as root, or setcap cap_net_raw+ep" },
	{ EADDRINUSE, "the port is taken, here or in Linux (see `ss -aunpt`); take another" },
	{ EADDRNOTAVAIL, "not an address of the device; bind one that `ip addr` shows, or add it" },
	{ ENODEV, "no such device, or not driven by atmo_ixgbe; see `ethtool -i`" },
	{ ERANGE, "the device can't limit to this rate; take 10 to 10000 Mbit/s" },
	{ EBADF, "the socket whose pages to share is closed; open it first" },
	{ ENOTCONN, "the socket whose pages to share is not bound; open it anew" },
	{ EIO, "the socket whose pages to share has failed; call atmo_stack_restart() on it" },
	{ ENOSPC, "64 sockets share these pages already; close one, or share those of another" },
	{ ENOMEM, "not enough memory may be locked; raise `ulimit -l` or take fewer pages" },
	{ ENOBUFS, "not enough memory may be locked; raise `ulimit -l` or take fewer pages" },
	{ ENETDOWN, "the device is down; `ip link set DEVICE up`" },
	{ EMFILE, "too many open files; raise `ulimit -n`" },
	{ EAFNOSUPPORT, "no such addresses; give both as AF_INET or both as AF_INET6" },
	{ EPROTO, "library and modules don't fit together; build both from the same version" },
	{ ENOTTY, "library and modules don't fit together; build both from the same version" },
	{ E2BIG, "the program needs a newer library; install the one it was built with" },
};

static const char *explain(int err, const struct atmo_options *opt)
{
	size_t i;

	if (err == -EINVAL)
		return explain_invalid(opt);
	if (err == -EOPNOTSUPP)
		return explain_unsupported(opt);
	if (err == -EACCES)
		return explain_access();
	if (err == -EBUSY)
		return explain_busy(opt);
	for (i = 0; i < NR_OF(open_errors); i++)
		if (open_errors[i].err == -err)
			return open_errors[i].text;
	return strerror(-err);
}

/* Address and port, "*" for any address. */
static void address_text(const union atmo_sockaddr *from, char *buf, size_t len)
{
	char addr[INET6_ADDRSTRLEN] = "*";

	if (from->sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &from->v6.sin6_addr, addr, sizeof(addr));
	else if (from->v4.sin_addr.s_addr)
		inet_ntop(AF_INET, &from->v4.sin_addr, addr, sizeof(addr));
	snprintf(buf, len, "%s port %u", addr, ntohs(from->v4.sin_port));
}

const char *atmo_open_explain(int err, const struct atmo_options *opt, char *buf, size_t len)
{
	char local[64] = "", remote[64] = "";
	const char *dev = "(no device)";

	if (!len)
		return buf;
	if (opt && opt->size >= sizeof(*opt)) {
		if (opt->ifname)
			dev = opt->ifname;
		if (!is_zero(&opt->local))
			address_text(&opt->local, local, sizeof(local));
		if (!is_zero(&opt->remote))
			address_text(&opt->remote, remote, sizeof(remote));
	}
	snprintf(buf, len, "%s%s%s%s%s: %s", dev, *local ? ", " : "", local,
		 *remote ? ", peer " : "", remote, explain(err, opt));
	return buf;
}
