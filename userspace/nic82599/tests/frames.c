// SPDX-License-Identifier: GPL-2.0
/* Frames for tests, with checksums computed the slow and obvious way. */
#include <string.h>

#include "fake_bus.h"

uint16_t plain_csum(const uint8_t *p, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t pseudo4(const uint8_t *ip)
{
	uint32_t sum = ip[9], i;

	for (i = 12; i < 20; i += 2)
		sum += get_be16(ip + i);
	return sum + get_be16(ip + 2) - 20u;
}

bool ip4_good(const uint8_t *ip)
{
	return !plain_csum(ip, 20, 0);
}

bool l4_good4(const uint8_t *ip)
{
	return !plain_csum(ip + 20, get_be16(ip + 2) - 20u, pseudo4(ip));
}

static uint8_t *make_eth(uint8_t *f, uint16_t type)
{
	static const uint8_t head[12] = {
		0x02, 0x82, 0x59, 0x90, 0x00, 0x00,
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55,
	};

	memcpy(f, head, 12);
	put_be16(f + 12, type);
	return f + ETH_HLEN;
}

static void make_ip4(uint8_t *ip, uint32_t src, uint32_t dst, uint8_t proto,
		     size_t l4_len)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(20 + l4_len));
	put_be16(ip + 4, 0x1234);
	ip[8] = 64;
	ip[9] = proto;
	put_be32(ip + 12, src);
	put_be32(ip + 16, dst);
	put_be16(ip + 10, plain_csum(ip, 20, 0));
}

static void fill(uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + 3);
}

static size_t padded(uint8_t *f, size_t len)
{
	if (len >= FRAME_MIN)
		return len;
	memset(f + len, 0, FRAME_MIN - len);
	return FRAME_MIN;
}

size_t make_udp4(uint8_t *f, uint32_t src, uint32_t dst, uint16_t sport,
		 uint16_t dport, size_t payload)
{
	uint8_t *ip = make_eth(f, 0x0800), *u = ip + 20;

	make_ip4(ip, src, dst, 17, 8 + payload);
	put_be16(u, sport);
	put_be16(u + 2, dport);
	put_be16(u + 4, (uint16_t)(8 + payload));
	put_be16(u + 6, 0);
	fill(u + 8, payload);
	put_be16(u + 6, plain_csum(u, 8 + payload, pseudo4(ip)));
	return padded(f, ETH_HLEN + 28 + payload);
}

size_t make_tcp4(uint8_t *f, uint32_t src, uint32_t dst, uint16_t sport,
		 uint16_t dport, size_t payload, uint8_t flags)
{
	uint8_t *ip = make_eth(f, 0x0800), *t = ip + 20;

	make_ip4(ip, src, dst, 6, 20 + payload);
	memset(t, 0, 20);
	put_be16(t, sport);
	put_be16(t + 2, dport);
	put_be32(t + 4, 0x01020304);
	t[12] = 0x50;
	t[13] = flags;
	fill(t + 20, payload);
	put_be16(t + 16, plain_csum(t, 20 + payload, pseudo4(ip)));
	return padded(f, ETH_HLEN + 40 + payload);
}

size_t make_udp6(uint8_t *f, uint16_t sport, uint16_t dport, size_t payload)
{
	uint8_t *ip = make_eth(f, 0x86dd), *u = ip + 40;
	uint32_t sum = 17 + 8 + (uint32_t)payload, i;

	memset(ip, 0, 40);
	ip[0] = 0x60;
	put_be16(ip + 4, (uint16_t)(8 + payload));
	ip[6] = 17;
	ip[7] = 64;
	fill(ip + 8, 32);
	put_be16(u, sport);
	put_be16(u + 2, dport);
	put_be16(u + 4, (uint16_t)(8 + payload));
	put_be16(u + 6, 0);
	fill(u + 8, payload);
	for (i = 8; i < 40; i += 2)
		sum += get_be16(ip + i);
	put_be16(u + 6, plain_csum(u, 8 + payload, sum));
	return padded(f, ETH_HLEN + 48 + payload);
}

size_t add_tag(uint8_t *f, size_t len, uint16_t tci)
{
	memmove(f + 16, f + 12, len - 12);
	put_be16(f + 12, 0x8100);
	put_be16(f + 14, tci);
	return len + 4;
}
