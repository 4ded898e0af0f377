// SPDX-License-Identifier: GPL-2.0-only
/* kernel/msr_policy: who answers which MSR, what faults, what is kept, on recorded machines. */
#include "tests/unit/unit.h"
#include "tests/unit/cpuid_hosts.h"
#include "arch/x86/regs.h"
#include "kernel/msr_policy.h"

struct vm {
	struct cpuid_table cpuid;
	struct msr_policy policy;
	struct msr_state state;
};

static void vm_init(struct vm *vm, const struct cpuid_raw *leaves, u32 count,
		    const struct cpuid_options *options)
{
	struct cpuid_host host = {.count = 0};

	for (u32 i = 0; i < count && host.count < CPUID_HOST_LEAVES; i++) {
		if (leaves[i].leaf <= 1 || leaves[i].leaf == 7 ||
		    (leaves[i].leaf >= 0x80000000 && leaves[i].leaf <= 0x80000008)) {
			host.leaves[host.count++] = leaves[i];
		}
	}
	memset(vm, 0x3c, sizeof(*vm));
	cpuid_table_init(&vm->cpuid, &host, options);
	msr_policy_init(&vm->policy, &vm->cpuid, options);
	msr_state_reset(&vm->policy, &vm->state);
}

static const struct cpuid_options all_options = {
	.vcpu_count = 2,
	.interface = CPUID_INTERFACE_VMWARE,
	.x2apic = true,
	.tsc_deadline = true,
	.fast_strings = true,
	.tsc_aux = true,
	.tsc_khz = 2912345,
};

static void intel_init(struct vm *vm)
{
	vm_init(vm, bochs_haswell, ARRAY_SIZE(bochs_haswell), &all_options);
}

static void amd_init(struct vm *vm)
{
	vm_init(vm, bochs_ryzen, ARRAY_SIZE(bochs_ryzen), &all_options);
}

static enum msr_route read_route(const struct vm *vm, u32 msr)
{
	struct msr_access access;

	return msr_read(&vm->policy, &vm->state, msr, &access);
}

static u64 read_value(const struct vm *vm, u32 msr)
{
	struct msr_access access;

	assert_int_equal(msr_read(&vm->policy, &vm->state, msr, &access), MSR_ROUTE_OK);
	return access.value;
}

static enum msr_route write(struct vm *vm, u32 msr, u64 value)
{
	struct msr_access access;
	enum msr_route route = msr_write(&vm->policy, &vm->state, msr, value, &access);

	if (route != MSR_ROUTE_GP) {
		assert_true(access.value == value);
	}
	return route;
}

/* Every number there is: a known route or #GP, and offsets that stay inside struct guest_state. */
static void every_msr_has_an_answer(void **state)
{
	struct vm vm;
	u32 known = 0;

	(void)state;
	amd_init(&vm);
	for (u64 msr = 0; msr <= UINT32_MAX; msr += msr % 0x40000000 < 0x20000 ? 1 : 0xffff) {
		struct msr_access access = {.state_offset = 0xffff, .state_mask = 0};
		struct msr_state before = vm.state;
		enum msr_route route = msr_read(&vm.policy, &vm.state, (u32)msr, &access);

		assert_true(route < MSR_ROUTE_COUNT);
		assert_memory_equal(&before, &vm.state, sizeof(before));
		if (route == MSR_ROUTE_STATE) {
			assert_true(access.state_offset + sizeof(u64) <=
				    sizeof(struct guest_state));
			assert_int_equal(access.state_offset % 8, 0);
			assert_int_not_equal(access.state_mask, 0);
		}
		known += route != MSR_ROUTE_GP ? 1 : 0;
		write(&vm, (u32)msr, msr * 0x123456789abcdef);
		write(&vm, (u32)msr, ~0ull);
		write(&vm, (u32)msr, 0);
	}
	assert_in_range(known, 0x100 + 50, 0x100 + 80);
}

static void routes(void **state)
{
	struct vm vm;

	(void)state;
	for (int amd = 0; amd < 2; amd++) {
		(amd ? amd_init : intel_init)(&vm);
		assert_int_equal(read_route(&vm, MSR_TSC), MSR_ROUTE_TSC);
		assert_int_equal(read_route(&vm, MSR_TSC_ADJUST), MSR_ROUTE_TSC_ADJUST);
		assert_int_equal(read_route(&vm, MSR_APIC_BASE), MSR_ROUTE_APIC_BASE);
		assert_int_equal(read_route(&vm, MSR_TSC_DEADLINE), MSR_ROUTE_TSC_DEADLINE);
		assert_int_equal(read_route(&vm, MSR_EFER), MSR_ROUTE_EFER);
		assert_int_equal(read_route(&vm, 0x7ff), MSR_ROUTE_GP);
		assert_int_equal(read_route(&vm, 0x800), MSR_ROUTE_X2APIC);
		assert_int_equal(read_route(&vm, 0x8ff), MSR_ROUTE_X2APIC);
		assert_int_equal(read_route(&vm, 0x900), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, MSR_TSC, 5), MSR_ROUTE_TSC);
		assert_int_equal(write(&vm, 0x80b, 0), MSR_ROUTE_X2APIC);
	}
}

static void vendors_have_their_own(void **state)
{
	static const u32 intel[] = {0x17, 0x3a, 0xce, 0x1a0};
	static const u32 amd[] = {0xc0010010, 0xc0010015, 0xc001001f, 0xc0010055, 0xc0010058,
				  0xc0010114, 0xc0011029, 0xc001001a, 0xc001001d};
	struct vm a, i;

	(void)state;
	amd_init(&a);
	intel_init(&i);
	for (u32 n = 0; n < ARRAY_SIZE(intel); n++) {
		assert_int_equal(read_route(&i, intel[n]), MSR_ROUTE_OK);
		assert_int_equal(read_route(&a, intel[n]), MSR_ROUTE_GP);
	}
	for (u32 n = 0; n < ARRAY_SIZE(amd); n++) {
		assert_int_equal(read_route(&a, amd[n]), MSR_ROUTE_OK);
		assert_int_equal(read_route(&i, amd[n]), MSR_ROUTE_GP);
	}
	assert_int_equal(write(&i, 0x79, 0x1000), MSR_ROUTE_OK);
	assert_int_equal(read_route(&i, 0x79), MSR_ROUTE_GP);
	assert_int_equal(write(&a, 0x79, 0x1000), MSR_ROUTE_GP);
}

static void interfaces_have_their_own(void **state)
{
	static const u32 kvm[] = {0x4b564d00, 0x4b564d01, 0x4b564d03};
	static const u32 nobodys[] = {0x11, 0x12, 0x4b564cff, 0x4b564d02, 0x4b564d04, 0x4b564d05};
	struct cpuid_options options = all_options;
	struct vm vm;

	(void)state;
	for (int interface = CPUID_INTERFACE_NONE; interface <= CPUID_INTERFACE_KVM; interface++) {
		bool offered = interface == CPUID_INTERFACE_KVM;
		enum msr_route route = offered ? MSR_ROUTE_GUEST_CLOCK : MSR_ROUTE_GP;

		options.interface = (enum cpuid_interface)interface;
		vm_init(&vm, bochs_haswell, ARRAY_SIZE(bochs_haswell), &options);
		for (u32 n = 0; n < ARRAY_SIZE(kvm); n++) {
			assert_int_equal(read_route(&vm, kvm[n]), route);
			assert_int_equal(write(&vm, kvm[n], 0x1001), route);
		}
		for (u32 n = 0; n < ARRAY_SIZE(nobodys); n++) {
			assert_int_equal(read_route(&vm, nobodys[n]), MSR_ROUTE_GP);
		}
	}
}

/* What the CPUID policy hides has no MSRs either. */
static void hidden_features_fault(void **state)
{
	static const u32 hidden[] = {0x48,	 0x49,	     0x10a,	 0x186,	     0xc1,
				     0x309,	 0x345,	     0x38f,	 0x480,	     0x48b,
				     0x570,	 0xda0,	     0xe7,	 0x600,	     0x6a0,
				     0xc8f,	 0xd90,	     0x1c8,	 0xc0000104, 0xc0010000,
				     0xc0010117, 0xc0011030, 0xc0010200, 0xc001011f, 0xc0000108};
	struct cpuid_options options = all_options;
	struct vm vm;

	(void)state;
	for (int amd = 0; amd < 2; amd++) {
		(amd ? amd_init : intel_init)(&vm);
		for (u32 n = 0; n < ARRAY_SIZE(hidden); n++) {
			assert_int_equal(read_route(&vm, hidden[n]), MSR_ROUTE_GP);
			assert_int_equal(write(&vm, hidden[n], 0), MSR_ROUTE_GP);
		}
	}
	options.tsc_deadline = false;
	options.tsc_aux = false;
	vm_init(&vm, bochs_haswell, ARRAY_SIZE(bochs_haswell), &options);
	assert_int_equal(read_route(&vm, MSR_TSC_DEADLINE), MSR_ROUTE_GP);
	assert_int_equal(read_route(&vm, MSR_TSC_AUX), MSR_ROUTE_GP);
}

static void check_state(struct vm *vm, u32 msr, size_t offset, u32 mask)
{
	struct msr_access access = {0};

	assert_int_equal(msr_read(&vm->policy, &vm->state, msr, &access), MSR_ROUTE_STATE);
	assert_int_equal(access.state_offset, offset);
	assert_int_equal(access.state_mask, mask);
	memset(&access, 0, sizeof(access));
	assert_int_equal(msr_write(&vm->policy, &vm->state, msr, 0, &access), MSR_ROUTE_STATE);
	assert_int_equal(access.state_offset, offset);
	assert_int_equal(access.state_mask, mask);
}

static void state_msrs_go_to_their_fields(void **state)
{
	struct vm vm;

	(void)state;
	intel_init(&vm);
	check_state(&vm, MSR_SYSENTER_CS, offsetof(struct guest_state, sysenter_cs), GS_MSRS);
	check_state(&vm, MSR_SYSENTER_ESP, offsetof(struct guest_state, sysenter_esp), GS_MSRS);
	check_state(&vm, MSR_SYSENTER_EIP, offsetof(struct guest_state, sysenter_eip), GS_MSRS);
	check_state(&vm, MSR_PAT, offsetof(struct guest_state, pat), GS_MSRS);
	check_state(&vm, MSR_STAR, offsetof(struct guest_state, star), GS_MSRS);
	check_state(&vm, MSR_LSTAR, offsetof(struct guest_state, lstar), GS_MSRS);
	check_state(&vm, MSR_CSTAR, offsetof(struct guest_state, cstar), GS_MSRS);
	check_state(&vm, MSR_SFMASK, offsetof(struct guest_state, sfmask), GS_MSRS);
	check_state(&vm, MSR_KERNEL_GS_BASE, offsetof(struct guest_state, kernel_gs_base), GS_MSRS);
	check_state(&vm, MSR_TSC_AUX, offsetof(struct guest_state, tsc_aux), GS_MSRS);
	check_state(&vm, MSR_FS_BASE, offsetof(struct guest_state, seg[SEG_FS].base), GS_SEGS);
	check_state(&vm, MSR_GS_BASE, offsetof(struct guest_state, seg[SEG_GS].base), GS_SEGS);
}

static void addresses_must_be_canonical(void **state)
{
	static const u32 msrs[] = {MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_LSTAR,	  MSR_CSTAR,
				   MSR_FS_BASE,	     MSR_GS_BASE,      MSR_KERNEL_GS_BASE};
	struct vm vm;

	(void)state;
	intel_init(&vm);
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		assert_int_equal(write(&vm, msrs[i], 0x00007fffffffffff), MSR_ROUTE_STATE);
		assert_int_equal(write(&vm, msrs[i], 0xffff800000000000), MSR_ROUTE_STATE);
		assert_int_equal(write(&vm, msrs[i], 0x0000800000000000), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msrs[i], 0xffff7fffffffffff), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msrs[i], 0x0001000000000000), MSR_ROUTE_GP);
	}
	assert_int_equal(write(&vm, MSR_SFMASK, BIT(32)), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, MSR_TSC_AUX, BIT(32)), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, MSR_SYSENTER_CS, BIT(32)), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, MSR_STAR, ~0ull), MSR_ROUTE_STATE);
}

static void pat_types(void **state)
{
	struct vm vm;

	(void)state;
	intel_init(&vm);
	assert_int_equal(write(&vm, MSR_PAT, 0x0007040600070406), MSR_ROUTE_STATE);
	for (u64 type = 0; type < 256; type++) {
		bool valid = type <= 1 || (type >= 4 && type <= 7);

		for (u32 byte = 0; byte < 8; byte++) {
			assert_int_equal(write(&vm, MSR_PAT, type << 8 * byte),
					 valid ? MSR_ROUTE_STATE : MSR_ROUTE_GP);
		}
	}
}

static void mtrrs_are_kept_and_checked(void **state)
{
	static const u32 fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
				    0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
	struct vm vm;
	u64 top;

	(void)state;
	intel_init(&vm);
	top = BIT(vm.cpuid.phys_bits);
	assert_true(read_value(&vm, 0xfe) == 0x508);
	assert_int_equal(write(&vm, 0xfe, 0x508), MSR_ROUTE_GP);
	assert_true(read_value(&vm, 0x2ff) == 0xc06);
	for (u32 msr = 0x200; msr < 0x210; msr += 2) {
		assert_true(read_value(&vm, msr) == 0);
		assert_int_equal(write(&vm, msr, 0x40000000 + msr * 0x1000 + 6), MSR_ROUTE_OK);
		assert_int_equal(write(&vm, msr + 1, top - 0x1000 * msr + 0x800), MSR_ROUTE_OK);
		assert_int_equal(write(&vm, msr, 2), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msr, 7), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msr, 0x100), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msr, top), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msr + 1, 0x400), MSR_ROUTE_GP);
		assert_int_equal(write(&vm, msr + 1, top), MSR_ROUTE_GP);
	}
	for (u32 msr = 0x200; msr < 0x210; msr += 2) {
		assert_true(read_value(&vm, msr) == 0x40000000 + msr * 0x1000 + 6);
		assert_true(read_value(&vm, msr + 1) == top - 0x1000 * msr + 0x800);
	}
	assert_int_equal(read_route(&vm, 0x210), MSR_ROUTE_GP);
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++) {
		assert_int_equal(write(&vm, fixed[i], 0x0605040106050400ull + i % 2), MSR_ROUTE_OK);
		assert_int_equal(write(&vm, fixed[i], 0x0700000000000000), MSR_ROUTE_GP);
	}
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++) {
		assert_true(read_value(&vm, fixed[i]) == 0x0605040106050400ull + i % 2);
	}
	assert_int_equal(write(&vm, 0x2ff, 0xc00), MSR_ROUTE_OK);
	assert_int_equal(write(&vm, 0x2ff, 0x1c00), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, 0x2ff, 0xc03), MSR_ROUTE_GP);
	assert_true(read_value(&vm, 0x2ff) == 0xc00);
}

static void stored_msrs_keep_their_fixed_bits(void **state)
{
	struct vm vm;

	(void)state;
	intel_init(&vm);
	assert_true(read_value(&vm, 0x1a0) == (BIT(0) | BIT(11) | BIT(12)));
	assert_int_equal(write(&vm, 0x1a0, BIT(11) | BIT(12)), MSR_ROUTE_OK);
	assert_int_equal(write(&vm, 0x1a0, BIT(12)), MSR_ROUTE_GP);
	assert_true(read_value(&vm, 0x1a0) == (BIT(11) | BIT(12)));
	assert_true(read_value(&vm, 0xce) == (29ull << 8 | 29ull << 40));
	assert_true(read_value(&vm, 0x3a) == 1);
	assert_int_equal(write(&vm, 0x3a, 5), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, 0x1d9, 2), MSR_ROUTE_OK);
	assert_int_equal(write(&vm, 0x1d9, 0x40), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, 0x17a, 0), MSR_ROUTE_OK);
	assert_int_equal(write(&vm, 0x17a, 8), MSR_ROUTE_GP);
	assert_true(read_value(&vm, 0x179) == 0);

	amd_init(&vm);
	assert_true(read_value(&vm, 0xc0010015) == BIT(24));
	assert_int_equal(write(&vm, 0xc0010015, BIT(24) | BIT(6)), MSR_ROUTE_OK);
	assert_int_equal(write(&vm, 0xc0010015, BIT(6)), MSR_ROUTE_GP);
	assert_int_equal(write(&vm, 0xc001001f, BIT(46)), MSR_ROUTE_OK);
	assert_true(read_value(&vm, 0xc001001f) == BIT(46));
	assert_true(read_value(&vm, 0xc0011029) == 2);
	assert_true(read_value(&vm, 0xc0010114) == 0x18);
	assert_int_equal(write(&vm, 0xc0010114, 0), MSR_ROUTE_OK);
	assert_true(read_value(&vm, 0xc0010114) == 0x18);
}

static void efer(void **state)
{
	u64 result = 0;
	struct vm vm;

	(void)state;
	amd_init(&vm);
	assert_true(msr_efer_check(&vm.policy, 0, 0, EFER_LME | EFER_NXE | EFER_SCE, &result));
	assert_true(result == (EFER_LME | EFER_NXE | EFER_SCE));
	/* LMA is read-only both ways. */
	assert_true(msr_efer_check(&vm.policy, 0, 0, EFER_LMA, &result));
	assert_true(result == 0);
	assert_true(msr_efer_check(&vm.policy, EFER_LME | EFER_LMA, CR0_PG, EFER_LME | EFER_SCE,
				   &result));
	assert_true(result == (EFER_LME | EFER_LMA | EFER_SCE));
	/* LME does not change under paging. */
	assert_false(msr_efer_check(&vm.policy, 0, CR0_PG | CR0_PE, EFER_LME, &result));
	assert_false(msr_efer_check(&vm.policy, EFER_LME | EFER_LMA, CR0_PG, 0, &result));
	assert_true(msr_efer_check(&vm.policy, EFER_LME, CR0_PE, 0, &result));
	/* Reserved and hidden bits. */
	for (u32 bit = 0; bit < 64; bit++) {
		bool allowed = bit == 0 || bit == 8 || bit == 10 || bit == 11 || bit == 14;

		assert_int_equal(msr_efer_check(&vm.policy, 0, 0, BIT(bit), &result), allowed);
	}
	intel_init(&vm);
	assert_false(msr_efer_check(&vm.policy, 0, 0, EFER_FFXSR, &result));
	assert_false(msr_efer_check(&vm.policy, 0, 0, EFER_SVME, &result));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_msr_has_an_answer),
		cmocka_unit_test(routes),
		cmocka_unit_test(vendors_have_their_own),
		cmocka_unit_test(interfaces_have_their_own),
		cmocka_unit_test(hidden_features_fault),
		cmocka_unit_test(state_msrs_go_to_their_fields),
		cmocka_unit_test(addresses_must_be_canonical),
		cmocka_unit_test(pat_types),
		cmocka_unit_test(mtrrs_are_kept_and_checked),
		cmocka_unit_test(stored_msrs_keep_their_fixed_bits),
		cmocka_unit_test(efer),
	};

	return cmocka_run_group_tests_name("msr_policy", tests, NULL, NULL);
}
