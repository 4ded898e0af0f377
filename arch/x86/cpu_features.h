/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the machine's CPUs can do, as far as the hypervisor itself cares: one table says for each
 * feature where CPUID shows it, whether it is required, and why. Read once on the bootstrap pCPU,
 * constant afterwards. What guests may see is another table (kernel/cpuid).
 */
#ifndef ARCH_X86_CPU_FEATURES_H
#define ARCH_X86_CPU_FEATURES_H

#include "kernel/lib/types.h"

enum cpu_feature {
	CPU_TSC,
	CPU_MSR,
	CPU_APIC,
	CPU_PGE,
	CPU_PAT,
	CPU_FXSR,
	CPU_SSE2,
	CPU_CX16,
	CPU_NX,
	CPU_PAGE1GB,
	CPU_XSAVE,
	CPU_XSAVEOPT,
	CPU_SMEP,
	CPU_SMAP,
	CPU_UMIP,
	CPU_FSGSBASE,
	CPU_RDTSCP,
	CPU_INVARIANT_TSC,
	CPU_TSC_ADJUST,
	CPU_TSC_DEADLINE,
	CPU_X2APIC,
	CPU_MWAIT,
	CPU_HYPERVISOR,
	CPU_SVM,
	CPU_VMX,
	CPU_FEATURE_COUNT
};

/* Reads CPUID. Returns false, with a line logged for each, when required features are missing. */
bool cpu_features_init(void) must_check;

bool cpu_has(enum cpu_feature feature);

/* Sets CR0, CR4, EFER, PAT and (AMD) LFENCE of this pCPU as the table allows. Every pCPU once,
 * before its own work begins; the final page tables (no user pages, NX) may be in use or not. */
void cpu_init_control_registers(void);

/* "GenuineIntel", "AuthenticAMD" ...; the brand string; physical address bits. */
const char *cpu_vendor(void);
const char *cpu_brand(void);
u32 cpu_phys_bits(void);

#endif
