// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/tick_backlog: no tick lost, none invented, none early, never faster than twice the
 * rate, no drift; against a model that keeps time as exact multiples. */
#include "tests/unit/unit.h"
#include "tests/unit/rng.h"
#include "kernel/dev/tick_backlog.h"

static struct rng random_state = {.state = 0x9e3779b97f4a7c15};

static u64 rng(u64 limit)
{
	return rng_below(&random_state, limit);
}

static struct tick_backlog started(u64 first_due_ns, u64 period_ns)
{
	struct tick_backlog t;

	tick_backlog_init(&t);
	tick_backlog_start(&t, first_due_ns, (struct tick_period){.ns = period_ns});
	return t;
}

static void clocks_become_periods(void **state)
{
	(void)state;
	struct tick_period p = tick_period_from_clock(1, 1000000000);

	assert_int_equal(p.ns, 1);
	assert_int_equal(p.frac, 0);
	/* RTC at 1024 Hz: 976562.5 ns. */
	p = tick_period_from_clock(32, 32768);
	assert_int_equal(p.ns, 976562);
	assert_int_equal(p.frac, 0x80000000);
	/* The PIT's longest: 65536 / 1193182 Hz = 54925401.15... ns. */
	p = tick_period_from_clock(65536, 1193182);
	assert_int_equal(p.ns, 54925401);
	p = tick_period_from_clock(3ull << 32, 1);
	assert_true(p.ns == (3ull << 32) * NSEC_PER_SEC);
}

static void stopped_does_nothing(void **state)
{
	(void)state;
	struct tick_backlog t;

	tick_backlog_init(&t);
	tick_backlog_advance(&t, NEVER_NS - 1);
	assert_false(tick_backlog_take(&t, NEVER_NS - 1));
	assert_true(tick_backlog_deadline_ns(&t, true) == NEVER_NS);
	assert_int_equal(tick_backlog_remaining_ns(&t, 5), 0);
	tick_backlog_check(&t);
}

static void punctual_ticks_come_one_by_one(void **state)
{
	(void)state;
	struct tick_backlog t = started(1000000, 1000000);

	for (u64 k = 1; k < 1000; k++) {
		u64 due = k * 1000000;

		assert_int_equal(tick_backlog_deadline_ns(&t, true), due);
		tick_backlog_advance(&t, due - 1);
		assert_false(tick_backlog_take(&t, due - 1));
		tick_backlog_advance(&t, due);
		assert_true(tick_backlog_take(&t, due));
		assert_false(tick_backlog_take(&t, due));
		tick_backlog_check(&t);
	}
}

static void backlog_is_repaid_at_twice_the_rate(void **state)
{
	(void)state;
	struct tick_backlog t = started(1000000, 1000000);
	u64 now = 10 * 1000000;

	tick_backlog_advance(&t, now);
	assert_int_equal(t.pending, 10);
	/* While the line is busy only the next expiration matters. */
	assert_int_equal(tick_backlog_deadline_ns(&t, false), 11 * 1000000);
	for (u64 step = 0; t.pending > 0; step++) {
		assert_true(step < 100);
		tick_backlog_advance(&t, now);
		assert_true(tick_backlog_take(&t, now));
		assert_false(tick_backlog_take(&t, now + 499999));
		now = tick_backlog_deadline_ns(&t, true);
		if (t.pending > 0) {
			assert_int_equal(now, t.not_before_ns);
		}
	}
	/* Ten behind, gaining one a period: caught up after ten more. */
	assert_in_range(now, 19 * 1000000, 21 * 1000000);
}

static void restart_and_stop_drop_what_is_pending(void **state)
{
	(void)state;
	struct tick_backlog t = started(50000, 50000);

	tick_backlog_advance(&t, 500000);
	assert_int_equal(t.pending, 10);
	tick_backlog_start(&t, 600000, (struct tick_period){.ns = 30000});
	assert_int_equal(t.pending, 0);
	assert_int_equal(t.dropped, 10);
	tick_backlog_advance(&t, 600000);
	tick_backlog_stop(&t);
	assert_int_equal(t.dropped, 11);
	assert_false(tick_backlog_take(&t, 700000));
	tick_backlog_check(&t);
}

static void more_than_a_minute_is_given_up(void **state)
{
	(void)state;
	struct tick_backlog t = started(NSEC_PER_MSEC, NSEC_PER_MSEC);

	tick_backlog_advance(&t, TICK_GIVE_UP_NS);
	assert_int_equal(t.pending, 60000);
	assert_int_equal(t.given_up, 0);
	tick_backlog_advance(&t, TICK_GIVE_UP_NS + NSEC_PER_MSEC);
	assert_int_equal(t.pending, 1);
	assert_int_equal(t.given_up, 60000);
	tick_backlog_check(&t);
	/* A century in one step. */
	tick_backlog_advance(&t, 100ull * 365 * 86400 * NSEC_PER_SEC);
	assert_int_equal(t.pending, 1);
	tick_backlog_check(&t);
	/* A period that is longer than the limit still ticks. */
	t = started(1, 200 * NSEC_PER_SEC);
	tick_backlog_advance(&t, 1);
	assert_true(tick_backlog_take(&t, 1));
	tick_backlog_advance(&t, 200 * NSEC_PER_SEC + 1);
	assert_true(tick_backlog_take(&t, 200 * NSEC_PER_SEC + 1));
	tick_backlog_check(&t);
}

static void absurd_periods_are_lengthened(void **state)
{
	(void)state;
	struct tick_backlog t = started(7, 1);

	tick_backlog_advance(&t, 7 + 10 * TICK_PERIOD_MIN_NS);
	assert_int_equal(t.expired, 11);
	tick_backlog_check(&t);
}

/* floor((now - first) * hz / (cycles * 1e9)) + 1: expirations in exact arithmetic. */
static u64 model_expired(u64 first, u64 cycles, u64 hz, u64 now)
{
	if (now < first) {
		return 0;
	}
	return (u64)((unsigned __int128)(now - first) * hz /
		     ((unsigned __int128)cycles * NSEC_PER_SEC)) +
	       1;
}

/* A day of a PIT at many rates in one step and in random steps: the count is exact, give or take
 * the one that 2^-32 ns of rounding a period can move across an instant. */
static void fractions_do_not_drift(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		u64 hz = round % 2 ? 1193182 : 32768;
		u64 cycles = hz / 20000 + 1 + rng(round % 2 ? 65535 : 16000);
		u64 first = rng(1u << 30);
		u64 now = first, end = first + 86400 * NSEC_PER_SEC;
		struct tick_backlog t;

		tick_backlog_init(&t);
		tick_backlog_start(&t, first, tick_period_from_clock(cycles, hz));
		while (now < end) {
			now += round % 8 == 0 ? 86400 * NSEC_PER_SEC : rng(7200 * NSEC_PER_SEC);
			tick_backlog_advance(&t, now);
			tick_backlog_check(&t);
			s64 error = (s64)(t.expired - model_expired(first, cycles, hz, now));

			assert_in_range(error + 1, 1, 2);
		}
	}
}

/* One by one for a quarter of an hour at 1000 Hz of a PIT: each expiration is counted at the first
 * whole ns after its exact time (less what 2^-32 ns a period add up to), not at the one before. */
static void every_expiration_is_at_its_time(void **state)
{
	(void)state;
	const u64 cycles = 1193, hz = 1193182, first = 12345;
	struct tick_backlog t;

	tick_backlog_init(&t);
	/* A fraction left over from before is no part of the new phase. */
	tick_backlog_start(&t, 100000, tick_period_from_clock(cycles, hz));
	tick_backlog_advance(&t, 100000);
	assert_int_not_equal(t.next_due_frac, 0);
	tick_backlog_stop(&t);
	assert_int_equal(t.next_due_frac, 0);
	tick_backlog_start(&t, 100000, tick_period_from_clock(cycles, hz));
	tick_backlog_advance(&t, 100000);
	tick_backlog_start(&t, first, tick_period_from_clock(cycles, hz));
	for (u64 k = 0; k < 900000; k++) {
		unsigned __int128 scaled = (unsigned __int128)k * cycles * NSEC_PER_SEC;
		u64 due = first + (u64)(scaled / hz) + (scaled % hz != 0);
		u64 deadline = tick_backlog_deadline_ns(&t, false), before = t.expired;
		struct tick_backlog late = t, next = t;

		assert_in_range(due - deadline, 0, 1);
		/* Also in one step with the one after. */
		tick_backlog_advance(&next, deadline);
		tick_backlog_advance(&late, tick_backlog_deadline_ns(&next, false) - 1);
		assert_int_equal(late.expired, before + 1);
		tick_backlog_advance(&t, deadline - 1);
		assert_int_equal(t.expired, before);
		tick_backlog_advance(&t, deadline);
		assert_int_equal(t.expired, before + 1);
		tick_backlog_drop(&t);
	}
}

/* What was delivered before a restart does not hold up the first tick after it. */
static void restart_forgets_the_rate_limit(void **state)
{
	(void)state;
	struct tick_backlog t = started(NSEC_PER_SEC, NSEC_PER_SEC);

	tick_backlog_advance(&t, NSEC_PER_SEC);
	assert_true(tick_backlog_take(&t, NSEC_PER_SEC));
	tick_backlog_start(&t, NSEC_PER_SEC + 30000, (struct tick_period){.ns = 30000});
	tick_backlog_advance(&t, NSEC_PER_SEC + 30000);
	assert_true(tick_backlog_take(&t, NSEC_PER_SEC + 30000));
}

/* A guest that takes ticks at random moments, against plain counting. */
static void random_walk(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		u64 period = TICK_PERIOD_MIN_NS + rng(1 << (15 + round % 12));
		u64 first = 1 + rng(period), now = 0, last_taken = 0, taken = 0;
		struct tick_backlog t = started(first, period);

		for (int step = 0; step < 2000; step++) {
			bool free = rng(4) != 0;

			now = rng(3) ? now + rng(period * 3)
				     : MAX(now, tick_backlog_deadline_ns(&t, free));
			u64 due = now < first ? 0 : (now - first) / period + 1;

			/* Asking is the same before and after. */
			assert_int_equal(tick_backlog_remaining_ns(&t, now),
					 first + due * period - now);
			tick_backlog_advance(&t, now);

			assert_int_equal(t.expired, due);
			assert_int_equal(tick_backlog_remaining_ns(&t, now),
					 first + due * period - now);
			if (free && tick_backlog_take(&t, now)) {
				taken++;
				assert_true(taken <= due);
				assert_true(taken == 1 || now - last_taken >= period / 2);
				last_taken = now;
			} else if (free && taken + t.given_up < due) {
				assert_true(now - last_taken < period / 2);
			}
			assert_int_equal(taken + t.pending + t.given_up, due);
			tick_backlog_check(&t);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_become_periods),
		cmocka_unit_test(stopped_does_nothing),
		cmocka_unit_test(punctual_ticks_come_one_by_one),
		cmocka_unit_test(backlog_is_repaid_at_twice_the_rate),
		cmocka_unit_test(restart_and_stop_drop_what_is_pending),
		cmocka_unit_test(more_than_a_minute_is_given_up),
		cmocka_unit_test(absurd_periods_are_lengthened),
		cmocka_unit_test(fractions_do_not_drift),
		cmocka_unit_test(every_expiration_is_at_its_time),
		cmocka_unit_test(restart_forgets_the_rate_limit),
		cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests_name("tick_backlog", tests, NULL, NULL);
}
