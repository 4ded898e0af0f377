// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scheduler knows of the machine and of VMs and pools, under the configuration lock; and
 * what the monitor may see.
 */
#include "arch/arch.h"
#include "kernel/cmdline.h"
#include "kernel/dispatch_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/params.h"
#include "mm/frames.h"

struct dispatch dispatch;

/* --- the machine ------------------------------------------------------------------------------ */

static void places_init(u32 count)
{
	for (u32 i = 0; i < count; i++) {
		struct arch_place place = arch_pcpu_place(i);

		dispatch.places[i] = (struct sched_place){
			.core = place.core, .cache = place.cache, .node = place.node};
	}
}

int dispatch_init(const char *cmdline)
{
	u32 count = arch_pcpu_count();
	struct sched_config config = {
		.pcpu_count = count, .place = dispatch.places, .slice_ns = SCHED_SLICE_NS};
	void *memory = pages_alloc(sched_memory_bytes(count));

	if (memory == NULL) {
		return ERR_NOMEM;
	}
	dispatch.check = cmdline_has_item(cmdline, "check", "sched");
	places_init(count);
	dispatch.sched = sched_init(memory, &config);
	for (u32 i = 0; i < count; i++) {
		int err = timers_init(i);

		if (err != 0) {
			return err;
		}
	}
	return 0;
}

static void tick_fire(struct timer *timer, u64 now_ns)
{
	spin_lock(&dispatch.config_lock);
	sched_tick(dispatch.sched, now_ns);
	spin_unlock(&dispatch.config_lock);
	timer_arm(timer, now_ns + SCHED_TICK_NS);
}

void tick_init(void)
{
	timer_init(&dispatch.tick, tick_fire);
	timer_arm(&dispatch.tick, arch_now_ns() + SCHED_TICK_NS);
}

/* --- VMs and pools ---------------------------------------------------------------------------- */

static void affinity_set(struct vm *vm, const struct dispatch_vm_params *params)
{
	memcpy(vm->affinity, params->affinity, sizeof(vm->affinity));
}

void dispatch_vm_add(struct vm *vm, const struct dispatch_vm_params *params)
{
	spin_lock(&dispatch.config_lock);
	affinity_set(vm, params);
	sched_group_add(dispatch.sched, &vm->group, params->pool, &params->group, arch_now_ns());
	vm->group_added = true;
	spin_unlock(&dispatch.config_lock);
}

void dispatch_vm_remove(struct vm *vm)
{
	spin_lock(&dispatch.config_lock);
	if (vm->group_added) {
		sched_group_remove(dispatch.sched, &vm->group);
		vm->group_added = false;
	}
	spin_unlock(&dispatch.config_lock);
}

void dispatch_vm_set(struct vm *vm, const struct dispatch_vm_params *params)
{
	spin_lock(&dispatch.config_lock);
	bool moves = memcmp(vm->affinity, params->affinity, sizeof(vm->affinity)) != 0;

	affinity_set(vm, params);
	sched_group_set(dispatch.sched, &vm->group, params->pool, &params->group, arch_now_ns());
	spin_unlock(&dispatch.config_lock);
	for (u32 i = 0; moves && i < vm->config.vcpus; i++) {
		world_move(vm->vcpus[i]);
	}
}

int dispatch_pool_add(struct sched_pool *pool, struct sched_pool *parent,
		      const struct sched_pool_params *params)
{
	spin_lock(&dispatch.config_lock);
	int err = sched_pool_add(dispatch.sched, pool, parent, params);

	spin_unlock(&dispatch.config_lock);
	return err;
}

void dispatch_pool_remove(struct sched_pool *pool)
{
	spin_lock(&dispatch.config_lock);
	sched_pool_remove(dispatch.sched, pool);
	spin_unlock(&dispatch.config_lock);
}

void dispatch_pool_set(struct sched_pool *pool, const struct sched_pool_params *params)
{
	spin_lock(&dispatch.config_lock);
	sched_pool_set(dispatch.sched, pool, params, arch_now_ns());
	spin_unlock(&dispatch.config_lock);
}

/* --- for the monitor -------------------------------------------------------------------------- */

/* The sum is stored before the start is cleared: who sees neither or both changed has a sum and a
 * start that belong together. */
void dispatch_get_stats(u32 pcpu, u64 now_ns, struct pcpu_stats *stats)
{
	const struct pcpu *p = &dispatch.pcpus[pcpu];
	u64 since_ns, past_ns;

	do {
		since_ns = __atomic_load_n(&p->idle_since_ns, __ATOMIC_ACQUIRE);
		past_ns = __atomic_load_n(&p->idle_ns, __ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&p->idle_since_ns, __ATOMIC_ACQUIRE) != since_ns);
	if (since_ns != 0 && now_ns > since_ns) {
		past_ns += now_ns - since_ns;
	}
	stats->idle_ns = past_ns;
	stats->switches = __atomic_load_n(&p->switches, __ATOMIC_RELAXED);
}

struct vcpu *dispatch_resident(u32 pcpu)
{
	return __atomic_load_n(&dispatch.pcpus[pcpu].resident, __ATOMIC_RELAXED);
}

void dispatch_world_get(struct vcpu *vcpu, struct dispatch_world_info *info)
{
	struct sched_world *w = &vcpu->world;
	u32 queue = world_lock(w);

	spin_lock(&vcpu->vm->group_lock);
	*info = (struct dispatch_world_info){.state = w->state,
					     .where = w->where,
					     .pcpu = w->pcpu,
					     .progress_ns = w->progress_ns};
	if (vcpu->added) {
		info->lag_ns = sched_lag_ns(dispatch.sched, w);
		info->vtime = w->at.start;
		info->skew_ns = sched_skew_ns(w, arch_now_ns());
	}
	spin_unlock(&vcpu->vm->group_lock);
	queue_unlock(queue);
}

void dispatch_queue_get(u32 pcpu, struct sched_queue_info *info)
{
	queue_lock(pcpu);
	*info = sched_queue_get(dispatch.sched, pcpu);
	queue_unlock(pcpu);
}

void dispatch_queue_each(u32 pcpu, void (*fn)(struct sched_world *w, void *arg), void *arg)
{
	queue_lock(pcpu);
	sched_queue_each(dispatch.sched, pcpu, fn, arg);
	queue_unlock(pcpu);
}

struct sched_place dispatch_place(u32 pcpu)
{
	return dispatch.places[pcpu];
}

u64 dispatch_lag_bound_ns(void)
{
	return sched_lag_bound_ns(dispatch.sched);
}
