// SPDX-License-Identifier: GPL-2.0
/* Arguments and entries that are wrong in one place at a time. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/socket.h>

#include "../atmo_stack/check.h"
#include "../atmo_stack/fast.h"

static struct atmo_bind good_bind(void)
{
	return (struct atmo_bind){
		.version = ATMO_UAPI_VERSION, .family = AF_INET, .protocol = IPPROTO_UDP,
		.ifindex = 2, .nr_pages = 64, .laddr = { cpu_to_be32(0x0a000001) },
		.lport = cpu_to_be16(7),
	};
}

static const unsigned int all_commands[] = {
	ATMO_BIND, ATMO_GET_INFO, ATMO_GET_STATS, ATMO_RX_BATCH, ATMO_TX_BATCH,
	ATMO_RESTART, ATMO_NEIGH, ATMO_ROUTE, ATMO_GROUP, ATMO_GET_HEADERS,
	ATMO_EXCHANGE, ATMO_REPLY, ATMO_CAPTURE,
};

static void commands(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all_commands); i++)
		KUNIT_EXPECT_EQ(test, atmo_check_cmd(all_commands[i]), 0);
}

static void unknown_commands(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IO(ATMO_IOC_MAGIC, 0)), -ENOTTY);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IO(ATMO_IOC_MAGIC, 99)), -ENOTTY);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IOWR('T', 1, struct atmo_bind)), -ENOTTY);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(0), -ENOTTY);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(U32_MAX), -ENOTTY);
	/* Of what ATMO_CAPTURE returns, not of /dev/atmo. */
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(ATMO_CAPTURE_STATS), -ENOTTY);
}

static bool is_command(u32 nr)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all_commands); i++) {
		if (_IOC_NR(all_commands[i]) == nr)
			return true;
	}
	return false;
}

/* Each number there can be, in each direction, with some sizes. */
static void all_other_numbers(struct kunit *test)
{
	static const u32 sizes[] = { 0, 1, sizeof(struct atmo_bind), (1 << _IOC_SIZEBITS) - 1 };
	u32 nr, dir, i, wrong = 0;

	for (nr = 0; nr < 1 << _IOC_NRBITS; nr++) {
		if (is_command(nr))
			continue;
		for (dir = 0; dir < 1 << _IOC_DIRBITS; dir++) {
			for (i = 0; i < ARRAY_SIZE(sizes); i++)
				wrong += atmo_check_cmd(_IOC(dir, ATMO_IOC_MAGIC, nr, sizes[i])) !=
					 -ENOTTY;
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void commands_of_wrong_size(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IOWR(ATMO_IOC_MAGIC, 1, u64)), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IOWR(ATMO_IOC_MAGIC, 4, struct atmo_bind)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IOR(ATMO_IOC_MAGIC, 4, struct atmo_batch)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_check_cmd(_IO(ATMO_IOC_MAGIC, 5)), -EINVAL);
}

/* Each command in each direction, with each size there can be: one of them is right. */
static void commands_of_all_sizes(struct kunit *test)
{
	u32 i, dir, size, cmd, good, wrong;

	for (i = 0; i < ARRAY_SIZE(all_commands); i++) {
		good = 0;
		wrong = 0;
		for (dir = 0; dir < 1 << _IOC_DIRBITS; dir++) {
			for (size = 0; size < 1 << _IOC_SIZEBITS; size++) {
				cmd = _IOC(dir, ATMO_IOC_MAGIC, _IOC_NR(all_commands[i]), size);
				if (cmd == all_commands[i])
					good += !atmo_check_cmd(cmd);
				else
					wrong += atmo_check_cmd(cmd) != -EINVAL;
			}
		}
		KUNIT_EXPECT_EQ(test, good, 1);
		KUNIT_EXPECT_EQ(test, wrong, 0);
	}
}

static void binds(struct kunit *test)
{
	struct atmo_bind bind = good_bind();

	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.laddr[0] = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.nr_pages = ATMO_MIN_PAGES;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.nr_pages = ATMO_MAX_PAGES;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.lane = ATMO_LANE_SHARED;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	/* Whether it is served is found out later. */
	bind.protocol = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
}

#define EXPECT_BAD_BIND(test, field, value) do {			\
	struct atmo_bind bind = good_bind();				\
	bind.field = (value);						\
	KUNIT_EXPECT_EQ_MSG(test, atmo_check_bind(&bind), -EINVAL, #field); \
} while (0)

static void bad_binds(struct kunit *test)
{
	EXPECT_BAD_BIND(test, version, 0);
	EXPECT_BAD_BIND(test, version, ATMO_UAPI_VERSION + 1);
	EXPECT_BAD_BIND(test, family, 0);
	EXPECT_BAD_BIND(test, family, AF_UNIX);
	EXPECT_BAD_BIND(test, family, AF_PACKET);
	EXPECT_BAD_BIND(test, lane, ATMO_LANE_SHARED + 1);
	EXPECT_BAD_BIND(test, lane, 255);
	EXPECT_BAD_BIND(test, ifindex, U32_MAX);
	EXPECT_BAD_BIND(test, rport, cpu_to_be16(1));
	EXPECT_BAD_BIND(test, flags, 2);
	EXPECT_BAD_BIND(test, flags, 0x80000000);
	EXPECT_BAD_BIND(test, pages_fd, 3);
	EXPECT_BAD_BIND(test, pages_fd, -1);
}

static void bad_bind_words(struct kunit *test)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i < 2)
			EXPECT_BAD_BIND(test, reserved[i], 1);
		EXPECT_BAD_BIND(test, raddr[i], cpu_to_be32(1));
		if (i)
			EXPECT_BAD_BIND(test, laddr[i], cpu_to_be32(1));
	}
}

static void bad_remote_addresses(struct kunit *test)
{
	static const u32 bad[] = { 0x00000001, 0x7f000001, 0xe0000001, 0xffffffff };
	struct atmo_bind bind = good_bind();
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bind.raddr[0] = cpu_to_be32(bad[i]);
		bind.rport = cpu_to_be16(9);
		KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EINVAL);
	}
	bind.raddr[0] = cpu_to_be32(0x0a000002);
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.lport = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.rport = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EINVAL);
}

static void bad_remote_addresses_of_ipv6(struct kunit *test)
{
	static const u32 bad[][4] = {
		{ 0xff020000, 0, 0, 1 }, { 0, 0, 0, 1 }, { 0, 0, 0xffff, 0x0a000001 },
		{ 0, 0, 0, 0x0a000001 },
	};
	struct atmo_bind bind = good_bind();
	int i, j;

	bind.family = AF_INET6;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.rport = cpu_to_be16(9);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (j = 0; j < 4; j++)
			bind.raddr[j] = cpu_to_be32(bad[i][j]);
		KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EINVAL);
	}
	bind.raddr[0] = cpu_to_be32(0xfe800000);
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
}

static void whole_frames_have_no_address(struct kunit *test)
{
	struct atmo_bind bind = good_bind();

	bind.family = AF_PACKET;
	bind.laddr[0] = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EINVAL);
	bind.lport = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.laddr[3] = cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EINVAL);
}

static void rates(struct kunit *test)
{
	static const u32 bad[] = { 1, ATMO_MIN_TX_RATE - 1, ATMO_MAX_TX_RATE + 1, U32_MAX };
	struct atmo_bind bind = good_bind();
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bind.tx_rate = bad[i];
		KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -ERANGE);
	}
	bind.tx_rate = ATMO_MIN_TX_RATE;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.tx_rate = ATMO_MAX_TX_RATE;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), 0);
	bind.lane = ATMO_LANE_SHARED;
	KUNIT_EXPECT_EQ(test, atmo_check_bind(&bind), -EOPNOTSUPP);
}

static void bad_numbers_of_pages(struct kunit *test)
{
	static const u32 bad[] = { 0, 1, 8, 15, 17, 24, 63, 65, 16383, 32768, U32_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_BAD_BIND(test, nr_pages, bad[i]);
}

static void infos(struct kunit *test)
{
	struct atmo_info info = { .version = ATMO_UAPI_VERSION };
	int i;

	KUNIT_EXPECT_EQ(test, atmo_check_info(&info), 0);
	info.version = 2;
	KUNIT_EXPECT_EQ(test, atmo_check_info(&info), -EINVAL);
	info.version = ATMO_UAPI_VERSION;
	info.reserved0 = 1;
	KUNIT_EXPECT_EQ(test, atmo_check_info(&info), -EINVAL);
	info.reserved0 = 0;
	for (i = 0; i < 8; i++) {
		info.reserved[i] = 1;
		KUNIT_EXPECT_EQ(test, atmo_check_info(&info), -EINVAL);
		info.reserved[i] = 0;
	}
}

static void stats(struct kunit *test)
{
	struct atmo_stats stats = { .version = ATMO_UAPI_VERSION };
	int i;

	KUNIT_EXPECT_EQ(test, atmo_check_stats(&stats), 0);
	stats.version = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_stats(&stats), -EINVAL);
	stats.version = ATMO_UAPI_VERSION;
	for (i = 0; i < 2; i++) {
		/* The upper half counts, too. */
		stats.reserved[i] = 1ULL << 32;
		KUNIT_EXPECT_EQ(test, atmo_check_stats(&stats), -EINVAL);
		stats.reserved[i] = 0;
	}
}

static void batches(struct kunit *test)
{
	struct atmo_batch batch = { .nr = 1 };

	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), 0);
	batch.nr = ATMO_MAX_BATCH;
	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), 0);
	batch.nr = ATMO_MAX_BATCH + 1;
	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), -EINVAL);
	batch.nr = U32_MAX;
	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), -EINVAL);
	batch.nr = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), -EINVAL);
	batch.nr = 1;
	batch.flags = 1;
	KUNIT_EXPECT_EQ(test, atmo_check_batch(&batch), -EINVAL);
}

static void exchanges(struct kunit *test)
{
	struct atmo_exchange x = { .tx_nr = 1, .rx_nr = 1 };

	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), 0);
	x.tx_nr = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), 0);
	x.rx_nr = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), -EINVAL);
	x.tx_nr = ATMO_MAX_BATCH;
	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), 0);
	x.rx_nr = ATMO_MAX_BATCH + 1;
	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), -EINVAL);
	x.rx_nr = 1;
	x.tx_nr = U32_MAX;
	KUNIT_EXPECT_EQ(test, atmo_check_exchange(&x), -EINVAL);
}

static void tx_entries(struct kunit *test)
{
	static const struct atmo_tx_desc good[] = {
		{ .offset = 0, .len = 0 },
		{ .offset = 0, .len = 1472 },
		{ .offset = 4096, .len = 0 },
		{ .offset = 4095, .len = 1 },
		{ .offset = 4096 - 1472, .len = 1472 },
	};
	u8 reason = 255;
	int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_EQ(test, atmo_check_tx(&good[i], 1472, 0, &reason), 0);
	KUNIT_EXPECT_EQ(test, reason, 255);
}

static void tx_entries_that_leave_the_page(struct kunit *test)
{
	static const struct atmo_tx_desc bad[] = {
		{ .offset = 4096, .len = 1 },
		{ .offset = 4097, .len = 0 },
		{ .offset = 0, .len = 4097 },
		{ .offset = 1, .len = 65535 },
		{ .offset = 65535, .len = 1 },
		{ .offset = 65535, .len = 65535 },
		{ .offset = 4096 - 1471, .len = 1472 },
	};
	u8 reason;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		reason = 255;
		KUNIT_EXPECT_EQ(test, atmo_check_tx(&bad[i], 1472, 0, &reason), -EINVAL);
		KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_BAD_RANGE);
	}
}

static void tx_entries_of_other_kinds(struct kunit *test)
{
	struct atmo_tx_desc desc = { .len = 1473 };
	u8 reason = 255;

	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, 0, &reason), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_TOO_LONG);
	desc.len = 1;
	desc.reserved = 1;
	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, 0, &reason), -EINVAL);
	KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_RESERVED);
	reason = 255;
	desc.reserved = 0;
	desc.flags = 0x80000000;
	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, 0, &reason), -EINVAL);
	KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_RESERVED);
}

/* Would an entry pass all checks? */
static bool is_right_whole(const struct atmo_tx_words *words)
{
	struct atmo_tx_desc desc = {
		.slot = words->slot, .offset = words->offset, .len = words->len,
	};
	u8 reason;

	memcpy(&desc.reserved, &words->rest, sizeof(words->rest));
	memcpy(desc.addr, words->addr, sizeof(desc.addr));
	return desc.slot < 8 && !(desc.flags & ~ATMO_TX_RECYCLE) &&
	       !atmo_check_tx(&desc, 1518, ATMO_TX_RECYCLE, &reason) &&
	       !atmo_check_tx_whole(&desc, &reason);
}

/* What takes the fast path has nothing wrong with it; and some do. */
static void plain_entries_of_whole_frames(struct kunit *test)
{
	static const u32 slots[] = { 0, 7, 8, U32_MAX };
	static const u16 ends[] = { 0, 1, 13, 14, 60, 1518, 1519, 4095, 4096, U16_MAX };
	static const u64 rests[] = { 0, 1, 1ULL << 16, 1ULL << 32, 2ULL << 32, 3ULL << 32, ~0ULL };
	const u32 n = ARRAY_SIZE(slots) * ARRAY_SIZE(rests) * ARRAY_SIZE(ends) * ARRAY_SIZE(ends);
	const struct atmo_fast_tx f = {
		.mask = 7, .care = ~0ULL,
		.dest = { .rest = atmo_tx_rest(0, 0, ATMO_TX_RECYCLE), .end = 1519 },
	};
	u32 i, j, plain = 0, wrong = 0;

	for (i = 0; i < 3 * n; i++) {
		struct atmo_tx_words words = { .addr = { i % 3 & 1, i % 3 & 2 } };

		j = i / 3;
		words.slot = slots[j % ARRAY_SIZE(slots)];
		j /= ARRAY_SIZE(slots);
		words.rest = rests[j % ARRAY_SIZE(rests)];
		j /= ARRAY_SIZE(rests);
		words.offset = ends[j % ARRAY_SIZE(ends)];
		words.len = ends[j / ARRAY_SIZE(ends)];
		if (!atmo_fast_tx_fits(&f, &words, false))
			continue;
		plain++;
		wrong += !is_right_whole(&words);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_GT(test, plain, 0);
}

static void entries(struct kunit *test)
{
	struct atmo_neigh neigh = { };
	struct atmo_route route = { };
	struct atmo_group group = { };
	struct atmo_headers headers = { };
	u32 i;

	for (i = 0; i < 32; i++) {
		const int expected = i ? -EINVAL : 0;

		neigh.flags = BIT(i);
		route.flags = BIT(i);
		group.flags = BIT(i);
		headers.flags = BIT(i);
		KUNIT_EXPECT_EQ(test, atmo_check_neigh(&neigh), expected);
		KUNIT_EXPECT_EQ(test, atmo_check_route(&route), expected);
		KUNIT_EXPECT_EQ(test, atmo_check_group(&group), expected);
		KUNIT_EXPECT_EQ(test, atmo_check_headers(&headers), -EINVAL);
	}
	neigh.flags = 0;
	route.flags = 0;
	group.flags = 0;
	headers.flags = 0;
	KUNIT_EXPECT_EQ(test, atmo_check_neigh(&neigh), 0);
	KUNIT_EXPECT_EQ(test, atmo_check_route(&route), 0);
	KUNIT_EXPECT_EQ(test, atmo_check_group(&group), 0);
	KUNIT_EXPECT_EQ(test, atmo_check_headers(&headers), 0);
	neigh.reserved[5] = 1;
	route.reserved[1] = 1;
	group.reserved[2] = 1;
	KUNIT_EXPECT_EQ(test, atmo_check_neigh(&neigh), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_check_route(&route), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_check_group(&group), -EINVAL);
}

/* Headers in place, where the protocol knows them. */
static void tx_entries_with_headers(struct kunit *test)
{
	struct atmo_tx_desc desc = { .len = 1514, .flags = ATMO_TX_FRAME };
	u8 reason = 0;

	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, ATMO_TX_FRAME, &reason), 0);
	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, 0, &reason), -EINVAL);
	KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_RESERVED);
	desc.flags |= 2;
	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, ATMO_TX_FRAME, &reason), -EINVAL);
	desc.flags = ATMO_TX_FRAME;
	desc.offset = ATMO_PAGE_SIZE - 1513;
	KUNIT_EXPECT_EQ(test, atmo_check_tx(&desc, 1472, ATMO_TX_FRAME, &reason), -EINVAL);
	KUNIT_EXPECT_EQ(test, reason, ATMO_DROP_TX_BAD_RANGE);
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(commands),
	KUNIT_CASE(unknown_commands),
	KUNIT_CASE(all_other_numbers),
	KUNIT_CASE(commands_of_wrong_size),
	KUNIT_CASE(commands_of_all_sizes),
	KUNIT_CASE(binds),
	KUNIT_CASE(bad_binds),
	KUNIT_CASE(bad_bind_words),
	KUNIT_CASE(bad_remote_addresses),
	KUNIT_CASE(bad_remote_addresses_of_ipv6),
	KUNIT_CASE(whole_frames_have_no_address),
	KUNIT_CASE(rates),
	KUNIT_CASE(bad_numbers_of_pages),
	KUNIT_CASE(infos),
	KUNIT_CASE(stats),
	KUNIT_CASE(batches),
	KUNIT_CASE(exchanges),
	KUNIT_CASE(tx_entries),
	KUNIT_CASE(tx_entries_that_leave_the_page),
	KUNIT_CASE(tx_entries_of_other_kinds),
	KUNIT_CASE(tx_entries_with_headers),
	KUNIT_CASE(plain_entries_of_whole_frames),
	KUNIT_CASE(entries),
	{}
};

static struct kunit_suite check_suite = {
	.name = "atmo_stack_check",
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);

MODULE_DESCRIPTION("KUnit suite of atmo_stack/check.h");
MODULE_LICENSE("GPL");
