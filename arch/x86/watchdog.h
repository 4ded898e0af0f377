/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watchdog. A pCPU lives as long as it takes its timer interrupt, which it does in
 * arch_irq_window(), in arch_idle() and after exits from guests, or calls arch_watchdog_touch().
 * Once a second each looks at its neighbour; one that was silent at watchdog= looks in a row gets
 * an NMI, says where it is, and the hypervisor panics.
 *
 * Covered: any pCPU that hangs with interrupts disabled, as long as its neighbour does not hang
 * too; with a single pCPU, where there is an IOAPIC, the PIT's interrupt comes as an NMI and looks
 * (18 times a second). Not covered: all pCPUs hanging at once when there are several; a pCPU on
 * which NMIs are blocked.
 */
#ifndef ARCH_X86_WATCHDOG_H
#define ARCH_X86_WATCHDOG_H

#include "arch/x86/percpu.h"
#include "kernel/lib/types.h"

/* Reads watchdog= from the command line. */
void watchdog_init(const char *cmdline);

/* Starts to be watched: every pCPU, when its timer starts. */
void watchdog_start(u64 now_ns);

/* This pCPU stops for good and is not to be watched any more. */
void watchdog_leave(void);

/* From the timer interrupt: shows life, and looks at the neighbour when it is time. */
void watchdog_tick(u64 now_ns);

/* With a single pCPU: turns on the PIT as its watch. All pCPUs that start have started. */
void watchdog_start_alone(void);

/* Do NMIs come from watchdog_start_alone()? */
bool watchdog_is_alone(void);

/* From the NMI handler: must this pCPU explain itself? */
bool watchdog_must_report(struct percpu *p);

#endif
