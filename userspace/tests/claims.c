// SPDX-License-Identifier: GPL-2.0
/*
 * claims - who may bind what beside whom: ports, connections, groups, of UDP and
 * TCP, of several users, of Linux. Prints TAP. Run as root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atmo.h>

#define NR_PAGES	16
#define NOBODY		65534

static const char *ifname;
static struct in_addr laddr;
static int nr, failed;

static void expect(const char *what, int wanted, int is)
{
	bool good = wanted == is;

	printf("%sok %d - %s\n", good ? "" : "not ", ++nr, what);
	if (!good) {
		printf("# expected %s, is %s\n", strerror(-wanted), strerror(-is));
		failed++;
	}
	fflush(stdout);
}

typedef int opener(struct atmo_sock **sock, const struct atmo_options *opt);

/* Binds @lport, with @rport of 10.82.0.2 as the peer unless that is 0. */
static int bind_one(struct atmo_sock **sock, opener *how, uint16_t lport, uint16_t rport)
{
	struct atmo_options opt = {
		.size = sizeof(opt),
		.ifname = ifname,
		.local.v4 = { .sin_family = AF_INET, .sin_port = htons(lport) },
		.nr_pages = NR_PAGES,
		.lane = ATMO_LANE_SHARED,
	};

	*sock = NULL;
	if (rport) {
		opt.remote.v4.sin_family = AF_INET;
		opt.remote.v4.sin_port = htons(rport);
		opt.remote.v4.sin_addr.s_addr = htonl(0x0a520002);
	}
	return how(sock, &opt);
}

/* Can it be bound, if only for a moment? */
static int try_bind(opener *how, uint16_t lport, uint16_t rport)
{
	struct atmo_sock *sock;
	int err = bind_one(&sock, how, lport, rport);

	atmo_close(sock);
	return err;
}

/* The same by another user. */
static int try_as_nobody(opener *how, uint16_t lport, uint16_t rport)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(255);
		_exit(-try_bind(how, lport, rport));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* The same by Linux; the socket stays open where @fd is asked for. */
static int try_linux(int type, uint16_t lport, int *fd)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(lport),
				    .sin_addr = laddr };
	int err = 0, one = 1, s = socket(AF_INET, type, 0);

	/* Even one that is willing to share. */
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    bind(s, (struct sockaddr *)&addr, sizeof(addr)))
		err = -errno;
	if (fd)
		*fd = s;
	else if (s >= 0)
		close(s);
	return err;
}

static void check_protocol(opener *how, int type, bool tcp)
{
	struct atmo_sock *port, *one, *two;
	const char *name = tcp ? "TCP" : "UDP";
	char what[128];
	int fd;

#define EXPECT(text, wanted, is) do {					\
	snprintf(what, sizeof(what), "%s: %s", name, text);		\
	expect(what, wanted, is);					\
} while (0)

	EXPECT("a connection", 0, bind_one(&one, how, 4000, 9));
	EXPECT("the same 5-tuple again", -EADDRINUSE, try_bind(how, 4000, 9));
	EXPECT("another peer of the port", 0, bind_one(&two, how, 4000, 10));
	EXPECT("another user's peer of the port", -EADDRINUSE, try_as_nobody(how, 4000, 11));
	EXPECT("the whole port", tcp ? 0 : -EADDRINUSE, try_bind(how, 4000, 0));
	EXPECT("the whole port, by another user", -EADDRINUSE, try_as_nobody(how, 4000, 0));
	EXPECT("the port, by Linux", -EADDRINUSE, try_linux(type, 4000, NULL));
	atmo_close(one);
	EXPECT("the 5-tuple is free again", 0, try_bind(how, 4000, 9));
	EXPECT("the port, by Linux, while a peer is left", -EADDRINUSE,
	       try_linux(type, 4000, NULL));
	atmo_close(two);
	EXPECT("the port, by Linux, when all are gone", 0, try_linux(type, 4000, NULL));

	EXPECT("a whole port", 0, bind_one(&port, how, 4001, 0));
	EXPECT("the same port again", -EADDRINUSE, try_bind(how, 4001, 0));
	EXPECT("a connection of the port", tcp ? 0 : -EADDRINUSE, try_bind(how, 4001, 9));
	EXPECT("another user's connection of the port", -EADDRINUSE,
	       try_as_nobody(how, 4001, 9));
	atmo_close(port);

	EXPECT("Linux has a port", 0, try_linux(type, 4002, &fd));
	EXPECT("the port that Linux has", -EADDRINUSE, try_bind(how, 4002, 0));
	EXPECT("a connection of it", -EADDRINUSE, try_bind(how, 4002, 9));
	close(fd);
	EXPECT("the port that Linux had", 0, try_bind(how, 4002, 0));
	EXPECT("a port below 1024, by another user", -EACCES, try_as_nobody(how, 1000, 0));
#undef EXPECT
}

static void check_ephemeral(void)
{
	struct atmo_sock *socks[8];
	struct atmo_info info = {};
	int i, j, err = 0;
	bool twice = false;
	uint16_t ports[8];

	for (i = 0; i < 8; i++) {
		err = err ?: bind_one(&socks[i], i % 2 ? atmo_udp_open : atmo_tcp_open, 0, 9);
		if (err)
			break;
		err = atmo_info(socks[i], &info);
		ports[i] = ntohs(info.lport);
		for (j = i % 2; j < i; j += 2)
			twice |= ports[j] == ports[i];
		twice |= ports[i] < 1024;
	}
	expect("ephemeral ports", 0, err);
	expect("each is another one", 0, twice ? -EADDRINUSE : 0);
	expect("Linux can't have it", -EADDRINUSE, try_linux(SOCK_STREAM, ports[0], NULL));
	while (i--)
		atmo_close(socks[i]);
}

static void check_groups(void)
{
	const in_addr_t group[4] = { htonl(0xe9000001) }, other[4] = { htonl(0xe9000002) };
	struct atmo_sock *a, *b;

	expect("groups: a socket", 0, bind_one(&a, atmo_udp_open, 4000, 0));
	expect("groups: one that is connected", 0, bind_one(&b, atmo_udp_open, 4001, 9));
	if (!a || !b)
		return;
	expect("groups: join", 0, atmo_group_join(a, group));
	expect("groups: join twice", -EADDRINUSE, atmo_group_join(a, group));
	expect("groups: join another", 0, atmo_group_join(a, other));
	expect("groups: leave", 0, atmo_group_leave(a, group));
	expect("groups: leave twice", -ENOENT, atmo_group_leave(a, group));
	expect("groups: connected sockets have none", -EOPNOTSUPP, atmo_group_join(b, group));
	atmo_close(a);
	atmo_close(b);
}

int main(int argc, char **argv)
{
	if (argc != 3 || inet_pton(AF_INET, argv[2], &laddr) != 1) {
		fprintf(stderr, "usage: %s DEV ADDRESS\n", argv[0]);
		return 2;
	}
	ifname = argv[1];
	check_protocol(atmo_udp_open, SOCK_DGRAM, false);
	check_protocol(atmo_tcp_open, SOCK_STREAM, true);
	check_ephemeral();
	check_groups();
	printf("1..%d\n", nr);
	return failed > 0;
}
