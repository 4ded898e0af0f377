// SPDX-License-Identifier: GPL-2.0-only
/* The scheduler on a small machine: shares, reservations, limits, wake-ups, co-scheduling, with all
 * invariants checked after each step. */
#include "tests/unit/rng.h"
#include "tests/unit/sched_machine.h"

#define SHARES(n)                                                                                  \
	{                                                                                          \
		.shares = (n), .max_ns = SCHED_UNLIMITED, .rule = SCHED_COSCHED_PERCPU,            \
		.skew_max_ns = 3 * NSEC_PER_MSEC                                                   \
	}

static const struct sched_group_params normal = SHARES(1000);

static u64 run_of(const struct machine *m, struct sched_group *g)
{
	u64 run_ns = 0;

	for (u32 i = 0; i < g->count; i++) {
		run_ns += machine_times(m, g->member[i]).run_ns;
	}
	return run_ns;
}

/* Parts per 100,000 of one pCPU. */
static u32 rate_of(const struct machine *m, struct sched_group *g, u64 since_ns, u64 ns)
{
	return (u32)((run_of(m, g) - since_ns) * 100000 / ns);
}

static void assert_rate(const struct machine *m, struct sched_group *g, u64 ns, u32 expected,
			u32 tolerance)
{
	u32 rate = rate_of(m, g, 0, ns);

	if (rate + tolerance < expected || rate > expected + tolerance) {
		fail_msg("group %u: %u instead of %u +- %u", (u32)(g - m->group), rate, expected,
			 tolerance);
	}
}

static void shares_on_one_pcpu(void **state)
{
	struct machine *m = machine_new(1);
	struct sched_group *g[3];

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		struct sched_group_params params = SHARES(500u << i);

		g[i] = machine_group(m, 1, &params);
	}
	machine_run(m, 10 * NSEC_PER_SEC);
	for (u32 i = 0; i < 3; i++) {
		assert_rate(m, g[i], 10 * NSEC_PER_SEC, (100000u << i) / 7, 500 << i >> 2);
	}
	printf("lag max %lld us\n", (long long)m->lag_max_ns / 1000);
	machine_free(m);
}

static void equal_on(u32 pcpus, u32 count)
{
	struct machine *m = machine_new(pcpus);
	struct sched_group *g[16];

	for (u32 i = 0; i < count; i++) {
		g[i] = machine_group(m, 1, &normal);
	}
	machine_run(m, 10 * NSEC_PER_SEC);
	for (u32 i = 0; i < count; i++) {
		assert_rate(m, g[i], 10 * NSEC_PER_SEC, 100000 * pcpus / count, 600);
	}
	printf("%u on %u: lag max %lld us, migrations of the first %llu\n", count, pcpus,
	       (long long)m->lag_max_ns / 1000,
	       (unsigned long long)machine_times(m, g[0]->member[0]).migrations);
	machine_free(m);
}

static void equal_worlds_share_all_pcpus(void **state)
{
	(void)state;
	equal_on(2, 3);
	equal_on(4, 7);
	equal_on(4, 5);
	equal_on(8, 13);
}

static void a_wide_group_beside_narrow_ones(void **state)
{
	struct machine *m = machine_new(4);
	struct sched_group *wide = machine_group(m, 4, &normal), *up[4];

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		up[i] = machine_group(m, 1, &normal);
	}
	machine_run(m, 10 * NSEC_PER_SEC);
	for (u32 i = 0; i < 4; i++) {
		u64 run_ns = machine_times(m, wide->member[i]).run_ns;

		assert_rate(m, up[i], 10 * NSEC_PER_SEC, 50000, 500);
		assert_in_range(run_ns / 100000, 49500, 50500);
	}
	machine_free(m);
}

static void a_reservation_is_kept(void **state)
{
	struct machine *m = machine_new(1);
	struct sched_group_params params = SHARES(10), crowd = SHARES(1000);
	struct sched_group *g;

	(void)state;
	params.min_ns = SCHED_PERIOD_NS / 2;
	g = machine_group(m, 1, &params);
	for (u32 i = 0; i < 5; i++) {
		machine_group(m, 1, &crowd);
	}
	machine_run(m, 10 * NSEC_PER_SEC);
	assert_rate(m, g, 10 * NSEC_PER_SEC, 50000, 500);
	/* Not used: others have it. */
	machine_member(g, 0)->halt_ns = NSEC_PER_SEC;
	machine_member(g, 0)->left_ns = 0;
	machine_member(g, 0)->run_ns = NSEC_PER_USEC;
	u64 before_ns = run_of(m, g);

	machine_run(m, 2 * NSEC_PER_SEC);
	assert_true(run_of(m, g) - before_ns < 2 * NSEC_PER_MSEC);
	machine_free(m);
}

static void a_limit_is_kept(void **state)
{
	struct machine *m = machine_new(5);
	struct sched_group_params params = SHARES(1000);
	struct sched_group *one, *four;

	(void)state;
	params.max_ns = SCHED_PERIOD_NS * 3 / 10;
	one = machine_group(m, 1, &params);
	params.max_ns = SCHED_PERIOD_NS * 12 / 10;
	four = machine_group(m, 4, &params);
	machine_run(m, 10 * NSEC_PER_SEC);
	assert_rate(m, one, 10 * NSEC_PER_SEC, 30000, 300);
	assert_rate(m, four, 10 * NSEC_PER_SEC, 120000, 1200);
	assert_in_range(machine_times(m, one->member[0]).limited_ns / NSEC_PER_MSEC, 6500, 7100);
	machine_free(m);
}

static void sleepers_are_served_soon_and_not_more(void **state)
{
	struct machine *m = machine_new(1);
	struct sched_group *inter = machine_group(m, 1, &normal),
			   *dodger = machine_group(m, 1, &normal);

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		machine_group(m, 1, &normal);
	}
	machine_member(inter, 0)->run_ns = NSEC_PER_MSEC;
	machine_member(inter, 0)->halt_ns = 9 * NSEC_PER_MSEC;
	machine_member(inter, 0)->left_ns = NSEC_PER_MSEC;
	machine_member(dodger, 0)->run_ns = 39 * NSEC_PER_MSEC / 10;
	machine_member(dodger, 0)->halt_ns = NSEC_PER_MSEC / 10;
	machine_member(dodger, 0)->left_ns = NSEC_PER_MSEC;
	machine_run(m, NSEC_PER_SEC);
	machine_member(inter, 0)->latency_max_ns = 0;
	machine_run(m, 9 * NSEC_PER_SEC);
	printf("latency max %llu us, interactive %u, dodger %u\n",
	       (unsigned long long)machine_member(inter, 0)->latency_max_ns / 1000,
	       rate_of(m, inter, 0, 10 * NSEC_PER_SEC), rate_of(m, dodger, 0, 10 * NSEC_PER_SEC));
	assert_true(machine_member(inter, 0)->latency_max_ns < MACHINE_SLICE);
	assert_true(rate_of(m, dodger, 0, 10 * NSEC_PER_SEC) < 23000);
	machine_free(m);
}

struct barrier_result {
	u64 phases, costop_ns, skew_ns;
};

static struct barrier_result barrier_beside_hogs(enum sched_rule rule)
{
	struct machine *m = machine_new(4);
	struct sched_group_params params = SHARES(1000);
	struct sched_group *g;
	struct barrier_result r = {0};

	params.rule = rule;
	m->barrier_ns = NSEC_PER_MSEC / 2;
	g = machine_group(m, 4, &params);
	for (u32 i = 0; i < 4; i++) {
		machine_member(g, i)->spins = true;
		machine_run(m, 1300 * NSEC_PER_USEC);
		machine_group(m, 1, &normal);
	}
	machine_run(m, 10 * NSEC_PER_SEC);
	r.phases = machine_member(g, 0)->phase;
	r.skew_ns = g->skew_seen_ns;
	for (u32 i = 0; i < 4; i++) {
		r.costop_ns += machine_times(m, g->member[i]).costop_ns;
	}
	printf("rule %u: %llu phases, co-stop %llu ms, skew %llu us, run %u, lag %lld us\n", rule,
	       (unsigned long long)r.phases, (unsigned long long)r.costop_ns / NSEC_PER_MSEC,
	       (unsigned long long)r.skew_ns / 1000, rate_of(m, g, 0, 10 * NSEC_PER_SEC),
	       (long long)m->lag_max_ns / 1000);
	machine_free(m);
	return r;
}

static void three_rules_on_one_barrier(void **state)
{
	struct barrier_result off = barrier_beside_hogs(SCHED_COSCHED_OFF);
	struct barrier_result percpu = barrier_beside_hogs(SCHED_COSCHED_PERCPU);
	struct barrier_result relaxed = barrier_beside_hogs(SCHED_COSCHED_RELAXED);
	struct barrier_result strict = barrier_beside_hogs(SCHED_COSCHED_STRICT);
	u64 bound_ns = 3 * NSEC_PER_MSEC + MACHINE_SLICE + NSEC_PER_MSEC / 10;

	(void)state;
	assert_true(off.costop_ns == 0);
	assert_true(percpu.skew_ns <= bound_ns);
	assert_true(relaxed.skew_ns <= bound_ns);
	assert_true(strict.skew_ns <= bound_ns);
	assert_true(percpu.phases > off.phases);
	assert_true(strict.costop_ns > percpu.costop_ns);
	assert_true(relaxed.costop_ns > percpu.costop_ns);
}

/* --- at random -------------------------------------------------------------------------------- */

static struct sched_group *random_group(struct machine *m, struct rng *rng)
{
	static const u32 shares[] = {10, 500, 1000, 2000, 100000};
	struct sched_group_params params = SHARES(shares[rng_below(rng, ARRAY_SIZE(shares))]);
	u32 count = rng_below(rng, 3) == 0 ? 1 + (u32)rng_below(rng, m->pcpus) : 1;
	struct sched_group *g;

	params.rule = (enum sched_rule)rng_below(rng, 4);
	params.skew_max_ns = NSEC_PER_MSEC * (1 + rng_below(rng, 5));
	params.min_ns = rng_below(rng, 4) == 0 ? SCHED_PERIOD_NS / 10 : 0;
	params.max_ns = rng_below(rng, 4) == 0 ? SCHED_PERIOD_NS * (1 + rng_below(rng, 8)) / 10
					       : SCHED_UNLIMITED;
	g = machine_group(m, count, &params);
	for (u32 i = 0; i < count; i++) {
		struct machine_world *w = machine_member(g, i);

		if (rng_below(rng, 2) == 0) {
			w->run_ns = w->left_ns = 1 + rng_below(rng, 20 * NSEC_PER_MSEC);
			w->halt_ns = 1 + rng_below(rng, 20 * NSEC_PER_MSEC);
		}
	}
	return g;
}

/* Some worlds may not run everywhere. */
static void random_affinity(struct machine *m, struct rng *rng)
{
	m->affinity =
		rng_below(rng, 4) == 0 ? 1 + rng_below(rng, BIT(m->pcpus) - 1) : BIT(m->pcpus) - 1;
}

static void any_mix_keeps_the_invariants(void **state)
{
	(void)state;
	for (u32 seed = 1; seed <= 300; seed++) {
		struct rng rng = {seed * 77777ull};
		struct machine *m;

		for (u32 i = 0; i < 10; i++) {
			(void)rng_next(&rng);
		}
		m = machine_new(1 + (u32)rng_below(&rng, MACHINE_PCPUS));
		m->seed = seed;
		for (u32 n = 1 + (u32)rng_below(&rng, 6); n > 0; n--) {
			random_affinity(m, &rng);
			random_group(m, &rng);
			machine_run(m, rng_below(&rng, 100 * NSEC_PER_MSEC));
		}
		machine_run(m, 300 * NSEC_PER_MSEC);
		for (u32 i = 0; i < m->worlds; i++) {
			(void)machine_times(m, &m->w[i].world);
		}
		machine_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_on_one_pcpu),
		cmocka_unit_test(equal_worlds_share_all_pcpus),
		cmocka_unit_test(a_wide_group_beside_narrow_ones),
		cmocka_unit_test(a_reservation_is_kept),
		cmocka_unit_test(a_limit_is_kept),
		cmocka_unit_test(sleepers_are_served_soon_and_not_more),
		cmocka_unit_test(three_rules_on_one_barrier),
		cmocka_unit_test(any_mix_keeps_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
