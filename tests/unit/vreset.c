// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/vreset: each way to reset, and that nothing else resets; the keyboard controller's
 * answers. */
#include "tests/unit/unit.h"
#include "kernel/dev/vreset.h"

static void out(struct vreset *d, u16 port, u8 value)
{
	vreset_write(d, port, 1, value, 0);
}

static u8 in(struct vreset *d, u16 port)
{
	return (u8)vreset_read(d, port, 1, 0);
}

static void keyboard_pulse_resets(void **state)
{
	struct vreset d;

	(void)state;
	for (u32 command = 0; command < 256; command++) {
		vreset_init(&d);
		out(&d, 0x64, (u8)command);
		assert_int_equal(vreset_requested(&d), command >= 0xf0 && !(command & 1));
		vreset_reset(&d);
		assert_false(vreset_requested(&d));
	}
	vreset_init(&d);
	out(&d, 0x64, 0xd1);
	out(&d, 0x60, 0xdf);
	assert_false(vreset_requested(&d));
	out(&d, 0x60, 0xfe); /* no command waits for it */
	assert_false(vreset_requested(&d));
	out(&d, 0x64, 0xd1);
	out(&d, 0x60, 0xfe);
	assert_true(vreset_requested(&d));
	out(&d, 0x64, 0xff);
	assert_true(vreset_requested(&d));
}

static void port_92_resets_on_a_rising_bit_0(void **state)
{
	struct vreset d;

	(void)state;
	vreset_init(&d);
	assert_int_equal(in(&d, 0x92), 0x02);
	out(&d, 0x92, 0xfc);
	assert_int_equal(in(&d, 0x92), 0x00);
	out(&d, 0x92, in(&d, 0x92) | 2);
	assert_int_equal(in(&d, 0x92), 0x02);
	assert_false(vreset_requested(&d));
	out(&d, 0x92, 0x01);
	assert_true(vreset_requested(&d));
}

static void port_cf9_resets_on_a_rising_bit_2(void **state)
{
	struct vreset d;

	(void)state;
	vreset_init(&d);
	out(&d, 0xcf9, 0x02);
	assert_int_equal(in(&d, 0xcf9), 0x02);
	assert_false(vreset_requested(&d));
	out(&d, 0xcf9, 0x06);
	assert_true(vreset_requested(&d));
	vreset_reset(&d);
	out(&d, 0xcf9, 0x0e); /* what the FADT names */
	assert_true(vreset_requested(&d));
	vreset_reset(&d);
	vreset_write(&d, 0xcf9, 4, 0x0e0e0e0e, 0);
	vreset_write(&d, 0xcf8, 1, 0x0e, 0);
	assert_false(vreset_requested(&d));
}

/* Sends a command, expects an answer at once. */
static u8 ask(struct vreset *d, u8 command)
{
	out(d, 0x64, command);
	assert_int_equal(in(d, 0x64) & 0x0b, 0x09);
	return in(d, 0x60);
}

static void controller_answers_without_delay(void **state)
{
	struct vreset d;

	(void)state;
	vreset_init(&d);
	assert_int_equal(in(&d, 0x64), 0x10);
	assert_int_equal(ask(&d, 0x20), 0x30);
	assert_int_equal(ask(&d, 0xaa), 0x55);
	assert_int_equal(in(&d, 0x64), 0x1c);
	assert_int_equal(ask(&d, 0xab), 0x00);
	assert_int_equal(ask(&d, 0xa9), 0x01);
	assert_int_equal(ask(&d, 0xd0), 0x03);
	out(&d, 0x64, 0x60);
	out(&d, 0x60, 0x47);
	assert_int_equal(in(&d, 0x64), 0x14);
	assert_int_equal(ask(&d, 0x20), 0x47);
	out(&d, 0x64, 0xad);
	out(&d, 0x64, 0xa7);
	assert_int_equal(ask(&d, 0x20), 0x77);
	out(&d, 0x64, 0xae);
	assert_int_equal(ask(&d, 0x20), 0x67);
	out(&d, 0x64, 0xa8);
	assert_int_equal(ask(&d, 0x20), 0x47);
	out(&d, 0x64, 0xd1);
	out(&d, 0x60, 0x01);
	assert_int_equal(ask(&d, 0xd0), 0x01);
	out(&d, 0x64, 0xd2);
	out(&d, 0x60, 0x3c);
	assert_int_equal(in(&d, 0x64) & 1, 1);
	assert_int_equal(in(&d, 0x60), 0x3c);
	/* no mouse port: the loop does not return the byte */
	out(&d, 0x64, 0xd3);
	out(&d, 0x60, 0x5a);
	assert_int_equal(in(&d, 0x64) & 1, 1);
	assert_int_not_equal(in(&d, 0x60), 0x5a);
	/* no keyboard either: its commands are not answered */
	out(&d, 0x60, 0xf2);
	assert_int_equal(in(&d, 0x64) & 1, 0);
	assert_false(vreset_requested(&d));
}

static void other_sizes_and_ports_do_nothing(void **state)
{
	struct vreset d;

	(void)state;
	vreset_init(&d);
	for (u32 port = 0; port <= 0xffff; port++) {
		vreset_write(&d, (u16)port, 2, 0xfefe, 0);
		vreset_write(&d, (u16)port, 0, 0xfefe, 0);
		assert_int_equal(vreset_read(&d, (u16)port, 4, 0), UINT32_MAX);
	}
	assert_false(vreset_requested(&d));
	assert_int_equal(vreset_read(&d, 0x61, 1, 0), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keyboard_pulse_resets),
		cmocka_unit_test(port_92_resets_on_a_rising_bit_0),
		cmocka_unit_test(port_cf9_resets_on_a_rising_bit_2),
		cmocka_unit_test(controller_answers_without_delay),
		cmocka_unit_test(other_sizes_and_ports_do_nothing),
	};

	return cmocka_run_group_tests_name("vreset", tests, NULL, NULL);
}
