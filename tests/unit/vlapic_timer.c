// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/dev/vlapic, the timer: SDM vol. 3, 11.5.4. Random runs check that no tick is lost, none
 * invented and none early, whatever the guest does and however late the hypervisor calls.
 */
#include "tests/unit/unit.h"
#include "tests/unit/rng.h"
#include "kernel/dev/vlapic.h"

#define X_SVR	 0x80f
#define X_LVTT	 0x832
#define X_TMICT	 0x838
#define X_TMCCT	 0x839
#define X_TDCR	 0x83e
#define X_EOI	 0x80b

#define VECTOR	 0x40
#define MASKED	 0x10000
#define PERIODIC 0x20000
#define DEADLINE 0x40000

/* The guest's TSC runs at 2.5 GHz from 1,000,000. */
#define TSC_KHZ	 2500000ull

static struct vlapic_time at(u64 now_ns)
{
	return (struct vlapic_time){
		.now_ns = now_ns, .guest_tsc = 1000000 + now_ns * 5 / 2, .tsc_khz = TSC_KHZ};
}

static void wr(struct vlapic *v, u32 msr, u64 value, u64 now_ns)
{
	struct vlapic_time time = at(now_ns);
	struct vlapic_effect effect;

	assert_int_equal(vlapic_msr_write(v, msr, value, &time, &effect), 0);
	vlapic_check(v);
}

static u64 rd(struct vlapic *v, u32 msr, u64 now_ns)
{
	struct vlapic_time time = at(now_ns);
	u64 value;

	assert_int_equal(vlapic_msr_read(v, msr, &time, &value), 0);
	return value;
}

static void advance(struct vlapic *v, u64 now_ns)
{
	struct vlapic_time time = at(now_ns);

	vlapic_advance(v, &time);
	vlapic_check(v);
}

static struct vlapic timer(u32 lvt, u32 divide)
{
	struct vlapic v;

	vlapic_init(&v, 0, 0, true);
	assert_int_equal(vlapic_base_write(&v, vlapic_base_read(&v) | APIC_BASE_X2APIC), 0);
	wr(&v, X_SVR, 0x1ff, 0);
	wr(&v, X_LVTT, lvt, 0);
	wr(&v, X_TDCR, divide, 0);
	return v;
}

/* Takes the interrupt and ends it. */
static bool take(struct vlapic *v, u64 now_ns)
{
	int vector = vlapic_pending(v);

	if (vector < 0) {
		return false;
	}
	assert_int_equal(vector, VECTOR);
	vlapic_accept(v, (u8)vector);
	wr(v, X_EOI, 0, now_ns);
	return true;
}

/* SDM figure 11-10. */
static void divide_configuration(void **state)
{
	(void)state;
	static const struct {
		u32 divide, by;
	} cases[] = {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vlapic v = timer(VECTOR, cases[i].divide);

		wr(&v, X_TMICT, 1000, 5000);
		assert_int_equal(vlapic_deadline_ns(&v), 5000 + 1000 * cases[i].by);
		assert_int_equal(rd(&v, X_TMCCT, 5000), 1000);
		assert_int_equal(rd(&v, X_TMCCT, 5000 + 10 * cases[i].by), 990);
		assert_int_equal(rd(&v, X_TMCCT, 5000 + 999 * cases[i].by), 1);
		assert_int_equal(rd(&v, X_TMCCT, 5000 + 1000 * cases[i].by), 0);
	}
}

static void one_shot_fires_once(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR, 11);

	wr(&v, X_TMICT, 5000, 100);
	advance(&v, 5099);
	assert_false(take(&v, 5099));
	advance(&v, 5100);
	assert_true(take(&v, 5100));
	assert_int_equal(rd(&v, X_TMCCT, 5100), 0);
	assert_int_equal(rd(&v, X_TMICT, 5100), 5000);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	advance(&v, NSEC_PER_SEC);
	assert_false(take(&v, NSEC_PER_SEC));
	/* Writing zero stops it. */
	wr(&v, X_TMICT, 5000, 2 * NSEC_PER_SEC);
	wr(&v, X_TMICT, 0, 2 * NSEC_PER_SEC + 10);
	advance(&v, 3 * NSEC_PER_SEC);
	assert_false(take(&v, 3 * NSEC_PER_SEC));
	/* The longest: 2^32-1 by 128. */
	wr(&v, X_TDCR, 10, 3 * NSEC_PER_SEC);
	wr(&v, X_TMICT, 0xffffffff, 3 * NSEC_PER_SEC);
	assert_int_equal(vlapic_deadline_ns(&v), 3 * NSEC_PER_SEC + 0xffffffffull * 128);
}

static void masked_runs_but_requests_nothing(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | MASKED, 11);

	wr(&v, X_TMICT, 100000, 0);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	assert_int_equal(rd(&v, X_TMCCT, 40000), 60000);
	/* Unmasked after the expiry: it was missed. */
	wr(&v, X_LVTT, VECTOR, 100001);
	advance(&v, 200000);
	assert_false(take(&v, 200000));
	/* Unmasked before: it comes. */
	wr(&v, X_LVTT, VECTOR | MASKED, 200000);
	wr(&v, X_TMICT, 100000, 200000);
	wr(&v, X_LVTT, VECTOR, 299999);
	assert_int_equal(vlapic_deadline_ns(&v), 300000);
	advance(&v, 300000);
	assert_true(take(&v, 300000));
	/* Periodic: the phase stays. */
	wr(&v, X_LVTT, VECTOR | MASKED | PERIODIC, 300000);
	wr(&v, X_TMICT, 100000, 300000);
	wr(&v, X_LVTT, VECTOR | PERIODIC, 650000);
	assert_int_equal(vlapic_deadline_ns(&v), 700000);
	assert_int_equal(v.tick.pending, 0);
	/* Masking drops what was pending. */
	advance(&v, 1500000);
	assert_int_equal(v.tick.pending, 8);
	wr(&v, X_LVTT, VECTOR | MASKED | PERIODIC, 1500000);
	assert_int_equal(v.tick.pending, 0);
}

static void one_shot_and_periodic_share_the_count(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR, 11);

	wr(&v, X_TMICT, 100000, 0);
	wr(&v, X_LVTT, VECTOR | PERIODIC, 30000);
	assert_int_equal(rd(&v, X_TMCCT, 30000), 70000);
	assert_int_equal(vlapic_deadline_ns(&v), 100000);
	advance(&v, 100000);
	assert_true(take(&v, 100000));
	assert_int_equal(rd(&v, X_TMCCT, 150000), 50000);
	wr(&v, X_LVTT, VECTOR, 160000);
	assert_int_equal(vlapic_deadline_ns(&v), 200000);
	advance(&v, 200000);
	assert_true(take(&v, 200000));
	/* Expired: switching to periodic does not start it again. */
	wr(&v, X_LVTT, VECTOR | PERIODIC, 210000);
	assert_int_equal(rd(&v, X_TMCCT, 250000), 0);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
}

static void divide_change_keeps_the_count(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | PERIODIC, 11);

	wr(&v, X_TMICT, 100000, 0);
	wr(&v, X_TDCR, 0, 40000);
	assert_int_equal(rd(&v, X_TMCCT, 40000), 60000);
	assert_int_equal(vlapic_deadline_ns(&v), 40000 + 120000);
	advance(&v, 160000);
	assert_true(take(&v, 160000));
	assert_int_equal(vlapic_deadline_ns(&v), 360000);
	/* The same again changes nothing, also between two counts. */
	wr(&v, X_TDCR, 0, 160001);
	assert_int_equal(vlapic_deadline_ns(&v), 360000);
}

/* SDM 11.5.4.1. */
static void tsc_deadline(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | DEADLINE, 11);
	u64 deadline = at(70001).guest_tsc + 1;

	/* The counter is out of use. */
	wr(&v, X_TMICT, 5, 0);
	assert_int_equal(rd(&v, X_TMICT, 0), 0);
	assert_int_equal(rd(&v, X_TMCCT, 0), 0);
	wr(&v, MSR_TSC_DEADLINE, deadline, 1000);
	assert_true(rd(&v, MSR_TSC_DEADLINE, 1000) == deadline);
	assert_int_equal(vlapic_deadline_ns(&v), 70002);
	advance(&v, 70001);
	assert_false(take(&v, 70001));
	advance(&v, 70002);
	assert_true(take(&v, 70002));
	assert_true(rd(&v, MSR_TSC_DEADLINE, 70002) == 0);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	/* In the past: at once. */
	wr(&v, MSR_TSC_DEADLINE, 1, 80000);
	assert_true(take(&v, 80000));
	/* Zero disarms. */
	wr(&v, MSR_TSC_DEADLINE, at(90000).guest_tsc, 80000);
	wr(&v, MSR_TSC_DEADLINE, 0, 80001);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	advance(&v, 95000);
	assert_false(take(&v, 95000));
	/* Out of reach. */
	wr(&v, MSR_TSC_DEADLINE, UINT64_MAX, 95000);
	assert_true(vlapic_deadline_ns(&v) > 1000 * NSEC_PER_SEC);
	/* Masked: it passes unseen and is gone. */
	wr(&v, X_LVTT, VECTOR | DEADLINE | MASKED, 95000);
	wr(&v, MSR_TSC_DEADLINE, at(96000).guest_tsc, 95000);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	assert_true(rd(&v, MSR_TSC_DEADLINE, 96001) == 0);
	wr(&v, X_LVTT, VECTOR | DEADLINE, 97000);
	assert_false(take(&v, 97000));
}

static void deadline_mode_disarms_both_ways(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR, 11);

	/* Ignored in the other modes. */
	wr(&v, MSR_TSC_DEADLINE, 1, 0);
	assert_true(rd(&v, MSR_TSC_DEADLINE, 0) == 0);
	assert_false(take(&v, 0));
	wr(&v, X_TMICT, 1000, 0);
	wr(&v, X_LVTT, VECTOR | DEADLINE, 10);
	wr(&v, X_LVTT, VECTOR, 20);
	assert_int_equal(rd(&v, X_TMCCT, 20), 0);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	wr(&v, X_LVTT, VECTOR | DEADLINE, 30);
	wr(&v, MSR_TSC_DEADLINE, at(500).guest_tsc, 30);
	wr(&v, X_LVTT, VECTOR | PERIODIC, 40);
	wr(&v, X_LVTT, VECTOR | DEADLINE, 50);
	advance(&v, 1000);
	assert_false(take(&v, 1000));
	/* The reserved mode never fires. */
	wr(&v, X_LVTT, VECTOR | DEADLINE | PERIODIC, 1000);
	wr(&v, X_TMICT, 1000, 1000);
	wr(&v, MSR_TSC_DEADLINE, 1, 1000);
	advance(&v, 100000);
	assert_false(take(&v, 100000));
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
}

/* Whatever a write changes, what expired before it has expired: nobody need have looked in between.
 */
static void writes_do_not_swallow_expiries(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR, 11);

	wr(&v, X_TMICT, 1000, 0);
	wr(&v, X_TMICT, 5000, 2000);
	assert_true(take(&v, 2000));
	assert_int_equal(vlapic_deadline_ns(&v), 7000);
	wr(&v, X_LVTT, VECTOR | MASKED, 7000);
	assert_true(take(&v, 7000));
	wr(&v, X_LVTT, VECTOR, 7000);
	wr(&v, X_TMICT, 1000, 7000);
	wr(&v, X_TDCR, 0, 8001);
	assert_true(take(&v, 8001));
	assert_int_equal(rd(&v, X_TMCCT, 8001), 0);
	wr(&v, X_TMICT, 1000, 10000);
	wr(&v, X_SVR, 0xff, 12000);
	assert_true(take(&v, 12000));
	v = timer(VECTOR | DEADLINE, 11);
	wr(&v, MSR_TSC_DEADLINE, at(100).guest_tsc, 0);
	wr(&v, MSR_TSC_DEADLINE, at(5000).guest_tsc, 200);
	assert_true(take(&v, 200));
	advance(&v, 5000);
	assert_true(take(&v, 5000));
}

/* Writes that move the deadline say so. */
static void writes_report_the_timer(void **state)
{
	(void)state;
	static const u32 msrs[] = {X_LVTT, X_TMICT, X_TDCR, MSR_TSC_DEADLINE};
	struct vlapic v = timer(VECTOR, 11);
	struct vlapic_time time = at(0);
	struct vlapic_effect effect;

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		effect.kind = VLAPIC_NOTHING;
		assert_int_equal(vlapic_msr_write(&v, msrs[i], 0x11 & 0xb, &time, &effect), 0);
		assert_int_equal(effect.kind, VLAPIC_TIMER);
	}
	assert_int_equal(vlapic_msr_write(&v, X_SVR, 0xff, &time, &effect), 0);
	assert_int_equal(effect.kind, VLAPIC_TIMER);
	assert_int_equal(vlapic_msr_write(&v, X_SVR, 0x1ff, &time, &effect), 0);
	assert_int_equal(effect.kind, VLAPIC_NOTHING);
}

/* A period below what a guest can be given: lengthened, and the count stays below the initial one.
 */
static void absurd_period(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | PERIODIC, 11);

	wr(&v, X_TMICT, 1, 0);
	advance(&v, 1);
	assert_true(take(&v, 1));
	assert_int_equal(rd(&v, X_TMCCT, 2), 1);
	assert_int_equal(vlapic_deadline_ns(&v), 1 + TICK_PERIOD_MIN_NS);
}

/* The guest's TSC was written: the deadline follows it. */
static void tsc_changes_move_the_deadline(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | DEADLINE, 11);
	struct vlapic_time back = {.now_ns = 2000, .guest_tsc = 0, .tsc_khz = TSC_KHZ};

	wr(&v, MSR_TSC_DEADLINE, 1010000, 2000);
	assert_int_equal(vlapic_deadline_ns(&v), 4000);
	vlapic_advance(&v, &back);
	assert_int_equal(vlapic_deadline_ns(&v), 2000 + 1010000 * 2 / 5);
	back.guest_tsc = 2000000;
	vlapic_advance(&v, &back);
	assert_true(take(&v, 2000));
	back.tsc_khz = 0;
	back.guest_tsc = 0;
	wr(&v, MSR_TSC_DEADLINE, 1010000, 2000);
	vlapic_advance(&v, &back);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
}

static void illegal_vector_is_an_error(void **state)
{
	(void)state;
	struct vlapic v = timer(5, 11);

	wr(&v, X_TMICT, 10, 0);
	advance(&v, 10);
	assert_int_equal(vlapic_highest_irr(&v), -1);
	wr(&v, 0x828, 0, 10);
	assert_int_equal(rd(&v, 0x828, 10), 0x40);
}

static void software_disable_stops_requests(void **state)
{
	(void)state;
	struct vlapic v = timer(VECTOR | PERIODIC, 11);

	wr(&v, X_TMICT, 100000, 0);
	advance(&v, 350000);
	assert_int_equal(v.tick.pending, 2);
	wr(&v, X_SVR, 0xff, 350000);
	assert_int_equal(v.tick.pending, 0);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
	vlapic_reset(&v);
	vlapic_check(&v);
	assert_int_equal(rd(&v, X_TMICT, 400000), 0);
}

/* Random deadlines with random lateness: exactly one interrupt each, never before its time. */
static void random_deadlines(void **state)
{
	(void)state;
	struct rng r = {.state = 99};
	struct vlapic v = timer(VECTOR | DEADLINE, 11);
	u64 now = 0;

	for (int i = 0; i < 20000; i++) {
		u64 tsc = at(now).guest_tsc + 1 + rng_below(&r, BIT(rng_below(&r, 40)));
		u64 fired = 0;

		wr(&v, MSR_TSC_DEADLINE, tsc, now);
		while (fired == 0) {
			u64 due = vlapic_deadline_ns(&v);

			assert_true(due != NEVER_NS);
			/* Sometimes asked too early, sometimes late. */
			now = rng_below(&r, 3) ? due + rng_below(&r, 5000) : MAX(now, due - 1);
			advance(&v, now);
			fired += take(&v, now);
			assert_int_equal(fired, at(now).guest_tsc >= tsc);
		}
		advance(&v, now + 1);
		assert_false(take(&v, now + 1));
	}
}

/*
 * A periodic timer and a guest that disables interrupts at random: what it has taken plus what is
 * requested, pending or given up is exactly what has expired since the start.
 */
static void random_periodic(void **state)
{
	(void)state;
	struct rng r = {.state = 5};

	for (int round = 0; round < 200; round++) {
		u64 count = TICK_PERIOD_MIN_NS + rng_below(&r, 1 << 20);
		u64 shift = rng_below(&r, 8), period = count << shift;
		static const u32 divides[] = {11, 0, 1, 2, 3, 8, 9, 10};
		struct vlapic v = timer(VECTOR | PERIODIC, divides[shift]);
		u64 start = rng_below(&r, NSEC_PER_SEC), now = start, taken = 0, last = 0;

		wr(&v, X_TMICT, count, start);
		for (int step = 0; step < 1000; step++) {
			u64 due = vlapic_deadline_ns(&v);
			u64 expired, requested;

			now = rng_below(&r, 3) ? MAX(now, due) : now + rng_below(&r, period * 4);
			advance(&v, now);
			expired = (now - start) / period;
			requested = vlapic_highest_irr(&v) == VECTOR;
			assert_int_equal(taken + requested + v.tick.pending + v.tick.given_up,
					 expired);
			assert_int_equal(rd(&v, X_TMCCT, now),
					 DIV_ROUND_UP(period - (now - start) % period, BIT(shift)));
			if (rng_below(&r, 2) && take(&v, now)) {
				taken++;
				last = now;
			}
			/* Nothing outstanding is ever forgotten: there is a deadline for it. */
			if (v.tick.pending > 0 && vlapic_highest_irr(&v) < 0) {
				assert_true(vlapic_deadline_ns(&v) <= MAX(last, now) + period / 2);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divide_configuration),
		cmocka_unit_test(one_shot_fires_once),
		cmocka_unit_test(masked_runs_but_requests_nothing),
		cmocka_unit_test(one_shot_and_periodic_share_the_count),
		cmocka_unit_test(divide_change_keeps_the_count),
		cmocka_unit_test(tsc_deadline),
		cmocka_unit_test(deadline_mode_disarms_both_ways),
		cmocka_unit_test(writes_do_not_swallow_expiries),
		cmocka_unit_test(writes_report_the_timer),
		cmocka_unit_test(absurd_period),
		cmocka_unit_test(tsc_changes_move_the_deadline),
		cmocka_unit_test(illegal_vector_is_an_error),
		cmocka_unit_test(software_disable_stops_requests),
		cmocka_unit_test(random_deadlines),
		cmocka_unit_test(random_periodic),
	};

	return cmocka_run_group_tests_name("vlapic_timer", tests, NULL, NULL);
}
