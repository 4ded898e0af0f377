/* SPDX-License-Identifier: GPL-2.0-only */
/* What the calling pCPU says of itself, in the form in which the CPUID policy wants it. Any pCPU.
 */
#ifndef ARCH_X86_CPU_IDENTITY_H
#define ARCH_X86_CPU_IDENTITY_H

#include "arch/x86/cpuid_regs.h"

/* Executes CPUID. */
void cpu_read_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *regs);

/* False when IA32_MISC_ENABLE[0] (SDM vol. 4) says that REP MOVSB and STOSB are slow, whatever
 * CPUID says. CPUs without that MSR (AMD) have no such switch. */
bool cpu_fast_strings(void);

#endif
