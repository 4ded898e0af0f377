/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what a VM's file or the monitor asks for (shares, MHz, pools, rules) to what the scheduler is told, and whether the
 * machine has it: CPU admission control. pCPU 0.
 */
#ifndef KERNEL_VM_SCHED_H
#define KERNEL_VM_SCHED_H

#include "kernel/lib/types.h"

struct vm;

/* Can the VM have what its configuration asks for, beside all others that are on? On refusal `reason` says why not, and
 * by how much. ERR_RANGE: its affinity names no pCPU here, or fewer than its rule needs; ERR_LIMIT: reservations;
 * ERR_NOENT: no such pool. */
int vm_sched_admit(const struct vm *vm, char *reason, size_t size) must_check;

/* The VM, just built, begins to be scheduled. Admitted before. */
void vm_sched_start(struct vm *vm);

/* vm->config (cpu_shares, cpu_min_mhz, cpu_max_mhz, cosched, cosched_skew_us, affinity, pool) was changed: checks it as
 * vm_sched_admit() does and, if the VM is on, tells the scheduler. On refusal nothing has happened; the caller puts the
 * old values back. */
int vm_sched_apply(struct vm *vm, char *reason, size_t size) must_check;

/* A rate in MHz (CONFIG_UNLIMITED too) as the scheduler counts it: ns of one pCPU per SCHED_PERIOD_NS. */
u64 vm_sched_rate_ns(u32 mhz);

/* MHz of one pCPU, from the measured TSC rate; what VMs may reserve in total; what they have reserved. */
u32 vm_sched_pcpu_mhz(void);
u64 vm_sched_capacity_mhz(void);
u64 vm_sched_reserved_mhz(void);

#endif
