// SPDX-License-Identifier: GPL-2.0
/*
 * Sending. By a hardware lane the headers are built here and the payload goes
 * out from where it lies; else a copy, see atmo_stack/direct.c and slow.c. Headers
 * in place can change at any time: they are copied once, and the copy is judged
 * and sent.
 */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"
#include "header.h"
#include "priv.h"

static_assert(ATMO_UDP_HEADER_MAX <= ATMO_TX_HEAD_MAX);
static_assert(ATMO_PARSE_LEN <= ATMO_TX_HEAD_MAX);

static u32 l3_len(const struct atmo_endpoint *ep)
{
	return atmo_l3_len(ep->flow.family) + ATMO_UDP_LEN;
}

/* The place of the template for a destination. */
static struct atmo_udp_template *find_template(struct atmo_udp *udp,
					       const struct atmo_tx_desc *desc)
{
	u32 hash = (__force u32)(desc->addr[0] ^ desc->addr[3]) ^ (__force u16)desc->port;

	hash ^= hash >> 16;
	return &udp->templates[(hash ^ hash >> 8) % ATMO_UDP_TEMPLATES];
}

/* @head: that have just been built, and were found fit for the lane */
static void keep_template(struct atmo_udp_template *t, const struct atmo_tx_desc *desc,
			  const u8 *head, struct atmo_l3 *l3, u32 mtu)
{
	memcpy(t->addr, desc->addr, sizeof(t->addr));
	t->port = desc->port;
	l3->l4_len = ATMO_UDP_LEN;
	t->sum = atmo_l3_pseudo_sum(l3);
	/* Mostly they are as in the batch before. */
	if (!t->key || memcmp(t->head, head, ATMO_UDP4_HEADERS)) {
		memcpy(t->head, head, ATMO_UDP4_HEADERS);
		t->key = atmo_head_key();
	}
	t->max_payload = mtu - ATMO_IPV4_LEN - ATMO_UDP_LEN;
	t->valid = true;
}

/*
 * As the datagrams before in this batch: what is true of a route or a neighbour for
 * one of them is so for all. False: @t is for another destination, or it is too long.
 */
static bool send_by_template(const struct atmo_udp_template *t, struct atmo_tx_work *work)
{
	const struct atmo_tx_desc *desc = &work->desc;

	if (!atmo_udp_template_is(t, desc->addr, desc->port) || desc->len > t->max_payload)
		return false;
	work->head_len = atmo_udp_template_write(t, work->head, desc->len);
	work->verdict = ATMO_TX_SEND;
	return true;
}

/* The way to a destination that an entry or a caller names. As atmo_path_find(). */
static int find_path(struct atmo_instance *inst, const __be32 *addr, __be16 port,
		     struct atmo_l3 *l3, struct atmo_udp_ports *ports, struct atmo_path *path)
{
	if (!atmo_path_dest(inst, addr, port, l3->daddr, &ports->dport))
		return -EINVAL;
	return atmo_path_find(inst, l3->daddr, path);
}

static void send_payload(struct atmo_instance *inst, const struct atmo_endpoint *ep,
			 struct atmo_udp_template *t, struct atmo_tx_work *work)
{
	const struct atmo_tx_desc *desc = &work->desc;
	struct atmo_udp_ports ports = { .sport = ep->flow.lport };
	struct atmo_l3 l3 = {
		.protocol = IPPROTO_UDP,
		.l4_len = ATMO_UDP_LEN + desc->len,
	};
	struct atmo_path path;
	u32 mtu;
	int err;

	err = find_path(inst, desc->addr, desc->port, &l3, &ports, &path);
	if (err)
		return atmo_tx_refuse_path(work, err);
	mtu = atmo_path_mtu(inst, &path);
	if (desc->len + l3_len(ep) > mtu)
		return atmo_tx_refuse(work, ATMO_DROP_TX_TOO_LONG, -EMSGSIZE);
	atmo_path_resolve(inst, &path);
	atmo_path_fill(inst, &path, &l3);
	work->head_len = atmo_udp_header_build(work->head, &l3, &ports);
	atmo_path_send(inst, &path, work);
	/* An identification would have to be another each time. */
	if (work->verdict == ATMO_TX_SEND && l3.dont_fragment)
		keep_template(t, desc, work->head, &l3, mtu);
}

/* Returns whether checked headers are in work->head. */
static bool take_headers(const struct atmo_endpoint *ep, struct atmo_tx_work *work,
			 struct atmo_packet *pkt)
{
	const struct atmo_tx_desc *desc = &work->desc;

	memcpy(work->head, work->payload, min_t(u32, desc->len, ATMO_PARSE_LEN));
	/* Not to be read again in place of the copy. */
	barrier();
	work->skip = atmo_udp_header_check(work->head, desc->len, &ep->flow,
					   atmo_nic_netdev(ep->nic)->dev_addr, pkt);
	work->head_len = work->skip;
	return work->skip;
}

/* Elsewhere zero stands for the peer; here it is what would be sent. */
static bool names_destination(const struct atmo_packet *pkt)
{
	return pkt->dport &&
	       (pkt->daddr[0] | pkt->daddr[1] | pkt->daddr[2] | pkt->daddr[3]);
}

/*
 * The destination's MAC address must be the one that would be used anyway. While
 * it isn't known there is none to compare with: Linux sends then, to the right one.
 */
static void send_frame(struct atmo_instance *inst, const struct atmo_endpoint *ep,
		       struct atmo_tx_work *work)
{
	const struct atmo_tx_desc *desc = &work->desc;
	struct atmo_packet pkt;
	struct atmo_path path;
	__be32 daddr[4];
	__be16 dport;
	int err;

	if (desc->port || desc->addr[0] | desc->addr[1] | desc->addr[2] | desc->addr[3])
		return atmo_tx_refuse(work, ATMO_DROP_TX_RESERVED, -EINVAL);
	if (!take_headers(ep, work, &pkt))
		return atmo_tx_refuse(work, ATMO_DROP_TX_BAD_HEADER, -EINVAL);
	if (!names_destination(&pkt) ||
	    !atmo_path_dest(inst, pkt.daddr, pkt.dport, daddr, &dport))
		return atmo_tx_refuse(work, ATMO_DROP_TX_BAD_DEST, -EINVAL);
	err = atmo_path_find(inst, daddr, &path);
	if (err)
		return atmo_tx_refuse_path(work, err);
	if (desc->len - ATMO_ETH_LEN > atmo_path_mtu(inst, &path))
		return atmo_tx_refuse(work, ATMO_DROP_TX_TOO_LONG, -EMSGSIZE);
	if (atmo_path_resolve(inst, &path) && !ether_addr_equal_unaligned(work->head, path.mac))
		return atmo_tx_refuse(work, ATMO_DROP_TX_BAD_HEADER, -EINVAL);
	atmo_udp_header_finish(work->head, &pkt);
	atmo_path_send(inst, &path, work);
}

/* atmo_proto.tx_begin */
void atmo_udp_tx_begin(struct atmo_instance *inst, void *priv)
{
	struct atmo_udp *udp = priv;
	u32 i;

	for (i = 0; i < ATMO_UDP_TEMPLATES; i++)
		udp->templates[i].valid = false;
}

/* As send_payload() would; false: it would do something else, or say why not. */
static bool make_template(struct atmo_instance *inst, struct atmo_udp_template *t,
			  const struct atmo_tx_desc *desc)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	struct atmo_udp_ports ports = { .sport = ep->flow.lport };
	struct atmo_l3 l3 = { .protocol = IPPROTO_UDP, .l4_len = ATMO_UDP_LEN };
	u8 head[ATMO_UDP_HEADER_MAX];
	struct atmo_path path;
	u32 mtu;

	if (find_path(inst, desc->addr, desc->port, &l3, &ports, &path))
		return false;
	mtu = atmo_path_mtu(inst, &path);
	if (mtu < l3_len(ep) || !atmo_path_resolve(inst, &path))
		return false;
	atmo_path_fill(inst, &path, &l3);
	if (!l3.dont_fragment)
		return false;
	atmo_udp_header_build(head, &l3, &ports);
	keep_template(t, desc, head, &l3, mtu);
	return true;
}

/* atmo_proto.tx_plain */
const struct atmo_udp_template *atmo_udp_tx_plain(struct atmo_instance *inst, void *priv,
						  const struct atmo_tx_desc *desc)
{
	struct atmo_udp_template *t = find_template(priv, desc);

	return atmo_udp_template_is(t, desc->addr, desc->port) ||
	       make_template(inst, t, desc) ? t : NULL;
}

/* atmo_proto.tx */
void atmo_udp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	struct atmo_udp *udp = priv;
	struct atmo_udp_template *t = udp->templates;
	u32 i;

	for (i = 0; i < n; i++) {
		if (work[i].desc.flags & ATMO_TX_FRAME) {
			send_frame(inst, ep, &work[i]);
			continue;
		}
		/* Mostly it is the same as before. */
		if (send_by_template(t, &work[i]))
			continue;
		t = find_template(udp, &work[i].desc);
		if (!send_by_template(t, &work[i]))
			send_payload(inst, ep, t, &work[i]);
	}
}

/* atmo_proto.headers */
int atmo_udp_headers(struct atmo_instance *inst, void *priv, struct atmo_headers *arg)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	struct atmo_udp_ports ports = { .sport = ep->flow.lport };
	struct atmo_l3 l3 = { .protocol = IPPROTO_UDP, .l4_len = ATMO_UDP_LEN };
	struct atmo_path path;
	int err;

	err = find_path(inst, arg->addr, arg->port, &l3, &ports, &path);
	if (err)
		return err;
	if (!atmo_path_resolve(inst, &path)) {
		atmo_path_ask(inst, &path);
		return -EAGAIN;
	}
	atmo_path_fill(inst, &path, &l3);
	arg->len = atmo_udp_header_build(arg->bytes, &l3, &ports);
	/* The checksum, which holds a sum for offload. */
	memset(arg->bytes + arg->len - 2, 0, 2);
	return 0;
}

/* atmo_proto.max_payload: what fits into one frame; datagrams aren't fragmented. */
u32 atmo_udp_max_payload(struct atmo_instance *inst)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	u32 mtu = READ_ONCE(atmo_nic_netdev(ep->nic)->mtu);

	mtu = min_t(u32, mtu, ETH_DATA_LEN);
	return mtu > l3_len(ep) ? mtu - l3_len(ep) : 0;
}
