// SPDX-License-Identifier: GPL-2.0
/* Setting of patterns for the short way; see atmo_stack/match.h. Pure. */
#include <linux/export.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "../atmo_stack/match.h"

/* Headers by bytes. */
union head {
	u64 words[ATMO_UDP_MATCH_WORDS];
	u8 bytes[ATMO_UDP_MATCH_WORDS * 8];
};

/* Headers with only those bits set that @m is to compare. */
static void put(union head *mask, union head *value, u32 at, const void *bytes, u32 n)
{
	memset(mask->bytes + at, 0xff, n);
	memcpy(value->bytes + at, bytes, n);
}

/**
 * atmo_udp_match_set() - say what to look for
 * @m: filled in
 * @flow: of the instance; not IPv4: nothing will match
 * @mac: MAC address of its device
 *
 * Context: any.
 */
void atmo_udp_match_set(struct atmo_udp_match *m, const struct atmo_flow *flow, const u8 *mac)
{
	static const u8 type_and_version[] = { 0x08, 0x00, 0x45 };
	static const u8 udp = IPPROTO_UDP;
	union head mask = { 0 }, value = { 0 };
	const u32 ip = ATMO_ETH_LEN, l4 = ip + ATMO_IPV4_LEN;

	put(&mask, &value, 0, mac, 6);
	put(&mask, &value, 12, type_and_version, sizeof(type_and_version));
	/* MF and the fragment offset are zero; DF and the reserved bit may be. */
	mask.bytes[ip + 6] = 0x3f;
	mask.bytes[ip + 7] = 0xff;
	put(&mask, &value, ip + 9, &udp, 1);
	put(&mask, &value, ip + 16, flow->laddr, 4);
	put(&mask, &value, l4 + 2, &flow->lport, 2);
	if (flow->rport) {
		put(&mask, &value, ip + 12, flow->raddr, 4);
		put(&mask, &value, l4, &flow->rport, 2);
	}
	if (flow->family != AF_INET)
		value.words[0] = ~mask.words[0];
	memcpy(m->mask, mask.words, sizeof(m->mask));
	memcpy(m->value, value.words, sizeof(m->value));
}
EXPORT_SYMBOL_GPL(atmo_udp_match_set);
