/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket spinlocks. The hypervisor runs with interrupts disabled, so there is no irq-saving form; NMI and
 * machine-check handlers take no locks.
 *
 * Lock order, outermost first: vm.state > vm.devices > p2m > sched.config > sched.queue > vm.group > timers >
 * frames > vm.console > log. A lock may be taken only while holding locks to its left. `sched.queue` and `timers` are one
 * lock per pCPU: two queues are locked in the order of their pCPUs, two of `timers` are never held together. `vm.group`
 * is one per VM; two are never held together.
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "arch/arch.h"
#include "kernel/lib/types.h"

struct spinlock {
	u32 next;   /* ticket to hand out */
	u32 serving; /* ticket that holds the lock */
};

static inline void spin_lock(struct spinlock *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
		arch_relax();
	}
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

#endif
