/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside of the 82599 model. Not for the bus half.
 *
 * State which software sees lives in the register array (reg), except where
 * the data path wants it decoded: rings (struct rxq, struct txq) and interrupt
 * causes and masks (struct irq). Hooks of the register table keep the two in
 * step.
 */
#ifndef NIC82599_PRIV_H
#define NIC82599_PRIV_H

#include "bus.h"
#include "desc.h"
#include "nic.h"
#include "regs.h"
#include "wire.h"

#define NR_QUEUES	128u
#define NR_VECTORS	64u
#define NR_RAR		128u
#define NR_5TUPLE	128u
#define NR_ETQF		8u
#define NR_STAT_QUEUES	16u
#define NR_TCS		8u		/* traffic classes */

#define FRAME_MIN	60u		/* without FCS */
#define FRAME_MAX	16384u		/* larger than any 82599 frame */
#define FCS_LEN		4u
#define ETH_HLEN	14u
#define VLAN_HLEN	4u

#define RX_PB_LEN	(512u * 1024u)	/* the receive packet buffer */

/* It holds that much of frames, our copy headers too */
#define RX_FIFO_BUF_LEN	(1024u * 1024u)

/* One packet of the host, before segmentation: PAYLEN has 18 bits */
#define TX_BUF_LEN	(256u * 1024u + 512u)
#define TX_HEADROOM	16u		/* for a VLAN tag to be inserted */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* A bit per event that is logged the first time it happens in a port. */
enum once {
	ONCE_NO_BME, ONCE_RX_TAIL, ONCE_TX_TAIL, ONCE_RX_LEN0, ONCE_TX_LEN0,
	ONCE_RX_SPLIT, ONCE_TX_BAD_DTYP, ONCE_TX_NO_CONTEXT,
	ONCE_TX_BAD_CONTEXT, ONCE_TX_TOO_LONG, ONCE_TX_EMPTY, ONCE_TX_IPSEC,
	ONCE_TX_NO_TC, ONCE_TX_NO_PB, ONCE_TX_PB_SMALL, ONCE_TX_THRESH,
	ONCE_TX_NO_CREDIT, ONCE_TX_RATE, ONCE_TX_BYPASS,
	ONCE_RX_FAULT, ONCE_TX_FAULT, ONCE_RX_BUF0, ONCE_RSC,
	ONCE_FDIR_MASKED, ONCE_FDIR_AGAIN, ONCE_RX_PB,
	ONCE_DCB, ONCE_VMDQ, ONCE_TX_NOT_READY, ONCE_UNALIGNED,
	ONCE_NR,
};

/* Software's mistakes and the bus's failures, for the log at the end */
struct faults {
	uint64_t rx_dma, tx_dma, no_bme, bad_tail, bad_desc;
};

struct rxq {
	uint64_t base;		/* bus address of the ring */
	uint32_t nr_desc;
	uint32_t head, tail;	/* descriptor numbers */
	uint32_t buf_len;	/* SRRCTL.BSIZEPACKET in bytes */
	uint32_t hdr_len;
	uint8_t desctype;
	bool drop_en;
	bool vlan_strip;
	bool enabled;
	uint8_t vector;		/* IVAR's choice, or NO_VECTOR */
};

#define NO_VECTOR	0xffu

/* What a context descriptor left behind: two of them to a queue */
struct txctx {
	bool valid;
	bool ipv4;
	uint8_t l4t;
	uint16_t vlan;
	uint16_t maclen, iplen, l4len, mss;
};

struct txq {
	uint64_t base;
	uint32_t nr_desc;
	uint32_t head, tail;
	uint64_t head_wb;	/* bus address, or 0 */
	bool enabled;
	bool queued;		/* on the list of those with work left */
	bool held;		/* by its rate, until the timer's end */
	uint8_t tc;		/* traffic class by MTQC, or NO_TC */
	uint8_t vector;
	uint32_t rate;		/* RTTBCNRC */
	uint32_t rttdt1c;
	uint64_t ts_ns;		/* of the rate scheduler: next frame from here */
	uint64_t ready_ns;	/* when nothing but the rate was in the way */
	struct txctx ctx[2];
};

#define NO_TC		0xffu

/* Transmit side of a traffic class */
struct txtc {
	uint8_t work[NR_QUEUES];	/* ring of queues with work left */
	unsigned int head, nr;
	uint32_t pb_len;	/* of its packet buffer, 0: it has none */
	int32_t credits;	/* bytes; a frame may overdraw them */
};

struct rate_timer {
	struct bus_timer timer;
	struct nic *n;
};

/* The packet being sent and the offloads that it wants */
struct txjob {
	bool active;
	bool vlan, ixsm, txsm, tso, legacy_csum;
	bool ipv4;
	uint8_t l4t;
	uint8_t css, cso;	/* legacy checksum: from, to */
	uint16_t tci;
	uint16_t maclen, iplen, l4len, mss;
	uint32_t len;		/* of the host's packet */
	uint32_t pos;		/* TSO: payload sent so far */
	uint16_t nr_segs;	/* TSO: sent so far */
	uint8_t queue;
	uint32_t first, count;	/* its descriptors */
	bool any_rs;		/* in one of them: a report is wanted */
};

struct irq {
	uint64_t q_cause, q_mask;	/* vectors in MSI-X mode, RTxQ bits else */
	uint32_t o_cause, o_mask;	/* bits 30:16 of EICR and EIMS */
	uint64_t q_automask;		/* EIAM */
	uint32_t o_automask;
	bool o_event;			/* other causes to tell of */
	bool intx;			/* level last given to the bus */
	uint64_t next_ns[NR_VECTORS];	/* not before: EITR */
	struct vec_timer {
		struct bus_timer timer;
		struct nic *n;
	} timer[NR_VECTORS];
};

/* What the parser found in a received frame. Offsets from its start. */
struct rxpkt {
	const uint8_t *data;
	uint32_t len;		/* without FCS */
	uint16_t ethertype;	/* after one VLAN tag */
	uint16_t vlan;		/* tag control, host order */
	bool tagged;
	uint16_t l3, l4;
	uint32_t l3_end;	/* where the IP packet ends */
	bool l3_ok;		/* it lies within the frame */
	uint16_t ptype;		/* PTYPE_* */
	uint8_t ip_proto;
	bool fragment;
	bool has_l4;		/* whole L4 header present, not a fragment */
	uint8_t tcp_flags;
	uint16_t sport, dport;
	uint32_t status;	/* RXD_*: extended status and errors */
	uint32_t frag_csum;	/* IP identification, fragment checksum */
	uint32_t hash;
	uint8_t rss_type;
	uint8_t queue;
	uint8_t hdr_len;
};

/* Head of an entry in the receive packet buffer; the frame follows it. */
struct fifo_entry {
	uint32_t len;		/* of the frame */
	uint32_t total;		/* of the entry; 0: the rest is unused, wrap */
	uint32_t status;
	uint32_t hi_dword;	/* RSS hash, fragment checksum or filter id */
	uint32_t pkt_info;	/* RSS type and packet type */
	uint16_t vlan;
	uint16_t hdr_len;
	uint8_t queue;
	bool tagged;
};

struct fifo {
	uint8_t *buf;
	uint32_t size;		/* of buf */
	uint32_t limit;		/* RXPBSIZE: bytes of frames it may hold */
	uint32_t rd, wr;
	uint32_t used;		/* bytes of frames in it */
	uint32_t count;
};

struct sfp {
	uint8_t eeprom[2][256];	/* at A0h and A2h */
	uint8_t offset;
	uint8_t dev;
	uint8_t shift;
	uint8_t nr_bits;
	uint8_t state;
	bool scl, sda_in, sda_out;
	bool first;		/* SCL has not fallen since the start */
	bool sending;
};

struct spi {
	uint32_t shift;		/* bits in */
	uint8_t cur, out;	/* byte going out, and the one after it */
	uint8_t nr_bits;
	uint8_t opcode;
	uint8_t phase;
	uint16_t addr;
	bool wren;
};

#define EEPROM_WORDS	8192u

struct fdir;

/* One L3/L4 filter to compare with: datasheet 7.1.2.5. Words as on the wire */
struct tuple_rule {
	uint32_t saddr, saddr_mask;
	uint32_t daddr, daddr_mask;
	uint32_t ports, ports_mask;
	uint8_t proto;
	bool any_proto;
	uint8_t queue;
};

struct nic {
	unsigned int port;
	struct bus *bus;
	struct wire *wire;
	uint8_t mac[6];

	uint32_t reg[NIC_BAR0_SIZE / 4];
	uint8_t seen[NIC_BAR0_SIZE / 4 / 8];	/* logged as unimplemented */
	bool once[ONCE_NR];
	struct faults faults;

	struct rxq rxq[NR_QUEUES];
	struct txq txq[NR_QUEUES];
	struct irq irq;
	struct fifo fifo;
	uint8_t rxbuf[FRAME_MAX + FCS_LEN];	/* a frame with its FCS */
	bool draining;
	bool rx_on;		/* RXCTRL, SECRXCTRL and the bus allow it */

	unsigned int nr_5tuple;	/* enabled filters */
	struct tuple_rule rule_5tuple[NR_5TUPLE];	/* by falling priority */
	bool stale_5tuple;	/* a register of theirs was written since */
	bool any_etqf;
	uint64_t rar[NR_RAR];	/* valid receive addresses, packed */
	unsigned int nr_rar;
	struct fdir *fdir;
	uint32_t rss_table[36][256];	/* hash of each input byte */
	bool rss_ready;			/* the table fits the key */

	struct bus_timer tx_timer;
	struct txtc txtc[NR_TCS];
	unsigned int tx_work_nr;	/* queues in the lists of all classes */
	unsigned int tx_last_tc;
	struct rate_timer rate[NR_QUEUES];
	uint8_t *txbuf;		/* the packet in job */
	struct txjob tx_job, *job;
	bool tx_running;
	uint8_t segbuf[FRAME_MAX + TX_HEADROOM];

	struct bus_timer refresh_timer;
	bool xoff_sent;
	struct bus_timer pause_timer;
	bool paused;		/* by a received XOFF, until the timer's end */

	struct bus_timer link_timer;
	bool carrier;
	bool link_up;
	bool light;

	uint16_t eeprom[EEPROM_WORDS];
	struct sfp sfp;
	struct spi spi;
	uint16_t mdi_addr;
	uint64_t qbrc[NR_STAT_QUEUES], qbtc[NR_STAT_QUEUES];
};

#define REG(n, off)	((n)->reg[(off) / 4])

/* ---- registers: regs.c ---- */

#define RF_RC	0x01	/* cleared by reading it */
#define RF_RO	0x02	/* writes are dropped */
#define RF_STORE 0x04	/* keeps its value, which nothing in the model uses */
#define RF_KEEP	0x08	/* survives a software reset */
#define RF_NEVER 0x10	/* counter of what can't happen here: stays zero */

/*
 * Some registers, all alike, one after another. A read hook returns the value,
 * a write hook runs after the store and gets the old value and what was
 * written. @i counts from @first.
 */
struct reg_def {
	const char *name;
	uint32_t off;
	uint32_t count, stride;
	uint32_t reset;
	uint32_t wmask;		/* bits that software can write */
	uint32_t flags;
	uint32_t first;
	uint32_t alias;		/* offset of the real registers, or 0 */
	uint32_t alias_stride;
	uint32_t (*rd)(struct nic *n, unsigned int i);
	void (*wr)(struct nic *n, unsigned int i, uint32_t old, uint32_t val);
};

struct reg_table {
	const struct reg_def *def;
	unsigned int nr;
};

extern const struct reg_table regs_general, regs_nvm, regs_rx, regs_filter;
extern const struct reg_table regs_tx, regs_mac, regs_stats, regs_irq;
extern const struct reg_table regs_misc, regs_sfp;
extern const struct reg_table regs_flow, regs_fdir;

int regs_init(void);
void regs_reset(struct nic *n, bool power_on);
const struct reg_def *regs_find(uint32_t off, unsigned int *i);

/* Log the first occurrence of something that software can repeat at will. */
__attribute__((format(printf, 3, 4)))
void nic_once(struct nic *n, enum once what, const char *fmt, ...);

/* ---- nic.c ---- */
bool nic_can_dma(struct nic *n);

/* ---- EEPROM: eeprom.c ---- */
void eeprom_build(struct nic *n);
uint16_t eeprom_checksum(const uint16_t *image, unsigned int words);
void eeprom_load(struct nic *n);

/* ---- SFP+ module: sfp.c ---- */
void sfp_init(struct sfp *s, unsigned int port);

/* ---- MAC and link: mac.c ---- */
void mac_init(struct nic *n);
void mac_stop(struct nic *n);
void mac_reset(struct nic *n, bool link_too);
void mac_update_link(struct nic *n);
void mac_receive(struct nic *n, const uint8_t *frame, uint32_t len,
		 bool loopback);
void mac_transmit(struct nic *n, const uint8_t *frame, uint32_t len);

/* ---- flow control: flow.c ---- */
void flow_init(struct nic *n);
void flow_reset(struct nic *n);
bool flow_receive(struct nic *n, const uint8_t *frame, uint32_t len);
void flow_fifo_changed(struct nic *n);

/* ---- interrupts: irq.c ---- */
void irq_init(struct nic *n);
void irq_reset(struct nic *n);
void irq_queue(struct nic *n, uint8_t vector);
void irq_other(struct nic *n, uint32_t bits);
void irq_update(struct nic *n);

/* ---- receive: rx.c, fifo.c ---- */
void rx_reset(struct nic *n);
void rx_update_on(struct nic *n);
void rx_update_buffer(struct nic *n);
void rx_packet(struct nic *n, struct rxpkt *p);
void rx_drain(struct nic *n);
bool rx_deliver(struct nic *n, const struct fifo_entry *e, const uint8_t *data);
uint32_t rx_nr_free(const struct rxq *q);
uint32_t rx_descs_for(const struct rxq *q, uint32_t len);
bool fifo_put(struct fifo *f, const struct fifo_entry *e, const uint8_t *data);
const struct fifo_entry *fifo_peek(struct fifo *f, const uint8_t **data);
void fifo_release(struct fifo *f);
void fifo_clear(struct fifo *f);

/* ---- parsing and filters: parse.c, filter.c, steer.c, rss.c, fdir.c, fdir_table.c ---- */
void parse_frame(struct rxpkt *p, uint16_t vet);
void parse_checksums(struct rxpkt *p, bool frag_csum);
bool filter_l2(struct nic *n, struct rxpkt *p);
void filter_update_etqf(struct nic *n);
void filter_update_rar(struct nic *n);

/* One L3/L4 filter as its registers have it */
struct tuple_filter {
	uint32_t saqf, daqf, sdpqf, ftqf, l34timir;
};

struct tuple_rule filter_tuple_rule(const struct tuple_filter *f);
const struct tuple_rule *filter_find_5tuple(const struct tuple_rule *rules,
					    unsigned int nr, const struct rxpkt *p);
void steer_queue(struct nic *n, struct rxpkt *p);
uint32_t rss_toeplitz(const uint8_t key[40], const uint8_t *data, size_t len);
void rss_hash(struct nic *n, struct rxpkt *p);

struct fdir *fdir_create(void);
void fdir_destroy(struct fdir *f);
void fdir_reset(struct nic *n);
int fdir_match(struct nic *n, struct rxpkt *p);
uint32_t fdir_memory(struct nic *n);
uint32_t fdir_hash(uint32_t key, const uint32_t input[11]);

/* ---- transmit: tx.c, txarb.c, txoff.c ---- */
void tx_init(struct nic *n);
void tx_reset(struct nic *n);
void tx_kick(struct nic *n, unsigned int q);
void tx_resume(struct nic *n, unsigned int q);
void tx_restart(struct nic *n);
void tx_stop_queue(struct nic *n, unsigned int q);

void txarb_init(struct nic *n);
void txarb_reset(struct nic *n);
void txarb_update(struct nic *n);
void txarb_ready(struct nic *n, unsigned int q);
void txarb_push(struct nic *n, unsigned int q);
int txarb_pop(struct nic *n);
bool txarb_fits(struct nic *n, const struct txjob *j);
void txarb_sent(struct nic *n, unsigned int q, uint32_t len);
void txarb_set_rate(struct nic *n, unsigned int q, uint32_t val);
void txarb_stop_queue(struct nic *n, unsigned int q);

bool txoff_check(struct nic *n, const struct txjob *j);
/* Send the packet or its next segment. True: that was all of it. */
bool txoff_send(struct nic *n, struct txjob *j, uint8_t *buf);

/* ---- checksums: csum.c ---- */
uint32_t csum_add(uint32_t sum, const void *data, size_t len);
uint16_t csum_fold(uint32_t sum);
uint32_t csum_pseudo4(const uint8_t *ip, uint8_t proto, uint32_t l4_len);
uint32_t csum_pseudo6(const uint8_t *ip, uint8_t proto, uint32_t l4_len);
uint32_t crc32c_seed(uint32_t crc, const void *data, size_t len);
uint32_t crc32_fcs(const void *data, size_t len);

/* ---- statistics: stats.c ---- */
void stats_rx_good(struct nic *n, const uint8_t *frame, uint32_t len);
void stats_rx_total(struct nic *n, uint32_t len);
void stats_rx_nonfiltered(struct nic *n, const struct rxpkt *p);
void stats_rx_queue(struct nic *n, unsigned int q, uint32_t len);
void stats_rx_queue_drop(struct nic *n, unsigned int q);
void stats_tx(struct nic *n, const uint8_t *frame, uint32_t len);
void stats_tx_queue(struct nic *n, unsigned int q, uint32_t len);
void stats_inc(struct nic *n, uint32_t off);
void stats_add64(struct nic *n, uint32_t off_lo, uint64_t add);

static inline uint16_t get_be16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t get_be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

static inline void put_be16(void *p, uint16_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static inline void put_be32(void *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16((uint8_t *)p + 2, (uint16_t)v);
}

#endif /* NIC82599_PRIV_H */
