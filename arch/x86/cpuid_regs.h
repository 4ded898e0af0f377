/* SPDX-License-Identifier: GPL-2.0-only */
/* The four registers that CPUID answers in. Pure. */
#ifndef ARCH_X86_CPUID_REGS_H
#define ARCH_X86_CPUID_REGS_H

#include "kernel/lib/types.h"

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

#endif
