// SPDX-License-Identifier: GPL-2.0-only
/* The unit tests' machine: steps of at most STEP_NS, in each the pCPUs one after the other. */
#include "tests/unit/sched_machine.h"

#define STEP_NS (50 * NSEC_PER_USEC)

struct machine *machine_new(u32 pcpus)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct sched_config config = {
		.pcpu_count = pcpus, .place = m->place, .slice_ns = MACHINE_SLICE};
	size_t bytes = (sched_memory_bytes(pcpus) + 63) / 64 * 64;

	m->pcpus = pcpus;
	m->now_ns = 123456789;
	m->affinity = BIT(pcpus) - 1;
	for (u32 i = 0; i < pcpus; i++) {
		m->place[i] = (struct sched_place){.core = i};
	}
	m->s = sched_init(aligned_alloc(64, bytes), &config);
	for (u32 i = 0; i < pcpus; i++) {
		sched_pcpu_online(m->s, i, m->now_ns);
	}
	return m;
}

void machine_free(struct machine *m)
{
	free(m->s);
	free(m);
}

static void kick(struct machine *m, u32 pcpu)
{
	if (pcpu != SCHED_PCPU_NONE) {
		m->pcpu[pcpu].kicked = true;
	}
}

static void wake(struct machine *m, struct machine_world *w)
{
	kick(m, sched_wake(m->s, &w->world, sched_place_for(m->s, &w->world), m->now_ns));
	w->woken_ns = m->now_ns;
	w->wake_ns = NEVER_NS;
	w->left_ns = w->run_ns;
}

struct sched_group *machine_group(struct machine *m, u32 count,
				  const struct sched_group_params *params)
{
	struct sched_group *g = &m->group[m->groups++];

	sched_group_add(m->s, g, NULL, params, m->now_ns);
	for (u32 i = 0; i < count; i++) {
		struct machine_world *w = &m->w[m->worlds++];

		w->world.id = m->worlds;
		w->wake_ns = NEVER_NS;
		w->run_ns = NEVER_NS;
		w->world.affinity[0] = m->affinity;
		sched_world_init(&w->world, m->now_ns);
		assert_int_equal(sched_add(m->s, &w->world, g, m->now_ns), 0);
		wake(m, w);
	}
	return g;
}

static void stop(struct machine *m, u32 id, enum sched_stop why)
{
	struct machine_pcpu *p = &m->pcpu[id];
	struct sched_kicks kicks = {0};
	struct machine_world *w = container_of(p->running, struct machine_world, world);
	struct sched_used used = {.guest_ns = m->now_ns - w->world.started_ns};

	sched_stop(m->s, p->running, why, &used, m->now_ns, &kicks);
	if (w->world.state == SCHED_BLOCKED) {
		w->wake_ns = m->now_ns + w->halt_ns;
	}
	p->running = NULL;
	for (u32 i = 0; i < kicks.count; i++) {
		kick(m, kicks.pcpu[i]);
	}
}

static void load(struct machine *m, u32 id, struct sched_world *w)
{
	struct machine_pcpu *p = &m->pcpu[id];

	if (p->loaded != NULL && p->loaded != w) {
		kick(m, sched_settle(m->s, p->loaded));
	}
	p->loaded = w;
	p->running = w;
}

static void choose(struct machine *m, u32 id)
{
	struct machine_pcpu *p = &m->pcpu[id];

	for (u32 pulled = 0;;) {
		struct sched_choice c = sched_choose(m->s, id, pulled, m->now_ns);
		struct sched_kicks kicks = {0};
		bool started;

		if (c.pull_from != SCHED_PCPU_NONE) {
			(void)sched_pull(m->s, c.pull_from, id, m->now_ns);
			pulled++;
			continue;
		}
		p->until_ns = c.until_ns;
		if (c.world == NULL) {
			return;
		}
		started = sched_start(m->s, c.world, m->now_ns, &p->until_ns, &kicks);
		for (u32 i = 0; i < kicks.count; i++) {
			kick(m, kicks.pcpu[i]);
		}
		if (started) {
			struct machine_world *w =
				container_of(c.world, struct machine_world, world);

			if (w->woken_ns != 0) {
				w->latency_max_ns = MAX(w->latency_max_ns, m->now_ns - w->woken_ns);
				w->woken_ns = 0;
			}
			load(m, id, c.world);
			return;
		}
	}
}

static bool barrier_passed(const struct machine *m, const struct machine_world *w)
{
	const struct sched_group *g = w->world.group;

	(void)m;
	for (u32 i = 0; i < g->count; i++) {
		const struct machine_world *o =
			container_of(g->member[i], struct machine_world, world);

		if (o->phase < w->phase) {
			return false;
		}
	}
	return true;
}

/* What the world does with `ns` on a pCPU. */
static void work(struct machine *m, struct machine_world *w, u64 ns)
{
	if (w->run_ns != NEVER_NS) {
		w->left_ns -= MIN(w->left_ns, ns);
	}
	if (!w->spins || (w->phase_left_ns == 0 && !barrier_passed(m, w))) {
		return;
	}
	if (w->phase_left_ns == 0) {
		w->phase_left_ns = m->barrier_ns;
	}
	w->phase_left_ns -= MIN(w->phase_left_ns, ns);
	w->phase += w->phase_left_ns == 0 ? 1 : 0;
}

/* No pCPU is idle while a world waits that may run there. */
static void check_work_conserving(const struct machine *m)
{
	for (u32 i = 0; i < m->worlds; i++) {
		const struct sched_world *w = &m->w[i].world;
		bool waits = w->state == SCHED_READY &&
			     (w->where == SCHED_IN_SHARES || w->where == SCHED_IN_FLOOR);

		for (u32 p = 0; waits && p < m->pcpus; p++) {
			if (m->pcpu[p].running == NULL && bitmap_test(w->affinity, p)) {
				printf("DBG resident %d where %d affinity %llx here %u there %u "
				       "count %u rule %u kicked %d until %lld\n",
				       (int)w->resident, w->where,
				       (unsigned long long)w->affinity[0], w->group->runnable[p],
				       w->group->runnable[w->pcpu], w->group->count,
				       w->group->params.rule, m->pcpu[p].kicked,
				       (long long)(m->pcpu[p].until_ns - m->now_ns));
				for (u32 k = 0; k < m->worlds; k++)
					printf(" w%u pcpu %u state %d where %d res %d started %lld "
					       "cap %llu rule %d aff %llx\n",
					       m->w[k].world.id, m->w[k].world.pcpu,
					       m->w[k].world.state, m->w[k].world.where,
					       (int)m->w[k].world.resident,
					       (long long)(m->now_ns - m->w[k].world.started_ns),
					       (unsigned long long)m->w[k]
						       .world.group->params.max_ns,
					       m->w[k].world.group->params.rule,
					       (long long)m->w[k].world.affinity[0]);
				fail_msg("seed %u at %llu ns: pCPU %u is idle, world %u waits on "
					 "pCPU %u",
					 m->seed, (unsigned long long)m->now_ns, p, w->id, w->pcpu);
			}
		}
	}
}

static void check(struct machine *m)
{
	for (u32 i = 0; i < m->pcpus; i++) {
		const char *wrong = sched_check(m->s, i, m->now_ns);

		if (wrong != NULL) {
			fail_msg("seed %u pCPU %u at %llu ns: %s", m->seed, i,
				 (unsigned long long)m->now_ns, wrong);
		}
	}
	check_work_conserving(m);
	for (u32 i = 0; i < m->worlds; i++) {
		s64 lag_ns = sched_lag_ns(m->s, &m->w[i].world);

		m->lag_max_ns = MAX(m->lag_max_ns, lag_ns < 0 ? -lag_ns : lag_ns);
	}
}

static void pcpu_step(struct machine *m, u32 id)
{
	struct machine_pcpu *p = &m->pcpu[id];
	struct machine_world *w = container_of(p->running, struct machine_world, world);
	bool kicked = p->kicked;

	p->kicked = false;
	if (p->running != NULL && w->halt_ns != 0 && w->left_ns == 0) {
		stop(m, id, SCHED_STOP_HALT);
	} else if (p->running != NULL &&
		   (m->now_ns >= p->until_ns || sched_preempt_due(m->s, id))) {
		stop(m, id, SCHED_STOP_SLICE);
	}
	if (p->running == NULL && (kicked || p->loaded != NULL || m->now_ns >= p->until_ns)) {
		choose(m, id);
	}
}

static bool any_kicked(const struct machine *m)
{
	bool kicked = false;

	for (u32 i = 0; i < m->pcpus; i++) {
		kicked = kicked || m->pcpu[i].kicked;
	}
	return kicked;
}

void machine_run(struct machine *m, u64 ns)
{
	u64 end_ns = m->now_ns + ns;

	while (m->now_ns < end_ns) {
		for (u32 i = 0; i < m->worlds; i++) {
			if (m->w[i].wake_ns <= m->now_ns) {
				wake(m, &m->w[i]);
			}
		}
		/* Kicks arrive within the step. */
		for (u32 i = 0; i < m->pcpus || (any_kicked(m) && i < 20 * m->pcpus); i++) {
			pcpu_step(m, i % m->pcpus);
		}
		check(m);
		m->now_ns += STEP_NS;
		for (u32 i = 0; i < m->pcpus; i++) {
			if (m->pcpu[i].running != NULL) {
				work(m,
				     container_of(m->pcpu[i].running, struct machine_world, world),
				     STEP_NS);
			}
		}
	}
}

struct account_times machine_times(const struct machine *m, const struct sched_world *w)
{
	struct account_times t = account_read(&w->account, m->now_ns);

	assert_int_equal(t.elapsed_ns, t.run_ns + t.ready_ns + t.costop_ns + t.wait_ns);
	return t;
}
