// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input for each call of /dev/atmo: before bind, of another size, with bad
 * pointers, with what is reserved, without the privilege. Each call is made with
 * good arguments first, so what is refused is refused for what was changed.
 */
#include <grp.h>
#include <linux/atmo_capture.h>
#include <sys/wait.h>

#include "raw.h"

#define PORT	4020
#define NR_CMDS	256

static struct place place;

union args {
	struct atmo_bind bind;
	struct atmo_info info;
	struct atmo_stats stats;
	struct atmo_batch batch;
	struct atmo_exchange exchange;
	struct atmo_neigh neigh;
	struct atmo_route route;
	struct atmo_group group;
	struct atmo_headers headers;
	struct atmo_capture capture;
};

/* All there are. */
static const struct call {
	const char *name;
	unsigned int cmd;
	int before_bind;	/* errno */
} calls[] = {
	{ "ATMO_BIND", ATMO_BIND, 0 },
	{ "ATMO_GET_INFO", ATMO_GET_INFO, ENOTCONN },
	{ "ATMO_GET_STATS", ATMO_GET_STATS, ENOTCONN },
	{ "ATMO_RX_BATCH", ATMO_RX_BATCH, ENOTCONN },
	{ "ATMO_TX_BATCH", ATMO_TX_BATCH, ENOTCONN },
	{ "ATMO_EXCHANGE", ATMO_EXCHANGE, ENOTCONN },
	{ "ATMO_REPLY", ATMO_REPLY, ENOTCONN },
	{ "ATMO_RESTART", ATMO_RESTART, ENOTCONN },
	/* Before those that need a neighbour. */
	{ "ATMO_NEIGH", ATMO_NEIGH, ENOTCONN },
	{ "ATMO_ROUTE", ATMO_ROUTE, ENOTCONN },
	{ "ATMO_GROUP", ATMO_GROUP, ENOTCONN },
	{ "ATMO_GET_HEADERS", ATMO_GET_HEADERS, ENOTCONN },
	/* Names another instance: this one. */
	{ "ATMO_CAPTURE", ATMO_CAPTURE, ENOENT },
};

static bool is_call(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (_IOC_NR(calls[i].cmd) == nr)
			return true;
	}
	return false;
}

/* Arguments that are right for instance @id of the test's port. */
static union args good(unsigned int cmd, __u8 lane, __u32 id)
{
	static const __u8 mac[6] = { 2, 0, 0, 0, 0, 1 };
	union args a;

	memset(&a, 0, sizeof(a));
	switch (cmd) {
	case ATMO_BIND:
		a.bind = bind_args(&place, PORT, lane);
		break;
	case ATMO_GET_INFO:
	case ATMO_GET_STATS:
		a.info.version = ATMO_UAPI_VERSION;
		break;
	case ATMO_RX_BATCH:
	case ATMO_TX_BATCH:
		a.batch.nr = 1;
		break;
	case ATMO_EXCHANGE:
	case ATMO_REPLY:
		a.exchange.tx_nr = 1;
		a.exchange.rx_nr = 1;
		break;
	case ATMO_NEIGH:
		a.neigh.addr[0] = place.peer;
		memcpy(a.neigh.mac, mac, sizeof(mac));
		break;
	case ATMO_ROUTE:
		a.route.dst[0] = htonl(0xc0000200);
		a.route.prefix_len = 24;
		break;
	case ATMO_GROUP:
		a.group.addr[0] = htonl(0xef010203);
		break;
	case ATMO_GET_HEADERS:
		a.headers.addr[0] = place.peer;
		a.headers.port = htons(9);
		break;
	case ATMO_CAPTURE:
		a.capture.version = ATMO_UAPI_VERSION;
		a.capture.instance = id;
		break;
	}
	return a;
}

/* 0, or -1 with errno set; a file descriptor that it returns is closed. */
static int call(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret > 0)
		close(ret);
	return ret < 0 ? -1 : 0;
}

static int call_good(int fd, unsigned int cmd, __u8 lane, __u32 id)
{
	union args a = good(cmd, lane, id);

	return call(fd, cmd, &a);
}

/* ---- Before bind ---- */

static void before_bind(void)
{
	unsigned int i;
	int fd = atmo_open();

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!calls[i].before_bind)
			continue;
		CHECK_ERR(call_good(fd, calls[i].cmd, ATMO_LANE_ANY, 0xffffffff),
			  calls[i].before_bind, "%s before bind: %s", calls[i].name,
			  strerror(calls[i].before_bind));
	}
	CHECK_ERR(call_good(fd, ATMO_BIND, ATMO_LANE_ANY, 0), 0, "and it can be bound after all");
	close(fd);
}

/* ---- Numbers and sizes ---- */

/* Calls with number @nr that aren't refused with @want, of all directions. */
static unsigned int wrong_answers(int fd, unsigned int nr, size_t size, int want,
				  unsigned int but)
{
	union args a;
	unsigned int dir, wrong = 0;

	memset(&a, 0, sizeof(a));
	for (dir = 0; dir < 4; dir++) {
		unsigned int cmd = _IOC(dir, ATMO_IOC_MAGIC, nr, size);

		if (cmd != but)
			wrong += call(fd, cmd, &a) != -1 || errno != want;
	}
	return wrong;
}

static void unknown_numbers(int fd, const char *name)
{
	unsigned int nr, wrong = 0;

	for (nr = 0; nr < NR_CMDS; nr++) {
		if (is_call(nr))
			continue;
		wrong += wrong_answers(fd, nr, 0, ENOTTY, 0);
		wrong += wrong_answers(fd, nr, sizeof(struct atmo_bind), ENOTTY, 0);
		wrong += wrong_answers(fd, nr, (1 << _IOC_SIZEBITS) - 1, ENOTTY, 0);
	}
	CHECK_EQ(wrong, 0, "%s: all numbers that are no call's: ENOTTY", name);
	for (nr = 0, wrong = 0; nr < NR_CMDS; nr++) {
		unsigned int cmd = _IOWR(ATMO_IOC_MAGIC ^ 1, nr, struct atmo_bind);

		wrong += call(fd, cmd, NULL) != -1 || errno != ENOTTY;
	}
	CHECK_EQ(wrong, 0, "%s: all numbers of another magic: ENOTTY", name);
}

static void wrong_sizes(int fd, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned int cmd = calls[i].cmd, nr = _IOC_NR(cmd), size = _IOC_SIZE(cmd);

		CHECK_EQ(wrong_answers(fd, nr, size + 1, EINVAL, 0), 0,
			 "%s: %s one byte long: EINVAL", name, calls[i].name);
		if (size)
			CHECK_EQ(wrong_answers(fd, nr, size - 1, EINVAL, 0), 0,
				 "%s: %s one byte short: EINVAL", name, calls[i].name);
		CHECK_EQ(wrong_answers(fd, nr, size, EINVAL, cmd), 0,
			 "%s: %s of another direction: EINVAL", name, calls[i].name);
	}
}

/* ---- Pointers ---- */

static void bad_pointers(int fd, const struct call *c, __u8 lane, __u32 id, const char *name)
{
	const size_t size = _IOC_SIZE(c->cmd);
	union args a = good(c->cmd, lane, id);
	unsigned char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + 4096, 4096))
		bail("mmap");
	CHECK_ERR(call(fd, c->cmd, NULL), EFAULT, "%s: %s of NULL: EFAULT", name, c->name);
	CHECK_ERR(call(fd, c->cmd, pages + 4096), EFAULT, "%s: %s of no mapping: EFAULT", name,
		  c->name);
	CHECK_ERR(call(fd, c->cmd, (void *)-4096L), EFAULT, "%s: %s of a kernel address: EFAULT",
		  name, c->name);
	memcpy(pages + 4097 - size, &a, size - 1);
	CHECK_ERR(call(fd, c->cmd, pages + 4097 - size), EFAULT,
		  "%s: %s whose last byte isn't mapped: EFAULT", name, c->name);
	/* Bind is done all the same, as documented: not here. */
	if (_IOC_DIR(c->cmd) & _IOC_READ && c->cmd != ATMO_BIND) {
		memcpy(pages, &a, size);
		if (mprotect(pages, 4096, PROT_READ))
			bail("mprotect");
		CHECK_ERR(call(fd, c->cmd, pages), EFAULT, "%s: %s of read-only memory: EFAULT",
			  name, c->name);
	}
	munmap(pages, 4096);
}

/* ---- What is reserved ---- */

/* What is called with, good but for one field. */
static union args given;

#define FIELD(cmd, field, value)						\
	{ cmd, &(field), sizeof(field), value, #cmd ", " #field " = " #value }

static const struct change {
	unsigned int cmd;
	void	*field;
	size_t	len;
	__u64	value;
	const char *name;
} changes[] = {
	FIELD(ATMO_BIND, given.bind.version, 0),
	FIELD(ATMO_BIND, given.bind.version, ATMO_UAPI_VERSION + 1),
	FIELD(ATMO_BIND, given.bind.flags, 0x2),
	FIELD(ATMO_BIND, given.bind.flags, 0x80000000),
	FIELD(ATMO_BIND, given.bind.pages_fd, 1),
	FIELD(ATMO_BIND, given.bind.reserved[0], 1),
	FIELD(ATMO_BIND, given.bind.reserved[1], 0x80000000),
	FIELD(ATMO_GET_INFO, given.info.version, 0),
	FIELD(ATMO_GET_INFO, given.info.version, ATMO_UAPI_VERSION + 1),
	FIELD(ATMO_GET_INFO, given.info.reserved0, 0x8000),
	FIELD(ATMO_GET_INFO, given.info.reserved[0], 1),
	FIELD(ATMO_GET_INFO, given.info.reserved[7], 0x80000000),
	FIELD(ATMO_GET_STATS, given.stats.version, 0),
	FIELD(ATMO_GET_STATS, given.stats.version, ATMO_UAPI_VERSION + 1),
	FIELD(ATMO_GET_STATS, given.stats.reserved[0], 1),
	FIELD(ATMO_GET_STATS, given.stats.reserved[1], 1ULL << 63),
	FIELD(ATMO_RX_BATCH, given.batch.nr, 0),
	FIELD(ATMO_RX_BATCH, given.batch.nr, ATMO_MAX_BATCH + 1),
	FIELD(ATMO_RX_BATCH, given.batch.flags, 1),
	FIELD(ATMO_RX_BATCH, given.batch.flags, 0x80000000),
	FIELD(ATMO_TX_BATCH, given.batch.nr, 0),
	FIELD(ATMO_TX_BATCH, given.batch.nr, ATMO_MAX_BATCH + 1),
	FIELD(ATMO_TX_BATCH, given.batch.flags, 1),
	FIELD(ATMO_TX_BATCH, given.batch.flags, 0x80000000),
	FIELD(ATMO_EXCHANGE, given.exchange.tx_nr, ATMO_MAX_BATCH + 1),
	FIELD(ATMO_EXCHANGE, given.exchange.tx_nr, 0xffffffff),
	FIELD(ATMO_EXCHANGE, given.exchange.rx_nr, ATMO_MAX_BATCH + 1),
	FIELD(ATMO_EXCHANGE, given.exchange.rx_nr, 0xffffffff),
	FIELD(ATMO_REPLY, given.exchange.tx_nr, ATMO_MAX_BATCH + 1),
	FIELD(ATMO_REPLY, given.exchange.rx_nr, 0xffffffff),
	FIELD(ATMO_NEIGH, given.neigh.flags, 0x2),
	FIELD(ATMO_NEIGH, given.neigh.flags, 0x80000000),
	/* To delete it the MAC address has to be zero. */
	FIELD(ATMO_NEIGH, given.neigh.flags, ATMO_ENTRY_DELETE),
	FIELD(ATMO_NEIGH, given.neigh.addr[0], 0),
	FIELD(ATMO_NEIGH, given.neigh.addr[0], 0xffffffff),
	FIELD(ATMO_NEIGH, given.neigh.addr[1], 1),
	FIELD(ATMO_NEIGH, given.neigh.addr[3], 1),
	FIELD(ATMO_NEIGH, given.neigh.mac[0], 1),
	FIELD(ATMO_NEIGH, given.neigh.mac[0], 0xff),
	FIELD(ATMO_NEIGH, given.neigh.reserved[0], 1),
	FIELD(ATMO_NEIGH, given.neigh.reserved[5], 0x80),
	FIELD(ATMO_ROUTE, given.route.flags, 0x2),
	FIELD(ATMO_ROUTE, given.route.flags, 0x80000000),
	FIELD(ATMO_ROUTE, given.route.dst[1], 1),
	FIELD(ATMO_ROUTE, given.route.dst[3], 1),
	FIELD(ATMO_ROUTE, given.route.gateway[0], 0xffffffff),
	FIELD(ATMO_ROUTE, given.route.gateway[3], 1),
	/* Host bits. */
	FIELD(ATMO_ROUTE, given.route.prefix_len, 8),
	FIELD(ATMO_ROUTE, given.route.prefix_len, 33),
	FIELD(ATMO_ROUTE, given.route.prefix_len, 0xffffffff),
	FIELD(ATMO_ROUTE, given.route.reserved[0], 1),
	FIELD(ATMO_ROUTE, given.route.reserved[1], 0x80000000),
	FIELD(ATMO_GROUP, given.group.flags, 0x2),
	FIELD(ATMO_GROUP, given.group.flags, 0x80000000),
	FIELD(ATMO_GROUP, given.group.addr[0], 0),
	FIELD(ATMO_GROUP, given.group.addr[0], 0xffffffff),
	FIELD(ATMO_GROUP, given.group.addr[1], 1),
	FIELD(ATMO_GROUP, given.group.addr[3], 1),
	FIELD(ATMO_GROUP, given.group.reserved[0], 1),
	FIELD(ATMO_GROUP, given.group.reserved[2], 0x80000000),
	FIELD(ATMO_GET_HEADERS, given.headers.flags, 1),
	FIELD(ATMO_GET_HEADERS, given.headers.flags, 0x80000000),
	/* There is no connected peer; port 0. */
	FIELD(ATMO_GET_HEADERS, given.headers.addr[0], 0),
	FIELD(ATMO_GET_HEADERS, given.headers.port, 0),
	FIELD(ATMO_CAPTURE, given.capture.version, 0),
	FIELD(ATMO_CAPTURE, given.capture.version, ATMO_UAPI_VERSION + 1),
	FIELD(ATMO_CAPTURE, given.capture.flags, 0x2),
	FIELD(ATMO_CAPTURE, given.capture.flags, 0x80000000),
	FIELD(ATMO_CAPTURE, given.capture.reserved[0], 1),
	FIELD(ATMO_CAPTURE, given.capture.reserved[2], 0x80000000),
};

static void change_and_call(int fd, unsigned int cmd, __u8 lane, __u32 id, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		if (changes[i].cmd != cmd)
			continue;
		given = good(cmd, lane, id);
		memcpy(changes[i].field, &changes[i].value, changes[i].len);
		CHECK_ERR(call(fd, cmd, &given), EINVAL, "%s: %s: EINVAL", name, changes[i].name);
	}
}

/* ---- Each of them, before bind and after it ---- */

static void bad_binds(__u8 lane, const char *name)
{
	int fd = atmo_open();

	wrong_sizes(fd, name);
	unknown_numbers(fd, name);
	bad_pointers(fd, &calls[0], lane, 0, name);
	change_and_call(fd, ATMO_BIND, lane, 0, name);
	CHECK_ERR(call_good(fd, ATMO_BIND, lane, 0), 0, "%s: after all that it is bound", name);
	CHECK_ERR(call_good(fd, ATMO_BIND, lane, 0), EISCONN, "%s: ATMO_BIND again: EISCONN", name);
	close(fd);
}

static void bad_calls(__u8 lane, const char *name)
{
	struct raw *s = raw_open(&place, PORT, lane);
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(calls); i++) {
		const struct call *c = &calls[i];

		CHECK_ERR(call_good(s->fd, c->cmd, lane, s->info.id), 0,
			  "%s: %s with good arguments", name, c->name);
		if (_IOC_SIZE(c->cmd))
			bad_pointers(s->fd, c, lane, s->info.id, name);
		change_and_call(s->fd, c->cmd, lane, s->info.id, name);
	}
	wrong_sizes(s->fd, name);
	unknown_numbers(s->fd, name);
	/* It has no argument: none is looked at. */
	CHECK_ERR(ioctl(s->fd, ATMO_RESTART, -4096L), 0, "%s: ATMO_RESTART of anything", name);
	for (i = 1; i < ARRAY_SIZE(calls); i++) {
		/* Of a group that it is in already, that is the answer. */
		CHECK_ERR(call_good(s->fd, calls[i].cmd, lane, s->info.id),
			  calls[i].cmd == ATMO_GROUP ? EADDRINUSE : 0, "%s: %s still works",
			  name, calls[i].name);
	}
	raw_close(s);
}

/* What ATMO_CAPTURE returns has one call of its own. */
static void calls_of_a_capture(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	union args a = good(ATMO_CAPTURE, ATMO_LANE_ANY, s->info.id);
	struct atmo_capture_stats stats;
	unsigned int i, wrong = 0;
	int fd = ioctl(s->fd, ATMO_CAPTURE, &a);

	if (fd < 0)
		bail("ATMO_CAPTURE");
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		wrong += call_good(fd, calls[i].cmd, ATMO_LANE_ANY, s->info.id) != -1 ||
			 errno != ENOTTY;
	CHECK_EQ(wrong, 0, "capture: no call of an instance: ENOTTY");
	CHECK_ERR(ioctl(fd, ATMO_CAPTURE_STATS, &stats), 0, "capture: ATMO_CAPTURE_STATS");
	CHECK_ERR(ioctl(fd, ATMO_CAPTURE_STATS, NULL), EFAULT,
		  "capture: ATMO_CAPTURE_STATS of NULL: EFAULT");
	CHECK_ERR(ioctl(fd, _IOR(ATMO_IOC_MAGIC, 17, char[15]), &stats), ENOTTY,
		  "capture: ATMO_CAPTURE_STATS one byte short: ENOTTY");
	CHECK_ERR(ioctl(fd, _IOR(ATMO_IOC_MAGIC, 17, char[17]), &stats), ENOTTY,
		  "capture: ATMO_CAPTURE_STATS one byte long: ENOTTY");
	CHECK_ERR(ioctl(s->fd, ATMO_CAPTURE_STATS, &stats), ENOTTY,
		  "an instance has no ATMO_CAPTURE_STATS: ENOTTY");
	close(fd);
	raw_close(s);
}

/* ---- Without privilege ---- */

static int bind_frames(__u8 lane)
{
	struct atmo_bind bind = bind_args(&place, 0, lane);

	bind.family = AF_PACKET;
	bind.protocol = 0;
	bind.laddr[0] = 0;
	return bind_new(&bind);
}

static int frames_in_hardware(int fd)
{
	(void)fd;
	return bind_frames(ATMO_LANE_HARDWARE);
}

static int frames_shared(int fd)
{
	(void)fd;
	return bind_frames(ATMO_LANE_SHARED);
}

/* Of an instance of its own, or of @fd, which root has bound. */
static int call_own(int fd, unsigned int cmd)
{
	int own = -1, ret, err;

	if (fd < 0) {
		own = atmo_open();
		if (call_good(own, ATMO_BIND, ATMO_LANE_ANY, 0))
			bail("bind of an instance of its own");
	}
	ret = call_good(fd < 0 ? own : fd, cmd, ATMO_LANE_ANY, 0);
	err = errno;
	if (own >= 0)
		close(own);
	errno = err;
	return ret;
}

static int add_neigh(int fd)
{
	return call_own(fd, ATMO_NEIGH);
}

static int add_route(int fd)
{
	return call_own(fd, ATMO_ROUTE);
}

static int join_group(int fd)
{
	return call_own(fd, ATMO_GROUP);
}

static int capture(int fd)
{
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };

	if (ioctl(fd, ATMO_GET_INFO, &info))
		bail("ATMO_GET_INFO");
	return call_good(atmo_open(), ATMO_CAPTURE, ATMO_LANE_ANY, info.id);
}

/* Added to the child's status: bail() ends it with 1, which is EPERM, too. */
#define STATUS_BASE	100

/* What @fn returns to one who has no privileges: 0 or an errno. */
static int as_nobody(int (*fn)(int fd), int fd)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			bail("giving up privileges");
		_exit(STATUS_BASE + (fn(fd) < 0 ? errno : 0));
	}
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) - STATUS_BASE : -1;
}

static void unprivileged(void)
{
	static const struct {
		int (*fn)(int fd);
		int want;
		bool of_root, root_too;
		const char *name;
	} tries[] = {
		{ frames_in_hardware, EPERM, false, true, "whole frames, hardware lane" },
		{ frames_shared, EPERM, false, true, "whole frames, shared lane" },
		{ add_neigh, EPERM, false, true, "ATMO_NEIGH" },
		{ add_route, EPERM, false, true, "ATMO_ROUTE" },
		{ join_group, 0, false, true, "ATMO_GROUP" },
		{ add_neigh, EPERM, true, false, "ATMO_NEIGH of root's" },
		{ add_route, EPERM, true, false, "ATMO_ROUTE of root's" },
		{ capture, EPERM, true, false, "ATMO_CAPTURE of root's" },
	};
	unsigned int i;
	int err, fd;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		fd = -1;
		if (tries[i].of_root) {
			fd = atmo_open();
			if (call_good(fd, ATMO_BIND, ATMO_LANE_ANY, 0))
				bail("bind");
		}
		err = as_nobody(tries[i].fn, fd);
		check(err == tries[i].want, number(err), "without privileges, %s: %s",
		      tries[i].name, tries[i].want ? strerror(tries[i].want) : "allowed");
		if (tries[i].root_too) {
			fd = tries[i].fn(-1);
			CHECK_ERR(fd < 0 ? -1 : 0, 0, "with privileges, %s: allowed",
				  tries[i].name);
		}
		if (fd > 0)
			close(fd);
	}
}

int main(int argc, char **argv)
{
	unsigned int i;

	place_parse(&place, argc, argv);
	before_bind();
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		bad_binds(lanes[i].lane, lanes[i].name);
		bad_calls(lanes[i].lane, lanes[i].name);
	}
	calls_of_a_capture();
	unprivileged();
	return finish();
}
