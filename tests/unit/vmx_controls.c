// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/vmx/vmx_controls: controls chosen within what a CPU allows. */
#include "tests/unit/unit.h"
#include "arch/x86/virt/vmx/vmx_controls.h"

/* A CPU that requires what the SDM calls the default1 class (appendix A.2), less what the true
 * MSRs free, and allows everything. */
static struct vmx_capability cap;
static struct vmx_controls out;

static int setup(void **state)
{
	const u64 all = 0xffffffffull << 32;

	(void)state;
	cap = (struct vmx_capability){.ept_vpid = ~0ull};
	cap.word[VMX_WORD_PIN] = all | 0x16;
	cap.word[VMX_WORD_PROC] = all | 0x04006172;
	cap.word[VMX_WORD_PROC2] = all;
	cap.word[VMX_WORD_EXIT] = all | 0x36dfb;
	cap.word[VMX_WORD_ENTRY] = all | 0x11fb;
	memset(&out, 0xa5, sizeof(out));
	return 0;
}

static void forbid(enum vmx_word word, u64 bit)
{
	cap.word[word] &= ~(bit << 32);
}

static void chosen_within_what_is_allowed(void **state)
{
	(void)state;
	assert_null(vmx_controls_choose(&cap, &out));
	for (u32 i = 0; i < VMX_WORD_COUNT; i++) {
		u32 must = (u32)cap.word[i], may = (u32)(cap.word[i] >> 32);

		assert_int_equal(out.word[i] & must, must);
		assert_int_equal(out.word[i] & ~may, 0);
	}
	assert_true((out.word[VMX_WORD_PROC2] & PROC2_EPT) != 0);
	assert_true((out.word[VMX_WORD_PROC2] & PROC2_UNRESTRICTED) != 0);
	assert_true((out.word[VMX_WORD_PROC2] & PROC2_VPID) != 0);
	assert_true((out.word[VMX_WORD_PROC] & PROC_IO) != 0);
	assert_true((out.word[VMX_WORD_EXIT] & EXIT_CTL_HOST64) != 0);
}

static void nothing_that_was_not_asked_for(void **state)
{
	(void)state;
	assert_null(vmx_controls_choose(&cap, &out));
	assert_int_equal(out.word[VMX_WORD_PROC] & (PROC_CR3_LOAD | PROC_CR3_STORE | PROC_INVLPG |
						    PROC_INTR_WINDOW | PROC_NMI_WINDOW),
			 0);
	assert_int_equal(out.word[VMX_WORD_PROC2] & (PROC2_PAUSE_LOOP | PROC2_DESCRIPTOR), 0);
	assert_int_equal(out.word[VMX_WORD_ENTRY] & ENTRY_CTL_IA32E, 0);
	assert_int_equal(out.word[VMX_WORD_EXIT] & EXIT_CTL_ACK_INTR, 0);
}

static void what_is_required_is_named(void **state)
{
	(void)state;
	forbid(VMX_WORD_PROC2, PROC2_UNRESTRICTED);
	assert_string_equal(vmx_controls_choose(&cap, &out), "unrestricted guest");
	forbid(VMX_WORD_PROC2, PROC2_EPT);
	assert_string_equal(vmx_controls_choose(&cap, &out), "EPT");
	cap.word[VMX_WORD_PROC2] = 0;
	forbid(VMX_WORD_PROC, PROC_SECONDARY);
	assert_string_equal(vmx_controls_choose(&cap, &out), "secondary controls");
}

static void what_must_be_free_is_named(void **state)
{
	(void)state;
	cap.word[VMX_WORD_PROC] |= PROC_CR3_LOAD;
	assert_string_equal(vmx_controls_choose(&cap, &out), "optional CR3-load exiting");
	cap.word[VMX_WORD_PROC] &= ~PROC_CR3_LOAD;
	cap.word[VMX_WORD_PROC] |= PROC_INTR_WINDOW;
	assert_string_equal(vmx_controls_choose(&cap, &out), "interrupt-window exiting");
}

static void optional_ones_are_left_out(void **state)
{
	(void)state;
	forbid(VMX_WORD_PROC2, PROC2_VPID | PROC2_RDTSCP | PROC2_WBINVD | PROC2_ENCLS);
	assert_null(vmx_controls_choose(&cap, &out));
	assert_int_equal(out.word[VMX_WORD_PROC2], PROC2_EPT | PROC2_UNRESTRICTED);
}

static void ept_has_to_be_usable(void **state)
{
	(void)state;
	cap.ept_vpid = ~VMX_EPT_WB;
	assert_non_null(vmx_controls_choose(&cap, &out));
	cap.ept_vpid = ~VMX_EPT_4_LEVELS;
	assert_non_null(vmx_controls_choose(&cap, &out));
	cap.ept_vpid = ~(VMX_EPT_INVEPT_ONE | VMX_EPT_INVEPT_ALL);
	assert_string_equal(vmx_controls_choose(&cap, &out), "INVEPT");
	cap.ept_vpid = ~(VMX_EPT_INVEPT_ONE | VMX_EPT_AD | VMX_EPT_1G);
	assert_null(vmx_controls_choose(&cap, &out));
}

static void vpid_only_if_it_can_be_cleared(void **state)
{
	(void)state;
	cap.ept_vpid = ~VMX_VPID_INVVPID_ALL;
	assert_null(vmx_controls_choose(&cap, &out));
	assert_int_equal(out.word[VMX_WORD_PROC2] & PROC2_VPID, 0);
}

static void timer_only_if_it_is_saved(void **state)
{
	(void)state;
	assert_null(vmx_controls_choose(&cap, &out));
	assert_true((out.word[VMX_WORD_PIN] & PIN_TIMER) != 0);
	forbid(VMX_WORD_EXIT, EXIT_CTL_SAVE_TIMER);
	assert_null(vmx_controls_choose(&cap, &out));
	assert_int_equal(out.word[VMX_WORD_PIN] & PIN_TIMER, 0);
	setup(NULL);
	forbid(VMX_WORD_PIN, PIN_TIMER);
	assert_null(vmx_controls_choose(&cap, &out));
	assert_int_equal(out.word[VMX_WORD_EXIT] & EXIT_CTL_SAVE_TIMER, 0);
}

static void firmware(void **state)
{
	u64 write;

	(void)state;
	assert_int_equal(vmx_feature_control(0x5, &write), VMX_FIRMWARE_ENABLED);
	assert_int_equal(vmx_feature_control(0xff07, &write), VMX_FIRMWARE_ENABLED);
	assert_int_equal(vmx_feature_control(0x1, &write), VMX_FIRMWARE_DISABLED);
	assert_int_equal(vmx_feature_control(0x3, &write), VMX_FIRMWARE_DISABLED); /* in SMX only */
	assert_int_equal(vmx_feature_control(0x100000, &write), VMX_FIRMWARE_OPEN);
	assert_int_equal(write, 0x100005);
	assert_int_equal(vmx_feature_control(0x4, &write), VMX_FIRMWARE_OPEN);
	assert_int_equal(write, 0x5);
}

static void allowed_bits(void **state)
{
	(void)state;
	forbid(VMX_WORD_PROC2, PROC2_PAUSE_LOOP);
	assert_false(vmx_capability_allows(&cap, VMX_WORD_PROC2, PROC2_PAUSE_LOOP));
	assert_true(vmx_capability_allows(&cap, VMX_WORD_PROC2, PROC2_TSC_SCALING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(chosen_within_what_is_allowed, setup),
		cmocka_unit_test_setup(nothing_that_was_not_asked_for, setup),
		cmocka_unit_test_setup(what_is_required_is_named, setup),
		cmocka_unit_test_setup(what_must_be_free_is_named, setup),
		cmocka_unit_test_setup(optional_ones_are_left_out, setup),
		cmocka_unit_test_setup(ept_has_to_be_usable, setup),
		cmocka_unit_test_setup(vpid_only_if_it_can_be_cleared, setup),
		cmocka_unit_test_setup(timer_only_if_it_is_saved, setup),
		cmocka_unit_test(firmware),
		cmocka_unit_test_setup(allowed_bits, setup),
	};

	return cmocka_run_group_tests_name("vmx_controls", tests, NULL, NULL);
}
