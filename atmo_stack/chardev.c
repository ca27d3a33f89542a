// SPDX-License-Identifier: GPL-2.0
/* /dev/atmo: file operations. What they mean is in the other files. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/uaccess.h>

#include "check.h"
#include "priv.h"
#include "../uapi/atmo_abi_check.h"

static int chardev_open(struct inode *inode, struct file *file)
{
	struct atmo_instance *inst = atmo_instance_create();

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	file->private_data = inst;
	return nonseekable_open(inode, file);
}

/* The last reference is gone: no other call runs, and nothing is mapped. */
static int chardev_release(struct inode *inode, struct file *file)
{
	atmo_instance_close(file->private_data);
	return 0;
}

static int bind_ioctl(struct atmo_instance *inst, void __user *arg)
{
	struct atmo_bind bind;
	int err;

	if (copy_from_user(&bind, arg, sizeof(bind)))
		return -EFAULT;
	err = atmo_check_bind(&bind);
	if (err)
		return err;
	err = atmo_instance_bind(inst, current->nsproxy->net_ns, &bind);
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

static long chardev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct atmo_instance *inst = file->private_data;
	void __user *uarg = (void __user *)arg;
	int err = atmo_check_cmd(cmd);

	if (err)
		return err;
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
	default:
		return -ENOTTY;
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
