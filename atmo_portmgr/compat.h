/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels 6.1 and 7.3, and nothing else. */
#ifndef ATMO_COMPAT_H
#define ATMO_COMPAT_H

#include <linux/version.h>

#endif /* ATMO_COMPAT_H */
