// SPDX-License-Identifier: GPL-2.0
/* The commands of vfio-user, and what they mean for the function. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "bus_priv.h"
#include "vfu.h"

#define UNMAP_FLAG_DIRTY	(1u << 0)
#define UNMAP_FLAG_ALL		(1u << 1)

static void reply_put(struct vfu_msg *m, const void *p, size_t len)
{
	memcpy(m->reply, p, len);
	m->reply_len = len;
}

/*
 * Whether the client offers WRITE_MULTI. The answer decides only whether it is
 * announced back, so a search for the member does where a JSON parser would be
 * the exact thing.
 */
static bool offers_write_multiple(const char *json)
{
	const char *p = strstr(json, "\"write_multiple\"");

	if (!p)
		return false;
	p += strlen("\"write_multiple\"");
	p += strspn(p, " \t\r\n:");
	return !strncmp(p, "true", 4);
}

static int do_version(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_version v;
	bool multi = false;
	char *json;
	int n;

	if (s->negotiated)
		return -EINVAL;
	memcpy(&v, m->body, sizeof(v));
	if (v.major != VFU_MAJOR)
		return -EINVAL;
	if (m->len > sizeof(v)) {
		if (m->body[m->len - 1])
			return -EINVAL;
		multi = offers_write_multiple((const char *)m->body + sizeof(v));
	}
	if (v.minor > VFU_MINOR)
		v.minor = VFU_MINOR;
	memcpy(m->reply, &v, sizeof(v));
	json = (char *)m->reply + sizeof(v);
	n = snprintf(json, 256,
		     "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%u,\"max_dma_maps\":%d,\"pgsizes\":4096%s}}",
		     VFU_MAX_FDS, VFU_MAX_XFER, DMA_MAX_RANGES,
		     multi ? ",\"write_multiple\":true" : "");
	m->reply_len = sizeof(v) + (size_t)n + 1;
	s->negotiated = true;
	return 0;
}

static int do_dma_map(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_dma_map map;
	struct dma_map_req req;

	memcpy(&map, m->body, sizeof(map));
	if (map.argsz < sizeof(map) || m->nr_fds > 1 ||
	    (map.flags & ~(VFU_DMA_READABLE | VFU_DMA_WRITEABLE)))
		return -EINVAL;
	req.addr = map.addr;
	req.size = map.size;
	req.offset = map.offset;
	req.fd = m->nr_fds ? m->fds[0] : -1;
	req.read = map.flags & VFU_DMA_READABLE;
	req.write = map.flags & VFU_DMA_WRITEABLE;
	return dma_map(&s->bus->dma, &req);
}

static int do_dma_unmap(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_dma_unmap unmap;
	int err = 0;

	memcpy(&unmap, m->body, sizeof(unmap));
	if (unmap.argsz < sizeof(unmap) || (unmap.flags & ~UNMAP_FLAG_ALL))
		return unmap.flags & UNMAP_FLAG_DIRTY ? -ENOTSUP : -EINVAL;
	if (unmap.flags & UNMAP_FLAG_ALL) {
		if (unmap.addr || unmap.size)
			return -EINVAL;
		dma_unmap_all(&s->bus->dma);
	} else {
		err = dma_unmap(&s->bus->dma, unmap.addr, unmap.size);
	}
	reply_put(m, &unmap, sizeof(unmap));
	return err;
}

static int do_get_info(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_device_info info;

	(void)s;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	info.nr_regions = VFIO_PCI_NUM_REGIONS;
	info.nr_irqs = VFIO_PCI_NUM_IRQS;
	reply_put(m, &info, sizeof(info));
	return 0;
}

/*
 * No region can be mapped: with one mappable page QEMU would make every write
 * to the device wait for its reply. No capabilities either; the offset where
 * they would be is given all the same, because QEMU wants it inside the reply.
 */
static int do_get_region_info(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_region_info info;

	(void)s;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.size = region_size(info.index);
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	info.cap_offset = sizeof(info);
	info.offset = 0;
	reply_put(m, &info, sizeof(info));
	return 0;
}

static int do_get_irq_info(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_irq_info info;
	struct intr_info irq;
	int err;

	(void)s;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	err = intr_get_info(info.index, &irq);
	if (err)
		return err;
	info.argsz = sizeof(info);
	info.flags = irq.flags;
	info.count = irq.count;
	reply_put(m, &info, sizeof(info));
	return 0;
}

static int do_set_irqs(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_irq_set set;
	struct intr_set_req req;

	memcpy(&set, m->body, sizeof(set));
	if (set.argsz < sizeof(set))
		return -EINVAL;
	req.index = set.index;
	req.start = set.start;
	req.count = set.count;
	req.flags = set.flags;
	req.data = m->body + sizeof(set);
	req.data_len = m->len - sizeof(set);
	req.fds = m->fds;
	req.nr_fds = m->nr_fds;
	return intr_set(s->bus, &req);
}

static bool access_inside(uint32_t region, uint64_t offset, uint32_t count)
{
	uint64_t size = region_size(region);

	return count && offset < size && count <= size - offset;
}

static int do_region_read(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_region_access a;

	memcpy(&a, m->body, sizeof(a));
	if (a.count > VFU_MAX_XFER || !access_inside(a.region, a.offset, a.count))
		return -EINVAL;
	memcpy(m->reply, &a, sizeof(a));
	region_read(s->bus, a.region, a.offset, m->reply + sizeof(a), a.count);
	m->reply_len = sizeof(a) + a.count;
	return 0;
}

static int do_region_write(struct vfu_session *s, struct vfu_msg *m)
{
	struct vfu_region_access a;

	memcpy(&a, m->body, sizeof(a));
	if (m->len - sizeof(a) != a.count || !access_inside(a.region, a.offset, a.count))
		return -EINVAL;
	region_write(s->bus, a.region, a.offset, m->body + sizeof(a), a.count);
	reply_put(m, &a, sizeof(a));
	return 0;
}

/* All entries are checked before the first is carried out. */
static int do_region_write_multi(struct vfu_session *s, struct vfu_msg *m)
{
	size_t room = (m->len - sizeof(uint64_t)) / sizeof(struct vfu_write_entry);
	const uint8_t *entries = m->body + sizeof(uint64_t);
	struct vfu_write_entry e;
	uint64_t i, nr;

	memcpy(&nr, m->body, sizeof(nr));
	if (nr != room || m->len != sizeof(nr) + room * sizeof(e))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		memcpy(&e, entries + i * sizeof(e), sizeof(e));
		if (e.count > sizeof(e.data) || !access_inside(e.region, e.offset, e.count))
			return -EINVAL;
	}
	for (i = 0; i < nr; i++) {
		memcpy(&e, entries + i * sizeof(e), sizeof(e));
		region_write(s->bus, e.region, e.offset, e.data, e.count);
	}
	reply_put(m, &nr, sizeof(nr));
	return 0;
}

static int do_reset(struct vfu_session *s, struct vfu_msg *m)
{
	(void)m;
	bus_debug("port %u: reset by the client", s->bus->port);
	if (!s->bus->gone)
		bus_reset(s->bus);
	return 0;
}

static const struct command {
	size_t min_len;
	int (*fn)(struct vfu_session *s, struct vfu_msg *m);
} commands[VFU_NR_COMMANDS] = {
	[VFU_VERSION] = { sizeof(struct vfu_version), do_version },
	[VFU_DMA_MAP] = { sizeof(struct vfu_dma_map), do_dma_map },
	[VFU_DMA_UNMAP] = { sizeof(struct vfu_dma_unmap), do_dma_unmap },
	[VFU_DEVICE_GET_INFO] = { sizeof(struct vfu_device_info), do_get_info },
	[VFU_DEVICE_GET_REGION_INFO] = { sizeof(struct vfu_region_info), do_get_region_info },
	[VFU_DEVICE_GET_IRQ_INFO] = { sizeof(struct vfu_irq_info), do_get_irq_info },
	[VFU_DEVICE_SET_IRQS] = { sizeof(struct vfu_irq_set), do_set_irqs },
	[VFU_REGION_READ] = { sizeof(struct vfu_region_access), do_region_read },
	[VFU_REGION_WRITE] = { sizeof(struct vfu_region_access), do_region_write },
	[VFU_DEVICE_RESET] = { 0, do_reset },
	[VFU_REGION_WRITE_MULTI] = { sizeof(uint64_t), do_region_write_multi },
};

int vfu_command(struct vfu_session *s, struct vfu_msg *m)
{
	const struct command *c;

	if (m->command >= VFU_NR_COMMANDS || !commands[m->command].fn)
		return -ENOTSUP;
	c = &commands[m->command];
	if (!s->negotiated && m->command != VFU_VERSION)
		return -EPROTO;
	if (m->len < c->min_len)
		return -EINVAL;
	return c->fn(s, m);
}
