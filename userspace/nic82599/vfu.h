/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vfio-user server of one function.
 *
 * vfu.c moves bytes: connections, framing, file descriptors, replies.
 * vfu_cmd.c knows what the messages mean.
 */
#ifndef NIC82599_VFU_H
#define NIC82599_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_proto.h"

struct bus;
struct vfu;

/* QEMU refuses a server which announces more descriptors than this. */
#define VFU_MAX_FDS	16
#define VFU_MAX_XFER	65536u
#define VFU_MAX_MSG	(VFU_MAX_XFER + 256)

/* Serve @b on a socket at @path. NULL, with a message in the log, on failure. */
struct vfu *vfu_create(const char *path, struct bus *b);
void vfu_destroy(struct vfu *v);

/* A request on its way through vfu_command(). */
struct vfu_msg {
	uint16_t command;
	const uint8_t *body;	/* may be unaligned */
	size_t len;
	int *fds;		/* what a command keeps it sets to -1 */
	unsigned int nr_fds;
	uint8_t *reply;		/* VFU_MAX_MSG bytes for the reply's body */
	size_t reply_len;
};

/* State of one connection that the meaning of messages depends on. */
struct vfu_session {
	struct bus *bus;
	bool negotiated;
};

/* Carry out a command. 0, or -errno for the reply. */
int vfu_command(struct vfu_session *s, struct vfu_msg *m);

#endif /* NIC82599_VFU_H */
