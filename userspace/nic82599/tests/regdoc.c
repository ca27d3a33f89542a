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
"| 7.1.2 | queue assignment | Ethernet type, SYN, 128 L3/L4 5-tuple filters, Flow Director (signature, perfect), RSS with 16 queues. No DCB, no virtualization on receive, no FCoE |\n"
"| 7.1.4 | packet buffer | one of RXPBSIZE(0) bytes; head-of-line blocking without SRRCTL.DROP_EN; misses and drops counted |\n"
"| 7.1.5, 7.1.6 | receive descriptors | legacy, advanced with one buffer, all 128 queues, packets over many descriptors. Header split: treated as one buffer and logged |\n"
"| 7.1.11 | receive checksums | IPv4, TCP, UDP, SCTP; fragments' payload sum with RXCSUM.PCSD off; a UDP checksum of zero is reported as an error, as the hardware does |\n"
"| 7.2.3 | transmit descriptors | legacy, advanced, context; status and head write-back |\n"
"| 7.2.1.2 | transmit queues | 64, or 128 by MTQC: 4 or 8 traffic classes, 32 or 64 pools, both. Classes round robin or by credits (RTTDCS.TDPAC, RTTDT2C), queues of a class round robin by packet. A class sends what its packet buffer (TXPBSIZE, laid out in 160 KB) has room for |\n"
"| 7.7.2.1 | transmit rate scheduler | per queue, RTTBCNRC and RTTBCNRM.MMW_SIZE, in the model's time: see below |\n"
"| 7.2.4 | segmentation | TCP and UDP, IPv4 and IPv6, TCP flag masks |\n"
"| 7.2.5 | transmit checksums | IPv4, TCP, UDP, SCTP; legacy CSS/CSO |\n"
"| 7.3 | interrupts | MSI-X with 64 vectors, MSI, INTx; auto-clear, auto-mask, EITR throttling. No low latency interrupts, no TCP timer |\n"
"| 7.4 | VLAN | insertion, stripping, filtering. No double VLAN |\n"
"| 7.9 | time sync | registers are storage, the clock stands still |\n"
"| 7.10 | virtualization | absent but for the transmit queues of pools, switching it on is logged |\n"
"| 7.11 | receive side coalescing | may be switched on, never coalesces |\n"
"| 7.12, 7.8 | IPsec, MACsec | storage |\n"
"| 10 | manageability | valid firmware without functions; semaphores |\n"
"\n"
"Which queue a packet gets (7.1.2): an Ethernet type filter's, else the SYN\n"
"filter's if SYNQF.SYNQFP, else the first L3/L4 filter's by priority, else the\n"
"SYN filter's, else a Flow Director filter's, else that of RSS.\n"
"\n"
"Flow Director: PBALLOC takes 64, 128 or 256 KB from the receive packet buffer\n"
"for 2046, 4094 or 8190 perfect filters (four times as many by signature);\n"
"RXPBSIZE(0..7) must leave it free, else it is logged and buffer 0 is cut. The\n"
"bucket hash is the software's. There is one set of masks; a filter with bits in\n"
"masked fields matches nothing and is logged. Query, collisions, the longest list,\n"
"a full table and its threshold are reported as the datasheet says. Perfect filters\n"
"are for IPv4.\n"
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
"back), transmit queues that MTQC does not have or whose traffic class has no\n"
"packet buffer or no credits (nothing is sent), frames larger than that buffer\n"
"(the queue stands still), TXPBTHRESH without room for a frame, RTTDCS.BPBFSM\n"
"with DCB, MTQC written while the arbiter runs, FDIRCTRL written again without\n"
"FDIRCMD.CLEARHT. A register that no table has reads as zero, and its offset is\n"
"logged.\n"
"\n"
"## Transmit rate limit\n"
"\n"
"RTTDQSEL selects a queue, RTTBCNRC limits it: with RS_ENA, a frame may start no\n"
"earlier than the length of the one before times the rate factor (RF_INT.RF_DEC,\n"
"10.14 bits, 10 Gb/s over the rate wanted) after that one's start. Length is that\n"
"of the layer 2 frame with FCS, without preamble and gap. Time is CLOCK_MONOTONIC.\n"
"A queue that has packets all the time gets its rate exactly on average: where the\n"
"model is late it catches up by 30 ms at most (a limited queue is looked at every\n"
"20 us at most, so its ring should hold what goes out in that time). What a queue did\n"
"not use because it was empty, or because the link was down or paused, is lost but\n"
"for MMW_SIZE KB.\n"
"The segments of one TSO packet leave together, and their time is added up. Other\n"
"queues are not affected.\n"
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
