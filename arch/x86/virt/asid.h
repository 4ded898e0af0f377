/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address-space identifiers of one pCPU: AMD-V's ASIDs, VT-x's VPIDs. They are handed out in ascending order; when none
 * is left a new generation begins with a flush of the pCPU's whole TLB, and what was given out before is void. So an
 * identifier just handed out has no translations behind it. Pure; belongs to its pCPU.
 */
#ifndef ARCH_X86_VIRT_ASID_H
#define ARCH_X86_VIRT_ASID_H

#include "kernel/lib/types.h"

struct asid_pool {
	u64 generation;
	u32 next;
	u32 count; /* ASIDs are 1 .. count-1: 0 is the host's */
};

/* What a vCPU holds; zeroed: nothing. Valid on the pCPU with that number only. */
struct asid {
	u64 generation;
	u32 pcpu;
	u32 asid;
};

/* `count`: ASIDs with the one of the host, at least 2. */
void asid_pool_init(struct asid_pool *pool, u32 count);

/* May the vCPU go on under the ASID it holds? */
bool asid_valid(const struct asid_pool *pool, const struct asid *asid, u32 pcpu);

/* Gives a fresh one. True: the whole TLB must be flushed with the next entry. */
bool asid_assign(struct asid_pool *pool, struct asid *asid, u32 pcpu);

#endif
