// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM's CPUID: the white list of features, topology and sizes computed for the VM, and the lookup
 * at exit time. What a guest does not find here it cannot use: hidden are nested virtualisation,
 * MONITOR/MWAIT, PCID, performance monitoring, debug store, SMX, LBR, RDT, SGX, PT, five-level
 * paging, CET, speculation-control MSRs, XSAVES, and all that is not known yet. Pure.
 *
 * Leaves 15h and 16h (TSC and bus frequencies) are not shown: where they are wrong, a guest would
 * run at the wrong rate; EVK_CPUID_CLOCK has the measured one.
 */
#include "kernel/cpuid_policy.h"
#include "kernel/cpuid_policy_priv.h"
#include "arch/x86/regs.h"
#include "guest-tools/abi/evenkeel.h"
#include "guest-tools/abi/kvm.h"
#include "guest-tools/abi/vmware.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"

#define LEAF1_ECX_X2APIC       BIT(21)
#define LEAF1_ECX_TSC_DEADLINE BIT(24)
#define LEAF1_ECX_XSAVE	       BIT(26)
#define LEAF1_ECX_HYPERVISOR   BIT(31)
#define LEAF1_EDX_APIC	       BIT(9)
#define LEAF1_EDX_HTT	       BIT(28)
#define LEAF6_EAX_ARAT	       BIT(2)
#define LEAF7_EBX_TSC_ADJUST   BIT(1)
#define LEAF7_ECX_RDPID	       BIT(22)
#define EXT1_EDX_RDTSCP	       BIT(27)
#define EXT1_ECX_CMP_LEGACY    BIT(1)
#define EXT1_ECX_OSVW	       BIT(9)
#define EXT1_ECX_TOPOEXT       BIT(22)
/* --- the white list --------------------------------------------------------------------------- */

/* Bits of a register that a guest sees if the machine has them. Several rows of one register add
 * up; a register without a row reads 0. */
static const struct cpuid_rule {
	u32 leaf;
	u8 subleaf, reg;
	u32 mask;
	const char *why;
} cpuid_rules[] = {
	/* clang-format off */
	{0x00000001, 0, EAX, 0x0fff3fff, "family, model, stepping: errata workarounds depend on it"},
	{0x00000001, 0, EBX, 0x0000ff00, "CLFLUSH line size"},
	{0x00000001, 0, ECX, 0x00001203, "SSE3 PCLMULQDQ SSSE3 FMA"},
	{0x00000001, 0, ECX, 0x76d82000, "CX16 SSE4 MOVBE POPCNT AES XSAVE AVX F16C RDRAND"},
	{0x00000001, 0, EDX, 0x0f8bfbff, "all but serial number, debug store, thermal control, PBE"},
	{0x00000007, 0, EBX, 0x000003e9, "FSGSBASE BMI1 AVX2 x87-pointer SMEP BMI2 ERMS"},
	{0x00000007, 0, EBX, 0x21bf2000, "x87 CS/DS AVX512F/DQ RDSEED ADX SMAP IFMA CLFLUSHOPT CLWB SHA"},
	{0x00000007, 0, EBX, 0xd0000000, "AVX512CD/BW/VL"},
	{0x00000007, 0, ECX, 0x00000046, "VBMI UMIP VBMI2; not PKU: the emulator does not see PKRU"},
	{0x00000007, 0, ECX, 0x00005f00, "GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ"},
	{0x00000007, 0, ECX, 0x1a400000, "RDPID CLDEMOTE MOVDIRI MOVDIR64B"},
	{0x00000007, 0, EDX, 0x00804510, "FSRM VP2INTERSECT MD_CLEAR SERIALIZE AVX512_FP16"},
	{0x00000007, 1, EAX, 0x00001c30, "AVX_VNNI AVX512_BF16 and fast short string operations"},
	{EXT | 0x01, 0, EAX, 0x0fff3fff, "AMD repeats the signature here"},
	{EXT | 0x01, 0, ECX, 0x000101e1, "LAHF64 ABM SSE4A MisAlignSse PREFETCHW FMA4"},
	{EXT | 0x01, 0, ECX, 0x00600800, "XOP TBM TOPOEXT"},
	{EXT | 0x01, 0, EDX, 0x0193f3ff, "AMD's copy of leaf 1; NX"},
	{EXT | 0x01, 0, EDX, 0xee400800, "SYSCALL MMXEXT FFXSR PDPE1GB RDTSCP LM 3DNow"},
	{EXT | 0x02, 0, EAX, 0xffffffff, "name"}, {EXT | 0x02, 0, EBX, 0xffffffff, "name"},
	{EXT | 0x02, 0, ECX, 0xffffffff, "name"}, {EXT | 0x02, 0, EDX, 0xffffffff, "name"},
	{EXT | 0x03, 0, EAX, 0xffffffff, "name"}, {EXT | 0x03, 0, EBX, 0xffffffff, "name"},
	{EXT | 0x03, 0, ECX, 0xffffffff, "name"}, {EXT | 0x03, 0, EDX, 0xffffffff, "name"},
	{EXT | 0x04, 0, EAX, 0xffffffff, "name"}, {EXT | 0x04, 0, EBX, 0xffffffff, "name"},
	{EXT | 0x04, 0, ECX, 0xffffffff, "name"}, {EXT | 0x04, 0, EDX, 0xffffffff, "name"},
	{EXT | 0x05, 0, EAX, 0xffffffff, "caches"}, {EXT | 0x05, 0, EBX, 0xffffffff, "caches"},
	{EXT | 0x05, 0, ECX, 0xffffffff, "caches"}, {EXT | 0x05, 0, EDX, 0xffffffff, "caches"},
	{EXT | 0x06, 0, EAX, 0xffffffff, "caches"}, {EXT | 0x06, 0, EBX, 0xffffffff, "caches"},
	{EXT | 0x06, 0, ECX, 0xffffffff, "caches"}, {EXT | 0x06, 0, EDX, 0xffffffff, "caches"},
	{EXT | 0x07, 0, EDX, 0x00000100, "invariant TSC"},
	{EXT | 0x08, 0, EBX, 0x00000005, "CLZERO, XSAVE of x87 error pointers"},
	{EXT | 0x1a, 0, EAX, 0x00000007, "widths of execution units"},
	{EXT | 0x21, 0, EAX, 0x00000c45, "no nested data breakpoints, LFENCE serialises, null selectors, fast strings"},
	/* clang-format on */
};

/* Features that need components of the extended state; gone when the guest cannot have those. */
static const struct {
	u32 leaf;
	u8 subleaf, reg;
	u32 mask;
	u64 xcr0;
} xcr0_rules[] = {
	/* clang-format off */
	{0x00000001, 0, ECX, 0x04000000, XSTATE_X87_SSE}, /* XSAVE */
	{0x00000001, 0, ECX, 0x30001000, XSTATE_AVX},	/* FMA AVX F16C */
	{0x00000007, 0, EBX, 0x00000020, XSTATE_AVX},	/* AVX2 */
	{0x00000007, 0, ECX, 0x00000600, XSTATE_AVX},	/* VAES VPCLMULQDQ */
	{0x00000007, 1, EAX, 0x00000010, XSTATE_AVX},	/* AVX_VNNI */
	{EXT | 0x01, 0, ECX, 0x00010800, XSTATE_AVX},	/* FMA4 XOP */
	{0x00000007, 0, EBX, 0xd0230000, XSTATE_AVX512},
	{0x00000007, 0, ECX, 0x00005842, XSTATE_AVX512},
	{0x00000007, 0, EDX, 0x00800100, XSTATE_AVX512},
	{0x00000007, 1, EAX, 0x00000020, XSTATE_AVX512},
	/* clang-format on */
};

/* ERMS, FSRM and their kin promise speed that IA32_MISC_ENABLE can take away. */
static const struct {
	u32 leaf;
	u8 subleaf, reg;
	u32 mask;
} fast_string_rules[] = {
	{0x00000007, 0, EBX, 0x00000200},
	{0x00000007, 0, EDX, 0x00000010},
	{0x00000007, 1, EAX, 0x00001c00},
	{EXT | 0x21, 0, EAX, 0x00000c00},
};

/* --- access to the table ---------------------------------------------------------------------- */

static struct cpuid_entry *table_entry(struct cpuid_table *t, u32 leaf)
{
	if (leaf >= EXT) {
		assert(leaf - EXT < CPUID_EXT_LEAVES);
		return &t->ext[leaf - EXT];
	}
	assert(leaf < CPUID_BASIC_LEAVES);
	return &t->basic[leaf];
}

static struct cpuid_regs *table_regs(struct cpuid_table *t, u32 leaf, u8 subleaf)
{
	struct cpuid_entry *e = table_entry(t, leaf);

	if (e->sub_count == 0) {
		assert(subleaf == 0);
		return &e->regs;
	}
	assert(subleaf < e->sub_count);
	return &t->sub[e->sub_first + subleaf];
}

static u32 *table_reg(struct cpuid_table *t, u32 leaf, u8 subleaf, u8 reg)
{
	struct cpuid_regs *r = table_regs(t, leaf, subleaf);
	u32 *const by_index[] = {&r->eax, &r->ebx, &r->ecx, &r->edx};

	return by_index[reg];
}

static u32 host_reg(const struct cpuid_host *host, u32 leaf, u8 subleaf, u8 reg)
{
	const struct cpuid_regs *r = cpuid_host_find(host, leaf, subleaf);
	const u32 *const by_index[] = {&r->eax, &r->ebx, &r->ecx, &r->edx};

	return *by_index[reg];
}

/* --- parts of the table ----------------------------------------------------------------------- */

/* Which leaves have subleaves, and where the answer is dynamic. */
static void init_shape(struct cpuid_table *t)
{
	static const struct {
		u32 leaf;
		u8 subleaves, dynamic;
	} shape[] = {
		{0x00000001, 0, DYNAMIC_FEATURES},
		{0x00000004, 4, DYNAMIC_NONE},
		{0x00000007, 2, DYNAMIC_NONE},
		{0x0000000b, 2, DYNAMIC_TOPOLOGY},
		{0x0000000d, CPUID_XSAVE_COMPONENTS, DYNAMIC_XSAVE},
		{EXT | 0x1d, 5, DYNAMIC_NONE},
		{EXT | 0x1e, 0, DYNAMIC_APIC_ID},
	};
	u8 next = 0;

	for (u32 i = 0; i < ARRAY_SIZE(shape); i++) {
		struct cpuid_entry *e = table_entry(t, shape[i].leaf);

		e->dynamic = shape[i].dynamic;
		e->sub_count = shape[i].subleaves;
		e->sub_first = next;
		next = (u8)(next + shape[i].subleaves);
	}
	assert(next <= CPUID_SUBLEAVES);
}

/* Vendor and highest leaves: nothing above 0Dh has contents; 0Bh is always there (APIC ids). */
static void init_limits(struct cpuid_table *t, const struct cpuid_host *host)
{
	const struct cpuid_regs *leaf0 = cpuid_host_find(host, 0, 0);
	u32 host_ext = host_reg(host, EXT, 0, EAX);

	t->amd = leaf0->ebx == 0x68747541 || leaf0->ebx == 0x6f677948; /* "Auth", "Hygo" */
	t->max_basic = MAX(MIN(leaf0->eax, 0xdu), 0xbu);
	t->max_ext = MIN(MAX(host_ext, EXT | 8), EXT | 0x21);
	t->basic[0].regs = *leaf0;
	t->basic[0].regs.eax = t->max_basic;
	t->ext[0].regs.eax = t->max_ext;
	if (t->amd) {
		t->ext[0].regs.ebx = leaf0->ebx;
		t->ext[0].regs.ecx = leaf0->ecx;
		t->ext[0].regs.edx = leaf0->edx;
	}
}

static void init_features(struct cpuid_table *t, const struct cpuid_host *host,
			  const struct cpuid_options *options)
{
	u32 *ecx = table_reg(t, 1, 0, ECX);

	for (u32 i = 0; i < ARRAY_SIZE(cpuid_rules); i++) {
		const struct cpuid_rule *r = &cpuid_rules[i];

		*table_reg(t, r->leaf, r->subleaf, r->reg) |=
			host_reg(host, r->leaf, r->subleaf, r->reg) & r->mask;
	}
	if (!t->amd || t->max_ext < (EXT | 0x1e)) {
		*table_reg(t, EXT | 1, 0, ECX) &=
			(u32)~EXT1_ECX_TOPOEXT; /* its leaves are missing */
	}
	/* These are made by software, whatever the machine has. */
	*ecx &= (u32) ~(LEAF1_ECX_X2APIC | LEAF1_ECX_TSC_DEADLINE);
	*ecx |= options->x2apic ? (u32)LEAF1_ECX_X2APIC : 0;
	*ecx |= options->tsc_deadline ? (u32)LEAF1_ECX_TSC_DEADLINE : 0;
	*ecx |= options->interface != CPUID_INTERFACE_NONE ? (u32)LEAF1_ECX_HYPERVISOR : 0;
	*table_reg(t, 1, 0, EDX) |= (u32)LEAF1_EDX_APIC;
	if (t->amd) {
		/* Says in an MSR that no erratum needs a guest's help; without it kernels assume
		 * some by family, such as an APIC timer that stops in HLT. */
		*table_reg(t, EXT | 1, 0, ECX) |= (u32)EXT1_ECX_OSVW;
	}
	*table_reg(t, 7, 0, EBX) |= (u32)LEAF7_EBX_TSC_ADJUST;
	if (!options->tsc_aux) {
		*table_reg(t, 7, 0, ECX) &= (u32)~LEAF7_ECX_RDPID;
		*table_reg(t, EXT | 1, 0, EDX) &= (u32)~EXT1_EDX_RDTSCP;
	}
	*table_reg(t, 6, 0, EAX) = (u32)LEAF6_EAX_ARAT; /* the virtual APIC timer never stops */
	for (u32 i = 0; i < ARRAY_SIZE(fast_string_rules) && !options->fast_strings; i++) {
		*table_reg(t, fast_string_rules[i].leaf, fast_string_rules[i].subleaf,
			   fast_string_rules[i].reg) &= ~fast_string_rules[i].mask;
	}
}

/* Reads a component's place in the XSAVE area from the machine. False if it is not what the
 * architecture says (SDM vol. 1, 13.5), then the component is not used. */
static bool xsave_component_init(struct cpuid_table *t, const struct cpuid_host *host, u32 i)
{
	static const u32 sizes[CPUID_XSAVE_COMPONENTS] = {
		[2] = 256, [5] = 64, [6] = 512, [7] = 1024};
	const struct cpuid_regs *r = cpuid_host_find(host, 0xd, i);
	u32 limit = host_reg(host, 0xd, 0, ECX);

	if (sizes[i] == 0 || r->eax != sizes[i] || r->ebx < XSAVE_LEGACY_BYTES || r->ebx > limit ||
	    r->eax > limit - r->ebx) {
		return false;
	}
	for (u32 j = 2; j < i; j++) {
		if (r->ebx < t->xsave[j].offset_bytes + t->xsave[j].size_bytes &&
		    t->xsave[j].offset_bytes < r->ebx + r->eax) {
			return false; /* overlap */
		}
	}
	t->xsave[i].size_bytes = r->eax;
	t->xsave[i].offset_bytes = r->ebx;
	t->xsave[i].align64 = (r->ecx & 2) != 0;
	return true;
}

/* Components that the machine has, the hypervisor switches, and that are described sensibly. */
static u64 xsave_components(struct cpuid_table *t, const struct cpuid_host *host,
			    const struct cpuid_options *options)
{
	u64 xcr0 = host_reg(host, 0xd, 0, EAX) & options->xcr0 &
		   (XSTATE_X87_SSE | XSTATE_AVX | XSTATE_AVX512);

	if ((host_reg(host, 1, 0, ECX) & LEAF1_ECX_XSAVE) == 0 || t->max_basic < 0xd ||
	    (xcr0 & XSTATE_X87_SSE) != XSTATE_X87_SSE) {
		return 0;
	}
	for (u32 i = 2; i < CPUID_XSAVE_COMPONENTS; i++) {
		if ((xcr0 & BIT(i)) != 0 && !xsave_component_init(t, host, i)) {
			xcr0 &= ~BIT(i);
		}
	}
	if ((xcr0 & XSTATE_AVX) == 0 || (xcr0 & XSTATE_AVX512) != XSTATE_AVX512) {
		xcr0 &= ~(u64)XSTATE_AVX512;
	}
	return xcr0;
}

static void init_xsave(struct cpuid_table *t, const struct cpuid_host *host,
		       const struct cpuid_options *options)
{
	t->xcr0 = xsave_components(t, host, options);
	for (u32 i = 0; i < ARRAY_SIZE(xcr0_rules); i++) {
		if ((t->xcr0 & xcr0_rules[i].xcr0) != xcr0_rules[i].xcr0) {
			*table_reg(t, xcr0_rules[i].leaf, xcr0_rules[i].subleaf,
				   xcr0_rules[i].reg) &= ~xcr0_rules[i].mask;
		}
	}
	if (t->xcr0 == 0) {
		return;
	}
	*table_reg(t, 0xd, 0, EAX) = (u32)t->xcr0;
	*table_reg(t, 0xd, 0, ECX) = cpuid_xsave_size(t, t->xcr0, false);
	/* XSAVEOPT, XSAVEC, XGETBV with ECX=1; not XSAVES: no supervisor state is switched. */
	*table_reg(t, 0xd, 1, EAX) = host_reg(host, 0xd, 1, EAX) & 7;
	for (u8 i = 2; i < CPUID_XSAVE_COMPONENTS; i++) {
		if ((t->xcr0 & BIT(i)) != 0) {
			*table_reg(t, 0xd, i, EAX) = t->xsave[i].size_bytes;
			*table_reg(t, 0xd, i, EBX) = t->xsave[i].offset_bytes;
			*table_reg(t, 0xd, i, ECX) = t->xsave[i].align64 ? 2 : 0;
		}
	}
}

/* Bits of an APIC id that number the cores of the package. */
static u32 topology_shift(u32 vcpu_count)
{
	u32 shift = 0;

	while (BIT(shift) < vcpu_count) {
		shift++;
	}
	return shift;
}

/* Caches: the machine's own, each core its own up to level 2, level 3 shared by the package. */
static void init_caches(struct cpuid_table *t, const struct cpuid_host *host, u32 ids)
{
	u32 leaf = t->amd ? EXT | 0x1d : 4;

	for (u8 i = 0; i < table_entry(t, leaf)->sub_count; i++) {
		struct cpuid_regs *r = table_regs(t, leaf, i);

		*r = *cpuid_host_find(host, leaf, i);
		if ((r->eax & 0x1f) == 0) {
			memset(r, 0, sizeof(*r));
			return;
		}
		r->eax &= 0x3ff;
		r->eax |= (r->eax >> 5 & 7) >= 3 ? (ids - 1) << 14 : 0;
		r->eax |= t->amd ? 0 : (ids - 1) << 26;
		r->edx &= 7;
	}
}

static void init_topology_intel(struct cpuid_table *t, const struct cpuid_host *host, u32 shift)
{
	*table_reg(t, 1, 0, EBX) |= BIT(shift) << 16;
	*table_reg(t, 2, 0, EAX) = 0xff01; /* descriptor FFh: caches are in leaf 4 */
	init_caches(t, host, BIT(shift));
}

static void init_topology_amd(struct cpuid_table *t, const struct cpuid_host *host, u32 shift,
			      u32 vcpu_count)
{
	*table_reg(t, 1, 0, EBX) |= vcpu_count << 16;
	*table_reg(t, EXT | 8, 0, ECX) = shift << 12 | (vcpu_count - 1);
	if (vcpu_count > 1) {
		*table_reg(t, EXT | 1, 0, ECX) |= EXT1_ECX_CMP_LEGACY;
	}
	if ((*table_reg(t, EXT | 1, 0, ECX) & EXT1_ECX_TOPOEXT) != 0) {
		init_caches(t, host, vcpu_count);
	} else {
		table_entry(t, EXT | 0x1e)->dynamic = DYNAMIC_NONE;
	}
}

/* One package, `vcpu_count` cores, one thread each, in every leaf that says anything about it. */
static void init_topology(struct cpuid_table *t, const struct cpuid_host *host, u32 vcpu_count)
{
	u32 shift = topology_shift(vcpu_count);
	struct cpuid_regs *smt = table_regs(t, 0xb, 0);
	struct cpuid_regs *core = table_regs(t, 0xb, 1);

	if (vcpu_count > 1) {
		*table_reg(t, 1, 0, EDX) |= (u32)LEAF1_EDX_HTT;
	}
	*smt = (struct cpuid_regs){.eax = 0, .ebx = 1, .ecx = 1 << 8};
	*core = (struct cpuid_regs){.eax = shift, .ebx = vcpu_count, .ecx = 2 << 8 | 1};
	if (t->amd) {
		init_topology_amd(t, host, shift, vcpu_count);
	} else {
		init_topology_intel(t, host, shift);
		table_entry(t, EXT | 0x1e)->dynamic = DYNAMIC_NONE;
	}
}

/* Address widths: 48 bits is what four levels of nested and of guest tables can map. */
static void init_addresses(struct cpuid_table *t, const struct cpuid_host *host)
{
	u32 phys = host_reg(host, EXT | 8, 0, EAX) & 0xff;

	t->phys_bits = (u8)(phys < 36 ? 36 : MIN(phys, 48u));
	*table_reg(t, EXT | 8, 0, EAX) = 48u << 8 | t->phys_bits;
}

/* --- leaves of hypervisors -------------------------------------------------------------------- */

static void leaf_add(struct cpuid_table *t, u32 leaf, struct cpuid_regs regs)
{
	assert(t->leaf_count < CPUID_HYPERVISOR_LEAVES);
	t->leaves[t->leaf_count].leaf = leaf;
	t->leaves[t->leaf_count].regs = regs;
	t->leaf_count++;
}

static u32 khz_32(u64 khz)
{
	return khz <= UINT32_MAX ? (u32)khz : 0;
}

static void init_vmware(struct cpuid_table *t, const struct cpuid_options *options)
{
	leaf_add(t, VMWARE_CPUID_BASE,
		 (struct cpuid_regs){VMWARE_CPUID_INFO, VMWARE_SIGNATURE_EBX, VMWARE_SIGNATURE_ECX,
				     VMWARE_SIGNATURE_EDX});
	leaf_add(t, VMWARE_CPUID_INFO,
		 (struct cpuid_regs){.eax = khz_32(options->tsc_khz),
				     .ebx = options->apic_khz,
				     .ecx = t->amd ? VMWARE_INFO_VMMCALL : VMWARE_INFO_VMCALL});
}

static void init_kvm(struct cpuid_table *t, const struct cpuid_options *options)
{
	leaf_add(t, KVM_CPUID_BASE,
		 (struct cpuid_regs){KVM_CPUID_TIMING, KVM_SIGNATURE_EBX, KVM_SIGNATURE_ECX,
				     KVM_SIGNATURE_EDX});
	leaf_add(t, KVM_CPUID_FEATURES,
		 (struct cpuid_regs){.eax = KVM_FEATURE_NOP_IO_DELAY | KVM_FEATURE_CLOCKSOURCE2 |
					    KVM_FEATURE_STEAL_TIME |
					    KVM_FEATURE_CLOCKSOURCE_STABLE});
	leaf_add(t, KVM_CPUID_TIMING,
		 (struct cpuid_regs){.eax = khz_32(options->tsc_khz), .ebx = options->apic_khz});
}

static void init_evk(struct cpuid_table *t, const struct cpuid_options *options)
{
	leaf_add(t, EVK_CPUID_BASE,
		 (struct cpuid_regs){EVK_CPUID_CLOCK, EVK_SIGNATURE_EBX, EVK_SIGNATURE_ECX,
				     EVK_SIGNATURE_EDX});
	leaf_add(t, EVK_CPUID_VERSION,
		 (struct cpuid_regs){.eax = EVK_ABI_VERSION,
				     .ebx = t->amd ? EVK_FEATURE_VMMCALL : EVK_FEATURE_VMCALL});
	leaf_add(t, EVK_CPUID_CLOCK, (struct cpuid_regs){.eax = khz_32(options->tsc_khz)});
}

static void init_hypervisor(struct cpuid_table *t, const struct cpuid_options *options)
{
	t->hypervisor = options->interface != CPUID_INTERFACE_NONE;
	if (!t->hypervisor) {
		return;
	}
	if (options->interface == CPUID_INTERFACE_VMWARE) {
		init_vmware(t, options);
	} else {
		init_kvm(t, options);
	}
	init_evk(t, options);
}

/* SDM vol. 3, 2.5. PCE needs no feature. */
static u64 cr4_bits(struct cpuid_table *t)
{
	static const struct {
		u64 cr4;
		u8 leaf, reg, bit;
	} rows[] = {
		/* clang-format off */
		{CR4_VME,        1, EDX, 1},  {CR4_PVI,     1, EDX, 1},  {CR4_TSD,      1, EDX, 4},
		{CR4_DE,         1, EDX, 2},  {CR4_PSE,     1, EDX, 3},  {CR4_PAE,      1, EDX, 6},
		{CR4_MCE,        1, EDX, 7},  {CR4_PGE,     1, EDX, 13}, {CR4_OSFXSR,   1, EDX, 24},
		{CR4_OSXMMEXCPT, 1, EDX, 25}, {CR4_VMXE,    1, ECX, 5},  {CR4_SMXE,     1, ECX, 6},
		{CR4_PCIDE,      1, ECX, 17}, {CR4_OSXSAVE, 1, ECX, 26}, {CR4_FSGSBASE, 7, EBX, 0},
		{CR4_SMEP,       7, EBX, 7},  {CR4_SMAP,    7, EBX, 20}, {CR4_UMIP,     7, ECX, 2},
		{CR4_PKE,        7, ECX, 3},  {CR4_CET,     7, ECX, 7},  {CR4_LA57,     7, ECX, 16},
		/* clang-format on */
	};
	u64 bits = CR4_PCE;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 reg = *table_reg(t, rows[i].leaf, 0, rows[i].reg);

		bits |= (reg >> rows[i].bit & 1) != 0 ? rows[i].cr4 : 0;
	}
	return bits;
}

static void init_constant(struct cpuid_entry *entries, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		entries[i].constant =
			entries[i].sub_count == 0 && entries[i].dynamic == DYNAMIC_NONE;
	}
}

void cpuid_table_init(struct cpuid_table *table, const struct cpuid_host *host,
		      const struct cpuid_options *options)
{
	assert(options->vcpu_count >= 1 && options->vcpu_count <= 32);
	memset(table, 0, sizeof(*table));
	init_shape(table);
	init_limits(table, host);
	init_features(table, host, options);
	init_xsave(table, host, options);
	init_topology(table, host, options->vcpu_count);
	init_addresses(table, host);
	init_hypervisor(table, options);
	*table_reg(table, 7, 0, EAX) = *table_reg(table, 7, 1, EAX) != 0 ? 1 : 0;
	table->cr4 = cr4_bits(table);
	init_constant(table->basic, CPUID_BASIC_LEAVES);
	init_constant(table->ext, CPUID_EXT_LEAVES);
}
