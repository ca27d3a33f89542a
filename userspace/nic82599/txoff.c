// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit offloads: VLAN insertion, checksums, segmentation (datasheet 7.2.4,
 * 7.2.5), then padding and out.
 *
 * The software leaves the pseudo header's sum in the TCP or UDP checksum field,
 * for segmentation without the length; so the sum over everything from the L4
 * header on, the field included, is what is wanted.
 */
#include <string.h>

#include "regs_table.h"

#define IPV4_HLEN	20u
#define IPV6_HLEN	40u
#define TCP_HLEN	20u
#define UDP_HLEN	8u
#define SCTP_HLEN	12u

#define IP4_TOTLEN	2u
#define IP4_ID		4u
#define IP4_CSUM	10u
#define IP6_PAYLEN	4u
#define TCP_SEQ		4u
#define TCP_FLAGS	12u		/* with the data offset before them */
#define TCP_CSUM	16u
#define UDP_LEN		4u
#define UDP_CSUM	6u
#define SCTP_CSUM	8u

static bool refuse(struct nic *n, const struct txjob *j, enum once what,
		   const char *why)
{
	n->faults.bad_desc++;
	nic_once(n, what, "transmit queue %u: %s, packet dropped", j->queue, why);
	return false;
}

static uint32_t l4_hlen(const struct txjob *j)
{
	return j->l4t == TXC_L4T_TCP ? TCP_HLEN :
	       j->l4t == TXC_L4T_UDP ? UDP_HLEN : SCTP_HLEN;
}

static bool check_tso(struct nic *n, const struct txjob *j)
{
	uint32_t hdr = j->maclen + j->iplen + j->l4len;

	if (j->l4t > TXC_L4T_TCP || j->l4len < l4_hlen(j) || !j->mss ||
	    hdr >= j->len || hdr + j->mss > FRAME_MAX - VLAN_HLEN)
		return refuse(n, j, ONCE_TX_BAD_CONTEXT,
			      "segmentation context does not fit");
	return true;
}

/* Everything that txoff_send() relies on. */
bool txoff_check(struct nic *n, const struct txjob *j)
{
	uint32_t l4 = j->maclen + j->iplen;

	if (j->len < ETH_HLEN)
		return refuse(n, j, ONCE_TX_EMPTY, "shorter than its header");
	if (!j->tso && j->len > FRAME_MAX - VLAN_HLEN)
		return refuse(n, j, ONCE_TX_TOO_LONG, "longer than any frame");
	if (j->legacy_csum && (j->css >= j->len || j->cso + 2u > j->len))
		return refuse(n, j, ONCE_TX_BAD_CONTEXT,
			      "checksum offsets outside the packet");
	if (!j->ixsm && !j->txsm && !j->tso)
		return true;
	/* TUCMD.IPV4 means something only where the IP header is touched. */
	if (j->maclen < ETH_HLEN || l4 > j->len || j->iplen < IPV4_HLEN ||
	    (j->tso && !j->ipv4 && j->iplen < IPV6_HLEN))
		return refuse(n, j, ONCE_TX_BAD_CONTEXT,
			      "context lengths outside the packet");
	if (j->txsm && (j->l4t > TXC_L4T_SCTP || l4 + l4_hlen(j) > j->len))
		return refuse(n, j, ONCE_TX_BAD_CONTEXT,
			      "no room for the L4 header");
	return !j->tso || check_tso(n, j);
}

static void put_ip_csum(uint8_t *ip, uint32_t iplen)
{
	put_be16(ip + IP4_CSUM, 0);
	put_be16(ip + IP4_CSUM, csum_fold(csum_add(0, ip, iplen)));
}

static void put_sctp_crc(uint8_t *l4, uint32_t len)
{
	uint32_t c;

	memset(l4 + SCTP_CSUM, 0, 4);
	c = ~crc32c_seed(~0u, l4, len);
	l4[SCTP_CSUM] = (uint8_t)c;
	l4[SCTP_CSUM + 1] = (uint8_t)(c >> 8);
	l4[SCTP_CSUM + 2] = (uint8_t)(c >> 16);
	l4[SCTP_CSUM + 3] = (uint8_t)(c >> 24);
}

/* @extra: the L4 length, where the software left it out of the pseudo header */
static void put_l4_csum(uint8_t *l4, uint32_t len, uint8_t l4t, uint32_t extra)
{
	uint16_t sum;

	if (l4t == TXC_L4T_SCTP) {
		put_sctp_crc(l4, len);
		return;
	}
	sum = csum_fold(csum_add(extra, l4, len));
	if (l4t == TXC_L4T_UDP && !sum)
		sum = 0xffff;
	put_be16(l4 + (l4t == TXC_L4T_TCP ? TCP_CSUM : UDP_CSUM), sum);
}

/*
 * Insert the tag, pad, send. There is room for the tag before @frame and for
 * padding behind it.
 */
static void emit(struct nic *n, const struct txjob *j, uint8_t *frame,
		 uint32_t len)
{
	if (j->vlan) {
		memmove(frame - VLAN_HLEN, frame, 12);
		frame -= VLAN_HLEN;
		len += VLAN_HLEN;
		put_be16(frame + 12, (uint16_t)(REG(n, DMATXCTL) >> 16));
		put_be16(frame + 14, j->tci);
	}
	if (len < FRAME_MIN) {
		memset(frame + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	stats_tx_queue(n, j->queue, len);
	txarb_sent(n, j->queue, len + FCS_LEN);
	mac_transmit(n, frame, len);
}

/* Datasheet 7.2.4.6: which TCP flags go into which segment */
static uint16_t flag_mask(const struct nic *n, bool first, bool last)
{
	if (first && last)
		return 0xfff;
	if (first)
		return REG(n, DTXTCPFLGL) & 0xfff;
	if (last)
		return REG(n, DTXTCPFLGH) & 0xfff;
	return REG(n, DTXTCPFLGL) >> 16 & 0xfff;
}

static void fix_tcp(const struct nic *n, const struct txjob *j, uint8_t *l4,
		    bool last)
{
	uint16_t word = get_be16(l4 + TCP_FLAGS);

	put_be32(l4 + TCP_SEQ, get_be32(l4 + TCP_SEQ) + j->pos);
	word &= (uint16_t)(0xf000 | flag_mask(n, !j->nr_segs, last));
	put_be16(l4 + TCP_FLAGS, word);
}

static void fix_headers(const struct nic *n, const struct txjob *j, uint8_t *f,
			uint32_t payload, bool last)
{
	uint8_t *ip = f + j->maclen, *l4 = ip + j->iplen;
	uint32_t l4_len = j->l4len + payload;

	if (j->ipv4) {
		put_be16(ip + IP4_TOTLEN, (uint16_t)(j->iplen + l4_len));
		put_be16(ip + IP4_ID,
			 (uint16_t)(get_be16(ip + IP4_ID) + j->nr_segs));
		put_ip_csum(ip, j->iplen);
	} else {
		put_be16(ip + IP6_PAYLEN,
			 (uint16_t)(j->iplen - IPV6_HLEN + l4_len));
	}
	if (j->l4t == TXC_L4T_TCP)
		fix_tcp(n, j, l4, last);
	else
		put_be16(l4 + UDP_LEN, (uint16_t)l4_len);
	put_l4_csum(l4, l4_len, j->l4t, l4_len);
}

static bool send_segment(struct nic *n, struct txjob *j, const uint8_t *buf)
{
	uint32_t hdr = j->maclen + j->iplen + j->l4len;
	uint32_t left = j->len - hdr - j->pos;
	uint32_t part = left < j->mss ? left : j->mss;
	uint8_t *f = n->segbuf + TX_HEADROOM;

	memcpy(f, buf, hdr);
	memcpy(f + hdr, buf + hdr + j->pos, part);
	fix_headers(n, j, f, part, part == left);
	emit(n, j, f, hdr + part);
	j->pos += part;
	j->nr_segs++;
	return part == left;
}

bool txoff_send(struct nic *n, struct txjob *j, uint8_t *buf)
{
	uint8_t *l4 = buf + j->maclen + j->iplen;

	if (j->tso)
		return send_segment(n, j, buf);
	if (j->legacy_csum)
		put_be16(buf + j->cso,
			 csum_fold(csum_add(0, buf + j->css, j->len - j->css)));
	if (j->ixsm && j->ipv4)
		put_ip_csum(buf + j->maclen, j->iplen);
	if (j->txsm)
		put_l4_csum(l4, j->len - j->maclen - j->iplen, j->l4t, 0);
	emit(n, j, buf, j->len);
	return true;
}
