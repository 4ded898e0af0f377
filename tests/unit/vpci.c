// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/vpci: mechanism #1, access widths, absent functions, BAR sizing, what is writable,
 * registration. */
#include "tests/unit/unit.h"
#include "kernel/dev/vpci.h"

static u32 select_reg(struct vpci *d, u32 bus, u32 slot, u32 func, u32 reg)
{
	u32 address = 0x80000000u | bus << 16 | slot << 11 | func << 8 | (reg & 0xfc);

	vpci_write(d, 0, 4, address, 0);
	return address;
}

static u32 cfg_read(struct vpci *d, u32 slot, u32 reg, u8 size)
{
	select_reg(d, 0, slot, 0, reg);
	return vpci_read(d, (u16)(4 + (reg & 3)), size, 0);
}

static void cfg_write(struct vpci *d, u32 slot, u32 reg, u8 size, u32 value)
{
	select_reg(d, 0, slot, 0, reg);
	vpci_write(d, (u16)(4 + (reg & 3)), size, value, 0);
}

static const struct vpci_template card = {
	.vendor_id = 0x1af4,
	.device_id = 0x1042,
	.subsystem_vendor_id = 0x1af4,
	.subsystem_id = 0x0042,
	.class_code = 0x010000,
	.revision = 1,
	.interrupt_pin = 1,
	.bar =
		{
			{.kind = VPCI_BAR_IO, .size_bytes = 64},
			{.kind = VPCI_BAR_MEM32, .size_bytes = 4096},
			{.kind = VPCI_BAR_MEM64, .size_bytes = 1u << 20, .prefetchable = true},
			{.kind = VPCI_BAR_NONE},
			{.kind = VPCI_BAR_MEM32, .size_bytes = 1u << 31},
			{.kind = VPCI_BAR_NONE},
		},
};

static void mechanism_1_is_found(void **state)
{
	struct vpci d;

	(void)state;
	vpci_init(&d);
	vpci_write(&d, 3, 1, 0x01, 0); /* a byte write is no access to CONFIG_ADDRESS */
	assert_int_equal(vpci_read(&d, 0, 4, 0), 0);
	assert_int_equal(vpci_read(&d, 4, 4, 0), UINT32_MAX); /* not enabled */
	vpci_write(&d, 0, 4, 0x80000000, 0);
	assert_int_equal(vpci_read(&d, 0, 4, 0), 0x80000000);
	assert_int_equal(vpci_read(&d, 0, 2, 0), UINT32_MAX);
	assert_int_equal(vpci_read(&d, 2, 4, 0), UINT32_MAX);
	vpci_write(&d, 0, 4, 0xffffffff, 0);
	assert_int_equal(vpci_read(&d, 0, 4, 0), 0x80fffffc);
	/* host bridge class, for kernels that check it */
	assert_int_equal(cfg_read(&d, 0, 0x0a, 2), 0x0600);
	assert_int_equal(cfg_read(&d, 1, 0x0a, 2), 0x0601);
	assert_int_equal(cfg_read(&d, 0, 0x0e, 1), 0);
}

static void absent_functions_read_all_ones(void **state)
{
	struct vpci d;
	u32 found = 0;

	(void)state;
	vpci_init(&d);
	for (u32 bus = 0; bus < 256; bus += 5) {
		for (u32 slot = 0; slot < 32; slot++) {
			for (u32 func = 0; func < 8; func++) {
				u32 id;

				select_reg(&d, bus, slot, func, 0);
				id = vpci_read(&d, 4, 4, 0);
				if (id != UINT32_MAX) {
					found++;
				}
				if (bus != 0 || slot > 1 || func != 0) {
					assert_int_equal(id, UINT32_MAX);
					vpci_write(&d, 4, 4, 0, 0);
					assert_int_equal(vpci_read(&d, 4, 4, 0), UINT32_MAX);
				}
			}
		}
	}
	assert_int_equal(found, 2);
}

static void widths_select_bytes(void **state)
{
	struct vpci d;

	(void)state;
	vpci_init(&d);
	assert_int_equal(vpci_register(&d, 5, &card), 0);
	assert_int_equal(cfg_read(&d, 5, 0, 4), 0x10421af4);
	assert_int_equal(cfg_read(&d, 5, 2, 2), 0x1042);
	assert_int_equal(cfg_read(&d, 5, 1, 1), 0x1a);
	assert_int_equal(cfg_read(&d, 5, 1, 2), 0x421a);
	assert_int_equal(cfg_read(&d, 5, 8, 4), 0x01000001);
	assert_int_equal(cfg_read(&d, 5, 0x2c, 4), 0x00421af4);
	assert_int_equal(cfg_read(&d, 5, 0x3c, 4), 0x000001ff);
	cfg_write(&d, 5, 0x3c, 1, 11);
	assert_int_equal(cfg_read(&d, 5, 0x3c, 4), 0x0000010b);
	/* crossing the end of CONFIG_DATA, odd sizes */
	assert_int_equal(vpci_read(&d, 6, 4, 0), UINT32_MAX);
	assert_int_equal(vpci_read(&d, 7, 2, 0), UINT32_MAX);
	assert_int_equal(vpci_read(&d, 4, 3, 0), UINT32_MAX);
	assert_int_equal(vpci_read(&d, 8, 1, 0), UINT32_MAX);
	assert_int_equal(vpci_read(&d, 0xffff, 1, 0), UINT32_MAX);
	vpci_write(&d, 6, 4, 0, 0);
	vpci_write(&d, 4, 200, 0, 0);
	assert_int_equal(cfg_read(&d, 5, 0x3c, 4), 0x0000010b);
}

static void only_what_may_be_written_is(void **state)
{
	struct vpci d, before;

	(void)state;
	vpci_init(&d);
	assert_int_equal(vpci_register(&d, 31, &card), 0);
	before = d;
	for (u32 slot = 0; slot < 32; slot++) {
		for (u32 reg = 0; reg < 256; reg += 4) {
			cfg_write(&d, slot, reg, 4, 0xffffffff);
		}
	}
	assert_int_equal(cfg_read(&d, 31, 0, 4), 0x10421af4);
	assert_int_equal(cfg_read(&d, 31, 4, 4), 0x00000547);
	assert_int_equal(cfg_read(&d, 31, 8, 4), 0x01000001);
	assert_int_equal(cfg_read(&d, 31, 0x0c, 4), 0x0000ffff);
	assert_int_equal(cfg_read(&d, 31, 0x30, 4), 0); /* no ROM */
	assert_int_equal(cfg_read(&d, 31, 0x3c, 4), 0x000001ff);
	for (u32 reg = 0x40; reg < 256; reg += 4) {
		assert_int_equal(cfg_read(&d, 31, reg, 4), 0);
	}
	assert_int_equal(cfg_read(&d, 0, 0x10, 4), 0);
	vpci_reset(&d);
	assert_memory_equal(&d, &before, sizeof(d));
}

static void bars_tell_their_size_and_move(void **state)
{
	static const u32 sizing[6] = {0xffffffc1, 0xfffff000, 0xfff0000c,
				      0xffffffff, 0x80000000, 0};
	struct vpci d;
	u64 address = 0;

	(void)state;
	vpci_init(&d);
	assert_int_equal(vpci_register(&d, 3, &card), 0);
	for (u32 i = 0; i < 6; i++) {
		cfg_write(&d, 3, 0x10 + 4 * i, 4, 0xffffffff);
		assert_int_equal(cfg_read(&d, 3, 0x10 + 4 * i, 4), sizing[i]);
	}
	cfg_write(&d, 3, 0x10, 4, 0xc123);
	cfg_write(&d, 3, 0x14, 4, 0xfeb01abc);
	cfg_write(&d, 3, 0x18, 4, 0xc0100000);
	cfg_write(&d, 3, 0x1c, 4, 0x12);
	assert_int_equal(cfg_read(&d, 3, 0x10, 4), 0xc101);
	assert_false(vpci_bar_address(&d, 3, 0, &address)); /* decoding is off */
	cfg_write(&d, 3, 4, 2, 1);
	assert_true(vpci_bar_address(&d, 3, 0, &address));
	assert_int_equal(address, 0xc100);
	assert_false(vpci_bar_address(&d, 3, 1, &address));
	cfg_write(&d, 3, 4, 2, 2);
	assert_false(vpci_bar_address(&d, 3, 0, &address));
	assert_true(vpci_bar_address(&d, 3, 1, &address));
	assert_int_equal(address, 0xfeb01000);
	assert_true(vpci_bar_address(&d, 3, 2, &address));
	assert_int_equal(address, 0x12c0100000);
	assert_false(vpci_bar_address(&d, 3, 3, &address));
	assert_false(vpci_bar_address(&d, 3, 6, &address));
	assert_false(vpci_bar_address(&d, 32, 0, &address));
	assert_false(vpci_bar_address(&d, 9, 0, &address));
}

static void bad_registrations_are_refused(void **state)
{
	struct vpci d;
	struct vpci_template t = card;

	(void)state;
	vpci_init(&d);
	assert_int_equal(vpci_register(&d, 32, &card), ERR_RANGE);
	assert_int_equal(vpci_register(&d, 0, &card), ERR_EXIST);
	t.interrupt_pin = 5;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[0].size_bytes = 512; /* I/O BARs end at 256 */
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t.bar[0].size_bytes = 24;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t.bar[0].size_bytes = 0;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[0].size_bytes = 2;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[2].size_bytes = 8;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[1].size_bytes = 8;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[1].kind = VPCI_BAR_MEM64; /* needs the next entry, which is taken */
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	t = card;
	t.bar[5].kind = VPCI_BAR_MEM64;
	t.bar[5].size_bytes = 4096;
	assert_int_equal(vpci_register(&d, 2, &t), ERR_INVAL);
	assert_false(d.slot[2].present);
	assert_int_equal(vpci_register(&d, 2, &card), 0);
	/* the smallest ones */
	t = card;
	t.bar[0].size_bytes = 4;
	t.bar[1].size_bytes = 16;
	t.bar[2].size_bytes = 16;
	assert_int_equal(vpci_register(&d, 3, &t), 0);
	cfg_write(&d, 3, 0x10, 4, 0xffffffff);
	cfg_write(&d, 3, 0x14, 4, 0xffffffff);
	assert_int_equal(cfg_read(&d, 3, 0x10, 4), 0xfffffffd);
	assert_int_equal(cfg_read(&d, 3, 0x14, 4), 0xfffffff0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mechanism_1_is_found),
		cmocka_unit_test(absent_functions_read_all_ones),
		cmocka_unit_test(widths_select_bytes),
		cmocka_unit_test(only_what_may_be_written_is),
		cmocka_unit_test(bars_tell_their_size_and_move),
		cmocka_unit_test(bad_registrations_are_refused),
	};

	return cmocka_run_group_tests_name("vpci", tests, NULL, NULL);
}
