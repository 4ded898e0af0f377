// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of MSRs that guests have. An MSR that is not in it does not exist: #GP. What stock
 * kernels read without expecting a fault is there; what they probe for with a handler is left out
 * when it has nothing to offer (performance counters, power, speculation control). Pure.
 */
#include "kernel/msr_policy.h"
#include "arch/x86/regs.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"

/* What a rule is conditional on: bits of msr_policy.offers, all of which the guest must have. */
#define OFFERS_INTEL	    BIT(0)
#define OFFERS_AMD	    BIT(1)
#define OFFERS_SYSENTER	    BIT(2)
#define OFFERS_MCA	    BIT(3)
#define OFFERS_MTRR	    BIT(4)
#define OFFERS_PAT	    BIT(5)
#define OFFERS_TSC_DEADLINE BIT(6)
#define OFFERS_LONG_MODE    BIT(7)
#define OFFERS_SYSCALL	    BIT(8)
#define OFFERS_TSC_AUX	    BIT(9)
#define OFFERS_OSVW	    BIT(10)
#define OFFERS_TSC_ADJUST   BIT(11)
#define OFFERS_KVM	    BIT(12)

enum msr_action {
	GP,	  /* #GP */
	IGNORE,	  /* a write without effect */
	CONST,	  /* reads rule.value */
	PLATFORM, /* reads msr_policy.platform_info */
	SLOT,	  /* msr_state.slot[rule.where] */
	STATE,	  /* struct guest_state at rule.where */
	ROUTE,	  /* rule.where is the msr_route */
};

typedef bool msr_check_fn(const struct msr_policy *policy, u64 value);

struct msr_rule {
	u32 first, last; /* MSR numbers */
	u32 needs;
	u8 read, write; /* enum msr_action */
	u8 group;	/* STATE: GS_* */
	u16 where;
	u64 value;	     /* read value, or what a SLOT holds at first */
	u64 writable;	     /* SLOT: a write that changes other bits faults */
	msr_check_fn *check; /* what else a written value must be; NULL: anything */
	const char *why;
};

/* --- checks ----------------------------------------------------------------------------------- */

static bool is_canonical(const struct msr_policy *policy, u64 value)
{
	(void)policy;
	return (u64)((s64)(value << 16) >> 16) == value;
}

static bool is_low32(const struct msr_policy *policy, u64 value)
{
	(void)policy;
	return value >> 32 == 0;
}

static bool is_mtrr_type(u64 type)
{
	return type < 7 && type != 2 && type != 3;
}

static bool is_fixed_mtrr(const struct msr_policy *policy, u64 value)
{
	(void)policy;
	for (u32 i = 0; i < 64; i += 8) {
		if (!is_mtrr_type(value >> i & 0xff)) {
			return false;
		}
	}
	return true;
}

/* As memory types of MTRRs, with UC- besides (SDM vol. 3, 12.12.2). */
static bool is_pat(const struct msr_policy *policy, u64 value)
{
	(void)policy;
	for (u32 i = 0; i < 64; i += 8) {
		u64 type = value >> i & 0xff;

		if (type != 7 && !is_mtrr_type(type)) {
			return false;
		}
	}
	return true;
}

static bool is_mtrr_base(const struct msr_policy *policy, u64 value)
{
	return (value & ~policy->address_mask) == 0 && (value & 0xf00) == 0 &&
	       is_mtrr_type(value & 0xff);
}

static bool is_mtrr_mask(const struct msr_policy *policy, u64 value)
{
	return (value & ~policy->address_mask) == 0 && (value & 0x7ff) == 0;
}

static bool is_mtrr_default(const struct msr_policy *policy, u64 value)
{
	(void)policy;
	return (value & ~0xcffull) == 0 && is_mtrr_type(value & 0xff);
}

/* --- the table -------------------------------------------------------------------------------- */

#define ALL	      (~0ull)
#define FIELD(name)   (u16) offsetof(struct guest_state, name)
#define BASE(segment) (u16) offsetof(struct guest_state, seg[segment].base)

/* All writable, type write-back: guests have no firmware that would set them up. VGA memory UC. */
#define MTRR_WB	      0x0606060606060606ull
#define MTRR_UC	      0ull

#define MTRR_BASE(i)                                                                               \
	{                                                                                          \
		0x200 + 2 * (i), 0x200 + 2 * (i), OFFERS_MTRR, SLOT, SLOT, 0,                      \
			MSR_SLOT_MTRR_VARIABLE + 2 * (i), 0, ALL, is_mtrr_base, "MTRRphysBase"     \
	}
#define MTRR_MASK(i)                                                                               \
	{                                                                                          \
		0x201 + 2 * (i), 0x201 + 2 * (i), OFFERS_MTRR, SLOT, SLOT, 0,                      \
			MSR_SLOT_MTRR_VARIABLE + 2 * (i) + 1, 0, ALL, is_mtrr_mask, "MTRRphysMask" \
	}
#define MTRR_FIXED(msr, i, types)                                                                  \
	{                                                                                          \
		msr, msr, OFFERS_MTRR, SLOT, SLOT, 0, MSR_SLOT_MTRR_FIXED + (i), types, ALL,       \
			is_fixed_mtrr, "MTRRfix: kept, the nested tables decide"                   \
	}

/* Sorted by number, for binary search. */
static const struct msr_rule rules[] = {
	/* clang-format off */
	{0x010, 0x010, 0, ROUTE, ROUTE, 0, MSR_ROUTE_TSC, 0, 0, NULL, "TSC"},
	{0x017, 0x017, OFFERS_INTEL, CONST, GP, 0, 0, 0, 0, NULL, "PLATFORM_ID: for microcode updates, there are none"},
	{0x01b, 0x01b, 0, ROUTE, ROUTE, 0, MSR_ROUTE_APIC_BASE, 0, 0, NULL, "APIC_BASE"},
	{0x03a, 0x03a, OFFERS_INTEL, CONST, GP, 0, 0, 1, 0, NULL, "FEATURE_CONTROL: locked, no VMX"},
	{0x03b, 0x03b, OFFERS_TSC_ADJUST, ROUTE, ROUTE, 0, MSR_ROUTE_TSC_ADJUST, 0, 0, NULL, "TSC_ADJUST"},
	{0x079, 0x079, OFFERS_INTEL, GP, IGNORE, 0, 0, 0, 0, NULL, "BIOS_UPDT_TRIG: the machine's microcode is not a guest's"},
	{0x08b, 0x08b, 0, CONST, IGNORE, 0, 0, 0, 0, NULL, "BIOS_SIGN_ID, PATCH_LEVEL: may differ between pCPUs"},
	{0x0ce, 0x0ce, OFFERS_INTEL, PLATFORM, GP, 0, 0, 0, 0, NULL, "PLATFORM_INFO: ratio of the TSC"},
	{0x0fe, 0x0fe, OFFERS_MTRR, CONST, GP, 0, 0, 0x500 | MSR_MTRR_VARIABLE, 0, NULL, "MTRRcap: fixed ranges, write-combining"},
	{0x174, 0x174, OFFERS_SYSENTER, STATE, STATE, GS_MSRS, FIELD(sysenter_cs), 0, 0, is_low32, "SYSENTER_CS"},
	{0x175, 0x175, OFFERS_SYSENTER, STATE, STATE, GS_MSRS, FIELD(sysenter_esp), 0, 0, is_canonical, "SYSENTER_ESP"},
	{0x176, 0x176, OFFERS_SYSENTER, STATE, STATE, GS_MSRS, FIELD(sysenter_eip), 0, 0, is_canonical, "SYSENTER_EIP"},
	{0x179, 0x179, OFFERS_MCA, CONST, GP, 0, 0, 0, 0, NULL, "MCG_CAP: no error banks"},
	{0x17a, 0x17a, OFFERS_MCA, SLOT, SLOT, 0, MSR_SLOT_MCG_STATUS, 0, 7, NULL, "MCG_STATUS: kernels clear it"},
	{0x1a0, 0x1a0, OFFERS_INTEL, SLOT, SLOT, 0, MSR_SLOT_MISC_ENABLE, 0, 1, NULL, "MISC_ENABLE: fast strings"},
	{0x1d9, 0x1d9, 0, SLOT, SLOT, 0, MSR_SLOT_DEBUGCTL, 0, 3, NULL, "DEBUGCTL: LBR and BTF are kept without effect"},
	MTRR_BASE(0), MTRR_MASK(0), MTRR_BASE(1), MTRR_MASK(1), MTRR_BASE(2), MTRR_MASK(2), MTRR_BASE(3), MTRR_MASK(3),
	MTRR_BASE(4), MTRR_MASK(4), MTRR_BASE(5), MTRR_MASK(5), MTRR_BASE(6), MTRR_MASK(6), MTRR_BASE(7), MTRR_MASK(7),
	MTRR_FIXED(0x250, 0, MTRR_WB), MTRR_FIXED(0x258, 1, MTRR_WB), MTRR_FIXED(0x259, 2, MTRR_UC),
	MTRR_FIXED(0x268, 3, MTRR_WB), MTRR_FIXED(0x269, 4, MTRR_WB), MTRR_FIXED(0x26a, 5, MTRR_WB),
	MTRR_FIXED(0x26b, 6, MTRR_WB), MTRR_FIXED(0x26c, 7, MTRR_WB), MTRR_FIXED(0x26d, 8, MTRR_WB),
	MTRR_FIXED(0x26e, 9, MTRR_WB), MTRR_FIXED(0x26f, 10, MTRR_WB),
	{0x277, 0x277, OFFERS_PAT, STATE, STATE, GS_MSRS, FIELD(pat), 0, 0, is_pat, "PAT"},
	{0x2ff, 0x2ff, OFFERS_MTRR, SLOT, SLOT, 0, MSR_SLOT_MTRR_DEFAULT, 0xc06, ALL, is_mtrr_default, "MTRRdefType: on, write-back"},
	{0x6e0, 0x6e0, OFFERS_TSC_DEADLINE, ROUTE, ROUTE, 0, MSR_ROUTE_TSC_DEADLINE, 0, 0, NULL, "TSC_DEADLINE"},
	{0x800, 0x8ff, 0, ROUTE, ROUTE, 0, MSR_ROUTE_X2APIC, 0, 0, NULL, "x2APIC"},
	{0x4b564d00, 0x4b564d01, OFFERS_KVM, ROUTE, ROUTE, 0, MSR_ROUTE_GUEST_CLOCK, 0, 0, NULL, "KVM's wall clock, system time"},
	{0x4b564d03, 0x4b564d03, OFFERS_KVM, ROUTE, ROUTE, 0, MSR_ROUTE_GUEST_CLOCK, 0, 0, NULL, "KVM's steal time"},
	{0xc0000080, 0xc0000080, OFFERS_LONG_MODE, ROUTE, ROUTE, 0, MSR_ROUTE_EFER, 0, 0, NULL, "EFER"},
	{0xc0000081, 0xc0000081, OFFERS_SYSCALL, STATE, STATE, GS_MSRS, FIELD(star), 0, 0, NULL, "STAR"},
	{0xc0000082, 0xc0000082, OFFERS_LONG_MODE, STATE, STATE, GS_MSRS, FIELD(lstar), 0, 0, is_canonical, "LSTAR"},
	{0xc0000083, 0xc0000083, OFFERS_LONG_MODE, STATE, STATE, GS_MSRS, FIELD(cstar), 0, 0, is_canonical, "CSTAR"},
	{0xc0000084, 0xc0000084, OFFERS_LONG_MODE, STATE, STATE, GS_MSRS, FIELD(sfmask), 0, 0, is_low32, "SFMASK"},
	{0xc0000100, 0xc0000100, OFFERS_LONG_MODE, STATE, STATE, GS_SEGS, BASE(SEG_FS), 0, 0, is_canonical, "FS.base"},
	{0xc0000101, 0xc0000101, OFFERS_LONG_MODE, STATE, STATE, GS_SEGS, BASE(SEG_GS), 0, 0, is_canonical, "GS.base"},
	{0xc0000102, 0xc0000102, OFFERS_LONG_MODE, STATE, STATE, GS_MSRS, FIELD(kernel_gs_base), 0, 0, is_canonical, "KERNEL_GS_BASE"},
	{0xc0000103, 0xc0000103, OFFERS_TSC_AUX, STATE, STATE, GS_MSRS, FIELD(tsc_aux), 0, 0, is_low32, "TSC_AUX"},
	{0xc0010010, 0xc0010010, OFFERS_AMD, SLOT, SLOT, 0, MSR_SLOT_SYSCFG, 0, 0x700000, NULL, "SYSCFG: read with the MTRRs; TOM2 bits"},
	{0xc0010015, 0xc0010015, OFFERS_AMD, SLOT, SLOT, 0, MSR_SLOT_HWCR, 0x1000000, 0x40148, NULL, "HWCR: TSC counts at P0 rate; errata bits"},
	{0xc001001a, 0xc001001a, OFFERS_AMD, CONST, GP, 0, 0, 0, 0, NULL, "TOP_MEM: not told by this way"},
	{0xc001001d, 0xc001001d, OFFERS_AMD, CONST, GP, 0, 0, 0, 0, NULL, "TOP_MEM2"},
	{0xc001001f, 0xc001001f, OFFERS_AMD, SLOT, SLOT, 0, MSR_SLOT_NB_CFG, 0, 0x40400000000000, NULL, "NB_CFG: kernels enable extended configuration"},
	{0xc0010020, 0xc0010020, OFFERS_AMD, GP, IGNORE, 0, 0, 0, 0, NULL, "PATCH_LOADER"},
	{0xc0010055, 0xc0010055, OFFERS_AMD, CONST, IGNORE, 0, 0, 0, 0, NULL, "INT_PENDING: no C1E"},
	{0xc0010058, 0xc0010058, OFFERS_AMD, CONST, GP, 0, 0, 0, 0, NULL, "MMIO_CONF_BASE: no such window"},
	{0xc0010114, 0xc0010114, OFFERS_AMD, CONST, IGNORE, 0, 0, 0x18, 0, NULL, "VM_CR: SVM disabled and locked"},
	{0xc0010140, 0xc0010140, OFFERS_AMD | OFFERS_OSVW, CONST, GP, 0, 0, 5, 0, NULL, "OSVW_ID_LENGTH: what is listed is not a guest's to work around"},
	{0xc0010141, 0xc0010141, OFFERS_AMD | OFFERS_OSVW, CONST, GP, 0, 0, 0, 0, NULL, "OSVW_STATUS"},
	{0xc0011029, 0xc0011029, OFFERS_AMD, CONST, IGNORE, 0, 0, 2, 0, NULL, "DE_CFG: LFENCE serialises, as the hypervisor sets it"},
	/* clang-format on */
};

static const struct msr_rule *rule_find(const struct msr_policy *policy, u32 msr)
{
	u32 low = 0;
	u32 high = ARRAY_SIZE(rules);

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (rules[middle].last < msr) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == ARRAY_SIZE(rules) || msr < rules[low].first ||
	    (rules[low].needs & ~policy->offers) != 0) {
		return NULL;
	}
	return &rules[low];
}

/* --- accesses --------------------------------------------------------------------------------- */

enum msr_route msr_read(const struct msr_policy *policy, const struct msr_state *state, u32 msr,
			struct msr_access *access)
{
	const struct msr_rule *rule = rule_find(policy, msr);

	if (unlikely(rule == NULL)) {
		return MSR_ROUTE_GP;
	}
	switch (rule->read) {
	case ROUTE:
		return (enum msr_route)rule->where;
	case STATE:
		access->state_offset = rule->where;
		access->state_mask = rule->group;
		return MSR_ROUTE_STATE;
	case SLOT:
		access->value = state->slot[rule->where];
		return MSR_ROUTE_OK;
	case CONST:
		access->value = rule->value;
		return MSR_ROUTE_OK;
	case PLATFORM:
		access->value = policy->platform_info;
		return MSR_ROUTE_OK;
	default:
		return MSR_ROUTE_GP;
	}
}

enum msr_route msr_write(const struct msr_policy *policy, struct msr_state *state, u32 msr,
			 u64 value, struct msr_access *access)
{
	const struct msr_rule *rule = rule_find(policy, msr);

	if (unlikely(rule == NULL) || (rule->check != NULL && !rule->check(policy, value))) {
		return MSR_ROUTE_GP;
	}
	access->value = value;
	switch (rule->write) {
	case ROUTE:
		return (enum msr_route)rule->where;
	case STATE:
		access->state_offset = rule->where;
		access->state_mask = rule->group;
		return MSR_ROUTE_STATE;
	case SLOT:
		if (((value ^ state->slot[rule->where]) & ~rule->writable) != 0) {
			return MSR_ROUTE_GP;
		}
		state->slot[rule->where] = value;
		return MSR_ROUTE_OK;
	case IGNORE:
		return MSR_ROUTE_OK;
	default:
		return MSR_ROUTE_GP;
	}
}

bool msr_efer_check(const struct msr_policy *policy, u64 old, u64 cr0, u64 value, u64 *result)
{
	/* LMA shows what CR0.PG and LME made of it; written values of it do not count. */
	value = (value & ~EFER_LMA) | (old & EFER_LMA);
	if ((value & ~(policy->efer_allowed | EFER_LMA)) != 0) {
		return false;
	}
	if (((value ^ old) & EFER_LME) != 0 && (cr0 & CR0_PG) != 0) {
		return false;
	}
	*result = value;
	return true;
}

/* --- a VM's policy ---------------------------------------------------------------------------- */

/* Bits of `offers` and of EFER that a CPUID feature brings. */
static const struct {
	u32 leaf;
	u8 reg;	  /* 1 ebx, 2 ecx, 3 edx */
	u32 mask; /* any of these */
	u32 offers;
	u64 efer;
} features[] = {
	/* clang-format off */
	{0x00000001, 3, BIT(11), OFFERS_SYSENTER, 0},
	{0x00000001, 3, BIT(14), OFFERS_MCA, 0},
	{0x00000001, 3, BIT(12), OFFERS_MTRR, 0},
	{0x00000001, 3, BIT(16), OFFERS_PAT, 0},
	{0x00000001, 2, BIT(24), OFFERS_TSC_DEADLINE, 0},
	{0x00000007, 1, BIT(1), OFFERS_TSC_ADJUST, 0},
	{0x00000007, 2, BIT(22), OFFERS_TSC_AUX, 0},	     /* RDPID */
	{0x80000001, 3, BIT(27), OFFERS_TSC_AUX, 0},	     /* RDTSCP */
	{0x80000001, 3, BIT(29), OFFERS_LONG_MODE | OFFERS_SYSCALL, EFER_LME | EFER_SCE},
	{0x80000001, 3, BIT(11), OFFERS_SYSCALL, EFER_SCE},
	{0x80000001, 3, BIT(20), OFFERS_LONG_MODE, EFER_NXE},
	{0x80000001, 3, BIT(25), OFFERS_LONG_MODE, EFER_FFXSR},
	{0x80000001, 2, BIT(9), OFFERS_OSVW, 0},
	/* clang-format on */
};

void msr_policy_init(struct msr_policy *policy, const struct cpuid_table *table,
		     const struct cpuid_options *options)
{
	/* BTS and PEBS unavailable, fast strings as they are. */
	const u64 misc_enable = BIT(11) | BIT(12);
	u64 ratio = MIN(options->tsc_khz / 100000, 0xffu);

	memset(policy, 0, sizeof(*policy));
	policy->offers = table->amd ? OFFERS_AMD : OFFERS_INTEL;
	policy->offers |= options->interface == CPUID_INTERFACE_KVM ? OFFERS_KVM : 0;
	for (u32 i = 0; i < ARRAY_SIZE(features); i++) {
		const struct cpuid_dynamic none = {0};
		struct cpuid_regs r;

		cpuid_lookup(table, features[i].leaf, 0, &none, &r);
		const u32 value[] = {r.eax, r.ebx, r.ecx, r.edx};

		if ((value[features[i].reg] & features[i].mask) != 0) {
			policy->offers |= features[i].offers;
			policy->efer_allowed |= features[i].efer;
		}
	}
	policy->address_mask = BIT(table->phys_bits) - 1;
	policy->platform_info = ratio << 8 | ratio << 40;
	policy->misc_enable = misc_enable | (options->fast_strings ? 1 : 0);
}

void msr_state_reset(const struct msr_policy *policy, struct msr_state *state)
{
	memset(state, 0, sizeof(*state));
	for (u32 i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].read == SLOT) {
			state->slot[rules[i].where] = rules[i].value;
		}
	}
	state->slot[MSR_SLOT_MISC_ENABLE] = policy->misc_enable;
}
