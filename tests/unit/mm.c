// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm/frames, mm/p2m and mm/guest_access, on a small machine whose RAM is a mapping of this process.
 * Its free memory is filled with rubbish first, so that a frame handed out without zeroing shows.
 */
#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "arch/arch.h"
#include "kernel/lib/err.h"
#include "mm/frames.h"
#include "mm/guest_access.h"
#include "mm/p2m.h"

#define RAM_PAGES 16384u /* 64 MiB, with a hole */
#define HOLE_BASE 3000u
#define HOLE_END  5001u

static u64 zeroed_by_hand;

void arch_zero_page(void *va)
{
	memset(va, 0, PAGE_SIZE);
	zeroed_by_hand++;
}

/* An encoding like neither vendor's: rights and presence are bits that real formats do not have
 * there. */
static const struct s2_format format = {
	.name = "test",
	.levels = 4,
	.present = BIT(62),
	.read = BIT(1),
	.write = BIT(5),
	.exec_allow = BIT(9),
	.table = BIT(62) | BIT(3),
	.leaf = BIT(62) | BIT(4),
	.large = BIT(7),
	.address_mask = 0x000ffffffffff000ull,
};

static int machine_make(void **state)
{
	void *ram =
		mmap((void *)ARCH_DIRECT_MAP_BASE, RAM_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	const struct frame_range ranges[] = {
		{mfn(0), HOLE_BASE},
		{mfn(HOLE_END), RAM_PAGES - HOLE_END},
	};

	(void)state;
	if (ram == MAP_FAILED) {
		return -1;
	}
	memset(ram, 0xa5, RAM_PAGES * PAGE_SIZE);
	return frames_init(ranges, ARRAY_SIZE(ranges));
}

static bool page_is_zero(mfn_t page)
{
	const u64 *p = mfn_to_va(page);

	for (u32 i = 0; i < PAGE_SIZE / 8; i++) {
		if (p[i] != 0) {
			return false;
		}
	}
	return true;
}

static u64 free_pages(void)
{
	struct frame_stats s;

	frames_get_stats(&s);
	assert_int_equal(s.total_pages, s.free_pages + s.hypervisor_pages + s.private_pages);
	return s.free_pages;
}

static void blocks_are_aligned_zeroed_and_disjoint(void **state)
{
	static u8 used[RAM_PAGES];
	mfn_t got[400];
	u32 order[400];
	u64 before = free_pages();
	u32 n = 0;

	(void)state;
	memset(used, 0, sizeof(used));
	srand(1);
	while (n < ARRAY_SIZE(got)) {
		order[n] = (u32)rand() % 7;
		if (frame_alloc(order[n], FRAME_PRIVATE, 7, &got[n]) != 0) {
			break;
		}
		assert_int_equal(got[n].v & ((1u << order[n]) - 1), 0);
		for (u64 f = got[n].v; f < got[n].v + (1u << order[n]); f++) {
			assert_true(f > 0 && f < RAM_PAGES && !(f >= HOLE_BASE && f < HOLE_END));
			assert_int_equal(used[f]++, 0);
			assert_true(page_is_zero(mfn(f)));
			assert_int_equal(frame_state_of(mfn(f)), FRAME_PRIVATE);
			assert_int_equal(frame_owner_of(mfn(f)), 7);
			memset(mfn_to_va(mfn(f)), 0x5a, PAGE_SIZE);
		}
		n++;
	}
	while (n-- > 0) {
		frame_free(got[n], order[n]);
	}
	assert_int_equal(free_pages(), before);
}

static void freed_blocks_merge(void **state)
{
	static mfn_t got[RAM_PAGES];
	mfn_t large;
	u32 n = 0;

	(void)state;
	while (frame_alloc(0, FRAME_PRIVATE, 1, &got[n]) == 0) {
		n++;
	}
	assert_int_equal(free_pages(), 0);
	assert_int_equal(frame_alloc(0, FRAME_PRIVATE, 1, &large), ERR_NOMEM);
	for (u32 i = 0; i < n; i += 2) {
		frame_free(got[i], 0);
	}
	assert_int_equal(frame_alloc(FRAME_ORDER_LARGE, FRAME_PRIVATE, 1, &large), ERR_NOMEM);
	for (u32 i = 1; i < n; i += 2) {
		frame_free(got[i], 0);
	}
	assert_int_equal(frame_alloc(12, FRAME_PRIVATE, 1, &large), 0);
	frame_free(large, 12);
}

static void pages_zeroed_ahead_are_used_first_and_can_merge(void **state)
{
	struct frame_stats s;
	mfn_t page;
	u64 before = free_pages();

	(void)state;
	while (frames_zero_ahead()) {
	}
	frames_get_stats(&s);
	assert_true(s.zeroed_pages > 1000);
	assert_int_equal(s.free_pages, before);
	zeroed_by_hand = 0;
	assert_int_equal(frame_alloc(0, FRAME_PRIVATE, 1, &page), 0);
	assert_int_equal(zeroed_by_hand, 0);
	assert_true(page_is_zero(page));
	frame_free(page, 0);
	/* A block that only fits when the pool gives its pages back. */
	static mfn_t got[64];
	u32 n = 0;

	while (frame_alloc(8, FRAME_PRIVATE, 1, &got[n]) == 0) {
		n++;
	}
	assert_true(n >= 50);
	while (n-- > 0) {
		frame_free(got[n], 8);
	}
	assert_int_equal(free_pages(), before);
}

static void bad_arguments_are_refused(void **state)
{
	mfn_t page;

	(void)state;
	assert_int_equal(frame_alloc(FRAME_ORDER_MAX + 1, FRAME_PRIVATE, 1, &page), ERR_INVAL);
	assert_int_equal(frame_alloc(0, FRAME_FREE, 1, &page), ERR_INVAL);
	assert_int_equal(frame_alloc(0, FRAME_ABSENT, 1, &page), ERR_INVAL);
	assert_null(pages_alloc(0));
	assert_int_equal(frame_state_of(mfn(HOLE_BASE)), FRAME_ABSENT);
	assert_int_equal(frame_state_of(mfn(RAM_PAGES + 5)), FRAME_ABSENT);
}

static const struct p2m_range guest_ram[P2M_RANGES] = {
	{{0}, 700}, {{0x100000}, 900}, /* at 4 GiB */
};

static void map_backs_ram_on_touch_and_frees_all(void **state)
{
	u64 before = free_pages();
	struct p2m p2m;
	mfn_t a;
	mfn_t b;

	(void)state;
	assert_int_equal(p2m_init(&p2m, &format, 3, guest_ram), 0);
	assert_true(p2m_is_ram(&p2m, gfn(699)));
	assert_false(p2m_is_ram(&p2m, gfn(700)));
	assert_true(p2m_is_ram(&p2m, gfn(0x100000 + 899)));
	assert_false(p2m_is_ram(&p2m, gfn(0x100000 + 900)));
	assert_int_equal(p2m_lookup(&p2m, gfn(5), &a), ERR_NOENT);
	assert_int_equal(p2m_touch(&p2m, gfn(700), &a), ERR_FAULT);
	assert_int_equal(p2m_touch(&p2m, gfn(UINT64_MAX >> 12), &a), ERR_FAULT);
	assert_int_equal(p2m_lookup(&p2m, gfn(UINT64_MAX >> 12), &a), ERR_NOENT);
	for (u64 f = 0; f < 700; f++) {
		assert_int_equal(p2m_touch(&p2m, gfn(f), &a), 0);
		assert_int_equal(p2m_lookup(&p2m, gfn(f), &b), 0);
		assert_int_equal(a.v, b.v);
		assert_true(page_is_zero(a));
	}
	for (u64 f = 0x100000; f < 0x100000 + 900; f++) {
		assert_int_equal(p2m_touch(&p2m, gfn(f), &a), 0);
	}
	assert_int_equal(p2m_touch(&p2m, gfn(0x100001), &a), 0);
	assert_int_equal(p2m_lookup(&p2m, gfn(0x100001), &b), 0);
	assert_int_equal(a.v, b.v);
	assert_int_equal(p2m.touched_pages, 1600);
	/* A device's page is mapped, but no memory of the guest's. */
	assert_int_equal(p2m_back_device(&p2m, gfn(5), &a), ERR_FAULT);
	assert_int_equal(p2m_back_device(&p2m, gfn(0xfee00), &a), 0);
	assert_int_equal(p2m_lookup(&p2m, gfn(0xfee00), &b), 0);
	assert_int_equal(a.v, b.v);
	assert_null(guest_page(&p2m, gfn(0xfee00)));
	u32 steps = 1;

	while (!p2m_destroy_step(&p2m, 1)) {
		steps++;
	}
	assert_true(steps >= 4);
	assert_int_equal(free_pages(), before);
}

static void map_survives_running_out_of_memory(void **state)
{
	static mfn_t hog[RAM_PAGES];
	struct p2m p2m;
	mfn_t a;
	u32 n = 0;
	u64 before = free_pages();

	(void)state;
	assert_int_equal(p2m_init(&p2m, &format, 3, guest_ram), 0);
	while (frame_alloc(0, FRAME_PRIVATE, 1, &hog[n]) == 0) {
		n++;
	}
	/* One more frame at each try: every allocation on the way fails once. */
	u32 failures = 0;

	while (p2m_touch(&p2m, gfn(0x100000), &a) == ERR_NOMEM) {
		failures++;
		frame_free(hog[--n], 0);
	}
	assert_int_equal(failures, 4);
	while (n > 0) {
		frame_free(hog[--n], 0);
	}
	while (!p2m_destroy_step(&p2m, 1)) {
	}
	assert_int_equal(free_pages(), before);
}

static void copies_cross_pages_and_stop_at_the_end(void **state)
{
	u8 out[3 * PAGE_SIZE];
	u8 in[3 * PAGE_SIZE];
	struct p2m p2m;

	(void)state;
	for (u32 i = 0; i < sizeof(out); i++) {
		out[i] = (u8)(i * 7 + (i >> 8));
	}
	assert_int_equal(p2m_init(&p2m, &format, 3, guest_ram), 0);
	assert_int_equal(guest_write(&p2m, gpa(0x1ff1), out, sizeof(out)), 0);
	assert_int_equal(guest_read(&p2m, gpa(0x1ff1), in, sizeof(in)), 0);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(p2m.touched_pages, 4);
	assert_int_equal(guest_write(&p2m, gpa(699 * PAGE_SIZE + 10), out, PAGE_SIZE), ERR_FAULT);
	assert_int_equal(guest_read(&p2m, gpa(700 * PAGE_SIZE), in, 1), ERR_FAULT);
	assert_int_equal(guest_read(&p2m, gpa(UINT64_MAX - 3), in, 8), ERR_FAULT);
	assert_null(guest_page(&p2m, gfn(700)));
	assert_non_null(guest_page(&p2m, gfn(699)));
	while (!p2m_destroy_step(&p2m, 64)) {
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_aligned_zeroed_and_disjoint),
		cmocka_unit_test(freed_blocks_merge),
		cmocka_unit_test(pages_zeroed_ahead_are_used_first_and_can_merge),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(map_backs_ram_on_touch_and_frees_all),
		cmocka_unit_test(map_survives_running_out_of_memory),
		cmocka_unit_test(copies_cross_pages_and_stop_at_the_end),
	};

	return cmocka_run_group_tests_name("mm", tests, machine_make, NULL);
}
