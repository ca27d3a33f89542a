// SPDX-License-Identifier: GPL-2.0
/* Wrong calls of /dev/atmo: each fails with the errno that atmo.h promises. */
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "raw.h"

#define PORT 4000

static struct place place;

static void unknown_calls(void)
{
	int fd = atmo_open();
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_ANY);

	CHECK_ERR(ioctl(fd, _IO(ATMO_IOC_MAGIC, 0), &bind), ENOTTY, "ioctl 0: ENOTTY");
	CHECK_ERR(ioctl(fd, _IO(ATMO_IOC_MAGIC, 99), &bind), ENOTTY, "ioctl 99: ENOTTY");
	CHECK_ERR(ioctl(fd, _IOWR('T', 1, struct atmo_bind), &bind), ENOTTY,
		  "other magic: ENOTTY");
	CHECK_ERR(ioctl(fd, _IOWR(ATMO_IOC_MAGIC, 1, char[71]), &bind), EINVAL,
		  "bind one byte short: EINVAL");
	CHECK_ERR(ioctl(fd, _IOWR(ATMO_IOC_MAGIC, 1, char[73]), &bind), EINVAL,
		  "bind one byte long: EINVAL");
	CHECK_ERR(ioctl(fd, _IOR(ATMO_IOC_MAGIC, 4, struct atmo_batch), &bind), EINVAL,
		  "batch of wrong direction: EINVAL");
	CHECK_ERR(read(fd, &bind, sizeof(bind)), EINVAL, "read: EINVAL");
	CHECK_ERR(write(fd, &bind, sizeof(bind)), EINVAL, "write: EINVAL");
	close(fd);
}

static void calls_before_bind(void)
{
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	struct atmo_stats stats = { .version = ATMO_UAPI_VERSION };
	struct atmo_batch batch = { .nr = 1 };
	int fd = atmo_open();
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	CHECK_ERR(ioctl(fd, ATMO_GET_INFO, &info), ENOTCONN, "info before bind: ENOTCONN");
	CHECK_ERR(ioctl(fd, ATMO_GET_STATS, &stats), ENOTCONN, "stats before bind: ENOTCONN");
	CHECK_ERR(ioctl(fd, ATMO_RX_BATCH, &batch), ENOTCONN, "receive before bind: ENOTCONN");
	CHECK_ERR(ioctl(fd, ATMO_TX_BATCH, &batch), ENOTCONN, "send before bind: ENOTCONN");
	CHECK_ERR(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, ATMO_MMAP_RINGS), ENOTCONN,
		  "mmap before bind: ENOTCONN");
	poll(&pfd, 1, 0);
	CHECK_EQ(pfd.revents, POLLERR, "poll before bind: POLLERR");
	close(fd);
}

#define CHECK_BAD_BIND(field, value, want) do {				\
	struct atmo_bind bad = bind_args(&place, PORT, ATMO_LANE_ANY);	\
	bad.field = (value);						\
	CHECK_ERR(bind_new(&bad), want, "bind with " #field " = " #value ": " #want); \
} while (0)

static void malformed_binds(void)
{
	CHECK_BAD_BIND(version, 0, EINVAL);
	CHECK_BAD_BIND(version, ATMO_UAPI_VERSION + 1, EINVAL);
	CHECK_BAD_BIND(family, AF_UNIX, EINVAL);
	CHECK_BAD_BIND(family, 0xffff, EINVAL);
	CHECK_BAD_BIND(lane, 3, EINVAL);
	CHECK_BAD_BIND(nr_pages, 0, EINVAL);
	CHECK_BAD_BIND(nr_pages, 8, EINVAL);
	CHECK_BAD_BIND(nr_pages, 65, EINVAL);
	CHECK_BAD_BIND(nr_pages, 2 * ATMO_MAX_PAGES, EINVAL);
	CHECK_BAD_BIND(nr_pages, 0xffffffff, EINVAL);
	CHECK_BAD_BIND(laddr[1], 1, EINVAL);
	CHECK_BAD_BIND(laddr[3], 1, EINVAL);
	CHECK_BAD_BIND(raddr[0], 1, EINVAL);
	CHECK_BAD_BIND(raddr[3], 1, EINVAL);
	CHECK_BAD_BIND(rport, 1, EINVAL);
	CHECK_BAD_BIND(flags, 2, EINVAL);
	CHECK_BAD_BIND(flags, 0x80000000, EINVAL);
	CHECK_BAD_BIND(pages_fd, 1, EINVAL);
	CHECK_BAD_BIND(pages_fd, -1, EINVAL);
	CHECK_BAD_BIND(tx_rate, ATMO_MIN_TX_RATE - 1, ERANGE);
	CHECK_BAD_BIND(tx_rate, ATMO_MAX_TX_RATE + 1, ERANGE);
	CHECK_BAD_BIND(tx_rate, 0xffffffff, ERANGE);
	CHECK_BAD_BIND(reserved[0], 1, EINVAL);
	CHECK_BAD_BIND(reserved[1], 0x80000000, EINVAL);
}

static void refused_binds(void)
{
	CHECK_BAD_BIND(ifindex, 0, ENODEV);
	CHECK_BAD_BIND(ifindex, 0x7fffffff, ENODEV);
	CHECK_BAD_BIND(ifindex, if_nametoindex("lo"), ENODEV);
	CHECK_BAD_BIND(laddr[0], htonl(0xc0000201), EADDRNOTAVAIL);
	CHECK_BAD_BIND(laddr[0], place.peer, EADDRNOTAVAIL);
	CHECK_BAD_BIND(laddr[0], htonl(INADDR_LOOPBACK), EADDRNOTAVAIL);
	CHECK_BAD_BIND(laddr[0], htonl(INADDR_BROADCAST), EADDRNOTAVAIL);
	CHECK_BAD_BIND(protocol, IPPROTO_SCTP, EPROTONOSUPPORT);
	CHECK_BAD_BIND(protocol, 0, EPROTONOSUPPORT);
}

static int linux_bind(__be32 addr, __u16 port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = addr,
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		bail("socket");
	if (!bind(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static void ports_taken_by_linux(void)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_ANY);
	int fd = linux_bind(INADDR_ANY, PORT);

	CHECK_ERR(bind_new(&bind), EADDRINUSE, "port that Linux has at any address: EADDRINUSE");
	close(fd);
	fd = linux_bind(place.local, PORT);
	CHECK_ERR(bind_new(&bind), EADDRINUSE, "port that Linux has at this address: EADDRINUSE");
	close(fd);
}

static void ports_taken_by_us(void)
{
	static const __u8 all[] = {
		ATMO_LANE_HARDWARE, ATMO_LANE_SHARED, ATMO_LANE_ANY,
	};
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_SHARED);
	int fd = bind_new(&bind);
	unsigned int i;

	if (fd < 0)
		bail("bind");
	for (i = 0; i < sizeof(all); i++) {
		bind.lane = all[i];
		CHECK_ERR(bind_new(&bind), EADDRINUSE,
			  "port that an instance has, lane %u: EADDRINUSE", all[i]);
	}
	CHECK_ERR(linux_bind(place.local, PORT), EADDRINUSE,
		  "Linux's bind of a port that an instance has: EADDRINUSE");
	CHECK_ERR(linux_bind(INADDR_ANY, PORT), EADDRINUSE,
		  "Linux's bind at any address of such a port: EADDRINUSE");
	CHECK_ERR(ioctl(fd, ATMO_BIND, &bind), EISCONN, "second bind: EISCONN");
	close(fd);
	fd = linux_bind(INADDR_ANY, PORT);
	check(fd >= 0, strerror(errno), "after close the port is Linux's again");
	close(fd);
}

static void bind_again_after_failure(void)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_ANY);
	int fd = atmo_open();

	bind.laddr[0] = place.peer;
	CHECK_ERR(ioctl(fd, ATMO_BIND, &bind), EADDRNOTAVAIL, "bind that fails");
	bind.laddr[0] = 0;
	CHECK_ERR(ioctl(fd, ATMO_BIND, &bind), 0, "bind again, to the primary address");
	CHECK_EQ(bind.laddr[0], place.local, "the primary address is written back");
	close(fd);
}

static void bad_pointers(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	int fd = atmo_open();

	CHECK_ERR(ioctl(fd, ATMO_BIND, NULL), EFAULT, "bind of NULL: EFAULT");
	CHECK_ERR(ioctl(s->fd, ATMO_GET_INFO, (void *)-4096L), EFAULT,
		  "info at a kernel address: EFAULT");
	CHECK_ERR(ioctl(s->fd, ATMO_RX_BATCH, (void *)1), EFAULT, "batch at 1: EFAULT");
	close(fd);
	raw_close(s);
}

static void malformed_calls(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	struct atmo_info info = { .version = ATMO_UAPI_VERSION, .reserved = { [7] = 1 } };
	struct atmo_stats stats = { .version = ATMO_UAPI_VERSION, .reserved = { 1ULL << 63 } };
	struct atmo_batch batch = { .nr = 1, .flags = 1 };

	CHECK_ERR(ioctl(s->fd, ATMO_GET_INFO, &info), EINVAL, "info, reserved set: EINVAL");
	info = (struct atmo_info){ .version = 77 };
	CHECK_ERR(ioctl(s->fd, ATMO_GET_INFO, &info), EINVAL, "info, version 77: EINVAL");
	CHECK_ERR(ioctl(s->fd, ATMO_GET_STATS, &stats), EINVAL, "stats, reserved set: EINVAL");
	stats = (struct atmo_stats){ .version = 0 };
	CHECK_ERR(ioctl(s->fd, ATMO_GET_STATS, &stats), EINVAL, "stats, version 0: EINVAL");
	CHECK_ERR(ioctl(s->fd, ATMO_RX_BATCH, &batch), EINVAL, "receive, flags set: EINVAL");
	CHECK_ERR(ioctl(s->fd, ATMO_TX_BATCH, &batch), EINVAL, "send, flags set: EINVAL");
	CHECK_ERR(raw_batch(s, ATMO_RX_BATCH, 0), EINVAL, "receive 0: EINVAL");
	CHECK_ERR(raw_batch(s, ATMO_TX_BATCH, ATMO_MAX_BATCH + 1), EINVAL,
		  "send 4097: EINVAL");
	CHECK_ERR(raw_batch(s, ATMO_TX_BATCH, 0xffffffff), EINVAL, "send 2^32 - 1: EINVAL");
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, ATMO_MAX_BATCH), 0, "nothing to receive: 0");
	CHECK_EQ(raw_batch(s, ATMO_TX_BATCH, ATMO_MAX_BATCH), 0, "nothing to send: 0");
	raw_close(s);
}

/* Hardware lanes until there are no more. */
static void lanes_run_out(void)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_HARDWARE);
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	int fds[256], n, fd;

	bind.nr_pages = ATMO_MIN_PAGES;
	for (n = 0; n < 256; n++) {
		bind.lport = htons(PORT + n);
		fds[n] = bind_new(&bind);
		if (fds[n] < 0)
			break;
	}
	CHECK_ERR(n < 256 ? -1 : 0, EBUSY, "hardware lane when none is left: EBUSY");
	printf("# %d hardware lanes\n", n);
	check(n >= 32, number(n), "at least 32 hardware lanes");
	bind.lane = ATMO_LANE_ANY;
	fd = bind_new(&bind);
	if (fd < 0 || ioctl(fd, ATMO_GET_INFO, &info))
		bail("any lane when no hardware lane is left");
	CHECK_EQ(info.lane, ATMO_LANE_SHARED, "any lane then: shared");
	check(info.lane_reason == ATMO_LANE_NO_QUEUE || info.lane_reason == ATMO_LANE_NO_FILTER,
	      number(info.lane_reason), "and the reason is told");
	close(fd);
	bind.lane = ATMO_LANE_HARDWARE;
	close(fds[0]);
	fds[0] = bind_new(&bind);
	check(fds[0] >= 0, strerror(errno), "a lane that was given back can be had again");
	while (n--)
		close(fds[n]);
}

static void *map(struct raw *s, size_t len, int prot, int flags, off_t offset)
{
	return mmap(NULL, len, prot, flags, s->fd, offset);
}

static void bad_mappings(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	const size_t rings = s->info.rings_len, pages = s->info.pages_len;
	const int rw = PROT_READ | PROT_WRITE;

	CHECK_ERR(map(s, rings, rw, MAP_PRIVATE, ATMO_MMAP_RINGS), EINVAL,
		  "private mapping of rings: EINVAL");
	CHECK_ERR(map(s, pages, PROT_READ, MAP_PRIVATE, ATMO_MMAP_PAGES), EINVAL,
		  "private mapping of pages: EINVAL");
	CHECK_ERR(map(s, pages, rw | PROT_EXEC, MAP_SHARED, ATMO_MMAP_PAGES), EINVAL,
		  "executable mapping: EINVAL");
	CHECK_ERR(map(s, rings + 4096, rw, MAP_SHARED, ATMO_MMAP_RINGS), EINVAL,
		  "one page more than the rings: EINVAL");
	CHECK_ERR(map(s, pages + 4096, rw, MAP_SHARED, ATMO_MMAP_PAGES), EINVAL,
		  "one page more than the pages: EINVAL");
	CHECK_ERR(map(s, 4096, rw, MAP_SHARED, ATMO_MMAP_PAGES), EINVAL,
		  "one page of the pages: EINVAL");
	CHECK_ERR(map(s, 4096, rw, MAP_SHARED, ATMO_MMAP_PAGES + pages), EINVAL,
		  "the page behind the pages: EINVAL");
	CHECK_ERR(map(s, rings, rw, MAP_SHARED, 4096), EINVAL, "rings at 4096: EINVAL");
	CHECK_ERR(map(s, pages, rw, MAP_SHARED, 0x10000000000), EINVAL, "far out: EINVAL");
	CHECK_ERR(mprotect(s->pages, pages, rw | PROT_EXEC), EACCES,
		  "mprotect to executable: EACCES");
	CHECK_ERR(mremap(s->pages, pages, pages + 4096, MREMAP_MAYMOVE), EFAULT,
		  "mremap to more: EFAULT");
	raw_close(s);
}

/* A mapping keeps the instance, as documented for any file. */
static void mapping_outlives_close(void)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_ANY);
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);
	size_t i, sum = 0;
	int fd;

	close(s->fd);
	for (i = 0; i < s->info.pages_len; i += 4096)
		sum += s->pages[i];
	CHECK_EQ(sum, 0, "pages are there after close, and were clear");
	CHECK_ERR(bind_new(&bind), EADDRINUSE, "the port is taken while they are mapped");
	munmap(s->pages, s->info.pages_len);
	munmap(s->rings, s->info.rings_len);
	free(s);
	fd = bind_new(&bind);
	check(fd >= 0, strerror(errno), "and free afterwards");
	close(fd);
}

/* Runs @fn in a child process; returns its exit status. */
static int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (!pid)
		_exit(fn(arg));
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int child_maps_nothing(void *arg)
{
	struct raw *s = arg;
	int fds[2];

	if (pipe(fds) || write(fds[1], s->pages, 1) != -1 || errno != EFAULT)
		return 1;
	/* The descriptor is inherited all the same. */
	return raw_batch(s, ATMO_RX_BATCH, 1) != 0;
}

static void fork_shares_no_pages(void)
{
	struct raw *s = raw_open(&place, PORT, ATMO_LANE_ANY);

	CHECK_EQ(in_child(child_maps_nothing, s), 0, "a child has the descriptor, not the pages");
	raw_close(s);
}

static int as_nobody(void *arg)
{
	struct atmo_bind bind = bind_args(&place, PORT, ATMO_LANE_ANY);
	struct rlimit none = { 0, 0 };
	int test = *(int *)arg;
	int fd;

	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		return 200;
	if (test == 1)
		bind.lport = htons(1023);
	if (test == 2)
		setrlimit(RLIMIT_MEMLOCK, &none);
	fd = bind_new(&bind);
	return fd < 0 ? errno : 0;
}

static void unprivileged_binds(void)
{
	static const int want[] = { 0, EACCES, ENOMEM };
	static const char *const names[] = {
		"bind without privileges", "port below 1024 without privileges: EACCES",
		"bind beyond RLIMIT_MEMLOCK: ENOMEM",
	};
	int i, err;

	for (i = 0; i < 3; i++) {
		err = in_child(as_nobody, &i);
		check(err == want[i], strerror(err), "%s", names[i]);
	}
}

static void set_link(bool up)
{
	struct ifreq req = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(req.ifr_name, place.ifname, strnlen(place.ifname, IFNAMSIZ - 1));
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &req))
		bail("SIOCGIFFLAGS");
	req.ifr_flags = up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &req))
		bail("SIOCSIFFLAGS");
	close(fd);
}

static void device_down(__u8 lane)
{
	struct raw *s = raw_open(&place, PORT, lane);
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };

	set_link(false);
	CHECK_ERR(raw_batch(s, ATMO_RX_BATCH, 1), ENETDOWN, "lane %u, receive while down: ENETDOWN",
		  lane);
	CHECK_ERR(raw_batch(s, ATMO_TX_BATCH, 1), ENETDOWN, "lane %u, send while down: ENETDOWN",
		  lane);
	CHECK_EQ(poll(&pfd, 1, 0), 0, "lane %u, poll while down: no POLLIN", lane);
	set_link(true);
	CHECK_EQ(raw_batch(s, ATMO_RX_BATCH, 1), 0, "lane %u, up again: works", lane);
	pfd.events = POLLOUT;
	CHECK_EQ(poll(&pfd, 1, 0), 1, "lane %u: POLLOUT", lane);
	raw_close(s);
}

int main(int argc, char **argv)
{
	place_parse(&place, argc, argv);
	unknown_calls();
	calls_before_bind();
	malformed_binds();
	refused_binds();
	ports_taken_by_linux();
	ports_taken_by_us();
	bind_again_after_failure();
	bad_pointers();
	malformed_calls();
	lanes_run_out();
	bad_mappings();
	mapping_outlives_close();
	fork_shares_no_pages();
	unprivileged_binds();
	device_down(ATMO_LANE_HARDWARE);
	device_down(ATMO_LANE_SHARED);
	return finish();
}
