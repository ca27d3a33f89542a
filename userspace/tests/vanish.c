// SPDX-License-Identifier: GPL-2.0
/*
 * The NIC goes away under bound sockets, asleep or at work, while others are
 * being opened and closed; and the protocol's module comes and goes. DO on the
 * command line is a program that takes one word: vanish and return (driver of the
 * device), leave and come back (to another network namespace and back), unload and
 * load (UDP module), pinned (succeeds if the driver's module can't be unloaded).
 */
#include <pthread.h>

#include "raw.h"

#define PORT		4300
#define NR_WORKERS	4

static struct place place;
static const char *program;

static bool can(const char *word)
{
	char command[512];
	int len = snprintf(command, sizeof(command), "%s %s", program, word);

	return len < (int)sizeof(command) && !system(command);
}

static void must(const char *word)
{
	if (!can(word))
		bail(word);
	/* The device is another one when it comes back. */
	if (!strcmp(word, "return") || !strcmp(word, "back"))
		place.ifindex = if_nametoindex(place.ifname);
}

/* ---- Asleep ---- */

static void *sleeper(void *arg)
{
	struct raw *s = arg;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };

	poll(&pfd, 1, 20000);
	return (void *)(long)pfd.revents;
}

static void gone_for_good(struct raw *s, __u8 lane)
{
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	struct atmo_stats stats = { .version = ATMO_UAPI_VERSION };
	struct atmo_bind bind = bind_args(&place, PORT + 50, lane);

	CHECK_ERR(raw_batch(s, ATMO_RX_BATCH, 1), ENODEV, "lane %u: receive: ENODEV", lane);
	CHECK_ERR(raw_batch(s, ATMO_TX_BATCH, 1), ENODEV, "lane %u: send: ENODEV", lane);
	CHECK_ERR(ioctl(s->fd, ATMO_GET_INFO, &info), ENODEV, "lane %u: info: ENODEV", lane);
	CHECK_ERR(ioctl(s->fd, ATMO_GET_STATS, &stats), ENODEV, "lane %u: stats: ENODEV", lane);
	CHECK_ERR(ioctl(s->fd, ATMO_BIND, &bind), ENODEV, "lane %u: bind again: ENODEV", lane);
	CHECK_ERR(mmap(NULL, s->info.pages_len, PROT_READ, MAP_SHARED, s->fd, ATMO_MMAP_PAGES),
		  ENODEV, "lane %u: mmap: ENODEV", lane);
	memset(s->pages, 0x55, s->info.pages_len);
	memset(s->rings, 0x55, s->info.rings_len);
	check(s->pages[s->info.pages_len - 1] == 0x55, "no", "lane %u: the mappings stay", lane);
}

/* @away, @back: what takes the device from its sockets and brings it back. */
static void vanish_under_sleepers(const char *away, const char *back)
{
	struct raw *s[2];
	pthread_t threads[2];
	void *revents;
	int i;

	for (i = 0; i < 2; i++) {
		s[i] = raw_open(&place, PORT + i, lanes[i].lane);
		raw_put_free(s[i], 0, 0);
		raw_batch(s[i], ATMO_RX_BATCH, 1);
		if (pthread_create(&threads[i], NULL, sleeper, s[i]))
			bail("pthread_create");
	}
	usleep(200000);
	check(can("pinned"), "unloaded", "the driver's module can't be unloaded");
	must(away);
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &revents);
		CHECK_EQ((long)revents, POLLERR | POLLHUP, "lane %u: poll wakes: POLLERR, POLLHUP",
			 lanes[i].lane);
		gone_for_good(s[i], lanes[i].lane);
	}
	must(back);
	for (i = 0; i < 2; i++) {
		CHECK_ERR(raw_batch(s[i], ATMO_RX_BATCH, 1), ENODEV,
			  "lane %u: still, when the NIC is back", lanes[i].lane);
		raw_close(s[i]);
		s[i] = raw_open(&place, PORT + i, lanes[i].lane);
		check(s[i]->info.lport == htons(PORT + i), "another",
		      "lane %u: its port can be bound again", lanes[i].lane);
		raw_close(s[i]);
	}
}

/* ---- At work ---- */

struct worker {
	pthread_t thread;
	struct raw *s;
	int	err;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct atmo_tx_desc desc = { .len = 900, .port = htons(9), .addr = { place.peer } };
	struct atmo_comp_desc comp;
	struct atmo_rx_desc rx;
	__u32 i = 0;

	w->err = 0;
	while (!w->err || w->err == ENETDOWN || w->err == EPROTONOSUPPORT) {
		w->err = 0;
		desc.slot = ++i % 16;
		raw_put_tx(w->s, &desc);
		raw_put_free(w->s, 16 + i % 16, 0);
		if (raw_batch(w->s, ATMO_TX_BATCH, 32) < 0 ||
		    raw_batch(w->s, ATMO_RX_BATCH, 32) < 0)
			w->err = errno;
		while (raw_get_comp(w->s, &comp) || raw_get_rx(w->s, &rx))
			;
	}
	return NULL;
}

static void vanish_under_workers(void)
{
	struct worker w[NR_WORKERS];
	int i;

	for (i = 0; i < NR_WORKERS; i++) {
		w[i].s = raw_open(&place, PORT + i, lanes[i % 2].lane);
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			bail("pthread_create");
	}
	usleep(300000);
	must("vanish");
	for (i = 0; i < NR_WORKERS; i++) {
		pthread_join(w[i].thread, NULL);
		CHECK_EQ(w[i].err, ENODEV, "lane %u: at work: ENODEV", lanes[i % 2].lane);
		raw_close(w[i].s);
	}
	must("return");
}

/* ---- Opening and closing ---- */

static volatile bool stop;

static void *churner(void *arg)
{
	unsigned int i, nr = (uintptr_t)arg;
	struct atmo_bind bind;
	struct atmo_batch batch = { .nr = 1 };
	int fd;

	for (i = 0; !stop; i++) {
		bind = bind_args(&place, PORT + nr, lanes[(i + nr) % 2].lane);
		fd = bind_new(&bind);
		if (fd < 0)
			continue;
		ioctl(fd, ATMO_RX_BATCH, &batch);
		close(fd);
	}
	return NULL;
}

static void vanish_under_churners(void)
{
	pthread_t threads[NR_WORKERS];
	struct raw *s;
	uintptr_t i;
	int round;

	stop = false;
	for (i = 0; i < NR_WORKERS; i++)
		if (pthread_create(&threads[i], NULL, churner, (void *)i))
			bail("pthread_create");
	for (round = 0; round < 3; round++) {
		usleep(300000);
		must("vanish");
		usleep(50000);
		must("return");
	}
	stop = true;
	for (i = 0; i < NR_WORKERS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 2; i++) {
		s = raw_open(&place, PORT, lanes[i].lane);
		CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 1), 0,
			 "lane %u: works after the NIC went under opening and closing",
			 lanes[i].lane);
		raw_close(s);
	}
}

/* ---- The protocol's module ---- */

static void protocol_away(void)
{
	struct atmo_bind bind = bind_args(&place, PORT + 9, ATMO_LANE_ANY);
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	struct worker w = { .s = raw_open(&place, PORT + 1, ATMO_LANE_HARDWARE) };
	int round;

	if (pthread_create(&w.thread, NULL, work, &w))
		bail("pthread_create");
	for (round = 0; round < 5; round++) {
		must("unload");
		if (!round) {
			CHECK_ERR(raw_batch(s, ATMO_RX_BATCH, 1), EPROTONOSUPPORT,
				  "no module: receive: EPROTONOSUPPORT");
			CHECK_ERR(raw_batch(s, ATMO_TX_BATCH, 1), EPROTONOSUPPORT,
				  "no module: send: EPROTONOSUPPORT");
			CHECK_ERR(bind_new(&bind), EPROTONOSUPPORT,
				  "no module: bind: EPROTONOSUPPORT");
			CHECK_ERR(ioctl(s->fd, ATMO_GET_INFO, &info), 0, "no module: info works");
			CHECK_EQ(info.max_payload, 0, "no module: nothing can be sent");
		}
		must("load");
	}
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 1), 0, "module is back: works");
	must("unload");
	must("vanish");
	pthread_join(w.thread, NULL);
	CHECK_EQ(w.err, ENODEV, "the NIC goes while the module is away: ENODEV");
	raw_close(w.s);
	raw_close(s);
	must("load");
	must("return");
}

int main(int argc, char **argv)
{
	program = argc > 1 ? argv[argc - 1] : "";
	place_parse(&place, argc - 1, argv);
	vanish_under_sleepers("vanish", "return");
	vanish_under_sleepers("leave", "back");
	vanish_under_workers();
	vanish_under_churners();
	protocol_away();
	return finish();
}
