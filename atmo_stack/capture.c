// SPDX-License-Identifier: GPL-2.0
/*
 * Captures, see uapi/linux/atmo_capture.h.
 *
 *   receive path, rx.mutex  --+                       +-- read()
 *                             +--> lock: fifo of tap --+
 *   transmit path, tx.mutex --+    (bounded; full: counted)
 *
 * The data path finds a tap by inst->tap under RCU, so that it waits for nobody.
 * Frames of a hardware lane lie in memory that the application can write to: they
 * are copied once, within bounds that don't come from there. What a frame said when
 * it was judged or sent and what is recorded can therefore differ, in the packets
 * of the one who does that.
 *
 * Who holds what: the tap holds its instance until it is closed; the instance's
 * pointer to it goes when either is closed, under taps_mutex.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>

#include "capture.h"

#define RECORD_ALIGN	8
#define MAX_RECORD	(sizeof(struct atmo_capture_record) + ATMO_MAX_SNAPLEN + RECORD_ALIGN)

/**
 * struct atmo_tap - one capture
 * @inst: what is captured; a reference
 * @snaplen: most bytes of a frame
 * @flags: ATMO_CAPTURE_*
 * @lock: serialises the two writers; protects @dropped
 * @fifo: whole records; written under @lock, read under @reader
 * @buffer: its memory
 * @recorded: records ever put in; written under @lock
 * @dropped: frames there was no room for
 * @reader: serialises readers
 * @taken: records ever read; written under @reader
 * @bounce: a record on its way to the reader; @reader
 * @waitq: readers
 * @ended: the instance is closed
 */
struct atmo_tap {
	struct atmo_instance *inst;
	u32	snaplen;
	u32	flags;

	spinlock_t lock;	/* serialises writers; protects dropped */
	struct kfifo fifo;
	void	*buffer;
	u64	recorded;
	u64	dropped;

	struct mutex reader;	/* serialises readers */
	u64	taken;
	u8	bounce[MAX_RECORD];

	wait_queue_head_t waitq;
	bool	ended;
};

/* Protects each instance's pointer to its tap against other writers. */
static DEFINE_MUTEX(taps_mutex);

/* ---- Writing ---- */

/* The frame is @head, then @rest; caplen of @rec is not more than both. */
static void put_record(struct atmo_tap *tap, const struct atmo_capture_record *rec,
		       const void *head, u32 head_len, const void *rest)
{
	static const u8 zeroes[RECORD_ALIGN];
	u32 n = min(head_len, rec->caplen);

	lockdep_assert_held(&tap->lock);
	kfifo_in(&tap->fifo, (const u8 *)rec, sizeof(*rec));
	kfifo_in(&tap->fifo, (const u8 *)head, n);
	if (rec->caplen > n)
		kfifo_in(&tap->fifo, (const u8 *)rest, rec->caplen - n);
	n = rec->record_len - sizeof(*rec) - rec->caplen;
	kfifo_in(&tap->fifo, zeroes, n);
}

static void record(struct atmo_tap *tap, struct atmo_capture_record *rec, const void *head,
		   u32 head_len, const void *rest)
{
	rec->caplen = min(rec->len, tap->snaplen);
	rec->record_len = ALIGN(sizeof(*rec) + rec->caplen, RECORD_ALIGN);
	spin_lock(&tap->lock);
	/* Under the lock: records lie in the order of their times. */
	rec->time_ns = ktime_get_real_ns();
	if (kfifo_avail(&tap->fifo) < rec->record_len) {
		tap->dropped++;
	} else {
		put_record(tap, rec, head, head_len, rest);
		/* Pairs with the acquire in has_record(): a whole one is there. */
		smp_store_release(&tap->recorded, tap->recorded + 1);
	}
	spin_unlock(&tap->lock);
	if (wq_has_sleeper(&tap->waitq))
		wake_up_interruptible_poll(&tap->waitq, EPOLLIN | EPOLLRDNORM);
}

void atmo_capture_rx_slow(struct atmo_instance *inst, const struct atmo_rx_frame *frame,
			  u32 reason)
{
	struct atmo_capture_record rec = {
		.len = frame->len,
		.direction = ATMO_CAPTURE_IN,
	};
	struct atmo_tap *tap;

	if (reason != ATMO_NR_DROPS) {
		rec.flags = ATMO_RECORD_DROPPED;
		rec.reason = reason;
	}
	rcu_read_lock();
	tap = rcu_dereference(inst->tap);
	if (tap && (reason == ATMO_NR_DROPS || tap->flags & ATMO_CAPTURE_DROPPED))
		record(tap, &rec, frame->page->va + frame->offset, frame->len, NULL);
	rcu_read_unlock();
}

static void record_sent(struct atmo_instance *inst, const void *head, u32 head_len,
			const void *rest, u32 len, u8 flags)
{
	struct atmo_capture_record rec = {
		.len = head_len + len,
		.direction = ATMO_CAPTURE_OUT,
		.flags = flags,
	};
	struct atmo_tap *tap;

	rcu_read_lock();
	tap = rcu_dereference(inst->tap);
	if (tap)
		record(tap, &rec, head, head_len, rest);
	rcu_read_unlock();
}

void atmo_capture_tx_slow(struct atmo_instance *inst, const struct atmo_tx_frame *frame)
{
	const void *rest = frame->page ? frame->page->va + frame->offset : NULL;

	record_sent(inst, frame->head, frame->head_len, rest, frame->len,
		    frame->csum == ATMO_TX_CSUM_NONE ? 0 : ATMO_RECORD_CSUM);
}

void atmo_capture_sent_slow(struct atmo_instance *inst, const struct atmo_tx_work *work)
{
	u8 flags = ATMO_RECORD_SLOW | ATMO_RECORD_CSUM;

	/* Whole frames have the checksums and addresses that they came with. */
	if (inst->ep.flow.family == AF_PACKET)
		flags = 0;
	record_sent(inst, work->head, work->head_len, work->payload + work->skip,
		    work->desc.len - work->skip, flags);
}

/* ---- Reading ---- */

static bool has_record(const struct atmo_tap *tap)
{
	/* Pairs with the release in record(). */
	return smp_load_acquire(&tap->recorded) != READ_ONCE(tap->taken);
}

/* Returns bytes read; 0: none was there; or a negative errno. */
static ssize_t read_records(struct atmo_tap *tap, char __user *buf, size_t count)
{
	struct atmo_capture_record rec;
	size_t done = 0;

	lockdep_assert_held(&tap->reader);
	while (has_record(tap)) {
		if (kfifo_out_peek(&tap->fifo, (u8 *)&rec, sizeof(rec)) != sizeof(rec) ||
		    rec.record_len > sizeof(tap->bounce))
			return -EIO;
		if (rec.record_len > count - done)
			return done ?: -EMSGSIZE;
		if (kfifo_out(&tap->fifo, tap->bounce, rec.record_len) != rec.record_len)
			return -EIO;
		WRITE_ONCE(tap->taken, tap->taken + 1);
		/* A record that can't be handed over is lost, to its reader only. */
		if (copy_to_user(buf + done, tap->bounce, rec.record_len))
			return done ?: -EFAULT;
		done += rec.record_len;
	}
	return done;
}

static ssize_t tap_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct atmo_tap *tap = file->private_data;
	ssize_t ret;

	for (;;) {
		/* Before the fifo: what was recorded until then will be found. */
		bool ended = smp_load_acquire(&tap->ended);

		if (mutex_lock_interruptible(&tap->reader))
			return -ERESTARTSYS;
		ret = read_records(tap, buf, count);
		mutex_unlock(&tap->reader);
		if (ret || ended)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(tap->waitq,
					       has_record(tap) || READ_ONCE(tap->ended));
		if (ret)
			return ret;
	}
}

static __poll_t tap_poll(struct file *file, poll_table *wait)
{
	struct atmo_tap *tap = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &tap->waitq, wait);
	if (has_record(tap))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(tap->ended))
		mask |= EPOLLHUP;
	return mask;
}

static long tap_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct atmo_tap *tap = file->private_data;
	struct atmo_capture_stats stats;

	if (cmd != ATMO_CAPTURE_STATS)
		return -ENOTTY;
	spin_lock(&tap->lock);
	stats.recorded = tap->recorded;
	stats.dropped = tap->dropped;
	spin_unlock(&tap->lock);
	return copy_to_user((void __user *)arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

/* ---- Beginning and end ---- */

static void tap_destroy(struct atmo_tap *tap)
{
	mutex_destroy(&tap->reader);
	vfree(tap->buffer);
	kfree(tap);
}

static struct atmo_tap *tap_create(const struct atmo_capture *arg)
{
	u32 len = roundup_pow_of_two(arg->buffer_len ?: ATMO_DEFAULT_CAPTURE_BUFFER);
	struct atmo_tap *tap = kzalloc(sizeof(*tap), GFP_KERNEL_ACCOUNT);

	if (!tap)
		return NULL;
	spin_lock_init(&tap->lock);
	mutex_init(&tap->reader);
	init_waitqueue_head(&tap->waitq);
	tap->snaplen = arg->snaplen ?: ATMO_DEFAULT_SNAPLEN;
	tap->flags = arg->flags;
	tap->buffer = __vmalloc(len, ATMO_GFP_ASKED_FOR);
	if (!tap->buffer || kfifo_init(&tap->fifo, tap->buffer, len)) {
		tap_destroy(tap);
		return NULL;
	}
	return tap;
}

/* The reference to @inst is the tap's from now on, unless this fails. */
static int tap_attach(struct atmo_tap *tap, struct atmo_instance *inst)
{
	int err = 0;

	mutex_lock(&taps_mutex);
	if (rcu_access_pointer(inst->tap)) {
		err = -EBUSY;
	} else if (inst->closed) {
		err = -ENOENT;
	} else {
		tap->inst = inst;
		rcu_assign_pointer(inst->tap, tap);
	}
	mutex_unlock(&taps_mutex);
	return err;
}

static void tap_detach(struct atmo_tap *tap)
{
	mutex_lock(&taps_mutex);
	if (rcu_access_pointer(tap->inst->tap) == tap)
		RCU_INIT_POINTER(tap->inst->tap, NULL);
	mutex_unlock(&taps_mutex);
	/* The data path may still be at it, and so may who ended the instance. */
	synchronize_rcu();
	atmo_instance_put(tap->inst);
}

static int tap_release(struct inode *inode, struct file *file)
{
	struct atmo_tap *tap = file->private_data;

	tap_detach(tap);
	tap_destroy(tap);
	return 0;
}

static const struct file_operations tap_fops = {
	.owner		= THIS_MODULE,
	.release	= tap_release,
	.read		= tap_read,
	.poll		= tap_poll,
	.unlocked_ioctl	= tap_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* The instance is being closed: its capture has seen all there is. */
void atmo_capture_end(struct atmo_instance *inst)
{
	struct atmo_tap *tap;

	mutex_lock(&taps_mutex);
	inst->closed = true;
	tap = rcu_dereference_protected(inst->tap, lockdep_is_held(&taps_mutex));
	if (tap) {
		RCU_INIT_POINTER(inst->tap, NULL);
		/* Pairs with the acquire in tap_read(). */
		smp_store_release(&tap->ended, true);
		wake_up_interruptible_poll(&tap->waitq, EPOLLIN | EPOLLHUP);
	}
	mutex_unlock(&taps_mutex);
}

/*
 * Who bound an instance sees its packets anyway, and so may that user's other
 * processes. A raw one receives what is others': for that a capability was needed.
 */
static int may_capture(struct net *net, struct atmo_instance *inst)
{
	bool bound;

	if (inst->binder.net_cookie != net->net_cookie)
		return -ENOENT;
	/* What it is bound to is known then, and stays. */
	mutex_lock(&inst->rx.mutex);
	bound = inst->state != ATMO_INSTANCE_NEW;
	mutex_unlock(&inst->rx.mutex);
	if (!bound)
		return -ENOENT;
	if (ns_capable(net->user_ns, CAP_NET_RAW))
		return 0;
	if (inst->ep.flow.family != AF_PACKET && uid_eq(current_euid(), inst->binder.uid))
		return 0;
	return -EPERM;
}

static int check_arg(const struct atmo_capture *arg)
{
	if (arg->version != ATMO_UAPI_VERSION || arg->flags & ~ATMO_CAPTURE_DROPPED ||
	    arg->reserved[0] || arg->reserved[1] || arg->reserved[2])
		return -EINVAL;
	if (arg->snaplen > ATMO_MAX_SNAPLEN || arg->buffer_len > ATMO_MAX_CAPTURE_BUFFER ||
	    (arg->buffer_len && arg->buffer_len < ATMO_MIN_CAPTURE_BUFFER))
		return -ERANGE;
	return 0;
}

/* ATMO_CAPTURE: a file descriptor, or a negative errno. */
long atmo_capture_open(struct net *net, const struct atmo_capture *arg)
{
	struct atmo_instance *inst;
	struct atmo_tap *tap;
	long ret = check_arg(arg);

	if (ret)
		return ret;
	inst = atmo_registry_get(arg->instance);
	if (!inst)
		return -ENOENT;
	ret = may_capture(net, inst);
	if (ret)
		goto put_inst;
	ret = -ENOMEM;
	tap = tap_create(arg);
	if (!tap)
		goto put_inst;
	ret = tap_attach(tap, inst);
	if (ret)
		goto free_tap;
	/* Takes the module's reference, and the tap's memory over, when it succeeds. */
	ret = anon_inode_getfd("[atmo_capture]", &tap_fops, tap, O_RDONLY | O_CLOEXEC);
	if (ret < 0) {
		tap_detach(tap);
		tap_destroy(tap);
	}
	return ret;

free_tap:
	tap_destroy(tap);
put_inst:
	atmo_instance_put(inst);
	return ret;
}
