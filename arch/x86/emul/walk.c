// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page-table walk in three steps: go down and collect the entries, check the rights, then set
 * accessed and dirty bits. When an entry changed meanwhile, all is done again. No locks.
 */
#include "arch/x86/emul/walk.h"

#define ENTRY_W	   BIT(1)
#define ENTRY_U	   BIT(2)
#define ENTRY_A	   BIT(5)
#define ENTRY_D	   BIT(6)
#define ENTRY_NX   BIT(63)
#define LEVELS_MAX 5
/* A guest that changes entries under eight walks in a row is doing it on purpose. */
#define TRIES_MAX  8

static const struct {
	u8 levels, index_bits, entry_size;
	u64 root_mask;
} formats[] = {
	[WALK_32] = {2, 10, 4, 0xfffff000},
	[WALK_PAE] = {3, 9, 8, 0xffffffe0},
	[WALK_LEVEL4] = {4, 9, 8, WALK_ENTRY_ADDR},
	[WALK_LEVEL5] = {5, 9, 8, WALK_ENTRY_ADDR},
};

/* One walk. Levels count from 1 (page table) up. */
struct walk_path {
	u64 entry[LEVELS_MAX + 1];
	gpa_t at[LEVELS_MAX + 1];
	u8 top, leaf;
	u64 allowed; /* ENTRY_W and ENTRY_U that all levels grant */
	bool nx;
};

void walk_mode_of(const struct guest_state *gs, u8 phys_bits, bool has_1g, u32 pkru,
		  struct walk_mode *mode)
{
	bool pae = (gs->cr4 & BIT(5)) != 0;
	bool lma = (gs->efer & BIT(10)) != 0;

	*mode = (struct walk_mode){
		.format = WALK_32,
		.phys_bits = phys_bits,
		.cpl = gs->cpl,
		.pse = (gs->cr4 & BIT(4)) != 0,
		.wp = (gs->cr0 & BIT(16)) != 0,
		.smep = (gs->cr4 & BIT(20)) != 0,
		.smap = (gs->cr4 & BIT(21)) != 0,
		.nxe = pae && (gs->efer & BIT(11)) != 0,
		.pke = lma && (gs->cr4 & BIT(22)) != 0,
		.has_1g = has_1g,
		.ac = (gs->rflags & BIT(18)) != 0,
		.pkru = pkru,
		.cr3 = gs->cr3,
	};
	if ((gs->cr0 & BIT(31)) == 0) {
		mode->format = WALK_NONE;
	} else if (lma) {
		mode->format = (gs->cr4 & BIT(12)) != 0 ? WALK_LEVEL5 : WALK_LEVEL4;
	} else if (pae) {
		mode->format = WALK_PAE;
	}
}

/* Bits high..low set; none when high < low. */
static u64 bits(u8 high, u8 low)
{
	return high < low ? 0 : (~0ull >> (63 - high)) & (~0ull << low);
}

static u8 level_shift(const struct walk_mode *mode, u8 level)
{
	return (u8)(PAGE_SHIFT + formats[mode->format].index_bits * (level - 1));
}

/* SDM 3A tables 4-4 to 4-20: bits that must be zero in a present entry. */
static u64 reserved_bits(const struct walk_mode *mode, u8 level, bool leaf)
{
	u64 mask;

	if (mode->format == WALK_32) {
		/* PSE-36: bits 20:13 are address bits 39:32 as far as MAXPHYADDR goes. */
		return leaf && level == 2 ? bits(21, MIN(mode->phys_bits, 40) - 19) : 0;
	}
	if (mode->format == WALK_PAE && level == 3) {
		/* Not bit 5: QEMU's CPU sets it in walks as if it were an accessed bit, and what
		 * the CPU has walked must not be refused here. */
		return bits(63, mode->phys_bits) | bits(8, 6) | bits(2, 1);
	}
	mask = bits(mode->format == WALK_PAE ? 62 : 51, mode->phys_bits);
	if (!mode->nxe) {
		mask |= ENTRY_NX;
	}
	if (leaf && level > 1) {
		return mask | bits(level_shift(mode, level) - 1, 13);
	}
	if (level >= 4 || (level == 3 && !mode->has_1g)) {
		mask |= WALK_ENTRY_PS;
	}
	return mask;
}

static bool is_leaf(const struct walk_mode *mode, u8 level, u64 entry)
{
	if (level == 1) {
		return true;
	}
	if ((entry & WALK_ENTRY_PS) == 0) {
		return false;
	}
	if (level == 2) {
		return mode->format != WALK_32 || mode->pse;
	}
	return level == 3 && mode->format != WALK_PAE && mode->has_1g;
}

/* PAE's top level has no rights, no accessed bit and no size bit. */
static bool has_rights(const struct walk_mode *mode, u8 level)
{
	return mode->format != WALK_PAE || level != 3;
}

static u64 load_entry(const void *page, u64 offset, u8 size)
{
	const void *p = (const u8 *)page + offset;

	return size == 8 ? *(const volatile u64 *)p : *(const volatile u32 *)p;
}

static u32 fault_code(const struct walk_mode *mode, u32 access)
{
	bool user = mode->cpl == 3 && (access & WALK_SYSTEM) == 0;
	bool fetch = (access & WALK_FETCH) != 0;

	return ((access & WALK_WRITE) != 0 ? WALK_PF_W : 0) | (user ? WALK_PF_U : 0) |
	       (fetch && (mode->nxe || mode->smep) ? WALK_PF_I : 0);
}

/* Collects the entries from the root to the leaf. */
static int go_down(const struct walk_mode *mode, struct walk_mem *mem, u64 va,
		   struct walk_path *path, u32 *fault)
{
	u8 size = formats[mode->format].entry_size;
	u64 index_mask = BIT(formats[mode->format].index_bits) - 1;
	u64 table = mode->cr3 & formats[mode->format].root_mask;

	path->top = formats[mode->format].levels;
	path->allowed = ENTRY_W | ENTRY_U;
	path->nx = false;
	for (u8 level = path->top;; level--) {
		u64 at = table + ((va >> level_shift(mode, level)) & index_mask) * size;
		const void *page = mem->page(mem, gpa(at & ~PAGE_MASK));
		u64 entry;
		bool leaf;

		if (page == NULL) {
			return ERR_NOENT;
		}
		entry = load_entry(page, at & PAGE_MASK, size);
		leaf = is_leaf(mode, level, entry);
		path->at[level] = gpa(at);
		path->entry[level] = entry;
		if ((entry & WALK_ENTRY_P) == 0) {
			*fault = 0;
			return ERR_FAULT;
		}
		if ((entry & reserved_bits(mode, level, leaf)) != 0) {
			*fault = WALK_PF_P | WALK_PF_RSVD;
			return ERR_FAULT;
		}
		if (has_rights(mode, level)) {
			path->allowed &= entry;
			path->nx |= mode->nxe && (entry & ENTRY_NX) != 0;
		}
		if (leaf) {
			path->leaf = level;
			return 0;
		}
		table = entry & WALK_ENTRY_ADDR;
	}
}

/* Protection keys: user pages in long mode, data accesses (SDM 3A 4.6.2). */
static bool key_forbids(const struct walk_mode *mode, const struct walk_path *path, u32 access)
{
	u32 rights = mode->pkru >> (2 * ((path->entry[path->leaf] >> 59) & 15));
	bool user = mode->cpl == 3 && (access & WALK_SYSTEM) == 0;

	if (!mode->pke || (path->allowed & ENTRY_U) == 0 || (access & WALK_FETCH) != 0) {
		return false;
	}
	return (rights & 1) != 0 ||
	       ((rights & 2) != 0 && (access & WALK_WRITE) != 0 && (user || mode->wp));
}

static bool rights_forbid(const struct walk_mode *mode, const struct walk_path *path, u32 access)
{
	bool user = mode->cpl == 3 && (access & WALK_SYSTEM) == 0;
	bool user_page = (path->allowed & ENTRY_U) != 0;
	bool smap_open = mode->ac && (access & WALK_SYSTEM) == 0;

	if (user && !user_page) {
		return true;
	}
	if ((access & WALK_FETCH) != 0) {
		return path->nx || (!user && user_page && mode->smep);
	}
	if (!user && user_page && mode->smap && !smap_open) {
		return true;
	}
	return (access & WALK_WRITE) != 0 && (path->allowed & ENTRY_W) == 0 && (user || mode->wp);
}

static int set_bits(const struct walk_mode *mode, struct walk_mem *mem,
		    const struct walk_path *path, u32 access)
{
	u8 size = formats[mode->format].entry_size;

	for (u8 level = path->top; level >= path->leaf; level--) {
		u64 old = path->entry[level];
		u64 next = old | ENTRY_A;
		int err;

		if (level == path->leaf && (access & WALK_WRITE) != 0) {
			next |= ENTRY_D;
		}
		if (next == old || !has_rights(mode, level)) {
			continue;
		}
		err = mem->update(mem, path->at[level], size, old, next);
		if (err != 0) {
			return err;
		}
	}
	return 0;
}

static u64 leaf_address(const struct walk_mode *mode, const struct walk_path *path, u64 va)
{
	u64 entry = path->entry[path->leaf];
	u64 offset_mask = BIT(level_shift(mode, path->leaf)) - 1;
	u64 base = entry & WALK_ENTRY_ADDR & ~offset_mask;

	if (mode->format == WALK_32 && path->leaf == 2) {
		base |= (entry & bits(20, 13)) << (32 - 13);
	}
	return base | (va & offset_mask);
}

static int walk_once(const struct walk_mode *mode, struct walk_mem *mem, u64 va, u32 access,
		     struct walk_result *result)
{
	struct walk_path path;
	bool by_key;
	u32 fault = 0;
	int err = go_down(mode, mem, va, &path, &fault);

	if (err != 0) {
		result->error = fault_code(mode, access) | fault;
		return err;
	}
	by_key = key_forbids(mode, &path, access);
	if (by_key || rights_forbid(mode, &path, access)) {
		result->error = fault_code(mode, access) | WALK_PF_P | (by_key ? WALK_PF_PK : 0);
		return ERR_FAULT;
	}
	result->gpa = gpa(leaf_address(mode, &path, va));
	result->page_shift = level_shift(mode, path.leaf);
	return (access & WALK_PEEK) != 0 ? 0 : set_bits(mode, mem, &path, access);
}

int walk(const struct walk_mode *mode, struct walk_mem *mem, gva_t va, u32 access,
	 struct walk_result *result)
{
	if (mode->format == WALK_NONE) {
		result->gpa = gpa(va.v);
		result->page_shift = PAGE_SHIFT;
		return 0;
	}
	for (u32 i = 0; i < TRIES_MAX; i++) {
		int err = walk_once(mode, mem, va.v, access, result);

		if (err != ERR_AGAIN) {
			return err;
		}
	}
	return ERR_LIMIT;
}
