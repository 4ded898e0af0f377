/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages for the hypervisor's start-up, before the frame allocator: cut from the ends of the free
 * ranges of the boot map, never given back. Bootstrap pCPU only; no locks.
 */
#ifndef KERNEL_EARLY_MEMORY_H
#define KERNEL_EARLY_MEMORY_H

#include "boot/boot_info.h"

void early_memory_init(const struct boot_info *info);

/* Allocates zeroed, contiguous pages that end at or below `limit`, the lowest such place last: from
 * the highest range that fits. Only below 4 GiB before the final page tables. ERR_NOMEM. */
int early_memory_alloc(u64 pages, u64 limit, hpa_t *out) must_check;

/* As above, below 4 GiB, as a pointer into the direct map; panics when there is none. */
void *early_memory_get(u64 size_bytes);

/* Writes what is still free to ranges[max], sorted, and closes: no allocation afterwards. The first
 * MiB is left out, firmware lives there. Returns the number of ranges. */
u32 early_memory_finish(struct boot_range *ranges, u32 max);

/* False once early_memory_finish() was called. */
bool early_memory_is_open(void);

#endif
