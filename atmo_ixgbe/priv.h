/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside of the 82599 driver.
 *
 * Queues. The port's first nr_shared receive and transmit queues are the
 * ordinary ones: RSS, NAPI, Linux. All further ones are hardware lanes, whose two
 * queues have the same index. To have 128 transmit queues the 82599 has to be in
 * DCB mode, with four traffic classes (hw.c); reception is not in DCB mode.
 *
 * Locks, outermost first:
 *   RTNL           taken by Linux around ndo_open, ndo_stop, ethtool
 *   port->lock     mutex; start and stop of the hardware, lanes and filters
 *   port->hw_lock  mutex; multi-step accesses (EEPROM, I2C, AUTOC), statistics
 *   netif_addr_lock, lane rx.lock and tx.lock (never both): spinlocks
 *
 * Data path against reset. Ordinary queues: stopping disables NAPI and freezes
 * the transmit queues before it touches a ring. Lanes: the caller is not ours to
 * stop, so each ring has a spinlock, held by the verbs for one batch and by
 * start and stop while they change ring->running; a ring that isn't running gets
 * no tail writes. The lock is uncontended but for these moments, some 20 cycles
 * a batch, which RCU (readers would still have to exclude each other from the
 * restart that rewrites descriptors) would not save.
 */
#ifndef ATMO_IXGBE_PRIV_H
#define ATMO_IXGBE_PRIV_H

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>

#include "../atmo_demux/atmo_demux.h"
#include "../atmo_portmgr/compat.h"
#include "desc.h"
#include "regs.h"
#include "steer.h"

#define ATMO_IXGBE_NAME		"atmo_ixgbe"

#define ATMO_IXGBE_NR_QUEUES	128
#define ATMO_IXGBE_MAX_SHARED	8
#define ATMO_IXGBE_MAX_LANES	(ATMO_IXGBE_NR_QUEUES - 1)
#define ATMO_IXGBE_MAX_VECS	64

/* Descriptors per ring; multiples of 8 (RDLEN and TDLEN are in 128 bytes). */
#define ATMO_IXGBE_MIN_RING	64
#define ATMO_IXGBE_MAX_RING	4096
/* A place for each page: RDLEN can say 65,528 (8.2.3.8.3). */
#define ATMO_IXGBE_MAX_LANE_RX	16384
#define ATMO_IXGBE_DEF_RING	1024

/* What the device may write per descriptor: SRRCTL.BSIZEPACKET, in KB. */
#define ATMO_IXGBE_RX_BUF_KB	2
#define ATMO_IXGBE_RX_BUF_LEN	(ATMO_IXGBE_RX_BUF_KB * 1024)
static_assert(ATMO_FRAME_OFFSET + ATMO_IXGBE_RX_BUF_LEN <= PAGE_SIZE);
static_assert(ATMO_FRAME_MAX <= ATMO_IXGBE_RX_BUF_LEN);

/* Where a transmit lane sends a frame's head from; allocated by the page. */
#define ATMO_IXGBE_HEAD_LEN	256
#define ATMO_IXGBE_HEADS_PER_PAGE	(PAGE_SIZE / ATMO_IXGBE_HEAD_LEN)
static_assert(ATMO_TX_HEAD_MAX + sizeof(u64) <= ATMO_IXGBE_HEAD_LEN);

/* Frames of an ordinary queue up to this length are copied: that is less than mapping. */
#define ATMO_IXGBE_TX_COPY_LEN	128

struct atmo_ixgbe;
struct atmo_ixgbe_queue;

/**
 * struct atmo_ixgbe_rx - a receive ring, ordinary or of a lane
 *
 * Indices run freely. Entry i has its page at page[i & mask]; its descriptor is
 * desc[(i - start) & mask], because the device starts at descriptor 0 again
 * after each reset while the pages stay where they are.
 *
 * @lock: protects everything below against start and stop; lanes only (NAPI is
 *	disabled meanwhile)
 * @desc: descriptors, coherent memory
 * @page: owner of each posted page; NULL outside [clean, use)
 * @tail: RDT of this queue
 * @dev: DMA device
 * @clean: next entry to look at
 * @use: next entry to post
 * @mask: ring size - 1
 * @tailed: @use as last told to the device
 * @running: the device has the ring
 * @in_multi: the entry at @clean continues a frame
 * @reg: hardware queue index
 * @rxdctl: RXDCTL of the queue while it is off
 */
struct atmo_ixgbe_rx {
	spinlock_t lock;	/* protects all but the cold fields */
	union ixgbe_rx_desc *desc;
	struct atmo_page **page;
	u32 __iomem *tail;
	struct device *dev;
	u32 clean;
	u32 use;
	u32 mask;
	u32 tailed;
	bool running;
	bool in_multi;
	u16 reg;
	/* cold */
	u32 rxdctl;
	dma_addr_t dma;
	u64 lost;	/* frames received but not returned before a reset */
};

/**
 * struct atmo_ixgbe_tx_frame - a place for a frame in a lane's transmit ring
 * @page: to be recycled; or, with the lowest bit set, to be yielded, if there is one
 * @end: of one that reports: descriptor after its last one, as a free-running index
 * @report: of the first frame after a report, the one that reports next
 * @head: ATMO_IXGBE_HEAD_LEN bytes that a head is sent from; constant
 * @head_dma: its bus address; constant
 */
struct atmo_ixgbe_tx_frame {
	unsigned long page;
	u32 end;
	u32 report;
	u8 *head;
	dma_addr_t head_dma;
};

/**
 * struct atmo_ixgbe_ltx - the transmit ring of a lane
 *
 * Frames and descriptors have rings of their own: after a reset descriptors
 * start at 0 again, while frames keep their order until they are yielded.
 * All indices run freely: clean <= done <= next for frames.
 *
 * @lock: protects everything below against start and stop
 * @desc: descriptors, coherent memory
 * @frame: what is in flight, ring of frame_mask + 1
 * @tail: TDT of this queue
 * @dev: DMA device
 * @next: next frame to send
 * @done: frames before this one have been sent, or never will be
 * @clean: next frame to yield
 * @nr_paged: frames from @clean on that have a page
 * @use: next descriptor to write
 * @free: descriptors before this one are the driver's again
 * @mask: descriptors - 1
 * @frame_mask: frames - 1
 * @running: the device has the ring
 * @reg: hardware queue index
 */
struct atmo_ixgbe_ltx {
	spinlock_t lock;	/* protects all but the cold fields */
	union ixgbe_tx_desc *desc;
	struct atmo_ixgbe_tx_frame *frame;
	u32 __iomem *tail;
	struct device *dev;
	u32 next;
	u32 done;
	u32 clean;
	u32 nr_paged;
	u32 use;
	u32 free;
	u32 mask;
	u32 frame_mask;
	bool running;
	u16 reg;
	/* cold */
	dma_addr_t dma;
	u32 hang_done;	/* @done as the watchdog saw it last */
	u8 hang_ticks;
};

/**
 * struct atmo_lane - a hardware lane
 * @port: its port
 * @owner: for atmo_lane_wake(); NULL: an idle lane, see lane.c
 * @retired: to be closed, and not to be started again; under port->lock
 * @rx_known: the device was told of the receive ring since its last reset, whether it has
 *	it now or not; under port->lock
 * @tx_on: the device has the transmit ring, perhaps empty; under port->lock
 * @rx: receive ring
 * @tx: transmit ring
 * @armed: a wake-up is owed
 * @vec: interrupt vector; NULL only while opening
 * @vec_link: in vec->lanes (RCU; unlinked before synchronize_irq())
 * @rate: RTTBCNRC of its transmit queue; under port->lock
 * @rx_frames: frames returned; written under rx.lock
 * @tx_frames: frames sent; written under tx.lock
 */
struct atmo_lane {
	struct atmo_ixgbe *port;
	void *owner;
	bool retired;
	bool rx_known;
	bool tx_on;
	struct atmo_ixgbe_rx rx;
	struct atmo_ixgbe_ltx tx;
	int armed;
	struct atmo_ixgbe_vec *vec;
	struct list_head vec_link;
	u32 rate;
	u64 rx_frames;
	u64 tx_frames;
};

/**
 * struct atmo_ixgbe_vec - an MSI-X vector; number 0 is for other causes
 * @port: its port
 * @queues: bit per ordinary queue it serves
 * @lanes: lanes it serves; RCU, written under port->lock
 * @index: MSI-X entry, bit in EIMS
 * @nr_lanes: length of @lanes
 * @interval: microseconds between interrupts, as in EITR; in the vector's context, or
 *	under port->lock
 * @requested: request_irq() was done
 * @name: for /proc/interrupts
 */
struct atmo_ixgbe_vec {
	struct atmo_ixgbe *port;
	unsigned long queues;
	struct list_head lanes;
	u16 index;
	u16 nr_lanes;
	u16 interval;
	bool requested;
	char name[IFNAMSIZ + 24];
};

/**
 * struct atmo_ixgbe_tx_buf - one descriptor of an ordinary transmit ring
 * @skb: on a frame's last descriptor, unless the frame was copied
 * @frame_len: bytes of the frame, on its last descriptor; 0 on the others
 * @dma: mapping; len 0: none (context descriptor, copied frame)
 * @len: mapped bytes
 * @single: mapped by dma_map_single()
 */
struct atmo_ixgbe_tx_buf {
	struct sk_buff *skb;
	u32 frame_len;
	DEFINE_DMA_UNMAP_ADDR(dma);
	u32 len;
	bool single;
};

/**
 * struct atmo_ixgbe_tx - an ordinary transmit ring
 * @desc: descriptors, coherent memory
 * @buf: what is mapped
 * @copies: ATMO_IXGBE_TX_COPY_LEN bytes for each descriptor, coherent memory, or NULL
 * @tail: TDT of this queue
 * @context: value of the context in the device, all ones: none
 * @use: next descriptor to write; by ndo_start_xmit
 * @sent: descriptors before this one belong to complete frames
 * @clean: next descriptor to reclaim; by NAPI
 * @mask: ring size - 1
 * @reg: hardware queue index
 */
struct atmo_ixgbe_tx {
	union ixgbe_tx_desc *desc;
	struct atmo_ixgbe_tx_buf *buf;
	u8 *copies;
	u32 __iomem *tail;
	u64 context;
	u32 use;
	u32 sent;
	u32 clean;
	u32 mask;
	u16 reg;
	dma_addr_t dma;
	dma_addr_t copies_dma;
};

/* Why the ordinary receive path let go of a frame without passing it on. */
enum atmo_ixgbe_rx_drop {
	ATMO_IXGBE_RX_HW_ERROR,		/* MAC error or impossible length */
	ATMO_IXGBE_RX_MULTI_DESC,	/* longer than a buffer */
	ATMO_IXGBE_RX_RUNT,		/* shorter than an Ethernet header */
	ATMO_IXGBE_RX_NO_SKB,		/* out of memory */
	ATMO_IXGBE_RX_DEMUX,		/* dropped by the demultiplexer */
	ATMO_IXGBE_NR_RX_DROPS,
};

/**
 * struct atmo_ixgbe_queue_stats - software counters of an ordinary queue
 * @rx_packets: frames to Linux
 * @rx_bytes: their bytes
 * @rx_taken: frames that the demultiplexer took
 * @rx_csum_bad: frames with a bad checksum by the NIC's account
 * @rx_drop: frames dropped
 * @rx_sync: writer is NAPI
 * @tx_packets: frames sent
 * @tx_bytes: their bytes
 * @tx_drop: frames that could not be mapped or were malformed
 * @tx_busy: ring found full
 * @tx_sync: writer is ndo_start_xmit
 */
struct atmo_ixgbe_queue_stats {
	u64 rx_packets;
	u64 rx_bytes;
	u64 rx_taken;
	u64 rx_csum_bad;
	u64 rx_drop[ATMO_IXGBE_NR_RX_DROPS];
	struct u64_stats_sync rx_sync;
	u64 tx_packets;
	u64 tx_bytes;
	u64 tx_drop;
	u64 tx_busy;
	struct u64_stats_sync tx_sync;
};

/* Frames of an ordinary queue that are handled together. */
#define ATMO_IXGBE_RX_CHUNK	32

/**
 * struct atmo_ixgbe_rx_chunk - these frames; not on the stack, which is cleared first
 * @nr: how many
 * @first: place of the first one's descriptor, the others' follow
 * @frame: as they came
 * @verdict: of each, the demultiplexer's
 */
struct atmo_ixgbe_rx_chunk {
	u32 nr;
	u32 first;
	struct atmo_rx_frame frame[ATMO_IXGBE_RX_CHUNK];
	enum atmo_verdict verdict[ATMO_IXGBE_RX_CHUNK];
};

/**
 * struct atmo_ixgbe_queue - an ordinary queue pair
 * @port: its port
 * @napi: cleans both rings
 * @vec: its vector
 * @index: number, also hardware queue index and netdev queue
 * @rx: receive ring
 * @chunk: NAPI's at work
 * @tx: transmit ring
 * @stats: survives close
 */
struct atmo_ixgbe_queue {
	struct atmo_ixgbe *port;
	struct napi_struct napi;
	struct atmo_ixgbe_vec *vec;
	u16 index;
	struct atmo_ixgbe_rx rx;
	struct atmo_ixgbe_rx_chunk chunk;
	struct atmo_ixgbe_tx tx;
	struct atmo_ixgbe_queue_stats stats;
};

/* Sum of the device's counters, which are cleared by reading. */
struct atmo_ixgbe_hw_stats {
	u64 rx_good_packets;
	u64 rx_good_bytes;
	u64 rx_broadcast;
	u64 rx_multicast;
	u64 rx_missed;
	u64 rx_queue_dropped;
	u64 rx_crc_errors;
	u64 rx_illegal_bytes;
	u64 rx_error_bytes;
	u64 rx_length_errors;
	u64 rx_undersize;
	u64 rx_fragments;
	u64 rx_oversize;
	u64 rx_jabber;
	u64 rx_checksum_errors;
	u64 rx_short_discard;
	u64 rx_local_faults;
	u64 rx_remote_faults;
	u64 rx_xon;
	u64 rx_xoff;
	u64 rx_fdir_match;
	u64 rx_fdir_miss;
	u64 tx_good_packets;
	u64 tx_good_bytes;
	u64 tx_broadcast;
	u64 tx_multicast;
};

/* Kinds of SFP+ modules; values as in the EEPROM's list, for port 0. */
enum atmo_ixgbe_sfp {
	ATMO_IXGBE_SFP_NONE = 0,
	ATMO_IXGBE_SFP_DA_PASSIVE = 3,
	ATMO_IXGBE_SFP_OPTICAL = 5,
	ATMO_IXGBE_SFP_DA_ACTIVE = 7,
	ATMO_IXGBE_SFP_REFUSED = 0xfe,
	ATMO_IXGBE_SFP_UNKNOWN = 0xff,	/* not looked at yet */
};

/**
 * struct atmo_ixgbe - a port
 * @pdev: PCI function
 * @dev: its device, for DMA
 * @netdev: its network device
 * @nic: registration with the demultiplexer; read by NAPI under RCU
 * @nic_ops: what is registered: max_lanes differs from port to port
 * @bar: registers
 * @removed: the device has left the bus; only ever set
 * @up: hardware is running; written under @lock
 * @link: carrier as last reported; watchdog only
 * @nr_shared: ordinary queue pairs
 * @nr_lanes: hardware lanes
 * @nr_vecs: MSI-X vectors granted
 * @lock: protects @lane, @filter, @fdir, @raw, vectors' lists, start and stop
 * @hw_lock: protects multi-step accesses and @hw_stats
 * @queue: ordinary queues
 * @lane: lanes by index, open and idle ones; queue nr_shared + index
 * @nr_retired: of these, how many are being closed
 * @nr_idle: of these, how many are idle
 * @filter: shadows of the 5-tuple filters
 * @fdir: Flow Director
 * @raw: lane that gets what would go to the ordinary queues; NULL: none
 * @vec: interrupt vectors
 * @watchdog: link, statistics, SFP+ insertion, removal; runs while up
 * @reset_work: stop and start again
 * @hw_stats: sums
 * @rx_ring_len: descriptors of the ordinary receive rings
 * @tx_ring_len: descriptors of the ordinary transmit rings
 * @sfp: module found
 * @lan_id: port number in the chip
 * @sfp_age: watchdog ticks since the SFP+ slot was looked at
 * @sfp_changed: a module was plugged in or out; set by the interrupt handler
 * @nr_rar: receive addresses in the device; under netif_addr_lock
 * @msg_enable: NETIF_MSG_*
 * @resets: times that the hardware was reset for an error
 * @closed_rx_frames: sum of the lanes closed; these three under @lock
 * @closed_tx_frames: likewise
 * @closed_rx_lost: likewise
 * @rss_key: RSS hash key
 */
struct atmo_ixgbe {
	struct pci_dev *pdev;
	struct device *dev;
	struct net_device *netdev;
	struct atmo_nic __rcu *nic;
	struct atmo_nic_ops nic_ops;
	u8 __iomem *bar;
	bool removed;
	bool up;
	bool link;
	u16 nr_shared;
	u16 nr_lanes;
	u16 nr_vecs;
	struct mutex lock;	/* protects start, stop, lanes, filters */
	struct mutex hw_lock;	/* protects multi-step accesses, hw_stats */
	struct atmo_ixgbe_queue *queue[ATMO_IXGBE_MAX_SHARED];
	struct atmo_lane *lane[ATMO_IXGBE_MAX_LANES];
	u16 nr_retired;
	u16 nr_idle;
	struct atmo_ixgbe_rule filter[IXGBE_NR_5TUPLE];
	struct atmo_ixgbe_fdir fdir;
	struct atmo_lane *raw;
	struct atmo_ixgbe_vec vec[ATMO_IXGBE_MAX_VECS];
	struct delayed_work watchdog;
	struct work_struct reset_work;
	struct atmo_ixgbe_hw_stats hw_stats;
	u32 rx_ring_len;
	u32 tx_ring_len;
	enum atmo_ixgbe_sfp sfp;
	u8 lan_id;
	u8 sfp_age;
	bool sfp_changed;
	u16 nr_rar;
	u32 msg_enable;
	u64 resets;
	u64 closed_rx_frames;
	u64 closed_tx_frames;
	u64 closed_rx_lost;
	u32 rss_key[IXGBE_RSSRK_REGS];
};

/* ---- Register access ---- */

u32 atmo_ixgbe_suspect(struct atmo_ixgbe *port, u32 reg);

/* All ones is a sign that the device is gone: looked into before it is used. */
static inline u32 atmo_ixgbe_rd(struct atmo_ixgbe *port, u32 reg)
{
	u32 val;

	if (unlikely(READ_ONCE(port->removed)))
		return IXGBE_REMOVED;
	val = readl(port->bar + reg);
	if (unlikely(val == IXGBE_REMOVED))
		val = atmo_ixgbe_suspect(port, reg);
	return val;
}

static inline void atmo_ixgbe_wr(struct atmo_ixgbe *port, u32 reg, u32 val)
{
	if (likely(!READ_ONCE(port->removed)))
		writel(val, port->bar + reg);
}

static inline void atmo_ixgbe_flush(struct atmo_ixgbe *port)
{
	atmo_ixgbe_rd(port, IXGBE_STATUS);
}

static inline void atmo_ixgbe_set_bits(struct atmo_ixgbe *port, u32 reg, u32 bits)
{
	atmo_ixgbe_wr(port, reg, atmo_ixgbe_rd(port, reg) | bits);
}

static inline void atmo_ixgbe_clear_bits(struct atmo_ixgbe *port, u32 reg, u32 bits)
{
	atmo_ixgbe_wr(port, reg, atmo_ixgbe_rd(port, reg) & ~bits);
}

/* ---- hw.c ---- */
int atmo_ixgbe_hw_poll(struct atmo_ixgbe *port, u32 reg, u32 mask, u32 want,
		       unsigned int step_us, unsigned int steps);
int atmo_ixgbe_hw_reset(struct atmo_ixgbe *port);
int atmo_ixgbe_hw_read_mac(struct atmo_ixgbe *port, u8 *addr);
void atmo_ixgbe_hw_init(struct atmo_ixgbe *port);
void atmo_ixgbe_hw_rx_enable(struct atmo_ixgbe *port, bool on);
void atmo_ixgbe_hw_set_rate(struct atmo_ixgbe *port, u16 reg, u32 rate);
void atmo_ixgbe_hw_set_rar(struct atmo_ixgbe *port, unsigned int i, const u8 *addr);
int atmo_ixgbe_hw_eeprom_read(struct atmo_ixgbe *port, u16 word, u16 *val);
int atmo_ixgbe_hw_sem_get(struct atmo_ixgbe *port, u32 mask);
void atmo_ixgbe_hw_sem_put(struct atmo_ixgbe *port, u32 mask);
/* ---- sfp.c ---- */
void atmo_ixgbe_sfp_identify(struct atmo_ixgbe *port);
void atmo_ixgbe_link_start(struct atmo_ixgbe *port);
void atmo_ixgbe_link_stop(struct atmo_ixgbe *port);
bool atmo_ixgbe_link_up(struct atmo_ixgbe *port);
/* ---- irq.c ---- */
int atmo_ixgbe_irq_init(struct atmo_ixgbe *port);
void atmo_ixgbe_irq_exit(struct atmo_ixgbe *port);
void atmo_ixgbe_irq_start(struct atmo_ixgbe *port);
void atmo_ixgbe_irq_stop(struct atmo_ixgbe *port);
void atmo_ixgbe_irq_unmask(struct atmo_ixgbe_vec *vec);
void atmo_ixgbe_irq_map_lane(struct atmo_lane *lane);
int atmo_ixgbe_irq_add_lane(struct atmo_lane *lane);
void atmo_ixgbe_irq_sync_lane(struct atmo_lane *lane);
void atmo_ixgbe_irq_del_lane(struct atmo_lane *lane);
/* ---- ring.c ---- */
int atmo_ixgbe_queues_create(struct atmo_ixgbe *port);
void atmo_ixgbe_queues_destroy(struct atmo_ixgbe *port);
int atmo_ixgbe_queues_fill(struct atmo_ixgbe *port);
void atmo_ixgbe_queues_empty(struct atmo_ixgbe *port);
int atmo_ixgbe_rx_alloc(struct atmo_ixgbe_rx *rx, u32 len);
void atmo_ixgbe_rx_free(struct atmo_ixgbe_rx *rx);
void atmo_ixgbe_rx_forget(struct atmo_ixgbe_rx *rx);
int atmo_ixgbe_ltx_alloc(struct atmo_ixgbe_ltx *tx, u32 nr_frames);
void atmo_ixgbe_ltx_free(struct atmo_ixgbe_ltx *tx);
void atmo_ixgbe_ltx_forget(struct atmo_ixgbe_ltx *tx);
int atmo_ixgbe_rx_hw_start(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx);
int atmo_ixgbe_rx_hw_restart(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx);
int atmo_ixgbe_rx_hw_stop(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx);
int atmo_ixgbe_tx_hw_start(struct atmo_ixgbe *port, u16 reg, dma_addr_t dma, u32 len);
int atmo_ixgbe_tx_hw_stop(struct atmo_ixgbe *port, u16 reg);
/* ---- rx.c ---- */
void atmo_ixgbe_rx_repost(struct atmo_ixgbe_rx *rx);
bool atmo_ixgbe_rx_waiting(const struct atmo_ixgbe_rx *rx);
u32 atmo_ixgbe_lane_rx_fast(struct atmo_lane *lane, struct atmo_fast_rx *to, u32 n);
u32 atmo_ixgbe_lane_rx_return(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n);
void atmo_ixgbe_rx_tail_lazily(struct atmo_ixgbe_rx *rx);
u32 atmo_ixgbe_rx_post_batch(struct atmo_ixgbe_rx *rx, struct atmo_page *const *pages, u32 n);
void atmo_ixgbe_rx_tail(struct atmo_ixgbe_rx *rx);
int atmo_ixgbe_rx_clean(struct atmo_ixgbe_queue *q, int budget);
static inline u32 atmo_ixgbe_rx_room(const struct atmo_ixgbe_rx *rx)
{
	/* One stays empty: RDH = RDT means that the device has none. */
	return rx->mask - (rx->use - rx->clean);
}

/* Writes a descriptor, with DD clear, for a frame to be received into @page. */
static __always_inline void atmo_ixgbe_rx_fill(struct device *dev, union ixgbe_rx_desc *d,
					       const struct atmo_page *page)
{
	dma_addr_t dma = page->dma;

	dma_sync_single_range_for_device(dev, dma, ATMO_FRAME_OFFSET, ATMO_IXGBE_RX_BUF_LEN,
					 DMA_BIDIRECTIONAL);
	d->read.pkt_addr = cpu_to_le64(dma + ATMO_FRAME_OFFSET);
	d->read.hdr_addr = 0;
}

/* Makes @page entry @i of the ring. */
static __always_inline void atmo_ixgbe_rx_write(struct atmo_ixgbe_rx *rx, u32 i,
						struct atmo_page *page)
{
	const u32 at = i & rx->mask;

	rx->page[at] = page;
	atmo_ixgbe_rx_fill(rx->dev, &rx->desc[at], page);
}

/*
 * Puts a page into the ring, whose it is from now on; there must be room. The device
 * learns of it by atmo_ixgbe_rx_tail().
 */
static __always_inline void atmo_ixgbe_rx_post(struct atmo_ixgbe_rx *rx,
					       struct atmo_page *page)
{
	atmo_ixgbe_rx_write(rx, rx->use, page);
	rx->use++;
}

/* ---- tx.c ---- */
netdev_tx_t atmo_ixgbe_tx_xmit(struct sk_buff *skb, struct net_device *netdev);
bool atmo_ixgbe_tx_clean(struct atmo_ixgbe_queue *q, int budget);
void atmo_ixgbe_tx_drop_all(struct atmo_ixgbe_queue *q);
/* ---- lane.c ---- */
extern const struct atmo_nic_ops atmo_ixgbe_nic_ops;
int atmo_ixgbe_lane_start(struct atmo_lane *lane);
void atmo_ixgbe_lane_freeze(struct atmo_lane *lane);
void atmo_ixgbe_lane_flush(struct atmo_lane *lane);
void atmo_ixgbe_lane_notify(struct atmo_lane *lane);
void atmo_ixgbe_lanes_notify(struct atmo_ixgbe *port);
bool atmo_ixgbe_lane_hung(struct atmo_lane *lane);
void atmo_ixgbe_lanes_remove(struct atmo_ixgbe *port);
/* ---- ltx.c ---- */
u32 atmo_ixgbe_lane_tx_provide(struct atmo_lane *lane, const struct atmo_tx_frame *frames,
			       u32 n);
u32 atmo_ixgbe_lane_tx_fast(struct atmo_lane *lane, struct atmo_fast_tx *from, u32 n);
u32 atmo_ixgbe_lane_tx_return(struct atmo_lane *lane, struct atmo_page **pages, u32 n,
			      u32 *recycled);
void atmo_ixgbe_ltx_restart(struct atmo_ixgbe_ltx *tx);
void atmo_ixgbe_ltx_abandon(struct atmo_ixgbe_ltx *tx);
bool atmo_ixgbe_ltx_is_empty(struct atmo_ixgbe_ltx *tx);
bool atmo_ixgbe_ltx_hung(struct atmo_ixgbe_ltx *tx);
/* ---- netdev.c ---- */
int atmo_ixgbe_port_start(struct atmo_ixgbe *port);
void atmo_ixgbe_port_stop(struct atmo_ixgbe *port);
void atmo_ixgbe_port_reset(struct atmo_ixgbe *port);
void atmo_ixgbe_netdev_init(struct atmo_ixgbe *port);
/* ---- ethtool.c, stats.c ---- */
extern const struct ethtool_ops atmo_ixgbe_ethtool_ops;
void atmo_ixgbe_stats_update(struct atmo_ixgbe *port);
void atmo_ixgbe_stats_get64(struct net_device *netdev, struct rtnl_link_stats64 *s);
int atmo_ixgbe_stats_count(const struct atmo_ixgbe *port);
void atmo_ixgbe_stats_names(const struct atmo_ixgbe *port, u8 *buf);
void atmo_ixgbe_stats_values(struct atmo_ixgbe *port, u64 *val);
u32 atmo_ixgbe_limits(struct atmo_nic *nic, struct atmo_nic_limit *limits, u32 n);
/* ---- pci.c ---- */
int atmo_ixgbe_pci_register(void);
void atmo_ixgbe_pci_unregister(void);

#endif /* ATMO_IXGBE_PRIV_H */
