// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory map as a line swept from low to high addresses: between two neighbouring range ends
 * the set of ranges that cover a page is constant, and the strongest of their types is the page's
 * type. Quadratic in the number of raw ranges, which is small, and needs no scratch memory. Pure.
 */
#include "boot/memory_map.h"
#include "kernel/lib/err.h"

/* Physical addresses have at most 52 bits (SDM vol. 3, 4.1.4). */
#define ADDRESS_END BIT(52)

void memory_map_add(struct memory_map *map, u64 base, u64 size_bytes, enum boot_range_type type)
{
	if (base >= ADDRESS_END || size_bytes == 0) {
		return;
	}
	size_bytes = MIN(size_bytes, ADDRESS_END - base);
	if (map->count > 0) {
		struct boot_range *last = &map->raw[map->count - 1];

		if (last->type == type && last->base.v + last->size_bytes == base) {
			last->size_bytes += size_bytes;
			return;
		}
	}
	if (map->count == MEMORY_MAP_RAW_MAX) {
		map->overflow = true;
		return;
	}
	map->raw[map->count++] =
		(struct boot_range){.base = hpa(base), .size_bytes = size_bytes, .type = type};
}

/* A raw range in whole pages: free memory shrinks, all else grows. */
static void range_bounds(const struct boot_range *r, u64 *start, u64 *end)
{
	u64 last = r->base.v + r->size_bytes;

	if (r->type == BOOT_RAM_FREE) {
		*start = ALIGN_UP(r->base.v, PAGE_SIZE);
		*end = MAX(ALIGN_DOWN(last, PAGE_SIZE), *start);
	} else {
		*start = ALIGN_DOWN(r->base.v, PAGE_SIZE);
		*end = ALIGN_UP(last, PAGE_SIZE);
	}
}

/* The lowest bound of any range above `at`, or ADDRESS_END; and the strongest type at `at`, -1:
 * none. */
static u64 sweep_step(const struct memory_map *map, u64 at, int *type)
{
	u64 next = ADDRESS_END;

	*type = -1;
	for (u32 i = 0; i < map->count; i++) {
		u64 start, end;

		range_bounds(&map->raw[i], &start, &end);
		if (start > at) {
			next = MIN(next, start);
		} else if (end > at) {
			next = MIN(next, end);
			*type = MAX(*type, (int)map->raw[i].type);
		}
	}
	return next;
}

static bool drop_one_reserved(struct boot_info *info)
{
	for (u32 i = 0; i < info->range_count; i++) {
		if (info->ranges[i].type == BOOT_RESERVED) {
			for (u32 j = i + 1; j < info->range_count; j++) {
				info->ranges[j - 1] = info->ranges[j];
			}
			info->range_count--;
			return true;
		}
	}
	return false;
}

static int append(struct boot_info *info, u64 base, u64 end, enum boot_range_type type)
{
	if (info->range_count > 0) {
		struct boot_range *last = &info->ranges[info->range_count - 1];

		if (last->type == type && last->base.v + last->size_bytes == base) {
			last->size_bytes += end - base;
			return ERR_OK;
		}
	}
	int err = ERR_OK;

	if (info->range_count == BOOT_RANGES_MAX) {
		err = ERR_LIMIT;
		if (type == BOOT_RESERVED || !drop_one_reserved(info)) {
			return err;
		}
	}
	info->ranges[info->range_count++] =
		(struct boot_range){.base = hpa(base), .size_bytes = end - base, .type = type};
	return err;
}

int memory_map_build(const struct memory_map *map, struct boot_info *info)
{
	int err = map->overflow ? ERR_LIMIT : ERR_OK;
	u64 at = 0;

	info->range_count = 0;
	while (at < ADDRESS_END) {
		int type;
		u64 next = sweep_step(map, at, &type);

		if (type >= 0) {
			int e = append(info, at, next, (enum boot_range_type)type);

			err = e != ERR_OK ? e : err;
		}
		at = next;
	}
	return err;
}

u64 memory_map_total(const struct boot_info *info, enum boot_range_type type)
{
	u64 sum = 0;

	for (u32 i = 0; i < info->range_count; i++) {
		if (info->ranges[i].type == type) {
			sum += info->ranges[i].size_bytes;
		}
	}
	return sum;
}
