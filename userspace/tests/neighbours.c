// SPDX-License-Identifier: GPL-2.0
/*
 * Five instances side by side, each a process: one floods, one writes garbage into
 * every shared word of its rings, one is stopped with full queues, one is killed
 * every 100 ms while it receives and sends, and one echoes under load, which must
 * lose nothing in the hardware lane. All packets to, and all pages of, an instance
 * are filled with its mark; who finds another's mark in a page of his has seen what
 * he must not. So has the peer that is sent anything but the sender's mark.
 *
 * usage: neighbours IFNAME ADDRESS PEER_NETNS PEER_ADDRESS
 *
 * An instance that fails is restarted by its owner: whoever is told the numbers
 * (printed as "# NAME is instance N") has to stop them meanwhile, in each of the
 * three phases. A phase lasts until all that it is to show has happened.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "neighbours.h"

/* Seconds of a phase: at least, and until it is given up. */
#define MIN_SECONDS	8
#define MAX_SECONDS	60

/* What has to have happened in a phase. */
#define MIN_ECHOED	100
#define MIN_LIVES	11
#define MIN_LIVES_AT_WORK 10
#define MIN_AT_PEER	100
#define MIN_SHOWERED	1024	/* to the stopped one: many times what it can hold */

/* Waits until it is set, as long as a phase may last. */
static bool wait_for(int *flag)
{
	double end = now() + MAX_SECONDS;

	while (!is_set(flag) && now() < end)
		usleep(10000);
	return is_set(flag);
}

static void open_clean(struct raw **s, enum role who, __u8 lane)
{
	size_t i;

	*s = raw_open(&place, PORT + who, lane);
	for (i = 0; i < (*s)->info.pages_len && !(*s)->pages[i]; i++)
		;
	tally->dirty[who] += i < (*s)->info.pages_len;
	fill((*s)->pages, (*s)->info.pages_len, who);
}

/* All pages are with the kernel afterwards, and the NIC knows of them. */
static void give_all(struct raw *s, enum role who)
{
	__u32 slot;

	for (slot = 0; slot < s->info.nr_pages; slot++)
		raw_put_free(s, slot, 0);
	if (raw_batch(s, ATMO_RX_BATCH, 1) < 0)
		bail("first receive");
	port_sync(&place);
	set(&tally->ready[who]);
}

/* After EIO: somebody stopped it. Its pages must be clear then. */
static void restart(struct raw *s, enum role who)
{
	if (ioctl(s->fd, ATMO_RESTART))
		bail("ATMO_RESTART");
	s->free_producer = 0;
	s->rx_consumer = 0;
	s->tx_producer = 0;
	s->comp_consumer = 0;
	tally->foreign[who] += foreign_marks(s->pages, s->info.pages_len, who);
	fill(s->pages, s->info.pages_len, who);
	tally->restarts[who]++;
}

/* Looks at every page that comes; returns how many did. */
static unsigned int take_in(struct raw *s, enum role who)
{
	struct atmo_rx_desc rx;
	unsigned int n = 0;

	while (raw_get_rx(s, &rx)) {
		tally->foreign[who] += foreign_marks(raw_page(s, rx.slot), ATMO_PAGE_SIZE, who);
		raw_put_free(s, rx.slot, 0);
		n++;
	}
	tally->received[who] += n;
	return n;
}

/* ---- The roles ---- */

static void run_echo(__u8 lane)
{
	struct pollfd pfd = { .events = POLLIN };
	struct atmo_comp_desc comp;
	struct atmo_rx_desc rx;
	struct atmo_tx_desc tx;
	struct raw *s;

	open_clean(&s, ECHO, lane);
	printf("# %s is in lane %u\n", role_names[ECHO], s->info.lane);
	fflush(stdout);
	pfd.fd = s->fd;
	give_all(s, ECHO);
	while (!is_set(&tally->stop)) {
		while (raw_get_comp(s, &comp))
			raw_put_free(s, comp.slot, 0);
		if (raw_batch(s, ATMO_RX_BATCH, 32) < 0)
			bail("receive of the echo");
		while (raw_get_rx(s, &rx)) {
			tally->foreign[ECHO] += foreign_marks(raw_page(s, rx.slot),
							      ATMO_PAGE_SIZE, ECHO);
			tally->received[ECHO]++;
			tx = (struct atmo_tx_desc){
				.slot = rx.slot, .offset = rx.offset, .len = rx.len,
				.port = rx.port, .addr = { rx.addr[0] },
			};
			raw_put_tx(s, &tx);
		}
		if (raw_batch(s, ATMO_TX_BATCH, 32) < 0)
			bail("send of the echo");
		poll(&pfd, 1, 1);
	}
}

/* Sends as fast as it can, more than the peer looks at. */
static void run_flood(__u8 lane)
{
	struct atmo_comp_desc comp;
	struct atmo_tx_desc tx;
	struct raw *s;
	__u32 slot;

	open_clean(&s, FLOOD, lane);
	printf("# %s is instance %u\n", role_names[FLOOD], s->info.id);
	fflush(stdout);
again:
	for (slot = 0; slot < s->info.nr_pages; slot++) {
		tx = (struct atmo_tx_desc){
			.slot = slot, .len = SIZE, .port = htons(PEER_PORT + FLOOD),
			.addr = { place.peer },
		};
		raw_put_tx(s, &tx);
	}
	set(&tally->ready[FLOOD]);
	while (!is_set(&tally->stop)) {
		if (raw_batch(s, ATMO_TX_BATCH, 64) < 0) {
			if (errno != EIO)
				bail("send of the flood");
			restart(s, FLOOD);
			goto again;
		}
		while (raw_get_comp(s, &comp)) {
			tally->sent[FLOOD]++;
			tx.slot = comp.slot;
			raw_put_tx(s, &tx);
		}
		sched_yield();
	}
}

static __u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void run_vandal(__u8 lane)
{
	__u32 seed = 0x2545f491, value, round;
	volatile __u32 *words;
	struct raw *s;
	size_t nr, i;

	open_clean(&s, VANDAL, lane);
	give_all(s, VANDAL);
	printf("# %s is instance %u\n", role_names[VANDAL], s->info.id);
	fflush(stdout);
	words = (volatile __u32 *)s->rings;
	nr = s->info.rings_len / sizeof(*words);
	for (round = 0; !is_set(&tally->stop); round++) {
		for (i = 0; i < nr; i++) {
			value = next_random(&seed);
			words[i] = value & 1 ? value & 0x7f : value;
		}
		/* Plausible cursors, too, or nothing in the rings is ever looked at. */
		for (i = 0; i < 8 && round % 2; i++)
			words[i * 16] = words[(i ^ 1) * 16] + next_random(&seed) % 65;
		if ((raw_batch(s, ATMO_RX_BATCH, 64) < 0 || raw_batch(s, ATMO_TX_BATCH, 64) < 0) &&
		    errno == EIO)
			restart(s, VANDAL);
		tally->sent[VANDAL]++;
		if (!(round % 64))
			tally->foreign[VANDAL] += foreign_marks(s->pages, s->info.pages_len,
								VANDAL);
	}
}

/*
 * It runs again. All pages but those that it posted since its last call were the
 * kernel's while it was stopped: each must hold a packet. In the shared lane, so
 * must each entry of its queue, and more must have come than these.
 */
static void look_what_waits(struct raw *s)
{
	__u32 posted = s->free_producer - raw_read(&raw_cursors(s, ATMO_RING_FREE)->consumer);

	tally->nr_pages = s->info.nr_pages;
	tally->provided = s->info.nr_pages - posted;
	tally->full_after = raw_stats(s).drops[ATMO_DROP_RX_QUEUE_FULL];
	if (raw_batch(s, ATMO_RX_BATCH, s->info.nr_pages) < 0)
		bail("receive of what has waited");
	tally->held = take_in(s, STOPPED);
	set(&tally->judged);
}

static void run_stopped(__u8 lane)
{
	struct pollfd pfd = { .events = POLLIN };
	struct raw *s;

	open_clean(&s, STOPPED, lane);
	give_all(s, STOPPED);
	pfd.fd = s->fd;
	while (!is_set(&tally->stop)) {
		if (is_set(&tally->halt) && !is_set(&tally->resumed)) {
			/* Some pages are given to the NIC only when others are, or to wait. */
			poll(&pfd, 1, 0);
			raise(SIGSTOP);
			look_what_waits(s);
		}
		if (raw_batch(s, ATMO_RX_BATCH, 32) < 0)
			bail("receive of the stopped one");
		if (!is_set(&tally->resumed))
			tally->full_before = raw_stats(s).drops[ATMO_DROP_RX_QUEUE_FULL];
		if (!take_in(s, STOPPED))
			poll(&pfd, 1, 5);
	}
	tally->foreign[STOPPED] += foreign_marks(s->pages, s->info.pages_len, STOPPED);
}

/* Sends on what it receives: it shall die with pages in all places. */
static void run_killed(__u8 lane)
{
	struct pollfd pfd = { .events = POLLIN };
	struct atmo_comp_desc comp;
	struct atmo_rx_desc rx;
	struct atmo_tx_desc tx;
	struct raw *s;

	open_clean(&s, KILLED, lane);
	give_all(s, KILLED);
	pfd.fd = s->fd;
	while (!is_set(&tally->stop)) {
		if (raw_batch(s, ATMO_RX_BATCH, 32) < 0)
			bail("receive of the killed one");
		while (raw_get_rx(s, &rx)) {
			tally->foreign[KILLED] += foreign_marks(raw_page(s, rx.slot),
								ATMO_PAGE_SIZE, KILLED);
			tally->received[KILLED]++;
			tally->life_received++;
			tx = (struct atmo_tx_desc){
				.slot = rx.slot, .offset = rx.offset, .len = rx.len,
				.port = htons(PEER_PORT + KILLED), .addr = { place.peer },
			};
			raw_put_tx(s, &tx);
		}
		if (raw_batch(s, ATMO_TX_BATCH, 32) < 0)
			bail("send of the killed one");
		while (raw_get_comp(s, &comp)) {
			tally->sent[KILLED]++;
			tally->life_sent += !comp.status;
			raw_put_free(s, comp.slot, 0);
		}
		poll(&pfd, 1, 5);
	}
	tally->foreign[KILLED] += foreign_marks(s->pages, s->info.pages_len, KILLED);
}

/* ---- All together ---- */

static pid_t start(enum role who, __u8 lane)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	switch (who) {
	case ECHO:
		run_echo(lane);
		break;
	case FLOOD:
		run_flood(lane);
		break;
	case VANDAL:
		run_vandal(lane);
		break;
	case STOPPED:
		run_stopped(lane);
		break;
	default:
		run_killed(lane);
	}
	_exit(0);
}

static pid_t start_peer(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn();
	_exit(0);
}

static bool ends_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

static void judge_stopped(__u8 lane, const char *name)
{
	printf("# %s: %u of %u pages provided, %u packets had waited, %llu and %llu dropped\n",
	       role_names[STOPPED], tally->provided, tally->nr_pages, tally->held,
	       tally->full_before, tally->full_after);
	check(tally->judged && tally->provided >= tally->nr_pages / 2 &&
	      tally->held >= tally->provided, number(tally->held),
	      "%s: all pages of the stopped one held packets", name);
	if (lane != ATMO_LANE_SHARED)
		return;
	CHECK_EQ(tally->held, tally->nr_pages, "%s: the stopped one's queue was full", name);
	check(tally->full_after > tally->full_before, number(tally->full_after),
	      "%s: and overflowed while it was stopped", name);
}

static void judge_killed(const char *name)
{
	printf("# %u lives, %u at work, the last one received %u and sent %u\n", tally->lives,
	       tally->lives_at_work, tally->life_received, tally->life_sent);
	check(tally->lives >= MIN_LIVES, number(tally->lives), "%s: one was killed over and over",
	      name);
	check(tally->lives_at_work >= MIN_LIVES_AT_WORK, number(tally->lives_at_work),
	      "%s: in %u lives or more while it received and sent", name, MIN_LIVES_AT_WORK);
}

static void judge_sender(enum role who, unsigned int min, const char *name)
{
	printf("# %s: %u datagrams came to the peer\n", role_names[who], tally->at_peer[who]);
	check(tally->at_peer[who] >= min, number(tally->at_peer[who]),
	      "%s: the peer gets what %s sends", name, role_names[who]);
	CHECK_EQ(tally->not_theirs[who], 0, "%s: which is nothing but its own bytes", name);
}

static void judge(__u8 lane, __u8 other, const char *name)
{
	enum role who;

	for (who = 0; who < NR_ROLES; who++) {
		printf("# %s: received %u, sent %u, restarted %u\n", role_names[who],
		       tally->received[who], tally->sent[who], tally->restarts[who]);
		CHECK_EQ(tally->foreign[who], 0, "%s: %s has seen no other's bytes", name,
			 role_names[who]);
		CHECK_EQ(tally->dirty[who], 0, "%s: %s got clear pages", name, role_names[who]);
	}
	printf("# echoed %u, lost %u, late %u, wrong %u\n", tally->echoed, tally->lost,
	       tally->late, tally->wrong);
	check(tally->echoed >= MIN_ECHOED, number(tally->echoed), "%s: the echo goes on", name);
	CHECK_EQ(tally->wrong, 0, "%s: every echo is right", name);
	/* In the shared lane the port's ordinary queues may overflow. */
	if (lane == ATMO_LANE_HARDWARE)
		CHECK_EQ(tally->lost, 0, "%s: the echo loses nothing", name);
	check(tally->sent[FLOOD] > 0 && tally->sent[VANDAL] > 0 && tally->received[STOPPED] > 0 &&
	      tally->received[KILLED] > 0, "none", "%s: its neighbours were at work", name);
	judge_stopped(other, name);
	judge_killed(name);
	judge_sender(FLOOD, MIN_AT_PEER, name);
	judge_sender(KILLED, 1, name);
	check(tally->restarts[FLOOD] > 0 && tally->restarts[VANDAL] > 0, "none",
	      "%s: flood and vandal were stopped by the administrator and restarted", name);
}

static bool life_at_work(void)
{
	return tally->life_received && tally->life_sent;
}

/* All that a phase is to show, but for what is known when the stopped one runs again. */
static bool all_happened(unsigned int showered_before)
{
	return tally->echoed >= MIN_ECHOED && tally->sent[VANDAL] &&
	       tally->lives >= MIN_LIVES && tally->lives_at_work >= MIN_LIVES_AT_WORK &&
	       tally->at_peer[FLOOD] >= MIN_AT_PEER && tally->at_peer[KILLED] &&
	       tally->restarts[FLOOD] && tally->restarts[VANDAL] &&
	       tally->showered[STOPPED] - showered_before >= MIN_SHOWERED;
}

/* A life ends after 100 ms, every other one not before it was at work. */
static void kill_over_and_over(pid_t *pid, __u8 lane)
{
	const double start_time = now();
	const unsigned int showered = tally->showered[STOPPED];

	while (now() < start_time + MIN_SECONDS ||
	       (!all_happened(showered) && now() < start_time + MAX_SECONDS)) {
		usleep(100000);
		if (tally->lives % 2 && !life_at_work())
			continue;
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
		tally->lives++;
		tally->lives_at_work += life_at_work();
		tally->life_received = 0;
		tally->life_sent = 0;
		*pid = start(KILLED, lane);
	}
}

/* Once it has received; then it is asleep for sure. */
static void stop_the_stopped(pid_t pid)
{
	double end = now() + MAX_SECONDS;

	while (!__atomic_load_n(&tally->received[STOPPED], __ATOMIC_RELAXED) && now() < end)
		usleep(10000);
	set(&tally->halt);
	if (waitpid(pid, NULL, WUNTRACED) != pid)
		bail("waitpid of the stopped one");
}

/* The echo in @lane, the others in @other. */
static void together(__u8 lane, __u8 other, const char *name)
{
	pid_t pids[NR_ROLES], shower_pid, load_pid, witness_pid;
	enum role who;
	bool well = true;

	memset(tally, 0, sizeof(*tally));
	/* Where nothing may be lost, a slow machine is given its time. */
	tally->patience = lane == ATMO_LANE_HARDWARE ? 30 : 5;
	witness_pid = start_peer(witness);
	for (who = 0; who < NR_ROLES; who++)
		pids[who] = start(who, who == ECHO ? lane : other);
	for (who = 0; who < NR_ROLES; who++)
		well &= wait_for(&tally->ready[who]);
	check(well, "not ready", "%s: all have begun", name);
	shower_pid = start_peer(shower);
	load_pid = start_peer(load);
	stop_the_stopped(pids[STOPPED]);
	kill_over_and_over(&pids[KILLED], other);
	set(&tally->resumed);
	kill(pids[STOPPED], SIGCONT);
	wait_for(&tally->judged);
	set(&tally->stop_load);
	well = ends_well(load_pid);
	well &= ends_well(shower_pid);
	set(&tally->stop);
	for (who = 0; who < NR_ROLES; who++)
		well &= ends_well(pids[who]);
	well &= ends_well(witness_pid);
	check(well, "another status", "%s: all end by themselves", name);
	judge(lane, other, name);
}

int main(int argc, char **argv)
{
	place_parse(&place, argc, argv);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (tally == MAP_FAILED)
		bail("mmap");
	together(ATMO_LANE_HARDWARE, ATMO_LANE_HARDWARE, "all in hardware lanes");
	together(ATMO_LANE_HARDWARE, ATMO_LANE_SHARED, "echo in a hardware lane, others shared");
	together(ATMO_LANE_SHARED, ATMO_LANE_SHARED, "all in the shared lane");
	return finish();
}
