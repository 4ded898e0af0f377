/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest-physical to machine memory of one VM. The nested page tables that hardware walks are the one
 * truth: there is no second map beside them. Works for NPT and EPT alike through struct s2_format.
 *
 * RAM is backed on first touch, 4 KiB at a time, with zeroed frames. Tables and mappings are only ever
 * added while the VM runs, so lookups take no lock; changes take the p2m lock.
 */
#ifndef MM_P2M_H
#define MM_P2M_H

#include "arch/x86/virt/virt.h"
#include "kernel/lib/types.h"
#include "kernel/lock.h"

/* Guest RAM is two ranges: from 0 and from 4 GiB (kernel/guest_layout.h). */
struct p2m_range {
	gfn_t base;
	u64 pages;
};
#define P2M_RANGES 2u

struct p2m {
	struct spinlock lock;
	const struct s2_format *fmt; /* (o) */
	hpa_t root;		     /* (o) */
	u16 owner;		     /* (o) VM id, for the frame table */
	struct p2m_range ram[P2M_RANGES]; /* (o) */
	u64 touched_pages;	     /* [lock] RAM pages backed */
	u64 table_pages;	     /* [lock] pages of the tables themselves */
};

/* Empty map with its root table. ERR_NOMEM. */
int p2m_init(struct p2m *p2m, const struct s2_format *fmt, u16 owner,
	     const struct p2m_range ram[P2M_RANGES]) must_check;

/* Frees up to `budget` tables' worth of mappings and tables; true when nothing is left, the root included.
 * No vCPU of the VM may run any more. */
bool p2m_destroy_step(struct p2m *p2m, u32 budget);

/* Is there RAM at this frame number? Anything else is a device or nothing. */
bool p2m_is_ram(const struct p2m *p2m, gfn_t gfn);

/* Makes the RAM page present. ERR_FAULT: not RAM; ERR_NOMEM. Any pCPU. */
int p2m_touch(struct p2m *p2m, gfn_t gfn, mfn_t *out) must_check;

/* Backs a page that is not RAM, too: of a device whose registers hardware virtualisation keeps in memory. Belongs to
 * the map. Before the VM runs. Errors as above. */
int p2m_back_device(struct p2m *p2m, gfn_t gfn, mfn_t *out) must_check;

/* The frame behind a page that is present already, without locks. ERR_NOENT: not present. */
int p2m_lookup(const struct p2m *p2m, gfn_t gfn, mfn_t *out) must_check;

#endif
