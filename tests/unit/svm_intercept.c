// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/svm/svm_intercept: what exits and what does not; arch/x86/virt/xstate.h: values of
 * XCR0. */
#include "tests/unit/unit.h"
#include "arch/x86/virt/svm/svm_intercept.h"
#include "arch/x86/virt/xstate.h"

static void conditions_hold(void **state)
{
	struct vmcb_control c;

	(void)state;
	svm_intercept_setup(&c, 0, 0);
	assert_int_equal(c.intercept[VMCB_INTERCEPT_CR], BIT(20));
	assert_int_equal(c.intercept[VMCB_INTERCEPT_DR], 0);
	assert_int_equal(c.intercept[VMCB_INTERCEPT_EXCP], BIT(1) | BIT(17) | BIT(18));
	assert_int_equal(c.intercept[VMCB_INTERCEPT_MISC1] & BIT(23), 0);
	assert_int_equal(c.intercept[VMCB_INTERCEPT_MISC2], 0x2e7f);
	assert_int_equal(c.intercept[VMCB_INTERCEPT_MISC3], 0);
	svm_intercept_setup(&c, SVM_NEEDS_PAUSE | SVM_NEEDS_RDPRU, BIT(13));
	assert_int_equal(c.intercept[VMCB_INTERCEPT_EXCP], BIT(1) | BIT(13) | BIT(17) | BIT(18));
	assert_int_equal(c.intercept[VMCB_INTERCEPT_MISC1], 0xbdc4800f | BIT(23));
	assert_int_equal(c.intercept[VMCB_INTERCEPT_MISC2], 0x6e7f);
}

static bool msr_exits(const u8 *map, u32 msr, bool write)
{
	u32 base = msr < 0x2000 ? 0 : msr < 0xc0010000 ? 0x800 : 0x1000;
	u32 bit = (msr & 0x1fff) * 2 + (write ? 1 : 0);

	return (map[base + bit / 8] >> (bit % 8) & 1) != 0;
}

static void only_switched_msrs_pass(void **state)
{
	static const u32 pass[] = {0x174,      0x175,	   0x176,      0xc0000081, 0xc0000082,
				   0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102};
	static const u32 exits[] = {0x10,	0x1b,	    0x48,	0x277,	    0x1d9,
				    0xc0000080, 0xc0000103, 0xc0010114, 0xc0010117, 0x1fff};
	static u8 map[SVM_MSRPM_BYTES];
	u32 clear = 0;

	(void)state;
	svm_intercept_fill_msrpm(map);
	for (u32 i = 0; i < ARRAY_SIZE(pass); i++) {
		assert_false(msr_exits(map, pass[i], false));
		assert_false(msr_exits(map, pass[i], true));
	}
	for (u32 i = 0; i < ARRAY_SIZE(exits); i++) {
		assert_true(msr_exits(map, exits[i], false));
		assert_true(msr_exits(map, exits[i], true));
	}
	for (u32 i = 0; i < sizeof(map); i++) {
		clear += 8u - (u32)__builtin_popcount(map[i]);
	}
	assert_int_equal(clear, 2 * ARRAY_SIZE(pass));
}

static void xcr0(void **state)
{
	const u64 avx = 7, avx512 = 0xe7;

	(void)state;
	assert_true(xstate_xcr0_valid(1, avx));
	assert_true(xstate_xcr0_valid(3, avx));
	assert_true(xstate_xcr0_valid(7, avx));
	assert_false(xstate_xcr0_valid(0, avx));
	assert_false(xstate_xcr0_valid(2, avx));
	assert_false(xstate_xcr0_valid(5, avx));
	assert_false(xstate_xcr0_valid(0xe7, avx));
	assert_true(xstate_xcr0_valid(0xe7, avx512));
	assert_false(xstate_xcr0_valid(0x67, avx512));
	assert_false(xstate_xcr0_valid(0xe3, avx512));
	assert_false(xstate_xcr0_valid(1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_hold),
		cmocka_unit_test(only_switched_msrs_pass),
		cmocka_unit_test(xcr0),
	};

	return cmocka_run_group_tests_name("svm_intercept", tests, NULL, NULL);
}
