// SPDX-License-Identifier: GPL-2.0
/* Checksums: RFC 1071 ones' complement sum, CRC-32C of SCTP (RFC 9260). */
#include <string.h>

#include "nic_priv.h"

/*
 * Sum of big-endian 16-bit words, as 32-bit partial sums in memory order: the
 * ones' complement sum doesn't care about byte order (RFC 1071 section 2B).
 */
uint32_t csum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t acc = 0;
	uint16_t folded;

	for (; len >= 8; len -= 8, p += 8) {
		uint32_t w[2];

		memcpy(w, p, 8);
		acc += w[0];
		acc += w[1];
	}
	for (; len >= 2; len -= 2, p += 2) {
		uint16_t h;

		memcpy(&h, p, 2);
		acc += h;
	}
	if (len) {
		uint8_t last[2] = { *p, 0 };
		uint16_t h;

		memcpy(&h, last, 2);
		acc += h;
	}
	acc = (acc & 0xffffffffu) + (acc >> 32);
	acc = (acc & 0xffffffffu) + (acc >> 32);
	acc = (acc & 0xffff) + (acc >> 16);
	acc = (acc & 0xffff) + (acc >> 16);
	folded = be16toh((uint16_t)acc);
	return sum + folded;
}

/* The checksum to store: complement of the folded sum. */
uint16_t csum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t csum_pseudo4(const uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
	return csum_add(0, ip + 12, 8) + proto + (l4_len & 0xffff) +
	       (l4_len >> 16);
}

uint32_t csum_pseudo6(const uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
	return csum_add(0, ip + 8, 32) + proto + (l4_len & 0xffff) +
	       (l4_len >> 16);
}

static void fill_table(uint32_t table[256], uint32_t poly)
{
	unsigned int i, bit;

	for (i = 0; i < 256; i++) {
		uint32_t c = i;

		for (bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ poly : c >> 1;
		table[i] = c;
	}
}

static uint32_t crc(uint32_t c, uint32_t table[256], uint32_t poly,
		    const void *data, size_t len)
{
	const uint8_t *p = data;

	if (!table[1])
		fill_table(table, poly);
	while (len--)
		c = table[(c ^ *p++) & 0xff] ^ c >> 8;
	return c;
}

/* Start with ~0, invert the result; it is sent least significant byte first. */
uint32_t crc32c_seed(uint32_t c, const void *data, size_t len)
{
	static uint32_t table[256];

	return crc(c, table, 0x82f63b78u, data, len);
}

uint32_t crc32_fcs(const void *data, size_t len)
{
	static uint32_t table[256];

	return ~crc(~0u, table, 0xedb88320u, data, len);
}
