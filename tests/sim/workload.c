// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guests do. Each workload is a small machine whose next step is asked for when the last one
 * is done: also after a halt, and a guest that was woken too early halts again.
 */
#include "tests/sim/sim.h"

#include "kernel/lib/assert.h"

/* Steps. */
enum { FIRST, WORKING, WAITING, CRITICAL };

void workload_reset(struct sim *m, struct sim_vcpu *v)
{
	v->step = FIRST;
	v->work_ns = 0;
	v->work_until_ns = NEVER_NS;
	v->spinning = false;
	v->due_ns = m->now_ns;
	v->phase = v->vm->phase;
	v->guest_ns = v->overlap_ns = 0;
	v->guest_from_ns = m->now_ns;
}

/* `run`, more or less by the jitter. */
static u64 run_ns(struct sim *m, const struct sim_vm_params *p)
{
	u64 spread_ns = p->run_ns * p->jitter / 1000;

	return p->run_ns - spread_ns + rng_below(&m->rng, 2 * spread_ns + 1);
}

/* Around that, anything from nothing to twice as much. */
static u64 about_ns(struct sim *m, u64 mean_ns)
{
	return rng_below(&m->rng, 2 * mean_ns + 1);
}

static enum sim_next work(struct sim_vcpu *v, u64 ns)
{
	v->step = WORKING;
	v->work_ns = ns;
	return NEXT_RUN;
}

static enum sim_next sleep_until(struct sim *m, struct sim_vcpu *v, u64 due_ns, enum sim_next how)
{
	v->step = WAITING;
	v->due_ns = due_ns;
	sim_timer_set(m, v, due_ns);
	return how;
}

static bool sleeps(const struct sim *m, const struct sim_vcpu *v)
{
	return v->step == WAITING && m->now_ns < v->due_ns;
}

static enum sim_next next_cpu(struct sim *m, struct sim_vcpu *v)
{
	(void)m;
	return work(v, NEVER_NS);
}

/* A timer that runs on: its interrupt finds the guest asleep, or late. */
static enum sim_next next_periodic(struct sim *m, struct sim_vcpu *v)
{
	const struct sim_vm_params *p = &v->vm->params;

	if (v->step == WORKING && m->now_ns < v->due_ns) {
		v->step = WAITING;
		return NEXT_HALT;
	}
	if (sleeps(m, v)) {
		return NEXT_HALT;
	}
	v->due_ns += ((m->now_ns - v->due_ns) / p->period_ns + 1) * p->period_ns;
	sim_timer_set(m, v, v->due_ns);
	return work(v, run_ns(m, p));
}

/* On and off, by halting (bursty) or by waiting for the hypervisor (io). */
static enum sim_next next_on_off(struct sim *m, struct sim_vcpu *v, enum sim_next how)
{
	const struct sim_vm_params *p = &v->vm->params;

	if (v->step == WORKING) {
		return sleep_until(m, v, m->now_ns + 1 + about_ns(m, p->period_ns), how);
	}
	return sleeps(m, v) ? how : work(v, about_ns(m, p->run_ns));
}

static enum sim_next next_bursty(struct sim *m, struct sim_vcpu *v)
{
	return next_on_off(m, v, NEXT_HALT);
}

static enum sim_next next_io(struct sim *m, struct sim_vcpu *v)
{
	return next_on_off(m, v, NEXT_WAIT);
}

/* The last one is there: all go on. */
static void barrier_open(struct sim *m, struct sim_vcpu *last)
{
	struct sim_vm *vm = last->vm;

	vm->arrived = 0;
	vm->phase++;
	vm->phases++;
	for (u32 i = 0; i < vm->params.vcpus; i++) {
		struct sim_vcpu *v = &vm->vcpu[i];

		if (v == last || v->step != WAITING) {
			continue;
		}
		sim_poke(m, v);
		if (!vm->params.spin) {
			sim_wake(m, v, last->world.pcpu);
		}
	}
}

static enum sim_next next_barrier(struct sim *m, struct sim_vcpu *v)
{
	struct sim_vm *vm = v->vm;

	if (v->step == WORKING) {
		v->step = WAITING;
		v->phase = vm->phase;
		if (++vm->arrived == vm->params.vcpus) {
			barrier_open(m, v);
		}
	}
	if (v->step == WAITING && v->phase == vm->phase) {
		return vm->params.spin ? NEXT_SPIN : NEXT_HALT;
	}
	return work(v, run_ns(m, &vm->params));
}

/* The lock is free. One of those that look, by chance, sees it first. */
static void lock_release(struct sim *m, struct sim_vcpu *holder)
{
	struct sim_vm *vm = holder->vm;
	u32 count = vm->params.vcpus, first = (u32)rng_below(&m->rng, count);

	vm->lock_holder = NULL;
	vm->sections++;
	for (u32 i = 0; i < count; i++) {
		struct sim_vcpu *v = &vm->vcpu[(first + i) % count];

		if (v->spinning && v->world.state == SCHED_RUNNING) {
			sim_poke(m, v);
			return;
		}
	}
}

static enum sim_next next_spinlock(struct sim *m, struct sim_vcpu *v)
{
	struct sim_vm *vm = v->vm;

	if (v->step == CRITICAL) {
		assert(vm->lock_holder == v);
		lock_release(m, v);
	} else if (v->step != FIRST) {
		if (vm->lock_holder != NULL) {
			v->step = WAITING;
			return NEXT_SPIN;
		}
		vm->lock_holder = v;
		work(v, vm->params.critical_ns);
		v->step = CRITICAL;
		return NEXT_RUN;
	}
	return work(v, about_ns(m, vm->params.run_ns));
}

/* Never seen running when a multiple of the period passes: half of `run` before and after, it
 * sleeps. */
static enum sim_next next_dodger(struct sim *m, struct sim_vcpu *v)
{
	const struct sim_vm_params *p = &v->vm->params;
	u64 half_ns = p->run_ns / 2, into_ns = (m->now_ns + half_ns) % p->period_ns;
	u64 free_ns = m->now_ns + p->run_ns - into_ns; /* when the sleep that has begun ends */

	v->work_until_ns = NEVER_NS;
	if (into_ns < p->run_ns) {
		return sleep_until(m, v, free_ns, NEXT_HALT);
	}
	work(v, NEVER_NS);
	v->work_until_ns = m->now_ns + p->period_ns - into_ns;
	return NEXT_RUN;
}

enum sim_next workload_next(struct sim *m, struct sim_vcpu *v)
{
	static enum sim_next (*const next[])(struct sim *, struct sim_vcpu *) = {
		[LOAD_CPU] = next_cpu,		 [LOAD_PERIODIC] = next_periodic,
		[LOAD_BURSTY] = next_bursty,	 [LOAD_BARRIER] = next_barrier,
		[LOAD_SPINLOCK] = next_spinlock, [LOAD_IO] = next_io,
		[LOAD_DODGER] = next_dodger,
	};

	v->spinning = false;
	v->work_until_ns = NEVER_NS;
	return next[v->vm->params.load](m, v);
}
