// SPDX-License-Identifier: GPL-2.0-only
/* Calls into the scheduler with their locks. See calls.h. */
#include "tests/sim/calls.h"

#include "kernel/lib/assert.h"
#include "tests/sim/guard.h"
#include "tests/sim/steps_count.h"

static void lock_config(struct sim *m)
{
	assert(!m->locks.config && m->locks.queues == 0 && m->locks.group == NULL);
	m->locks.config = true;
}

static void lock_queue(struct sim *m, u32 pcpu)
{
	assert(pcpu < m->config.pcpus && m->locks.group == NULL && m->locks.queues == 0);
	m->locks.queue[m->locks.queues++] = pcpu;
}

static void lock_queues(struct sim *m, u32 a, u32 b)
{
	lock_queue(m, MIN(a, b));
	if (a != b) {
		assert(MAX(a, b) < m->config.pcpus);
		m->locks.queue[m->locks.queues++] = MAX(a, b);
	}
}

static void lock_group(struct sim *m, const struct sched_group *g)
{
	assert(m->locks.group == NULL);
	m->locks.group = g;
}

static void begin(struct sim *m)
{
	if (m->guard != 0) {
		guard_begin(m);
	}
	if (m->measure) {
		m->cost.steps -= steps_count;
		m->cost.ticks -= __builtin_ia32_rdtsc();
	}
}

static void check_queues(struct sim *m, const char *call)
{
	for (u32 i = 0; i < m->locks.queues; i++) {
		u32 pcpu = m->locks.queue[i];
		const char *wrong = sched_check(m->sched, pcpu, sim_clock_ns(m, pcpu));

		if (wrong != NULL) {
			sim_fail(m, "after %s(), pCPU %u: %s", call, pcpu, wrong);
		}
	}
}

/* Also lets go of all locks. */
static void end(struct sim *m, const char *call)
{
	if (m->measure) {
		m->cost.ticks += __builtin_ia32_rdtsc();
		m->cost.steps += steps_count;
		m->cost.calls++;
	}
	if (m->guard != 0) {
		m->guard--;
		guard_end(m, call);
	}
	if (m->check) {
		check_queues(m, call);
	}
	m->locks = (struct sim_locks){0};
}

void call_online(struct sim *m, u32 pcpu)
{
	lock_config(m);
	lock_queue(m, pcpu);
	begin(m);
	sched_pcpu_online(m->sched, pcpu, sim_clock_ns(m, pcpu));
	end(m, "sched_pcpu_online");
}

void call_tick(struct sim *m)
{
	lock_config(m);
	begin(m);
	sched_tick(m->sched, sim_clock_ns(m, 0));
	end(m, "sched_tick");
}

int call_pool_add(struct sim *m, struct sim_pool *pool)
{
	struct sched_pool *parent = pool->parent == 0 ? NULL : &m->pool[pool->parent - 1].pool;
	int err;

	lock_config(m);
	begin(m);
	err = sched_pool_add(m->sched, &pool->pool, parent, &pool->params);
	end(m, "sched_pool_add");
	return err;
}

void call_pool_set(struct sim *m, struct sim_pool *pool)
{
	lock_config(m);
	begin(m);
	sched_pool_set(m->sched, &pool->pool, &pool->params, sim_clock_ns(m, 0));
	end(m, "sched_pool_set");
}

void call_group_add(struct sim *m, struct sched_group *g, struct sched_pool *pool,
		    const struct sched_group_params *params)
{
	lock_config(m);
	begin(m);
	sched_group_add(m->sched, g, pool, params, sim_clock_ns(m, 0));
	end(m, "sched_group_add");
}

void call_group_set(struct sim *m, struct sched_group *g, struct sched_pool *pool,
		    const struct sched_group_params *params)
{
	lock_config(m);
	begin(m);
	sched_group_set(m->sched, g, pool, params, sim_clock_ns(m, 0));
	end(m, "sched_group_set");
}

void call_group_remove(struct sim *m, struct sched_group *g)
{
	lock_config(m);
	begin(m);
	sched_group_remove(m->sched, g);
	end(m, "sched_group_remove");
}

int call_add(struct sim *m, struct sched_world *w, struct sched_group *g)
{
	int err;

	lock_config(m);
	lock_group(m, g);
	begin(m);
	err = sched_add(m->sched, w, g, sim_clock_ns(m, 0));
	end(m, "sched_add");
	return err;
}

void call_remove(struct sim *m, struct sched_world *w)
{
	u32 pcpu = w->pcpu;

	lock_queue(m, pcpu);
	lock_group(m, w->group);
	begin(m);
	sched_remove(m->sched, w, sim_clock_ns(m, pcpu));
	end(m, "sched_remove");
}

u32 call_wake(struct sim *m, struct sched_world *w, u32 from)
{
	u32 to = sched_place_for(m->sched, w);
	u32 kick;

	lock_queues(m, w->pcpu, to);
	lock_group(m, w->group);
	begin(m);
	kick = sched_wake(m->sched, w, to,
			  sim_clock_ns(m, from == SCHED_PCPU_NONE ? w->pcpu : from));
	end(m, "sched_wake");
	return kick;
}

struct sched_choice call_choose(struct sim *m, u32 pcpu, u32 pulled)
{
	struct sched_choice choice;

	lock_queue(m, pcpu);
	begin(m);
	choice = sched_choose(m->sched, pcpu, pulled, sim_clock_ns(m, pcpu));
	end(m, "sched_choose");
	return choice;
}

bool call_pull(struct sim *m, u32 from, u32 to)
{
	bool done;

	assert(from != to);
	lock_queues(m, from, to);
	begin(m);
	done = sched_pull(m->sched, from, to, sim_clock_ns(m, to));
	end(m, "sched_pull");
	return done;
}

bool call_start(struct sim *m, struct sched_world *w, u64 *until_ns, struct sched_kicks *kicks)
{
	bool started;

	lock_queue(m, w->pcpu);
	lock_group(m, w->group);
	begin(m);
	started = sched_start(m->sched, w, sim_clock_ns(m, w->pcpu), until_ns, kicks);
	end(m, "sched_start");
	return started;
}

void call_stop(struct sim *m, struct sched_world *w, enum sched_stop why,
	       const struct sched_used *used, struct sched_kicks *kicks)
{
	lock_queue(m, w->pcpu);
	lock_group(m, w->group);
	begin(m);
	sched_stop(m->sched, w, why, used, sim_clock_ns(m, w->pcpu), kicks);
	end(m, "sched_stop");
}

u32 call_settle(struct sim *m, struct sched_world *w)
{
	u32 kick;

	lock_queue(m, w->pcpu);
	begin(m);
	kick = sched_settle(m->sched, w);
	end(m, "sched_settle");
	return kick;
}

u32 call_yield(struct sim *m, struct sched_world *w)
{
	struct sched_world *target;
	u32 from, kick;

	lock_group(m, w->group);
	begin(m);
	target = sched_yield_target(w, sim_clock_ns(m, w->pcpu));
	end(m, "sched_yield_target");
	if (target == NULL) {
		return SCHED_PCPU_NONE;
	}
	from = target->pcpu;
	lock_queues(m, from, w->pcpu);
	begin(m);
	kick = sched_yield_to(m->sched, target, from, w->pcpu, sim_clock_ns(m, w->pcpu));
	end(m, "sched_yield_to");
	return kick;
}
