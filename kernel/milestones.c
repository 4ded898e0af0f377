// SPDX-License-Identifier: GPL-2.0-only
/* See milestones.h. */
#include "kernel/milestones.h"

#include "arch/arch.h"
#include "kernel/log.h"

static u64 reached_tsc[MILESTONE_COUNT]; /* 0: not yet */

void milestone_note(enum milestone milestone)
{
	u64 none = 0;

	if (unlikely(reached_tsc[milestone] == 0)) {
		__atomic_compare_exchange_n(&reached_tsc[milestone], &none, arch_tsc(), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
}

void milestones_log(void)
{
	u64 from = reached_tsc[MILESTONE_KERNEL_MAIN];
	u64 to = reached_tsc[MILESTONE_FIRST_GUEST];

	if (from != 0 && to != 0) {
		log_info("boot: %llu TSC ticks from kernel_main to the first guest instruction",
			 (unsigned long long)(to - from));
	}
}
