// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/clock: conversions against exact 128-bit arithmetic, monotony, saturation. */
#include "tests/unit/unit.h"
#include "kernel/lib/clock.h"

static const u64 rates_khz[] = {1,	 999,	  1000,	      25000,	    60000,
				999999,	 1000000, 1000001,    2399999,	    2904012,
				3192747, 5000000, 1000000000, CLOCK_KHZ_MAX};

static u64 rng_state = 0x9e3779b97f4a7c15;

static u64 rng_next(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

/* A number of random size. */
static u64 rng_any(void)
{
	u64 value = rng_next();

	return value >> (rng_next() % 64);
}

static unsigned __int128 exact_ns(u64 ticks, u64 khz)
{
	return (unsigned __int128)ticks * 1000000u / khz;
}

static void check_one(const struct clock *clock, u64 khz, u64 ticks)
{
	unsigned __int128 exact = exact_ns(ticks, khz);
	u64 ns;

	if (ticks > UINT64_MAX - clock->base_tsc) {
		return;
	}
	ns = clock_tsc_to_ns(clock, clock->base_tsc + ticks);
	if (exact < BIT(62)) {
		assert_true(ns == (u64)exact || ns + 1 == (u64)exact);
	}
	if (ticks > 0) {
		assert_true(clock_tsc_to_ns(clock, clock->base_tsc + ticks - 1) <= ns);
	}
}

static void tsc_to_ns_is_within_one_of_exact(void **state)
{
	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rates_khz); r++) {
		struct clock clock;

		clock_init(&clock, rates_khz[r], 0x123456789abc);
		for (int i = 0; i < 20000; i++) {
			check_one(&clock, rates_khz[r], rng_any());
		}
		for (u64 ticks = 0; ticks < 5000; ticks++) {
			check_one(&clock, rates_khz[r], ticks);
		}
	}
}

static void ns_to_tsc_is_the_first_that_is_late_enough(void **state)
{
	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rates_khz); r++) {
		struct clock clock;

		clock_init(&clock, rates_khz[r], 7777);
		for (int i = 0; i < 20000; i++) {
			u64 ns = rng_any();
			u64 tsc = clock_ns_to_tsc(&clock, ns);

			if (tsc == UINT64_MAX) {
				assert_true(clock_tsc_to_ns(&clock, UINT64_MAX - 1) <= ns);
				continue;
			}
			assert_true(clock_tsc_to_ns(&clock, tsc) >= ns);
			if (tsc > clock.base_tsc) {
				assert_true(clock_tsc_to_ns(&clock, tsc - 1) < ns);
			}
		}
	}
}

static void ends_of_the_range(void **state)
{
	struct clock clock;

	(void)state;
	clock_init(&clock, 1, 1000);
	assert_int_equal(clock_tsc_to_ns(&clock, 0), 0);
	assert_int_equal(clock_tsc_to_ns(&clock, 999), 0);
	assert_int_equal(clock_tsc_to_ns(&clock, 1000), 0);
	assert_true(clock_tsc_to_ns(&clock, UINT64_MAX) == NEVER_NS - 1);
	assert_true(clock_ns_to_tsc(&clock, 0) == 1000);

	clock_init(&clock, CLOCK_KHZ_MAX, 1000);
	assert_true(clock_ns_to_tsc(&clock, NEVER_NS) == UINT64_MAX);
	assert_true(clock_ns_to_tsc(&clock, NEVER_NS - 1) == UINT64_MAX);
}

/* One billion nanoseconds a second, after a century as on the first day: no drift. */
static void whole_seconds(void **state)
{
	struct clock clock;

	(void)state;
	clock_init(&clock, 2904012, 0);
	for (u64 seconds = 1; seconds < 4000000000u; seconds *= 3) {
		u64 ns = clock_tsc_to_ns(&clock, seconds * 2904012000u);

		assert_true(ns == seconds * NSEC_PER_SEC || ns == seconds * NSEC_PER_SEC - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tsc_to_ns_is_within_one_of_exact),
		cmocka_unit_test(ns_to_tsc_is_the_first_that_is_late_enough),
		cmocka_unit_test(ends_of_the_range),
		cmocka_unit_test(whole_seconds),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
