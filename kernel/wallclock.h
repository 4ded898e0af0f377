/* SPDX-License-Identifier: GPL-2.0-only */
/* Calendar time of the machine: its RTC as read at boot, carried on by the TSC. Any pCPU. */
#ifndef KERNEL_WALLCLOCK_H
#define KERNEL_WALLCLOCK_H

#include "arch/arch.h"

/* Ns since 1970-01-01 UTC at `now_ns` (arch_now_ns()); as good as the RTC was set, to a second. */
static inline u64 wallclock_ns(u64 now_ns)
{
	return arch_boot_wallclock_s() * NSEC_PER_SEC + now_ns;
}

#endif
