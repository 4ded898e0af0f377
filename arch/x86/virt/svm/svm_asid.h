/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address-space identifiers of one pCPU. They are handed out in ascending order; when none is left a new
 * generation begins with a flush of the pCPU's whole TLB, and what was given out before is void. So an
 * identifier just handed out has no translations behind it. Pure; belongs to its pCPU.
 */
#ifndef ARCH_X86_VIRT_SVM_SVM_ASID_H
#define ARCH_X86_VIRT_SVM_SVM_ASID_H

#include "kernel/lib/types.h"

struct svm_asid_pool {
	u64 generation;
	u32 next;
	u32 count; /* ASIDs are 1 .. count-1: 0 is the host's */
};

/* What a vCPU holds; zeroed: nothing. Valid on the pCPU with that number only. */
struct svm_asid {
	u64 generation;
	u32 pcpu;
	u32 asid;
};

/* `count` as CPUID 8000_000A EBX says, at least 2. */
void svm_asid_pool_init(struct svm_asid_pool *pool, u32 count);

/* May the vCPU go on under the ASID it holds? */
bool svm_asid_valid(const struct svm_asid_pool *pool, const struct svm_asid *asid, u32 pcpu);

/* Gives a fresh one. True: the whole TLB must be flushed with the next VMRUN. */
bool svm_asid_assign(struct svm_asid_pool *pool, struct svm_asid *asid, u32 pcpu);

#endif
