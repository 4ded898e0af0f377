/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own page tables (layout.h). Mappings are only ever added; none is changed or
 * taken away after start-up, so there is no TLB to shoot down.
 */
#ifndef ARCH_X86_HOST_MAP_H
#define ARCH_X86_HOST_MAP_H

#include "boot/boot_info.h"
#include "kernel/lib/types.h"

/* Rights and memory type of a mapping; reading is always allowed. */
enum {
	HOST_MAP_WRITE = 1,
	HOST_MAP_EXEC = 2,
	HOST_MAP_UNCACHED = 4,
	HOST_MAP_WRITE_COMBINING = 8,
};

/* Builds the final tables. Bootstrap pCPU, early memory open. */
void host_map_init(const struct boot_info *info);

/* Uses the final tables on this pCPU; the caller's stack must be mapped in them. */
void host_map_load(void);

/* How far above its linked physical address the image was loaded. */
u64 host_map_displacement(void);

/* Maps whole pages. ERR_NOMEM; ERR_EXIST when something is mapped there. */
int host_map(u64 va, hpa_t base, u64 size_bytes, u32 flags) must_check;

/* Maps any memory in the window for devices, at an address with base's offset in its page. NULL: no
 * memory or no room. */
void *host_map_window(hpa_t base, u64 size_bytes, u32 flags) must_check;

/* Is every page of [base, base + size) in the direct map? */
bool host_map_is_direct(hpa_t base, u64 size_bytes);

#endif
