/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors of the 82599, as the device reads and writes them in memory. */
#ifndef ATMO_IXGBE_DESC_H
#define ATMO_IXGBE_DESC_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/**
 * union ixgbe_rx_desc - advanced receive descriptor (data sheet 7.1.6)
 * @read: as software posts it
 * @wb: as the device writes it back; overlays @read, so a posted descriptor
 *	must have DD, which lies in read.hdr_addr, clear
 */
union ixgbe_rx_desc {
	struct {
		__le64 pkt_addr;
		__le64 hdr_addr;
	} read;
	struct {
		__le32 pkt_info;
		__le32 rss_hash;
		__le32 status_error;
		__le16 length;
		__le16 vlan;
	} wb;
};

static_assert(sizeof(union ixgbe_rx_desc) == 16);

/* wb.pkt_info */
#define IXGBE_RXD_RSS_TYPE		GENMASK(3, 0)
#define IXGBE_RXD_RSS_TYPE_IPV4_TCP	1
#define IXGBE_RXD_RSS_TYPE_IPV6_TCP	3
#define IXGBE_RXD_PKT_UDP		BIT(9)
#define IXGBE_RXD_PKT_IS_ETQF		BIT(15)
/* wb.status_error: extended status */
#define IXGBE_RXD_STAT_DD		BIT(0)
#define IXGBE_RXD_STAT_EOP		BIT(1)
#define IXGBE_RXD_STAT_L4I		BIT(5)	/* L4 checksum was computed */
#define IXGBE_RXD_STAT_IPCS		BIT(6)	/* IPv4 checksum was computed */
/* wb.status_error: extended errors */
#define IXGBE_RXD_ERR_RXE		BIT(29)	/* MAC error */
#define IXGBE_RXD_ERR_L4E		BIT(30)
#define IXGBE_RXD_ERR_IPE		BIT(31)

/**
 * union ixgbe_tx_desc - advanced transmit data descriptor (data sheet 7.2.3.2.4)
 * @read: as software writes it
 * @wb: as the device writes it back, when RS was set
 */
union ixgbe_tx_desc {
	struct {
		__le64 addr;
		__le32 cmd_type_len;
		__le32 olinfo_status;
	} read;
	struct {
		__le64 rsvd;
		__le32 nxtseq_seed;
		__le32 status;
	} wb;
};

static_assert(sizeof(union ixgbe_tx_desc) == 16);

/* cmd_type_len, data and context */
#define IXGBE_TXD_DTALEN		GENMASK(15, 0)
#define IXGBE_TXD_DTYP			GENMASK(23, 20)
#define IXGBE_TXD_DTYP_CONTEXT		2
#define IXGBE_TXD_DTYP_DATA		3
#define IXGBE_TXD_DCMD_EOP		BIT(24)
#define IXGBE_TXD_DCMD_IFCS		BIT(25)
#define IXGBE_TXD_DCMD_RS		BIT(27)
#define IXGBE_TXD_DCMD_DEXT		BIT(29)
/* olinfo_status */
#define IXGBE_TXD_STA_DD		BIT(0)
#define IXGBE_TXD_IDX(i)		((i) << 4)	/* context, 0 or 1 */
#define IXGBE_TXD_CC			BIT(7)	/* use it */
#define IXGBE_TXD_POPTS_IXSM		BIT(8)	/* insert IPv4 checksum */
#define IXGBE_TXD_POPTS_TXSM		BIT(9)	/* insert L4 checksum */
#define IXGBE_TXD_PAYLEN		GENMASK(31, 14)

/**
 * struct ixgbe_tx_context - advanced transmit context descriptor (7.2.3.2.3)
 *
 * Never written back. A queue remembers two contexts until it is disabled; the
 * ordinary queues use the first only.
 */
struct ixgbe_tx_context {
	__le32 vlan_macip_lens;
	__le32 fcoef_ipsec;
	__le32 type_tucmd;
	__le32 mss_l4len_idx;
};

static_assert(sizeof(struct ixgbe_tx_context) == sizeof(union ixgbe_tx_desc));

#define IXGBE_TXC_IPLEN			GENMASK(8, 0)
#define IXGBE_TXC_MACLEN		GENMASK(15, 9)
#define IXGBE_TXC_TUCMD_IPV4		BIT(10)
#define IXGBE_TXC_TUCMD_L4T_TCP		BIT(11)	/* clear: UDP */
/* mss_l4len_idx has its own index at IXGBE_TXD_IDX() */

/* The device hangs on frames shorter than this (data sheet 7.2.3.2.4, note). */
#define IXGBE_TX_MIN_LEN		17

#endif /* ATMO_IXGBE_DESC_H */
