// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: INTx, MSI, MSI-X.
 *
 * A message which can't be delivered (masked, or the client has not given its
 * eventfd yet) stays pending and goes out when the obstacle is gone. QEMU
 * forwards the guest's write to the MSI-X control word before it installs the
 * eventfds, so both orders happen.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bus_priv.h"

static bool eventfd_signal(int fd)
{
	uint64_t one = 1;

	if (fd < 0)
		return false;
	/* A full counter means that the client has a signal to take anyway. */
	return write(fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN;
}

/* ---- MSI-X ---- */

static bool msix_blocked(const struct bus *b, unsigned int vector)
{
	const struct intr *irq = &b->irq;
	const uint8_t *entry = irq->table + vector * MSIX_ENTRY_SIZE;

	if (b->pci.msix_masked || (irq->msix_masked >> vector & 1))
		return true;
	return irq->table_written &&
	       (entry[PCI_MSIX_ENTRY_VECTOR_CTRL] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

void bus_msix(struct bus *b, unsigned int vector)
{
	uint64_t bit = 1ULL << (vector % MSIX_NR_VECTORS);

	if (vector >= MSIX_NR_VECTORS || !b->pci.msix_enabled || !b->pci.mastering)
		return;
	if (msix_blocked(b, vector) || !eventfd_signal(b->irq.msix_fd[vector]))
		b->irq.msix_pending |= bit;
}

static void msix_flush(struct bus *b)
{
	uint64_t left = b->irq.msix_pending;
	unsigned int v;

	if (!b->pci.msix_enabled || !b->pci.mastering)
		return;
	while (left) {
		v = (unsigned int)__builtin_ctzll(left);
		left &= left - 1;
		if (!msix_blocked(b, v) && eventfd_signal(b->irq.msix_fd[v]))
			b->irq.msix_pending &= ~(1ULL << v);
	}
}

static void msix_bar_byte(struct bus *b, uint32_t off, uint8_t *p)
{
	if (off < MSIX_TABLE_SIZE)
		*p = b->irq.table[off];
	else if (off - MSIX_PBA_OFFSET < MSIX_PBA_SIZE)
		*p = (uint8_t)(b->irq.msix_pending >> (8 * (off - MSIX_PBA_OFFSET)));
	else
		*p = 0;
}

void msix_bar_read(struct bus *b, uint32_t off, uint8_t *buf, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		msix_bar_byte(b, off + i, buf + i);
}

/* The address is dword-aligned, and of the control word only the mask exists. */
static uint8_t table_writable(uint32_t off)
{
	switch (off % MSIX_ENTRY_SIZE) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		return 0xfc;
	case PCI_MSIX_ENTRY_VECTOR_CTRL:
		return PCI_MSIX_ENTRY_CTRL_MASKBIT;
	case PCI_MSIX_ENTRY_VECTOR_CTRL + 1 ... MSIX_ENTRY_SIZE - 1:
		return 0;
	default:
		return 0xff;
	}
}

void msix_bar_write(struct bus *b, uint32_t off, const uint8_t *buf, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len && off + i < MSIX_TABLE_SIZE; i++) {
		b->irq.table[off + i] = buf[i] & table_writable(off + i);
		b->irq.table_written = true;
	}
	msix_flush(b);
}

/* ---- INTx and MSI ---- */

/*
 * INTx masks itself: the client is told once, and again after it has unmasked
 * the interrupt if the line is still up.
 */
static void intx_update(struct bus *b)
{
	struct intr *irq = &b->irq;
	bool line = irq->level && !b->pci.msi_enabled && !b->pci.msix_enabled;

	pci_set_intx_status(b, line);
	if (!line || b->gone || b->pci.intx_disabled || irq->intx_masked)
		return;
	irq->intx_masked = eventfd_signal(irq->intx_fd);
}

static void msi_flush(struct bus *b)
{
	if (!b->pci.msi_enabled || !b->pci.mastering || !pci_msi_pending(b))
		return;
	if (b->pci.msi_masked || b->irq.msi_masked)
		return;
	if (eventfd_signal(b->irq.msi_fd))
		pci_set_msi_pending(b, false);
}

void bus_intx(struct bus *b, bool level)
{
	bool rising = level && !b->irq.level;

	b->irq.level = level;
	if (rising && b->pci.msi_enabled && !b->pci.msix_enabled) {
		pci_set_msi_pending(b, true);
		msi_flush(b);
	}
	intx_update(b);
}

void intr_config_changed(struct bus *b)
{
	if (!b->pci.msix_enabled)
		b->irq.msix_pending = 0;
	if (!b->pci.msi_enabled)
		pci_set_msi_pending(b, false);
	msix_flush(b);
	msi_flush(b);
	intx_update(b);
}

/* ---- life ---- */

static void table_reset(struct intr *irq)
{
	unsigned int v;

	memset(irq->table, 0, sizeof(irq->table));
	for (v = 0; v < MSIX_NR_VECTORS; v++)
		irq->table[v * MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL] =
			PCI_MSIX_ENTRY_CTRL_MASKBIT;
	irq->table_written = false;
}

void intr_init(struct bus *b)
{
	struct intr *irq = &b->irq;
	unsigned int v;

	memset(irq, 0, sizeof(*irq));
	irq->bus = b;
	irq->intx_fd = -1;
	irq->msi_fd = -1;
	irq->err_fd = -1;
	irq->intx_unmask.fd = -1;
	for (v = 0; v < MSIX_NR_VECTORS; v++)
		irq->msix_fd[v] = -1;
	table_reset(irq);
}

void intr_reset(struct bus *b)
{
	struct intr *irq = &b->irq;

	irq->level = false;
	irq->intx_masked = false;
	irq->msix_pending = 0;
	pci_set_msi_pending(b, false);
	pci_set_intx_status(b, false);
	table_reset(irq);
}

static void fd_replace(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void intx_unmask_set(struct intr *irq, int fd)
{
	if (irq->intx_unmask.fd >= 0)
		loop_del(&irq->intx_unmask);
	fd_replace(&irq->intx_unmask.fd, fd);
}

void intr_disconnect(struct bus *b)
{
	struct intr *irq = &b->irq;
	unsigned int v;

	fd_replace(&irq->intx_fd, -1);
	fd_replace(&irq->msi_fd, -1);
	fd_replace(&irq->err_fd, -1);
	intx_unmask_set(irq, -1);
	for (v = 0; v < MSIX_NR_VECTORS; v++)
		fd_replace(&irq->msix_fd[v], -1);
	irq->msix_masked = 0;
	irq->msi_masked = false;
	irq->intx_masked = false;
}

/* ---- the client's requests ---- */

int intr_get_info(uint32_t index, struct intr_info *info)
{
	if (index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		info->flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
		info->count = 1;
		break;
	case VFIO_PCI_MSI_IRQ_INDEX:
		info->flags = VFIO_IRQ_INFO_EVENTFD;
		info->count = 1;
		break;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		info->flags = VFIO_IRQ_INFO_EVENTFD;
		info->count = MSIX_NR_VECTORS;
		break;
	case VFIO_PCI_ERR_IRQ_INDEX:
		info->flags = VFIO_IRQ_INFO_EVENTFD;
		info->count = 1;
		break;
	}
	return 0;
}

static void vector_mask(struct bus *b, uint32_t index, uint32_t vector, bool mask)
{
	struct intr *irq = &b->irq;

	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		irq->intx_masked = mask;
		intx_update(b);
		break;
	case VFIO_PCI_MSI_IRQ_INDEX:
		irq->msi_masked = mask;
		msi_flush(b);
		break;
	case VFIO_PCI_ERR_IRQ_INDEX:
		break;
	default:
		if (mask)
			irq->msix_masked |= 1ULL << vector;
		else
			irq->msix_masked &= ~(1ULL << vector);
		msix_flush(b);
	}
}

static int *vector_fd(struct bus *b, uint32_t index, uint32_t vector)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return &b->irq.intx_fd;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return &b->irq.msi_fd;
	case VFIO_PCI_ERR_IRQ_INDEX:
		return &b->irq.err_fd;
	default:
		return &b->irq.msix_fd[vector];
	}
}

static void intx_unmasked(struct loop_fd *l, uint32_t events)
{
	struct intr *irq = (struct intr *)((char *)l -
						     offsetof(struct intr, intx_unmask));
	uint64_t count;

	(void)events;
	if (read(l->fd, &count, sizeof(count)) != sizeof(count)) {
		if (errno != EAGAIN)
			intx_unmask_set(irq, -1);
		return;
	}
	vector_mask(irq->bus, VFIO_PCI_INTX_IRQ_INDEX, 0, false);
}

static int set_unmask_eventfd(struct bus *b, const struct intr_set_req *req)
{
	struct intr *irq = &b->irq;

	if (req->index != VFIO_PCI_INTX_IRQ_INDEX || req->nr_fds > 1)
		return -EINVAL;
	intx_unmask_set(irq, -1);
	if (!req->nr_fds)
		return 0;
	irq->intx_unmask.fd = req->fds[0];
	irq->intx_unmask.fn = intx_unmasked;
	if (loop_add(&irq->intx_unmask, EPOLLIN)) {
		irq->intx_unmask.fd = -1;	/* no descriptor one can wait for */
		return -EINVAL;
	}
	req->fds[0] = -1;
	return 0;
}

static int set_eventfds(struct bus *b, const struct intr_set_req *req)
{
	uint32_t i;

	if (req->flags & VFIO_IRQ_SET_ACTION_UNMASK)
		return set_unmask_eventfd(b, req);
	if (!(req->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	if (req->nr_fds && req->nr_fds != req->count)
		return -EINVAL;
	for (i = 0; i < req->count; i++) {
		fd_replace(vector_fd(b, req->index, req->start + i),
			   req->nr_fds ? req->fds[i] : -1);
		if (req->nr_fds)
			req->fds[i] = -1;
	}
	intr_config_changed(b);
	return 0;
}

static void intr_disable(struct bus *b, uint32_t index)
{
	struct intr_info info = { 0 };
	uint32_t i;

	intr_get_info(index, &info);
	for (i = 0; i < info.count; i++)
		fd_replace(vector_fd(b, index, i), -1);
	if (index == VFIO_PCI_INTX_IRQ_INDEX) {
		intx_unmask_set(&b->irq, -1);
		b->irq.intx_masked = false;
	} else if (index == VFIO_PCI_MSIX_IRQ_INDEX) {
		b->irq.msix_masked = 0;
	} else if (index == VFIO_PCI_MSI_IRQ_INDEX) {
		b->irq.msi_masked = false;
	}
}

static void set_vector(struct bus *b, const struct intr_set_req *req, uint32_t vector)
{
	if (req->flags & VFIO_IRQ_SET_ACTION_TRIGGER)
		eventfd_signal(*vector_fd(b, req->index, vector));
	else
		vector_mask(b, req->index, vector, req->flags & VFIO_IRQ_SET_ACTION_MASK);
}

static bool one_of(uint32_t flags, uint32_t mask)
{
	return __builtin_popcount(flags & mask) == 1;
}

static int intr_set_check(const struct intr_set_req *req)
{
	uint32_t known = VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK;
	struct intr_info info;

	if (intr_get_info(req->index, &info))
		return -EINVAL;
	if ((req->flags & ~known) || !one_of(req->flags, VFIO_IRQ_SET_DATA_TYPE_MASK) ||
	    !one_of(req->flags, VFIO_IRQ_SET_ACTION_TYPE_MASK))
		return -EINVAL;
	if (req->start > info.count || req->count > info.count - req->start)
		return -EINVAL;
	if ((req->flags & VFIO_IRQ_SET_DATA_BOOL) && req->data_len < req->count)
		return -EINVAL;
	if (!(req->flags & VFIO_IRQ_SET_DATA_EVENTFD) && req->nr_fds)
		return -EINVAL;
	/* None at all is the way to say "disable", and nothing else. */
	if (!req->count && (req->start || !(req->flags & VFIO_IRQ_SET_DATA_NONE) ||
			    !(req->flags & VFIO_IRQ_SET_ACTION_TRIGGER)))
		return -EINVAL;
	return 0;
}

int intr_set(struct bus *b, const struct intr_set_req *req)
{
	uint32_t i;
	int err;

	err = intr_set_check(req);
	if (err)
		return err;
	if (!req->count) {
		intr_disable(b, req->index);
		return 0;
	}
	if (req->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return set_eventfds(b, req);
	for (i = 0; i < req->count; i++)
		if (!(req->flags & VFIO_IRQ_SET_DATA_BOOL) || req->data[i])
			set_vector(b, req, req->start + i);
	return 0;
}
