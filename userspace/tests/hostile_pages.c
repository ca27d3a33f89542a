// SPDX-License-Identifier: GPL-2.0
/*
 * Two sockets, one of them hostile: it can neither map, read nor send from a page
 * of the other, and whatever it does to its own memory while traffic runs, the
 * other loses nothing.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "raw.h"

#define PORT	4200
#define SECRET	"the other socket's secret"

static struct place place;
static struct sockaddr_in peer_addr;
static int peer;
static const char *lane_name;

static struct atmo_tx_desc to_peer(__u32 slot, __u16 len)
{
	return (struct atmo_tx_desc){
		.slot = slot, .len = len, .port = peer_addr.sin_port, .addr = { place.peer },
	};
}

/* Bytes of @s's pages that hold @text. */
static unsigned int find_in_pages(struct raw *s, const char *text)
{
	const unsigned char *at = s->pages, *end = s->pages + s->info.pages_len;
	unsigned int n = 0;

	while ((at = memmem(at, end - at, text, strlen(text)))) {
		at++;
		n++;
	}
	return n;
}

static void fill_with_secret(struct raw *s)
{
	__u32 slot, i;

	for (slot = 0; slot < s->info.nr_pages; slot++)
		for (i = 0; i + sizeof(SECRET) <= ATMO_PAGE_SIZE; i += sizeof(SECRET))
			memcpy(raw_page(s, slot) + i, SECRET, sizeof(SECRET));
}

/* ---- One at a time ---- */

static bool all_zero(const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && !bytes[i]; i++)
		;
	return i == len;
}

/* Pages and rings are clear, whoever had the memory before. */
static void memory_is_clear(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	unsigned int round, dirty = 0;

	for (round = 0; round < 20; round++) {
		fill_with_secret(s);
		memset(s->rings, 0xa5, s->info.rings_len);
		raw_close(s);
		s = raw_open(&place, PORT, lane);
		dirty += !all_zero(s->pages, s->info.pages_len) ||
			 !all_zero(s->rings, s->info.rings_len);
	}
	CHECK_EQ(dirty, 0, "%s: memory is clear after 20 binds", lane_name);
	raw_close(s);
}

static long nr_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		bail("getrusage");
	return usage.ru_minflt;
}

/* Those of @s before @end, each with its number in the first byte, seen at @pages. */
static unsigned int find_wrong(const unsigned char *pages, __u32 from, __u32 end)
{
	unsigned int wrong = 0;

	for (; from < end; from++)
		wrong += pages[from * ATMO_PAGE_SIZE] != from;
	return wrong;
}

/* A fault puts in place what is around it, as far as it is mapped, and at its place. */
static void faults_are_few(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	const __u32 nr = s->info.nr_pages, hole = nr / 4;
	unsigned char *again;
	__u32 slot;
	long before = nr_faults();

	for (slot = nr; slot--; )
		raw_page(s, slot)[0] = slot;
	CHECK_EQ(nr_faults() - before, 1, "%s: one fault for all pages, backwards", lane_name);
	again = mmap(NULL, s->info.pages_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
		     ATMO_MMAP_PAGES);
	if (again == MAP_FAILED || munmap(again + hole * ATMO_PAGE_SIZE, hole * ATMO_PAGE_SIZE))
		bail("mmap");
	CHECK_EQ(find_wrong(again, 2 * hole, nr) + find_wrong(again, 0, hole), 0,
		 "%s: behind and before a hole, each page is in its place", lane_name);
	munmap(again, s->info.pages_len);
	raw_close(s);
}

/* Neither slots nor offsets reach beyond the own pages. */
static void pages_of_others(__u8 lane)
{
	struct raw *good = raw_open(&place, PORT, lane);
	struct raw *bad = raw_open(&place, PORT + 1, lane);
	struct atmo_tx_desc desc;
	unsigned char data[2048];
	unsigned int i, n, mapped = 0;
	off_t at;

	fill_with_secret(good);
	for (i = 1; i < 1024; i++) {
		at = ATMO_MMAP_PAGES + (off_t)i * bad->info.pages_len;
		mapped += mmap(NULL, bad->info.pages_len, PROT_READ, MAP_SHARED, bad->fd, at) !=
			  MAP_FAILED;
	}
	CHECK_EQ(mapped, 0, "%s: nothing to map behind the own pages", lane_name);
	for (i = 0; i < 1024; i++) {
		desc = to_peer(bad->info.nr_pages + (i < 512 ? i : (__u32)-i), 1000);
		raw_put_tx(bad, &desc);
		raw_put_free(bad, desc.slot, 0);
		raw_batch(bad, ATMO_TX_BATCH, 1);
		raw_batch(bad, ATMO_RX_BATCH, 1);
	}
	CHECK_EQ(raw_stats(bad).drops[ATMO_DROP_TX_BAD_SLOT], 1024,
		 "%s: no slot beyond the own pages is sent", lane_name);
	CHECK_EQ(raw_stats(bad).drops[ATMO_DROP_FREE_BAD_SLOT], 1024,
		 "%s: nor taken to receive into", lane_name);
	n = recv(peer, data, sizeof(data), MSG_DONTWAIT) >= 0;
	CHECK_EQ(n, 0, "%s: nothing arrived at the peer", lane_name);
	CHECK_EQ(find_in_pages(bad, SECRET), 0, "%s: no secret in the own pages", lane_name);
	raw_close(bad);
	raw_close(good);
}

/* Of a received page only the frame's own bytes change. */
static void only_the_frame_is_written(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_rx_desc desc = { 0 };
	unsigned int i, frame, end, strange = 0;
	unsigned char *page;

	memset(s->pages, 0xee, s->info.pages_len);
	raw_put_free(s, 9, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	peer_send(peer, &place, PORT, "0123456789", 10);
	if (!check(raw_receive(s, &desc) && desc.slot == 9 && desc.len == 10, "nothing",
		   "%s: a small datagram comes", lane_name))
		return raw_close(s);
	page = raw_page(s, 9);
	frame = desc.frame_offset;
	/* 60 bytes on the wire; a NIC may leave the checksum behind them. */
	end = frame + 60 + 4;
	for (i = 0; i < ATMO_PAGE_SIZE; i++)
		strange += (i < frame || i >= end) && page[i] != 0xee;
	CHECK_EQ(strange, 0, "%s: nothing else is written to its page", lane_name);
	check(all_zero(page + desc.offset + 10, 60 - 52), "bytes", "%s: its padding is clear",
	      lane_name);
	raw_close(s);
}

/* Datagrams to one port never show up at another. */
static void packets_of_others(__u8 lane)
{
	struct raw *good = raw_open(&place, PORT, lane);
	struct raw *bad = raw_open(&place, PORT + 1, lane);
	struct atmo_rx_desc desc;
	unsigned int i, n = 0;

	for (i = 0; i < 32; i++) {
		raw_put_free(good, i, 0);
		raw_put_free(bad, i, 0);
	}
	raw_batch(good, ATMO_RX_BATCH, 1);
	raw_batch(bad, ATMO_RX_BATCH, 1);
	for (i = 0; i < 32; i++) {
		peer_send(peer, &place, PORT, SECRET, strlen(SECRET));
		n += raw_receive(good, &desc);
	}
	CHECK_EQ(n, 32, "%s: 32 datagrams to one port", lane_name);
	CHECK_EQ(raw_batch(bad, ATMO_RX_BATCH, 64), 0, "%s: none at the other", lane_name);
	CHECK_EQ(find_in_pages(bad, SECRET), 0, "%s: nor in its pages", lane_name);
	raw_close(bad);
	raw_close(good);
}

/* ---- While traffic runs ---- */

/* An honest socket that sends back what it gets. */
struct honest {
	struct raw *s;
	pthread_t echo, load;
	int	fd;
	struct sockaddr_in addr;
	volatile bool stop, stop_echo;
	volatile unsigned int sent;
	unsigned int lost, wrong;
};

static void *honest_echo(void *arg)
{
	struct honest *h = arg;
	struct atmo_rx_desc rx;
	struct atmo_comp_desc comp;
	struct atmo_tx_desc tx = { 0 };
	struct pollfd pfd = { .fd = h->s->fd, .events = POLLIN };

	while (!h->stop_echo) {
		while (raw_get_comp(h->s, &comp))
			raw_put_free(h->s, comp.slot, 0);
		if (raw_batch(h->s, ATMO_RX_BATCH, 32) < 0)
			bail("receive of the honest socket");
		while (raw_get_rx(h->s, &rx)) {
			tx.slot = rx.slot;
			tx.offset = rx.offset;
			tx.len = rx.len;
			tx.port = rx.port;
			tx.addr[0] = rx.addr[0];
			raw_put_tx(h->s, &tx);
		}
		if (raw_batch(h->s, ATMO_TX_BATCH, 32) < 0)
			bail("send of the honest socket");
		poll(&pfd, 1, 1);
	}
	return NULL;
}

static void *honest_load(void *arg)
{
	struct honest *h = arg;
	unsigned char out[600], in[600];
	unsigned int nr;
	ssize_t n;

	while (!h->stop) {
		nr = h->sent;
		memset(out, nr, sizeof(out));
		memcpy(out, &nr, sizeof(nr));
		peer_send(h->fd, &place, h->s->port, out, sizeof(out));
		h->sent = nr + 1;
		n = recv(h->fd, in, sizeof(in), 0);
		h->lost += n < 0;
		h->wrong += n >= 0 && (n != sizeof(in) || memcmp(in, out, sizeof(in)));
	}
	return NULL;
}

static void honest_start(struct honest *h, __u8 lane)
{
	__u32 slot;

	memset(h, 0, sizeof(*h));
	h->s = raw_open(&place, PORT, lane);
	h->fd = peer_socket(&place, &h->addr);
	for (slot = 0; slot < h->s->info.nr_pages; slot++)
		raw_put_free(h->s, slot, 0);
	/* A lane without pages drops, so before the first datagram. */
	raw_batch(h->s, ATMO_RX_BATCH, 1);
	if (pthread_create(&h->echo, NULL, honest_echo, h) ||
	    pthread_create(&h->load, NULL, honest_load, h))
		bail("pthread_create");
}

static void show_stats(struct raw *s)
{
	struct atmo_stats stats = raw_stats(s);
	unsigned int i;

	printf("# received %llu, sent %llu, by Linux %llu, passed %llu, dropped",
	       (unsigned long long)stats.rx_packets, (unsigned long long)stats.tx_packets,
	       (unsigned long long)stats.tx_slow, (unsigned long long)stats.rx_passed);
	for (i = 0; i < ATMO_NR_DROPS; i++)
		printf(" %llu", (unsigned long long)stats.drops[i]);
	printf("\n");
}

static void honest_stop(struct honest *h, const char *during)
{
	/* The load first, so that its last datagram comes back. */
	h->stop = true;
	pthread_join(h->load, NULL);
	h->stop_echo = true;
	pthread_join(h->echo, NULL);
	printf("# the other echoed %u, lost %u, wrong %u\n", h->sent, h->lost, h->wrong);
	if (h->lost)
		show_stats(h->s);
	check(h->sent >= 100, number(h->sent), "%s: %s: the other goes on", lane_name, during);
	check(!h->lost && !h->wrong, number(h->lost + h->wrong),
	      "%s: %s: the other loses nothing", lane_name, during);
	raw_close(h->s);
	close(h->fd);
}

static __u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

struct vandal {
	struct raw *s;
	volatile bool stop;
};

/* Writes to every shared word, plausible values and impossible ones. */
static void *vandal_rings(void *arg)
{
	struct vandal *v = arg;
	__u32 seed = 0x2545f491, value, i;
	volatile __u32 *words = (volatile __u32 *)v->s->rings;
	const size_t nr = v->s->info.rings_len / sizeof(*words);

	while (!v->stop) {
		value = next_random(&seed);
		if (value & 1)
			value &= 0x7f;
		words[next_random(&seed) % nr] = value;
		/* Cursors more often: they are a few words among thousands. */
		i = next_random(&seed) % 8 * 16;
		if (!(next_random(&seed) % 4))
			words[i] = words[i ^ 16] + next_random(&seed) % 66;
	}
	return NULL;
}

static void *vandal_pages(void *arg)
{
	struct vandal *v = arg;
	__u32 seed = 0x9e3779b9;
	volatile __u32 *words = (volatile __u32 *)v->s->pages;
	const size_t nr = v->s->info.pages_len / sizeof(*words);

	while (!v->stop)
		words[next_random(&seed) % nr] = next_random(&seed);
	return NULL;
}

/* Batches on garbage, with datagrams coming in, while the other echoes a hundred. */
static void run_batches(struct raw *s, const struct honest *h)
{
	double start = now();
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN | POLLOUT };
	unsigned int round;

	for (round = 0; now() < start + 1 || (h->sent < 100 && now() < start + 30); round++) {
		if (!(round % 4))
			peer_send(peer, &place, s->port, SECRET, strlen(SECRET));
		raw_batch(s, ATMO_RX_BATCH, ATMO_MAX_BATCH);
		raw_batch(s, ATMO_TX_BATCH, ATMO_MAX_BATCH);
		poll(&pfd, 1, 0);
	}
}

static void vandalise(__u8 lane, void *(*how)(void *), const char *what)
{
	struct atmo_bind again = bind_args(&place, PORT + 1, lane);
	struct vandal v = { .s = raw_open(&place, PORT + 1, lane) };
	struct honest h;
	pthread_t thread;
	__u32 slot;
	int fd;

	honest_start(&h, lane);
	for (slot = 0; slot < 32; slot++)
		raw_put_free(v.s, slot, 0);
	if (pthread_create(&thread, NULL, how, &v))
		bail("pthread_create");
	run_batches(v.s, &h);
	v.stop = true;
	pthread_join(thread, NULL);
	check(raw_batch(v.s, ATMO_RX_BATCH, 1) >= 0, strerror(errno),
	      "%s: %s: the instance answers", lane_name, what);
	honest_stop(&h, what);
	raw_close(v.s);
	fd = bind_new(&again);
	check(fd >= 0, strerror(errno), "%s: %s: its port can be bound again", lane_name, what);
	close(fd);
}

struct racer {
	struct raw *s;
	volatile bool stop;
};

static void *race_tx(void *arg)
{
	struct racer *r = arg;
	struct atmo_tx_desc desc;
	struct atmo_comp_desc comp;
	__u32 seed = 77;

	while (!r->stop) {
		desc = to_peer(next_random(&seed) % 8, 400);
		raw_put_tx(r->s, &desc);
		raw_batch(r->s, ATMO_TX_BATCH, 8);
		while (raw_get_comp(r->s, &comp))
			;
	}
	return NULL;
}

/* Two threads give the same pages away by both rings at once. */
static void same_pages_in_both_rings(__u8 lane)
{
	struct racer r = { .s = raw_open(&place, PORT, lane) };
	double end = now() + 1;
	struct atmo_rx_desc desc;
	unsigned char data[2048];
	struct atmo_stats stats;
	pthread_t thread;
	__u32 seed = 99;

	if (pthread_create(&thread, NULL, race_tx, &r))
		bail("pthread_create");
	while (now() < end) {
		raw_put_free(r.s, next_random(&seed) % 8, 0);
		peer_send(peer, &place, PORT, "race", 4);
		raw_batch(r.s, ATMO_RX_BATCH, 8);
		while (raw_get_rx(r.s, &desc))
			;
		while (recv(peer, data, sizeof(data), MSG_DONTWAIT) > 0)
			;
	}
	r.stop = true;
	pthread_join(thread, NULL);
	while (recv(peer, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	check(raw_batch(r.s, ATMO_RX_BATCH, 1) >= 0 && raw_batch(r.s, ATMO_TX_BATCH, 1) >= 0,
	      strerror(errno), "%s: same pages in both rings: the instance answers", lane_name);
	stats = raw_stats(r.s);
	check(stats.drops[ATMO_DROP_FREE_NOT_OWNED] || stats.drops[ATMO_DROP_TX_NOT_OWNED],
	      "none", "%s: same pages in both rings: refusals are counted", lane_name);
	raw_close(r.s);
}

/* Datagrams of the vandal may have reached the peer, or do so after its end. */
static void drain_peer(void)
{
	struct pollfd pfd = { .fd = peer, .events = POLLIN };
	unsigned char data[2048];

	while (poll(&pfd, 1, 300) > 0)
		recv(peer, data, sizeof(data), MSG_DONTWAIT);
}

int main(int argc, char **argv)
{
	unsigned int i;

	place_parse(&place, argc, argv);
	peer = peer_socket(&place, &peer_addr);
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		lane_name = lanes[i].name;
		memory_is_clear(lanes[i].lane);
		faults_are_few(lanes[i].lane);
		pages_of_others(lanes[i].lane);
		only_the_frame_is_written(lanes[i].lane);
		packets_of_others(lanes[i].lane);
		vandalise(lanes[i].lane, vandal_rings, "garbage in all rings");
		drain_peer();
		vandalise(lanes[i].lane, vandal_pages, "garbage in all pages");
		drain_peer();
		same_pages_in_both_rings(lanes[i].lane);
		drain_peer();
	}
	return finish();
}
