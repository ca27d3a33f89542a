/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wires: what carries frames between a port and its far end.
 *
 * A port sends with wire_send(), and the wire hands it what the far end sent
 * through nic_receive(). Frames travel without FCS. Nothing is delivered from
 * within wire_send(): frames are queued and delivered from the event loop, so
 * that two ports which answer each other don't recurse.
 */
#ifndef NIC82599_WIRE_H
#define NIC82599_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct wire;

/* Send a frame as the MAC puts it on the wire: padded, without FCS. */
void wire_send(struct wire *w, const void *frame, size_t len);

/* Whether light comes in: somebody is at the far end, with the laser on. */
bool wire_carrier(const struct wire *w);

/*
 * The port's laser goes on (as it is at first) or off: TX_DISABLE of its SFP+
 * module. The far end's carrier follows where it can see light: the other port.
 */
void wire_light(struct wire *w, bool on);

#endif /* NIC82599_WIRE_H */
