// SPDX-License-Identifier: GPL-2.0-only
/*
 * All RAM of the memory map: zero when touched first, every page holds what was written to it and
 * no other. Pages are visited in an order that jumps about, so that large mappings are split and
 * joined underneath. Below 4 GiB only.
 */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

static u64 pages, nonzero, wrong, top;

static u64 pattern(u64 page)
{
	u64 state = page + 0x9e3779b97f4a7c15ull;

	return random_next(&state);
}

/* Untouched RAM: behind the image and what the loader left there. */
static u64 first_page(u64 base)
{
	return MAX(ALIGN_UP(base, PAGE_SIZE), page_free_base() + MIB(1)) / PAGE_SIZE;
}

static void visit(u64 base, u64 size, void (*fn)(u64 page))
{
	u64 first = first_page(base), end = MIN(base + size, GIB(4)) / PAGE_SIZE;

	/* Stride 613 is prime: every page once, neighbours far apart. */
	if (end <= first) {
		return;
	}
	u64 n = end - first;
	u64 stride = n % 613 == 0 ? 617 : 613;
	for (u64 i = 0; i < n; i++) {
		fn(first + i * stride % n);
	}
}

static void write_page(u64 page)
{
	volatile u64 *p = (volatile u64 *)(uintptr_t)(page * PAGE_SIZE);

	pages++;
	nonzero += p[0] != 0 || p[100] != 0 || p[511] != 0;
	p[page % 512] = pattern(page);
	p[511 - page % 512] = ~pattern(page);
}

static void check_page(u64 page)
{
	const volatile u64 *p = (const volatile u64 *)(uintptr_t)(page * PAGE_SIZE);

	wrong += p[page % 512] != pattern(page) || p[511 - page % 512] != ~pattern(page);
}

static void write_range(u64 base, u64 size, void *arg)
{
	(void)arg;
	print("RAM %lx - %lx\n", base, base + size);
	top = MAX(top, base + size);
	visit(base, size, write_page);
}

static void check_range(u64 base, u64 size, void *arg)
{
	(void)arg;
	visit(base, size, check_page);
}

void guest_main(void)
{
	ram_for_each(write_range, NULL);
	ram_for_each(check_range, NULL);
	report(pages > 0 && wrong == 0, "every page holds its own pattern", "%lu pages, %lu wrong",
	       pages, wrong);
	report_pc(nonzero == 0, "first touch reads zero", "%lu of %lu pages are not", nonzero,
		  pages);
	report(top >= ram_top(), "memory map reaches mem_upper", "%lx, %lx", top, ram_top());
}
