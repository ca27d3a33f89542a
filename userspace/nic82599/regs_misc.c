// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of units which are not modelled, but whose registers drivers set up
 * or read in passing: PCIe tuning, wake-up, manageability, time sync, MACsec,
 * IPsec, mailboxes, memory ECC.
 */
#include "regs_table.h"

/* GCR_EXT.Buffers_Clear_Func throws away what waits inside (4.2.1.7). */
static void gcr_ext_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	if (val & ~old & GCR_EXT_BUFFERS_CLEAR)
		fifo_clear(&n->fifo);
}

static const struct reg_def defs[] = {
	/* PCIe: 8.2.3.4 */
	ST("GCR", GCR, 0, ALL32),
	RO("GSCL_1", 0x11010, 0),
	RO("GSCL_2", 0x11014, 0),
	ST("GSCL_5", 0x11030, 0, ALL32),
	ST("GSCL_6", 0x11034, 0, ALL32),
	ST("GSCL_7", 0x11038, 0, ALL32),
	ST("GSCL_8", 0x1103c, 0, ALL32),
	ST("PHYADR", 0x11040, 0, ALL32),
	ST("PHYDAT", 0x11044, 0, ALL32),
	ST("PHYCTL", 0x11048, 0, ALL32),
	HK("GCR_EXT", GCR_EXT, 0, 0xc0000007, NULL, gcr_ext_wr),
	RO("MREVID", 0x11064, 1),
	ST("PCIEECCCTL", 0x1106c, 0, ALL32),
	RO("DCA_ID", 0x11070, 0),
	ST("DCA_CTRL", 0x11074, 0x00000001, 0x0000001f),
	ST("CIAA", 0x11088, 0, ALL32),
	ST("CIAD", 0x1108c, 0, ALL32),
	ROA("PCIE_DIAG", 0x11090, 8, 4, 0),
	RO("PICAUSE", PICAUSE, 0),
	ST("CDQ_MBR", 0x110b4, 0, ALL32),
	ST("PIENA", 0x110b8, 0, ALL32),
	RO("BARCTRL", 0x110f4, 0),
	/* Wake-up: 8.2.3.24 */
	ST("WUC", 0x05800, 0, 0x0000001f),
	ST("WUFC", 0x05808, 0, ALL32),
	RO("WUS", 0x05810, 0),
	ST("IPAV", 0x05838, 0, ALL32),
	STA("IP4AT", 0x05840, 8, 4, 0, ALL32),
	STA("IP6AT", 0x05880, 4, 4, 0, ALL32),
	ST("WUPL", 0x05900, 0, ALL32),
	/* Manageability: 8.2.3.25 */
	ST("MANC", 0x05820, 0, ALL32),
	ST("MFVAL", 0x05824, 0, ALL32),
	ST("MANC2H", 0x05860, 0, ALL32),
	STA("MDEF", 0x05890, 8, 4, 0, ALL32),
	STA("MDEF_EXT", 0x05160, 8, 4, 0, ALL32),
	RO("HICR", 0x15f00, 0),
	RO("FWSTS", 0x15f0c, 0),
	/* Time sync: 8.2.3.26 */
	ST("TSYNCRXCTL", 0x05188, 0, 0x0000001e),
	ST("RXMTRL", 0x05120, 0, ALL32),
	RO("RXSTMPL", 0x051e8, 0),
	RO("RXSTMPH", 0x051a4, 0),
	RO("RXSATRL", 0x051a0, 0),
	RO("RXSATRH", 0x051a8, 0),
	ST("TSYNCTXCTL", 0x08c00, 0, 0x00000010),
	RO("TXSTMPL", 0x08c04, 0),
	RO("TXSTMPH", 0x08c08, 0),
	ST("SYSTIML", 0x08c0c, 0, ALL32),
	ST("SYSTIMH", 0x08c10, 0, ALL32),
	ST("TIMINCA", 0x08c14, 0, ALL32),
	ST("TIMADJL", 0x08c18, 0, ALL32),
	ST("TIMADJH", 0x08c1c, 0, ALL32),
	ST("TSAUXC", 0x08c20, 0, ALL32),
	ST("TRGTTIML0", 0x08c24, 0, ALL32),
	ST("TRGTTIMH0", 0x08c28, 0, ALL32),
	ST("TRGTTIML1", 0x08c2c, 0, ALL32),
	ST("TRGTTIMH1", 0x08c30, 0, ALL32),
	RO("AUXSTMPL0", 0x08c3c, 0),
	RO("AUXSTMPH0", 0x08c40, 0),
	RO("AUXSTMPL1", 0x08c44, 0),
	RO("AUXSTMPH1", 0x08c48, 0),
	ST("TSSDP", 0x0003c, 0, ALL32),
	/* MACsec and IPsec: 8.2.3.13, 8.2.3.14 */
	RO("LSECTXCAP", 0x08a00, 0),
	ST("LSECTXCTRL", 0x08a04, 0, ALL32),
	RO("LSECRXCAP", 0x08f00, 0),
	ST("LSECRXCTRL", 0x08f04, 0, ALL32),
	ST("IPSTXIDX", 0x08900, 0, ALL32),
	ST("IPSTXSALT", 0x08904, 0, ALL32),
	STA("IPSTXKEY", 0x08908, 4, 4, 0, ALL32),
	ST("IPSRXIDX", 0x08e00, 0, ALL32),
	STA("IPSRXIPADDR", 0x08e04, 4, 4, 0, ALL32),
	ST("IPSRXSPI", 0x08e14, 0, ALL32),
	ST("IPSRXIPIDX", 0x08e18, 0, ALL32),
	STA("IPSRXKEY", 0x08e1c, 4, 4, 0, ALL32),
	ST("IPSRXSALT", 0x08e2c, 0, ALL32),
	ST("IPSRXMOD", 0x08e30, 0, ALL32),
	/* Virtual function mailboxes: 8.2.3.27 */
	ROA("PFMailbox", 0x04b00, 64, 4, 0),
	ROA("PFMBICR", 0x00710, 4, 4, 0),
	STA("PFMBIMR", 0x00720, 4, 4, 0, ALL32),
	ROA("PFVFLREC", 0x00700, 4, 4, 0),
	STA("PFMBMEM", 0x13000, 1024, 4, 0, ALL32),
	/* ECC of memories: no errors here */
	ST("RXDBUECC", 0x03f70, 0, ALL32),
	ST("TXDBUECC", 0x0cf70, 0, ALL32),
	RO("RXDBUEST", 0x03f74, 0),
	RO("TXDBUEST", 0x0cf74, 0),
	ST("PBTXECC", 0x0c300, 0, ALL32),
	ST("PBRXECC", 0x03300, 0, ALL32),
};

const struct reg_table regs_misc = { defs, ARRAY_SIZE(defs) };
