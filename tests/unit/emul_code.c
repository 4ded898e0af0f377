// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/emul/code_cache and fetch, against walk(). */
#include "tests/unit/unit.h"
#include "arch/x86/emul/code_cache.h"
#include "arch/x86/emul/fetch.h"
#include "arch/x86/regs.h"

/* Guest memory: PML4, PDPT, PD, PT, then pages that are code, from 1 MiB. */
enum { PML4, PDPT, PD, PT, CODE, CODE2, PAGES };
#define BASE MIB(1)
#define CR3  (BASE + 8) /* with a flag */

static struct {
	struct walk_mem mem;
	u64 page[PAGES][512];
} world;
static struct code_cache cache;

static u64 address_of(u32 page)
{
	return BASE + page * PAGE_SIZE;
}

static const void *world_page(struct walk_mem *mem, gpa_t page)
{
	u64 i = (page.v - BASE) / PAGE_SIZE;

	(void)mem;
	assert_int_equal(page.v & PAGE_MASK, 0);
	return page.v >= BASE && i < PAGES ? world.page[i] : NULL;
}

static const u8 *code(u32 page, u32 offset)
{
	return (const u8 *)world.page[page] + offset;
}

/* Three ways to pages 4 and 5: by 4 KiB, 2 MiB and 1 GiB pages. */
#define VA_4K 0xffff800000003000ull
#define VA_2M 0xffff800000200000ull
#define VA_1G 0xffff800040000000ull

static int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.mem = (struct walk_mem){.page = world_page};
	world.page[PML4][256] = address_of(PDPT) | 7;
	world.page[PDPT][0] = address_of(PD) | 7;
	world.page[PDPT][1] = BIT(63) | 0x87;
	world.page[PD][0] = address_of(PT) | 7;
	world.page[PD][1] = BIT(63) | BIT(12) | 0x87; /* PAT is no address */
	world.page[PT][3] = address_of(CODE) | BIT(63) | 7;
	world.page[PT][4] = address_of(CODE2) | 7;
	code_cache_flush(&cache);
	return 0;
}

static const u8 *find(u64 rip)
{
	const struct code_spot *spot = code_cache_find(&cache, rip, CR3);

	return spot != NULL ? spot->bytes : NULL;
}

static void finds_what_was_filled(void **state)
{
	const struct {
		u64 rip;
		const u8 *at;
	} rows[] = {
		{VA_4K + 0x121, code(CODE, 0x121)},
		{VA_4K + 0x1002, code(CODE2, 2)},
		{VA_2M + address_of(CODE) + 0xffb, code(CODE, 0xffb)},
		{VA_1G + address_of(CODE2) + 0xffc, code(CODE2, 0xffc)},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_null(find(rows[i].rip));
		const struct code_spot *spot =
			code_cache_fill(&cache, &world.mem, CR3, rows[i].rip);

		assert_non_null(spot);
		assert_ptr_equal(spot->bytes, rows[i].at);
	}
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_ptr_equal(find(rows[i].rip), rows[i].at);
		assert_null(find(rows[i].rip + CODE_CACHE_SPOTS));
		assert_null(code_cache_find(&cache, rows[i].rip, CR3 + PAGE_SIZE));
	}
	code_cache_flush(&cache);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_null(find(rows[i].rip));
	}
}

static void any_changed_entry_voids_it(void **state)
{
	const struct {
		u64 rip;
		u64 *entry;
	} rows[] = {
		{VA_4K, &world.page[PML4][256]},
		{VA_4K, &world.page[PDPT][0]},
		{VA_4K, &world.page[PD][0]},
		{VA_4K, &world.page[PT][3]},
		{VA_2M + BASE, &world.page[PML4][256]},
		{VA_2M + BASE, &world.page[PDPT][0]},
		{VA_2M + BASE, &world.page[PD][1]},
		{VA_1G + BASE, &world.page[PML4][256]},
		{VA_1G + BASE, &world.page[PDPT][1]},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 value = *rows[i].entry;

		assert_non_null(code_cache_fill(&cache, &world.mem, CR3, rows[i].rip));
		for (u32 bit = 0; bit < 64; bit++) {
			*rows[i].entry = value ^ BIT(bit);
			assert_null(find(rows[i].rip));
		}
		*rows[i].entry = value;
		assert_non_null(find(rows[i].rip));
	}
}

static void what_is_not_there_is_not_remembered(void **state)
{
	const u64 rips[] = {
		VA_4K + 0xffd,	/* too near to the end of the page */
		VA_4K + 0x2000, /* not present, at each level */
		VA_4K + 0x400000, VA_4K + 0x80000000,
		0x1000,		  VA_2M + address_of(PAGES), /* not RAM */
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rips); i++) {
		/* What was in the spot is gone, too. */
		u64 before = VA_4K + rips[i] % CODE_CACHE_SPOTS;

		assert_non_null(code_cache_fill(&cache, &world.mem, CR3, before));
		assert_null(code_cache_fill(&cache, &world.mem, CR3, rips[i]));
		assert_null(find(rips[i]));
		assert_null(find(before));
	}
	assert_null(code_cache_fill(&cache, &world.mem, GIB(3), VA_4K));
	world.page[PD][0] = GIB(3) | 7;
	assert_null(code_cache_fill(&cache, &world.mem, CR3, VA_4K));
}

static void fetches_across_pages(void **state)
{
	struct guest_state gs = {.rip = VA_4K + 0xffa, .efer = EFER_LMA | EFER_NXE};
	struct walk_mode mode = {.format = WALK_LEVEL4, .phys_bits = 40, .has_1g = true};
	struct insn_bytes bytes;

	(void)state;
	gs.seg[SEG_CS].attr = SEG_ATTR_L;
	mode.cr3 = CR3;
	world.page[PT][3] &= ~BIT(63);
	for (u32 i = 0; i < 15; i++) {
		((u8 *)world.page[CODE])[0xffa + i] = (u8)(0xc0 + i);
	}
	assert_int_equal(insn_fetch(&gs, &mode, &world.mem, WALK_FETCH | WALK_PEEK, &bytes), 0);
	assert_int_equal(bytes.count, 15);
	assert_memory_equal(bytes.byte, code(CODE, 0xffa), 15); /* the pages are neighbours */

	world.page[PT][4] = 0;
	assert_int_equal(insn_fetch(&gs, &mode, &world.mem, WALK_FETCH | WALK_PEEK, &bytes),
			 ERR_FAULT);
	assert_int_equal(bytes.count, 6);
	assert_true(bytes.fault_address.v == VA_4K + 0x1000);
	assert_int_equal(bytes.fault_error & WALK_PF_P, 0);

	world.page[PT][4] = GIB(3) | 1;
	assert_int_equal(insn_fetch(&gs, &mode, &world.mem, WALK_FETCH | WALK_PEEK, &bytes),
			 ERR_NOENT);
	assert_int_equal(bytes.count, 6);
}

/* Outside 64-bit code CS has a base, and addresses wrap at 4 GiB. */
static void fetches_through_the_segment(void **state)
{
	struct guest_state gs = {.rip = 0x20};
	struct walk_mode mode = {.format = WALK_NONE};
	struct insn_bytes bytes;

	(void)state;
	gs.seg[SEG_CS].base = address_of(CODE);
	((u8 *)world.page[CODE])[0x20] = 0xf4;
	assert_int_equal(insn_fetch(&gs, &mode, &world.mem, WALK_FETCH, &bytes), 0);
	assert_int_equal(bytes.byte[0], 0xf4);
	gs.seg[SEG_CS].base = BIT(32) - PAGE_SIZE;
	gs.rip = address_of(CODE) + 0x20 + PAGE_SIZE;
	assert_int_equal(insn_fetch(&gs, &mode, &world.mem, WALK_FETCH, &bytes), 0);
	assert_int_equal(bytes.byte[0], 0xf4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_what_was_filled, setup),
		cmocka_unit_test_setup(any_changed_entry_voids_it, setup),
		cmocka_unit_test_setup(what_is_not_there_is_not_remembered, setup),
		cmocka_unit_test_setup(fetches_across_pages, setup),
		cmocka_unit_test_setup(fetches_through_the_segment, setup),
	};

	return cmocka_run_group_tests_name("emul_code", tests, NULL, NULL);
}
