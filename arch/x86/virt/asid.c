// SPDX-License-Identifier: GPL-2.0-only
/* ASID and VPID allocation of one pCPU (APM vol. 2, 15.16; SDM vol. 3, 28.1). Works with two of
 * them. */
#include "arch/x86/virt/asid.h"

#include "kernel/lib/assert.h"

void asid_pool_init(struct asid_pool *pool, u32 count)
{
	assert(count >= 2);
	/* Nothing is known about the TLB yet: the first assignment starts a generation, with a
	 * flush. */
	*pool = (struct asid_pool){.generation = 0, .next = count, .count = count};
}

bool asid_valid(const struct asid_pool *pool, const struct asid *asid, u32 pcpu)
{
	return asid->generation == pool->generation && asid->pcpu == pcpu && asid->asid != 0;
}

bool asid_assign(struct asid_pool *pool, struct asid *asid, u32 pcpu)
{
	bool flush = pool->next >= pool->count;

	if (flush) {
		pool->generation++;
		pool->next = 1;
	}
	*asid = (struct asid){.generation = pool->generation, .pcpu = pcpu, .asid = pool->next++};
	return flush;
}
