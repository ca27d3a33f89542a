/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event loop: file descriptors and timers, on one thread.
 *
 * Timers are declared in bus.h because the 82599 uses them too.
 */
#ifndef NIC82599_LOOP_H
#define NIC82599_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A watched descriptor. The owner keeps the structure, and closes the
 * descriptor after loop_del(). A callback may delete and free any watch, its
 * own included.
 */
struct loop_fd {
	int fd;
	void (*fn)(struct loop_fd *l, uint32_t events);
};

int loop_init(void);
void loop_exit(void);

int loop_add(struct loop_fd *l, uint32_t events);	/* 0 or -errno */
void loop_mod(struct loop_fd *l, uint32_t events);
void loop_del(struct loop_fd *l);

uint64_t loop_clock_ns(void);	/* the real one; bus_now_ns() stands still in a round */

/*
 * While it is on, the loop looks again instead of sleeping: for who is so busy that
 * the guest would pay for waking this process with each of its writes. Each on has
 * its off.
 */
void loop_keep_awake(bool on);

int loop_run(void);		/* until loop_stop(); its status, or -errno */
void loop_stop(int status);

#endif /* NIC82599_LOOP_H */
