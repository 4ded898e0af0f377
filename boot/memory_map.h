/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes the tidy memory map of boot_info from what firmware and loaders tell: ranges in any order,
 * overlapping, not page aligned. Pure; used by the hypervisor and by the EFI application.
 */
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include "boot/boot_info.h"

/* Enough for the largest firmware maps seen (UEFI servers: some 300) and our own additions. */
#define MEMORY_MAP_RAW_MAX 768

struct memory_map {
	u32 count;
	bool overflow; /* a range was dropped because the table was full */
	struct boot_range raw[MEMORY_MAP_RAW_MAX];
};

/* Notes a range as reported. Empty ranges are ignored, ends beyond 2^52 are cut. Adjacent to the
 * last one and of its type, it is merged with that. */
void memory_map_add(struct memory_map *map, u64 base, u64 size_bytes, enum boot_range_type type);

/*
 * Writes the sorted, page-aligned, non-overlapping map to info->ranges. Where ranges overlap, the
 * later type in enum boot_range_type wins: a page is free only if all who speak of it say so.
 * Memory nobody speaks of is in no range. When info->ranges cannot hold all, ERR_LIMIT: reserved
 * ranges are left out first (absent means the same), then memory at the highest addresses.
 */
int memory_map_build(const struct memory_map *map, struct boot_info *info) must_check;

/* Sum of the sizes of all ranges of one type. */
u64 memory_map_total(const struct boot_info *info, enum boot_range_type type);

#endif
