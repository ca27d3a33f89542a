// SPDX-License-Identifier: GPL-2.0
/*
 * Prints docs/device-model-registers.md: the prose from here, the tables from
 * the register tables, so that the two cannot part.
 */
#include <stdio.h>

#include "../nic_priv.h"

static const char head[] =
"<!-- Made by `make -C userspace/nic82599 doc` from the register tables. -->\n"
"# Device model: registers and behaviours of the 82599\n"
"\n"
"`userspace/nic82599` models one Intel 82599 (8086:10fb, SFP+) with two ports.\n"
"This page says what of it there is. Names and sections are those of the Intel\n"
"82599 10 GbE Controller Datasheet, revision 3.0.\n"
"\n"
"## Units\n"
"\n"
"| datasheet | unit | state |\n"
"|---|---|---|\n"
"| 3.7, 8.2.3.22 | MAC, SFI link | 10 Gb/s serial; loopback (HLREG0.LPBK); frame limits; padding. Backplane and 1 Gb/s modes: no link |\n"
"| 3.7.7 | link flow control | XOFF/XON from the packet buffer's thresholds, received ones stop the transmitter. Priority flow control: storage |\n"
"| 3.5 | SFP+ module | 10GBASE-SR at A0h, diagnostics at A2h, bit-banged I2C; TX_DISABLE (SDP3) darkens the wire |\n"
"| 3.6, 6 | EEPROM | image with checksum, MAC addresses, part number, SFP+ initialization list; EERD, EEWR, bit-banged SPI. No flash |\n"
"| 4.2 | resets | CTRL.RST, CTRL.LRST, function-level reset, master disable |\n"
"| 7.1.1 | receive filtering | 128 exact addresses, multicast and unicast hash tables, promiscuous modes, VLAN table |\n"
"| 7.1.2 | queue assignment | Ethernet type, SYN, 128 L3/L4 5-tuple filters, Flow Director (signature, perfect), RSS with 16 queues. No DCB, no virtualization, no FCoE |\n"
"| 7.1.4 | packet buffer | one of RXPBSIZE(0) bytes; head-of-line blocking without SRRCTL.DROP_EN; misses and drops counted |\n"
"| 7.1.5, 7.1.6 | receive descriptors | legacy, advanced with one buffer, all 128 queues, packets over many descriptors. Header split: treated as one buffer and logged |\n"
"| 7.1.11 | receive checksums | IPv4, TCP, UDP, SCTP; fragments' payload sum with RXCSUM.PCSD off; a UDP checksum of zero is reported as an error, as the hardware does |\n"
"| 7.2.3 | transmit descriptors | legacy, advanced, context; all 128 queues (64 unless MTQC says otherwise); status and head write-back; round robin by packet |\n"
"| 7.2.4 | segmentation | TCP and UDP, IPv4 and IPv6, TCP flag masks |\n"
"| 7.2.5 | transmit checksums | IPv4, TCP, UDP, SCTP; legacy CSS/CSO |\n"
"| 7.3 | interrupts | MSI-X with 64 vectors, MSI, INTx; auto-clear, auto-mask, EITR throttling. No low latency interrupts, no TCP timer |\n"
"| 7.4 | VLAN | insertion, stripping, filtering. No double VLAN |\n"
"| 7.9 | time sync | registers are storage, the clock stands still |\n"
"| 7.10 | virtualization | absent, switching it on is logged |\n"
"| 7.11 | receive side coalescing | may be switched on, never coalesces |\n"
"| 7.12, 7.8 | IPsec, MACsec | storage |\n"
"| 10 | manageability | valid firmware without functions; semaphores |\n"
"\n"
"Where the datasheet leaves a choice: of filters with the same priority the one\n"
"with the lower number wins; the SYN filter takes segments with SYN and without\n"
"ACK; a frame that could never fit its ring is dropped and counted in QPRDC;\n"
"the two ports have semaphores of their own.\n"
"\n"
"## What software does wrong\n"
"\n"
"The first occurrence of each is logged, all are bounded and most are counted in\n"
"the log's last lines: DMA without bus mastering (nothing moves), addresses\n"
"outside guest memory (that transfer is lost), a tail outside the ring (ignored),\n"
"a queue enabled with length or buffer size 0 (stays disabled), a ring not\n"
"aligned to 128 bytes (low bits dropped), descriptors of unknown type, without\n"
"their context, or whose lengths don't fit (packet dropped, descriptor given\n"
"back), transmit queues above 63 while MTQC has 64, MTQC written while the\n"
"arbiter runs. A register that no table has reads as zero, and its offset is\n"
"logged.\n"
"\n"
"## Registers\n"
"\n"
"- **modelled**: reading or writing it does what the datasheet says, within the\n"
"  units above\n"
"- **counter**: counts, cleared by reading; **counter, zero**: what it would count\n"
"  doesn't happen here\n"
"- **constant**: read only, with the value given\n"
"- **storage**: keeps what is written, nothing comes of it; logged once when it is\n"
"  set to other than its reset value\n"
"- **alias**: a second address\n";

static const char *state_of(const struct reg_def *d)
{
	if (d->alias)
		return "alias";
	if (d->flags & RF_STORE)
		return "storage";
	if (d->flags & RF_NEVER)
		return "counter, zero";
	if (d->flags & RF_RC)
		return "counter";
	if (!d->wmask && !d->rd && !d->wr)
		return "constant";
	return "modelled";
}

static void print_def(const struct reg_def *d)
{
	if (d->count > 1)
		printf("| %s[%u..%u] | 0x%05x + %u n | %s |", d->name, d->first,
		       d->first + d->count - 1, d->off, d->stride, state_of(d));
	else
		printf("| %s | 0x%05x | %s |", d->name, d->off, state_of(d));
	if (d->alias)
		printf(" of 0x%05x | |\n", d->alias);
	else if (d->flags & RF_RC)
		printf(" | |\n");
	else
		printf(" 0x%08x | 0x%08x |\n", d->reset, d->wmask);
}

struct section {
	const char *title;
	const struct reg_table *table;
};

static const struct section sections[] = {
	{ "General control (8.2.3.1)", &regs_general },
	{ "SFP+ module (8.2.3.1)", &regs_sfp },
	{ "EEPROM, semaphores (8.2.3.2, 8.2.3.4)", &regs_nvm },
	{ "Flow control (8.2.3.3)", &regs_flow },
	{ "Interrupts (8.2.3.5)", &regs_irq },
	{ "Receive filters (8.2.3.7)", &regs_filter },
	{ "Flow Director (8.2.3.21)", &regs_fdir },
	{ "Receive DMA (8.2.3.8)", &regs_rx },
	{ "Transmit (8.2.3.9, 8.2.3.10)", &regs_tx },
	{ "MAC (8.2.3.22)", &regs_mac },
	{ "Statistics (8.2.3.23)", &regs_stats },
	{ "Units that are not modelled", &regs_misc },
};

int main(void)
{
	unsigned int s, i;

	fputs(head, stdout);
	for (s = 0; s < ARRAY_SIZE(sections); s++) {
		printf("\n### %s\n\n", sections[s].title);
		puts("| register | offset | state | reset | writable |");
		puts("|---|---|---|---|---|");
		for (i = 0; i < sections[s].table->nr; i++)
			print_def(&sections[s].table->def[i]);
	}
	return 0;
}
