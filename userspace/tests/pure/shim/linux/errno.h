/* SPDX-License-Identifier: GPL-2.0 */
/* The C library's <errno.h> includes this one. */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

#include <asm/errno.h>

#endif /* SHIM_LINUX_ERRNO_H */
