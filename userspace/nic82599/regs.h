/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers and fields which the model acts on. Names and offsets are those of
 * the Intel 82599 10 GbE Controller Datasheet, revision 3.0, chapter 8. What is
 * storage only has no name here: see the tables in regs_*.c.
 */
#ifndef NIC82599_REGS_H
#define NIC82599_REGS_H

#include <stdint.h>

#define BIT(n)			(1u << (n))

/* Bits @hi to @lo of @val */
static inline uint32_t FIELD(uint32_t val, unsigned int hi, unsigned int lo)
{
	return val >> lo & ((2u << (hi - lo)) - 1u);
}

/* 8.2.3.1 General control */
#define CTRL			0x00000
#define CTRL_MASTER_DISABLE	BIT(2)
#define CTRL_LRST		BIT(3)
#define CTRL_RST		BIT(26)
#define STATUS			0x00008
#define STATUS_LAN_ID_SHIFT	2
#define STATUS_LINK_UP		BIT(7)
#define STATUS_MASTER_ENABLE	BIT(19)
#define CTRL_EXT		0x00018
#define CTRL_EXT_PFRSTD		BIT(14)
#define CTRL_EXT_DRV_LOAD	BIT(28)
#define ESDP			0x00020
#define ESDP_SDP(i)		BIT(i)
#define ESDP_SDP_IODIR(i)	BIT((i) + 8)
#define I2CCTL			0x00028
#define I2CCTL_CLK_IN		BIT(0)
#define I2CCTL_CLK_OUT		BIT(1)
#define I2CCTL_DATA_IN		BIT(2)
#define I2CCTL_DATA_OUT		BIT(3)
#define FRTIMER			0x00048
#define TCPTIMER		0x0004c
#define LEDCTL			0x00200

/* 8.2.3.2 EEPROM and flash */
#define EEC			0x10010
#define EEC_SK			BIT(0)
#define EEC_CS			BIT(1)
#define EEC_DI			BIT(2)
#define EEC_DO			BIT(3)
#define EEC_REQ			BIT(6)
#define EEC_GNT			BIT(7)
#define EEC_PRES		BIT(8)
#define EEC_ARD			BIT(9)
#define EEC_ADDR_SIZE		BIT(10)
#define EEC_SIZE_SHIFT		11
#define EERD			0x10014
#define EERD_START		BIT(0)
#define EERD_DONE		BIT(1)
#define EEWR			0x10018
#define FLA			0x1001c
#define GRC			0x10200
#define SWSM			0x10140
#define SWSM_SMBI		BIT(0)
#define SWSM_SWESMBI		BIT(1)
#define FWSM			0x10148
#define FWSM_FW_VALID		BIT(15)
#define SW_FW_SYNC		0x10160
#define FACTPS			0x10150

/* 8.2.3.4 PCIe */
#define GCR			0x11000
#define GCR_EXT			0x11050
#define GCR_EXT_BUFFERS_CLEAR	BIT(30)
#define PICAUSE			0x110b0
#define CORECTL			0x14f00

/* 8.2.3.5 Interrupts */
#define EICR			0x00800
#define EICS			0x00808
#define EICR_RTXQ		0x0000ffffu
#define EICR_FLOW_DIR		BIT(16)
#define EICR_RX_MISS		BIT(17)
#define EICR_PCI		BIT(18)
#define EICR_LSC		BIT(20)
#define EICR_SDP0		BIT(24)
#define EICR_ECC		BIT(28)
#define EICR_TCP_TIMER		BIT(30)
#define EICR_OTHER		BIT(31)
#define EIAC			0x00810
#define EITR(i)			(0x00820 + 4 * (i))	/* first 24 */
#define EITR_INTERVAL		0x00000ff8u
#define EITR_CNT_WDIS		BIT(31)
#define EIMS			0x00880
#define EIMC			0x00888
#define EIAM			0x00890
#define GPIE			0x00898
#define GPIE_MULTIPLE_MSIX	BIT(4)
#define GPIE_OCD		BIT(5)
#define GPIE_EIMEN		BIT(6)
#define GPIE_EIAME		BIT(30)
#define GPIE_PBA_SUPPORT	BIT(31)
#define IVAR(i)			(0x00900 + 4 * (i))
#define IVAR_MISC		0x00a00
#define IVAR_VALID		BIT(7)
#define IVAR_ALLOC		0x3fu
#define EICS_EX(i)		(0x00a90 + 4 * ((i) - 1))
#define EIMS_EX(i)		(0x00aa0 + 4 * ((i) - 1))
#define EIMC_EX(i)		(0x00ab0 + 4 * ((i) - 1))
#define EIAM_EX(i)		(0x00ad0 + 4 * ((i) - 1))

/* 8.2.3.7 Receive */
#define FCTRL			0x05080
#define FCTRL_SBP		BIT(1)
#define FCTRL_MPE		BIT(8)
#define FCTRL_UPE		BIT(9)
#define FCTRL_BAM		BIT(10)
#define FCTRL_PMCF		BIT(12)
#define FCTRL_DPF		BIT(13)
#define VLNCTRL			0x05088
#define VLNCTRL_VET		0x0000ffffu
#define VLNCTRL_CFI		BIT(28)
#define VLNCTRL_CFIEN		BIT(29)
#define VLNCTRL_VFE		BIT(30)
#define MCSTCTRL		0x05090
#define MCSTCTRL_MO		0x3u
#define MCSTCTRL_MFE		BIT(2)
#define RXCSUM			0x05000
#define RXCSUM_IPPCSE		BIT(12)
#define RXCSUM_PCSD		BIT(13)
#define RFCTL			0x05008
#define EXVET			0x05078
#define ETQF(i)			(0x05128 + 4 * (i))
#define ETQF_UP_EN		BIT(19)
#define ETQF_FILTER_EN		BIT(31)
#define ETQS(i)			(0x0ec00 + 4 * (i))
#define ETQS_LLI		BIT(29)
#define ETQS_QUEUE_EN		BIT(31)
#define SYNQF			0x0ec30
#define SYNQF_QUEUE_EN		BIT(0)
#define SYNQF_SYNQFP		BIT(31)
#define MTA(i)			(0x05200 + 4 * (i))
#define UTA(i)			(0x0f400 + 4 * (i))
#define PSRTYPE(i)		(0x0ea00 + 4 * (i))
#define MRQC			0x05818
#define RETA(i)			(0x05c00 + 4 * (i))
#define RSSRK(i)		(0x05c80 + 4 * (i))
#define VFTA(i)			(0x0a000 + 4 * (i))
#define RAL(i)			(0x0a200 + 8 * (i))
#define RAH(i)			(0x0a204 + 8 * (i))
#define RAH_AV			BIT(31)
#define SAQF(i)			(0x0e000 + 4 * (i))
#define DAQF(i)			(0x0e200 + 4 * (i))
#define SDPQF(i)		(0x0e400 + 4 * (i))
#define FTQF(i)			(0x0e600 + 4 * (i))
#define L34TIMIR(i)		(0x0e800 + 4 * (i))
#define VT_CTL			0x051b0
#define VT_CTL_VT_ENA		BIT(0)

/* 8.2.3.8 Receive DMA: two ranges of 64 queues */
#define RX_QUEUES_LO		0x01000
#define RX_QUEUES_HI		0x0d000

static inline uint32_t RX_QUEUE(unsigned int q)
{
	return q < 64 ? RX_QUEUES_LO + 0x40 * q : RX_QUEUES_HI + 0x40 * (q - 64);
}

#define RDBAL			0x00
#define RDBAH			0x04
#define RDLEN			0x08
#define DCA_RXCTRL		0x0c
#define RDH			0x10
#define SRRCTL			0x14
#define SRRCTL_BSIZEPACKET	0x1fu
#define SRRCTL_DROP_EN		BIT(28)
#define RDT			0x18
#define RXDCTL			0x28
#define RXDCTL_ENABLE		BIT(25)
#define RXDCTL_SWFLSH		BIT(26)
#define RXDCTL_VME		BIT(30)
#define RSCCTL			0x2c
#define RSCCTL_RSCEN		BIT(0)
#define RDRXCTL			0x02f00
#define RDRXCTL_CRCSTRIP	BIT(1)
#define RDRXCTL_DMAIDONE	BIT(3)
#define RXCTRL			0x03000
#define RXCTRL_RXEN		BIT(0)
#define RXPBSIZE(i)		(0x03c00 + 4 * (i))
#define RXPBSIZE_SIZE		0x000ffc00u
#define RQSMR(i)		(0x02300 + 4 * (i))

/* 8.2.3.3 Flow control */
#define PFCTOP			0x03008
#define FCTTV			0x03200
#define FCRTL			0x03220
#define FCRTL_XONE		BIT(31)
#define FCRTH			0x03260
#define FCRTH_FCEN		BIT(31)
#define FCRT_BYTES		0x0007ffe0u
#define FCRTV			0x032a0
#define FCCFG			0x03d00
#define FCCFG_TFCE_LINK		BIT(3)
#define MFLCN			0x04294
#define MFLCN_PMCF		BIT(0)
#define MFLCN_DPF		BIT(1)
#define MFLCN_RFCE		BIT(3)
#define TFCS			0x0ce00
#define TFCS_TC_XOFF		BIT(0)

/* 8.2.3.9 Transmit */
#define DMATXCTL		0x04a80
#define DMATXCTL_TE		BIT(0)
#define DTXTCPFLGL		0x04a88
#define DTXTCPFLGH		0x04a8c
#define TX_QUEUE(i)		(0x06000 + 0x40 * (i))
#define TDBAL			0x00
#define TDBAH			0x04
#define TDLEN			0x08
#define TDH			0x10
#define TDT			0x18
#define TXDCTL			0x28
#define TXDCTL_ENABLE		BIT(25)
#define TXDCTL_SWFLSH		BIT(26)
#define TDWBAL			0x38
#define TDWBAL_HEAD_WB_EN	BIT(0)
#define TDWBAH			0x3c
#define MTQC			0x08120
#define MTQC_RT_ENA		BIT(0)
#define MTQC_VT_ENA		BIT(1)
#define MTQC_NUM_TC_OR_Q(n)	((n) << 2)
#define TXPBSIZE(i)		(0x0cc00 + 4 * (i))
#define TXPBSIZE_SIZE		0x000ffc00u
#define TXPBTHRESH(i)		(0x04950 + 4 * (i))

/* 8.2.3.10 DCB and the rate scheduler */
#define RTTDCS			0x04900
#define RTTDCS_TDPAC		BIT(0)
#define RTTDCS_ARBDIS		BIT(6)
#define RTTDCS_BDPM		BIT(22)
#define RTTDCS_BPBFSM		BIT(23)
#define RTTPCS			0x0cd00
#define RTTPCS_ARBDIS		BIT(6)
#define RTTDQSEL		0x04904
#define RTTDT1C			0x04908
#define RTTDT2C(i)		(0x04910 + 4 * (i))
#define RTTDT2C_CRQ		0x1ffu
#define RTTDT2C_LSP		BIT(31)
#define RTTBCNRM		0x04980
#define RTTBCNRM_MMW_SIZE	0x7ffu
#define RTTBCNRC		0x04984
#define RTTBCNRC_RF(v)		((v) & 0x00ffffffu)	/* 10.14 fixed point */
#define RTTBCNRC_RS_ENA		BIT(31)
#define TQSM(i)			(0x08600 + 4 * (i))
#define SECTXCTRL		0x08800
#define SECTXCTRL_TX_DIS	BIT(1)
#define SECTXSTAT		0x08804
#define SECRXCTRL		0x08d00
#define SECRXCTRL_RX_DIS	BIT(1)
#define SECRXSTAT		0x08d04
#define SECSTAT_RDY		BIT(0)
#define SECSTAT_OFF_DIS		BIT(1)

/* 8.2.3.22 MAC */
#define PCS1GLCTL		0x04208
#define PCS1GLSTA		0x0420c
#define HLREG0			0x04240
#define HLREG0_TXCRCEN		BIT(0)
#define HLREG0_RXCRCSTRP	BIT(1)
#define HLREG0_JUMBOEN		BIT(2)
#define HLREG0_TXPADEN		BIT(10)
#define HLREG0_LPBK		BIT(15)
#define HLREG0_MDCSPD		BIT(16)
#define HLREG1			0x04244
#define MSCA			0x0425c
#define MSCA_MDI_COMMAND	BIT(30)
#define MSRWD			0x04260
#define MAXFRS			0x04268
#define MACS			0x0429c
#define AUTOC			0x042a0
#define AUTOC_FLU		BIT(0)
#define AUTOC_RESTART_AN	BIT(12)
#define AUTOC_LMS(v)		FIELD(v, 15, 13)
#define AUTOC_LMS_1G		0u
#define AUTOC_LMS_10G_PARALLEL	1u
#define AUTOC_LMS_1G_AN		2u
#define AUTOC_LMS_10G_SERIAL	3u
#define LINKS			0x042a4
#define LINKS_KX_AN_COMPLETE	BIT(31)
#define LINKS_UP		BIT(30)
#define LINKS_SPEED_SHIFT	28
#define LINKS_10G_ALIGN		BIT(17)
#define LINKS_SIGNAL		BIT(8)
#define LINKS_STATUS		BIT(7)
#define AUTOC2			0x042a8
#define AUTOC2_FORCE_LINK_DOWN	(7u << 28)
#define AUTOC2_SFI		(2u << 16)
#define ANLP1			0x042b0
#define ANLP1_AN_STATE_SHIFT	16
#define LINKS2			0x04324
#define MMNGC			0x042d0

/* 8.2.3.21 Flow Director */
#define FDIRCTRL		0x0ee00
#define FDIRCTRL_PBALLOC	0x3u
#define FDIRCTRL_INIT_DONE	BIT(3)
#define FDIRCTRL_PERFECT	BIT(4)
#define FDIRCTRL_REPORT		BIT(5)
#define FDIRCTRL_REPORT_ALWAYS	BIT(7)
#define FDIRSIPV6(i)		(0x0ee0c + 4 * (i))
#define FDIRIPSA		0x0ee18
#define FDIRIPDA		0x0ee1c
#define FDIRPORT		0x0ee20
#define FDIRVLAN		0x0ee24
#define FDIRHASH		0x0ee28
#define FDIRHASH_BUCKET_VALID	BIT(15)
#define FDIRCMD			0x0ee2c
#define FDIRCMD_CMD		0x3u
#define FDIRCMD_CMD_ADD		1u
#define FDIRCMD_CMD_REMOVE	2u
#define FDIRCMD_CMD_QUERY	3u
#define FDIRCMD_FILTER_VALID	BIT(2)
#define FDIRCMD_FILTER_UPDATE	BIT(3)
#define FDIRCMD_L4TYPE(v)	FIELD(v, 6, 5)
#define FDIRCMD_IPV6		BIT(7)
#define FDIRCMD_CLEARHT		BIT(8)
#define FDIRCMD_DROP		BIT(9)
#define FDIRCMD_INT		BIT(10)
#define FDIRCMD_LAST		BIT(11)
#define FDIRCMD_COLLISION	BIT(12)
#define FDIRCMD_QUEUE_EN	BIT(15)
#define FDIRCMD_QUEUE(v)	FIELD(v, 22, 16)
#define FDIRFREE		0x0ee38
#define FDIRDIP4M		0x0ee3c
#define FDIRSIP4M		0x0ee40
#define FDIRTCPM		0x0ee44
#define FDIRUDPM		0x0ee48
#define FDIRLEN			0x0ee4c
#define FDIRLEN_MAXLEN		0x0000003fu
#define FDIRLEN_BUCKET_LEN	0x00003f00u
#define FDIRLEN_MAXHASH_SHIFT	16
#define FDIRUSTAT		0x0ee50
#define FDIRFSTAT		0x0ee54
#define FDIRMATCH		0x0ee58
#define FDIRMISS		0x0ee5c
#define FDIRHKEY		0x0ee68
#define FDIRSKEY		0x0ee6c
#define FDIRM			0x0ee70
#define FDIRM_VLANID		BIT(0)
#define FDIRM_VLANP		BIT(1)
#define FDIRM_POOL		BIT(2)
#define FDIRM_L4P		BIT(3)
#define FDIRM_FLEX		BIT(4)
#define FDIRM_DIPV6		BIT(5)
#define FDIRIP6M		0x0ee74

/* 8.2.3.23 Statistics */
#define CRCERRS			0x04000
#define ERRBC			0x04008
#define MSPDC			0x04010
#define RLEC			0x04040
#define MPC(i)			(0x03fa0 + 4 * (i))
#define PRC64			0x0405c
#define GPRC			0x04074
#define BPRC			0x04078
#define MPRC			0x0407c
#define GPTC			0x04080
#define GORCL			0x04088
#define GORCH			0x0408c
#define GOTCL			0x04090
#define GOTCH			0x04094
#define RUC			0x040a4
#define RFC			0x040a8
#define ROC			0x040ac
#define RJC			0x040b0
#define TORL			0x040c0
#define TORH			0x040c4
#define TPR			0x040d0
#define TPT			0x040d4
#define PTC64			0x040d8
#define MPTC			0x040f0
#define BPTC			0x040f4
#define XEC			0x04120
#define LXONTXC			0x03f60
#define LXOFFTXC		0x03f68
#define LXONRXCNT		0x041a4
#define LXOFFRXCNT		0x041a8
#define RXNFGPC			0x041b0
#define RXNFGBCL		0x041b4
#define RXNFGBCH		0x041b8
#define RXDGPC			0x02f50
#define RXDGBCL			0x02f54
#define RXDGBCH			0x02f58
#define RXLPBKGPC		0x02f68
#define RXLPBKGBCL		0x02f6c
#define RXLPBKGBCH		0x02f70
#define TXDGPC			0x087a0
#define TXDGBCL			0x087a4
#define TXDGBCH			0x087a8
#define SSVPC			0x08780
#define QPRC(i)			(0x01030 + 0x40 * (i))
#define QBRC_L(i)		(0x01034 + 0x40 * (i))
#define QBRC_H(i)		(0x01038 + 0x40 * (i))
#define QPRDC(i)		(0x01430 + 0x40 * (i))
#define QPTC(i)			(0x08680 + 4 * (i))
#define QPTC_ALIAS(i)		(0x06030 + 0x40 * (i))
#define QBTC_L(i)		(0x08700 + 8 * (i))
#define QBTC_H(i)		(0x08704 + 8 * (i))

#endif /* NIC82599_REGS_H */
