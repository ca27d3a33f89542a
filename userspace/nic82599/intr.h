/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts of a function: INTx, MSI and MSI-X, and the eventfds through
 * which the client delivers them.
 */
#ifndef NIC82599_INTR_H
#define NIC82599_INTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

struct bus;

#define MSIX_NR_VECTORS		64
#define MSIX_ENTRY_SIZE		16
#define MSIX_TABLE_SIZE		(MSIX_NR_VECTORS * MSIX_ENTRY_SIZE)
#define MSIX_TABLE_OFFSET	0x0000
#define MSIX_PBA_OFFSET		0x2000
#define MSIX_PBA_SIZE		(MSIX_NR_VECTORS / 8)
#define MSIX_BAR_SIZE		0x4000

struct intr {
	int intx_fd;
	int msi_fd;
	int err_fd;		/* kept, because QEMU warns without; no error is modelled */
	int msix_fd[MSIX_NR_VECTORS];
	bool level;		/* what the 82599 drives */
	bool intx_masked;	/* by the client, or by itself after signalling */
	bool msi_masked;	/* by the client, beside the mask bit */
	struct loop_fd intx_unmask;	/* the client's end-of-interrupt eventfd */
	struct bus *bus;
	uint64_t msix_masked;	/* by the client, one bit a vector */
	uint64_t msix_pending;
	/*
	 * The table as the client's writes left it. A client which emulates
	 * the table itself (QEMU does) never writes it here, and the mask bits
	 * of power-on must not hold anything back then.
	 */
	uint8_t table[MSIX_TABLE_SIZE];
	bool table_written;
};

void intr_init(struct bus *b);
void intr_reset(struct bus *b);		/* the device's state; eventfds stay */
void intr_disconnect(struct bus *b);	/* the client's state: close eventfds */

/* Configuration space changed: enable, mask, INTx disable. */
void intr_config_changed(struct bus *b);

void msix_bar_read(struct bus *b, uint32_t off, uint8_t *buf, uint32_t len);
void msix_bar_write(struct bus *b, uint32_t off, const uint8_t *buf, uint32_t len);

struct intr_info {
	uint32_t flags;		/* VFIO_IRQ_INFO_* */
	uint32_t count;
};

int intr_get_info(uint32_t index, struct intr_info *info);

struct intr_set_req {
	uint32_t index;
	uint32_t start;
	uint32_t count;
	uint32_t flags;		/* VFIO_IRQ_SET_* */
	const uint8_t *data;
	size_t data_len;
	int *fds;		/* those taken over are set to -1 */
	unsigned int nr_fds;
};

int intr_set(struct bus *b, const struct intr_set_req *req);

#endif /* NIC82599_INTR_H */
