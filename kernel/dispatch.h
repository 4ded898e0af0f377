/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Carries out what the scheduler (sched/sched.h, pure) decides: which vCPU each pCPU runs, until when; who is kicked. Also
 * the pCPU's main loop: timers, idle, and on pCPU 0 the housekeeping of the whole hypervisor.
 *
 * It owns the scheduler's locks: one per pCPU's queue, one per VM (vm.group_lock), one for the configuration; their order
 * is in kernel/lock.h. No function here is called with one of them held.
 */
#ifndef KERNEL_DISPATCH_H
#define KERNEL_DISPATCH_H

#include "arch/arch.h"
#include "kernel/lib/bitmap.h"
#include "kernel/lib/types.h"
#include "sched/sched.h"

#define PCPU_WORDS BITMAP_WORDS(PCPU_MAX)

struct vcpu;
struct vm;

/* Sets up the scheduler; `cmdline` of the hypervisor: check. ERR_NOMEM. Bootstrap pCPU, before pcpu_main() anywhere. */
int dispatch_init(const char *cmdline) must_check;

/* The main loop of every pCPU. */
__attribute__((noreturn)) void pcpu_main(u32 pcpu);

/* --- VMs: pCPU 0 ------------------------------------------------------------------------------ */

/* How a VM is to be scheduled. */
struct dispatch_vm_params {
	struct sched_group_params group;
	struct sched_pool *pool;   /* NULL: the root */
	u64 affinity[PCPU_WORDS]; /* bit per pCPU; names one of this machine */
};

/* A VM that was just built, its vCPUs parked, is made known. */
void dispatch_vm_add(struct vm *vm, const struct dispatch_vm_params *params);
/* A VM whose vCPUs have all parked is forgotten; nothing happens when it was not added. */
void dispatch_vm_remove(struct vm *vm);
/* Other parameters, at any time between the two. vCPUs whose pCPUs change move soon. */
void dispatch_vm_set(struct vm *vm, const struct dispatch_vm_params *params);
/* Parked vCPUs run. */
void dispatch_vm_unpark(struct vm *vm);

int dispatch_pool_add(struct sched_pool *pool, struct sched_pool *parent, const struct sched_pool_params *params)
	must_check;
/* It has neither VMs that are on nor pools below it. */
void dispatch_pool_remove(struct sched_pool *pool);
void dispatch_pool_set(struct sched_pool *pool, const struct sched_pool_params *params);

/* --- vCPUs: any pCPU -------------------------------------------------------------------------- */

/* Something was posted to a vCPU that does not run. */
void dispatch_wake(struct vcpu *vcpu);

/* The vCPU stops as soon as it may, whatever it does or waits for, is unloaded, and reports vm_vcpu_parked(). It does not
 * run before dispatch_vm_unpark(). vm.state may be held. */
void dispatch_park(struct vcpu *vcpu);

/* --- the vCPU that runs here ------------------------------------------------------------------ */

/* It spins for a lock, which a sibling that does not run likely holds: that one is to run soon, here or elsewhere. True:
 * here, when this vCPU leaves now. */
bool dispatch_yield(struct vcpu *vcpu) must_check;

/* After an interrupt: is it past `until_ns`, or has another vCPU a better claim to this pCPU by now? */
bool dispatch_time_up(u64 until_ns) must_check;

/* Arms this pCPU's hardware timer for whatever comes first: its timers or `until_ns`. */
void dispatch_arm_timer(u64 until_ns);
/* An interrupt came, perhaps the timer's: it must be armed anew. */
void dispatch_timer_fired(void);

/* Work that an interrupt may have brought: due timers, and on pCPU 0 monitor and housekeeping. */
void dispatch_work(void);

/* --- for the monitor: pCPU 0 ------------------------------------------------------------------ */

struct pcpu_stats {
	u64 idle_ns;  /* up to now */
	u64 switches; /* times another vCPU was loaded */
};
void dispatch_get_stats(u32 pcpu, u64 now_ns, struct pcpu_stats *stats);

/* The vCPU that a pCPU runs or keeps loaded, for the monitor; NULL for none. */
struct vcpu *dispatch_resident(u32 pcpu);

struct dispatch_world_info {
	enum sched_state state;
	enum sched_where where; /* READY */
	u32 pcpu;
	s64 lag_ns;
	u64 vtime;
	u64 skew_ns, progress_ns;
};
void dispatch_world_get(struct vcpu *vcpu, struct dispatch_world_info *info);
void dispatch_queue_get(u32 pcpu, struct sched_queue_info *info);
/* Under the queue's lock: `fn` looks and copies, no more. */
void dispatch_queue_each(u32 pcpu, void (*fn)(struct sched_world *w, void *arg), void *arg);
struct sched_place dispatch_place(u32 pcpu);
u64 dispatch_lag_bound_ns(void);

#endif
