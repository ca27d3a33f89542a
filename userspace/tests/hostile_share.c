// SPDX-License-Identifier: GPL-2.0
/*
 * Restart, and packet pages that several instances of a process share: wrong calls
 * are refused, and no page is ever in two hands.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "raw.h"

#define PORT	4300

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

static bool peer_gets(unsigned char mark, ssize_t len)
{
	unsigned char data[2048];
	ssize_t i, n = recv(peer, data, sizeof(data), 0);

	for (i = 0; i < n && data[i] == mark; i++)
		;
	return n == len && i == n;
}

/* Sends a datagram and waits until it is there and its page is back. */
static bool sends(struct raw *s, __u32 slot, unsigned char mark)
{
	struct atmo_tx_desc desc = to_peer(slot, 500);
	struct atmo_comp_desc comp;

	memset(raw_page(s, slot), mark, desc.len);
	raw_put_tx(s, &desc);
	return raw_complete(s, &comp) && comp.slot == slot && !comp.status &&
	       peer_gets(mark, desc.len);
}

/*
 * Gets a datagram into @slot, which is the application's then. There may be no other
 * page in the lane, and the frame may be faster than the news of this one: then the
 * NIC drops it, and another is sent.
 */
static bool receives(struct raw *s, __u32 slot)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	struct atmo_rx_desc desc;
	unsigned int i;

	raw_put_free(s, slot, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	for (i = 0; i < 20; i++) {
		peer_send(peer, &place, s->port, "ping", 4);
		poll(&pfd, 1, 100);
		raw_batch(s, ATMO_RX_BATCH, 1);
		if (raw_get_rx(s, &desc))
			return desc.slot == slot && desc.len == 4 &&
			       !memcmp(raw_page(s, slot) + desc.offset, "ping", 4);
	}
	return false;
}

static size_t not_zero(const unsigned char *bytes, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += bytes[i] != 0;
	return n;
}

/* What the application has to forget after a restart. */
static void forget_cursors(struct raw *s)
{
	s->free_producer = 0;
	s->rx_consumer = 0;
	s->tx_producer = 0;
	s->comp_consumer = 0;
}

static int restart(struct raw *s)
{
	int ret = ioctl(s->fd, ATMO_RESTART);

	if (!ret)
		forget_cursors(s);
	return ret;
}

/* ---- Restart ---- */

static void restart_unbound(void)
{
	int fd = atmo_open();

	CHECK_ERR(ioctl(fd, ATMO_RESTART), ENOTCONN, "restart before bind: ENOTCONN");
	CHECK_ERR(ioctl(fd, _IOW(ATMO_IOC_MAGIC, 6, int)), EINVAL,
		  "restart with an argument: EINVAL");
	close(fd);
}

static void restart_clears(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_bind again = bind_args(&place, PORT, lane);
	unsigned char *twice;
	struct atmo_stats before;
	__u32 slot;

	twice = mmap(NULL, s->info.pages_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
		     ATMO_MMAP_PAGES);
	if (twice == MAP_FAILED)
		bail("second mapping");
	check(receives(s, 1) && sends(s, 2, 'a'), "nothing", "%s: works before a restart",
	      lane_name);
	memset(s->pages, 0xaa, s->info.pages_len);
	for (slot = 0; slot < 16; slot++)
		raw_put_free(s, slot, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	before = raw_stats(s);
	CHECK_ERR(restart(s), 0, "%s: restart", lane_name);
	CHECK_EQ(not_zero(s->pages, s->info.pages_len), 0, "%s: all pages are clear", lane_name);
	CHECK_EQ(not_zero(s->rings, s->info.rings_len), 0, "%s: all rings are", lane_name);
	memset(s->pages, 0xbb, s->info.pages_len);
	check(!memcmp(twice, s->pages, s->info.pages_len), "other bytes",
	      "%s: both mappings show the new memory", lane_name);
	CHECK_EQ(raw_stats(s).rx_packets, before.rx_packets, "%s: counters are kept", lane_name);
	CHECK_ERR(bind_new(&again), EADDRINUSE, "%s: the port is still taken", lane_name);
	for (slot = 0; slot < s->info.nr_pages; slot++)
		raw_put_free(s, slot, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	CHECK_EQ(raw_stats(s).drops[ATMO_DROP_FREE_NOT_OWNED], 0,
		 "%s: every page was the application's", lane_name);
	CHECK_ERR(restart(s), 0, "%s: restart with all pages given away", lane_name);
	check(receives(s, 1) && sends(s, 2, 'b'), "nothing", "%s: works after it", lane_name);
	munmap(twice, s->info.pages_len);
	raw_close(s);
}

/* Memory that was replaced is not given to others while somebody refers to it. */
static void pinned_pages_stay_private(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct iovec iov = { .iov_base = raw_page(s, 3), .iov_len = ATMO_PAGE_SIZE };
	unsigned char data[ATMO_PAGE_SIZE];
	int i, fds[2];

	memset(raw_page(s, 3), 'p', ATMO_PAGE_SIZE);
	if (pipe(fds) || vmsplice(fds[1], &iov, 1, 0) != ATMO_PAGE_SIZE)
		bail("vmsplice");
	CHECK_ERR(restart(s), 0, "%s: restart with a page in a pipe", lane_name);
	for (i = 0; i < 32; i++)
		receives(s, i);
	check(read(fds[0], data, sizeof(data)) == sizeof(data) && data[0] == 'p' &&
	      !memcmp(data, data + 1, sizeof(data) - 1), "other bytes",
	      "%s: the pipe has the bytes of before", lane_name);
	close(fds[0]);
	close(fds[1]);
	raw_close(s);
}

struct busy {
	struct raw *s;
	unsigned long cmd;
	volatile bool stop;
	int	err;
};

/* Calls and writes that don't care about restarts. */
static void *keep_busy(void *arg)
{
	struct busy *b = arg;
	volatile unsigned char *pages = b->s->pages;
	__u32 *producer;
	size_t at = 0;

	producer = &raw_cursors(b->s, b->cmd == ATMO_RX_BATCH ? ATMO_RING_FREE :
				ATMO_RING_TX)->producer;
	while (!b->stop) {
		raw_write(producer, raw_read(producer) + 1);
		if (raw_batch(b->s, b->cmd, 64) < 0 && errno != EIO)
			b->err = errno;
		pages[at % b->s->info.pages_len] = 1;
		at += 1000;
	}
	return NULL;
}

static void restart_at_work(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct busy b[] = {
		{ .s = s, .cmd = ATMO_RX_BATCH }, { .s = s, .cmd = ATMO_TX_BATCH },
	};
	unsigned int i, j, failed = 0;
	pthread_t threads[2];

	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, keep_busy, &b[i]))
			bail("pthread_create");
	for (i = 0; i < 50; i++) {
		for (j = 0; j < 8; j++)
			peer_send(peer, &place, PORT, "busy", 4);
		failed += restart(s) != 0;
	}
	for (i = 0; i < 2; i++) {
		b[i].stop = true;
		pthread_join(threads[i], NULL);
	}
	CHECK_EQ(failed, 0, "%s: 50 restarts while calls run", lane_name);
	check(!b[0].err && !b[1].err, strerror(b[0].err ?: b[1].err),
	      "%s: the calls work, or fail with EIO", lane_name);
	CHECK_ERR(restart(s), 0, "%s: once more", lane_name);
	check(receives(s, 1) && sends(s, 2, 'c'), "nothing", "%s: works after it", lane_name);
	raw_close(s);
}

/* ---- Shared pages ---- */

static struct atmo_bind share_args(const struct raw *with, __u16 port, __u8 lane)
{
	struct atmo_bind bind = bind_args(&place, port, lane);

	bind.flags = ATMO_BIND_SHARE_PAGES;
	bind.pages_fd = with->fd;
	return bind;
}

static struct raw *share_open(const struct raw *with, __u16 port, __u8 lane)
{
	struct atmo_bind bind = share_args(with, port, lane);

	return raw_open_bind(&bind);
}

static int bind_in_child(const struct atmo_bind *bind)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (!pid)
		_exit(bind_new(bind) < 0 ? errno : 0);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		bail("waitpid");
	return WEXITSTATUS(status);
}

/* The system call is for the calling thread alone. */
static void *bind_as_nobody(void *arg)
{
	syscall(SYS_setfsuid, 65534);
	return (void *)(long)(bind_new(arg) < 0 ? errno : 0);
}

static int bind_as_other_user(struct atmo_bind *bind)
{
	pthread_t thread;
	void *err;

	if (pthread_create(&thread, NULL, bind_as_nobody, bind) || pthread_join(thread, &err))
		bail("thread");
	return (long)err;
}

static void share_refused(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct atmo_bind bind = share_args(s, PORT + 1, lane);
	int fd = atmo_open();

	bind.pages_fd = -1;
	CHECK_ERR(bind_new(&bind), EBADF, "pages of fd -1: EBADF");
	bind.pages_fd = 0;
	CHECK_ERR(bind_new(&bind), EBADF, "pages of what is no instance: EBADF");
	bind.pages_fd = fd;
	CHECK_ERR(bind_new(&bind), ENOTCONN, "pages of an unbound instance: ENOTCONN");
	CHECK_ERR(ioctl(fd, ATMO_BIND, &bind), ENOTCONN, "the own pages: ENOTCONN");
	bind.pages_fd = s->fd;
	bind.nr_pages = 32;
	CHECK_ERR(bind_new(&bind), EINVAL, "another number of pages: EINVAL");
	bind.nr_pages = 64;
	CHECK_EQ(bind_in_child(&bind), EPERM, "pages of another process: EPERM");
	CHECK_EQ(bind_as_other_user(&bind), EPERM, "pages of another user: EPERM");
	bind.lport = htons(PORT);
	CHECK_ERR(bind_new(&bind), EADDRINUSE, "port taken, with shared pages: EADDRINUSE");
	close(fd);
	raw_close(s);
}

/* What one instance has, no other gets; what comes back, any may use. */
static void one_owner(__u8 lane)
{
	struct raw *a = raw_open(&place, PORT, lane);
	struct raw *b = share_open(a, PORT + 1, lane);
	struct atmo_tx_desc desc = to_peer(5, 500);
	struct atmo_rx_desc rx = { 0 };
	struct atmo_comp_desc comp;

	memset(raw_page(a, 9), 'm', ATMO_PAGE_SIZE);
	check(raw_page(b, 9)[17] == 'm', "other bytes", "%s: both map the same pages", lane_name);
	raw_put_free(a, 5, 0);
	raw_batch(a, ATMO_RX_BATCH, 1);
	raw_put_free(b, 5, 0);
	raw_batch(b, ATMO_RX_BATCH, 1);
	CHECK_EQ(raw_stats(b).drops[ATMO_DROP_FREE_NOT_OWNED], 1,
		 "%s: a page of one can't be given to the other", lane_name);
	raw_put_tx(b, &desc);
	raw_batch(b, ATMO_TX_BATCH, 1);
	CHECK_EQ(raw_stats(b).drops[ATMO_DROP_TX_NOT_OWNED], 1,
		 "%s: nor sent by it", lane_name);
	peer_send(peer, &place, PORT, "forward me", 10);
	if (!raw_receive(a, &rx))
		peer_send(peer, &place, PORT, "forward me", 10);
	if (!check((rx.len || raw_receive(a, &rx)) && rx.slot == 5 && rx.len == 10, "nothing",
		   "%s: one receives into it", lane_name))
		goto out;
	desc.offset = rx.offset;
	desc.len = rx.len;
	raw_put_tx(b, &desc);
	check(raw_complete(b, &comp) && comp.slot == 5 && !comp.status, "nothing",
	      "%s: the other sends it", lane_name);
	CHECK_EQ(raw_get_comp(a, &comp), 0, "%s: it comes back by that one alone", lane_name);
	check(recv(peer, raw_page(a, 20), 100, 0) == 10 &&
	      !memcmp(raw_page(b, 20), "forward me", 10), "nothing",
	      "%s: the bytes arrive", lane_name);
	check(receives(a, 5) && receives(b, 5) && sends(a, 5, 'x') && sends(b, 5, 'y'), "nothing",
	      "%s: then each can have it again", lane_name);
out:
	raw_close(b);
	raw_close(a);
}

static void member_leaves(__u8 lane)
{
	struct raw *a = raw_open(&place, PORT, lane);
	struct raw *b = share_open(a, PORT + 1, lane);
	__u32 slot;

	for (slot = 0; slot < 16; slot++)
		raw_put_free(a, slot, 0);
	raw_batch(a, ATMO_RX_BATCH, 1);
	raw_put_free(b, 16, 0);
	raw_batch(b, ATMO_RX_BATCH, 1);
	memset(raw_page(b, 30), 'k', ATMO_PAGE_SIZE);
	CHECK_ERR(restart(a), 0, "%s: restart of one that shares", lane_name);
	check(raw_page(a, 30)[9] == 'k' && raw_page(b, 30)[9] == 'k', "other bytes",
	      "%s: the pages stay as they are", lane_name);
	check(receives(a, 3) && sends(b, 31, 'q'), "nothing", "%s: both work", lane_name);
	for (slot = 0; slot < 16; slot++)
		raw_put_free(a, slot, 0);
	raw_batch(a, ATMO_RX_BATCH, 1);
	raw_close(a);
	for (slot = 0; slot < 16; slot++)
		raw_put_free(b, slot, 0);
	raw_batch(b, ATMO_RX_BATCH, 1);
	CHECK_EQ(raw_stats(b).drops[ATMO_DROP_FREE_NOT_OWNED], 0,
		 "%s: after close of one its pages are the application's", lane_name);
	raw_put_free(b, 16, 0);
	raw_batch(b, ATMO_RX_BATCH, 1);
	CHECK_EQ(raw_stats(b).drops[ATMO_DROP_FREE_NOT_OWNED], 1,
		 "%s: those of the other are not", lane_name);
	check(sends(b, 40, 'z') && raw_page(b, 30)[9] == 'k', "nothing",
	      "%s: the other works with the first one's pages", lane_name);
	raw_close(b);
}

struct sharer {
	struct raw *s;
	__u32	seed;
	volatile bool stop;
};

static __u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Gives pages away as if all were its own, by both rings. */
static void *share_greedily(void *arg)
{
	struct sharer *h = arg;
	struct atmo_tx_desc desc;
	struct atmo_comp_desc comp;
	struct atmo_rx_desc rx;

	while (!h->stop) {
		raw_put_free(h->s, next_random(&h->seed) % 16, 0);
		desc = to_peer(next_random(&h->seed) % 16, 300);
		raw_put_tx(h->s, &desc);
		if (raw_batch(h->s, ATMO_RX_BATCH, 8) < 0 || raw_batch(h->s, ATMO_TX_BATCH, 8) < 0)
			bail("batch of an instance that shares");
		while (raw_get_rx(h->s, &rx) || raw_get_comp(h->s, &comp))
			;
	}
	return NULL;
}

static void race_for_pages(__u8 lane)
{
	struct sharer h[2] = { { .seed = 7 }, { .seed = 11 } };
	struct atmo_stats stats[2];
	double start = now();
	pthread_t threads[2];
	unsigned int i;

	h[0].s = raw_open(&place, PORT, lane);
	h[1].s = share_open(h[0].s, PORT + 1, lane);
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, share_greedily, &h[i]))
			bail("pthread_create");
	/* A second, and until both have had a page. */
	while (now() < start + 1 || (now() < start + 20 && !(raw_stats(h[0].s).tx_packets &&
							     raw_stats(h[1].s).tx_packets))) {
		peer_send(peer, &place, PORT, "race", 4);
		peer_send(peer, &place, PORT + 1, "race", 4);
		while (recv(peer, raw_page(h[0].s, 60), 1000, MSG_DONTWAIT) > 0)
			;
	}
	for (i = 0; i < 2; i++) {
		h[i].stop = true;
		pthread_join(threads[i], NULL);
		stats[i] = raw_stats(h[i].s);
		printf("# received %llu, sent %llu, refused %llu and %llu\n",
		       (unsigned long long)stats[i].rx_packets,
		       (unsigned long long)stats[i].tx_packets,
		       (unsigned long long)stats[i].drops[ATMO_DROP_FREE_NOT_OWNED],
		       (unsigned long long)stats[i].drops[ATMO_DROP_TX_NOT_OWNED]);
	}
	check(stats[0].drops[ATMO_DROP_FREE_NOT_OWNED] &&
	      stats[1].drops[ATMO_DROP_FREE_NOT_OWNED] &&
	      stats[0].tx_packets && stats[1].tx_packets, "none",
	      "%s: two race for the same pages: some refused, none lost", lane_name);
	for (i = 0; i < 2; i++)
		check(raw_batch(h[i].s, ATMO_RX_BATCH, 1) >= 0, strerror(errno),
		      "%s: instance %u answers after it", lane_name, i);
	raw_close(h[0].s);
	raw_close(h[1].s);
	while (recv(peer, stats, sizeof(stats), MSG_DONTWAIT) > 0)
		;
}

/* As an unprivileged user: pages are paid for once. */
static int pay_once(void)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_HARDWARE);
	/* Two sets of rings, and pages for one instance and a half. */
	struct rlimit limit = { (64 + 32 + 2 * 3) * 4096UL, (64 + 32 + 2 * 3) * 4096UL };
	int fd, other;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setresuid(65534, 65534, 65534))
		return 1;
	fd = bind_new(&bind);
	if (fd < 0)
		return 2;
	bind.lport = htons(PORT + 1);
	other = bind_new(&bind);
	if (other >= 0 || errno != ENOMEM)
		return 3;
	bind.flags = ATMO_BIND_SHARE_PAGES;
	bind.pages_fd = fd;
	return bind_new(&bind) < 0 ? 4 : 0;
}

static void paid_once(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (!pid)
		_exit(pay_once());
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	CHECK_EQ(status, 0, "RLIMIT_MEMLOCK is charged once for shared pages");
}

static void too_many_members(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	struct atmo_bind bind;
	int fds[80], n;

	for (n = 0; n < 80; n++) {
		bind = share_args(s, PORT + 1 + n, ATMO_LANE_SHARED);
		fds[n] = bind_new(&bind);
		if (fds[n] < 0)
			break;
	}
	CHECK_ERR(n < 80 ? -1 : 0, ENOSPC, "one instance too many on the same pages: ENOSPC");
	CHECK_EQ(n, 63, "64 can share");
	while (n--)
		close(fds[n]);
	check(receives(s, 1), "nothing", "the first one works when the others are gone");
	raw_close(s);
}

int main(int argc, char **argv)
{
	unsigned int i;

	place_parse(&place, argc, argv);
	peer = peer_socket(&place, &peer_addr);
	restart_unbound();
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		lane_name = lanes[i].name;
		restart_clears(lanes[i].lane);
		pinned_pages_stay_private(lanes[i].lane);
		restart_at_work(lanes[i].lane);
		one_owner(lanes[i].lane);
		member_leaves(lanes[i].lane);
		race_for_pages(lanes[i].lane);
	}
	share_refused(ATMO_LANE_ANY);
	paid_once();
	too_many_members();
	return finish();
}
