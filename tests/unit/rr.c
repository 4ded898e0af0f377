// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched/rr behind the seam: single transitions, then random sequences of events by a model of pCPUs
 * that behave as badly as sched.h allows (late settles, late answers to kicks), with every
 * invariant checked after every step.
 */
#include "tests/unit/unit.h"
#include "kernel/lib/err.h"
#include "sched/rr.h"

#define PCPUS_MAX  8u
#define WORLDS_MAX 24u
#define SLICE_NS   10000000u

struct model_pcpu {
	bool online, kicked;
	struct sched_world *running;
	struct sched_world *loaded;    /* resident here: running, or kept while idle */
	struct sched_world *unsettled; /* switched away from, settle() still to come */
	u64 until_ns;
};

struct model {
	struct sched *s;
	u32 pcpu_count, world_count;
	u64 now_ns, rng;
	u64 wait_max_ns;
	struct model_pcpu pcpu[PCPUS_MAX];
	struct sched_world world[WORLDS_MAX];
	bool member[WORLDS_MAX];
};

static u32 rng_below(struct model *m, u32 limit)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return (u32)((m->rng >> 20) % limit);
}

static void check(const struct model *m)
{
	const char *wrong = sched_rr.check(m->s);

	if (wrong != NULL) {
		fail_msg("%s", wrong);
	}
}

static void model_kick(struct model *m, struct sched_kick kick)
{
	if (kick.pcpu != SCHED_PCPU_NONE) {
		assert_true(kick.pcpu < m->pcpu_count && m->pcpu[kick.pcpu].online);
		m->pcpu[kick.pcpu].kicked = true;
	}
}

static void model_settle(struct model *m, u32 pcpu)
{
	struct sched_world *w = m->pcpu[pcpu].unsettled;

	if (w != NULL) {
		m->pcpu[pcpu].unsettled = NULL;
		model_kick(m, sched_rr.settle(m->s, w));
		check(m);
	}
}

/* The pCPU runs nothing: picks, and owes a settle when the world changed. */
static void model_pick(struct model *m, u32 pcpu)
{
	struct model_pcpu *p = &m->pcpu[pcpu];
	struct sched_pick pick;

	model_settle(m, pcpu);
	pick = sched_rr.pick(m->s, pcpu, m->now_ns);
	check(m);
	p->kicked = false;
	p->running = pick.world;
	p->until_ns = pick.until_ns;
	if (pick.world == NULL) {
		assert_true(pick.until_ns == NEVER_NS);
		return;
	}
	assert_true(pick.until_ns == m->now_ns + SLICE_NS);
	assert_true(bitmap_test(pick.world->affinity, pcpu));
	for (u32 other = 0; other < m->pcpu_count; other++) {
		if (other != pcpu) {
			assert_ptr_not_equal(m->pcpu[other].running, pick.world);
			assert_ptr_not_equal(m->pcpu[other].loaded, pick.world);
			assert_ptr_not_equal(m->pcpu[other].unsettled, pick.world);
		}
	}
	m->wait_max_ns = MAX(m->wait_max_ns, m->now_ns - pick.world->ready_since_ns);
	if (p->loaded != pick.world) {
		p->unsettled = p->loaded;
		p->loaded = pick.world;
	}
}

static void model_slice_end(struct model *m, u32 pcpu)
{
	struct model_pcpu *p = &m->pcpu[pcpu];

	if (p->running != NULL) {
		model_settle(m, pcpu);
		sched_rr.charge(m->s, p->running, 5, m->now_ns);
		sched_rr.requeue(m->s, p->running, m->now_ns);
		p->running = NULL;
		check(m);
		model_pick(m, pcpu);
	}
}

static void model_block(struct model *m, u32 pcpu)
{
	struct model_pcpu *p = &m->pcpu[pcpu];

	if (p->running == NULL) {
		return;
	}
	model_settle(m, pcpu);
	if (sched_rr.block(m->s, p->running, m->now_ns)) {
		p->running = NULL;
		model_pick(m, pcpu);
	}
	check(m);
}

static void model_wake(struct model *m, u32 i)
{
	if (m->member[i]) {
		model_kick(m, sched_rr.wake(m->s, &m->world[i], m->now_ns));
		assert_int_not_equal(m->world[i].state, SCHED_BLOCKED);
		check(m);
	}
}

/* Answers every kick and settles everything, as a machine does that is given a moment. */
static void model_quiesce(struct model *m)
{
	bool again = true;

	while (again) {
		again = false;
		for (u32 pcpu = 0; pcpu < m->pcpu_count; pcpu++) {
			struct model_pcpu *p = &m->pcpu[pcpu];

			if (p->unsettled != NULL) {
				model_settle(m, pcpu);
				again = true;
			}
			if (p->kicked && p->online && p->running == NULL) {
				model_pick(m, pcpu);
				again = true;
			}
			p->kicked = false;
		}
	}
}

/* Nothing that could run waits while a pCPU that may run it idles. */
static void check_work_conserving(const struct model *m)
{
	for (u32 i = 0; i < m->world_count; i++) {
		for (u32 pcpu = 0; pcpu < m->pcpu_count; pcpu++) {
			const struct model_pcpu *p = &m->pcpu[pcpu];

			if (m->member[i] && m->world[i].state == SCHED_READY && p->online &&
			    bitmap_test(m->world[i].affinity, pcpu)) {
				assert_non_null(p->running);
			}
		}
	}
}

static void model_unload(struct model *m, u32 pcpu)
{
	struct model_pcpu *p = &m->pcpu[pcpu];

	model_settle(m, pcpu);
	if (p->loaded != NULL && p->running == NULL) {
		p->unsettled = p->loaded;
		p->loaded = NULL;
		model_settle(m, pcpu);
	}
}

static void model_toggle_pcpu(struct model *m, u32 pcpu)
{
	struct model_pcpu *p = &m->pcpu[pcpu];

	if (!p->online) {
		sched_rr.pcpu_online(m->s, pcpu, m->now_ns);
		p->online = true;
		model_pick(m, pcpu);
		return;
	}
	model_settle(m, pcpu);
	if (p->running != NULL) {
		sched_rr.requeue(m->s, p->running, m->now_ns);
		p->running = NULL;
	}
	model_unload(m, pcpu);
	sched_rr.pcpu_offline(m->s, pcpu, m->now_ns);
	p->online = false;
	check(m);
	for (u32 other = 0; other < m->pcpu_count; other++) {
		m->pcpu[other].kicked = true;
	}
}

static void model_toggle_member(struct model *m, u32 i)
{
	struct sched_world *w = &m->world[i];

	if (!m->member[i]) {
		assert_int_equal(sched_rr.add(m->s, w), 0);
		m->member[i] = true;
		return;
	}
	if (w->state == SCHED_RUNNING) {
		return;
	}
	for (u32 pcpu = 0; pcpu < m->pcpu_count; pcpu++) {
		if (m->pcpu[pcpu].loaded == w || m->pcpu[pcpu].unsettled == w) {
			model_unload(m, pcpu);
		}
	}
	if (w->resident != SCHED_PCPU_NONE) {
		return;
	}
	sched_rr.remove(m->s, w);
	m->member[i] = false;
	check(m);
}

static void world_init(struct model *m, u32 i, u32 group, u64 affinity)
{
	struct sched_world *w = &m->world[i];

	memset(w, 0xa5, sizeof(*w));
	w->id = i;
	w->group = group;
	memset(w->affinity, 0, sizeof(w->affinity));
	w->affinity[0] = affinity;
	assert_int_equal(sched_rr.add(m->s, w), 0);
	m->member[i] = true;
}

static struct model *model_new(u32 pcpu_count, u32 world_count, u64 seed)
{
	struct model *m = calloc(1, sizeof(*m));
	const struct sched_config config = {.pcpu_count = pcpu_count, .slice_ns = SLICE_NS};
	void *memory = aligned_alloc(64, ALIGN_UP(sched_rr.memory_bytes, 64));

	memset(memory, 0x5a, sched_rr.memory_bytes);
	m->s = sched_rr.init(memory, &config);
	m->pcpu_count = pcpu_count;
	m->world_count = world_count;
	m->rng = seed * 0x9e3779b97f4a7c15 + 1;
	for (u32 pcpu = 0; pcpu < pcpu_count; pcpu++) {
		sched_rr.pcpu_online(m->s, pcpu, 0);
		m->pcpu[pcpu].online = true;
	}
	return m;
}

static void model_free(struct model *m)
{
	free(m->s);
	free(m);
}

/* --- single steps ----------------------------------------------------------------------------- */

static void one_world_through_its_life(void **state)
{
	struct model *m = model_new(2, 1, 1);
	struct sched_world *w = &m->world[0];

	(void)state;
	world_init(m, 0, 1, 3);
	assert_int_equal(w->state, SCHED_BLOCKED);
	assert_null(sched_rr.pick(m->s, 0, 0).world);

	assert_int_equal(sched_rr.wake(m->s, w, 7).pcpu, 0);
	assert_int_equal(sched_rr.wake(m->s, w, 8).pcpu, SCHED_PCPU_NONE);
	assert_true(w->ready_since_ns == 7);
	assert_ptr_equal(sched_rr.pick(m->s, 0, 10).world, w);
	sched_rr.charge(m->s, w, 100, 110);
	sched_rr.charge(m->s, w, 20, 130);
	assert_true(w->run_ns == 120);

	sched_rr.requeue(m->s, w, 130);
	assert_null(sched_rr.pick(m->s, 1, 130).world); /* still loaded on pCPU 0 */
	assert_ptr_equal(sched_rr.pick(m->s, 0, 130).world, w);
	assert_true(sched_rr.block(m->s, w, 140));
	assert_int_equal(sched_rr.settle(m->s, w).pcpu, SCHED_PCPU_NONE);
	sched_rr.remove(m->s, w);
	model_free(m);
}

static void wake_while_running_refuses_one_block(void **state)
{
	struct model *m = model_new(2, 1, 1);
	struct sched_world *w = &m->world[0];

	(void)state;
	world_init(m, 0, 1, 2);
	assert_int_equal(sched_rr.wake(m->s, w, 0).pcpu, 1);
	assert_ptr_equal(sched_rr.pick(m->s, 1, 0).world, w);
	assert_int_equal(sched_rr.wake(m->s, w, 1).pcpu, 1);
	assert_false(sched_rr.block(m->s, w, 2));
	assert_int_equal(w->state, SCHED_RUNNING);
	assert_true(sched_rr.block(m->s, w, 3));
	model_free(m);
}

static void affinity_without_a_pcpu_is_refused(void **state)
{
	struct model *m = model_new(2, 1, 1);
	struct sched_world *w = &m->world[0];

	(void)state;
	memset(w, 0, sizeof(*w));
	assert_int_equal(sched_rr.add(m->s, w), ERR_INVAL);
	w->affinity[0] = 0xc;
	assert_int_equal(sched_rr.add(m->s, w), ERR_INVAL);
	w->affinity[3] = BIT(63);
	assert_int_equal(sched_rr.add(m->s, w), ERR_INVAL);
	w->affinity[0] |= 2;
	assert_int_equal(sched_rr.add(m->s, w), 0);
	model_free(m);
}

static void siblings_are_spread(void **state)
{
	struct model *m = model_new(2, 4, 1);

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		world_init(m, i, i / 2, 3);
		model_wake(m, i);
	}
	assert_int_not_equal(m->world[0].pcpu, m->world[1].pcpu);
	assert_int_not_equal(m->world[2].pcpu, m->world[3].pcpu);
	model_free(m);
}

static void wakes_where_it_ran_last_if_that_is_free(void **state)
{
	struct model *m = model_new(4, 1, 1);

	(void)state;
	world_init(m, 0, 1, 0xf);
	m->world[0].pcpu = 2;
	assert_int_equal(sched_rr.wake(m->s, &m->world[0], 0).pcpu, 2);
	model_free(m);
}

static void an_idle_pcpu_takes_from_the_longest_queue(void **state)
{
	struct model *m = model_new(3, 6, 1);
	struct sched_world *taken;

	(void)state;
	/* Two wait on pCPU 0, three on pCPU 1 of which the first may not leave; pCPU 2 joins late.
	 */
	sched_rr.pcpu_offline(m->s, 2, 0);
	for (u32 i = 0; i < 5; i++) {
		m->world[i].affinity[0] = 0;
	}
	world_init(m, 0, 0, 1);
	world_init(m, 1, 1, 1 | 4);
	world_init(m, 2, 2, 2);
	world_init(m, 3, 3, 2 | 4);
	world_init(m, 4, 4, 2 | 4);
	for (u32 i = 0; i < 5; i++) {
		model_wake(m, i);
	}
	sched_rr.pcpu_online(m->s, 2, 0);
	taken = sched_rr.pick(m->s, 2, 0).world;
	assert_ptr_equal(taken, &m->world[3]);
	check(m);
	model_free(m);
}

static void off_line_moves_what_waits(void **state)
{
	struct model *m = model_new(2, 3, 1);

	(void)state;
	world_init(m, 0, 0, 1);
	world_init(m, 1, 1, 3);
	world_init(m, 2, 2, 1);
	m->world[1].pcpu = 0;
	model_wake(m, 0);
	model_wake(m, 2);
	sched_rr.pcpu_offline(m->s, 1, 0);
	model_wake(m, 1);
	sched_rr.pcpu_online(m->s, 1, 0);
	sched_rr.pcpu_offline(m->s, 0, 0);
	check(m);
	assert_int_equal(m->world[0].pcpu, 0); /* nowhere else to go: waits */
	assert_int_equal(m->world[1].pcpu, 1);
	assert_int_equal(m->world[2].pcpu, 0);
	model_free(m);
}

/* It can run nowhere else, and its pCPU has nobody else to hear it from. */
static void a_world_loaded_on_an_idle_pcpu_wakes_there(void **state)
{
	struct model *m = model_new(3, 2, 1);

	(void)state;
	world_init(m, 0, 0, 7);
	world_init(m, 1, 1, 7);
	model_wake(m, 0);
	assert_ptr_equal(sched_rr.pick(m->s, 0, 0).world, &m->world[0]);
	assert_true(sched_rr.block(m->s, &m->world[0], 0));
	assert_null(sched_rr.pick(m->s, 0, 0).world);

	m->world[1].pcpu = 0;
	assert_int_equal(sched_rr.wake(m->s, &m->world[1], 0).pcpu, 0);
	assert_int_equal(sched_rr.wake(m->s, &m->world[0], 0).pcpu, 0);
	assert_ptr_equal(sched_rr.pick(m->s, 0, 0).world, &m->world[1]);
	assert_int_equal(sched_rr.settle(m->s, &m->world[0]).pcpu, 1);
	assert_ptr_equal(sched_rr.pick(m->s, 1, 0).world, &m->world[0]);
	model_free(m);
}

static void check_sees_damage(void **state)
{
	struct model *m = model_new(2, 2, 1);

	(void)state;
	world_init(m, 0, 0, 3);
	world_init(m, 1, 1, 3);
	model_wake(m, 0);
	model_wake(m, 1);
	assert_null(sched_rr.check(m->s));
	m->world[0].state = SCHED_RUNNING;
	assert_non_null(sched_rr.check(m->s));
	m->world[0].state = SCHED_READY;
	m->world[1].affinity[0] = 1;
	assert_non_null(sched_rr.check(m->s));
	m->world[1].affinity[0] = 3;
	list_remove(&m->world[1].node);
	assert_non_null(sched_rr.check(m->s));
	model_free(m);
}

/* --- random sequences ------------------------------------------------------------------------- */

static void random_step(struct model *m, bool changes)
{
	u32 pcpu = rng_below(m, m->pcpu_count);
	u32 kind = rng_below(m, changes ? 100 : 96);

	m->now_ns += rng_below(m, 1000);
	if (kind < 40) {
		model_wake(m, rng_below(m, m->world_count));
	} else if (kind < 60) {
		model_slice_end(m, pcpu);
	} else if (kind < 80) {
		model_block(m, pcpu);
	} else if (kind < 88) {
		model_settle(m, pcpu);
	} else if (kind < 96) {
		if (m->pcpu[pcpu].kicked && m->pcpu[pcpu].online && m->pcpu[pcpu].running == NULL) {
			model_pick(m, pcpu);
		}
	} else if (kind < 98) {
		model_toggle_member(m, rng_below(m, m->world_count));
	} else {
		model_toggle_pcpu(m, pcpu);
	}
}

static void random_sequences_keep_the_invariants(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= 2000; seed++) {
		struct model *m = model_new(1 + seed % PCPUS_MAX, 1 + seed % WORLDS_MAX, seed);

		for (u32 i = 0; i < m->world_count; i++) {
			u64 mask = rng_below(m, 1u << m->pcpu_count);

			world_init(m, i, i / 3,
				   seed % 3 == 0 || mask == 0 ? BIT(m->pcpu_count) - 1 : mask);
		}
		for (u32 step = 0; step < 3000; step++) {
			random_step(m, seed % 2 == 0);
			if (rng_below(m, 8) == 0) {
				model_quiesce(m);
				check_work_conserving(m);
			}
		}
		model_free(m);
	}
}

/* Time passes; all worlds want to run always. Nobody waits longer than a slice for each of the
 * others. */
static void nobody_starves(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= 40; seed++) {
		u32 pcpus = 1 + seed % 4;
		u32 worlds = pcpus + seed % 13;
		struct model *m = model_new(pcpus, worlds, seed);

		for (u32 i = 0; i < worlds; i++) {
			world_init(m, i, i / 2, BIT(pcpus) - 1);
			model_wake(m, i);
		}
		model_quiesce(m);
		for (u32 turn = 0; turn < 2000; turn++) {
			u32 next = 0;

			for (u32 pcpu = 1; pcpu < pcpus; pcpu++) {
				next = m->pcpu[pcpu].until_ns < m->pcpu[next].until_ns ? pcpu
										       : next;
			}
			m->now_ns = m->pcpu[next].until_ns;
			model_slice_end(m, next);
			model_quiesce(m);
			check_work_conserving(m);
		}
		for (u32 i = 0; i < worlds; i++) {
			const struct sched_world *w = &m->world[i];

			assert_true(w->run_ns > 0);
			assert_true(w->state == SCHED_RUNNING ||
				    m->now_ns - w->ready_since_ns <= (u64)worlds * SLICE_NS);
		}
		assert_true(m->wait_max_ns <= (u64)DIV_ROUND_UP(worlds, pcpus) * SLICE_NS);
		model_free(m);
	}
}

/* However unevenly worlds begin, the queues are of equal length (within one) after one round. */
static void queues_even_out(void **state)
{
	struct model *m = model_new(2, 8, 1);
	u32 on_first = 0;

	(void)state;
	sched_rr.pcpu_offline(m->s, 1, 0);
	for (u32 i = 0; i < 8; i++) {
		world_init(m, i, i, 3);
		model_wake(m, i);
	}
	sched_rr.pcpu_online(m->s, 1, 0);
	model_pick(m, 0);
	model_pick(m, 1);
	for (u32 turn = 0; turn < 16; turn++) {
		m->now_ns += SLICE_NS;
		model_slice_end(m, 0);
		model_slice_end(m, 1);
		model_quiesce(m);
	}
	for (u32 i = 0; i < 8; i++) {
		on_first += m->world[i].pcpu == 0 ? 1 : 0;
	}
	assert_in_range(on_first, 3, 5);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_world_through_its_life),
		cmocka_unit_test(wake_while_running_refuses_one_block),
		cmocka_unit_test(affinity_without_a_pcpu_is_refused),
		cmocka_unit_test(siblings_are_spread),
		cmocka_unit_test(wakes_where_it_ran_last_if_that_is_free),
		cmocka_unit_test(an_idle_pcpu_takes_from_the_longest_queue),
		cmocka_unit_test(off_line_moves_what_waits),
		cmocka_unit_test(a_world_loaded_on_an_idle_pcpu_wakes_there),
		cmocka_unit_test(check_sees_damage),
		cmocka_unit_test(random_sequences_keep_the_invariants),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(queues_even_out),
	};

	return cmocka_run_group_tests_name("rr", tests, NULL, NULL);
}
