/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pure files of this directory (owner.h, ring.h, check.h) need beyond
 * C, so that the same source goes into the module, the KUnit suites, native
 * programs and proofs. Outside the kernel build with -fno-strict-aliasing.
 */
#ifndef ATMO_STACK_PURE_H
#define ATMO_STACK_PURE_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/ioctl.h>
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#else

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#ifndef __force
#define __force
#endif
#ifndef cpu_to_be32
#define cpu_to_be32(x)		htobe32(x)
#endif

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define OPTIMIZER_HIDE_VAR(x)	__extension__({ __asm__ ("" : "+r" (x)); })
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
/* Each use says in a comment what it pairs with. */
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define cmpxchg(p, o, n) __extension__({				\
	__typeof__(*(p)) old__ = (o);					\
	__atomic_compare_exchange_n((p), &old__, (n), 0,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	old__; })

#endif /* __KERNEL__ */

#endif /* ATMO_STACK_PURE_H */
