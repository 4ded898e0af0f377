// SPDX-License-Identifier: GPL-2.0-only
/* kernel/guestif/pvclock: the scale of kvmclock against exact arithmetic, and ns as TSC ticks. */
#include "tests/unit/unit.h"
#include "kernel/guestif/pvclock.h"

static const u64 rates_khz[] = {1,	   999,	    10000,   50000,   999999,  1000000,
				1000001,   1999999, 2000000, 2000001, 2912345, 4000000000 / 1000,
				1ull << 30};

static void scales_are_normal(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rates_khz); i++) {
		struct pvclock_scale scale = pvclock_scale_of(rates_khz[i]);

		assert_true((scale.mul & BIT(31)) != 0);
		assert_in_range(scale.shift + 32, 0, 64);
	}
}

/* What a guest reads is the exact time, less at most one part in 2^31 and what one tick is. */
static void readings_are_right(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rates_khz); i++) {
		const u64 khz = rates_khz[i], zero = 0xfffffffff0000000; /* wraps */
		struct kvm_clock clock;

		pvclock_fill(&clock, khz, zero, true);
		assert_int_equal(clock.flags, KVM_CLOCK_TSC_STABLE);
		for (u64 seconds = 0; seconds < 100000; seconds = seconds * 3 + 1) {
			u64 exact = seconds * NSEC_PER_SEC;
			u64 read = pvclock_read(&clock, zero + seconds * khz * 1000);

			assert_true(read <= exact);
			assert_true(exact - read <= (exact >> 31) + 1 + NSEC_PER_MSEC / khz);
		}
	}
}

static void readings_never_go_back(void **state)
{
	struct kvm_clock clock;
	u64 last = 0;

	(void)state;
	pvclock_fill(&clock, 2912345, 1000, false);
	assert_int_equal(clock.flags, 0);
	for (u64 tsc = 1000; tsc < 20000; tsc++) {
		u64 read = pvclock_read(&clock, tsc);

		assert_true(read >= last && read <= last + 1);
		last = read;
	}
}

static void ns_become_ticks(void **state)
{
	u64 last = 0;

	(void)state;
	assert_true(pvclock_ns_to_tsc(0, 2912345) == 0);
	assert_true(pvclock_ns_to_tsc(NSEC_PER_SEC, 2912345) == 2912345000);
	assert_true(pvclock_ns_to_tsc(86400 * NSEC_PER_SEC, 4000000) == 86400ull * 4000000000);
	assert_true(pvclock_ns_to_tsc(1, 999999) == 0);
	assert_true(pvclock_ns_to_tsc(365 * 86400 * NSEC_PER_SEC + 1, 1000000) ==
		    365 * 86400 * NSEC_PER_SEC + 1);
	for (u64 ns = 0; ns < 3000000; ns += 7) {
		u64 ticks = pvclock_ns_to_tsc(ns, 2912345);

		assert_true(ticks >= last);
		last = ticks;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scales_are_normal),
		cmocka_unit_test(readings_are_right),
		cmocka_unit_test(readings_never_go_back),
		cmocka_unit_test(ns_become_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
