// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of an instance are charged to the memory cgroup of who binds it: they
 * show in memory.current, go away with the instance, and where memory.max has no
 * room for them, bind fails with ENOMEM and nobody is killed. Pages that are kept for
 * the next instance are clear, and of the same group; nobody else's.
 *
 * usage: memcg IFNAME ADDRESS PEER_NETNS PEER_ADDRESS
 *
 * cgroup2 is mounted at /sys/fs/cgroup, with the memory controller on.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/atmo_capture.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "raw.h"

#define ROOT		"/sys/fs/cgroup"
#define PORT		4700
#define NR_PAGES	4096
#define PAGES_LEN	(NR_PAGES * (long)ATMO_PAGE_SIZE)
#define SMALL_MAX	(PAGES_LEN / 2)

/*
 * Beside the pages there are rings and tables, less than 256 bytes a page, and each
 * processor may keep a charge of 64 pages back.
 */
#define SLACK		(NR_PAGES * 256L + 4 * 64 * (long)ATMO_PAGE_SIZE)

/* Few enough to be kept after close, and enough to stand out in memory.current. */
#define NR_KEPT		512
#define KEPT_LEN	(NR_KEPT * (long)ATMO_PAGE_SIZE)
#define ROUNDS		40
#define FILL		0xa5

/* What the process in the cgroup has seen; shared with it. */
struct outcome {
	int	err;		/* of bind */
	int	err_few;	/* of bind with as few pages as there can be */
	int	err_capture;	/* of a capture with a buffer as large as can be */
	long	before, bound, closed;
	int	is_bound;
	int	nr_kept;	/* rounds in which the memory of the last one came back */
	long	nr_dirty;	/* pages, of those that were not clear */
	int	pipe_kept;	/* bytes in a pipe that are still the last owner's */
};

static struct place place;
static struct outcome *seen;

static const char *path_of(const char *group, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), ROOT "/%s/%s", group, file);
	return path;
}

static void put(const char *group, const char *file, long value)
{
	FILE *f = fopen(path_of(group, file), "w");

	if (!f || fprintf(f, "%ld", value) < 0 || fclose(f))
		bail(path_of(group, file));
}

static long memory_current(const char *group)
{
	FILE *f = fopen(path_of(group, "memory.current"), "r");
	long value;

	if (!f || fscanf(f, "%ld", &value) != 1)
		bail(path_of(group, "memory.current"));
	fclose(f);
	return value;
}

/* Of memory.events: how often @what has happened. */
static long nr_events(const char *group, const char *what)
{
	FILE *f = fopen(path_of(group, "memory.events"), "r");
	char name[64];
	long n, value = -1;

	if (!f)
		bail(path_of(group, "memory.events"));
	while (fscanf(f, "%63s %ld", name, &n) == 2) {
		if (!strcmp(name, what))
			value = n;
	}
	fclose(f);
	return value;
}

/* Waits until @limit is left at most: some of it is freed in the background. */
static long falls_to(const char *group, long limit)
{
	double end = now() + 20;
	long value;

	while ((value = memory_current(group)) > limit && now() < end)
		usleep(50000);
	return value;
}

static int bind_pages(__u8 lane, __u32 nr_pages)
{
	struct atmo_bind bind = bind_args(&place, PORT, lane);

	bind.nr_pages = nr_pages;
	return bind_new(&bind);
}

/* Of @fd, with the largest buffer there can be: 0 or an errno. */
static int capture(int fd)
{
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	struct atmo_capture arg = {
		.version = ATMO_UAPI_VERSION, .buffer_len = ATMO_MAX_CAPTURE_BUFFER,
	};
	int tap;

	if (ioctl(fd, ATMO_GET_INFO, &info))
		bail("ATMO_GET_INFO");
	arg.instance = info.id;
	tap = ioctl(fd, ATMO_CAPTURE, &arg);
	if (tap < 0)
		return errno;
	close(tap);
	return 0;
}

static pid_t start(const char *group, __u8 lane, void (*fn)(const char *group, __u8 lane))
{
	pid_t pid;

	*seen = (struct outcome){
		.err = -1, .err_few = -1, .err_capture = -1, .closed = LONG_MAX,
	};
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (pid)
		return pid;
	put(group, "cgroup.procs", getpid());
	fn(group, lane);
	_exit(0);
}

static bool ends_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/* ---- In the cgroup ---- */

static void bind_and_close(const char *group, __u8 lane)
{
	int fd;

	seen->before = memory_current(group);
	fd = bind_pages(lane, NR_PAGES);
	seen->err = fd < 0 ? errno : 0;
	seen->bound = memory_current(group);
	if (fd >= 0)
		close(fd);
	seen->closed = falls_to(group, seen->before + SLACK);
	fd = bind_pages(lane, ATMO_MIN_PAGES);
	seen->err_few = fd < 0 ? errno : 0;
	if (fd >= 0)
		seen->err_capture = capture(fd);
}

static void bind_and_stay(const char *group, __u8 lane)
{
	(void)group;
	if (bind_pages(lane, NR_PAGES) < 0)
		bail("bind");
	__atomic_store_n(&seen->is_bound, 1, __ATOMIC_RELEASE);
	pause();
}

/* Which memory the page is, for root. 0: can't be told. */
static __u64 frame_of(int pagemap, const void *page)
{
	__u64 entry = 0;
	off_t at = (off_t)((uintptr_t)page / ATMO_PAGE_SIZE * sizeof(entry));

	if (pread(pagemap, &entry, sizeof(entry), at) != sizeof(entry))
		return 0;
	return entry & ((1ULL << 55) - 1);
}

static bool is_clear(const unsigned char *page)
{
	return !page[0] && !memcmp(page, page + 1, ATMO_PAGE_SIZE - 1);
}

static struct raw *open_kept(__u8 lane)
{
	struct atmo_bind bind = bind_args(&place, PORT, lane);

	bind.nr_pages = NR_KEPT;
	return raw_open_bind(&bind);
}

static long nr_dirty(struct raw *s)
{
	long n = 0;
	__u32 slot;

	for (slot = 0; slot < NR_KEPT; slot++)
		n += !is_clear(raw_page(s, slot));
	return n;
}

/* The end of a close takes a moment; what is kept is kept for longer. */
static void bind_and_fill(const char *group, __u8 lane)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), round;
	__u64 frame, last = 0;
	struct raw *s;

	(void)group;
	for (round = 0; round < ROUNDS; round++) {
		s = open_kept(lane);
		seen->nr_dirty += nr_dirty(s);
		frame = frame_of(pagemap, raw_page(s, NR_KEPT - 1));
		seen->nr_kept += frame && frame == last;
		last = frame;
		memset(s->pages, FILL, s->info.pages_len);
		raw_close(s);
		usleep(10000);
	}
}

/* A page that is in a pipe when its instance is closed. */
static void bind_and_pipe(const char *group, __u8 lane)
{
	unsigned char got[ATMO_PAGE_SIZE];
	struct raw *s = open_kept(lane);
	struct iovec iov = { s->pages, sizeof(got) };
	int fds[2], i;

	(void)group;
	memset(s->pages, FILL, s->info.pages_len);
	if (pipe(fds) || vmsplice(fds[1], &iov, 1, 0) != sizeof(got))
		bail("vmsplice");
	raw_close(s);
	usleep(20000);
	s = open_kept(lane);
	seen->nr_dirty = nr_dirty(s);
	memset(s->pages, 1, s->info.pages_len);
	if (read(fds[0], got, sizeof(got)) != sizeof(got))
		bail("read from the pipe");
	for (i = 0; i < ATMO_PAGE_SIZE; i++)
		seen->pipe_kept += got[i] == FILL;
}

static void bind_kept(const char *group, __u8 lane)
{
	seen->before = memory_current(group);
	open_kept(lane);
	seen->bound = memory_current(group);
}

/* Twice as many as were kept; they have room only without those. */
static void close_and_bind(const char *group, __u8 lane)
{
	struct raw *s;
	int fd;

	put(group, "memory.max", memory_current(group) + 5 * KEPT_LEN / 2);
	s = open_kept(lane);
	raw_close(s);
	fd = bind_pages(lane, 2 * NR_KEPT);
	seen->err = fd < 0 ? errno : 0;
}

/* ---- Outside ---- */

static void keeping(const char *group, const char *other, __u8 lane, const char *name)
{
	const long before = memory_current(group);
	long left;

	check(ends_well(start(group, lane, bind_and_fill)), "another status",
	      "%s, again and again: it binds", name);
	printf("# %d of %d rounds had the memory of the last one\n", seen->nr_kept, ROUNDS);
	check(seen->nr_kept > 0, "never", "%s, again and again: memory is kept", name);
	CHECK_EQ(seen->nr_dirty, 0, "%s, again and again: and is clear", name);

	check(ends_well(start(other, lane, bind_kept)), "another status",
	      "%s, another group: it binds", name);
	check(seen->bound - seen->before >= KEPT_LEN, number(seen->bound - seen->before),
	      "%s, another group: pays for pages of its own", name);

	left = falls_to(group, before + KEPT_LEN / 2);
	check(left <= before + KEPT_LEN / 2, number(left),
	      "%s, again and again: what was kept is given back", name);

	check(ends_well(start(group, lane, bind_and_pipe)), "another status",
	      "%s, in a pipe: it binds", name);
	CHECK_EQ(seen->pipe_kept, ATMO_PAGE_SIZE, "%s, in a pipe: the page stays as it was", name);
	CHECK_EQ(seen->nr_dirty, 0, "%s, in a pipe: the next pages are clear", name);
}

static void kept_in_the_way(const char *group)
{
	check(ends_well(start(group, ATMO_LANE_HARDWARE, close_and_bind)), "another status",
	      "room without what is kept: the process ends by itself");
	check(!seen->err, strerror(seen->err), "room without what is kept: it binds");
}

/* In the shared lane the private queue has as many pages again. */
static void room_enough(const char *group, __u8 lane, const char *name)
{
	const long len = lane == ATMO_LANE_SHARED ? 2 * PAGES_LEN : PAGES_LEN;
	long rise;

	check(ends_well(start(group, lane, bind_and_close)), "another status",
	      "%s, room enough: the process ends by itself", name);
	CHECK_EQ(seen->err, 0, "%s, room enough: it binds", name);
	rise = seen->bound - seen->before;
	printf("# %ld bytes before, %ld more bound, %ld more closed\n", seen->before, rise,
	       seen->closed - seen->before);
	check(rise >= len, number(rise), "%s, room enough: all pages are charged", name);
	check(rise <= len + 2 * SLACK, number(rise), "%s, room enough: and hardly more", name);
	check(seen->closed <= seen->before + SLACK, number(seen->closed),
	      "%s, room enough: close gives them back", name);
	CHECK_EQ(seen->err_capture, 0, "%s, room enough: a capture with a large buffer", name);
}

static void kill_bound(const char *group, __u8 lane, const char *name)
{
	const long before = memory_current(group);
	pid_t pid = start(group, lane, bind_and_stay);
	double end = now() + 60;
	long bound;

	while (!__atomic_load_n(&seen->is_bound, __ATOMIC_ACQUIRE) && now() < end)
		usleep(10000);
	bound = memory_current(group);
	check(bound >= before + PAGES_LEN, number(bound), "%s, to be killed: pages are charged",
	      name);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	bound = falls_to(group, before + SLACK);
	check(bound <= before + SLACK, number(bound), "%s, killed: they are given back", name);
}

static void no_room(const char *group, __u8 lane, const char *name)
{
	const long failed = nr_events(group, "max");

	check(ends_well(start(group, lane, bind_and_close)), "another status",
	      "%s, no room: the process ends by itself", name);
	check(seen->err == ENOMEM, strerror(seen->err), "%s, no room: ENOMEM", name);
	check(seen->closed <= seen->before + SLACK, number(seen->closed),
	      "%s, no room: what was charged is given back", name);
	CHECK_EQ(seen->err_few, 0, "%s, no room: few pages can be had all the same", name);
	check(seen->err_capture == ENOMEM, strerror(seen->err_capture),
	      "%s, no room: a capture with a large buffer: ENOMEM", name);
	check(nr_events(group, "max") > failed, number(failed), "%s, no room: it was the limit",
	      name);
	CHECK_EQ(nr_events(group, "oom_kill"), 0, "%s, no room: nobody is killed", name);
}

static void make(const char *group)
{
	if (mkdir(path_of(group, ""), 0755))
		bail(path_of(group, ""));
}

int main(int argc, char **argv)
{
	unsigned int i;

	place_parse(&place, argc, argv);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (seen == MAP_FAILED)
		bail("mmap");
	make("room");
	make("small");
	make("other");
	make("tight");
	put("small", "memory.max", SMALL_MAX);
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		room_enough("room", lanes[i].lane, lanes[i].name);
		kill_bound("room", lanes[i].lane, lanes[i].name);
		no_room("small", lanes[i].lane, lanes[i].name);
		keeping("room", "other", lanes[i].lane, lanes[i].name);
	}
	kept_in_the_way("tight");
	return finish();
}
