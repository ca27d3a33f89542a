/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors of the 82599: datasheet 7.1.5, 7.1.6 (receive), 7.2.3 (transmit).
 * A descriptor is two little-endian quadwords, here always in host order.
 */
#ifndef NIC82599_DESC_H
#define NIC82599_DESC_H

#include <endian.h>
#include <stdint.h>

#define DESC_LEN	16u

struct desc {
	uint64_t lo, hi;
};

_Static_assert(sizeof(struct desc) == DESC_LEN, "descriptor layout");

/* Receive write-back, second quadword: extended status and error */
#define RXD_DD		(1u << 0)
#define RXD_EOP		(1u << 1)
#define RXD_FLM		(1u << 2)
#define RXD_VP		(1u << 3)
#define RXD_L4I		(1u << 5)
#define RXD_IPCS	(1u << 6)
#define RXD_PIF		(1u << 7)
#define RXD_UDPV	(1u << 10)
#define RXD_LLINT	(1u << 11)
#define RXD_LB		(1u << 18)
#define RXD_ERR_FDIR_LEN	(1u << 20)
#define RXD_ERR_FDIR_DROP	(1u << 21)
#define RXD_ERR_FDIR_COLL	(1u << 22)
#define RXD_ERR_HBO	(1u << 23)
#define RXD_ERR_RXE	(1u << 29)
#define RXD_ERR_L4E	(1u << 30)
#define RXD_ERR_IPE	(1u << 31)

/* Legacy receive write-back: status and error bytes */
#define RXL_STATUS_SHIFT	32
#define RXL_ERROR_SHIFT		40
#define RXL_VLAN_SHIFT		48
#define RXL_VP		0x08u
#define RXL_ERR_RXE	0x20u

/* SRRCTL.DESCTYPE */
#define DESCTYPE_LEGACY		0u
#define DESCTYPE_ADV_ONEBUF	1u
#define DESCTYPE_SPLIT		2u
#define DESCTYPE_SPLIT_ALWAYS	5u

/* Packet type: advanced write-back, first quadword from bit 4 */
#define PTYPE_IPV4	(1u << 0)
#define PTYPE_IPV4E	(1u << 1)
#define PTYPE_IPV6	(1u << 2)
#define PTYPE_IPV6E	(1u << 3)
#define PTYPE_TCP	(1u << 4)
#define PTYPE_UDP	(1u << 5)
#define PTYPE_SCTP	(1u << 6)
#define PTYPE_NFS	(1u << 7)
#define PTYPE_L2	(1u << 11)

#define RXA_PTYPE_SHIFT		4
#define RXA_HDR_LEN_SHIFT	21
#define RXA_SPH			(1ull << 31)
#define RXA_HASH_SHIFT		32
#define RXA_LEN_SHIFT		32
#define RXA_VLAN_SHIFT		48

/* RSS type, advanced write-back, first quadword bits 3:0 */
enum rss_type {
	RSS_NONE = 0,
	RSS_IPV4_TCP = 1,
	RSS_IPV4 = 2,
	RSS_IPV6_TCP = 3,
	RSS_IPV6 = 5,
	RSS_IPV4_UDP = 7,
	RSS_IPV6_UDP = 8,
	RSS_FDIR = 15,		/* not RSS: Flow Director reports */
};

/* Transmit, second quadword */
#define TXD_LEN(hi)		((uint32_t)(hi) & 0xffffu)
#define TXD_DTYP(hi)		((uint32_t)((hi) >> 20) & 0xfu)
#define TXD_DTYP_CONTEXT	2u
#define TXD_DTYP_DATA		3u
#define TXD_EOP			(1ull << 24)
#define TXD_IFCS		(1ull << 25)
#define TXD_IC			(1ull << 26)	/* legacy only */
#define TXD_RS			(1ull << 27)
#define TXD_DEXT		(1ull << 29)
#define TXD_VLE			(1ull << 30)
#define TXD_TSE			(1ull << 31)
#define TXD_DD			(1ull << 32)
#define TXD_IDX(hi)		((unsigned int)((hi) >> 36) & 1u)
#define TXD_CC			(1ull << 39)
#define TXD_IXSM		(1ull << 40)
#define TXD_TXSM		(1ull << 41)
#define TXD_IPSEC		(1ull << 42)
#define TXD_PAYLEN(hi)		((uint32_t)((hi) >> 46))
#define TXL_CSO(hi)		((unsigned int)((hi) >> 16) & 0xffu)
#define TXL_CSS(hi)		((unsigned int)((hi) >> 40) & 0xffu)
#define TXL_VLAN(hi)		((uint16_t)((hi) >> 48))

/* Context descriptor */
#define TXC_IPLEN(lo)		((unsigned int)(lo) & 0x1ffu)
#define TXC_MACLEN(lo)		((unsigned int)((lo) >> 9) & 0x7fu)
#define TXC_VLAN(lo)		((uint16_t)((lo) >> 16))
#define TXC_IPV4(hi)		(((hi) >> 10) & 1u)
#define TXC_L4T(hi)		((unsigned int)((hi) >> 11) & 3u)
#define TXC_L4T_UDP		0u
#define TXC_L4T_TCP		1u
#define TXC_L4T_SCTP		2u
#define TXC_L4LEN(hi)		((unsigned int)((hi) >> 40) & 0xffu)
#define TXC_MSS(hi)		((unsigned int)((hi) >> 48))

#endif /* NIC82599_DESC_H */
