// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy decisions carried out. One lock (`dispatch`) serialises all calls into the policy; it is
 * never held while a guest runs.
 *
 * Blocking without lost wake-ups: a vCPU that leaves to block first clears vcpu.pcpu, then (under
 * the lock) looks at vcpu.requests once more; a poster first sets vcpu.requests, then looks at
 * vcpu.pcpu. One of the two sees the other.
 */
#include "kernel/dispatch.h"

#include "arch/arch.h"
#include "kernel/console/monitor.h"
#include "kernel/finish.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/milestones.h"
#include "kernel/params.h"
#include "kernel/timer.h"
#include "kernel/vm.h"
#include "mm/frames.h"
#include "sched/rr.h"

static struct {
	struct spinlock lock;
	const struct sched_ops *ops; /* (o) */
	struct sched *policy;	     /* [lock] */
} dispatch;

static struct pcpu {
	struct vcpu *resident;	 /* (c) loaded here */
	u64 armed_ns;		 /* (c) what the hardware timer is set to; 0: unknown */
	struct pcpu_stats stats; /* (c) */
} pcpus[PCPU_MAX];

int dispatch_init(void)
{
	struct sched_config config = {.pcpu_count = arch_pcpu_count(), .slice_ns = SCHED_SLICE_NS};

	dispatch.ops = &sched_rr;
	void *memory = pages_alloc(dispatch.ops->memory_bytes);

	if (memory == NULL) {
		return ERR_NOMEM;
	}
	dispatch.policy = dispatch.ops->init(memory, &config);
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		int err = timers_init(i);

		if (err != 0) {
			return err;
		}
	}
	return 0;
}

static void kick_if_other(struct sched_kick kick)
{
	if (kick.pcpu != SCHED_PCPU_NONE && kick.pcpu != arch_pcpu_id()) {
		arch_kick(kick.pcpu);
	}
}

void dispatch_add(struct vcpu *vcpu)
{
	spin_lock(&dispatch.lock);
	int err = dispatch.ops->add(dispatch.policy, &vcpu->world);
	struct sched_kick kick = {SCHED_PCPU_NONE};

	vcpu->parked = false;
	assert(err == 0); /* affinity was checked when the VM was built */
	kick = dispatch.ops->wake(dispatch.policy, &vcpu->world, arch_now_ns());
	spin_unlock(&dispatch.lock);
	kick_if_other(kick);
}

void dispatch_wake(struct vcpu *vcpu)
{
	struct sched_kick kick = {SCHED_PCPU_NONE};

	spin_lock(&dispatch.lock);
	if (!vcpu->parked) { /* a parked one is not known to the policy */
		kick = dispatch.ops->wake(dispatch.policy, &vcpu->world, arch_now_ns());
	}
	spin_unlock(&dispatch.lock);
	kick_if_other(kick);
}

void dispatch_arm_timer(u64 until_ns)
{
	struct pcpu *pcpu = &pcpus[arch_pcpu_id()];
	u64 next_ns = MIN(until_ns, timers_next_ns());

	if (next_ns != pcpu->armed_ns) {
		pcpu->armed_ns = next_ns;
		arch_timer_arm(next_ns);
	}
}

void dispatch_timer_fired(void)
{
	pcpus[arch_pcpu_id()].armed_ns = 0;
}

void dispatch_work(void)
{
	arch_watchdog_touch();
	timers_run(arch_now_ns());
	if (arch_pcpu_id() == 0) {
		/* Asked first: a VM that ends after the poll may have written after it, too. */
		bool finish = finish_due();
		bool console_busy = monitor_poll();

		vm_housekeeping();
		if (finish && !console_busy) {
			finish_run();
		}
	}
}

/* Lets go of what is loaded here. */
static void resident_unload(struct pcpu *pcpu)
{
	struct vcpu *vcpu = pcpu->resident;

	if (vcpu == NULL) {
		return;
	}
	pcpu->resident = NULL;
	virt->vcpu_unload(vcpu->hw);
	spin_lock(&dispatch.lock);
	struct sched_kick kick = dispatch.ops->settle(dispatch.policy, &vcpu->world);

	spin_unlock(&dispatch.lock);
	kick_if_other(kick);
}

static void resident_load(struct pcpu *pcpu, struct vcpu *vcpu)
{
	if (pcpu->resident == vcpu) {
		return;
	}
	resident_unload(pcpu);
	virt->vcpu_load(vcpu->hw);
	pcpu->resident = vcpu;
	pcpu->stats.switches++;
}

/* The vCPU parks: the policy forgets it, nothing of it stays loaded. */
static void vcpu_park(struct pcpu *pcpu, struct vcpu *vcpu, u64 now_ns)
{
	virt->vcpu_unload(vcpu->hw);
	pcpu->resident = NULL;
	spin_lock(&dispatch.lock);
	dispatch.ops->requeue(dispatch.policy, &vcpu->world, now_ns);
	(void)dispatch.ops->settle(dispatch.policy, &vcpu->world);
	dispatch.ops->remove(dispatch.policy, &vcpu->world);
	vcpu->parked = true;
	spin_unlock(&dispatch.lock);
	vm_vcpu_parked(vcpu->vm);
}

static void vcpu_leave(struct vcpu *vcpu, enum vcpu_leave leave, u64 now_ns)
{
	spin_lock(&dispatch.lock);
	bool blocked = leave == VCPU_LEAVE_BLOCK && !vcpu_has_requests(vcpu) &&
		       dispatch.ops->block(dispatch.policy, &vcpu->world, now_ns);

	if (!blocked) {
		dispatch.ops->requeue(dispatch.policy, &vcpu->world, now_ns);
	}
	spin_unlock(&dispatch.lock);
}

static void run_picked(struct pcpu *pcpu, const struct sched_pick *pick)
{
	struct vcpu *vcpu = container_of(pick->world, struct vcpu, world);

	resident_load(pcpu, vcpu);
	u64 start_ns = arch_now_ns();
	milestone_note(MILESTONE_FIRST_GUEST);
	enum vcpu_leave leave = vcpu_run(vcpu, pick->until_ns);
	u64 now_ns = arch_now_ns();

	vcpu->stats.run_ns += now_ns - start_ns;
	spin_lock(&dispatch.lock);
	dispatch.ops->charge(dispatch.policy, &vcpu->world, now_ns - start_ns, now_ns);
	spin_unlock(&dispatch.lock);
	if (leave == VCPU_LEAVE_PARK) {
		vcpu_park(pcpu, vcpu, now_ns);
	} else {
		vcpu_leave(vcpu, leave, now_ns);
	}
}

static void idle(struct pcpu *pcpu)
{
	if (frames_zero_ahead()) {
		arch_irq_window();
		dispatch_timer_fired();
		return;
	}
	u64 start_ns = arch_now_ns();

	dispatch_arm_timer(NEVER_NS);
	arch_idle();
	dispatch_timer_fired();
	pcpu->stats.idle_ns += arch_now_ns() - start_ns;
}

void pcpu_main(u32 id)
{
	struct pcpu *pcpu = &pcpus[id];

	spin_lock(&dispatch.lock);
	dispatch.ops->pcpu_online(dispatch.policy, id, arch_now_ns());
	spin_unlock(&dispatch.lock);
	for (;;) {
		dispatch_work();
		spin_lock(&dispatch.lock);
		struct sched_pick pick = dispatch.ops->pick(dispatch.policy, id, arch_now_ns());

		spin_unlock(&dispatch.lock);
		if (pick.world != NULL) {
			run_picked(pcpu, &pick);
		} else {
			idle(pcpu);
		}
	}
}

void dispatch_get_stats(u32 pcpu, struct pcpu_stats *stats)
{
	*stats = pcpus[pcpu].stats;
}

struct vcpu *dispatch_resident(u32 pcpu)
{
	return pcpus[pcpu].resident;
}
