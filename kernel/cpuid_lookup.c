// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to a guest's CPUID instructions from its VM's table, and which XCR0 the guest may
 * set. Hot path: leaves without state cost a bounds check and a copy. Pure.
 */
#include "kernel/cpuid_policy.h"
#include "kernel/cpuid_policy_priv.h"
#include "arch/x86/regs.h"

#define LEAF1_ECX_OSXSAVE BIT(27)
#define LEAFD_EAX_XSAVEC  BIT(1)

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

static bool is_hypervisor_leaf(const struct cpuid_table *t, u32 leaf)
{
	return t->hypervisor && leaf >> 16 == 0x4000;
}

static void lookup_hypervisor(const struct cpuid_table *t, u32 leaf, struct cpuid_regs *regs)
{
	*regs = (struct cpuid_regs){0};
	for (u32 i = 0; i < t->leaf_count; i++) {
		if (t->leaves[i].leaf == leaf) {
			*regs = t->leaves[i].regs;
		}
	}
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
	if (is_hypervisor_leaf(table, leaf)) {
		lookup_hypervisor(table, leaf, regs);
		return;
	}
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

bool cpuid_xcr0_valid(const struct cpuid_table *table, u64 xcr0)
{
	if ((xcr0 & 1) == 0 || (xcr0 & ~table->xcr0) != 0) {
		return false;
	}
	if ((xcr0 & XSTATE_AVX) != 0 && (xcr0 & XSTATE_X87_SSE) != XSTATE_X87_SSE) {
		return false;
	}
	return (xcr0 & XSTATE_AVX512) == 0 ||
	       ((xcr0 & XSTATE_AVX512) == XSTATE_AVX512 && (xcr0 & XSTATE_AVX) != 0);
}
