// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/svm/svm_asid: no ASID is ever in use twice without a flush between. */
#include "tests/unit/unit.h"
#include "arch/x86/virt/svm/svm_asid.h"

static void first_one_flushes_what_the_tlb_held_before(void **state)
{
	struct svm_asid_pool pool;
	struct svm_asid a = {0};

	(void)state;
	svm_asid_pool_init(&pool, 16);
	assert_false(svm_asid_valid(&pool, &a, 0));
	assert_true(svm_asid_assign(&pool, &a, 0));
	assert_true(svm_asid_valid(&pool, &a, 0));
	assert_int_equal(a.asid, 1);
}

static void another_pcpu_makes_it_void(void **state)
{
	struct svm_asid_pool here, there;
	struct svm_asid a = {0};

	(void)state;
	svm_asid_pool_init(&here, 16);
	svm_asid_pool_init(&there, 16);
	(void)svm_asid_assign(&here, &a, 0);
	assert_false(svm_asid_valid(&there, &a, 1));
	(void)svm_asid_assign(&there, &a, 1);
	assert_false(svm_asid_valid(&here, &a, 0));
}

/* Translations are remembered by (ASID, which vCPU made them): a vCPU must never be given an ASID
 * with those of another behind it. */
static void no_stale_translations(u32 count)
{
	struct svm_asid_pool pool;
	struct svm_asid vcpu[5] = {0};
	int tlb[64];
	u32 flushes = 0;

	for (u32 i = 0; i < ARRAY_SIZE(tlb); i++) {
		tlb[i] = -2; /* of before the pool was made */
	}
	svm_asid_pool_init(&pool, count);
	for (u32 step = 0; step < 1000; step++) {
		u32 who = (step * 7 + step / 13) % ARRAY_SIZE(vcpu);
		bool renew = step % 11 == 0;

		if (renew || !svm_asid_valid(&pool, &vcpu[who], 0)) {
			if (svm_asid_assign(&pool, &vcpu[who], 0)) {
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

	return cmocka_run_group_tests_name("svm_asid", tests, NULL, NULL);
}
