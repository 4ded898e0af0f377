/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers of known rate that the TSC is measured against: HPET, ACPI PM timer, PIT. */
#ifndef ARCH_X86_REFTIMER_H
#define ARCH_X86_REFTIMER_H

#include "kernel/lib/types.h"

struct reftimer {
	const char *name;
	u64 hz;
	u32 mask; /* of its counter, which counts up and wraps */
	u32 (*read)(void);
};

/* The index-th best timer that this machine has; false: there are no more. ACPI must have been
 * read. */
bool reftimer_get(u32 index, struct reftimer *timer);

#endif
