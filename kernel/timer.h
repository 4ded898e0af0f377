/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One-shot timers of the hypervisor, kept per pCPU in a heap. A timer fires on the pCPU that armed it, in
 * its dispatch loop, without locks held. Lock: `timers`, one per pCPU.
 *
 * One timer may be armed and cancelled from different pCPUs, but its users must not do so at the same time.
 */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include "kernel/lib/heap.h"
#include "kernel/lib/types.h"

struct timer {
	struct heap_node node; /* [timers of `pcpu`] key: deadline in ns */
	u32 pcpu;	       /* where it is queued; PCPU_NONE: nowhere */
	void (*fire)(struct timer *timer, u64 now_ns);
};

/* Memory for one pCPU's heap; called once per pCPU before its first timer. ERR_NOMEM. */
int timers_init(u32 pcpu) must_check;

void timer_init(struct timer *timer, void (*fire)(struct timer *timer, u64 now_ns));

/* (Re-)arms on the calling pCPU; NEVER_NS only cancels. */
void timer_arm(struct timer *timer, u64 deadline_ns);

/* After this the timer is not queued and its function not running on another pCPU. */
void timer_cancel(struct timer *timer);

/* Fires what is due on this pCPU. */
void timers_run(u64 now_ns);

/* The earliest deadline on this pCPU, NEVER_NS when there is none. */
u64 timers_next_ns(void);

#endif
