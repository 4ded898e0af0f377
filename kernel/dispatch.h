/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Carries out what the scheduling policy decides: which vCPU each pCPU runs, until when; who is kicked. The
 * policy itself is pure and behind struct sched_ops (sched/sched.h). Also the pCPU's main loop: timers, idle, and
 * on pCPU 0 the housekeeping of the whole hypervisor.
 */
#ifndef KERNEL_DISPATCH_H
#define KERNEL_DISPATCH_H

#include "kernel/lib/types.h"

struct vcpu;

struct pcpu_stats {
	u64 idle_ns;
	u64 switches; /* times another vCPU was loaded */
};

/* Sets up the policy. ERR_NOMEM. Bootstrap pCPU, before pcpu_main() anywhere. */
int dispatch_init(void) must_check;

/* The main loop of every pCPU. */
__attribute__((noreturn)) void pcpu_main(u32 pcpu);

/* A vCPU begins to be scheduled, and is looked at at once. Any pCPU; no locks held but vm.state. */
void dispatch_add(struct vcpu *vcpu);

/* Something was posted to a vCPU that does not run. Any pCPU. */
void dispatch_wake(struct vcpu *vcpu);

/* Arms this pCPU's hardware timer for whatever comes first: its timers or `until_ns`. */
void dispatch_arm_timer(u64 until_ns);
/* An interrupt came, perhaps the timer's: it must be armed anew. */
void dispatch_timer_fired(void);

/* Work that an interrupt may have brought: due timers, and on pCPU 0 monitor and housekeeping. */
void dispatch_work(void);

void dispatch_get_stats(u32 pcpu, struct pcpu_stats *stats);
/* The vCPU that a pCPU runs or keeps loaded, for the monitor; NULL for none. */
struct vcpu *dispatch_resident(u32 pcpu);

#endif
