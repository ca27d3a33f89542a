// SPDX-License-Identifier: GPL-2.0
/*
 * What can be done wrong on purpose with captures and with the netlink family, and
 * what must come of it: an error for who does it, nothing for anybody else.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/atmo_capture.h>
#include <linux/atmo_netlink.h>

#include "raw.h"

#define PORT	7400
#define ROUNDS	2000

static struct place place;

/* ---- Captures ---- */

static int capture(const struct atmo_capture *arg)
{
	int fd = atmo_open();
	int tap = ioctl(fd, ATMO_CAPTURE, arg);
	int err = errno;

	close(fd);
	return tap < 0 ? -err : tap;
}

static struct atmo_capture args_for(const struct raw *s)
{
	return (struct atmo_capture){ .version = ATMO_UAPI_VERSION, .instance = s->info.id };
}

static void expect_error(const struct atmo_capture *arg, int err, const char *what)
{
	int got = capture(arg);

	if (!check(got == -err, number(got), "capture refused: %s", what) && got >= 0)
		close(got);
}

static void bad_arguments(struct raw *s)
{
	struct atmo_capture arg;
	int fd;

	arg = args_for(s);
	arg.version++;
	expect_error(&arg, EINVAL, "another version");
	arg = args_for(s);
	arg.flags = 1U << 31;
	expect_error(&arg, EINVAL, "an unknown flag");
	arg = args_for(s);
	arg.reserved[2] = 1;
	expect_error(&arg, EINVAL, "a reserved field set");
	arg = args_for(s);
	arg.snaplen = ATMO_MAX_SNAPLEN + 1;
	expect_error(&arg, ERANGE, "snap length too large");
	arg = args_for(s);
	arg.buffer_len = ATMO_MIN_CAPTURE_BUFFER - 1;
	expect_error(&arg, ERANGE, "buffer too small");
	arg = args_for(s);
	arg.buffer_len = 0xffffffff;
	expect_error(&arg, ERANGE, "buffer too large");
	arg = args_for(s);
	arg.instance = 0;
	expect_error(&arg, ENOENT, "instance 0");
	arg = args_for(s);
	arg.instance = 0xffffffff;
	expect_error(&arg, ENOENT, "an instance that can't be");
	fd = atmo_open();
	check(ioctl(fd, ATMO_CAPTURE, NULL) == -1 && errno == EFAULT, strerror(errno),
	      "capture refused: no argument");
	check(ioctl(fd, ATMO_CAPTURE_STATS, &arg) == -1 && errno == ENOTTY, strerror(errno),
	      "statistics of what is no capture are refused");
	close(fd);
}

static void send_one(struct raw *s, int peer)
{
	struct atmo_rx_desc desc;

	raw_put_free(s, 0, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	peer_send(peer, &place, PORT, "seen", 4);
	if (!raw_receive(s, &desc))
		bail("nothing received");
}

static void bad_reads(struct raw *s, int peer)
{
	struct atmo_capture arg = args_for(s);
	struct atmo_capture_stats stats;
	char buf[4096];
	ssize_t n;
	int tap = capture(&arg);
	int second;

	if (!check(tap >= 0, number(tap), "capture"))
		return;
	second = capture(&arg);
	check(second == -EBUSY, number(second), "a second capture is refused");
	fcntl(tap, F_SETFL, O_NONBLOCK);
	n = read(tap, buf, sizeof(buf));
	check(n == -1 && errno == EAGAIN, number(n), "nothing to read yet");
	send_one(s, peer);
	n = read(tap, buf, 8);
	check(n == -1 && errno == EMSGSIZE, number(n), "less than a record can't be read");
	/* By its number: the compiler knows that there is no room. */
	n = syscall(SYS_read, tap, 8L, sizeof(buf));
	check(n == -1 && errno == EFAULT, number(n), "read to nowhere");
	send_one(s, peer);
	n = read(tap, buf, sizeof(buf));
	check(n == (ssize_t)((struct atmo_capture_record *)buf)->record_len, number(n),
	      "the next record is whole");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, tap, 0) == MAP_FAILED, "a mapping",
	      "a capture can't be mapped");
	check(write(tap, buf, 1) == -1, "success", "a capture can't be written");
	check(ioctl(tap, ATMO_BIND, buf) == -1 && errno == ENOTTY, strerror(errno),
	      "a capture can't be bound");
	check(!ioctl(tap, ATMO_CAPTURE_STATS, &stats) && stats.recorded == 2 && !stats.dropped,
	      number(stats.recorded), "two frames were recorded");
	close(tap);
	second = capture(&arg);
	check(second >= 0, number(second), "capture again");
	close(second);
}

/* Blocks in read() until the instance is closed under it. */
static void *reader(void *arg)
{
	int *tap = arg;
	char buf[4096];
	ssize_t n;

	do {
		n = read(*tap, buf, sizeof(buf));
	} while (n > 0);
	return (void *)(intptr_t)n;
}

static void closed_under_reader(void)
{
	struct raw *s = raw_open(&place, PORT + 1, ATMO_LANE_ANY);
	struct atmo_capture arg = args_for(s);
	struct pollfd p = { .events = POLLIN };
	int tap = capture(&arg);
	pthread_t thread;
	void *got;

	if (pthread_create(&thread, NULL, reader, &tap))
		bail("pthread_create");
	usleep(50000);
	raw_close(s);
	pthread_join(thread, &got);
	check(!got, number((intptr_t)got), "closing the instance ends a read");
	p.fd = tap;
	check(poll(&p, 1, 0) == 1 && p.revents & POLLHUP, number(p.revents), "and is told by poll");
	close(tap);
	check(capture(&arg) == -ENOENT, "another answer", "a closed instance can't be captured");
}

/* Captures come and go under traffic; nothing of that is lost. */
static void churn(struct raw *s, int peer)
{
	struct atmo_capture arg = args_for(s);
	unsigned int i, failed = 0;
	int tap;

	arg.buffer_len = ATMO_MIN_CAPTURE_BUFFER;
	for (i = 0; i < 50; i++) {
		tap = capture(&arg);
		failed += tap < 0;
		send_one(s, peer);
		close(tap);
	}
	check(!failed, number(failed), "50 captures, one after the other, under traffic");
}

/* ---- Stopping ---- */

static int run_stop(const struct raw *s)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "/project/build/userspace/bin/atmo stop %u", s->info.id);
	return system(cmd);
}

/* What the application sees, and how it comes back on its port. */
static void stopped_and_restarted(struct raw *other, int peer, __u8 lane, const char *name)
{
	struct raw *s = raw_open(&place, PORT + 3, lane);
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	struct atmo_info info = s->info;
	struct atmo_rx_desc desc;
	int n;

	check(!run_stop(s), "an error", "%s: stop", name);
	check(poll(&p, 1, 0) == 1 && p.revents & POLLERR, number(p.revents), "%s: POLLERR", name);
	n = raw_batch(s, ATMO_RX_BATCH, 1);
	check(n == -1 && errno == EIO, number(n), "%s: EIO from ATMO_RX_BATCH", name);
	n = raw_batch(s, ATMO_TX_BATCH, 1);
	check(n == -1 && errno == EIO, number(n), "%s: EIO from ATMO_TX_BATCH", name);
	check(!run_stop(s), "an error", "%s: stopping it twice changes nothing", name);
	send_one(other, peer);
	n = ioctl(s->fd, ATMO_RESTART);
	check(!n, strerror(errno), "%s: restart", name);
	check(!ioctl(s->fd, ATMO_GET_INFO, &info) && info.id == s->info.id &&
	      info.lport == s->info.lport, number(info.id), "%s: number and port are the same",
	      name);
	s->free_producer = 0;
	s->rx_consumer = 0;
	raw_put_free(s, 0, 0);
	raw_batch(s, ATMO_RX_BATCH, 1);
	peer_send(peer, &place, PORT + 3, "back", 4);
	check(raw_receive(s, &desc), "nothing", "%s: it receives again", name);
	raw_close(s);
}

/* ---- Netlink ---- */

static __u32 next_random(__u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* The family's number, by the controller's answer to CTRL_CMD_GETFAMILY. */
static int resolve(int fd)
{
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[8];
	} ask = {
		.nl = { sizeof(ask), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		.genl = { CTRL_CMD_GETFAMILY, 1, 0 },
		.attr = { sizeof(ask.attr) + sizeof(ATMO_GENL_NAME), CTRL_ATTR_FAMILY_NAME },
		.name = ATMO_GENL_NAME,
	};
	char buf[8192];
	ssize_t n, at = NLMSG_HDRLEN + GENL_HDRLEN;

	send(fd, &ask, sizeof(ask), 0);
	n = recv(fd, buf, sizeof(buf), 0);
	while (at + (ssize_t)sizeof(struct nlattr) <= n) {
		struct nlattr *a = (void *)(buf + at);

		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(__u16 *)(a + 1);
		if (a->nla_len < sizeof(*a))
			break;
		at += NLA_ALIGN(a->nla_len);
	}
	return -1;
}

/* Random commands, flags and attributes; answers are taken and forgotten. */
static void garbage(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	__u32 seed = 1, words[64];
	struct nlmsghdr *nl = (void *)words;
	struct genlmsghdr *genl = NLMSG_DATA(nl);
	int family = resolve(fd);
	unsigned int i, k;
	char buf[32768];

	if (!check(family > 0, number(family), "the family is found"))
		return;
	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k < ARRAY_SIZE(words); k++)
			words[k] = next_random(&seed) & (i & 1 ? 0xff00ff : ~0U);
		nl->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + next_random(&seed) % 200;
		nl->nlmsg_type = family;
		nl->nlmsg_flags = NLM_F_REQUEST | (next_random(&seed) & 0x301);
		genl->cmd = next_random(&seed) % (ATMO_NR_CMDS + 1);
		send(fd, nl, nl->nlmsg_len, MSG_DONTWAIT);
		while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
	}
	close(fd);
}

/* Dumps run while instances open and close all the time. */
static void dump_under_churn(void)
{
	pid_t child = fork();
	unsigned int i, failed = 0;

	if (child < 0)
		bail("fork");
	if (!child) {
		while (true)
			raw_close(raw_open(&place, PORT + 2, ATMO_LANE_ANY));
	}
	for (i = 0; i < 20; i++)
		failed += !!system("/project/build/userspace/bin/atmo status --json >/dev/null");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	check(!failed, number(failed), "20 dumps while an instance opens and closes");
}

int main(int argc, char **argv)
{
	struct sockaddr_in peer_addr;
	struct raw *s;
	int peer;

	place_parse(&place, argc, argv);
	peer = peer_socket(&place, &peer_addr);
	s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	bad_arguments(s);
	bad_reads(s, peer);
	churn(s, peer);
	closed_under_reader();
	stopped_and_restarted(s, peer, ATMO_LANE_HARDWARE, "hardware lane");
	stopped_and_restarted(s, peer, ATMO_LANE_SHARED, "shared lane");
	dump_under_churn();
	send_one(s, peer);
	/* Some of it may well be an order to stop what there is. */
	garbage();
	raw_close(s);
	s = raw_open(&place, PORT, ATMO_LANE_SHARED);
	send_one(s, peer);
	check(true, "", "after %u messages of garbage a new instance receives", ROUNDS);
	raw_close(s);
	return finish();
}
