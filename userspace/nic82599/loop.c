// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop. Timers live in a binary heap, and the earliest one is the
 * time limit of epoll_pwait2(), so arming a timer costs no system call: the
 * interrupt throttling of a busy port arms one for every interrupt.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "loop.h"

#define LOOP_BATCH	16
#define NSEC_PER_SEC	1000000000ULL

static struct {
	int epfd;
	bool stop;
	unsigned int awake;	/* of those who want it not to sleep */
	uint64_t now_ns;	/* what bus_now_ns() says in this round */
	int status;
	struct epoll_event ev[LOOP_BATCH];	/* the batch being handled */
	int nr_ev;
	struct bus_timer **heap;
	unsigned int nr_timers;
	unsigned int heap_size;
} loop = { .epfd = -1 };

uint64_t bus_now_ns(void)
{
	return loop.now_ns ? loop.now_ns : loop_clock_ns();
}

uint64_t loop_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Heap: slot numbers count from one, so that zero means "not armed". */

static struct bus_timer *heap_at(unsigned int slot)
{
	return loop.heap[slot - 1];
}

static void heap_put(unsigned int slot, struct bus_timer *t)
{
	loop.heap[slot - 1] = t;
	t->slot = slot;
}

static void heap_up(unsigned int slot, struct bus_timer *t)
{
	while (slot > 1 && heap_at(slot / 2)->due_ns > t->due_ns) {
		heap_put(slot, heap_at(slot / 2));
		slot /= 2;
	}
	heap_put(slot, t);
}

static void heap_down(unsigned int slot, struct bus_timer *t)
{
	unsigned int child;

	while ((child = slot * 2) <= loop.nr_timers) {
		if (child < loop.nr_timers &&
		    heap_at(child + 1)->due_ns < heap_at(child)->due_ns)
			child++;
		if (heap_at(child)->due_ns >= t->due_ns)
			break;
		heap_put(slot, heap_at(child));
		slot = child;
	}
	heap_put(slot, t);
}

static void heap_grow(void)
{
	unsigned int size = loop.heap_size ? loop.heap_size * 2 : 64;
	struct bus_timer **heap = realloc(loop.heap, size * sizeof(*heap));

	if (!heap) {
		bus_log("out of memory for %u timers", size);
		abort();
	}
	loop.heap = heap;
	loop.heap_size = size;
}

void bus_timer_cancel(struct bus_timer *t)
{
	unsigned int slot = t->slot;
	struct bus_timer *last;

	if (!slot)
		return;
	t->slot = 0;
	last = heap_at(loop.nr_timers--);
	if (last == t)
		return;
	if (slot > 1 && heap_at(slot / 2)->due_ns > last->due_ns)
		heap_up(slot, last);
	else
		heap_down(slot, last);
}

void bus_timer_arm(struct bus_timer *t, uint64_t due_ns)
{
	bus_timer_cancel(t);
	/* Not in this round: see timers_run(). */
	if (due_ns <= loop.now_ns)
		due_ns = loop.now_ns + 1;
	if (loop.nr_timers == loop.heap_size)
		heap_grow();
	t->due_ns = due_ns;
	heap_up(++loop.nr_timers, t);
}

/*
 * Run what is due in this round. Timers armed meanwhile wait for the next round, even
 * when they are due: one that re-arms itself at once must not keep the loop
 * from its descriptors. bus_timer_arm() sees to that.
 */
static void timers_run(void)
{
	struct bus_timer *t;

	while (loop.nr_timers && heap_at(1)->due_ns <= loop.now_ns) {
		t = heap_at(1);
		bus_timer_cancel(t);
		t->fn(t);
	}
}

int loop_init(void)
{
	loop.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epfd < 0)
		return -errno;
	/* The default slack of 50 us would be added to every throttled interrupt. */
	prctl(PR_SET_TIMERSLACK, 1);
	return 0;
}

void loop_exit(void)
{
	if (loop.epfd >= 0)
		close(loop.epfd);
	loop.epfd = -1;
	free(loop.heap);
	loop.heap = NULL;
	loop.heap_size = 0;
	loop.nr_timers = 0;
}

int loop_add(struct loop_fd *l, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	return epoll_ctl(loop.epfd, EPOLL_CTL_ADD, l->fd, &ev) ? -errno : 0;
}

void loop_mod(struct loop_fd *l, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	epoll_ctl(loop.epfd, EPOLL_CTL_MOD, l->fd, &ev);
}

void loop_del(struct loop_fd *l)
{
	int i;

	epoll_ctl(loop.epfd, EPOLL_CTL_DEL, l->fd, NULL);
	/* It may be in the batch which is being handled right now. */
	for (i = 0; i < loop.nr_ev; i++)
		if (loop.ev[i].data.ptr == l)
			loop.ev[i].data.ptr = NULL;
}

/* epoll_pwait2() is newer (Linux 5.11) than some kernels this runs on. */
static int loop_wait_ms(uint64_t ns)
{
	uint64_t ms = (ns + 999999) / 1000000;

	return epoll_wait(loop.epfd, loop.ev, LOOP_BATCH, ms > 1000 ? 1000 : (int)ms);
}

/* Until the first timer is due, a second at most. */
static uint64_t wait_ns(void)
{
	uint64_t now, due;

	if (!loop.nr_timers)
		return NSEC_PER_SEC;
	now = loop_clock_ns();
	due = heap_at(1)->due_ns;
	if (due <= now)
		return 0;
	return due - now > NSEC_PER_SEC ? NSEC_PER_SEC : due - now;
}

/* A look without waiting, the only one while frames are on their way, is the cheaper call. */
static int loop_wait(void)
{
	uint64_t ns = loop.awake ? 0 : wait_ns();
	struct timespec ts = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			       .tv_nsec = (long)(ns % NSEC_PER_SEC) };
	int n;

	n = ns ? epoll_pwait2(loop.epfd, loop.ev, LOOP_BATCH, &ts, NULL) : loop_wait_ms(0);
	if (n < 0 && errno != EINTR)
		n = loop_wait_ms(ns);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

static void events_run(int n)
{
	struct loop_fd *l;
	int i;

	loop.nr_ev = n;
	for (i = 0; i < n; i++) {
		l = loop.ev[i].data.ptr;
		if (l)
			l->fn(l, loop.ev[i].events);
	}
	loop.nr_ev = 0;
}

/*
 * Time stands still during a round, and timers come before descriptors: when
 * this process was kept from running, what should have happened meanwhile
 * happens in its order, before anybody can see that it is late. Otherwise a
 * port would send after the end of a pause which the other port has long been
 * due to extend.
 */
int loop_run(void)
{
	int n;

	while (!loop.stop) {
		n = loop_wait();
		if (n < 0)
			return n;
		loop.now_ns = loop_clock_ns();
		timers_run();
		events_run(n);
	}
	return loop.status;
}

void loop_keep_awake(bool on)
{
	if (on)
		loop.awake++;
	else
		loop.awake--;
}

void loop_stop(int status)
{
	loop.stop = true;
	loop.status = status;
}
