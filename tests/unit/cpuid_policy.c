// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/cpuid_*: what guests are shown on five recorded machines and on made-up ones: nothing
 * hidden shows, sizes and topology agree with each other, merged machines show only what both have.
 */
#include "tests/unit/unit.h"
#include "tests/unit/cpuid_hosts.h"
#include "arch/x86/regs.h"
#include "kernel/cpuid_policy.h"
#include "kernel/lib/err.h"
#include "guest-tools/abi/evenkeel.h"
#include "guest-tools/abi/kvm.h"
#include "guest-tools/abi/vmware.h"

#define EXT 0x80000000u

struct machine {
	const char *name;
	const struct cpuid_raw *leaves;
	u32 count;
};

static const struct machine machines[] = {
	{"qemu max", qemu_max, ARRAY_SIZE(qemu_max)},
	{"qemu epyc", qemu_epyc, ARRAY_SIZE(qemu_epyc)},
	{"bochs haswell", bochs_haswell, ARRAY_SIZE(bochs_haswell)},
	{"bochs icelake", bochs_icelake, ARRAY_SIZE(bochs_icelake)},
	{"bochs ryzen", bochs_ryzen, ARRAY_SIZE(bochs_ryzen)},
};

/* The machine that read_leaf() plays; all_ones: one that has every feature there is. */
static const struct machine *machine;
static bool all_ones;

static void read_leaf(u32 leaf, u32 subleaf, struct cpuid_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	for (u32 i = 0; i < machine->count; i++) {
		const struct cpuid_raw *raw = &machine->leaves[i];

		if (raw->leaf == leaf && raw->subleaf == subleaf) {
			*regs = raw->regs;
		}
	}
	if (all_ones && (leaf == 1 || leaf == 7 || (leaf > EXT && leaf != (EXT | 8)))) {
		u32 eax = regs->eax;

		memset(regs, 0xff, sizeof(*regs));
		regs->eax = leaf == 1 ? eax : regs->eax;
	}
}

static void host_of(struct cpuid_host *host, const struct machine *which)
{
	machine = which;
	cpuid_host_record(host, read_leaf);
}

static struct cpuid_options default_options(void)
{
	return (struct cpuid_options){.vcpu_count = 2,
				      .interface = CPUID_INTERFACE_VMWARE,
				      .x2apic = true,
				      .tsc_deadline = true,
				      .fast_strings = true,
				      .tsc_aux = true,
				      .xcr0 = ~0ull,
				      .tsc_khz = 2900000,
				      .apic_khz = 1000000};
}

static struct cpuid_regs ask(const struct cpuid_table *t, u32 leaf, u32 subleaf, u32 apic_id)
{
	const struct cpuid_dynamic dynamic = {.apic_id = apic_id, .cr4 = 0, .xcr0 = 1};
	struct cpuid_regs regs;

	memset(&regs, 0x77, sizeof(regs));
	cpuid_lookup(t, leaf, subleaf, &dynamic, &regs);
	return regs;
}

/* What no guest may see, bit by bit, written down apart from the policy's own tables. */
static void check_hidden(const struct cpuid_table *t)
{
	struct cpuid_regs r = ask(t, 1, 0, 0);
	static const u32 empty[] = {3,	  5,	8,    9,    0xa,  0xc,	0xe,  0xf,
				    0x10, 0x12, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
				    0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};

	assert_int_equal(r.eax & 0xf000c000, 0);
	/* DTES64 MONITOR DS-CPL VMX SMX EIST TM2 CNXT-ID SDBG xTPR PDCM PCID DCA OSXSAVE */
	assert_int_equal(r.ecx & 0x080685fc & ~BIT(9), 0);
	assert_int_equal(r.ecx & (BIT(10) | BIT(11) | BIT(14) | BIT(15) | BIT(16) | BIT(17)), 0);
	/* PSN DS ACPI TM IA64 PBE */
	assert_int_equal(
		r.edx & (BIT(18) | BIT(20) | BIT(21) | BIT(22) | BIT(29) | BIT(30) | BIT(31)), 0);

	assert_int_equal(ask(t, 6, 0, 0).eax & ~BIT(2), 0);
	assert_int_equal(ask(t, 6, 0, 0).ecx, 0);

	r = ask(t, 7, 0, 0);
	assert_in_range(r.eax, 0, 1);
	/* SGX HLE INVPCID RTM RDT-M MPX RDT-A PT PF/ER */
	assert_int_equal(r.ebx & (BIT(2) | BIT(4) | BIT(10) | BIT(11) | BIT(12) | BIT(14) |
				  BIT(15) | BIT(22) | BIT(25) | BIT(26) | BIT(27)),
			 0);
	/* PKU OSPKE WAITPKG CET_SS TME LA57 MAWAU KL BUS_LOCK ENQCMD SGX_LC PKS */
	assert_int_equal(r.ecx & (BIT(3) | BIT(4) | BIT(5) | BIT(7) | BIT(13) | BIT(16) |
				  (0x1full << 17) | BIT(23) | BIT(24) | BIT(29) | BIT(30) |
				  BIT(31)),
			 0);
	/* all but FSRM VP2INTERSECT MD_CLEAR SERIALIZE FP16: no IBT, AMX, IBRS, STIBP, ARCH_CAP,
	 * SSBD */
	assert_int_equal(r.edx & ~0x804510u, 0);

	assert_int_equal(ask(t, 0xd, 0, 0).eax & ~0xe7u, 0);
	assert_int_equal(ask(t, 0xd, 1, 0).eax & ~7u, 0);

	r = ask(t, EXT | 1, 0, 0);
	assert_int_equal(r.ecx >> 9 & 1, t->amd); /* OSVW: made by software */
	/* SVM ExtApic AltMovCr8 IBS SKINIT WDT LWP TCE NodeId Perf* DBX MONITORX */
	assert_int_equal(r.ecx & (BIT(2) | BIT(3) | BIT(4) | BIT(10) | BIT(12) | BIT(13) | BIT(15) |
				  BIT(17) | BIT(19) | (0x3full << 23) | BIT(29) | BIT(30) |
				  BIT(31)),
			 0);
	assert_int_equal(ask(t, EXT | 7, 0, 0).edx & ~BIT(8), 0);
	/* IRPERF RDPRU WBNOINVD IBPB IBRS STIBP SSBD ... */
	assert_int_equal(ask(t, EXT | 8, 0, 0).ebx & ~5u, 0);
	for (u32 leaf = 9; leaf <= 0x20; leaf++) {
		if (leaf != 0x1a && leaf != 0x1d && leaf != 0x1e) {
			assert_int_equal(ask(t, EXT | leaf, 0, 0).eax & (t->amd ? ~0u : 0), 0);
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(empty); i++) {
		if (empty[i] <= t->max_basic || t->amd) {
			r = ask(t, empty[i], 0, 0);
			assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
		}
	}
}

static void check_topology(const struct cpuid_table *t, u32 vcpus)
{
	u32 shift = ask(t, 0xb, 1, 0).eax;
	struct cpuid_regs leaf1 = ask(t, 1, 0, 5);

	assert_true(BIT(shift) >= vcpus && (shift == 0 || BIT(shift - 1) < vcpus));
	assert_int_equal(leaf1.edx >> 28 & 1, vcpus > 1);
	assert_int_equal(leaf1.ebx >> 24, 5);
	assert_int_equal(leaf1.ebx >> 16 & 0xff, t->amd ? vcpus : BIT(shift));

	assert_int_equal(ask(t, 0xb, 0, 0).eax, 0);
	assert_int_equal(ask(t, 0xb, 0, 0).ebx, 1);
	assert_int_equal(ask(t, 0xb, 0, 0).ecx, 0x100);
	assert_int_equal(ask(t, 0xb, 1, 0).ebx, vcpus);
	assert_int_equal(ask(t, 0xb, 1, 0).ecx, 0x201);
	assert_int_equal(ask(t, 0xb, 2, 0).eax | ask(t, 0xb, 2, 0).ebx, 0);
	assert_int_equal(ask(t, 0xb, 2, 0).ecx, 2);
	for (u32 subleaf = 0; subleaf < 4; subleaf++) {
		assert_int_equal(ask(t, 0xb, subleaf, 777).edx, 777);
	}

	for (u32 i = 0; i < 6; i++) {
		u32 eax = ask(t, t->amd ? EXT | 0x1d : 4, i, 0).eax;
		u32 sharing = (eax >> 14 & 0xfff) + 1;

		if ((eax & 0x1f) == 0) {
			assert_int_equal(eax, 0);
			continue;
		}
		assert_int_equal(sharing, (eax >> 5 & 7) < 3 ? 1 : t->amd ? vcpus : BIT(shift));
		assert_int_equal(eax >> 26, t->amd ? 0 : BIT(shift) - 1);
	}
	if (t->amd) {
		u32 ecx = ask(t, EXT | 8, 0, 0).ecx;

		assert_int_equal((ecx & 0xff) + 1, vcpus);
		assert_int_equal(ecx >> 12 & 0xf, shift);
		assert_int_equal(ask(t, EXT | 1, 0, 0).ecx >> 1 & 1, vcpus > 1);
	} else {
		assert_int_equal(ask(t, EXT | 8, 0, 0).ecx, 0);
	}
	if ((ask(t, EXT | 1, 0, 0).ecx & BIT(22)) != 0) {
		assert_int_equal(ask(t, EXT | 0x1e, 0, 3).eax, 3);
		assert_int_equal(ask(t, EXT | 0x1e, 0, 3).ebx, 3);
		assert_int_equal(ask(t, EXT | 0x1e, 0, 3).ecx, 0);
	}
}

/* Sizes of leaf 0Dh against the components listed there. */
static void check_xsave(const struct cpuid_table *t)
{
	struct cpuid_regs leaf0 = ask(t, 0xd, 0, 0);
	bool xsave = (ask(t, 1, 0, 0).ecx & BIT(26)) != 0;
	u32 end = 576;

	assert_int_equal(xsave, t->xcr0 != 0);
	if (!xsave) {
		assert_int_equal(leaf0.eax | leaf0.ebx | leaf0.ecx | leaf0.edx, 0);
		assert_int_equal(ask(t, 1, 0, 0).ecx & (BIT(28) | BIT(12) | BIT(29)), 0);
		return;
	}
	assert_true(leaf0.eax == t->xcr0);
	assert_int_equal(leaf0.ebx, 576);
	for (u32 i = 2; i < 64; i++) {
		struct cpuid_regs r = ask(t, 0xd, i, 0);

		if ((t->xcr0 & BIT(i)) == 0) {
			assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
			continue;
		}
		assert_true(r.eax > 0 && r.ebx >= 576);
		end = MAX(end, r.eax + r.ebx);
	}
	assert_int_equal(leaf0.ecx, end);
	for (u64 xcr0 = 0; xcr0 < 0x400; xcr0++) {
		struct cpuid_dynamic d = {.xcr0 = xcr0};
		struct cpuid_regs r;
		u32 size = 576;

		if (!cpuid_xcr0_valid(t, xcr0)) {
			continue;
		}
		for (u32 i = 2; i < 10; i++) {
			struct cpuid_regs c = ask(t, 0xd, i, 0);

			size = (xcr0 & BIT(i)) != 0 ? MAX(size, c.eax + c.ebx) : size;
		}
		cpuid_lookup(t, 0xd, 0, &d, &r);
		assert_int_equal(r.ebx, size);
	}
	assert_true(cpuid_xcr0_valid(t, t->xcr0));
}

/* CR4 has the bits of the features shown, the hidden ones never. */
static void check_cr4(const struct cpuid_table *t)
{
	struct cpuid_regs one = ask(t, 1, 0, 0), seven = ask(t, 7, 0, 0);

	assert_int_equal(t->cr4 & (CR4_LA57 | CR4_VMXE | CR4_SMXE | CR4_PCIDE | CR4_PKE | CR4_CET),
			 0);
	assert_int_equal(t->cr4 >> 24, 0);
	assert_int_equal((t->cr4 & CR4_PGE) != 0, one.edx >> 13 & 1);
	assert_int_equal((t->cr4 & CR4_OSXSAVE) != 0, one.ecx >> 26 & 1);
	assert_int_equal((t->cr4 & CR4_SMEP) != 0, seven.ebx >> 7 & 1);
	assert_int_equal((t->cr4 & CR4_UMIP) != 0, seven.ecx >> 2 & 1);
	assert_true((t->cr4 & CR4_PAE) != 0 && (t->cr4 & CR4_PCE) != 0);
}

static void every_machine_and_vm_is_coherent(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(machines) * 2; i++) {
		for (u32 vcpus = 1; vcpus <= 32; vcpus++) {
			struct cpuid_options options = default_options();
			struct cpuid_host host;
			struct cpuid_table t;

			all_ones = i >= ARRAY_SIZE(machines);
			host_of(&host, &machines[i % ARRAY_SIZE(machines)]);
			all_ones = false;
			options.vcpu_count = vcpus;
			options.x2apic = vcpus % 2 == 0;
			options.xcr0 = vcpus % 5 == 0 ? 0 : vcpus % 3 == 0 ? 7 : ~0ull;
			memset(&t, 0xee, sizeof(t));
			cpuid_table_init(&t, &host, &options);
			check_hidden(&t);
			check_topology(&t, vcpus);
			check_cr4(&t);
			check_xsave(&t);
			assert_int_equal(ask(&t, 0, 0, 0).eax, t.max_basic);
			assert_int_equal(ask(&t, EXT, 0, 0).eax, t.max_ext);
			assert_in_range(t.max_basic, 0xb, 0xd);
			assert_in_range(t.phys_bits, 36, 48);
			assert_int_equal(ask(&t, EXT | 8, 0, 0).eax, 48 << 8 | t.phys_bits);
			assert_int_equal(ask(&t, 1, 0, 0).ecx >> 21 & 1, options.x2apic);
			assert_int_equal(ask(&t, 1, 0, 0).edx >> 9 & 1, 1);
		}
	}
}

/* Every leaf and many subleaves: no crash, no stale register, the same twice. */
static void any_leaf_has_an_answer(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(machines); i++) {
		struct cpuid_options options = default_options();
		struct cpuid_host host;
		struct cpuid_table t;

		host_of(&host, &machines[i]);
		cpuid_table_init(&t, &host, &options);
		for (u64 leaf = 0; leaf < BIT(32);
		     leaf += leaf % 0x40000000 < 0x300 ? 1 : 0x100fd) {
			for (u32 subleaf = 0; subleaf < 70; subleaf += 3) {
				struct cpuid_regs a = ask(&t, (u32)leaf, subleaf, 1);
				struct cpuid_regs b = ask(&t, (u32)leaf, subleaf, 1);

				assert_memory_equal(&a, &b, sizeof(a));
				assert_int_not_equal(a.eax, 0x77777777);
			}
			ask(&t, (u32)leaf, UINT32_MAX, UINT32_MAX);
		}
	}
}

static void beyond_the_highest_leaf(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host host;
	struct cpuid_table t;
	struct cpuid_regs r;

	(void)state;
	host_of(&host, &machines[2]); /* Intel: highest basic leaf again */
	cpuid_table_init(&t, &host, &options);
	r = ask(&t, 0x20, 0, 0);
	assert_int_equal(r.ecx, ask(&t, t.max_basic, 0, 0).ecx);
	assert_int_equal(r.ebx, ask(&t, t.max_basic, 0, 0).ebx);
	host_of(&host, &machines[4]); /* AMD: zeros */
	cpuid_table_init(&t, &host, &options);
	r = ask(&t, 0x20, 0, 0);
	assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
}

static void dynamic_bits_follow_the_vcpu(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_dynamic d = {.apic_id = 0x123, .cr4 = BIT(18), .xcr0 = 7};
	struct cpuid_host host;
	struct cpuid_table t;
	struct cpuid_regs r;

	(void)state;
	host_of(&host, &machines[0]);
	cpuid_table_init(&t, &host, &options);
	cpuid_lookup(&t, 1, 0, &d, &r);
	assert_true((r.ecx & BIT(27)) != 0);
	assert_int_equal(r.ebx >> 24, 0x23);
	cpuid_lookup(&t, 0xd, 0, &d, &r);
	assert_int_equal(r.ebx, 576 + 256);
	assert_true(cpuid_needs_state(1) && cpuid_needs_state(0xd));
	assert_false(cpuid_needs_state(0) || cpuid_needs_state(33) || cpuid_needs_state(0xb));
}

/* With XSAVEC the size of the compacted area is listed, aligned where a component asks for it. */
static void compacted_size(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_dynamic d = {.xcr0 = 7};
	struct cpuid_host host;
	struct cpuid_table t;
	struct cpuid_regs r;

	(void)state;
	host_of(&host, &machines[3]);
	cpuid_table_init(&t, &host, &options);
	cpuid_lookup(&t, 0xd, 1, &d, &r);
	assert_true((r.eax & 2) != 0);
	assert_int_equal(r.ebx, 576 + 256);
}

static void avx512_goes_when_it_is_described_wrongly(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host host;
	struct cpuid_table t;

	(void)state;
	host_of(&host, &machines[3]);
	cpuid_table_init(&t, &host, &options);
	assert_true((t.xcr0 & 0xe0) == 0xe0);
	assert_true((ask(&t, 7, 0, 0).ebx & BIT(16)) != 0);
	for (u32 i = 0; i < host.count; i++) {
		if (host.leaves[i].leaf == 0xd && host.leaves[i].subleaf == 6) {
			host.leaves[i].regs.ebx -= 32; /* overlaps the opmask registers */
		}
	}
	cpuid_table_init(&t, &host, &options);
	assert_true((t.xcr0 & 0xe0) == 0);
	assert_int_equal(ask(&t, 7, 0, 0).ebx & 0xd0230000, 0);
	assert_true((ask(&t, 7, 0, 0).ebx & BIT(5)) != 0); /* AVX2 stays */
}

static void fast_strings_off_hides_their_promises(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host host;
	struct cpuid_table t;

	(void)state;
	host_of(&host, &machines[3]);
	cpuid_table_init(&t, &host, &options);
	assert_true((ask(&t, 7, 0, 0).edx & BIT(4)) != 0); /* Ice Lake has FSRM */
	options.fast_strings = false;
	cpuid_table_init(&t, &host, &options);
	assert_int_equal(ask(&t, 7, 0, 0).edx & BIT(4), 0);
	assert_int_equal(ask(&t, 7, 0, 0).ebx & BIT(9), 0);
}

static void check_evenkeel(const struct cpuid_table *t)
{
	struct cpuid_regs r = ask(t, EVK_CPUID_BASE, 0, 0);

	assert_true((ask(t, 1, 0, 0).ecx & BIT(31)) != 0);
	assert_int_equal(r.eax, EVK_CPUID_CLOCK);
	assert_memory_equal(&r.ebx, "EvenkeelHvsr", 12);
	assert_int_equal(ask(t, EVK_CPUID_VERSION, 0, 0).eax, EVK_ABI_VERSION);
	assert_int_equal(ask(t, EVK_CPUID_VERSION, 0, 0).ebx, t->amd ? 2 : 1);
	assert_int_equal(ask(t, EVK_CPUID_CLOCK, 0, 0).eax, 2900000);
	assert_int_equal(ask(t, 0x40000103, 0, 0).eax, 0);
	assert_int_equal(ask(t, 0x40000002, 0, 0).eax, 0);
	assert_int_equal(ask(t, 0x4000ffff, 7, 0).ebx, 0);
}

static void check_vmware(const struct cpuid_table *t)
{
	struct cpuid_regs r = ask(t, VMWARE_CPUID_BASE, 0, 0);

	assert_int_equal(r.eax, VMWARE_CPUID_INFO);
	assert_memory_equal(&r.ebx, "VMwareVMware", 12);
	r = ask(t, VMWARE_CPUID_INFO, 5, 0);
	assert_int_equal(r.eax, 2900000);
	assert_int_equal(r.ebx, 1000000);
	/* Linux takes both bits for neither. */
	assert_int_equal(r.ecx, t->amd ? VMWARE_INFO_VMMCALL : VMWARE_INFO_VMCALL);
	assert_int_equal(ask(t, KVM_CPUID_FEATURES, 0, 0).eax, 0);
}

static void check_kvm(const struct cpuid_table *t)
{
	struct cpuid_regs r = ask(t, KVM_CPUID_BASE, 0, 0);

	assert_int_equal(r.eax, KVM_CPUID_TIMING);
	assert_memory_equal(&r.ebx, "KVMKVMKVM\0\0\0", 12);
	r = ask(t, KVM_CPUID_FEATURES, 0, 0);
	/* None but these: the rest is not there. */
	assert_int_equal(r.eax, BIT(1) | BIT(3) | BIT(5) | BIT(24));
	assert_int_equal(r.ebx | r.ecx | r.edx, 0);
	assert_int_equal(ask(t, KVM_CPUID_TIMING, 0, 0).eax, 2900000);
	assert_int_equal(ask(t, KVM_CPUID_TIMING, 0, 0).ecx, 0);
}

static void interfaces(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host host;
	struct cpuid_table t;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(machines); i++) {
		host_of(&host, &machines[i]);
		options.interface = CPUID_INTERFACE_VMWARE;
		cpuid_table_init(&t, &host, &options);
		check_evenkeel(&t);
		check_vmware(&t);

		options.interface = CPUID_INTERFACE_KVM;
		cpuid_table_init(&t, &host, &options);
		check_evenkeel(&t);
		check_kvm(&t);

		options.interface = CPUID_INTERFACE_NONE;
		cpuid_table_init(&t, &host, &options);
		assert_int_equal(ask(&t, 1, 0, 0).ecx & BIT(31), 0);
		assert_int_not_equal(ask(&t, EVK_CPUID_BASE, 0, 0).ebx, EVK_SIGNATURE_EBX);
		assert_int_not_equal(ask(&t, VMWARE_CPUID_BASE, 0, 0).ebx, VMWARE_SIGNATURE_EBX);
	}
}

static void merged_machines_show_what_both_have(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host a, b;
	struct cpuid_table t;
	struct cpuid_regs leaf1, leaf7;

	(void)state;
	host_of(&a, &machines[3]);
	host_of(&b, &machines[2]);
	assert_int_equal(cpuid_host_merge(&a, &b), 0);
	cpuid_table_init(&t, &a, &options);
	check_hidden(&t);
	check_topology(&t, 2);
	check_xsave(&t);
	assert_int_equal(t.xcr0 & ~7ull, 0);
	leaf1 = ask(&t, 1, 0, 0);
	leaf7 = ask(&t, 7, 0, 0);
	for (u32 i = 2; i <= 3; i++) {
		struct cpuid_regs raw;

		machine = &machines[i];
		read_leaf(1, 0, &raw);
		assert_int_equal(leaf1.ecx & ~raw.ecx & ~(BIT(21) | BIT(24) | BIT(31)), 0);
		assert_int_equal(leaf1.edx & ~raw.edx & ~BIT(28), 0);
		read_leaf(7, 0, &raw);
		assert_int_equal(leaf7.ebx & ~raw.ebx, 0);
		assert_int_equal(leaf7.ecx & ~raw.ecx, 0);
		assert_int_equal(leaf7.edx & ~raw.edx, 0);
	}
	host_of(&b, &machines[4]);
	assert_int_equal(cpuid_host_merge(&a, &b), ERR_NOTSUP);
}

static void xcr0_rules(void **state)
{
	struct cpuid_options options = default_options();
	struct cpuid_host host;
	struct cpuid_table t;

	(void)state;
	host_of(&host, &machines[3]);
	cpuid_table_init(&t, &host, &options);
	assert_false(cpuid_xcr0_valid(&t, 0));
	assert_false(cpuid_xcr0_valid(&t, 2));
	assert_true(cpuid_xcr0_valid(&t, 1));
	assert_true(cpuid_xcr0_valid(&t, 3));
	assert_false(cpuid_xcr0_valid(&t, 5));
	assert_true(cpuid_xcr0_valid(&t, 7));
	assert_false(cpuid_xcr0_valid(&t, 0x27));
	assert_false(cpuid_xcr0_valid(&t, 0xe3));
	assert_true(cpuid_xcr0_valid(&t, 0xe7));
	assert_false(cpuid_xcr0_valid(&t, 0xf));
	assert_false(cpuid_xcr0_valid(&t, BIT(63) | 1));
	options.xcr0 = 0;
	cpuid_table_init(&t, &host, &options);
	assert_false(cpuid_xcr0_valid(&t, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_and_vm_is_coherent),
		cmocka_unit_test(any_leaf_has_an_answer),
		cmocka_unit_test(beyond_the_highest_leaf),
		cmocka_unit_test(dynamic_bits_follow_the_vcpu),
		cmocka_unit_test(compacted_size),
		cmocka_unit_test(avx512_goes_when_it_is_described_wrongly),
		cmocka_unit_test(fast_strings_off_hides_their_promises),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(merged_machines_show_what_both_have),
		cmocka_unit_test(xcr0_rules),
	};

	return cmocka_run_group_tests_name("cpuid_policy", tests, NULL, NULL);
}
