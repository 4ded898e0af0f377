// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to a guest's CPUID instructions from its VM's table, and what follows from the features
 * shown: which bits of CR4 and XCR0 exist. Hot path: leaves without state cost a bounds check and a
 * copy. Pure.
 */
#include "kernel/cpuid_policy.h"
#include "kernel/cpuid_policy_priv.h"
#include "guest-tools/abi/evenkeel.h"

#define LEAF1_ECX_OSXSAVE BIT(27)
#define LEAF7_ECX_OSPKE	  BIT(4)
#define LEAFD_EAX_XSAVEC  BIT(1)

#define CR4_OSXSAVE	  BIT(18)
#define CR4_PKE		  BIT(22)

u32 cpuid_xsave_size(const struct cpuid_table *t, u64 xcr0, bool compacted)
{
	u32 end = XSAVE_LEGACY_BYTES;

	for (u32 i = 2; i < CPUID_XSAVE_COMPONENTS; i++) {
		if ((xcr0 & t->xcr0 & BIT(i)) == 0) {
			continue;
		}
		if (compacted) {
			end = t->xsave[i].align64 ? ALIGN_UP(end, 64u) : end;
			end += t->xsave[i].size_bytes;
		} else {
			end = MAX(end, t->xsave[i].offset_bytes + t->xsave[i].size_bytes);
		}
	}
	return end;
}

/* --- lookup ----------------------------------------------------------------------------------- */

static const struct cpuid_entry *lookup_evk(const struct cpuid_table *t, u32 leaf)
{
	if (leaf == 0x40000000) {
		return &t->evk[0];
	}
	return leaf - EVK_CPUID_BASE < CPUID_EVK_LEAVES ? &t->evk[1 + leaf - EVK_CPUID_BASE] : NULL;
}

/* Where the answer to a leaf is; NULL: all registers are 0. */
static const struct cpuid_entry *lookup_entry(const struct cpuid_table *t, u32 leaf)
{
	if (likely(leaf <= t->max_basic)) {
		return &t->basic[leaf];
	}
	if (leaf >= EXT && leaf <= t->max_ext) {
		return &t->ext[leaf - EXT];
	}
	if (t->evk_leaves && leaf >> 16 == 0x4000) {
		return lookup_evk(t, leaf);
	}
	/* Intel: the highest basic leaf again (SDM, CPUID); AMD: nothing. */
	return t->amd ? NULL : &t->basic[t->max_basic];
}

static void lookup_dynamic(const struct cpuid_table *t, u8 kind, u32 subleaf,
			   const struct cpuid_dynamic *dynamic, struct cpuid_regs *regs)
{
	switch (kind) {
	case DYNAMIC_FEATURES:
		regs->ebx |= dynamic->apic_id << 24;
		if ((dynamic->cr4 & CR4_OSXSAVE) != 0) {
			regs->ecx |= (u32)LEAF1_ECX_OSXSAVE;
		}
		break;
	case DYNAMIC_OSPKE:
		if (subleaf == 0 && (dynamic->cr4 & CR4_PKE) != 0) {
			regs->ecx |= (u32)LEAF7_ECX_OSPKE;
		}
		break;
	case DYNAMIC_TOPOLOGY:
		/* The x2APIC id and the low byte of the subleaf are there for any subleaf. */
		regs->ecx |= subleaf & 0xff;
		regs->edx = dynamic->apic_id;
		break;
	case DYNAMIC_XSAVE:
		if (subleaf == 0 && t->xcr0 != 0) {
			regs->ebx = cpuid_xsave_size(t, dynamic->xcr0, false);
		} else if (subleaf == 1 && (regs->eax & LEAFD_EAX_XSAVEC) != 0) {
			regs->ebx = cpuid_xsave_size(t, dynamic->xcr0, true);
		}
		break;
	default: /* DYNAMIC_APIC_ID */
		regs->eax = dynamic->apic_id;
		regs->ebx = dynamic->apic_id & 0xff; /* core id; one thread per core */
		break;
	}
}

void cpuid_lookup(const struct cpuid_table *table, u32 leaf, u32 subleaf,
		  const struct cpuid_dynamic *dynamic, struct cpuid_regs *regs)
{
	const struct cpuid_entry *e = lookup_entry(table, leaf);

	if (unlikely(e == NULL)) {
		*regs = (struct cpuid_regs){0};
		return;
	}
	if (likely(e->sub_count == 0)) {
		*regs = e->regs;
	} else if (subleaf < e->sub_count) {
		*regs = table->sub[e->sub_first + subleaf];
	} else {
		*regs = (struct cpuid_regs){0};
	}
	if (e->dynamic != DYNAMIC_NONE) {
		lookup_dynamic(table, e->dynamic, subleaf, dynamic, regs);
	}
}

/* --- what follows from the features ----------------------------------------------------------- */

static const struct {
	u64 cr4;
	u32 leaf;
	u8 reg;
	u32 feature; /* 0: always allowed */
} cr4_rules[] = {
	/* clang-format off */
	{BIT(0) | BIT(1), 1, EDX, BIT(1)}, /* VME PVI */
	{BIT(2), 1, EDX, BIT(4)},	   /* TSD */
	{BIT(3), 1, EDX, BIT(2)},	   /* DE */
	{BIT(4), 1, EDX, BIT(3)},	   /* PSE */
	{BIT(5), 1, EDX, BIT(6)},	   /* PAE */
	{BIT(6), 1, EDX, BIT(7)},	   /* MCE */
	{BIT(7), 1, EDX, BIT(13)},	   /* PGE */
	{BIT(8), 1, EDX, 0},		   /* PCE: without counters RDPMC faults anyway */
	{BIT(9), 1, EDX, BIT(24)},	   /* OSFXSR */
	{BIT(10), 1, EDX, BIT(25)},	   /* OSXMMEXCPT */
	{BIT(11), 7, ECX, BIT(2)},	   /* UMIP */
	{BIT(16), 7, EBX, BIT(0)},	   /* FSGSBASE */
	{BIT(18), 1, ECX, BIT(26)},	   /* OSXSAVE */
	{BIT(20), 7, EBX, BIT(7)},	   /* SMEP */
	{BIT(21), 7, EBX, BIT(20)},	   /* SMAP */
	{BIT(22), 7, ECX, BIT(3)},	   /* PKE */
	/* clang-format on */
};

u64 cpuid_cr4_allowed(const struct cpuid_table *table)
{
	const struct cpuid_regs *leaf1 = &table->basic[1].regs;
	const struct cpuid_regs *leaf7 = &table->sub[table->basic[7].sub_first];
	u64 allowed = 0;

	for (u32 i = 0; i < ARRAY_SIZE(cr4_rules); i++) {
		const struct cpuid_regs *r = cr4_rules[i].leaf == 1 ? leaf1 : leaf7;
		const u32 value[] = {r->eax, r->ebx, r->ecx, r->edx};

		if ((value[cr4_rules[i].reg] & cr4_rules[i].feature) == cr4_rules[i].feature) {
			allowed |= cr4_rules[i].cr4;
		}
	}
	return allowed;
}

bool cpuid_xcr0_valid(const struct cpuid_table *table, u64 xcr0)
{
	if ((xcr0 & 1) == 0 || (xcr0 & ~table->xcr0) != 0) {
		return false;
	}
	if ((xcr0 & XCR0_AVX) != 0 && (xcr0 & XCR0_X87_SSE) != XCR0_X87_SSE) {
		return false;
	}
	return (xcr0 & XCR0_AVX512) == 0 ||
	       ((xcr0 & XCR0_AVX512) == XCR0_AVX512 && (xcr0 & XCR0_AVX) != 0);
}
