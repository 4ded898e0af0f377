// SPDX-License-Identifier: GPL-2.0-only
/* VMs start, stop and change while the machine runs. See sim.h. */
#include "tests/sim/sim.h"

#include <string.h>

#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "tests/sim/calls.h"
#include "tests/sim/watch.h"

static struct sched_group_params group_params(const struct sim_vm_params *p)
{
	return (struct sched_group_params){
		.shares = p->shares,
		.min_ns = p->min_ns,
		.max_ns = p->max_ns,
		.rule = (enum sched_rule)p->rule,
		.skew_max_ns = p->skew_ns,
	};
}

static struct sched_pool *pool_of(struct sim *m, const struct sim_vm_params *p)
{
	return p->pool == 0 ? NULL : &m->pool[p->pool - 1].pool;
}

void sim_pools_start(struct sim *m)
{
	for (u32 i = 0; i < m->pools; i++) {
		if (call_pool_add(m, &m->pool[i]) != 0) {
			sim_fail(m, "pool %s was refused", m->pool[i].name);
			return;
		}
	}
}

static void vcpu_add(struct sim *m, struct sim_vcpu *v)
{
	int err;

	memcpy(v->world.affinity, v->vm->params.affinity, sizeof(v->world.affinity));
	err = call_add(m, &v->world, &v->vm->group);
	if (err != 0) {
		sim_fail(m, "%s: adding a vCPU: %s", v->vm->name, err_name(err));
		return;
	}
	v->added = true;
	v->ready_since_ns = v->want_since_ns = NEVER_NS;
}

static void vcpu_start(struct sim *m, struct sim_vcpu *v)
{
	memset(&v->world, 0, sizeof(v->world));
	v->world.id = v->number;
	sched_world_init(&v->world, m->now_ns);
	vcpu_add(m, v);
	v->absent_ns += m->now_ns - v->book_since_ns;
	sim_book(m, v, BOOK_WAIT);
	v->progress_ns = 0;
	v->skew_then_ns = 0;
	v->added_ns = m->now_ns;
	v->woken_ns = v->ready_since_ns = v->want_since_ns = NEVER_NS;
	workload_reset(m, v);
}

void sim_vm_start(struct sim *m, struct sim_vm *vm)
{
	struct sched_group_params params = group_params(&vm->params);

	if (vm->alive) {
		return;
	}
	sim_trace(m, "%s starts", vm->name);
	ideal_advance(m);
	m->ideal_stale = true;
	memset(&vm->group, 0, sizeof(vm->group));
	vm->group.id = (u32)(vm - m->vm);
	call_group_add(m, &vm->group, pool_of(m, &vm->params), &params);
	vm->alive = true;
	vm->changed_ns = m->now_ns;
	vm->arrived = 0;
	vm->lock_holder = NULL;
	for (u32 i = 0; i < vm->params.vcpus && !m->failed; i++) {
		vcpu_start(m, &vm->vcpu[i]);
	}
	for (u32 i = 0; i < vm->params.vcpus && !m->failed; i++) {
		sim_wake(m, &vm->vcpu[i], SCHED_PCPU_NONE);
	}
	watch_vm_changed(m, vm);
}

static void times_add(struct account_times *to, const struct account_times *t)
{
	u64 *sum = (u64 *)to;
	const u64 *add = (const u64 *)t;

	static_assert(sizeof(*to) % sizeof(u64) == 0, "account_times is made of u64");
	for (size_t i = 0; i < sizeof(*to) / sizeof(u64); i++) {
		sum[i] += add[i];
	}
}

struct account_times sim_vcpu_times(const struct sim *m, const struct sim_vcpu *v)
{
	struct account_times times = v->past, now;

	if (v->added) {
		now = account_read(&v->world.account, sim_clock_ns(m, v->world.pcpu));
		times_add(&times, &now);
	}
	return times;
}

static void vcpu_remove(struct sim *m, struct sim_vcpu *v)
{
	struct sim_pcpu *p;

	if (v->world.state == SCHED_RUNNING) {
		p = &m->pcpu[v->world.pcpu];
		assert(p->current == v);
		sim_stop(m, p, SCHED_STOP_SLICE);
		sim_kick(m, p->id, p->id);
	}
	if (v->world.resident != SCHED_PCPU_NONE) {
		p = &m->pcpu[v->world.resident];
		assert(p->resident == v);
		sim_unload(m, p);
	}
	sim_book(m, v, BOOK_WAIT);
	call_remove(m, &v->world);
	v->added = false;
}

static void vcpu_stop(struct sim *m, struct sim_vcpu *v)
{
	struct account_times times;

	if (heap_contains(&v->timer)) {
		heap_remove(&m->timers, &v->timer);
	}
	vcpu_remove(m, v);
	times = account_read(&v->world.account, sim_clock_ns(m, v->world.pcpu));
	times_add(&v->past, &times);
}

/* Elsewhere, by leaving and coming back. */
static void vcpu_move(struct sim *m, struct sim_vcpu *v)
{
	bool wants = v->world.state != SCHED_BLOCKED;

	vcpu_remove(m, v);
	v->progress_ns = v->vm->params.vcpus > 1 ? watch_slowest_ns(m, v) : v->progress_ns;
	vcpu_add(m, v);
	if (wants && !m->failed) {
		sim_wake(m, v, SCHED_PCPU_NONE);
	}
}

void sim_vm_stop(struct sim *m, struct sim_vm *vm)
{
	if (!vm->alive) {
		return;
	}
	sim_trace(m, "%s stops", vm->name);
	ideal_advance(m);
	m->ideal_stale = true;
	for (u32 i = 0; i < vm->params.vcpus && !m->failed; i++) {
		vcpu_stop(m, &vm->vcpu[i]);
	}
	if (!m->failed) {
		call_group_remove(m, &vm->group);
		vm->alive = false;
	}
}

void sim_vm_set(struct sim *m, struct sim_vm *vm, const struct sim_vm_params *params)
{
	struct sched_group_params group = group_params(params);
	bool moved = memcmp(vm->params.affinity, params->affinity, sizeof(params->affinity)) != 0;

	sim_trace(m, "%s changes", vm->name);
	ideal_advance(m);
	m->ideal_stale = true;
	vm->params = *params;
	if (!vm->alive) {
		return;
	}
	call_group_set(m, &vm->group, pool_of(m, params), &group);
	for (u32 i = 0; moved && i < params->vcpus && !m->failed; i++) {
		vcpu_move(m, &vm->vcpu[i]);
	}
	watch_vm_changed(m, vm);
}
