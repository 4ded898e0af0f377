// SPDX-License-Identifier: GPL-2.0-only
/* ASID allocation of one pCPU (APM vol. 2, 15.16). Works with two ASIDs and without FlushByAsid. */
#include "arch/x86/virt/svm/svm_asid.h"

#include "kernel/lib/assert.h"

void svm_asid_pool_init(struct svm_asid_pool *pool, u32 count)
{
	assert(count >= 2);
	/* Nothing is known about the TLB yet: the first assignment starts a generation, with a
	 * flush. */
	*pool = (struct svm_asid_pool){.generation = 0, .next = count, .count = count};
}

bool svm_asid_valid(const struct svm_asid_pool *pool, const struct svm_asid *asid, u32 pcpu)
{
	return asid->generation == pool->generation && asid->pcpu == pcpu && asid->asid != 0;
}

bool svm_asid_assign(struct svm_asid_pool *pool, struct svm_asid *asid, u32 pcpu)
{
	bool flush = pool->next >= pool->count;

	if (flush) {
		pool->generation++;
		pool->next = 1;
	}
	*asid = (struct svm_asid){
		.generation = pool->generation, .pcpu = pcpu, .asid = pool->next++};
	return flush;
}
