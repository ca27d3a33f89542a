// SPDX-License-Identifier: GPL-2.0
/* /dev/atmo: file operations. What they mean is in the other files. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/uaccess.h>

#include "capture.h"
#include "check.h"
#include "priv.h"
#include "../uapi/atmo_abi_check.h"

static const struct file_operations chardev_fops;

static int chardev_open(struct inode *inode, struct file *file)
{
	struct atmo_instance *inst = atmo_instance_create();

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	file->private_data = inst;
	/* Mappings of one file must not be found by way of another's. */
	inst->mapping.host = inode;
	file->f_mapping = &inst->mapping;
	return nonseekable_open(inode, file);
}

/* The last reference is gone: no other call runs, and nothing is mapped. */
static int chardev_release(struct inode *inode, struct file *file)
{
	atmo_instance_close(file->private_data);
	return 0;
}

/* The pages of another instance, or NULL if none are asked for. */
static struct atmo_domain *pages_to_share(const struct atmo_bind *bind)
{
	struct atmo_domain *domain = ERR_PTR(-EBADF);
	struct file *file;

	if (!(bind->flags & ATMO_BIND_SHARE_PAGES))
		return NULL;
	file = fget(bind->pages_fd);
	if (!file)
		return domain;
	if (file->f_op == &chardev_fops)
		domain = atmo_domain_get(file->private_data, bind->nr_pages);
	fput(file);
	return domain;
}

static int bind_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_domain *domain;
	struct atmo_bind bind;
	int err;

	if (copy_from_user(&bind, arg, sizeof(bind)))
		return -EFAULT;
	err = atmo_check_bind(&bind);
	if (err)
		return err;
	domain = pages_to_share(&bind);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	err = atmo_instance_bind(inst, current->nsproxy->net_ns, &bind, domain);
	if (domain)
		atmo_domain_put(domain);
	if (err)
		return err;
	/* Bound all the same: the address can be asked for by ATMO_GET_INFO. */
	return copy_to_user(arg, &bind, sizeof(bind)) ? -EFAULT : 0;
}

static int info_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_info info;
	int err;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	err = atmo_check_info(&info);
	if (!err)
		err = atmo_instance_info(inst, &info);
	if (!err && copy_to_user(arg, &info, sizeof(info)))
		err = -EFAULT;
	return err;
}

static int stats_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_stats stats;
	int err;

	if (copy_from_user(&stats, arg, sizeof(stats)))
		return -EFAULT;
	err = atmo_check_stats(&stats);
	if (!err)
		err = atmo_instance_stats(inst, &stats);
	if (!err && copy_to_user(arg, &stats, sizeof(stats)))
		err = -EFAULT;
	return err;
}

/* The file is only asked by way of: what is captured is named by its number. */
static long capture_ioctl(void __user *arg)
{
	struct atmo_capture capture;

	if (copy_from_user(&capture, arg, sizeof(capture)))
		return -EFAULT;
	return atmo_capture_open(current->nsproxy->net_ns, &capture);
}

static int batch_ioctl(struct atmo_instance *inst, void __user *arg,
		       int (*handle)(struct atmo_instance *inst, u32 nr))
{
	struct atmo_batch batch;
	int ret;

	if (copy_from_user(&batch, arg, sizeof(batch)))
		return -EFAULT;
	ret = atmo_check_batch(&batch);
	if (ret)
		return ret;
	ret = handle(inst, batch.nr);
	if (ret < 0)
		return ret;
	batch.nr = ret;
	return copy_to_user(arg, &batch, sizeof(batch)) ? -EFAULT : 0;
}

static int exchange_ioctl(struct atmo_instance *inst, void __user *arg, bool reply)
{
	/* One word, which is copied in a few instructions. */
	union {
		struct atmo_exchange arg;
		u64 word;
	} x;
	int err;

	static_assert(sizeof(x.arg) == sizeof(x.word));
	if (get_user(x.word, (u64 __user *)arg))
		return -EFAULT;
	err = atmo_check_exchange(&x.arg) ?: atmo_instance_exchange(inst, &x.arg, reply);
	return err ?: put_user(x.word, (u64 __user *)arg);
}

static int neigh_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_neigh neigh;

	if (copy_from_user(&neigh, arg, sizeof(neigh)))
		return -EFAULT;
	return atmo_check_neigh(&neigh) ?: atmo_instance_neigh(inst, &neigh);
}

static int route_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_route route;

	if (copy_from_user(&route, arg, sizeof(route)))
		return -EFAULT;
	return atmo_check_route(&route) ?: atmo_instance_route(inst, &route);
}

static int group_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_group group;

	if (copy_from_user(&group, arg, sizeof(group)))
		return -EFAULT;
	return atmo_check_group(&group) ?: atmo_instance_group(inst, &group);
}

static int headers_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_headers headers;
	int err;

	if (copy_from_user(&headers, arg, sizeof(headers)))
		return -EFAULT;
	err = atmo_check_headers(&headers) ?: atmo_instance_headers(inst, &headers);
	if (!err && copy_to_user(arg, &headers, sizeof(headers)))
		err = -EFAULT;
	return err;
}

static long chardev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct atmo_instance *inst = file->private_data;
	void __user *uarg = (void __user *)arg;

	/* Once a batch, the others hardly ever. */
	if (likely(cmd == ATMO_REPLY || cmd == ATMO_EXCHANGE))
		return exchange_ioctl(inst, uarg, cmd == ATMO_REPLY);
	switch (cmd) {
	case ATMO_BIND:
		return bind_ioctl(inst, uarg);
	case ATMO_GET_INFO:
		return info_ioctl(inst, uarg);
	case ATMO_GET_STATS:
		return stats_ioctl(inst, uarg);
	case ATMO_RX_BATCH:
		return batch_ioctl(inst, uarg, atmo_instance_rx);
	case ATMO_TX_BATCH:
		return batch_ioctl(inst, uarg, atmo_instance_tx);
	case ATMO_RESTART:
		return atmo_instance_restart(inst);
	case ATMO_NEIGH:
		return neigh_ioctl(inst, uarg);
	case ATMO_ROUTE:
		return route_ioctl(inst, uarg);
	case ATMO_GROUP:
		return group_ioctl(inst, uarg);
	case ATMO_GET_HEADERS:
		return headers_ioctl(inst, uarg);
	case ATMO_CAPTURE:
		return capture_ioctl(uarg);
	default:
		return atmo_check_cmd(cmd);
	}
}

static __poll_t chardev_poll(struct file *file, poll_table *wait)
{
	return atmo_instance_poll(file->private_data, file, wait);
}

static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return atmo_instance_mmap(file->private_data, vma);
}

static const struct file_operations chardev_fops = {
	.owner		= THIS_MODULE,
	.open		= chardev_open,
	.release	= chardev_release,
	.unlocked_ioctl	= chardev_ioctl,
	/* All structures have the same layout in 32-bit programs. */
	.compat_ioctl	= compat_ptr_ioctl,
	.poll		= chardev_poll,
	.mmap		= chardev_mmap,
};

/* Everybody may open it: what an instance may do is decided when it binds. */
static struct miscdevice chardev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "atmo",
	.fops	= &chardev_fops,
	.mode	= 0666,
};

int atmo_chardev_register(void)
{
	return misc_register(&chardev);
}

void atmo_chardev_unregister(void)
{
	misc_deregister(&chardev);
}
