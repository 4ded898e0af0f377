// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each pCPU's main loop: asks the scheduler what to do, loads and enters vCPUs, says how long they
 * ran, idles. Locks: see dispatch_priv.h; none is held while a guest runs.
 */
#include "kernel/dispatch.h"

#include "arch/arch.h"
#include "kernel/console/monitor.h"
#include "kernel/dispatch_priv.h"
#include "kernel/finish.h"
#include "kernel/milestones.h"
#include "kernel/params.h"
#include "kernel/timer.h"
#include "mm/frames.h"

/* --- timers and work -------------------------------------------------------------------------- */

static struct pcpu *pcpu_here(void)
{
	return &dispatch.pcpus[arch_pcpu_id()];
}

void dispatch_arm_timer(u64 until_ns)
{
	struct pcpu *pcpu = pcpu_here();
	u64 next_ns = MIN(until_ns, timers_next_ns());

	if (next_ns != pcpu->armed_ns) {
		pcpu->armed_ns = next_ns;
		arch_timer_arm(next_ns);
	}
}

void dispatch_timer_fired(void)
{
	pcpu_here()->armed_ns = 0;
}

void dispatch_work(void)
{
	struct pcpu *pcpu = pcpu_here();

	pcpu->in_work = true;
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
	pcpu->in_work = false;
}

/* --- residence -------------------------------------------------------------------------------- */

/* Lets go of what is loaded here, which does not run. */
static void resident_unload(struct pcpu *pcpu)
{
	struct vcpu *vcpu = pcpu->resident;

	if (vcpu == NULL) {
		return;
	}
	__atomic_store_n(&pcpu->resident, NULL, __ATOMIC_RELAXED);
	virt->vcpu_unload(vcpu->hw);
	u32 queue = world_lock(&vcpu->world);
	u32 kick = sched_settle(dispatch.sched, &vcpu->world);
	bool parked = park_step(vcpu);

	queue_unlock(queue);
	if (parked) {
		park_done(vcpu);
	} else {
		pcpu_notify(kick);
	}
}

static void resident_load(struct pcpu *pcpu, struct vcpu *vcpu)
{
	if (pcpu->resident == vcpu) {
		return;
	}
	resident_unload(pcpu);
	virt->vcpu_load(vcpu->hw);
	__atomic_store_n(&pcpu->resident, vcpu, __ATOMIC_RELAXED);
	__atomic_store_n(&pcpu->switches, pcpu->switches + 1, __ATOMIC_RELAXED);
}

/* --- running ---------------------------------------------------------------------------------- */

bool dispatch_time_up(u64 until_ns)
{
	return arch_now_ns() >= until_ns || sched_preempt_due(dispatch.sched, arch_pcpu_id());
}

/* What the vCPU did in the `ran_ns` since it was started. */
static struct sched_used used_take(struct vcpu *vcpu, u64 ran_ns)
{
	u64 khz = arch_tsc_khz();
	struct sched_used used = {
		.guest_ns = vcpu->ticks.guest * 1000000 / khz,
		.overlap_ns = vcpu->ticks.overlap * 1000000 / khz,
	};

	vcpu->ticks = (struct vcpu_ticks){0, 0};
	used.overlap_ns = MIN(used.overlap_ns, ran_ns);
	used.guest_ns = MIN(used.guest_ns, ran_ns - used.overlap_ns);
	return used;
}

/* The vCPU has left guest mode for good, for now. A wait or halt is refused when something was
 * posted meanwhile: vcpu.pcpu is cleared already, so that who posts from here on wakes it. */
static void vcpu_stop(u32 id, struct vcpu *vcpu, enum vcpu_leave leave, u64 started_ns)
{
	static const enum sched_stop reasons[] = {
		[VCPU_LEAVE_SLICE] = SCHED_STOP_SLICE,
		[VCPU_LEAVE_HALT] = SCHED_STOP_HALT,
		[VCPU_LEAVE_WAIT] = SCHED_STOP_WAIT,
		[VCPU_LEAVE_PARK] = SCHED_STOP_WAIT,
	};
	u64 now_ns = arch_now_ns();
	struct sched_used used = used_take(vcpu, now_ns - started_ns);
	struct sched_kicks kicks;

	kicks.count = 0;
	queue_lock(id);
	bool stays = leave == VCPU_LEAVE_PARK || !vcpu_has_requests(vcpu);
	enum sched_stop reason = stays ? reasons[leave] : SCHED_STOP_SLICE;

	spin_lock(&vcpu->vm->group_lock);
	sched_stop(dispatch.sched, &vcpu->world, reason, &used, now_ns, &kicks);
	spin_unlock(&vcpu->vm->group_lock);
	bool parked = park_step(vcpu); /* it is loaded: only says that it has to be unloaded */

	queue_check(id, now_ns);
	queue_unlock(id);
	kicks_send(&kicks);
	if (parked) {
		park_done(vcpu);
	}
}

static void vcpu_execute(u32 id, struct vcpu *vcpu, u64 started_ns, u64 until_ns)
{
	struct pcpu *pcpu = &dispatch.pcpus[id];

	resident_load(pcpu, vcpu);
	milestone_note(MILESTONE_FIRST_GUEST);
	pcpu->in_guest = true;
	enum vcpu_leave leave = vcpu_run(vcpu, until_ns);

	pcpu->in_guest = false;
	vcpu_stop(id, vcpu, leave, started_ns);
}

bool dispatch_yield(struct vcpu *vcpu)
{
	struct sched *sched = dispatch.sched;
	u32 here = arch_pcpu_id();
	u64 now_ns = arch_now_ns();

	spin_lock(&vcpu->vm->group_lock);
	struct sched_world *target = sched_yield_target(&vcpu->world, now_ns);

	spin_unlock(&vcpu->vm->group_lock);
	if (target == NULL) {
		return false;
	}
	u32 from = __atomic_load_n(&target->pcpu, __ATOMIC_RELAXED);

	queues_lock(from, here);
	u32 next = __atomic_load_n(&target->pcpu, __ATOMIC_RELAXED) == from
			   ? sched_yield_to(sched, target, from, here, now_ns)
			   : SCHED_PCPU_NONE;

	queues_unlock(from, here);
	vcpu->stats.yields += next != SCHED_PCPU_NONE ? 1 : 0;
	if (next != here) {
		pcpu_notify(next);
	}
	return next == here;
}

/* --- the loop --------------------------------------------------------------------------------- */

static void idle(struct pcpu *pcpu, u64 until_ns)
{
	if (frames_zero_ahead()) {
		arch_irq_window();
		dispatch_timer_fired();
		return;
	}
	u64 start_ns = arch_now_ns();

	dispatch_arm_timer(until_ns);
	__atomic_store_n(&pcpu->idle_since_ns, start_ns, __ATOMIC_RELEASE);
	arch_idle();
	dispatch_timer_fired();
	__atomic_store_n(&pcpu->idle_ns, pcpu->idle_ns + arch_now_ns() - start_ns,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&pcpu->idle_since_ns, 0, __ATOMIC_RELEASE);
}

static void pull(u32 from, u32 to, u64 now_ns)
{
	queues_lock(from, to);
	(void)sched_pull(dispatch.sched, from, to, now_ns);
	queue_check(to, now_ns);
	queues_unlock(from, to);
}

static bool world_start(struct sched_world *w, u64 now_ns, u64 *until_ns, struct sched_kicks *kicks)
{
	struct vm *vm = vm_of(w);

	spin_lock(&vm->group_lock);
	bool started = sched_start(dispatch.sched, w, now_ns, until_ns, kicks);

	spin_unlock(&vm->group_lock);
	return started;
}

/* One decision, carried out. */
static void pcpu_step(u32 id)
{
	struct pcpu *pcpu = &dispatch.pcpus[id];
	u64 now_ns = arch_now_ns();
	struct sched_kicks kicks;
	u64 until_ns = 0;

	kicks.count = 0;
	queue_lock(id);
	struct sched_choice choice = sched_choose(dispatch.sched, id, pcpu->pulled, now_ns);
	bool started = choice.world != NULL && world_start(choice.world, now_ns, &until_ns, &kicks);

	queue_check(id, now_ns);
	queue_unlock(id);
	kicks_send(&kicks);
	if (started) {
		pcpu->pulled = 0;
		vcpu_execute(id, vcpu_of(choice.world), now_ns, until_ns);
	} else if (choice.world == NULL && choice.pull_from != SCHED_PCPU_NONE) {
		pcpu->pulled++;
		pull(choice.pull_from, id, now_ns);
	} else if (choice.world == NULL) {
		pcpu->pulled = 0;
		idle(pcpu, choice.until_ns);
	}
}

void pcpu_main(u32 id)
{
	struct pcpu *pcpu = &dispatch.pcpus[id];

	spin_lock(&dispatch.config_lock);
	queue_lock(id);
	sched_pcpu_online(dispatch.sched, id, arch_now_ns());
	queue_unlock(id);
	spin_unlock(&dispatch.config_lock);
	if (id == 0) {
		tick_init();
	}
	for (;;) {
		dispatch_work();
		if (__atomic_exchange_n(&pcpu->unload, 0, __ATOMIC_SEQ_CST) != 0) {
			resident_unload(pcpu);
		}
		pcpu_step(id);
	}
}
