// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/export.h>

/* What can be dropped has a name. */
#include "../uapi/linux/atmo.h"

static_assert(ATMO_DROP_TX_BAD_HEADER + 1 == ATMO_NR_DROPS, "name it in ATMO_TRACE_DROPS");

#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(atmo_receive);
EXPORT_TRACEPOINT_SYMBOL_GPL(atmo_transmit);
EXPORT_TRACEPOINT_SYMBOL_GPL(atmo_drop);
EXPORT_TRACEPOINT_SYMBOL_GPL(atmo_failure);
EXPORT_TRACEPOINT_SYMBOL_GPL(atmo_restart);
