/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of the 82599 half's unit tests. Include cmocka.h first. */
#ifndef NIC82599_UNITS_H
#define NIC82599_UNITS_H

extern const struct CMUnitTest pure_tests[], rx_tests[], tx_tests[];
extern const struct CMUnitTest reg_tests[], txarb_tests[], fdir_tests[];
extern const size_t nr_pure_tests, nr_rx_tests, nr_tx_tests, nr_reg_tests;
extern const size_t nr_txarb_tests, nr_fdir_tests;

#endif /* NIC82599_UNITS_H */
