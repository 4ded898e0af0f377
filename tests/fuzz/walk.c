// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: guest page-table walk. The input is control registers, an address and four pages of
 * guest memory from address 0, which change under the walk.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86/emul/code_cache.h"
#include "arch/x86/emul/walk.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { PAGES = 4, UPDATES_MAX = 64 };

struct fuzz_mem {
	struct walk_mem mem;
	u8 *page[PAGES]; /* each an allocation of its own, fenced by the sanitizer */
	u32 updates;
	u8 races; /* bit n: the n-th update finds another value */
};

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

static const void *fuzz_page(struct walk_mem *mem, gpa_t page)
{
	struct fuzz_mem *f = container_of(mem, struct fuzz_mem, mem);

	require((page.v & PAGE_MASK) == 0);
	/* Any high address bits: more walks find their way. */
	return (page.v >> 40) != 0 ? NULL : f->page[page.v / PAGE_SIZE % PAGES];
}

static int fuzz_update(struct walk_mem *mem, gpa_t entry, u8 size, u64 old, u64 next)
{
	struct fuzz_mem *f = container_of(mem, struct fuzz_mem, mem);
	u8 *at = f->page[entry.v / PAGE_SIZE % PAGES] + (entry.v & PAGE_MASK);
	u64 now = 0;

	require((size == 4 || size == 8) && entry.v % size == 0);
	require((next & ~old & ~(u64)0x60) == 0 && (old & ~next) == 0);
	require(++f->updates <= UPDATES_MAX);
	memcpy(&now, at, size);
	if (now != old || (f->races >> (f->updates % 8) & 1) != 0) {
		at[0] ^= f->races;
		return ERR_AGAIN;
	}
	memcpy(at, &next, size);
	return 0;
}

/* What every input begins with. */
struct fuzz_head {
	u64 cr0, cr3, cr4, efer, rflags, va;
	u32 pkru;
	u8 cpl, phys_bits, access, races;
};

/* What was filled is found as long as nothing changes. */
static void run_code_cache(const struct fuzz_head *h, struct fuzz_mem *f)
{
	struct code_cache cache;

	code_cache_flush(&cache);
	require(code_cache_find(&cache, h->va & ~BIT(63), h->cr3) == NULL);
	const struct code_spot *spot = code_cache_fill(&cache, &f->mem, h->cr3, h->va);

	if (spot != NULL) {
		require(code_cache_find(&cache, h->va, h->cr3) == spot);
	}
}

static void run(const struct fuzz_head *h, struct fuzz_mem *f)
{
	struct guest_state gs = {.cr0 = h->cr0, .cr3 = h->cr3, .cr4 = h->cr4, .efer = h->efer};
	struct walk_mode mode;
	struct walk_result result;
	int err;

	gs.rflags = h->rflags;
	gs.cpl = h->cpl & 3;
	walk_mode_of(&gs, 32 + h->phys_bits % 21, (h->access & 0x80) != 0, h->pkru, &mode);
	err = walk(&mode, &f->mem, gva(h->va), h->access & 15, &result);
	require(err == 0 || err == ERR_FAULT || err == ERR_NOENT || err == ERR_LIMIT);
	if (err == 0) {
		u64 in_page = BIT(result.page_shift) - 1;

		require((result.gpa.v & in_page) == (h->va & in_page));
		require(mode.format == WALK_NONE || result.gpa.v < 1ull << 52);
	}
	run_code_cache(h, f);
}

/* A short input fills the page again and again. */
static void fill(u8 *page, const u8 *data, size_t size)
{
	for (size_t done = 0; done < PAGE_SIZE;) {
		size_t n = MIN(size, PAGE_SIZE - done);

		memcpy(page + done, data, n);
		done += n;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct fuzz_mem f = {.mem = {fuzz_page, fuzz_update}};
	struct fuzz_head head;

	if (size < sizeof(head) + 8) {
		return 0;
	}
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	for (u32 i = 0; i < PAGES; i++) {
		if (f.page[i] == NULL) {
			f.page[i] = malloc(PAGE_SIZE);
		}
		fill(f.page[i], data + i * (size / PAGES), size - i * (size / PAGES));
	}
	f.races = head.races;
	f.updates = 0;
	run(&head, &f);
	return 0;
}
