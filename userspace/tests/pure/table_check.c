// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include "../../../atmo_portmgr/table.h"
#include "check.h"

#define NR_FLOWS	500
#define NR_OPERATIONS	400000

static struct atmo_table *make_table(u32 nr_slots)
{
	const hsiphash_key_t key = { { check_random(), check_random() } };
	struct atmo_table *t = malloc(atmo_table_bytes(nr_slots));

	CHECK(t);
	CHECK(!atmo_table_init(t, nr_slots, &key));
	return t;
}

/* Whole ports, connections that differ in their peer only, and IPv6. */
static struct atmo_flow make_flow(u32 n)
{
	struct atmo_flow flow = {
		.laddr = { htonl(0x0a000000 + n % 3) },
		.lport = htons(n),
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
	};

	if (n % 2) {
		flow.lport = htons(80);
		flow.protocol = IPPROTO_TCP;
		flow.raddr[0] = htonl(0x0b000000 + n / 16);
		flow.rport = htons(1000 + n % 16);
	}
	if (n % 5 == 0) {
		flow.family = AF_INET6;
		flow.laddr[3] = htonl(1);
	}
	return flow;
}

static struct atmo_table *regrow(struct atmo_table *t)
{
	struct atmo_table *copy = make_table(t->nr_live >= t->nr_slots / 4 ? 2 * t->nr_slots :
					     t->nr_slots);

	CHECK(!atmo_table_copy(copy, t));
	free(t);
	return copy;
}

void check_table(void)
{
	struct atmo_table *t = make_table(ATMO_TABLE_MIN_SLOTS);
	static u32 owner[NR_FLOWS];
	struct atmo_flow flow;
	u32 i, n;

	for (i = 1; i <= NR_OPERATIONS; i++) {
		n = check_random() % NR_FLOWS;
		flow = make_flow(n);
		if (check_random() % 2) {
			int err = atmo_table_insert(t, &flow, i);

			if (err == -ENOSPC) {
				t = regrow(t);
				err = atmo_table_insert(t, &flow, i);
			}
			CHECK(err == (owner[n] ? -EEXIST : 0));
			if (!owner[n])
				owner[n] = i;
		} else {
			CHECK(atmo_table_remove(t, &flow, i) == -ENOENT);
			CHECK(atmo_table_remove(t, &flow, owner[n]) == (owner[n] ? 0 : -ENOENT));
			owner[n] = 0;
		}
		n = check_random() % NR_FLOWS;
		flow = make_flow(n);
		CHECK(atmo_table_lookup(t, &flow) == owner[n]);
	}
	free(t);
}

/*
 * One thread inserts and removes, others look up: a lookup yields nothing or the
 * id that this flow, and no other, was ever inserted with. Flow n has ids that
 * are n modulo NR_FLOWS.
 */
struct shared {
	struct atmo_table *t;
	bool stop;
};

static void *reader(void *arg)
{
	struct shared *s = arg;
	struct atmo_flow flow;
	u32 n = 0;
	u32 id;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		n = (n + 7) % NR_FLOWS;
		flow = make_flow(n);
		id = atmo_table_lookup(s->t, &flow);
		if (id != ATMO_STACK_NONE && id % NR_FLOWS != n)
			return (void *)1;
	}
	return NULL;
}

void check_table_readers(void)
{
	struct shared s = { .t = make_table(1 << 18) };
	pthread_t threads[2];
	void *wrong;
	u32 i, n;

	for (i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, reader, &s));
	for (i = 1; s.t->nr_used < s.t->nr_slots / 2; i++) {
		struct atmo_flow flow;

		n = check_random() % NR_FLOWS;
		flow = make_flow(n);
		if (!atmo_table_insert(s.t, &flow, i * NR_FLOWS + n))
			continue;
		CHECK(!atmo_table_remove(s.t, &flow, atmo_table_lookup(s.t, &flow)));
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		CHECK(!pthread_join(threads[i], &wrong));
		CHECK(!wrong);
	}
	free(s.t);
}
