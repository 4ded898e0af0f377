// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/vpm: the timer's exact rate and carry, event status and enable, power button, sleep
 * request. */
#include "tests/unit/unit.h"
#include "kernel/dev/vpm.h"

enum { STS = 0, EN = 2, CNT = 4, TMR = 8 };

static void timer_counts_exactly_and_wraps(void **state)
{
	struct vpm d;

	(void)state;
	vpm_init(&d, 0);
	assert_int_equal(vpm_read(&d, TMR, 4, 0), 0);
	assert_int_equal(vpm_read(&d, TMR, 4, 279), 0);
	assert_int_equal(vpm_read(&d, TMR, 4, 280), 1);
	for (u64 s = 1; s < 100000000; s = s * 3 + 1) {
		assert_int_equal(vpm_read(&d, TMR, 4, s * NSEC_PER_SEC), (u32)(s * 3579545));
		assert_int_equal(vpm_read(&d, TMR, 4, s * NSEC_PER_SEC + 280),
				 (u32)(s * 3579545 + 1));
	}
}

static void carry_sets_status_at_the_deadline(void **state)
{
	struct vpm d;
	u64 now = 5 * NSEC_PER_SEC;

	(void)state;
	vpm_init(&d, now);
	assert_true(vpm_deadline_ns(&d) == NEVER_NS);
	vpm_write(&d, EN, 2, 1, now);
	for (u64 k = 1; k < 20; k++) {
		u64 deadline = vpm_deadline_ns(&d);
		unsigned __int128 exact = (unsigned __int128)k << 31;

		exact = (exact * NSEC_PER_SEC + 3579544) / 3579545;
		assert_true(deadline == (u64)exact);
		vpm_advance(&d, deadline - 1);
		assert_false(vpm_irq(&d));
		vpm_advance(&d, deadline);
		assert_true(vpm_irq(&d));
		assert_true(vpm_deadline_ns(&d) == NEVER_NS);
		assert_int_equal(vpm_read(&d, STS, 2, deadline), 1);
		vpm_write(&d, STS, 2, 1, deadline);
		assert_false(vpm_irq(&d));
	}
	/* without the enable bit the status still shows it, and an even number of carries too */
	vpm_write(&d, EN, 2, 0, vpm_deadline_ns(&d) - 1);
	vpm_advance(&d, d.looked_ns + 1300 * NSEC_PER_SEC);
	assert_int_equal(vpm_read(&d, STS, 2, 0), 1);
	assert_false(vpm_irq(&d));
}

static void power_button_raises_sci_when_enabled(void **state)
{
	struct vpm d;

	(void)state;
	vpm_init(&d, 0);
	vpm_press_power_button(&d);
	assert_false(vpm_irq(&d));
	assert_int_equal(vpm_read(&d, STS, 2, 0), 0x100);
	vpm_write(&d, EN, 2, 0xffff, 0);
	assert_int_equal(vpm_read(&d, EN, 2, 0), 0x721);
	assert_true(vpm_irq(&d));
	vpm_write(&d, STS, 2, 0xfeff, 0);
	assert_true(vpm_irq(&d));
	vpm_write(&d, STS + 1, 1, 1, 0); /* bytewise */
	assert_false(vpm_irq(&d));
}

static void only_s5_with_slp_en_powers_off(void **state)
{
	struct vpm d;

	(void)state;
	vpm_init(&d, 0);
	assert_int_equal(vpm_read(&d, CNT, 2, 0), 1);
	for (u32 typ = 0; typ < 8; typ++) {
		vpm_write(&d, CNT, 2, typ << 10, 0);
		assert_false(vpm_poweroff_requested(&d));
		assert_int_equal(vpm_read(&d, CNT, 2, 0), typ << 10 | 1);
		vpm_write(&d, CNT, 2, typ << 10 | 0x2000, 0);
		assert_int_equal(vpm_read(&d, CNT, 2, 0), typ << 10 | 1);
		assert_int_equal(vpm_poweroff_requested(&d), typ == 5);
		vpm_reset(&d, 0);
		assert_false(vpm_poweroff_requested(&d));
	}
	vpm_write(&d, CNT + 1, 1, 0x34, 0); /* bytewise: SLP_TYP 5 and SLP_EN */
	assert_true(vpm_poweroff_requested(&d));
}

static void stray_accesses_are_harmless(void **state)
{
	struct vpm d;

	(void)state;
	vpm_init(&d, 0);
	for (u32 offset = 0; offset <= 0xffff; offset++) {
		vpm_write(&d, (u16)offset, (u8)(offset % 7), 0, 0);
		(void)vpm_read(&d, (u16)offset, (u8)(offset % 5), 0);
	}
	assert_int_equal(vpm_read(&d, 12, 4, 0), 0);
	assert_int_equal(vpm_read(&d, 6, 2, 0), 0);
	vpm_write(&d, TMR, 4, 0xffffffff, 280 * 1000);
	assert_int_equal(vpm_read(&d, TMR, 4, 280 * 1000), 1002);
	assert_int_equal(vpm_read(&d, TMR + 1, 1, 280 * 1000), 1002 >> 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timer_counts_exactly_and_wraps),
		cmocka_unit_test(carry_sets_status_at_the_deadline),
		cmocka_unit_test(power_button_raises_sci_when_enabled),
		cmocka_unit_test(only_s5_with_slp_en_powers_off),
		cmocka_unit_test(stray_accesses_are_harmless),
	};

	return cmocka_run_group_tests_name("vpm", tests, NULL, NULL);
}
