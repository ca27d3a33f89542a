// SPDX-License-Identifier: GPL-2.0
/* Unix sockets to listen on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus.h"
#include "sock.h"

/* Whether @sa is a socket file that nobody listens on any more. */
static bool sock_stale(const struct sockaddr_un *sa, int type)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(sa->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

int sock_listen(const char *path, int type)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, err;

	if (len >= sizeof(sa.sun_path)) {
		bus_log("%s: socket path longer than %zu bytes: use a shorter one", path,
			sizeof(sa.sun_path) - 1);
		return -1;
	}
	memcpy(sa.sun_path, path, len + 1);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		bus_log("no socket for %s: %s", path, strerror(errno));
		return -1;
	}
	if (sock_stale(&sa, type))
		unlink(path);
	if (!bind(fd, (struct sockaddr *)&sa, sizeof(sa)) && !listen(fd, 128))
		return fd;
	err = errno;
	close(fd);
	bus_log("cannot listen on %s: %s%s", path, strerror(err),
		err == EADDRINUSE ? " (remove the file if nothing uses it)" : "");
	return -1;
}
