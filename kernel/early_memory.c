// SPDX-License-Identifier: GPL-2.0-only
/* See early_memory.h. Ranges are split at 1 MiB and 4 GiB first, so that limits never fall inside
 * one. */
#include "kernel/early_memory.h"
#include "arch/arch.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

/* Interrupt vectors, BIOS data and what old firmware scribbles on. */
#define LOW_KEPT_END 0x10000u

static struct {
	u64 base, end;
} ranges[BOOT_RANGES_MAX + 2];
static u32 range_count;
static bool is_open;

static void add(u64 base, u64 end)
{
	static const u64 splits[] = {MIB(1), GIB(4)};

	base = MAX(base, LOW_KEPT_END);
	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		if (base < splits[i] && end > splits[i]) {
			add(base, splits[i]);
			base = splits[i];
		}
	}
	if (base < end && range_count < ARRAY_SIZE(ranges)) {
		ranges[range_count].base = base;
		ranges[range_count++].end = end;
	}
}

void early_memory_init(const struct boot_info *info)
{
	for (u32 i = 0; i < info->range_count; i++) {
		const struct boot_range *r = &info->ranges[i];

		if (r->type == BOOT_RAM_FREE) {
			add(r->base.v, r->base.v + r->size_bytes);
		}
	}
	is_open = true;
}

int early_memory_alloc(u64 pages, u64 limit, hpa_t *out)
{
	u64 size = pages * PAGE_SIZE;

	assert(is_open);
	for (u32 i = range_count; i-- > 0;) {
		if (ranges[i].end <= limit && ranges[i].end - ranges[i].base >= size) {
			ranges[i].end -= size;
			*out = hpa(ranges[i].end);
			memset(hpa_to_va(*out), 0, size);
			return ERR_OK;
		}
	}
	return ERR_NOMEM;
}

void *early_memory_get(u64 size_bytes)
{
	hpa_t at;

	if (early_memory_alloc(DIV_ROUND_UP(size_bytes, PAGE_SIZE), GIB(4), &at) != ERR_OK) {
		panic("not enough memory below 4 GiB to start");
	}
	return hpa_to_va(at);
}

u32 early_memory_finish(struct boot_range *out, u32 max)
{
	u32 count = 0;

	is_open = false;
	for (u32 i = 0; i < range_count && count < max; i++) {
		if (ranges[i].base >= MIB(1) && ranges[i].end > ranges[i].base) {
			out[count++] = (struct boot_range){
				.base = hpa(ranges[i].base),
				.size_bytes = ranges[i].end - ranges[i].base,
				.type = BOOT_RAM_FREE,
			};
		}
	}
	return count;
}

bool early_memory_is_open(void)
{
	return is_open;
}
