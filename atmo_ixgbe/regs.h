/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the Intel 82599 that this driver uses. Names and section numbers
 * are those of the "Intel 82599 10 GbE Controller Datasheet", revision 3.0,
 * chapter 8.2. Fields stand below their register, as masks for FIELD_GET() and
 * FIELD_PREP() or as single bits.
 */
#ifndef ATMO_IXGBE_REGS_H
#define ATMO_IXGBE_REGS_H

#include <linux/bits.h>
#include <linux/types.h>

/* Register @i of an array whose entries from @split on lie elsewhere. */
static inline u32 ixgbe_two_ranges(u32 i, u32 split, u32 low, u32 high, u32 step)
{
	return i < split ? low + step * i : high + step * (i - split);
}

/* What a read returns once the device has left the bus. */
#define IXGBE_REMOVED			0xffffffffU

/* 8.2.3.1 General control */
#define IXGBE_CTRL			0x00000
#define IXGBE_CTRL_PCIE_MASTER_DISABLE	BIT(2)
#define IXGBE_CTRL_LRST			BIT(3)
#define IXGBE_CTRL_RST			BIT(26)
#define IXGBE_STATUS			0x00008
#define IXGBE_STATUS_LAN_ID		GENMASK(3, 2)
#define IXGBE_STATUS_PCIE_MASTER_ENABLE	BIT(19)
#define IXGBE_CTRL_EXT			0x00018
#define IXGBE_CTRL_EXT_NS_DIS		BIT(16)
#define IXGBE_CTRL_EXT_DRV_LOAD		BIT(28)
#define IXGBE_ESDP			0x00020
#define IXGBE_ESDP_SDP2_DATA		BIT(2)	/* module absent, when input */
#define IXGBE_ESDP_SDP3_DATA		BIT(3)	/* transmitter off */
#define IXGBE_ESDP_SDP5_DATA		BIT(5)	/* rate select: 10 Gb/s */
#define IXGBE_ESDP_SDP3_IODIR		BIT(11)
#define IXGBE_ESDP_SDP5_IODIR		BIT(13)
#define IXGBE_I2CCTL			0x00028
#define IXGBE_I2CCTL_CLK_IN		BIT(0)
#define IXGBE_I2CCTL_CLK_OUT		BIT(1)
#define IXGBE_I2CCTL_DATA_IN		BIT(2)
#define IXGBE_I2CCTL_DATA_OUT		BIT(3)

/* 8.2.3.2 EEPROM */
#define IXGBE_EEC			0x10010
#define IXGBE_EEC_AUTO_RD		BIT(9)
#define IXGBE_EERD			0x10014
#define IXGBE_EERD_START		BIT(0)
#define IXGBE_EERD_DONE			BIT(1)
#define IXGBE_EERD_ADDR			GENMASK(15, 2)
#define IXGBE_EERD_DATA			GENMASK(31, 16)

/* 8.2.3.4 PCIe, semaphores between the ports' drivers and the firmware */
#define IXGBE_SWSM			0x10140
#define IXGBE_SWSM_SMBI			BIT(0)
#define IXGBE_SWSM_SWESMBI		BIT(1)
#define IXGBE_SW_FW_SYNC		0x10160
#define IXGBE_SW_FW_SYNC_SW_PHY(lan)	BIT(1 + (lan))
#define IXGBE_SW_FW_SYNC_SW_MAC_CSR	BIT(3)
#define IXGBE_SW_FW_SYNC_FW(sw)		((sw) << 5)
#define IXGBE_GCR_EXT			0x11050
#define IXGBE_GCR_EXT_BUFFERS_CLEAR	BIT(30)
#define IXGBE_CORECTL			0x14f00

/* 8.2.3.5 Interrupts */
#define IXGBE_EICR			0x00800
#define IXGBE_EICS			0x00808
#define IXGBE_EICR_RTXQ			GENMASK(15, 0)
#define IXGBE_EICR_LSC			BIT(20)
#define IXGBE_EICR_GPI_SDP2		BIT(26)
#define IXGBE_EICR_ECC			BIT(28)
#define IXGBE_EICR_TCP_TIMER		BIT(30)
#define IXGBE_EICR_OTHER		BIT(31)
#define IXGBE_EIAC			0x00810
#define IXGBE_EIMS			0x00880
#define IXGBE_EIMC			0x00888
#define IXGBE_EICS_EX(i)		(0x00a90 + 4 * (i))	/* i: 0..1 */
#define IXGBE_EIMS_EX(i)		(0x00aa0 + 4 * (i))
#define IXGBE_EIMC_EX(i)		(0x00ab0 + 4 * (i))
#define IXGBE_EIAM_EX(i)		(0x00ad0 + 4 * (i))
#define IXGBE_EITR(v)			ixgbe_two_ranges(v, 24, 0x00820, 0x12300, 4)
#define IXGBE_EITR_INTERVAL		GENMASK(11, 3)	/* units of 2 us */
#define IXGBE_EITR_CNT_WDIS		BIT(31)
#define IXGBE_GPIE			0x00898
#define IXGBE_GPIE_MULTIPLE_MSIX	BIT(4)
#define IXGBE_GPIE_OCD			BIT(5)
#define IXGBE_GPIE_SDP2_GPIEN		BIT(2)
#define IXGBE_GPIE_EIAME		BIT(30)
#define IXGBE_GPIE_PBA_SUPPORT		BIT(31)
/* One byte for each of receive 2i, transmit 2i, receive 2i+1, transmit 2i+1 */
#define IXGBE_IVAR(i)			(0x00900 + 4 * (i))
#define IXGBE_IVAR_ENTRY(q, tx)		(16 * ((q) & 1) + 8 * (tx))
#define IXGBE_IVAR_MISC			0x00a00
#define IXGBE_IVAR_MISC_OTHER		8	/* shift of the byte */
#define IXGBE_IVAR_ALLOC		GENMASK(5, 0)
#define IXGBE_IVAR_VALID		BIT(7)
#define IXGBE_IVAR_BYTE			GENMASK(7, 0)

/* 8.2.3.7 Receive filtering */
#define IXGBE_FCTRL			0x05080
#define IXGBE_FCTRL_MPE			BIT(8)
#define IXGBE_FCTRL_UPE			BIT(9)
#define IXGBE_FCTRL_BAM			BIT(10)
#define IXGBE_VLNCTRL			0x05088
#define IXGBE_VLNCTRL_CFIEN		BIT(29)
#define IXGBE_VLNCTRL_VFE		BIT(30)
#define IXGBE_MCSTCTRL			0x05090
#define IXGBE_MCSTCTRL_MO		GENMASK(1, 0)
#define IXGBE_MCSTCTRL_MFE		BIT(2)
#define IXGBE_RXCSUM			0x05000
#define IXGBE_RXCSUM_PCSD		BIT(13)
#define IXGBE_RFCTL			0x05008
#define IXGBE_RFCTL_RSC_DIS		BIT(5)
#define IXGBE_RFCTL_NFSW_DIS		BIT(6)
#define IXGBE_RFCTL_NFSR_DIS		BIT(7)
#define IXGBE_MTA(i)			(0x05200 + 4 * (i))	/* 128 */
#define IXGBE_UTA(i)			(0x0f400 + 4 * (i))	/* 128 */
#define IXGBE_RAL(i)			(0x0a200 + 8 * (i))
#define IXGBE_RAH(i)			(IXGBE_RAL(i) + 4)
#define IXGBE_RAH_ADDR			GENMASK(15, 0)
#define IXGBE_RAH_AV			BIT(31)
#define IXGBE_NR_RAR			128
#define IXGBE_MPSAR_LO(i)		(0x0a600 + 8 * (i))
#define IXGBE_MPSAR_HI(i)		(0x0a604 + 8 * (i))
#define IXGBE_PSRTYPE(i)		(0x0ea00 + 4 * (i))
#define IXGBE_MRQC			0x05818
#define IXGBE_MRQC_MRQE			GENMASK(3, 0)
#define IXGBE_MRQC_MRQE_RSS		1
#define IXGBE_MRQC_RSS_IPV4_TCP		BIT(16)
#define IXGBE_MRQC_RSS_IPV4		BIT(17)
#define IXGBE_MRQC_RSS_IPV6		BIT(20)
#define IXGBE_MRQC_RSS_IPV6_TCP		BIT(21)
#define IXGBE_RETA(i)			(0x05c00 + 4 * (i))	/* 32, 4 entries each */
#define IXGBE_RETA_ENTRIES		128
#define IXGBE_RETA_QUEUES		16	/* entries have 4 bits */
#define IXGBE_RSSRK(i)			(0x05c80 + 4 * (i))	/* 10 */
#define IXGBE_RSSRK_REGS		10

#define IXGBE_ETQF(i)			(0x05128 + 4 * (i))	/* 8 */
#define IXGBE_ETQF_ETYPE		GENMASK(15, 0)
#define IXGBE_ETQF_FILTER_ENABLE	BIT(31)
#define IXGBE_ETQS(i)			(0x0ec00 + 4 * (i))
#define IXGBE_ETQS_RX_QUEUE		GENMASK(22, 16)
#define IXGBE_ETQS_QUEUE_ENABLE		BIT(31)

/* 8.2.3.7.16-20 L3/L4 5-tuple queue filters, 128 of each */
#define IXGBE_NR_5TUPLE			128
#define IXGBE_SAQF(i)			(0x0e000 + 4 * (i))
#define IXGBE_DAQF(i)			(0x0e200 + 4 * (i))
#define IXGBE_SDPQF(i)			(0x0e400 + 4 * (i))
#define IXGBE_SDPQF_SOURCE_PORT		GENMASK(15, 0)
#define IXGBE_SDPQF_DESTINATION_PORT	GENMASK(31, 16)
#define IXGBE_FTQF(i)			(0x0e600 + 4 * (i))
#define IXGBE_FTQF_PROTOCOL		GENMASK(1, 0)
#define IXGBE_FTQF_PROTOCOL_TCP		0
#define IXGBE_FTQF_PROTOCOL_UDP		1
#define IXGBE_FTQF_PRIORITY		GENMASK(4, 2)	/* 7 is first, 0 is reserved */
#define IXGBE_FTQF_MASK_SOURCE_ADDRESS	BIT(25)	/* set: not compared */
#define IXGBE_FTQF_MASK_SOURCE_PORT	BIT(27)
#define IXGBE_FTQF_POOL_MASK		BIT(30)
#define IXGBE_FTQF_QUEUE_ENABLE		BIT(31)
#define IXGBE_L34T_IMIR(i)		(0x0e800 + 4 * (i))
#define IXGBE_L34T_IMIR_SIZE_BP		BIT(12)
#define IXGBE_L34T_IMIR_RESERVED_ONE	BIT(19)	/* 18:13 zero, 19 one */
#define IXGBE_L34T_IMIR_QUEUE		GENMASK(27, 21)

/* 8.2.3.21 Flow Director */
#define IXGBE_FDIRCTRL			0x0ee00
#define IXGBE_FDIRCTRL_PBALLOC		GENMASK(1, 0)	/* 1: 2K rules, 2: 4K, 3: 8K */
#define IXGBE_FDIRCTRL_INIT_DONE	BIT(3)
#define IXGBE_FDIRCTRL_PERFECT_MATCH	BIT(4)
#define IXGBE_FDIRCTRL_MAX_LENGTH	GENMASK(27, 24)	/* of a bucket's list, in 2 */
#define IXGBE_FDIRCTRL_FULL_THRESH	GENMASK(31, 28)
#define IXGBE_FDIRIPSA			0x0ee18
#define IXGBE_FDIRIPDA			0x0ee1c
#define IXGBE_FDIRPORT			0x0ee20
#define IXGBE_FDIRPORT_SOURCE		GENMASK(15, 0)
#define IXGBE_FDIRPORT_DESTINATION	GENMASK(31, 16)
#define IXGBE_FDIRVLAN			0x0ee24
#define IXGBE_FDIRHASH			0x0ee28
#define IXGBE_FDIRHASH_HASH		GENMASK(14, 0)
#define IXGBE_FDIRHASH_SW_INDEX		GENMASK(31, 16)
#define IXGBE_FDIRCMD			0x0ee2c
#define IXGBE_FDIRCMD_CMD		GENMASK(1, 0)	/* zero again when it is done */
#define IXGBE_FDIRCMD_CMD_ADD		1
#define IXGBE_FDIRCMD_CMD_REMOVE	2
#define IXGBE_FDIRCMD_CMD_QUERY		3
#define IXGBE_FDIRCMD_FILTER_VALID	BIT(2)
#define IXGBE_FDIRCMD_FILTER_UPDATE	BIT(3)
#define IXGBE_FDIRCMD_L4TYPE		GENMASK(6, 5)
#define IXGBE_FDIRCMD_LAST		BIT(11)
#define IXGBE_FDIRCMD_QUEUE_EN		BIT(15)
#define IXGBE_FDIRCMD_RX_QUEUE		GENMASK(22, 16)
#define IXGBE_FDIRDIP4M			0x0ee3c
#define IXGBE_FDIRSIP4M			0x0ee40
#define IXGBE_FDIRTCPM			0x0ee44
#define IXGBE_FDIRUDPM			0x0ee48
#define IXGBE_FDIRFSTAT			0x0ee54
#define IXGBE_FDIRFSTAT_FADD		GENMASK(7, 0)	/* adds that failed */
#define IXGBE_FDIRMATCH			0x0ee58
#define IXGBE_FDIRMISS			0x0ee5c
#define IXGBE_FDIRHKEY			0x0ee68
#define IXGBE_FDIRM			0x0ee70		/* set: not compared */
#define IXGBE_FDIRM_VLANID		BIT(0)
#define IXGBE_FDIRM_VLANP		BIT(1)
#define IXGBE_FDIRM_POOL		BIT(2)
#define IXGBE_FDIRM_FLEX		BIT(4)
#define IXGBE_FDIRM_DIPV6		BIT(5)

/* 8.2.3.8 Receive DMA */
#define IXGBE_RX_BASE(q)		ixgbe_two_ranges(q, 64, 0x01000, 0x0d000, 0x40)
#define IXGBE_RDBAL(q)			(IXGBE_RX_BASE(q) + 0x00)
#define IXGBE_RDBAH(q)			(IXGBE_RX_BASE(q) + 0x04)
#define IXGBE_RDLEN(q)			(IXGBE_RX_BASE(q) + 0x08)
#define IXGBE_DCA_RXCTRL(q)		(IXGBE_RX_BASE(q) + 0x0c)
#define IXGBE_DCA_RXCTRL_RESERVED_ONE	BIT(12)	/* 4.6.7: to be cleared */
#define IXGBE_RDH(q)			(IXGBE_RX_BASE(q) + 0x10)
#define IXGBE_SRRCTL(q)			(IXGBE_RX_BASE(q) + 0x14)
#define IXGBE_SRRCTL_BSIZEPACKET	GENMASK(4, 0)	/* KB */
#define IXGBE_SRRCTL_DESCTYPE		GENMASK(27, 25)
#define IXGBE_SRRCTL_DESCTYPE_ADV_ONE	1
#define IXGBE_SRRCTL_DROP_EN		BIT(28)
#define IXGBE_RDT(q)			(IXGBE_RX_BASE(q) + 0x18)
#define IXGBE_RXDCTL(q)			(IXGBE_RX_BASE(q) + 0x28)
#define IXGBE_RXDCTL_ENABLE		BIT(25)
#define IXGBE_RXDCTL_VME		BIT(30)
#define IXGBE_RSCCTL(q)			(IXGBE_RX_BASE(q) + 0x2c)
#define IXGBE_RDRXCTL			0x02f00
#define IXGBE_RDRXCTL_CRC_STRIP		BIT(1)
#define IXGBE_RDRXCTL_DMAIDONE		BIT(3)
#define IXGBE_RDRXCTL_RSCFRSTSIZE	GENMASK(21, 17)
#define IXGBE_RDRXCTL_RSCACKC		BIT(25)
#define IXGBE_RDRXCTL_FCOE_WRFIX	BIT(26)
#define IXGBE_RXCTRL			0x03000
#define IXGBE_RXCTRL_RXEN		BIT(0)
#define IXGBE_RSCDBU			0x03028
#define IXGBE_RSCDBU_RSCACKDIS		BIT(7)
#define IXGBE_RXPBSIZE(i)		(0x03c00 + 4 * (i))	/* 8 */
#define IXGBE_RXPBSIZE_SIZE		GENMASK(19, 10)		/* KB */
#define IXGBE_SECRXCTRL			0x08d00
#define IXGBE_SECRXCTRL_RX_DIS		BIT(1)
#define IXGBE_SECRXSTAT			0x08d04
#define IXGBE_SECRXSTAT_SECRX_RDY	BIT(0)

/* 8.2.3.9 Transmit */
#define IXGBE_TX_BASE(q)		(0x06000 + 0x40 * (q))
#define IXGBE_TDBAL(q)			(IXGBE_TX_BASE(q) + 0x00)
#define IXGBE_TDBAH(q)			(IXGBE_TX_BASE(q) + 0x04)
#define IXGBE_TDLEN(q)			(IXGBE_TX_BASE(q) + 0x08)
#define IXGBE_TDH(q)			(IXGBE_TX_BASE(q) + 0x10)
#define IXGBE_TDT(q)			(IXGBE_TX_BASE(q) + 0x18)
#define IXGBE_TXDCTL(q)			(IXGBE_TX_BASE(q) + 0x28)
#define IXGBE_TXDCTL_PTHRESH		GENMASK(6, 0)
#define IXGBE_TXDCTL_HTHRESH		GENMASK(14, 8)
#define IXGBE_TXDCTL_WTHRESH		GENMASK(22, 16)
#define IXGBE_TXDCTL_ENABLE		BIT(25)
#define IXGBE_TXDCTL_SWFLSH		BIT(26)
#define IXGBE_TXPBTHRESH(i)		(0x04950 + 4 * (i))	/* 8 */
#define IXGBE_DMATXCTL			0x04a80
#define IXGBE_DMATXCTL_TE		BIT(0)
#define IXGBE_DTXMXSZRQ			0x08100
#define IXGBE_DTXMXSZRQ_DCB		0x10	/* 4 KB */
#define IXGBE_MTQC			0x08120
#define IXGBE_MTQC_RT_ENA		BIT(0)
#define IXGBE_MTQC_NUM_TC		GENMASK(3, 2)
#define IXGBE_MTQC_NUM_TC_4		2
#define IXGBE_TXPBSIZE(i)		(0x0cc00 + 4 * (i))	/* 8 */
#define IXGBE_TXPBSIZE_SIZE		GENMASK(19, 10)		/* KB */
#define IXGBE_NR_PB			8
#define IXGBE_RX_PB_KB			512
#define IXGBE_TX_PB_KB			160

/* 8.2.3.10 DCB: traffic classes and their arbiters, rate limit */
#define IXGBE_RTRUP2TC			0x03020
#define IXGBE_RTTUP2TC			0x0c800
#define IXGBE_RTTDCS			0x04900
#define IXGBE_RTTDCS_TDPAC		BIT(0)
#define IXGBE_RTTDCS_TDRM		BIT(4)
#define IXGBE_RTTDCS_ARBDIS		BIT(6)
#define IXGBE_RTTPCS			0x0cd00
#define IXGBE_RTTPCS_TPPAC		BIT(5)
#define IXGBE_RTTPCS_ARBDIS		BIT(6)
#define IXGBE_RTTPCS_TPRM		BIT(8)
#define IXGBE_RTTPCS_ARBD		GENMASK(31, 22)
#define IXGBE_RTTPCS_ARBD_DCB		4
#define IXGBE_RTTDT2C(tc)		(0x04910 + 4 * (tc))	/* 8 */
#define IXGBE_RTTPT2C(tc)		(0x0cd20 + 4 * (tc))	/* 8 */
#define IXGBE_RTTT2C_CRQ		GENMASK(8, 0)		/* 64 bytes; both */
#define IXGBE_RTTT2C_MCL		GENMASK(23, 12)
#define IXGBE_RTTDQSEL			0x04904		/* queue of the three below */
#define IXGBE_RTTDT1C			0x04908
#define IXGBE_RTTBCNRC			0x04984
#define IXGBE_RTTBCNRC_FACTOR		GENMASK(23, 0)
#define IXGBE_RTTBCNRC_RS_ENA		BIT(31)
#define IXGBE_RTTBCNRM			0x04980
#define IXGBE_RTTBCNRM_MMW_SIZE		GENMASK(10, 0)		/* KB */
#define IXGBE_SECTXMINIFG		0x08810
#define IXGBE_SECTXMINIFG_MRKINSERT	GENMASK(18, 8)
#define IXGBE_SECTXMINIFG_MRKINSERT_DCB	0x1f

/* 8.2.3.3 Flow control */
#define IXGBE_FCCFG			0x03d00
#define IXGBE_FCRTL(i)			(0x03220 + 4 * (i))
#define IXGBE_FCRTH(i)			(0x03260 + 4 * (i))

/* 8.2.3.22 MAC */
#define IXGBE_HLREG0			0x04240
#define IXGBE_HLREG0_TXCRCEN		BIT(0)
#define IXGBE_HLREG0_RXCRCSTRP		BIT(1)
#define IXGBE_HLREG0_JUMBOEN		BIT(2)
#define IXGBE_HLREG0_TXPADEN		BIT(10)
#define IXGBE_HLREG0_LPBK		BIT(15)
#define IXGBE_HLREG0_RXLNGTHERREN	BIT(27)
#define IXGBE_MFLCN			0x04294
#define IXGBE_MFLCN_PMCF		BIT(0)
#define IXGBE_MFLCN_DPF			BIT(1)
#define IXGBE_MFLCN_RFCE		BIT(3)
#define IXGBE_AUTOC			0x042a0
#define IXGBE_AUTOC_RESTART_AN		BIT(12)
#define IXGBE_AUTOC_LMS			GENMASK(15, 13)
#define IXGBE_AUTOC_LMS_10G_SERIAL	3
#define IXGBE_AUTOC_LMS_TOGGLE		BIT(15)
#define IXGBE_LINKS			0x042a4
#define IXGBE_LINKS_SPEED		GENMASK(29, 28)
#define IXGBE_LINKS_SPEED_10G		3
#define IXGBE_LINKS_UP			BIT(30)
#define IXGBE_AUTOC2			0x042a8
#define IXGBE_AUTOC2_10G_PMA_PMD	GENMASK(17, 16)
#define IXGBE_AUTOC2_10G_SFI		2
#define IXGBE_AUTOC2_LINK_DISABLE	GENMASK(30, 28)
#define IXGBE_ANLP1			0x042b0
#define IXGBE_ANLP1_AN_STATE		GENMASK(19, 16)

/* 8.2.3.23 Statistics; cleared by reading */
#define IXGBE_CRCERRS			0x04000
#define IXGBE_ILLERRC			0x04004
#define IXGBE_ERRBC			0x04008
#define IXGBE_MSPDC			0x04010
#define IXGBE_RXMPC(i)			(0x03fa0 + 4 * (i))	/* 8 */
#define IXGBE_MLFC			0x04034
#define IXGBE_MRFC			0x04038
#define IXGBE_RLEC			0x04040
#define IXGBE_LXONRXCNT			0x041a4
#define IXGBE_LXOFFRXCNT		0x041a8
#define IXGBE_GPRC			0x04074
#define IXGBE_BPRC			0x04078
#define IXGBE_MPRC			0x0407c
#define IXGBE_GPTC			0x04080
#define IXGBE_GORCL			0x04088
#define IXGBE_GORCH			0x0408c
#define IXGBE_GOTCL			0x04090
#define IXGBE_GOTCH			0x04094
#define IXGBE_RUC			0x040a4
#define IXGBE_RFC			0x040a8
#define IXGBE_ROC			0x040ac
#define IXGBE_RJC			0x040b0
#define IXGBE_TPR			0x040d0
#define IXGBE_TPT			0x040d4
#define IXGBE_MPTC			0x040f0
#define IXGBE_BPTC			0x040f4
#define IXGBE_XEC			0x04120
#define IXGBE_QPRDC(i)			(0x01430 + 0x40 * (i))	/* 16 */
#define IXGBE_NR_QPRDC			16

/* EEPROM words (data sheet chapter 6) */
#define IXGBE_EEPROM_PHY_INIT		0x2b
#define IXGBE_EEPROM_DEVICE_CAPS	0x2c
#define IXGBE_EEPROM_CAPS_ANY_SFP	BIT(0)
#define IXGBE_EEPROM_NONE		0xffff

#endif /* ATMO_IXGBE_REGS_H */
