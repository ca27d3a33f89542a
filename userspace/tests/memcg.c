// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of an instance are charged to the memory cgroup of who binds it: they
 * show in memory.current, go away with the instance, and where memory.max has no
 * room for them, bind fails with ENOMEM and nobody is killed.
 *
 * usage: memcg IFNAME ADDRESS PEER_NETNS PEER_ADDRESS
 *
 * cgroup2 is mounted at /sys/fs/cgroup, with the memory controller on.
 */
#include <limits.h>
#include <linux/atmo_capture.h>
#include <signal.h>
#include <sys/stat.h>
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

/* What the process in the cgroup has seen; shared with it. */
struct outcome {
	int	err;		/* of bind */
	int	err_few;	/* of bind with as few pages as there can be */
	int	err_capture;	/* of a capture with a buffer as large as can be */
	long	before, bound, closed;
	int	is_bound;
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

/* ---- Outside ---- */

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
	put("small", "memory.max", SMALL_MAX);
	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		room_enough("room", lanes[i].lane, lanes[i].name);
		kill_bound("room", lanes[i].lane, lanes[i].name);
		no_room("small", lanes[i].lane, lanes[i].name);
	}
	return finish();
}
