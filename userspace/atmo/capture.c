// SPDX-License-Identifier: GPL-2.0
/* atmo capture: the packets of one instance, both directions, into a file. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>
#include <linux/atmo_capture.h>

#include "filter.h"
#include "pcapng.h"
#include "tool.h"

#define READ_LEN	(256 * 1024)

/**
 * struct capture - a capture and what is wanted of it
 * @id: instance; 0: the only one there is
 * @path: file to write; "-": standard output
 * @filter: pcap expression, or NULL
 * @count: frames after which to end; 0: none
 * @arg: what the kernel is asked for
 * @flush: write each frame at once
 * @program: the filter, compiled
 * @out: the file
 * @totals: so far
 */
struct capture {
	__u32 id;
	const char *path;
	char *filter;
	long long count;
	struct atmo_capture arg;
	bool flush;
	struct bpf_program program;
	FILE *out;
	struct pcapng_totals totals;
};

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- The command line ---- */

static void add_word(struct capture *c, const char *word, struct argp_state *state)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", c->filter ?: "", c->filter ? " " : "", word) < 0)
		argp_failure(state, 1, ENOMEM, "filter");
	free(c->filter);
	c->filter = longer;
}

static long long get_number(const char *what, char *arg, long long min, long long max,
			    struct argp_state *state)
{
	long long n = parse_number(arg, max);

	if (n < min)
		argp_error(state, "%s must be a number from %lld to %lld, not '%s'", what, min,
			   max, arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct capture *c = state->input;

	switch (key) {
	case 'w':
		c->path = arg;
		return 0;
	case 'i':
		c->id = get_number("an instance", arg, 1, INT_MAX, state);
		return 0;
	case 'c':
		c->count = get_number("the count", arg, 1, LLONG_MAX, state);
		return 0;
	case 's':
		c->arg.snaplen = get_number("the snap length", arg, 1, ATMO_MAX_SNAPLEN, state);
		return 0;
	case 'B':
		c->arg.buffer_len = 1024 * get_number("the buffer", arg,
						      ATMO_MIN_CAPTURE_BUFFER / 1024,
						      ATMO_MAX_CAPTURE_BUFFER / 1024, state);
		return 0;
	case 'd':
		c->arg.flags |= ATMO_CAPTURE_DROPPED;
		return 0;
	case 'U':
		c->flush = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(c, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!c->path)
			argp_error(state, "where to? give -w FILE, or -w - for standard output");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "write", 'w', "FILE", 0, "Write pcapng to FILE; -: standard output", 0 },
	{ "instance", 'i', "ID", 0, "Which instance; not needed if there is only one", 0 },
	{ "count", 'c', "N", 0, "End after N packets", 0 },
	{ "snaplen", 's', "BYTES", 0, "Keep so much of each packet", 0 },
	{ "buffer", 'B', "KIB", 0, "Size of the kernel's buffer (1024)", 0 },
	{ "dropped", 'd', NULL, 0, "What the instance received and dropped, too", 0 },
	{ "packet-buffered", 'U', NULL, 0, "Write each packet at once", 0 },
	{ 0 },
};

/* ---- Beginning ---- */

static bool only_instance(struct link *link, struct capture *c)
{
	struct view view;
	bool one;

	if (!view_read(link, &view))
		return false;
	one = view.nr_instances == 1;
	if (one)
		c->id = view.instances[0].id;
	else if (view.nr_instances)
		complain("there are %zu instances; choose one by -i ID, see `atmo status`",
			 view.nr_instances);
	else
		complain("there is no instance");
	view_free(&view);
	return one;
}

static bool find_instance(struct capture *c, struct instance *inst)
{
	struct link link;
	bool found;

	if (!link_open(&link))
		return false;
	found = (c->id || only_instance(&link, c)) && instance_read(&link, c->id, inst);
	link_close(&link);
	return found;
}

static void explain_open(__u32 id)
{
	switch (errno) {
	case EPERM:
		complain("instance %u is another user's; run as root, or give the tool cap_net_raw",
			 id);
		break;
	case EBUSY:
		complain("another capture of instance %u is running; end that one", id);
		break;
	case ENOENT:
		complain("instance %u is gone; `atmo status` lists those there are", id);
		break;
	case ENOMEM:
		complain("no memory for the buffer; take a smaller one by -B");
		break;
	case ENOTTY:
		complain("the modules are older than this tool; build both from one version");
		break;
	default:
		complain("can't capture instance %u: %m", id);
	}
}

/* The kernel's end of it, or -1. */
static int open_tap(struct capture *c)
{
	int tap, fd = open(ATMO_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		complain("can't open " ATMO_DEVICE_PATH ": %m; is the module atmo_stack loaded?");
		return -1;
	}
	c->arg.version = ATMO_UAPI_VERSION;
	c->arg.instance = c->id;
	tap = ioctl(fd, ATMO_CAPTURE, &c->arg);
	if (tap < 0)
		explain_open(c->id);
	close(fd);
	return tap;
}

static bool open_file(struct capture *c)
{
	c->out = strcmp(c->path, "-") ? fopen(c->path, "we") : stdout;
	if (!c->out)
		complain("can't write %s: %m", c->path);
	else if (c->out == stdout && isatty(STDOUT_FILENO))
		complain("standard output is a terminal; redirect it, or give -w FILE");
	else
		return true;
	return false;
}

static void begin_file(struct capture *c, const struct instance *inst)
{
	char comment[256], local[64], device[IF_NAMESIZE];
	const struct pcapng_about about = {
		.program = "atmo " LIBATMO_VERSION,
		.comment = comment,
		.device = device,
		.filter = c->filter,
		.snaplen = c->arg.snaplen ?: ATMO_DEFAULT_SNAPLEN,
	};

	endpoint_text(inst, false, local, sizeof(local));
	device_name(inst->ifindex, device);
	snprintf(comment, sizeof(comment), "atmo %s: instance %u, %s %s, %s lane",
		 LIBATMO_VERSION, inst->id, protocol_name(inst), local,
		 atmo_lane_name(inst->lane));
	pcapng_begin(c->out, &about);
	c->totals.start_ns = now_ns();
}

/* ---- Packets ---- */

static void on_record(struct capture *c, const struct atmo_capture_record *rec,
		      unsigned char *data)
{
	struct pcap_pkthdr hdr = { .caplen = rec->caplen, .len = rec->len };
	struct pcapng_frame frame = {
		.time_ns = rec->time_ns,
		.len = rec->len,
		.caplen = rec->caplen,
		.inbound = rec->direction == ATMO_CAPTURE_IN,
		.data = data,
	};
	char comment[64];

	if (rec->flags & ATMO_RECORD_CSUM && rec->caplen == rec->len)
		frame_finish(data, rec->len);
	if (c->filter && !pcap_offline_filter(&c->program, &hdr, data))
		return;
	if (rec->flags & ATMO_RECORD_DROPPED) {
		snprintf(comment, sizeof(comment), "dropped: %s", atmo_drop_name(rec->reason));
		frame.comment = comment;
	} else if (rec->flags & ATMO_RECORD_SLOW) {
		frame.comment = "sent by Linux, which fills in the MAC addresses";
	}
	pcapng_write(c->out, &frame);
	c->totals.written++;
	if (c->flush)
		fflush(c->out);
}

static bool wants_more(const struct capture *c)
{
	return !c->count || c->totals.written < (__u64)c->count;
}

/* What one read() has brought. */
static void on_records(struct capture *c, unsigned char *buf, size_t len)
{
	const struct atmo_capture_record *rec;

	for (; len && wants_more(c); buf += rec->record_len, len -= rec->record_len) {
		rec = (void *)buf;
		on_record(c, rec, buf + sizeof(*rec));
	}
}

/* One read(): bytes, 0: the instance is gone, or -1: an error, which has been told. */
static ssize_t take(struct capture *c, int tap, void *buf)
{
	ssize_t n;

	do
		n = read(tap, buf, READ_LEN);
	while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		complain("reading the capture: %m");
	else
		on_records(c, buf, n);
	if (n >= 0 && ferror(c->out)) {
		complain("can't write %s: %m", c->path);
		n = -1;
	}
	return n;
}

/*
 * Until there is an end, and then what the kernel had recorded by then: no more
 * than its buffer holds, however much comes in meanwhile. False: an error.
 */
static bool run(struct capture *c, int tap, void *buf)
{
	long left = c->arg.buffer_len ?: ATMO_DEFAULT_CAPTURE_BUFFER;
	struct pollfd poll_tap = { .fd = tap, .events = POLLIN };
	ssize_t n = 1;

	while (n > 0 && !interrupted && wants_more(c)) {
		/* A signal between test and wait ends it by the time limit. */
		if (poll(&poll_tap, 1, 200) > 0)
			n = take(c, tap, buf);
	}
	while (n > 0 && left > 0 && wants_more(c) && poll(&poll_tap, 1, 0) > 0) {
		n = take(c, tap, buf);
		left -= n;
	}
	return n >= 0;
}

static bool finish(struct capture *c, int tap)
{
	struct atmo_capture_stats stats = { 0 };

	c->totals.counted = !ioctl(tap, ATMO_CAPTURE_STATS, &stats);
	if (!c->totals.counted)
		complain("the kernel's counters can't be read: %m; packets may be missing");
	c->totals.end_ns = now_ns();
	c->totals.received = stats.recorded + stats.dropped;
	c->totals.dropped = stats.dropped;
	pcapng_end(c->out, &c->totals);
	if (fflush(c->out) || ferror(c->out)) {
		complain("can't write %s: %m", c->path);
		return false;
	}
	if (!c->totals.counted) {
		fprintf(stderr, "%llu packets written\n", c->totals.written);
		return false;
	}
	fprintf(stderr, "%llu packets written, %llu seen, %llu dropped by the capture%s\n",
		c->totals.written, c->totals.received, c->totals.dropped,
		c->totals.dropped ? ": a larger buffer (-B) or a shorter -s helps" : "");
	return true;
}

static bool capture(struct capture *c)
{
	unsigned char *buf = malloc(READ_LEN);
	struct instance inst;
	bool done = false;
	int tap = -1;

	if (!buf)
		complain("no memory");
	else if (find_instance(c, &inst))
		tap = open_tap(c);
	if (tap >= 0 && open_file(c)) {
		catch_signals();
		begin_file(c, &inst);
		fprintf(stderr, "atmo: capturing instance %u; Ctrl-C ends\n", c->id);
		done = run(c, tap, buf);
		done = finish(c, tap) && done;
	}
	if (tap >= 0)
		close(tap);
	free(buf);
	return done;
}

int cmd_capture(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[FILTER...]",
		.doc = "Writes the packets of one instance. FILTER: see pcap-filter(7).",
	};
	struct capture c = { 0 };
	int status = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &c);
	if (c.filter)
		status = filter_compile(c.filter, ATMO_MAX_SNAPLEN, &c.program);
	if (!status) {
		status = !capture(&c);
		if (c.filter)
			pcap_freecode(&c.program);
	}
	free(c.filter);
	return status;
}
