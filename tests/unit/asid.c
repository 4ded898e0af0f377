// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/asid: no ASID is ever in use twice without a flush between. */
#include "tests/unit/unit.h"
#include "arch/x86/virt/asid.h"

static void first_one_flushes_what_the_tlb_held_before(void **state)
{
	struct asid_pool pool;
	struct asid a = {0};

	(void)state;
	asid_pool_init(&pool, 16);
	assert_false(asid_valid(&pool, &a, 0));
	assert_true(asid_assign(&pool, &a, 0));
	assert_true(asid_valid(&pool, &a, 0));
	assert_int_equal(a.asid, 1);
}

static void another_pcpu_makes_it_void(void **state)
{
	struct asid_pool here, there;
	struct asid a = {0};

	(void)state;
	asid_pool_init(&here, 16);
	asid_pool_init(&there, 16);
	(void)asid_assign(&here, &a, 0);
	assert_false(asid_valid(&there, &a, 1));
	(void)asid_assign(&there, &a, 1);
	assert_false(asid_valid(&here, &a, 0));
}

/* Translations are remembered by (ASID, which vCPU made them): a vCPU must never be given an ASID
 * with those of another behind it. */
static void no_stale_translations(u32 count)
{
	struct asid_pool pool;
	struct asid vcpu[5] = {0};
	int tlb[64];
	u32 flushes = 0;

	for (u32 i = 0; i < ARRAY_SIZE(tlb); i++) {
		tlb[i] = -2; /* of before the pool was made */
	}
	asid_pool_init(&pool, count);
	for (u32 step = 0; step < 1000; step++) {
		u32 who = (step * 7 + step / 13) % ARRAY_SIZE(vcpu);
		bool renew = step % 11 == 0;

		if (renew || !asid_valid(&pool, &vcpu[who], 0)) {
			if (asid_assign(&pool, &vcpu[who], 0)) {
				flushes++;
				for (u32 i = 0; i < ARRAY_SIZE(tlb); i++) {
					tlb[i] = -1;
				}
			}
			assert_int_equal(tlb[vcpu[who].asid], -1);
		}
		assert_in_range(vcpu[who].asid, 1, count - 1);
		assert_true(tlb[vcpu[who].asid] == -1 || tlb[vcpu[who].asid] == (int)who);
		tlb[vcpu[who].asid] = (int)who;
	}
	assert_true(flushes > 1);
}

static void reuse_is_always_behind_a_flush(void **state)
{
	(void)state;
	no_stale_translations(2);
	no_stale_translations(3);
	no_stale_translations(16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_one_flushes_what_the_tlb_held_before),
		cmocka_unit_test(another_pcpu_makes_it_void),
		cmocka_unit_test(reuse_is_always_behind_a_flush),
	};

	return cmocka_run_group_tests_name("asid", tests, NULL, NULL);
}
