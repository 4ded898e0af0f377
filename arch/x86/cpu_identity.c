// SPDX-License-Identifier: GPL-2.0-only
/* CPUID and the one MSR that overrides it. */
#include "arch/x86/cpu_identity.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"

#define VENDOR_EBX_INTEL 0x756e6547 /* "Genu" */

void cpu_read_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *regs)
{
	*regs = cpuid(leaf, subleaf);
}

bool cpu_fast_strings(void)
{
	u64 misc_enable;

	if (cpuid(0, 0).ebx != VENDOR_EBX_INTEL || rdmsr_safe(MSR_MISC_ENABLE, &misc_enable) != 0) {
		return true;
	}
	return (misc_enable & 1) != 0;
}
