// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/acpi_tables: tables built by hand after the specification, then damaged. */
#include "tests/unit/unit.h"
#include "arch/x86/acpi_tables.h"
#include "kernel/lib/err.h"

static u8 table[4096];
static size_t length;

static void put(size_t at, u64 value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		table[at + i] = (u8)(value >> 8 * i);
	}
}

static void table_begin(const char *signature, size_t size)
{
	memset(table, 0, sizeof(table));
	memcpy(table, signature, 4);
	length = size;
}

static void append(const u8 *bytes, size_t n)
{
	memcpy(table + length, bytes, n);
	length += n;
}

static void fix_checksum(size_t at, size_t n)
{
	u8 sum = 0;

	table[at] = 0;
	for (size_t i = 0; i < n; i++) {
		sum = (u8)(sum + table[i]);
	}
	table[at] = (u8)-sum;
}

static void table_end(void)
{
	put(4, length, 4);
	fix_checksum(9, length);
}

static void root_pointer_versions(void **state)
{
	(void)state;
	struct acpi_root root;

	memset(table, 0, sizeof(table));
	memcpy(table, "RSD PTR ", 8);
	memcpy(table + 9, "OEMID ", 6);
	put(16, 0x7fe0000, 4);
	fix_checksum(8, 20);
	assert_int_equal(acpi_rsdp_parse(table, 20, &root), ERR_OK);
	assert_false(root.is_xsdt);
	assert_int_equal(root.address.v, 0x7fe0000);
	assert_string_equal(root.oem, "OEMID ");
	assert_int_equal(acpi_rsdp_parse(table, 19, &root), ERR_FORMAT);

	table[15] = 2;
	put(20, 36, 4);
	put(24, 0x123456789a, 8);
	fix_checksum(8, 20);
	fix_checksum(32, 36);
	assert_int_equal(acpi_rsdp_parse(table, 36, &root), ERR_OK);
	assert_true(root.is_xsdt);
	assert_int_equal(root.address.v, 0x123456789a);
	table[33] ^= 1; /* extended checksum wrong: the RSDT will do */
	assert_int_equal(acpi_rsdp_parse(table, 36, &root), ERR_OK);
	assert_false(root.is_xsdt);
	table[10] ^= 1;
	assert_int_equal(acpi_rsdp_parse(table, 36, &root), ERR_FORMAT);
}

static void root_pointer_is_found_on_a_boundary(void **state)
{
	(void)state;
	u8 area[256] = {0};
	size_t offset;

	memset(table, 0, sizeof(table));
	memcpy(table, "RSD PTR ", 8);
	fix_checksum(8, 20);
	memcpy(area + 24, table, 20);
	assert_false(acpi_rsdp_search(area, sizeof(area), &offset));
	memcpy(area + 224, table, 20);
	assert_true(acpi_rsdp_search(area, sizeof(area), &offset));
	assert_int_equal(offset, 224);
	assert_false(acpi_rsdp_search(area, 224 + 19, &offset));
}

static void headers_and_checksums(void **state)
{
	(void)state;
	table_begin("XSDT", 36);
	append((u8[]){1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}, 12);
	table_end();
	hpa_t entry;

	assert_int_equal(acpi_table_length(table), 48);
	assert_true(acpi_table_ok(table, 48, "XSDT"));
	assert_false(acpi_table_ok(table, 48, "RSDT"));
	assert_false(acpi_table_ok(table, 47, "XSDT"));
	assert_true(acpi_root_entry(table, 48, true, 0, &entry));
	assert_int_equal(entry.v, 0x200000001);
	assert_false(acpi_root_entry(table, 48, true, 1, &entry)); /* only half of it is there */
	assert_true(acpi_root_entry(table, 48, false, 2, &entry));
	assert_int_equal(entry.v, 3);
	table[40]++;
	assert_false(acpi_table_ok(table, 48, "XSDT"));
	put(4, 35, 4);
	assert_int_equal(acpi_table_length(table), 0);
	put(4, 0xffffffff, 4);
	assert_int_equal(acpi_table_length(table), 0);
}

static struct acpi_madt madt;

static void madt_of_a_usual_machine(void **state)
{
	(void)state;
	table_begin("APIC", 36);
	append((u8[]){0, 0, 0xe0, 0xfe, 1, 0, 0, 0}, 8);
	append((u8[]){0, 8, 0, 0, 1, 0, 0, 0}, 8); /* CPU, APIC id 0 */
	append((u8[]){0, 8, 1, 2, 1, 0, 0, 0}, 8); /* CPU, APIC id 2 */
	append((u8[]){0, 8, 2, 4, 0, 0, 0, 0}, 8); /* disabled */
	append((u8[]){0, 8, 2, 5, 2, 0, 0, 0}, 8); /* could be hot-added */
	append((u8[]){9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0}, 16); /* x2APIC 256 */
	append((u8[]){9, 16, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, 16); /* id 2 again */
	append((u8[]){1, 12, 7, 0, 0, 0, 0xc0, 0xfe, 0x18, 0, 0, 0}, 12);    /* IOAPIC, GSI 24 */
	append((u8[]){2, 10, 0, 0, 2, 0, 0, 0, 0, 0}, 10);		     /* IRQ 0 is GSI 2 */
	append((u8[]){2, 10, 0, 9, 9, 0, 0, 0, 15, 0}, 10);		     /* level, low */
	append((u8[]){5, 12, 0, 0, 0, 0, 0xe1, 0xfe, 0, 0, 0, 0}, 12);	     /* LAPIC moved */
	append((u8[]){0x7f, 4, 0, 0}, 4);				     /* unknown */
	table_end();
	assert_int_equal(acpi_madt_parse(table, length, &madt), ERR_OK);
	assert_true(madt.has_pics);
	assert_int_equal(madt.lapic_base.v, 0xfee10000);
	assert_int_equal(madt.cpu_count, 3);
	assert_int_equal(madt.apic_ids[0], 0);
	assert_int_equal(madt.apic_ids[1], 2);
	assert_int_equal(madt.apic_ids[2], 256);
	assert_int_equal(madt.disabled_count, 2);
	assert_int_equal(madt.ioapic_count, 1);
	assert_int_equal(madt.ioapics[0].base.v, 0xfec00000);
	assert_int_equal(madt.ioapics[0].gsi_base, 24);
	assert_int_equal(madt.isa[0].gsi, 2);
	assert_false(madt.isa[0].level);
	assert_int_equal(madt.isa[4].gsi, 4);
	assert_int_equal(madt.isa[9].gsi, 9);
	assert_true(madt.isa[9].level);
	assert_true(madt.isa[9].active_low);
}

static void madt_entries_that_do_not_fit_end_it(void **state)
{
	(void)state;
	table_begin("APIC", 44);
	append((u8[]){0, 8, 0, 0, 1, 0, 0, 0}, 8);
	append((u8[]){0, 0, 1, 1, 1, 0, 0, 0}, 8); /* length 0: would loop for ever */
	assert_int_equal(acpi_madt_parse(table, length, &madt), ERR_OK);
	assert_int_equal(madt.cpu_count, 1);
	table[53] = 200; /* leaves the table */
	assert_int_equal(acpi_madt_parse(table, length, &madt), ERR_OK);
	assert_int_equal(madt.cpu_count, 1);
	table[53] = 4; /* shorter than its kind */
	assert_int_equal(acpi_madt_parse(table, length, &madt), ERR_OK);
	assert_int_equal(madt.cpu_count, 1);
	assert_int_equal(acpi_madt_parse(table, 43, &madt), ERR_FORMAT);
}

static void madt_with_too_many_cpus(void **state)
{
	(void)state;
	u8 *big = calloc(1, 44 + 300 * 16);

	for (u32 i = 0; i < 300; i++) {
		u8 *e = big + 44 + i * 16;

		e[0] = 9;
		e[1] = 16;
		e[4] = (u8)i;
		e[5] = (u8)(i >> 8);
		e[8] = 1;
	}
	assert_int_equal(acpi_madt_parse(big, 44 + 300 * 16, &madt), ERR_OK);
	assert_int_equal(madt.cpu_count, PCPU_MAX);
	assert_int_equal(madt.dropped_count, 300 - PCPU_MAX);
	free(big);
}

static void fadt_old_and_new(void **state)
{
	(void)state;
	struct acpi_fadt fadt;

	table_begin("FACP", 116);
	put(40, 0x7fe1000, 4);
	put(48, 0xb2, 4);
	put(52, 0xa0, 1);
	put(64, 0x604, 2);
	put(76, 0x608, 4);
	put(112, BIT(8), 4);
	assert_int_equal(acpi_fadt_parse(table, 116, &fadt), ERR_OK);
	assert_int_equal(fadt.dsdt.v, 0x7fe1000);
	assert_int_equal(fadt.smi_command_port, 0xb2);
	assert_int_equal(fadt.pm1a_control_port, 0x604);
	assert_int_equal(fadt.pm_timer.space, ACPI_SPACE_IO);
	assert_int_equal(fadt.pm_timer.address, 0x608);
	assert_true(fadt.pm_timer_32bit);
	assert_int_equal(fadt.reset.address, 0);
	assert_int_equal(acpi_fadt_parse(table, 115, &fadt), ERR_FORMAT);

	put(112, BIT(10), 4);
	put(116, 1, 1);
	put(117, 8, 1);
	put(120, 0xcf9, 8);
	put(128, 0x0f, 1);
	put(140, 0x123456000, 8);
	put(208, 1, 1);
	put(212, 0x1808, 8);
	assert_int_equal(acpi_fadt_parse(table, 244, &fadt), ERR_OK);
	assert_int_equal(fadt.reset.space, ACPI_SPACE_IO);
	assert_int_equal(fadt.reset.address, 0xcf9);
	assert_int_equal(fadt.reset_value, 0x0f);
	assert_int_equal(fadt.dsdt.v, 0x123456000);
	assert_int_equal(fadt.pm_timer.address, 0x1808);
	put(112, 0, 4);
	assert_int_equal(acpi_fadt_parse(table, 244, &fadt), ERR_OK);
	assert_int_equal(fadt.reset.address, 0); /* the flag says there is none */
}

static bool s5(const u8 *aml, size_t n, struct acpi_s5 *result)
{
	u8 *exact = calloc(1, ACPI_HEADER_SIZE + n);

	memcpy(exact + ACPI_HEADER_SIZE, aml, n);
	bool found = acpi_s5_find(exact, ACPI_HEADER_SIZE + n, result);

	free(exact);
	return found;
}

static void s5_in_its_spellings(void **state)
{
	(void)state;
	struct acpi_s5 r;
	static const u8 bytes[] = {0x08, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 5, 0x0a, 7, 0, 0};
	static const u8 root[] = {0x08, '\\', '_', 'S', '5', '_', 0x12, 6, 4, 0, 1, 0, 0};
	static const u8 longer[] = {0x08, '_', 'S', '5', '_', 0x12, 0x49, 0, 2, 0x0b, 6, 0, 1};
	static const u8 other[] = {0x10, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 5, 0x0a, 7, 0, 0};

	assert_true(s5(bytes, sizeof(bytes), &r));
	assert_int_equal(r.type_a, 5);
	assert_int_equal(r.type_b, 7);
	assert_true(s5(root, sizeof(root), &r));
	assert_int_equal(r.type_a, 0);
	assert_int_equal(r.type_b, 1);
	assert_true(s5(longer, sizeof(longer), &r));
	assert_int_equal(r.type_a, 6);
	assert_int_equal(r.type_b, 1);
	assert_false(s5(other, sizeof(other), &r));
	for (size_t n = 0; n < 12; n++) { /* cut off anywhere before the second value is complete */
		assert_false(s5(bytes, n, &r));
	}
}

static void hpet_and_mcfg(void **state)
{
	(void)state;
	hpa_t base;
	struct acpi_mcfg mcfg;

	table_begin("HPET", 56);
	put(44, 0xfed00000, 8);
	assert_int_equal(acpi_hpet_parse(table, 56, &base), ERR_OK);
	assert_int_equal(base.v, 0xfed00000);
	table[40] = 1;
	assert_int_equal(acpi_hpet_parse(table, 56, &base), ERR_FORMAT);

	table_begin("MCFG", 44);
	append((u8[]){0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0}, 16);
	append((u8[]){0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 9, 8, 0, 0, 0, 0}, 16); /* buses 9 to 8 */
	append((u8[]){0, 0, 0, 0xd0}, 4);				       /* cut off */
	assert_int_equal(acpi_mcfg_parse(table, length, &mcfg), ERR_OK);
	assert_int_equal(mcfg.count, 1);
	assert_int_equal(mcfg.segments[0].base.v, 0xb0000000);
	assert_int_equal(mcfg.segments[0].last_bus, 255);
}

static void srat(void **state)
{
	(void)state;
	static struct acpi_srat s;
	u8 memory[40] = {1, 40, 3, 0, 0, 0};

	memory[12] = 1; /* base 4 GiB */
	memory[20] = 2; /* 8 GiB */
	memory[28] = 1;
	table_begin("SRAT", 48);
	append((u8[]){0, 16, 1, 4, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0}, 16);
	append((u8[]){0, 16, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 16); /* disabled */
	append((u8[]){2, 24, 0, 0, 9, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 24);
	append(memory, sizeof(memory));
	assert_int_equal(acpi_srat_parse(table, length, &s), ERR_OK);
	assert_int_equal(s.cpu_count, 2);
	assert_int_equal(s.cpus[0].apic_id, 4);
	assert_int_equal(s.cpus[0].domain, 0x201);
	assert_int_equal(s.cpus[1].apic_id, 256);
	assert_int_equal(s.cpus[1].domain, 9);
	assert_int_equal(s.memory_count, 1);
	assert_int_equal(s.memory[0].domain, 3);
	assert_int_equal(s.memory[0].base.v, GIB(4));
	assert_int_equal(s.memory[0].size_bytes, GIB(8));
}

static void random_bytes_never_lead_outside(void **state)
{
	(void)state;
	static struct acpi_srat s;
	struct acpi_fadt fadt;
	struct acpi_mcfg mcfg;
	struct acpi_s5 s5_types;
	hpa_t base;
	u64 seed = 99;

	for (u32 round = 0; round < 20000; round++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		size_t n = 1 + (seed >> 40) % 300;
		u8 *p = malloc(n);

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			p[i] = (seed >> 60) < 6 ? (u8)(seed >> 50 & 15) : (u8)(seed >> 40);
		}
		(void)!acpi_madt_parse(p, n, &madt);
		(void)!acpi_srat_parse(p, n, &s);
		(void)!acpi_fadt_parse(p, n, &fadt);
		(void)!acpi_mcfg_parse(p, n, &mcfg);
		(void)!acpi_hpet_parse(p, n, &base);
		(void)acpi_s5_find(p, n, &s5_types);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_pointer_versions),
		cmocka_unit_test(root_pointer_is_found_on_a_boundary),
		cmocka_unit_test(headers_and_checksums),
		cmocka_unit_test(madt_of_a_usual_machine),
		cmocka_unit_test(madt_entries_that_do_not_fit_end_it),
		cmocka_unit_test(madt_with_too_many_cpus),
		cmocka_unit_test(fadt_old_and_new),
		cmocka_unit_test(s5_in_its_spellings),
		cmocka_unit_test(hpet_and_mcfg),
		cmocka_unit_test(srat),
		cmocka_unit_test(random_bytes_never_lead_outside),
	};

	return cmocka_run_group_tests_name("acpi_tables", tests, NULL, NULL);
}
