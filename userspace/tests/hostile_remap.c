// SPDX-License-Identifier: GPL-2.0
/*
 * Shared lane, received pages remapped instead of copied: the application gets the
 * frame and nothing else that the page has held, and what it still refers to by
 * other means never comes to hold anybody else's frames.
 *
 * With --cost: what receiving costs by either way, by size.
 */
#include <pthread.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "raw.h"

#define PORT		4400
#define THRESHOLD	"/sys/module/atmo_stack/parameters/remap_threshold"
#define SECRET		"another one's secret"
#define NR		32

static struct place place;
static struct sockaddr_in peer_addr;
static int peer;

static void set_threshold(unsigned int bytes)
{
	FILE *f = fopen(THRESHOLD, "w");

	if (!f || fprintf(f, "%u\n", bytes) < 0 || fclose(f))
		bail(THRESHOLD);
}

static unsigned int get_threshold(void)
{
	FILE *f = fopen(THRESHOLD, "r");
	unsigned int bytes;

	if (!f || fscanf(f, "%u", &bytes) != 1)
		bail(THRESHOLD);
	fclose(f);
	return bytes;
}

static void give_all(struct raw *s, unsigned int nr)
{
	unsigned int slot;

	for (slot = 0; slot < nr; slot++)
		raw_put_free(s, slot, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
}

static void send_marked(__u16 port, unsigned char mark, size_t len)
{
	unsigned char data[1472];

	memset(data, mark, len);
	peer_send(peer, &place, port, data, len);
}

/*
 * Receives @nr of the same length in as few calls as there may be. The descriptors
 * behind those that came in time are not filled in: a round ends there.
 */
static unsigned int collect(struct raw *s, struct atmo_rx_desc *descs, unsigned int nr)
{
	double end = now() + 10;
	unsigned int n = 0;

	while (n < nr && now() < end) {
		raw_batch(s, ATMO_RX_BATCH, nr);
		while (n < nr && raw_get_rx(s, &descs[n]))
			n++;
	}
	return n;
}

/* Bytes of a page that are neither the payload nor the headers before it. */
static size_t strange_bytes(struct raw *s, const struct atmo_rx_desc *desc, unsigned char mark)
{
	const unsigned char *page = raw_page(s, desc->slot);
	size_t i, n = 0;

	for (i = 0; i < ATMO_PAGE_SIZE; i++) {
		if (i >= desc->offset && i < (size_t)desc->offset + desc->len)
			n += page[i] != mark;
		else if (i < desc->frame_offset || i >= (size_t)desc->offset + desc->len)
			n += page[i] != 0;
	}
	return n;
}

/* Pages that went round with other sockets' frames come without a trace of those. */
static void only_the_frame(void)
{
	struct raw *other = raw_open(&place, PORT + 1, ATMO_LANE_SHARED);
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[NR];
	unsigned int i, round, got, n = 0;
	size_t strange = 0;

	for (round = 0; round < 16 && n == round * 2 * NR; round++) {
		memset(s->pages, 0xee, s->info.pages_len);
		memset(other->pages, 0xdd, other->info.pages_len);
		give_all(s, NR);
		give_all(other, NR);
		for (i = 0; i < NR; i++) {
			send_marked(PORT, round + i, 100 + i);
			send_marked(PORT + 1, 0xdd, 1472);
		}
		got = collect(s, descs, NR);
		n += got;
		for (i = 0; i < got; i++)
			strange += strange_bytes(s, &descs[i], round + i);
		n += collect(other, descs, NR);
	}
	CHECK_EQ(n, 16 * 2 * NR, "remapped: every datagram comes");
	CHECK_EQ(raw_stats(s).rx_remapped, 16 * NR, "remapped: all of them are");
	CHECK_EQ(raw_stats(s).rx_copied, 0, "remapped: none is copied");
	CHECK_EQ(strange, 0, "remapped: the frame and nothing else");
	raw_close(s);
	raw_close(other);
}

static void by_length(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[2] = {};

	set_threshold(1000);
	give_all(s, NR);
	send_marked(PORT, 1, 1000 - 43);
	send_marked(PORT, 2, 1000 - 42);
	CHECK_EQ(collect(s, descs, 2), 2, "threshold: both come");
	CHECK_EQ(raw_stats(s).rx_copied, 1, "threshold: shorter frames are copied");
	CHECK_EQ(raw_stats(s).rx_remapped, 1, "threshold: from it on they are remapped");
	check(raw_page(s, descs[0].slot)[descs[0].offset] == 1 &&
	      raw_page(s, descs[1].slot)[descs[1].offset] == 2, "other bytes",
	      "threshold: in the order of arrival");
	set_threshold(1);
	raw_close(s);
}

/* Frames of another socket, through all pages that are in circulation. */
static void spread_secrets(void)
{
	struct raw *s = raw_open(&place, PORT + 1, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[NR];
	char text[1400];
	unsigned int i, round;

	for (i = 0; i + sizeof(SECRET) <= sizeof(text); i += sizeof(SECRET))
		memcpy(text + i, SECRET, sizeof(SECRET));
	for (round = 0; round < 40; round++) {
		give_all(s, NR);
		for (i = 0; i < NR; i++)
			peer_send(peer, &place, PORT + 1, text, sizeof(text));
		if (collect(s, descs, NR) != NR)
			break;
	}
	raw_close(s);
}

/* A pipe refers to a page that its slot would give up. */
static void spliced_page(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct iovec iov = { .iov_base = raw_page(s, 3), .iov_len = ATMO_PAGE_SIZE };
	struct atmo_rx_desc descs[NR];
	unsigned char data[ATMO_PAGE_SIZE];
	unsigned int i;
	int fds[2];

	memset(s->pages, 'p', s->info.pages_len);
	if (pipe(fds) || vmsplice(fds[1], &iov, 1, 0) != ATMO_PAGE_SIZE)
		bail("vmsplice");
	give_all(s, NR);
	for (i = 0; i < NR; i++)
		send_marked(PORT, 'm', 1000);
	CHECK_EQ(collect(s, descs, NR), NR, "page in a pipe: every datagram comes");
	CHECK_EQ(raw_stats(s).rx_copied, 1, "page in a pipe: is copied into");
	CHECK_EQ(raw_stats(s).rx_remapped, NR - 1, "page in a pipe: the others are remapped");
	spread_secrets();
	if (read(fds[0], data, sizeof(data)) != sizeof(data))
		bail("read of the pipe");
	check(!memmem(data, sizeof(data), SECRET, sizeof(SECRET) - 1), "the secret",
	      "page in a pipe: never has another's bytes");
	check(data[0] == 'p' && data[4095] == 'p', "other bytes",
	      "page in a pipe: has the own ones");
	close(fds[0]);
	close(fds[1]);
	raw_close(s);
}

struct watcher {
	struct raw *s;
	volatile bool stop;
	unsigned int seen;
};

static void *watch(void *arg)
{
	struct watcher *w = arg;

	while (!w->stop)
		w->seen += !!memmem(w->s->pages, w->s->info.pages_len, SECRET,
				    sizeof(SECRET) - 1);
	return NULL;
}

/* Another process has the same pages mapped, and looks all the time. */
static pid_t watch_in_child(struct raw *s, const int *ends)
{
	unsigned char *pages;
	struct pollfd pfd = { .fd = ends[0], .events = POLLIN };
	unsigned int seen = 0;
	pid_t pid = fork();

	if (pid)
		return pid;
	/* Until the parent closes its own. */
	close(ends[1]);
	pages = mmap(NULL, s->info.pages_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
		     ATMO_MMAP_PAGES);
	if (pages == MAP_FAILED)
		_exit(2);
	while (!poll(&pfd, 1, 0)) {
		seen += !!memmem(pages, s->info.pages_len, SECRET, sizeof(SECRET) - 1);
		pages[5 * ATMO_PAGE_SIZE + 4000] = 7;
	}
	_exit(seen != 0);
}

static void watched_pages(void)
{
	struct watcher w = { .s = raw_open(&place, PORT, ATMO_LANE_SHARED) };
	struct raw *other = raw_open(&place, PORT + 1, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[NR];
	unsigned int round, i, n = 0;
	pthread_t thread;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		bail("pipe");
	pid = watch_in_child(w.s, fds);
	/* The last mapping counts for remapping: the child may have been faster. */
	munmap(w.s->pages, w.s->info.pages_len);
	usleep(100000);
	w.s->pages = mmap(NULL, w.s->info.pages_len, PROT_READ | PROT_WRITE, MAP_SHARED, w.s->fd,
			  ATMO_MMAP_PAGES);
	if (w.s->pages == MAP_FAILED || pid < 0 || pthread_create(&thread, NULL, watch, &w))
		bail("watchers");
	for (round = 0; round < 30 && n == round * NR; round++) {
		give_all(w.s, NR);
		give_all(other, NR);
		for (i = 0; i < NR; i++) {
			send_marked(PORT, 'w', 1000);
			peer_send(peer, &place, PORT + 1, SECRET, sizeof(SECRET));
		}
		n += collect(w.s, descs, NR);
		collect(other, descs, NR);
	}
	w.stop = true;
	pthread_join(thread, NULL);
	close(fds[1]);
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	CHECK_EQ(n, 30 * NR, "watched pages: every datagram comes");
	check(raw_stats(w.s).rx_remapped > 0, "none", "watched pages: are remapped");
	CHECK_EQ(w.seen, 0, "watched pages: a thread never sees another's bytes");
	CHECK_EQ(status, 0, "watched pages: nor does another process that maps them");
	raw_close(w.s);
	raw_close(other);
}

/* Without the mapping there is nothing to put a page into. */
static void unmapped_pages(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[NR] = {};
	unsigned int i;

	if (munmap(s->pages, ATMO_PAGE_SIZE))
		bail("munmap");
	give_all(s, NR);
	for (i = 0; i < NR; i++)
		send_marked(PORT, 'u', 1000);
	CHECK_EQ(collect(s, descs, NR), NR, "page unmapped: every datagram comes");
	CHECK_EQ(raw_stats(s).rx_copied, NR, "page unmapped: all are copied");
	for (i = 0; i < NR && descs[i].slot; i++)
		;
	check(i < NR && raw_page(s, 1)[descs[0].offset] == 'u', "other bytes",
	      "page unmapped: the others are there");
	munmap(s->pages + ATMO_PAGE_SIZE, s->info.pages_len - ATMO_PAGE_SIZE);
	munmap(s->rings, s->info.rings_len);
	close(s->fd);
	free(s);
}

static void shared_pages(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_bind bind = bind_args(&place, PORT + 1, ATMO_LANE_SHARED);
	struct atmo_rx_desc descs[NR];
	int fd;

	bind.flags = ATMO_BIND_SHARE_PAGES;
	bind.pages_fd = s->fd;
	fd = bind_new(&bind);
	give_all(s, NR);
	send_marked(PORT, 's', 1000);
	CHECK_EQ(collect(s, descs, 1), 1, "shared pages: a datagram comes");
	CHECK_EQ(raw_stats(s).rx_remapped, 0, "shared pages: are never remapped");
	close(fd);
	raw_close(s);
}

/* ---- Cost ---- */

/* Nanoseconds a datagram in ATMO_RX_BATCH, with each payload read once afterwards. */
static double cost(size_t len, unsigned int threshold)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_rx_desc desc;
	unsigned int i, round, n = 0;
	volatile unsigned int sum = 0;
	double spent = 0, start;

	set_threshold(threshold);
	give_all(s, NR);
	for (round = 0; round < 100; round++) {
		for (i = 0; i < NR; i++)
			send_marked(PORT, 'c', len);
		usleep(5000);
		start = now();
		raw_batch(s, ATMO_RX_BATCH, NR);
		while (raw_get_rx(s, &desc)) {
			for (i = 0; i < desc.len; i += 64)
				sum += raw_page(s, desc.slot)[desc.offset + i];
			raw_put_free(s, desc.slot, 0);
			n++;
		}
		spent += now() - start;
	}
	raw_close(s);
	return n ? spent / n * 1e9 : 0;
}

static void costs(void)
{
	static const size_t frames[] = { 64, 128, 256, 512, 1024, 1280, 1514 };
	unsigned int i;

	printf("# bytes of frame, ns a datagram copied, ns remapped\n");
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		printf("# %4zu %8.0f %8.0f\n", frames[i], cost(frames[i] - 42, 0),
		       cost(frames[i] - 42, 1));
}

int main(int argc, char **argv)
{
	bool want_costs = argc > 1 && !strcmp(argv[1], "--cost");
	unsigned int before;

	if (want_costs)
		argv[1] = argv[0];
	place_parse(&place, argc - want_costs, argv + want_costs);
	peer = peer_socket(&place, &peer_addr);
	before = get_threshold();
	set_threshold(1);
	if (want_costs) {
		costs();
	} else {
		only_the_frame();
		by_length();
		spliced_page();
		watched_pages();
		unmapped_pages();
		shared_pages();
	}
	set_threshold(before);
	return finish();
}
