/* SPDX-License-Identifier: GPL-2.0 */
/*
 * neighbours.c: what the processes share, and those at the other end of the wire.
 */
#ifndef ATMO_TESTS_NEIGHBOURS_H
#define ATMO_TESTS_NEIGHBOURS_H

#include "raw.h"

#define PORT		4500
#define PEER_PORT	4600	/* where the flood and the killed one send to */
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
	unsigned int showered[NR_ROLES]; /* sent to them by the peer */
	unsigned int at_peer[NR_ROLES];	/* came to the peer */
	unsigned int not_theirs[NR_ROLES]; /* of these, with other bytes than the mark */
	unsigned int lives, lives_at_work;
	unsigned int life_received, life_sent; /* by the killed one in this life */
	unsigned int patience;		/* seconds until an echo is given up */
	unsigned int echoed, lost, late, wrong;
	/* The stopped one, before it is stopped and when it goes on. */
	unsigned int nr_pages, provided, held;
	unsigned long long full_before, full_after;
	int	ready[NR_ROLES];	/* pages are posted */
	int	halt, resumed, judged;
	int	stop, stop_load;
};

static struct place place;
static struct tally *tally;

static bool is_set(int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

static void fill(unsigned char *bytes, size_t len, enum role who)
{
	char mark[MARK_LEN + 1];
	size_t i;

	snprintf(mark, sizeof(mark), "<owner:%u:secret>", who);
	for (i = 0; i + MARK_LEN <= len; i += MARK_LEN)
		memcpy(bytes + i, mark, MARK_LEN);
}

/* One look at eight bytes: is this the beginning of another's mark? */
static bool is_foreign(const unsigned char *at, enum role who)
{
	unsigned char mark[8];
	__u64 word;

	memcpy(&word, at, sizeof(word));
	memcpy(mark, &word, sizeof(mark));
	return !memcmp(mark, "<owner:", 7) && mark[7] >= '0' && mark[7] < '0' + NR_ROLES &&
	       mark[7] != '0' + who;
}

/*
 * Marks of others among these bytes. The NIC may be writing to them: what is left
 * there of an own mark, with a piece of the next one, has no digit but the own.
 */
static unsigned int foreign_marks(const unsigned char *bytes, size_t len, enum role who)
{
	const unsigned char *at = bytes, *end = bytes + len;
	unsigned int n = 0;

	while (at + MARK_LEN <= end && (at = memmem(at, end - at, "<owner:", 7))) {
		n += at + 8 <= end && is_foreign(at, who);
		at++;
	}
	return n;
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
			for (i = 0; i < 8; i++, tally->showered[who]++)
				peer_send(fd, &place, PORT + who, data[who], SIZE - i * 100);
		usleep(4000);
	}
}

/* What @who has sent has its mark from end to end, also when it is dead by now. */
static void look_at_sent(int fd, enum role who)
{
	unsigned char want[SIZE], in[SIZE + 1];
	unsigned int nr;
	ssize_t n;

	fill(want, SIZE, who);
	/* Not all of a flood: the others need the processor, too. */
	for (nr = 0; nr < 32; nr++) {
		n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
		if (n < 0)
			return;
		tally->at_peer[who]++;
		tally->not_theirs[who] += n > SIZE || (who == FLOOD && n != SIZE) ||
					  memcmp(in, want, n);
	}
}

static void witness(void)
{
	struct sockaddr_in addr;
	int flood = peer_socket_at(&place, PEER_PORT + FLOOD, &addr);
	int killed = peer_socket_at(&place, PEER_PORT + KILLED, &addr);
	bool last;

	do {
		last = is_set(&tally->stop);
		look_at_sent(flood, FLOOD);
		look_at_sent(killed, KILLED);
		usleep(5000);
	} while (!last);
}

/*
 * Echoes of datagrams first to first + 3: @missing has a bit for each that has not
 * come yet. What was given up comes late, if at all.
 */
static void take_echo(const unsigned char *in, ssize_t n, unsigned int first,
		      unsigned int *missing)
{
	unsigned char want[SIZE];
	unsigned int seq;

	memcpy(&seq, in, sizeof(seq));
	fill(want, SIZE, ECHO);
	memcpy(want, &seq, sizeof(seq));
	if (n == SIZE && !memcmp(in, want, SIZE) && seq < first) {
		tally->late++;
		return;
	}
	tally->echoed++;
	if (n != SIZE || memcmp(in, want, SIZE) || seq - first >= 4 ||
	    !(*missing & 1u << (seq - first)))
		tally->wrong++;
	else
		*missing &= ~(1u << (seq - first));
}

/* Four datagrams at a time to the echo; all of them come back. */
static void load(void)
{
	unsigned char out[SIZE], in[SIZE + 1];
	struct timeval wait = { .tv_sec = tally->patience };
	struct sockaddr_in addr;
	int fd = peer_socket(&place, &addr);
	unsigned int first, missing, seq = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	fill(out, SIZE, ECHO);
	while (!is_set(&tally->stop_load)) {
		for (first = seq; seq < first + 4; seq++) {
			memcpy(out, &seq, sizeof(seq));
			peer_send(fd, &place, PORT + ECHO, out, SIZE);
		}
		for (missing = 0xf; missing;) {
			n = recv(fd, in, sizeof(in), 0);
			if (n < 0) {
				tally->lost += __builtin_popcount(missing);
				break;
			}
			take_echo(in, n, first, &missing);
		}
	}
}

#endif /* ATMO_TESTS_NEIGHBOURS_H */
