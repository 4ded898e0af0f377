/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks a guest's own page tables: guest-virtual (linear) to guest-physical, with the checks and
 * the accessed and dirty bits of hardware, in all paging modes. Guest-physical memory is reached
 * through the caller's struct walk_mem. It caches nothing and takes no locks. Pure.
 *
 * Source: SDM volume 3A chapter 4; APM volume 2 chapter 5.
 */
#ifndef ARCH_X86_EMUL_WALK_H
#define ARCH_X86_EMUL_WALK_H

#include "arch/x86/virt/virt.h"
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

/* Guest-physical memory as the walker sees it; the caller embeds it in a struct of its own. */
struct walk_mem {
	/* Where the guest-physical page at `page` (4 KiB aligned) can be read; NULL if that is no
	 * RAM. The guest may write it at any time; the walker reads each entry once. */
	const void *(*page)(struct walk_mem *mem, gpa_t page);
	/* Replaces the entry of `size` (4 or 8) bytes at `entry` by `next` if it still is `old`, in
	 * one atomic step. 0; ERR_AGAIN when it had changed; any other code is handed back. */
	int (*update)(struct walk_mem *mem, gpa_t entry, u8 size, u64 old, u64 next);
};

enum walk_format { WALK_NONE, WALK_32, WALK_PAE, WALK_LEVEL4, WALK_LEVEL5 };

/* How a vCPU translates at present: filled by walk_mode_of(), or by hand in tests. */
struct walk_mode {
	u8 format;    /* enum walk_format */
	u8 phys_bits; /* MAXPHYADDR the guest was shown: 32..52 */
	u8 cpl;
	bool pse, wp, smep, smap, nxe, pke;
	bool has_1g; /* 1 GiB pages were shown to the guest */
	bool ac;     /* RFLAGS.AC */
	u32 pkru;    /* counts only when pke; 0 allows everything */
	u64 cr3;
};

/* Fills *mode from cr0, cr3, cr4, efer, rflags and cpl of *gs. `pkru` is 0 without PKU. */
void walk_mode_of(const struct guest_state *gs, u8 phys_bits, bool has_1g, u32 pkru,
		  struct walk_mode *mode);

/* What kind of access is translated. */
enum {
	WALK_READ = 0,
	WALK_WRITE = BIT(0),
	WALK_FETCH = BIT(1),
	/* A supervisor access by its nature (descriptor tables, TSS), whatever CPL is. */
	WALK_SYSTEM = BIT(2),
	/* Look only: set no accessed or dirty bits. */
	WALK_PEEK = BIT(3),
};

/* Page-fault error code bits (SDM 3A 4.7). */
enum {
	WALK_PF_P = BIT(0),
	WALK_PF_W = BIT(1),
	WALK_PF_U = BIT(2),
	WALK_PF_RSVD = BIT(3),
	WALK_PF_I = BIT(4),
	WALK_PF_PK = BIT(5),
};

struct walk_result {
	gpa_t gpa;     /* of the address itself, when 0 was returned */
	u8 page_shift; /* 12, 21, 22 or 30: all of that page is translated alike; 12 without paging
			*/
	u32 error;     /* page-fault error code, when ERR_FAULT was returned */
};

/*
 * Translates `va`, which is canonical in 4- and 5-level mode (below 4 GiB in the others). Returns
 * 0; ERR_FAULT: #PF with result->error; ERR_NOENT: a table lies outside RAM; ERR_LIMIT: the guest
 * changed an entry under the walk too often (repeat the instruction); else what update() returned.
 */
int walk(const struct walk_mode *mode, struct walk_mem *mem, gva_t va, u32 access,
	 struct walk_result *result) must_check;

#define WALK_ENTRY_P	BIT(0)
#define WALK_ENTRY_PS	BIT(7)
#define WALK_ENTRY_ADDR 0x000ffffffffff000ull

#endif
