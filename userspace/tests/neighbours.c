// SPDX-License-Identifier: GPL-2.0
/*
 * Five instances side by side, each a process: one floods, one writes garbage into
 * every shared word of its rings, one is stopped with full queues, one is killed
 * every 100 ms, and one echoes under load, which must lose nothing in the hardware
 * lane. All packets to, and all pages of, an instance are filled with its mark; who
 * finds another's mark in a page of his has seen what he must not.
 *
 * usage: neighbours IFNAME ADDRESS PEER_NETNS PEER_ADDRESS
 *
 * An instance that fails is restarted by its owner: whoever is told the numbers
 * (printed as "# NAME is instance N") may stop them meanwhile.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "raw.h"

#define PORT		4500
#define SECONDS		8
#define MARK_LEN	16
#define SIZE		1200

enum role { ECHO, FLOOD, VANDAL, STOPPED, KILLED, NR_ROLES };

static const char *const role_names[] = {
	"the echo", "the flood", "the vandal", "the stopped one", "the killed one",
};

/* What the processes have counted; shared by all. */
struct tally {
	unsigned int foreign[NR_ROLES];	/* marks of others seen */
	unsigned int dirty[NR_ROLES];	/* fresh pages that were not clear */
	unsigned int received[NR_ROLES];
	unsigned int sent[NR_ROLES];
	unsigned int restarts[NR_ROLES];
	unsigned int lives;
	unsigned int echoed, lost, wrong;
	int	stop, stop_load;
};

static struct place place;
static struct tally *tally;

static bool is_set(int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static void fill(unsigned char *bytes, size_t len, enum role who)
{
	char mark[MARK_LEN + 1];
	size_t i;

	snprintf(mark, sizeof(mark), "<owner:%u:secret>", who);
	for (i = 0; i + MARK_LEN <= len; i += MARK_LEN)
		memcpy(bytes + i, mark, MARK_LEN);
}

/* Marks of others among these bytes. */
static unsigned int foreign_marks(const unsigned char *bytes, size_t len, enum role who)
{
	const unsigned char *at = bytes, *end = bytes + len;
	unsigned int n = 0;

	while (at + MARK_LEN <= end && (at = memmem(at, end - at, "<owner:", 7))) {
		n += at + 7 < end && at[7] != '0' + who;
		at++;
	}
	return n;
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

static void give_all(struct raw *s)
{
	__u32 slot;

	for (slot = 0; slot < s->info.nr_pages; slot++)
		raw_put_free(s, slot, 0);
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
	give_all(s);
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

/* Sends as fast as it can, to a port of the peer where nobody listens to it. */
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
			.slot = slot, .len = SIZE, .port = htons(9), .addr = { place.peer },
		};
		raw_put_tx(s, &tx);
	}
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
	printf("# %s is instance %u\n", role_names[VANDAL], s->info.id);
	fflush(stdout);
	give_all(s);
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

/* Receives, as far as it is let; also the one that is killed. */
static void run_receiver(enum role who, __u8 lane)
{
	struct pollfd pfd = { .events = POLLIN };
	struct raw *s;

	open_clean(&s, who, lane);
	give_all(s);
	pfd.fd = s->fd;
	while (!is_set(&tally->stop)) {
		if (raw_batch(s, ATMO_RX_BATCH, 32) < 0)
			bail("receive");
		if (!take_in(s, who))
			poll(&pfd, 1, 5);
	}
	tally->foreign[who] += foreign_marks(s->pages, s->info.pages_len, who);
}

/* ---- At the other end of the wire ---- */

/* To everybody but the echo, each his own mark, more than they can take. */
static void shower(void)
{
	unsigned char data[NR_ROLES][SIZE] = { { 0 } };
	struct sockaddr_in addr;
	int fd = peer_socket(&place, &addr);
	enum role who;
	int i;

	for (who = 0; who < NR_ROLES; who++)
		fill(data[who], SIZE, who);
	while (!is_set(&tally->stop_load)) {
		for (who = FLOOD; who < NR_ROLES; who++)
			for (i = 0; i < 8; i++)
				peer_send(fd, &place, PORT + who, data[who], SIZE - i * 100);
		usleep(4000);
	}
}

/* Four datagrams at a time to the echo; all of them come back. */
static void load(void)
{
	unsigned char out[4][SIZE], in[SIZE];
	struct timeval wait = { .tv_sec = 5 };
	struct sockaddr_in addr;
	int fd = peer_socket(&place, &addr);
	unsigned int i, back, seq = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	while (!is_set(&tally->stop_load)) {
		for (i = 0; i < 4; i++, seq++) {
			fill(out[i], SIZE, ECHO);
			memcpy(out[i], &seq, sizeof(seq));
			peer_send(fd, &place, PORT + ECHO, out[i], SIZE);
		}
		for (back = 0; back < 4; back++) {
			n = recv(fd, in, sizeof(in), 0);
			if (n < 0) {
				tally->lost += 4 - back;
				break;
			}
			tally->echoed++;
			for (i = 0; i < 4 && (n != SIZE || memcmp(in, out[i], SIZE)); i++)
				;
			tally->wrong += i == 4;
		}
	}
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
	default:
		run_receiver(who, lane);
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

static void judge(__u8 lane, const char *name)
{
	enum role who;

	for (who = 0; who < NR_ROLES; who++) {
		printf("# %s: received %u, sent %u, restarted %u\n", role_names[who],
		       tally->received[who], tally->sent[who], tally->restarts[who]);
		CHECK_EQ(tally->foreign[who], 0, "%s: %s has seen no other's bytes", name,
			 role_names[who]);
		CHECK_EQ(tally->dirty[who], 0, "%s: %s got clear pages", name, role_names[who]);
	}
	printf("# echoed %u, lost %u, wrong %u; %u lives\n", tally->echoed, tally->lost,
	       tally->wrong, tally->lives);
	check(tally->echoed >= 100, number(tally->echoed), "%s: the echo goes on", name);
	CHECK_EQ(tally->wrong, 0, "%s: every echo is right", name);
	/* In the shared lane the port's ordinary queues may overflow. */
	if (lane == ATMO_LANE_HARDWARE)
		CHECK_EQ(tally->lost, 0, "%s: the echo loses nothing", name);
	check(tally->sent[FLOOD] > 0 && tally->sent[VANDAL] > 0 && tally->received[STOPPED] > 0 &&
	      tally->received[KILLED] > 0 && tally->lives > 10, "none",
	      "%s: its neighbours were at work", name);
}

/* The echo in @lane, the others in @other. */
static void together(__u8 lane, __u8 other, const char *name)
{
	pid_t pids[NR_ROLES], shower_pid, load_pid;
	double end;
	enum role who;
	bool well = true;

	memset(tally, 0, sizeof(*tally));
	for (who = 0; who < NR_ROLES; who++)
		pids[who] = start(who, who == ECHO ? lane : other);
	usleep(500000);
	shower_pid = start_peer(shower);
	load_pid = start_peer(load);
	usleep(500000);
	kill(pids[STOPPED], SIGSTOP);
	for (end = now() + SECONDS; now() < end;) {
		usleep(100000);
		kill(pids[KILLED], SIGKILL);
		waitpid(pids[KILLED], NULL, 0);
		pids[KILLED] = start(KILLED, other);
		tally->lives++;
	}
	kill(pids[STOPPED], SIGCONT);
	usleep(500000);
	__atomic_store_n(&tally->stop_load, 1, __ATOMIC_RELAXED);
	well &= ends_well(load_pid);
	well &= ends_well(shower_pid);
	__atomic_store_n(&tally->stop, 1, __ATOMIC_RELAXED);
	for (who = 0; who < NR_ROLES; who++)
		well &= ends_well(pids[who]);
	check(well, "another status", "%s: all end by themselves", name);
	judge(lane, name);
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
