// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define MAX_TESTS	128

/* One list of all suites, so that one run gives one TAP document. */
int main(void)
{
	static struct CMUnitTest all[MAX_TESTS];
	const struct {
		const struct CMUnitTest *tests;
		size_t nr;
	} suites[] = {
		{ pure_tests, nr_pure_tests },
		{ reg_tests, nr_reg_tests },
		{ rx_tests, nr_rx_tests },
		{ tx_tests, nr_tx_tests },
		{ txarb_tests, nr_txarb_tests },
		{ fdir_tests, nr_fdir_tests },
	};
	size_t i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		memcpy(&all[nr], suites[i].tests,
		       suites[i].nr * sizeof(struct CMUnitTest));
		nr += suites[i].nr;
	}
	return _cmocka_run_group_tests("nic82599", all, nr, NULL, NULL);
}
