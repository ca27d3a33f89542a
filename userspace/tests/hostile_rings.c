// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong entries and cursors in the shared rings, with an ordinary UDP socket at
 * the other end of the wire. What is wrong is refused and counted, what comes
 * after it works, and nobody else notices.
 */
#include "raw.h"

#define PORT	4100
#define TX_SLOT	40	/* from here on tests send, below they receive */

static struct place place;
static struct sockaddr_in peer_addr;
static int peer;
static const char *lane_name;

static __u64 drops(struct raw *s, enum atmo_drop reason)
{
	return raw_stats(s).drops[reason];
}

static struct atmo_tx_desc to_peer(__u32 slot, __u16 len)
{
	return (struct atmo_tx_desc){
		.slot = slot, .offset = 128, .len = len, .port = peer_addr.sin_port,
		.addr = { place.peer },
	};
}

/* Puts a datagram that names itself into the tx ring. */
static void put_good(struct raw *s, __u32 slot, __u16 len, unsigned char mark)
{
	struct atmo_tx_desc desc = to_peer(slot, len);

	memset(raw_page(s, slot) + desc.offset, mark, len);
	raw_put_tx(s, &desc);
}

/* The peer gets exactly this datagram next, and from the bound address. */
static bool peer_gets(struct raw *s, __u16 len, unsigned char mark)
{
	unsigned char data[2048];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t i, n = recvfrom(peer, data, sizeof(data), 0, (struct sockaddr *)&from,
				&from_len);

	for (i = 0; i < n && data[i] == mark; i++)
		;
	return n == len && i == n && from.sin_addr.s_addr == place.local &&
	       from.sin_port == htons(s->port);
}

static bool receives(struct raw *s, const char *text)
{
	struct atmo_rx_desc desc;

	return raw_receive(s, &desc) && desc.slot < s->info.nr_pages &&
	       desc.len == strlen(text) &&
	       !memcmp(raw_page(s, desc.slot) + desc.offset, text, desc.len);
}

static void send_text(struct raw *s, const char *text)
{
	peer_send(peer, &place, s->port, text, strlen(text));
}

/* Collects completions until none comes for a moment. */
static unsigned int drain_comp(struct raw *s)
{
	struct atmo_comp_desc comp;
	double end = now() + 0.2;
	unsigned int n = 0;

	do {
		raw_batch(s, ATMO_TX_BATCH, 1);
		while (raw_get_comp(s, &comp))
			n++;
	} while (now() < end);
	return n;
}

/* Handles packets without reading the rx ring, until @want are in it. */
static int let_pile_up(struct raw *s, int want)
{
	double end = now() + 4;
	int n = 0;

	while (n < want && now() < end)
		n += raw_batch(s, ATMO_RX_BATCH, want);
	return n;
}

/* ---- Entries ---- */

static void free_entries(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);

	raw_put_free(s, s->info.nr_pages, 0);
	raw_put_free(s, 0xffffffff, 0);
	raw_put_free(s, 3, 1);
	raw_put_free(s, 5, 0);
	raw_put_free(s, 5, 0);
	raw_put_free(s, 6, 0);
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 1), 0, "%s: bad free entries, nothing received",
		 lane_name);
	CHECK_EQ(drops(s, ATMO_DROP_FREE_BAD_SLOT), 3, "%s: bad slots are counted", lane_name);
	CHECK_EQ(drops(s, ATMO_DROP_FREE_NOT_OWNED), 1,
		 "%s: a page given away twice is counted", lane_name);
	CHECK_EQ(raw_cursors(s, ATMO_RING_FREE)->consumer, 6, "%s: all were consumed", lane_name);
	send_text(s, "first");
	send_text(s, "second");
	check(receives(s, "first") && receives(s, "second"), "something else",
	      "%s: the good entries among them receive", lane_name);
	raw_close(s);
}

struct bad_tx {
	const char *name;
	enum atmo_drop reason;
	bool completes;
	struct atmo_tx_desc desc;
};

static void bad_tx_entry(struct raw *s, const struct bad_tx *bad)
{
	__u64 before = drops(s, bad->reason);
	struct atmo_comp_desc comp = { .slot = 0xffffffff };
	static unsigned char mark;

	raw_put_tx(s, &bad->desc);
	put_good(s, TX_SLOT + 1, 100, ++mark);
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 2), 2, "%s: %s: consumed", lane_name, bad->name);
	CHECK_EQ(drops(s, bad->reason) - before, 1, "%s: %s: counted", lane_name, bad->name);
	if (bad->completes)
		check(raw_complete(s, &comp) && comp.slot == bad->desc.slot && comp.status < 0,
		      number(comp.status), "%s: %s: the page comes back", lane_name, bad->name);
	check(raw_complete(s, &comp) && comp.slot == TX_SLOT + 1 && !comp.status,
	      number(comp.slot), "%s: %s: the next entry completes", lane_name, bad->name);
	check(peer_gets(s, 100, mark), "nothing, or something else",
	      "%s: %s: the next entry arrives", lane_name, bad->name);
}

static void tx_entries(__u8 lane)
{
	const struct atmo_tx_desc good = to_peer(TX_SLOT, 64);
	struct raw *s = raw_open(&place, PORT, lane);
	struct bad_tx bad[] = {
		{ "no such slot", ATMO_DROP_TX_BAD_SLOT, false, good },
		{ "slot 2^32 - 1", ATMO_DROP_TX_BAD_SLOT, false, good },
		{ "page of the NIC", ATMO_DROP_TX_NOT_OWNED, false, good },
		{ "offset behind the page", ATMO_DROP_TX_BAD_RANGE, true, good },
		{ "one byte over the edge", ATMO_DROP_TX_BAD_RANGE, true, good },
		{ "offset and length 65535", ATMO_DROP_TX_BAD_RANGE, true, good },
		{ "longer than max_payload", ATMO_DROP_TX_TOO_LONG, true, good },
		{ "reserved field", ATMO_DROP_TX_RESERVED, true, good },
		{ "flag", ATMO_DROP_TX_RESERVED, true, good },
		{ "port 0", ATMO_DROP_TX_BAD_DEST, true, good },
		{ "to the loopback address", ATMO_DROP_TX_BAD_DEST, true, good },
		{ "to the broadcast address", ATMO_DROP_TX_BAD_DEST, true, good },
		{ "to the own address", ATMO_DROP_TX_BAD_DEST, true, good },
		{ "no route", ATMO_DROP_TX_NO_ROUTE, true, good },
	};
	unsigned int i;

	bad[0].desc.slot = s->info.nr_pages;
	bad[1].desc.slot = 0xffffffff;
	bad[2].desc.slot = 7;
	bad[3].desc.offset = 4097;
	bad[4].desc.offset = 4096 - 63;
	bad[5].desc.offset = 65535;
	bad[5].desc.len = 65535;
	bad[6].desc.len = s->info.max_payload + 1;
	bad[7].desc.reserved = 1;
	bad[8].desc.flags = 0x80000000;
	bad[9].desc.port = 0;
	bad[10].desc.addr[0] = htonl(INADDR_LOOPBACK);
	bad[11].desc.addr[0] = htonl(INADDR_BROADCAST);
	bad[12].desc.addr[0] = place.local;
	bad[13].desc.addr[0] = htonl(0xc6336401);	/* 198.51.100.1 */
	raw_put_free(s, 7, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		bad_tx_entry(s, &bad[i]);
	raw_close(s);
}

static void tx_page_twice(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_comp_desc comp;

	put_good(s, TX_SLOT, 1000, 'x');
	put_good(s, TX_SLOT, 1000, 'x');
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 2), 2, "%s: same page twice: consumed", lane_name);
	CHECK_EQ(drops(s, ATMO_DROP_TX_NOT_OWNED), 1, "%s: same page twice: once refused",
		 lane_name);
	check(peer_gets(s, 1000, 'x'), "nothing", "%s: same page twice: once sent", lane_name);
	check(raw_complete(s, &comp) && comp.slot == TX_SLOT, "nothing",
	      "%s: same page twice: comes back", lane_name);
	CHECK_EQ(drain_comp(s), 0, "%s: same page twice: only once", lane_name);
	raw_close(s);
}

/* ---- Cursors ---- */

static void ahead(struct raw *s, int ring, unsigned long cmd, __u32 *word, const char *name)
{
	static const __u32 by[] = { 65, 0x1000, 0x80000000, 0xffffffff };
	const __u32 right = *word;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		__u64 before = drops(s, ATMO_DROP_BAD_CURSOR);

		raw_write(word, right + by[i]);
		CHECK_EQ(raw_batch(s, cmd, 8), 0, "%s: ring %d, %s off by %#x: nothing handled",
			 lane_name, ring, name, by[i]);
		CHECK_EQ(drops(s, ATMO_DROP_BAD_CURSOR) - before, 1,
			 "%s: ring %d, %s off by %#x: counted", lane_name, ring, name, by[i]);
	}
	raw_write(word, right);
}

static void impossible_cursors(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_comp_desc comp;

	ahead(s, ATMO_RING_FREE, ATMO_RX_BATCH, &raw_cursors(s, ATMO_RING_FREE)->producer,
	      "producer");
	ahead(s, ATMO_RING_TX, ATMO_TX_BATCH, &raw_cursors(s, ATMO_RING_TX)->producer,
	      "producer");
	raw_put_free(s, 1, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	send_text(s, "wait");
	raw_write(&raw_cursors(s, ATMO_RING_RX)->consumer, 1);
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 8), 0, "%s: rx consumer ahead: nothing handled",
		 lane_name);
	raw_write(&raw_cursors(s, ATMO_RING_RX)->consumer, 0);
	check(receives(s, "wait"), "nothing", "%s: put right: the packet is there", lane_name);
	put_good(s, TX_SLOT, 10, 'c');
	raw_write(&raw_cursors(s, ATMO_RING_COMP)->consumer, 77);
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 8), 0,
		 "%s: completion consumer ahead: nothing handled", lane_name);
	raw_write(&raw_cursors(s, ATMO_RING_COMP)->consumer, 0);
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 8), 1, "%s: put right: handled", lane_name);
	check(raw_complete(s, &comp) && peer_gets(s, 10, 'c'), "nothing",
	      "%s: put right: sent and completed", lane_name);
	raw_close(s);
}

/* The words that the kernel writes: it never reads them back. */
static void kernel_words(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_comp_desc comp;

	raw_cursors(s, ATMO_RING_FREE)->consumer = 0xdeadbeef;
	raw_cursors(s, ATMO_RING_RX)->producer = 0xdeadbeef;
	raw_cursors(s, ATMO_RING_TX)->consumer = 0xdeadbeef;
	raw_cursors(s, ATMO_RING_COMP)->producer = 0xdeadbeef;
	raw_put_free(s, 2, 0);
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 1), 0, "%s: kernel's words overwritten", lane_name);
	CHECK_EQ(raw_cursors(s, ATMO_RING_FREE)->consumer, 1, "%s: free consumer is right again",
		 lane_name);
	send_text(s, "hello");
	let_pile_up(s, 1);
	CHECK_EQ(raw_cursors(s, ATMO_RING_RX)->producer, 1, "%s: rx producer is right again",
		 lane_name);
	check(receives(s, "hello"), "nothing", "%s: the packet is there", lane_name);
	put_good(s, TX_SLOT, 20, 'k');
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 1), 1, "%s: an entry is sent", lane_name);
	CHECK_EQ(raw_cursors(s, ATMO_RING_TX)->consumer, 1, "%s: tx consumer is right again",
		 lane_name);
	CHECK_EQ(raw_cursors(s, ATMO_RING_COMP)->producer, 1,
		 "%s: completion producer is right again", lane_name);
	check(raw_complete(s, &comp) && peer_gets(s, 20, 'k'), "nothing",
	      "%s: sent and completed", lane_name);
	raw_close(s);
}

/* ---- Replies ---- */

#define NR_REPLIES	9

/* Entries of the rx ring that are waiting, looked at where they lie. */
static unsigned int wait_for_entries(struct raw *s, unsigned int want)
{
	struct atmo_ring_cursors *c = raw_cursors(s, ATMO_RING_RX);
	double end = now() + 4;

	while (raw_read(&c->producer) - s->rx_consumer < want && now() < end)
		raw_reply(s, 1, want);
	return raw_read(&c->producer) - s->rx_consumer;
}

static struct atmo_rx_desc *reply_entry(struct raw *s, unsigned int i)
{
	struct atmo_rx_desc *entry = raw_entry(s, ATMO_RING_RX, s->rx_consumer + i);

	entry->flags = ATMO_TX_RECYCLE;
	return entry;
}

static void release_entries(struct raw *s, unsigned int n)
{
	s->rx_consumer += n;
	raw_write(&raw_cursors(s, ATMO_RING_RX)->consumer, s->rx_consumer);
}

static void spoil_replies(struct raw *s)
{
	reply_entry(s, 1)->slot = s->info.nr_pages;
	reply_entry(s, 2)->slot = 0xffffffff;
	reply_entry(s, 3)->slot = 0;		/* the kernel's */
	reply_entry(s, 4)->offset = 4097;
	reply_entry(s, 5)->flags |= 0x80000000;
	reply_entry(s, 6)->len = (__u16)(s->info.max_payload + 1);
	reply_entry(s, 7)->flags = 0;		/* not to be sent */
	reply_entry(s, 8);
	reply_entry(s, 0);
}

/* Good ones at both ends, and nothing but refusals between. */
static void bad_replies(__u8 lane)
{
	static const enum atmo_drop reasons[] = {
		ATMO_DROP_TX_NOT_OWNED, ATMO_DROP_TX_BAD_RANGE, ATMO_DROP_TX_RESERVED,
		ATMO_DROP_TX_TOO_LONG,
	};
	struct raw *s = raw_open(&place, PORT, lane);
	unsigned int i;

	for (i = 0; i < 64; i++)
		raw_put_free(s, i, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	send_text(s, "aaaa");
	for (i = 0; i < NR_REPLIES - 2; i++)
		send_text(s, "bbbb");
	send_text(s, "cccc");
	CHECK_EQ(wait_for_entries(s, NR_REPLIES), NR_REPLIES, "%s: replies: received", lane_name);
	spoil_replies(s);
	release_entries(s, NR_REPLIES);
	CHECK_EQ(raw_reply(s, 64, 0), NR_REPLIES, "%s: replies: all are consumed", lane_name);
	check(peer_gets(s, 4, 'a') && peer_gets(s, 4, 'c'), "something else",
	      "%s: replies: the good ones arrive, and no other between them", lane_name);
	CHECK_EQ(drops(s, ATMO_DROP_TX_BAD_SLOT), 2, "%s: replies: bad slots are counted",
		 lane_name);
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		CHECK_EQ(drops(s, reasons[i]), 1, "%s: replies: reason %d is counted", lane_name,
			 reasons[i]);
	CHECK_EQ(raw_reply(s, 64, 0), 0, "%s: replies: none is looked at twice", lane_name);
	/* All but the three pages whose slots were lost are received into again. */
	for (i = 0; i < 61; i++) {
		send_text(s, "dddd");
		if (wait_for_entries(s, i + 1) <= i)
			break;
	}
	CHECK_EQ(i, 61, "%s: replies: the pages are received into again", lane_name);
	raw_close(s);
}

static void impossible_replies(__u8 lane)
{
	static const __u32 by[] = { 1, 65, 0x1000, 0x80000000, 0xffffffff };
	struct raw *s = raw_open(&place, PORT, lane);
	__u32 *word = &raw_cursors(s, ATMO_RING_RX)->consumer;
	unsigned int i;

	for (i = 0; i < 8; i++)
		raw_put_free(s, i, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		__u64 before = drops(s, ATMO_DROP_BAD_CURSOR);

		raw_write(word, s->rx_consumer + by[i]);
		CHECK_EQ(raw_reply(s, 64, 0), 0, "%s: replies: cursor off by %#x: none handled",
			 lane_name, by[i]);
		CHECK_EQ(drops(s, ATMO_DROP_BAD_CURSOR) - before, 1,
			 "%s: replies: cursor off by %#x: counted", lane_name, by[i]);
	}
	raw_write(word, s->rx_consumer);
	send_text(s, "eeee");
	CHECK_EQ(wait_for_entries(s, 1), 1, "%s: replies: put right: received", lane_name);
	reply_entry(s, 0);
	release_entries(s, 1);
	CHECK_EQ(raw_reply(s, 64, 0), 1, "%s: replies: put right: handled", lane_name);
	check(peer_gets(s, 4, 'e'), "nothing", "%s: replies: put right: arrives", lane_name);
	raw_close(s);
}

/* ---- Full rings ---- */

static void completions_left(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_comp_desc comp;
	unsigned int i, good = 0;

	for (i = 0; i < 64; i++)
		put_good(s, i, 30, 'f');
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 64), 64, "%s: 64 entries sent", lane_name);
	for (i = 0; i < 64; i++)
		good += peer_gets(s, 30, 'f');
	CHECK_EQ(good, 64, "%s: 64 arrived", lane_name);
	put_good(s, 0, 30, 'g');
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 64), 0,
		 "%s: completion ring full: nothing is taken", lane_name);
	check(raw_get_comp(s, &comp), "nothing", "%s: one completion consumed", lane_name);
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, 64), 1, "%s: then one is taken", lane_name);
	check(peer_gets(s, 30, 'g'), "nothing", "%s: and arrives", lane_name);
	CHECK_EQ(drain_comp(s), 64, "%s: no completion is lost", lane_name);
	raw_close(s);
}

static void packets_left(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_rx_desc desc;
	unsigned int i, n;
	char text[16];

	for (i = 0; i < 64; i++)
		raw_put_free(s, i, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	for (i = 0; i < 64; i++)
		send_text(s, "fill");
	CHECK_EQ(let_pile_up(s, 64), 64, "%s: 64 packets fill the rx ring", lane_name);
	/* Half of the pages again, although their entries were not read. */
	for (i = 0; i < 32; i++)
		raw_put_free(s, i, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	for (i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "packet %u", i);
		send_text(s, text);
	}
	usleep(200000);
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 64), 0, "%s: rx ring full: nothing handled",
		 lane_name);
	for (i = 0, n = 0; i < 64; i++)
		n += raw_get_rx(s, &desc);
	CHECK_EQ(n, 64, "%s: rx ring full: 64 entries to read", lane_name);
	for (i = 0, n = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "packet %u", i);
		n += receives(s, text);
	}
	CHECK_EQ(n, 10, "%s: rx ring read: the packets that waited come", lane_name);
	raw_close(s);
}

int main(int argc, char **argv)
{
	unsigned int i;

	place_parse(&place, argc, argv);
	peer = peer_socket(&place, &peer_addr);
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		lane_name = lanes[i].name;
		free_entries(lanes[i].lane);
		tx_entries(lanes[i].lane);
		tx_page_twice(lanes[i].lane);
		impossible_cursors(lanes[i].lane);
		kernel_words(lanes[i].lane);
		completions_left(lanes[i].lane);
		packets_left(lanes[i].lane);
		bad_replies(lanes[i].lane);
		impossible_replies(lanes[i].lane);
	}
	return finish();
}
