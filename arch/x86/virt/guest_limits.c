// SPDX-License-Identifier: GPL-2.0-only
/* Which control bits the machine lets a guest set, by CPUID. */
#include "arch/x86/virt/guest_check.h"

#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/regs.h"

#define CPUID_EXT 0x80000001u

enum cpuid_reg { REG_EBX, REG_ECX, REG_EDX };

/* Control bits that exist only where CPUID says so (APM vol. 2, 3.1.3 and 3.1.7). */
struct optional_bit {
	u64 bit;
	u32 leaf;
	u8 reg;
	u8 cpuid_bit;
};

/* clang-format off */
#define CR4_ALWAYS (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE | \
		    CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

static const struct optional_bit cr4_optional[] = {
	{CR4_UMIP,     7, REG_ECX, 2},
	{CR4_LA57,     7, REG_ECX, 16},
	{CR4_FSGSBASE, 7, REG_EBX, 0},
	{CR4_PCIDE,    1, REG_ECX, 17},
	{CR4_OSXSAVE,  1, REG_ECX, 26},
	{CR4_SMEP,     7, REG_EBX, 7},
	{CR4_SMAP,     7, REG_EBX, 20},
	{CR4_PKE,      7, REG_ECX, 3},
	{CR4_CET,      7, REG_ECX, 7},
};

#define EFER_ALWAYS (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

static const struct optional_bit efer_optional[] = {
	{EFER_FFXSR, CPUID_EXT, REG_EDX, 25},
	{EFER_TCE,   CPUID_EXT, REG_ECX, 17},
};
/* clang-format on */

static u64 optional_bits(const struct optional_bit *rows, u32 count)
{
	u64 bits = 0;

	for (u32 i = 0; i < count; i++) {
		struct cpuid_regs r = cpuid(rows[i].leaf, 0);
		u32 reg = rows[i].reg == REG_EBX ? r.ebx : rows[i].reg == REG_ECX ? r.ecx : r.edx;

		bits |= (reg >> rows[i].cpuid_bit & 1) != 0 ? rows[i].bit : 0;
	}
	return bits;
}

void guest_limits_probe(struct guest_limits *limits)
{
	limits->cr4 = CR4_ALWAYS | optional_bits(cr4_optional, ARRAY_SIZE(cr4_optional));
	limits->efer = EFER_ALWAYS | optional_bits(efer_optional, ARRAY_SIZE(efer_optional));
	limits->phys_mask = BIT(cpu_phys_bits()) - 1;
	limits->linear_bits = (limits->cr4 & CR4_LA57) != 0 ? 57 : 48;
}
