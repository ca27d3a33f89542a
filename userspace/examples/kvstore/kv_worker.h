/* SPDX-License-Identifier: GPL-2.0 */
/* One socket and one thread that answers what arrives there. */
#ifndef KV_WORKER_H
#define KV_WORKER_H

#include <pthread.h>
#include <signal.h>

#include <atmo.h>

#include "kv_serve.h"

#define KV_MAX_BATCH	256

/**
 * struct kv_cycles - where the time went, in units of kv_clock()
 * @receive: in calls that brought packets
 * @wait: in calls that brought none, and asleep
 * @process: between receiving and sending
 * @transmit: in calls that sent
 */
struct kv_cycles {
	uint64_t receive, wait, process, transmit;
};

/**
 * struct kv_worker - a worker
 * @sock: its socket
 * @thread: runs kv_worker_run()
 * @store: shared
 * @batch: packets per call, up to KV_MAX_BATCH
 * @limit: requests that all workers together shall answer; 0: no end
 * @nr_done: requests that they have; shared
 * @stop: set when it is time to end; shared
 * @asked: becomes another number when each is to print its account; shared
 * @told: which of these it has answered, and what it had counted then
 * @requests: packets received
 * @replies: packets sent
 * @dropped: replies that found no room on the device
 * @err: why it ended: 0 or a negative errno
 */
struct kv_worker {
	struct atmo_sock *sock;
	pthread_t thread;
	struct kv_store *store;
	unsigned int batch;
	uint64_t limit;
	uint64_t *nr_done;
	volatile sig_atomic_t *stop;
	const volatile sig_atomic_t *asked;

	struct kv_counters counters;
	struct kv_cycles cycles;
	uint64_t requests, replies, dropped;
	struct {
		sig_atomic_t asked;
		uint64_t requests;
		struct kv_cycles cycles;
	} told;
	int err;

	/* Of the loop: what is to be sent, and the most that one may hold. */
	struct atmo_packet out[KV_MAX_BATCH + KV_MAX_DATAGRAMS];
	unsigned int nr_out;
	size_t room;
	/* Of the request in hand: pages for the second and further datagrams. */
	struct atmo_packet extra[KV_MAX_DATAGRAMS];
	unsigned int nr_extra;
};

/* Time stamp counter, or nanoseconds where there is none. */
uint64_t kv_clock(void);
const char *kv_clock_unit(void);

/* For pthread_create(): answers until told to stop. */
void *kv_worker_run(void *worker);

#endif /* KV_WORKER_H */
