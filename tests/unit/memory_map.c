// SPDX-License-Identifier: GPL-2.0-only
/* boot/memory_map: hand-picked maps, and random ones against a page-by-page model. */
#include "tests/unit/unit.h"
#include "boot/memory_map.h"
#include "kernel/lib/err.h"

static struct memory_map map;
static struct boot_info info;

static int setup(void **state)
{
	(void)state;
	memset(&map, 0, sizeof(map));
	memset(&info, 0, sizeof(info));
	return 0;
}

static void expect(u32 i, u64 base, u64 end, enum boot_range_type type)
{
	assert_true(i < info.range_count);
	assert_int_equal(info.ranges[i].base.v, base);
	assert_int_equal(info.ranges[i].base.v + info.ranges[i].size_bytes, end);
	assert_int_equal(info.ranges[i].type, type);
}

static void free_shrinks_and_others_grow_to_pages(void **state)
{
	(void)state;
	memory_map_add(&map, 0x1001, 0x4000, BOOT_RAM_FREE);
	memory_map_add(&map, 0x10001, 1, BOOT_RESERVED);
	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(info.range_count, 2);
	expect(0, 0x2000, 0x5000, BOOT_RAM_FREE);
	expect(1, 0x10000, 0x11000, BOOT_RESERVED);
}

static void less_than_a_page_of_free_memory_is_nothing(void **state)
{
	(void)state;
	memory_map_add(&map, 0x1800, 0x1000, BOOT_RAM_FREE);
	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(info.range_count, 0);
}

static void stronger_type_cuts_weaker(void **state)
{
	(void)state;
	memory_map_add(&map, 0x100000, 0x100000, BOOT_RAM_FREE);
	memory_map_add(&map, 0x140000, 0x10000, BOOT_RAM_LOADER);
	memory_map_add(&map, 0x148000, 0x1000, BOOT_RESERVED);
	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(info.range_count, 5);
	expect(0, 0x100000, 0x140000, BOOT_RAM_FREE);
	expect(1, 0x140000, 0x148000, BOOT_RAM_LOADER);
	expect(2, 0x148000, 0x149000, BOOT_RESERVED);
	expect(3, 0x149000, 0x150000, BOOT_RAM_LOADER);
	expect(4, 0x150000, 0x200000, BOOT_RAM_FREE);
	assert_int_equal(memory_map_total(&info, BOOT_RAM_FREE), 0xf0000);
}

static void neighbours_of_one_type_merge_in_any_order(void **state)
{
	(void)state;
	memory_map_add(&map, 0x3000, 0x1000, BOOT_RAM_FREE);
	memory_map_add(&map, 0x1000, 0x1000, BOOT_RAM_FREE);
	memory_map_add(&map, 0x2000, 0x1000, BOOT_RAM_FREE);
	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(info.range_count, 1);
	expect(0, 0x1000, 0x4000, BOOT_RAM_FREE);
}

static void nonsense_is_cut_or_ignored(void **state)
{
	(void)state;
	memory_map_add(&map, 0x1000, 0, BOOT_RAM_FREE);
	memory_map_add(&map, UINT64_MAX - 10, 100, BOOT_RESERVED);
	memory_map_add(&map, BIT(52) - 0x2000, UINT64_MAX, BOOT_RAM_FREE);
	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(info.range_count, 1);
	expect(0, BIT(52) - 0x2000, BIT(52), BOOT_RAM_FREE);
}

static void reserved_gives_way_when_the_table_is_full(void **state)
{
	(void)state;
	for (u64 i = 0; i < BOOT_RANGES_MAX; i++) {
		memory_map_add(&map, i * 0x4000, 0x1000,
			       i % 2 == 0 ? BOOT_RESERVED : BOOT_RAM_FREE);
	}
	memory_map_add(&map, GIB(8), GIB(1), BOOT_RAM_FREE);
	assert_int_equal(memory_map_build(&map, &info), ERR_LIMIT);
	assert_int_equal(info.range_count, BOOT_RANGES_MAX);
	assert_int_equal(memory_map_total(&info, BOOT_RAM_FREE),
			 GIB(1) + BOOT_RANGES_MAX / 2 * 0x1000);
}

static void more_free_ranges_than_fit_lose_the_highest(void **state)
{
	(void)state;
	for (u64 i = 0; i < BOOT_RANGES_MAX + 7; i++) {
		memory_map_add(&map, i * 0x4000, 0x1000, BOOT_RAM_FREE);
	}
	assert_int_equal(memory_map_build(&map, &info), ERR_LIMIT);
	assert_int_equal(info.range_count, BOOT_RANGES_MAX);
	expect(BOOT_RANGES_MAX - 1, (BOOT_RANGES_MAX - 1) * 0x4000ul,
	       (BOOT_RANGES_MAX - 1) * 0x4000ul + 0x1000, BOOT_RAM_FREE);
}

static void too_many_raw_ranges_are_told(void **state)
{
	(void)state;
	for (u64 i = 0; i <= MEMORY_MAP_RAW_MAX; i++) {
		memory_map_add(&map, i * 0x4000, 0x1000, BOOT_RAM_FREE);
	}
	assert_true(map.overflow);
	assert_int_equal(memory_map_build(&map, &info), ERR_LIMIT);
}

/* --- random maps ------------------------------------------------------------------------------ */

#define MODEL_PAGES 64

static u64 seed = 0x9e3779b97f4a7c15;

static u64 random_below(u64 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* The strongest type of any range on the page, -1: none; free only where it is covered wholly. */
static int model_type(u64 page)
{
	int type = -1;

	for (u32 i = 0; i < map.count; i++) {
		const struct boot_range *r = &map.raw[i];
		u64 start = r->base.v, end = start + r->size_bytes;
		bool whole = start <= page * PAGE_SIZE && end >= (page + 1) * PAGE_SIZE;
		bool touches = start < (page + 1) * PAGE_SIZE && end > page * PAGE_SIZE;

		if ((r->type == BOOT_RAM_FREE ? whole : touches) && (int)r->type > type) {
			type = (int)r->type;
		}
	}
	return type;
}

static int built_type(u64 page)
{
	for (u32 i = 0; i < info.range_count; i++) {
		const struct boot_range *r = &info.ranges[i];

		if (page * PAGE_SIZE >= r->base.v && page * PAGE_SIZE < r->base.v + r->size_bytes) {
			return (int)r->type;
		}
	}
	return -1;
}

static void random_maps_agree_with_a_model(void **state)
{
	(void)state;
	for (u32 round = 0; round < 3000; round++) {
		memset(&map, 0, sizeof(map));
		for (u64 n = random_below(12); n > 0; n--) {
			memory_map_add(&map, random_below(MODEL_PAGES * PAGE_SIZE),
				       random_below(20 * PAGE_SIZE),
				       (enum boot_range_type)random_below(4));
		}
		assert_int_equal(memory_map_build(&map, &info), ERR_OK);
		for (u64 page = 0; page < MODEL_PAGES + 24; page++) {
			assert_int_equal(built_type(page), model_type(page));
		}
		for (u32 i = 1; i < info.range_count; i++) {
			const struct boot_range *a = &info.ranges[i - 1], *b = &info.ranges[i];
			u64 end = a->base.v + a->size_bytes;

			assert_true(end <= b->base.v);
			assert_true(end < b->base.v || a->type != b->type);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(free_shrinks_and_others_grow_to_pages, setup),
		cmocka_unit_test_setup(less_than_a_page_of_free_memory_is_nothing, setup),
		cmocka_unit_test_setup(stronger_type_cuts_weaker, setup),
		cmocka_unit_test_setup(neighbours_of_one_type_merge_in_any_order, setup),
		cmocka_unit_test_setup(nonsense_is_cut_or_ignored, setup),
		cmocka_unit_test_setup(reserved_gives_way_when_the_table_is_full, setup),
		cmocka_unit_test_setup(more_free_ranges_than_fit_lose_the_highest, setup),
		cmocka_unit_test_setup(too_many_raw_ranges_are_told, setup),
		cmocka_unit_test_setup(random_maps_agree_with_a_model, setup),
	};

	return cmocka_run_group_tests_name("memory_map", tests, NULL, NULL);
}
