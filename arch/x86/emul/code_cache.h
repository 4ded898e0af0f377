/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the bytes of recently exiting instructions are, so that a CPU which does not say how long an
 * instruction is costs little more than one that does. 64-bit code under 4-level paging.
 *
 * It is exact, not a guess: a spot holds every page-table entry of the way to the instruction with the
 * value it had, and counts only while all of them still have that value: what a walk would find now.
 * It relies on guest-physical pages staying where they are in host memory, as translations in a TLB
 * do: whoever takes one away flushes the cache with the TLB. Rights are not checked: the instruction
 * has just been executed. A guest that changes the number of levels in CR4 and keeps its CR3 and its
 * old tables, or rewrites code on another CPU meanwhile, can only fool itself about a length.
 *
 * Pure. Belongs to the pCPU that owns the vCPU.
 */
#ifndef ARCH_X86_EMUL_CODE_CACHE_H
#define ARCH_X86_EMUL_CODE_CACHE_H

#include "kernel/lib/types.h"

struct walk_mem;

#define CODE_CACHE_SPOTS  8u
#define CODE_CACHE_LEVELS 4u
/* Bytes of a spot that can be read: it holds no instruction nearer to the end of a page. */
#define CODE_CACHE_BYTES  4u

struct code_entry {
	const u64 *at;
	u64 value;
};

/* Aligned for its size: a power of two is quickly indexed. */
struct aligned_to(128) code_spot {
	u64 rip;
	u64 cr3;
	const u8 *bytes; /* CODE_CACHE_BYTES at least */
	struct code_entry entry[CODE_CACHE_LEVELS]; /* below a large page the last one repeats */
};

struct code_cache {
	struct code_spot spot[CODE_CACHE_SPOTS];
};

/* Forgets all. To be called before first use, too. */
void code_cache_flush(struct code_cache *cache);

/* Walks the tables at `cr3` to `rip`, remembers and returns where the instruction is; NULL: an entry is
 * not present, a table is not RAM, or the page ends too soon. */
const struct code_spot *code_cache_fill(struct code_cache *cache, struct walk_mem *mem, u64 cr3, u64 rip);

/* The guest may write the entry at any time. */
static inline bool code_entry_same(const struct code_entry *e)
{
	return __atomic_load_n(e->at, __ATOMIC_RELAXED) == e->value;
}

/* The spot of the instruction at `rip`; NULL: not known (any more). */
static inline const struct code_spot *code_cache_find(const struct code_cache *cache, u64 rip,
						      u64 cr3)
{
	const struct code_spot *s = &cache->spot[rip % CODE_CACHE_SPOTS];

	if (s->rip != rip || s->cr3 != cr3) {
		return NULL;
	}
	return code_entry_same(&s->entry[0]) && code_entry_same(&s->entry[1]) &&
			       code_entry_same(&s->entry[2]) && code_entry_same(&s->entry[3])
		       ? s
		       : NULL;
}

#endif
