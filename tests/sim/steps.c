// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pCPU does at an event: takes a device interrupt, lets the guest take its next step,
 * answers a kick, ends a slice, chooses and starts. The same order of calls as in
 * kernel/dispatch.c.
 */
#include "tests/sim/sim.h"

#include "kernel/lib/assert.h"
#include "tests/sim/calls.h"

/* A pCPU that has not settled on something after so many looks never will. */
#define DISPATCH_TRIES 10000

/* When the guest will have reached its next step. */
static u64 step_due_ns(const struct sim_vcpu *v)
{
	u64 due_ns = v->work_ns == NEVER_NS ? NEVER_NS : v->guest_from_ns + v->work_ns;

	if (v->work_until_ns != NEVER_NS) {
		due_ns = MIN(due_ns, MAX(v->work_until_ns, v->guest_from_ns));
	}
	return due_ns;
}

void sim_pcpu_rearm(struct sim *m, struct sim_pcpu *p)
{
	u64 next_ns = MIN(p->kick_ns, MIN(p->until_ns, p->interrupt_ns));

	if (p->current != NULL) {
		next_ns = MIN(next_ns, step_due_ns(p->current));
	}
	heap_update(&m->events, &p->event, MAX(next_ns, MAX(p->busy_until_ns, m->now_ns)));
}

/* Hypervisor time of the vCPU's own: no guest time passes. */
static void spend(struct sim *m, struct sim_vcpu *v, u64 ns)
{
	v->guest_from_ns = MAX(v->guest_from_ns, m->now_ns) + ns;
}

static void take_interrupt(struct sim *m, struct sim_pcpu *p)
{
	struct sim_vcpu *v = p->current;

	p->interrupt_ns = m->now_ns + 1 + rng_below(&m->rng, 2 * m->config.interrupt_gap_ns);
	if (v == NULL) {
		return;
	}
	sim_advance(m, v);
	spend(m, v, m->config.interrupt_ns);
	v->overlap_ns += m->config.interrupt_ns;
	p->busy_until_ns = m->now_ns + m->config.interrupt_ns;
}

static struct sched_used take_used(struct sim *m, struct sim_vcpu *v)
{
	struct sched_used used;

	sim_advance(m, v);
	used = (struct sched_used){.guest_ns = v->guest_ns, .overlap_ns = v->overlap_ns};
	v->guest_total_ns += v->guest_ns;
	v->overlap_total_ns += v->overlap_ns;
	v->guest_ns = v->overlap_ns = 0;
	return used;
}

static void timeline_add(struct sim *m, const struct sim_pcpu *p)
{
	if (m->timeline != NULL && m->now_ns > m->timeline_from_ns &&
	    p->since_ns < m->timeline_to_ns) {
		fprintf(m->timeline, "%u %llu %llu %u %u\n", p->id, (unsigned long long)p->since_ns,
			(unsigned long long)m->now_ns, p->current->number,
			(u32)(p->current->vm - m->vm));
	}
}

void sim_stop(struct sim *m, struct sim_pcpu *p, enum sched_stop why)
{
	static const enum sim_book books[] = {
		[SCHED_STOP_SLICE] = BOOK_WANT,
		[SCHED_STOP_HALT] = BOOK_IDLE,
		[SCHED_STOP_WAIT] = BOOK_WAIT,
	};
	struct sim_vcpu *v = p->current;
	struct sched_used used = take_used(m, v);
	struct sched_kicks kicks = {0};

	if (why != SCHED_STOP_SLICE) {
		ideal_advance(m);
		m->ideal_stale = true;
	}
	call_stop(m, &v->world, why, &used, &kicks);
	sim_book(m, v, v->world.state == SCHED_READY ? BOOK_WANT : books[why]);
	timeline_add(m, p);
	sim_trace(m, "pCPU %u stops %s/%u: %s", p->id, v->vm->name, sim_index(v),
		  v->book == BOOK_WANT ? "ready" : "blocked");
	p->current = NULL;
	p->since_ns = m->now_ns;
	p->until_ns = NEVER_NS;
	sim_kick_all(m, p->id, &kicks);
}

void sim_unload(struct sim *m, struct sim_pcpu *p)
{
	struct sim_vcpu *v = p->resident;
	u32 kick;

	if (v == NULL) {
		return;
	}
	p->resident = NULL;
	kick = call_settle(m, &v->world);
	if (kick != SCHED_PCPU_NONE) {
		sim_kick(m, p->id, kick);
	}
}

/* Of the pCPU's clock, to the machine's. */
static u64 until_set(const struct sim_pcpu *p, u64 until_ns)
{
	if (until_ns == NEVER_NS) {
		return NEVER_NS;
	}
	return until_ns > p->clock_ns ? until_ns - p->clock_ns : 0;
}

/* False: the scheduler changed its mind. */
static bool start(struct sim *m, struct sim_pcpu *p, struct sim_vcpu *v)
{
	struct sched_kicks kicks = {0};
	bool loaded = p->resident == v;
	u64 until_ns = 0;

	if (v->world.pcpu != p->id ||
	    (v->world.resident != p->id && v->world.resident != SCHED_PCPU_NONE)) {
		sim_fail(m, "pCPU %u picked %s/%u, which is resident on %u", p->id, v->vm->name,
			 sim_index(v), v->world.resident);
		return true;
	}
	bool started = call_start(m, &v->world, &until_ns, &kicks);

	sim_kick_all(m, p->id, &kicks);
	if (!started) {
		return false;
	}
	if (!loaded) {
		sim_unload(m, p);
		p->resident = v;
	}
	p->idle_ns += m->now_ns - p->since_ns;
	p->since_ns = m->now_ns;
	p->current = v;
	p->until_ns = until_set(p, until_ns);
	v->guest_from_ns = m->now_ns;
	spend(m, v, loaded ? m->config.exit_ns : m->config.switch_ns);
	p->busy_until_ns = v->guest_from_ns;
	sim_book(m, v, BOOK_RUN);
	if (v->woken_ns != NEVER_NS) {
		histogram_add(&v->vm->latency, v->guest_from_ns - v->woken_ns);
		v->woken_ns = NEVER_NS;
	}
	if (v->spinning) { /* what it waits for may have come */
		sim_poke(m, v);
	}
	sim_trace(m, "pCPU %u starts %s/%u until %.6f", p->id, v->vm->name, sim_index(v),
		  (double)p->until_ns / (double)NSEC_PER_MSEC);
	return true;
}

static void dispatch(struct sim *m, struct sim_pcpu *p)
{
	u32 pulled = 0;

	m->cost.decisions++;
	for (u32 tries = 0; tries < DISPATCH_TRIES && !m->failed; tries++) {
		struct sched_choice choice = call_choose(m, p->id, pulled);

		if (choice.world != NULL) {
			if (start(m, p, container_of(choice.world, struct sim_vcpu, world))) {
				return;
			}
		} else if (choice.pull_from != SCHED_PCPU_NONE) {
			bool done = call_pull(m, choice.pull_from, p->id);

			sim_trace(m, "pCPU %u pulls from %u: %s", p->id, choice.pull_from,
				  done ? "one" : "none");
			pulled++;
		} else {
			p->until_ns = until_set(p, choice.until_ns);
			sim_trace(m, "pCPU %u idles", p->id);
			return;
		}
	}
	sim_fail(m, "pCPU %u neither runs nor idles after %u looks", p->id, DISPATCH_TRIES);
}

/* A PAUSE-loop exit: a sibling may go on, here or where it waits. True: here, and the pCPU has
 * stopped the spinning one. */
static bool gives_way(struct sim *m, struct sim_pcpu *p)
{
	struct sim_vcpu *v = p->current;
	u32 kick;

	spend(m, v, m->config.exit_ns);
	kick = call_yield(m, &v->world);
	if (kick == SCHED_PCPU_NONE) {
		return false;
	}
	sim_trace(m, "%s/%u gives way on pCPU %u", v->vm->name, sim_index(v), kick);
	v->yields++;
	if (kick != p->id) {
		sim_kick(m, p->id, kick);
		return false;
	}
	sim_stop(m, p, SCHED_STOP_SLICE);
	return true;
}

/* The guest reached the end of what it was doing. */
static void guest_step(struct sim *m, struct sim_pcpu *p)
{
	struct sim_vcpu *v = p->current;

	if (v->spinning && m->config.ple_ns != 0 && gives_way(m, p)) {
		return;
	}
	v->spinning = false;
	switch (workload_next(m, v)) {
	case NEXT_RUN:
		break;
	case NEXT_SPIN:
		v->spinning = true;
		v->work_ns = m->config.ple_ns != 0 ? m->config.ple_ns : NEVER_NS;
		break;
	case NEXT_HALT:
		sim_stop(m, p, SCHED_STOP_HALT);
		break;
	case NEXT_WAIT:
		sim_stop(m, p, SCHED_STOP_WAIT);
		break;
	}
}

/* The vCPU exits to the hypervisor, which looks whether it may go on. */
static void look_again(struct sim *m, struct sim_pcpu *p)
{
	if (p->until_ns <= m->now_ns || sched_preempt_due(m->sched, p->id)) {
		sim_stop(m, p, SCHED_STOP_SLICE);
	} else {
		spend(m, p->current, m->config.exit_ns);
	}
}

void sim_pcpu_event(struct sim *m, struct sim_pcpu *p)
{
	bool look = p->kick_ns <= m->now_ns || p->until_ns <= m->now_ns;

	if (p->interrupt_ns <= m->now_ns) {
		take_interrupt(m, p);
	} else {
		p->kick_ns = p->kick_ns <= m->now_ns ? NEVER_NS : p->kick_ns;
		if (p->current != NULL) {
			sim_advance(m, p->current);
			if (step_due_ns(p->current) <= m->now_ns) {
				guest_step(m, p);
			}
		}
		if (p->current != NULL && look) {
			look_again(m, p);
		}
		if (p->current == NULL) {
			dispatch(m, p);
		}
	}
	sim_pcpu_rearm(m, p);
}
