// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashes of all that is marked [Q] and (a, written under Q) in worlds of queues that are not
 * locked, and [G] in groups that are not, before and after a call. Slow: every call costs a look at
 * every world.
 */
#include "tests/sim/guard.h"

#include <string.h>

/* Eight bytes at a time. */
static u64 mix(u64 hash, const void *bytes, size_t count)
{
	const u8 *b = bytes;

	for (size_t i = 0; i < count; i += sizeof(u64)) {
		u64 word = 0;

		memcpy(&word, b + i, MIN(count - i, sizeof(word)));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash;
}

#define MIX(hash, field) mix(hash, &(field), sizeof(field))

static u64 world_hash(const struct sched_world *w)
{
	u64 h = 0xcbf29ce484222325ull;

	h = MIX(h, w->affinity);
	h = MIX(h, w->pcpu);
	h = MIX(h, w->resident);
	h = MIX(h, w->state);
	h = MIX(h, w->where);
	h = MIX(h, w->wake_pending);
	h = MIX(h, w->check_ns);
	h = MIX(h, w->ran_on);
	h = MIX(h, w->load);
	h = MIX(h, w->charge_rest);
	h = MIX(h, w->request_ns);
	h = MIX(h, w->burst_ns);
	h = MIX(h, w->at);
	h = MIX(h, w->node);
	h = MIX(h, w->floor_at);
	h = MIX(h, w->started_ns);
	return MIX(h, w->account);
}

/* The group and the (g) fields of its worlds. */
static u64 group_hash(const struct sim_vm *vm)
{
	const struct sched_group *g = &vm->group;
	u64 h = 0xcbf29ce484222325ull;

	h = MIX(h, g->count);
	h = MIX(h, g->member);
	h = MIX(h, g->stopped);
	h = MIX(h, g->executing);
	h = MIX(h, g->skew_at_ns);
	h = MIX(h, g->skew_seen_ns);
	h = MIX(h, g->costops);
	for (u32 i = 0; i < vm->params.vcpus; i++) {
		const struct sched_world *w = &vm->vcpu[i].world;

		h = MIX(h, w->progress_ns);
		h = MIX(h, w->progress_at_ns);
		h = MIX(h, w->progressing);
		h = MIX(h, w->halt_skew_ns);
		h = MIX(h, w->skew_ns);
		h = MIX(h, w->offered);
		h = MIX(h, w->gang);
	}
	return h;
}

static bool queue_held(const struct sim *m, u32 pcpu)
{
	for (u32 i = 0; i < m->locks.queues; i++) {
		if (m->locks.queue[i] == pcpu) {
			return true;
		}
	}
	return false;
}

/* 0: the vCPU or VM is not guarded now. */
static u64 vcpu_guard(const struct sim *m, const struct sim_vcpu *v)
{
	return v->added && !queue_held(m, v->world.pcpu) ? world_hash(&v->world) : 0;
}

static u64 vm_guard(const struct sim *m, const struct sim_vm *vm)
{
	return vm->alive && m->locks.group != &vm->group ? group_hash(vm) : 0;
}

void guard_begin(struct sim *m)
{
	for (u32 i = 0; i < m->vcpus; i++) {
		m->guards[i] = vcpu_guard(m, m->vcpu[i]);
	}
	for (u32 i = 0; i < m->vms; i++) {
		m->guards[m->vcpus + i] = vm_guard(m, &m->vm[i]);
	}
}

void guard_end(struct sim *m, const char *call)
{
	for (u32 i = 0; i < m->vcpus; i++) {
		const struct sim_vcpu *v = m->vcpu[i];

		if (m->guards[i] != 0 && m->guards[i] != world_hash(&v->world)) {
			sim_fail(m, "%s() changed %s/%u of pCPU %u without its lock", call,
				 v->vm->name, sim_index(v), v->world.pcpu);
		}
	}
	for (u32 i = 0; i < m->vms; i++) {
		u64 guard = m->guards[m->vcpus + i];

		if (guard != 0 && guard != group_hash(&m->vm[i])) {
			sim_fail(m, "%s() changed group %s without its lock", call, m->vm[i].name);
		}
	}
}
