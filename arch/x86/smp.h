/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting all pCPUs (SDM vol. 3, 8.4.4; x2APIC: 11.12). One at a time; each sets itself up, has
 * its TSC compared, and waits to be released.
 */
#ifndef ARCH_X86_SMP_H
#define ARCH_X86_SMP_H

#include "kernel/lib/types.h"

/* Starts the pCPUs of the MADT, at most `max` in all. Those that do not answer get a line in the
 * log and are left out. Bootstrap pCPU; early memory open. */
void smp_start(u32 max);

/* Lets all pCPUs go on in main(id); the bootstrap pCPU too. */
__attribute__((noreturn)) void smp_release(void (*main)(u32 pcpu));

#endif
