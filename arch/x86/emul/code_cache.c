// SPDX-License-Identifier: GPL-2.0-only
/* The walk that fills a spot. Checks presence and nothing else: see the header. Pure. */
#include "arch/x86/emul/code_cache.h"

#include "arch/x86/emul/walk.h"

/* Not canonical: no RIP that was executed. */
#define RIP_NEVER BIT(63)

void code_cache_flush(struct code_cache *cache)
{
	for (u32 i = 0; i < CODE_CACHE_SPOTS; i++) {
		cache->spot[i].rip = RIP_NEVER;
	}
}

/* The entry for `va` in the table that `above` points to; false: no RAM, or not present. */
static bool entry_read(struct walk_mem *mem, u64 above, u64 va, u8 shift, struct code_entry *out)
{
	const u64 *table = mem->page(mem, gpa(above & WALK_ENTRY_ADDR));

	if (table == NULL) {
		return false;
	}
	out->at = &table[(va >> shift) & 511];
	out->value = __atomic_load_n(out->at, __ATOMIC_RELAXED);
	return (out->value & WALK_ENTRY_P) != 0;
}

const struct code_spot *code_cache_fill(struct code_cache *cache, struct walk_mem *mem, u64 cr3,
					u64 rip)
{
	struct code_spot *s = &cache->spot[rip % CODE_CACHE_SPOTS];
	u64 entry = cr3;
	u8 shift = 39;

	s->rip = RIP_NEVER;
	if ((rip & PAGE_MASK) > PAGE_SIZE - CODE_CACHE_BYTES) {
		return NULL;
	}
	for (u32 i = 0; i < CODE_CACHE_LEVELS; i++) {
		if (i >= 2 && (entry & WALK_ENTRY_PS) != 0) {
			s->entry[i] = s->entry[i - 1];
			continue;
		}
		if (!entry_read(mem, entry, rip, shift, &s->entry[i])) {
			return NULL;
		}
		entry = s->entry[i].value;
		shift -= 9;
	}
	/* The page that the last entry maps begins 9 bits above the next table's entries. */
	u64 offset_mask = BIT(shift + 9) - 1;
	const u8 *page = mem->page(
		mem, gpa(((entry & ~offset_mask) | (rip & offset_mask)) & WALK_ENTRY_ADDR));

	if (page == NULL) {
		return NULL;
	}
	s->cr3 = cr3;
	s->bytes = page + (rip & PAGE_MASK);
	s->rip = rip;
	return s;
}
