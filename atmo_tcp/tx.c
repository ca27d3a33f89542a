// SPDX-License-Identifier: GPL-2.0
/*
 * Sending segments. Their TCP header lies in the application's page, which can
 * change at any time: it is copied once, and the copy is judged and sent. What
 * comes behind it goes out from where it lies.
 */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "priv.h"
#include "segment.h"

static_assert(ATMO_ETH_LEN + ATMO_IPV6_LEN + ATMO_TCP_LEN_MAX <= ATMO_TX_HEAD_MAX);

/* Returns whether the TCP header is copied to work->head, behind @l3_len bytes. */
static bool take_header(const struct atmo_endpoint *ep, struct atmo_tx_work *work, u32 l3_len,
			__be16 dport)
{
	const struct atmo_tx_desc *desc = &work->desc;
	u8 *tcp = work->head + l3_len;

	memcpy(tcp, work->payload, min_t(u32, desc->len, ATMO_TCP_LEN_MAX));
	/* Not to be read again in place of the copy. */
	barrier();
	work->skip = atmo_tcp_segment_check(tcp, desc->len, ep->flow.lport, dport);
	work->head_len = l3_len + work->skip;
	return work->skip;
}

static void send_one(struct atmo_instance *inst, const struct atmo_endpoint *ep,
		     struct atmo_tx_work *work)
{
	const struct atmo_tx_desc *desc = &work->desc;
	struct atmo_l3 l3 = { .protocol = IPPROTO_TCP, .l4_len = desc->len };
	u32 l3_len = ATMO_ETH_LEN + atmo_l3_len(ep->flow.family);
	struct atmo_path path;
	__be16 dport;
	int err;

	if (!atmo_path_dest(inst, desc->addr, desc->port, l3.daddr, &dport))
		return atmo_tx_refuse(work, ATMO_DROP_TX_BAD_DEST, -EINVAL);
	if (!take_header(ep, work, l3_len, dport))
		return atmo_tx_refuse(work, ATMO_DROP_TX_BAD_HEADER, -EINVAL);
	err = atmo_path_find(inst, l3.daddr, &path);
	if (!err && path.multicast)
		err = -EINVAL;
	if (err)
		return atmo_tx_refuse_path(work, err);
	if (l3_len - ATMO_ETH_LEN + desc->len > atmo_path_mtu(inst, &path))
		return atmo_tx_refuse(work, ATMO_DROP_TX_TOO_LONG, -EMSGSIZE);
	atmo_path_resolve(inst, &path);
	atmo_path_fill(inst, &path, &l3);
	atmo_l3_build(work->head, &l3);
	atmo_tcp_segment_finish(work->head + l3_len, &l3);
	work->csum = ATMO_TX_CSUM_TCP4;
	atmo_path_send(inst, &path, work);
}

/* atmo_proto.tx */
void atmo_tcp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	u32 i;

	for (i = 0; i < n; i++)
		send_one(inst, ep, &work[i]);
}

/* atmo_proto.max_payload: the longest segment, its header included. */
u32 atmo_tcp_max_payload(struct atmo_instance *inst)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	u32 mtu = READ_ONCE(atmo_nic_netdev(ep->nic)->mtu);
	u32 l3_len = atmo_l3_len(ep->flow.family);

	mtu = min_t(u32, mtu, ETH_DATA_LEN);
	return mtu > l3_len ? mtu - l3_len : 0;
}
