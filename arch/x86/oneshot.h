/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each pCPU's one-shot timer: TSC deadline where the CPU has it, else the local APIC's counter. It
 * serves arch_timer_arm() and, once a second, the watchdog.
 */
#ifndef ARCH_X86_ONESHOT_H
#define ARCH_X86_ONESHOT_H

#include "kernel/lib/types.h"

/* Chooses and measures; logs one line. Bootstrap pCPU, TSC and local APIC running. ERR_NODEV: the
 * timer does not run. */
int oneshot_init(void) must_check;

/* Starts this pCPU's timer, and with it its heartbeat. Every pCPU once. */
void oneshot_start(void);

#endif
