// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Datagrams with all their headers, out of one buffer. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "atmo_hdr.h"
#include "sock.h"

/*
 * Where payloads begin in their pages: behind the longest headers, and aligned for
 * copying; the headers end there.
 */
#define PAYLOAD_AT	64

_Static_assert(PAYLOAD_AT >= ATMO_MAX_HEADERS, "headers do not fit");

int atmo_get_headers(const struct atmo_sock *s, const in_addr_t *addr, in_port_t port,
		     struct atmo_headers *h)
{
	memset(h, 0, sizeof(*h));
	if (addr)
		memcpy(h->addr, addr, sizeof(h->addr));
	h->port = port;
	if (ioctl(s->fd, ATMO_GET_HEADERS, h))
		return -errno;
	return h->len >= ATMO_ETH_LEN + ATMO_IP4_LEN + ATMO_UDP_LEN &&
	       h->len <= ATMO_MAX_HEADERS ? 0 : -EPROTO;
}

/* The headers before @pkt's payload, with lengths that are true for it. */
static void put_headers(struct atmo_packet *pkt, const struct atmo_headers *h)
{
	uint8_t *frame = (uint8_t *)pkt->data - h->len;
	uint8_t *ip = frame + ATMO_ETH_LEN;

	memcpy(frame, h->bytes, h->len);
	if (atmo_eth_type(frame) == ATMO_ETH_TYPE_IP4)
		atmo_set_ip4_len(ip, (uint16_t)(h->len - ATMO_ETH_LEN + pkt->len));
	else
		atmo_set_ip6_payload_len(ip, (uint16_t)(ATMO_UDP_LEN + pkt->len));
	atmo_set_udp_len((uint8_t *)pkt->data - ATMO_UDP_LEN,
			 (uint16_t)(ATMO_UDP_LEN + pkt->len));
	pkt->frame = frame;
	pkt->flags = ATMO_TX_FRAME;
	pkt->port = h->port;
	memcpy(pkt->addr, h->addr, sizeof(pkt->addr));
}

/* Most bytes of a payload: as asked, or as the device has it; or -errno. */
static int payload_limit(const struct atmo_sock *s, size_t wanted)
{
	struct atmo_info info;
	int err;

	if (!wanted) {
		err = atmo_info(s, &info);
		if (err)
			return err;
		/* The protocol's module was unloaded this very moment. */
		if (!info.max_payload)
			return -EPROTONOSUPPORT;
		wanted = info.max_payload;
	}
	return wanted <= ATMO_PAGE_SIZE - PAYLOAD_AT ? (int)wanted : -EMSGSIZE;
}

int atmo_prepare_batch(struct atmo_sock *s, const void *buf, size_t len, size_t payload_len,
		       const in_addr_t *addr, in_port_t port, struct atmo_packet *pkts,
		       unsigned int nr)
{
	const uint8_t *from = (const uint8_t *)buf;
	struct atmo_headers h;
	int limit, err, n = 0;
	size_t part;

	/* First, since it can tell why there is no limit at present. */
	err = atmo_get_headers(s, addr, port, &h);
	if (err)
		return err;
	limit = payload_limit(s, payload_len);
	if (limit < 0)
		return limit;

	while ((unsigned int)n < nr && (len || !n)) {
		err = atmo_page_alloc(s, &pkts[n]);
		if (err)
			return n ? n : err;
		part = len < (size_t)limit ? len : (size_t)limit;
		pkts[n].data = (uint8_t *)pkts[n].data + PAYLOAD_AT;
		pkts[n].len = (uint16_t)part;
		if (part)
			memcpy(pkts[n].data, from, part);
		put_headers(&pkts[n], &h);
		from += part;
		len -= part;
		n++;
	}
	return n;
}
