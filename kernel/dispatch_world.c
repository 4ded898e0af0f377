// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other pCPUs do to a vCPU: wake it, park it; and the locks around that.
 *
 * Blocking without lost wake-ups: a vCPU that leaves to block first clears vcpu.pcpu, then (under
 * its queue's lock) looks at vcpu.requests once more; a poster first sets vcpu.requests, then looks
 * at vcpu.pcpu. One of the two sees the other.
 *
 * Parking in the same way: who asks sets VCPU_REQ_PARK, then looks (under the queue's lock) whether
 * the vCPU runs; a vCPU that stops does so under that lock, and then looks at the request. Whoever
 * finds both "asked" and "does not run" goes on: has it unloaded where it is still loaded, then
 * makes the scheduler forget it. vcpu.added tells who comes late.
 */
#include "kernel/dispatch_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

/* --- locks and kicks -------------------------------------------------------------------------- */

void queues_lock(u32 a, u32 b)
{
	queue_lock(MIN(a, b));
	if (a != b) {
		queue_lock(MAX(a, b));
	}
}

void queues_unlock(u32 a, u32 b)
{
	queue_unlock(a);
	if (a != b) {
		queue_unlock(b);
	}
}

static u32 world_pcpu(const struct sched_world *w)
{
	return __atomic_load_n(&w->pcpu, __ATOMIC_RELAXED);
}

u32 world_lock(struct sched_world *w)
{
	for (;;) {
		u32 pcpu = world_pcpu(w);

		queue_lock(pcpu);
		if (world_pcpu(w) == pcpu) {
			return pcpu;
		}
		queue_unlock(pcpu);
	}
}

void pcpu_notify(u32 pcpu)
{
	const struct pcpu *here = &dispatch.pcpus[arch_pcpu_id()];

	if (pcpu == SCHED_PCPU_NONE) {
		return;
	}
	/* This one looks by itself, unless it is in an exit that ends with the next entry. */
	if (pcpu != arch_pcpu_id() || (here->in_guest && !here->in_work)) {
		arch_kick(pcpu);
	}
}

void kicks_send(const struct sched_kicks *kicks)
{
	for (u32 i = 0; i < kicks->count; i++) {
		pcpu_notify(kicks->pcpu[i]);
	}
}

void queue_check(u32 pcpu, u64 now_ns)
{
	if (unlikely(dispatch.check)) {
		const char *wrong = sched_check(dispatch.sched, pcpu, now_ns);

		if (wrong != NULL) {
			panic("scheduler, pCPU %u: %s", pcpu, wrong);
		}
	}
}

/* --- waking ----------------------------------------------------------------------------------- */

/* Locks the world's queue and the one where it should wake up, which is returned. A world that is
 * not BLOCKED stays where it is. */
static u32 wake_lock(struct sched_world *w, u32 *from)
{
	for (;;) {
		bool blocked = __atomic_load_n(&w->state, __ATOMIC_RELAXED) == SCHED_BLOCKED;
		u32 pcpu = world_pcpu(w);
		u32 to = blocked ? sched_place_for(dispatch.sched, w) : pcpu;

		queues_lock(pcpu, to);
		if (world_pcpu(w) == pcpu && (blocked || w->state != SCHED_BLOCKED)) {
			*from = pcpu;
			return to;
		}
		queues_unlock(pcpu, to);
	}
}

void dispatch_wake(struct vcpu *vcpu)
{
	struct sched_world *w = &vcpu->world;
	u64 now_ns = arch_now_ns();
	u32 kick = SCHED_PCPU_NONE;
	u32 from;

	if (!__atomic_load_n(&vcpu->added, __ATOMIC_SEQ_CST)) {
		return; /* looks for itself what was posted when it is added */
	}
	u32 to = wake_lock(w, &from);

	if (vcpu->added) {
		spin_lock(&vcpu->vm->group_lock);
		kick = sched_wake(dispatch.sched, w, to, now_ns);
		spin_unlock(&vcpu->vm->group_lock);
		queue_check(to, now_ns);
	}
	queues_unlock(from, to);
	pcpu_notify(kick);
}

/* --- parking ---------------------------------------------------------------------------------- */

#define PARK_REQUESTS (VCPU_REQ_PARK | VCPU_REQ_MOVE)

bool park_step(struct vcpu *vcpu)
{
	struct sched_world *w = &vcpu->world;
	u32 requests = __atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST);

	if ((requests & PARK_REQUESTS) == 0 || !vcpu->added || w->state == SCHED_RUNNING) {
		return false;
	}
	if (w->resident != SCHED_PCPU_NONE) {
		__atomic_store_n(&dispatch.pcpus[w->resident].unload, 1, __ATOMIC_SEQ_CST);
		pcpu_notify(w->resident);
		return false;
	}
	spin_lock(&vcpu->vm->group_lock);
	sched_remove(dispatch.sched, w, arch_now_ns());
	spin_unlock(&vcpu->vm->group_lock);
	__atomic_store_n(&vcpu->added, false, __ATOMIC_SEQ_CST);
	return true;
}

static void vcpu_add(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;

	spin_lock(&dispatch.config_lock);
	__atomic_fetch_and(&vcpu->requests, ~(u32)VCPU_REQ_MOVE, __ATOMIC_SEQ_CST);
	memcpy(vcpu->world.affinity, vm->affinity, sizeof(vm->affinity));
	spin_lock(&vm->group_lock);
	int err = sched_add(dispatch.sched, &vcpu->world, &vm->group, arch_now_ns());

	spin_unlock(&vm->group_lock);
	spin_unlock(&dispatch.config_lock);
	assert(err == 0); /* the affinity was checked, and a group holds VM_VCPUS_MAX */
}

/* A vCPU that was added begins to run, unless it was asked to park since. */
static void vcpu_begin(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->added, true, __ATOMIC_SEQ_CST);
	u32 queue = world_lock(&vcpu->world);
	bool parked = park_step(vcpu);

	queue_unlock(queue);
	if (parked) {
		park_done(vcpu);
	} else {
		dispatch_wake(vcpu);
	}
}

void park_done(struct vcpu *vcpu)
{
	u32 requests = __atomic_fetch_and(&vcpu->requests, ~(u32)PARK_REQUESTS, __ATOMIC_SEQ_CST);

	if ((requests & VCPU_REQ_PARK) != 0) {
		vm_vcpu_parked(vcpu->vm);
	} else { /* it only moves */
		vcpu_add(vcpu);
		vcpu_begin(vcpu);
	}
}

/* VCPU_REQ_PARK, or VCPU_REQ_MOVE: to be added again at once, with the VM's present affinity. */
static void park_ask(struct vcpu *vcpu, u32 request)
{
	__atomic_fetch_or(&vcpu->requests, request, __ATOMIC_SEQ_CST);
	u32 queue = world_lock(&vcpu->world);
	bool runs = vcpu->added && vcpu->world.state == SCHED_RUNNING;
	bool parked = park_step(vcpu);

	queue_unlock(queue);
	if (parked) {
		park_done(vcpu);
	} else if (runs && queue != arch_pcpu_id()) {
		arch_kick(queue);
	}
}

void dispatch_park(struct vcpu *vcpu)
{
	park_ask(vcpu, VCPU_REQ_PARK);
}

void dispatch_vm_unpark(struct vm *vm)
{
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		vcpu_add(vm->vcpus[i]);
	}
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		vcpu_begin(vm->vcpus[i]);
	}
}

void world_move(struct vcpu *vcpu)
{
	park_ask(vcpu, VCPU_REQ_MOVE);
}
