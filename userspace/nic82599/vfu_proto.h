/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of the vfio-user protocol, version 0.1, as its specification lays
 * them out (QEMU, docs/interop/vfio-user.rst). All fields are in host byte
 * order. Flags and indices shared with VFIO come from <linux/vfio.h>.
 */
#ifndef NIC82599_VFU_PROTO_H
#define NIC82599_VFU_PROTO_H

#include <assert.h>
#include <stdint.h>

#define VFU_MAJOR	0
#define VFU_MINOR	1

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP = 2,
	VFU_DMA_UNMAP = 3,
	VFU_DEVICE_GET_INFO = 4,
	VFU_DEVICE_GET_REGION_INFO = 5,
	VFU_DEVICE_GET_REGION_IO_FDS = 6,
	VFU_DEVICE_GET_IRQ_INFO = 7,
	VFU_DEVICE_SET_IRQS = 8,
	VFU_REGION_READ = 9,
	VFU_REGION_WRITE = 10,
	VFU_DMA_READ = 11,
	VFU_DMA_WRITE = 12,
	VFU_DEVICE_RESET = 13,
	VFU_DIRTY_PAGES = 14,
	VFU_REGION_WRITE_MULTI = 15,
	VFU_DEVICE_FEATURE = 16,
	VFU_NR_COMMANDS
};

#define VFU_TYPE_MASK		0x0f
#define VFU_TYPE_COMMAND	0x00
#define VFU_TYPE_REPLY		0x01
#define VFU_NO_REPLY		0x10
#define VFU_ERROR		0x20

struct vfu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* of the message, header included */
	uint32_t flags;
	uint32_t error;		/* errno, in a reply with VFU_ERROR */
};

static_assert(sizeof(struct vfu_header) == 16, "vfio-user header");

struct vfu_version {
	uint16_t major;
	uint16_t minor;
	char data[];		/* JSON with its NUL, optional */
};

static_assert(sizeof(struct vfu_version) == 4, "vfio-user version");

#define VFU_DMA_READABLE	0x1
#define VFU_DMA_WRITEABLE	0x2

struct vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

static_assert(sizeof(struct vfu_dma_map) == 32, "vfio-user DMA map");

struct vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

static_assert(sizeof(struct vfu_dma_unmap) == 24, "vfio-user DMA unmap");

struct vfu_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t nr_regions;
	uint32_t nr_irqs;
};

static_assert(sizeof(struct vfu_device_info) == 16, "vfio-user device info");

struct vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

static_assert(sizeof(struct vfu_region_info) == 32, "vfio-user region info");

struct vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

static_assert(sizeof(struct vfu_irq_info) == 16, "vfio-user interrupt info");

struct vfu_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
	uint8_t data[];
};

static_assert(sizeof(struct vfu_irq_set) == 20, "vfio-user interrupt set");

struct vfu_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[];
};

static_assert(sizeof(struct vfu_region_access) == 16, "vfio-user region access");

/* One entry of VFU_REGION_WRITE_MULTI, whose payload starts with their number. */
struct vfu_write_entry {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

static_assert(sizeof(struct vfu_write_entry) == 24, "vfio-user write entry");

#endif /* NIC82599_VFU_PROTO_H */
