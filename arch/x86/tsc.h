/* SPDX-License-Identifier: GPL-2.0-only */
/* The time-stamp counter as the machine's clock: its rate, and whether all pCPUs' counters agree.
 */
#ifndef ARCH_X86_TSC_H
#define ARCH_X86_TSC_H

#include "arch/x86/percpu.h"
#include "kernel/lib/types.h"

/* Measures the rate against HPET, PM timer or PIT; starts arch_now_ns(). Bootstrap pCPU, ACPI read.
 * ERR_NODEV, with a line logged: no timer to measure against. */
int tsc_init(void) must_check;

/* The counter's value at a time; UINT64_MAX: never. */
u64 tsc_from_ns(u64 ns);

/* Busy waiting, after tsc_init(). */
void tsc_delay_us(u64 us);

/* Compares a pCPU's counter with the bootstrap pCPU's: the former calls tsc_sync_ap(), the latter
 * at the same time tsc_sync_bsp(). Corrects differences where the CPU allows it; logs what cannot
 * be. */
void tsc_sync_bsp(const struct percpu *ap);
void tsc_sync_ap(void);

/* Logs one line: the largest difference seen, after all pCPUs have been compared. */
void tsc_sync_report(void);

#endif
