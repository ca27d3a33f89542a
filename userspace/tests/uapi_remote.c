// SPDX-License-Identifier: GPL-2.0
/*
 * A stack instance for scripts: does to one open /dev/atmo what its input says,
 * unchecked, a command a line. Each is answered by a line: a negative errno or 0,
 * a space, and bytes in hexadecimal digits.
 *
 *	i REQUEST BYTES		ioctl with these bytes as argument; they come back
 *	m OFFSET LEN		mmap; regions are numbered from 0
 *	r REGION OFFSET LEN	bytes from there
 *	w REGION OFFSET BYTES	bytes to there
 *	u UID			the effective user from now on
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BYTES	8192
#define MAX_REGIONS	2

static struct region {
	uint8_t *va;
	size_t len;
} regions[MAX_REGIONS];
static unsigned int nr_regions;

static uint8_t bytes[MAX_BYTES];

static size_t from_hex(const char *text)
{
	size_t n = 0;

	while (n < MAX_BYTES && sscanf(text + 2 * n, "%2hhx", &bytes[n]) == 1)
		n++;
	return n;
}

static void answer(int err, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	printf("%d ", err);
	for (i = 0; i < n; i++) {
		putchar(digits[bytes[i] >> 4]);
		putchar(digits[bytes[i] & 15]);
	}
	putchar('\n');
	fflush(stdout);
}

static int map(int fd, off_t offset, size_t len)
{
	void *va;

	if (nr_regions == MAX_REGIONS)
		return -ENOSPC;
	va = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (va == MAP_FAILED)
		return -errno;
	regions[nr_regions++] = (struct region){ va, len };
	return 0;
}

/* NULL: not in a region. */
static uint8_t *at(unsigned long region, size_t offset, size_t len)
{
	if (region >= nr_regions || len > MAX_BYTES || offset > regions[region].len ||
	    len > regions[region].len - offset)
		return NULL;
	return regions[region].va + offset;
}

static void obey(int fd, char *line)
{
	char *arg = line + 1;
	unsigned long a = strtoul(arg, &arg, 0);
	unsigned long b;
	uint8_t *where;
	size_t n;

	switch (line[0]) {
	case 'i':
		n = from_hex(arg + strspn(arg, " "));
		answer(ioctl(fd, a, bytes) ? -errno : 0, n);
		break;
	case 'm':
		answer(map(fd, (off_t)a, strtoul(arg, NULL, 0)), 0);
		break;
	case 'r':
		b = strtoul(arg, &arg, 0);
		n = strtoul(arg, NULL, 0);
		where = at(a, b, n);
		if (where)
			memcpy(bytes, where, n);
		answer(where ? 0 : -ERANGE, where ? n : 0);
		break;
	case 'w':
		b = strtoul(arg, &arg, 0);
		n = from_hex(arg + strspn(arg, " "));
		where = at(a, b, n);
		if (where)
			memcpy(where, bytes, n);
		answer(where ? 0 : -ERANGE, 0);
		break;
	case 'u':
		answer(seteuid(a) ? -errno : 0, 0);
		break;
	default:
		answer(-EINVAL, 0);
	}
}

int main(void)
{
	int fd = open("/dev/atmo", O_RDWR | O_CLOEXEC);
	char *line = NULL;
	size_t room = 0;

	if (fd < 0) {
		perror("uapi_remote: /dev/atmo");
		return 1;
	}
	while (getline(&line, &room, stdin) > 0)
		obey(fd, line);
	free(line);
	return 0;
}
