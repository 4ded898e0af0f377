// SPDX-License-Identifier: GPL-2.0-only
/* boot/multiboot2: what GRUB sends, and what a broken loader could. */
#include "tests/unit/unit.h"
#include "boot/multiboot2.h"
#include "kernel/lib/err.h"

#define MBI_BASE 0x9000u

static struct memory_map map;
static struct boot_info info;
static u8 *mbi;
static size_t used;

static int setup(void **state)
{
	(void)state;
	memset(&map, 0, sizeof(map));
	memset(&info, 0, sizeof(info));
	mbi = calloc(1, 65536);
	used = 8;
	return mbi == NULL;
}

static int teardown(void **state)
{
	(void)state;
	free(mbi);
	return 0;
}

static void put32(u32 v)
{
	memcpy(mbi + used, &v, 4);
	used += 4;
}

static void put64(u64 v)
{
	put32((u32)v);
	put32((u32)(v >> 32));
}

static void put_bytes(const void *p, size_t n)
{
	memcpy(mbi + used, p, n);
	used += n;
}

static void tag_begin(u32 type, u32 payload)
{
	used = ALIGN_UP(used, 8);
	put32(type);
	put32(8 + payload);
}

static void put_string_tag(u32 type, const char *text)
{
	tag_begin(type, (u32)strlen(text) + 1);
	put_bytes(text, strlen(text) + 1);
}

static void put_module(u32 start, u32 end, const char *text)
{
	tag_begin(3, 8 + (u32)strlen(text) + 1);
	put32(start);
	put32(end);
	put_bytes(text, strlen(text) + 1);
}

static void put_memory(void)
{
	static const struct {
		u64 base, size;
		u32 type;
	} entries[] = {
		{0, 0x9f000, 1},
		{0x100000, 0x7f00000, 1},
		{0x7e00000, 0x10000, 3},
		{0xfec00000, 0x1000, 2},
	};

	tag_begin(6, 8 + 24 * ARRAY_SIZE(entries));
	put32(24);
	put32(0);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		put64(entries[i].base);
		put64(entries[i].size);
		put32(entries[i].type);
		put32(0);
	}
}

/* Ends the list and parses a copy of exactly its size, so that reading beyond it is noticed. */
static int parse(void)
{
	tag_begin(0, 0);
	memcpy(mbi, &(u32){(u32)used}, 4);

	u8 *exact = malloc(used);
	static u8 *last;

	free(last);
	last = exact;
	memcpy(exact, mbi, used);
	assert_int_equal(multiboot2_size(exact), used);
	return multiboot2_parse(exact, used, hpa(MBI_BASE), &info, &map);
}

static void everything_grub_sends(void **state)
{
	(void)state;
	put_string_tag(1, "console=com1 x=y");
	put_string_tag(2, "GRUB 2.06");
	put_module(0x200000, 0x201234, "debian.vmx first");
	put_module(0x300000, 0x300000, "/boot/vmlinuz");
	put_module(0x400000, 0x400010, "");
	put_memory();
	tag_begin(8, 30);
	put64(0xfd000000);
	put32(4096);
	put32(1024);
	put32(768);
	put_bytes((u8[]){32, 1, 0, 0, 16, 8, 8, 8, 0, 8}, 10);
	tag_begin(14, 20);
	size_t old_rsdp = used;
	used += 20;
	tag_begin(15, 36);
	size_t rsdp = used;
	used += 36;

	assert_int_equal(parse(), ERR_OK);
	assert_true(old_rsdp != rsdp);
	assert_string_equal(info.cmdline, "console=com1 x=y");
	assert_string_equal(info.loader, "GRUB 2.06");
	assert_int_equal(info.module_count, 3);
	assert_string_equal(info.modules[0].name, "debian.vmx");
	assert_int_equal(info.modules[0].base.v, 0x200000);
	assert_int_equal(info.modules[0].size_bytes, 0x1234);
	assert_string_equal(info.modules[1].name, "vmlinuz");
	assert_string_equal(info.modules[2].name, "module2");
	assert_int_equal(info.framebuffer.base.v, 0xfd000000);
	assert_int_equal(info.framebuffer.width_px, 1024);
	assert_int_equal(info.framebuffer.red_shift, 16);
	assert_int_equal(info.framebuffer.green_shift, 8);
	assert_int_equal(info.framebuffer.blue_shift, 0);
	assert_int_equal(info.acpi_rsdp.v, MBI_BASE + rsdp);

	assert_int_equal(memory_map_build(&map, &info), ERR_OK);
	assert_int_equal(memory_map_total(&info, BOOT_RAM_ACPI), 0x10000);
	/* the information (one page at 0x9000), two pages and one of modules */
	assert_int_equal(memory_map_total(&info, BOOT_RAM_LOADER), 0x1000 + 0x2000 + 0x1000);
}

static void text_mode_is_no_framebuffer(void **state)
{
	(void)state;
	put_memory();
	tag_begin(8, 30);
	put64(0xb8000);
	put32(160);
	put32(80);
	put32(25);
	put_bytes((u8[]){16, 2, 0, 0, 0, 0, 0, 0, 0, 0}, 10);
	assert_int_equal(parse(), ERR_OK);
	assert_int_equal(info.framebuffer.width_px, 0);
}

static void no_memory_map_is_refused(void **state)
{
	(void)state;
	put_string_tag(1, "x");
	assert_int_equal(parse(), ERR_FORMAT);
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	char text[4000];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put_memory();
	put_string_tag(1, text);
	put_module(0x1000, 0x2000, text);
	assert_int_equal(parse(), ERR_OK);
	assert_int_equal(strlen(info.cmdline), BOOT_CMDLINE_MAX - 1);
	assert_int_equal(strlen(info.modules[0].name), sizeof(info.modules[0].name) - 1);
}

static void a_tag_that_leaves_the_information_is_refused(void **state)
{
	(void)state;
	put_memory();
	size_t at = ALIGN_UP(used, 8);
	put_string_tag(1, "cmdline");
	memcpy(mbi + at + 4, &(u32){100000}, 4);
	assert_int_equal(parse(), ERR_FORMAT);
	memcpy(mbi + at + 4, &(u32){7}, 4);
	assert_int_equal(parse(), ERR_FORMAT);
}

static void backward_and_surplus_modules_are_ignored(void **state)
{
	(void)state;
	put_memory();
	put_module(0x2000, 0x1000, "backward");
	for (u32 i = 0; i < BOOT_MODULES_MAX + 5; i++) {
		put_module(0x100000 + i * 0x1000, 0x100800 + i * 0x1000, "m");
	}
	assert_int_equal(parse(), ERR_OK);
	assert_int_equal(info.module_count, BOOT_MODULES_MAX);
	assert_string_equal(info.modules[0].name, "m");
}

static void damaged_bytes_never_lead_outside(void **state)
{
	(void)state;
	u64 seed = 12345;

	put_string_tag(1, "console=com1");
	put_module(0x200000, 0x201234, "debian.vmx");
	put_memory();
	(void)parse();
	size_t size = used;

	for (u32 round = 0; round < 20000; round++) {
		u8 *copy = malloc(size);

		memcpy(copy, mbi, size);
		for (u32 i = 0; i < 3; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			copy[8 + (seed >> 33) % (size - 8)] = (u8)(seed >> 25);
		}
		memset(&info, 0, sizeof(info));
		memset(&map, 0, sizeof(map));
		(void)!multiboot2_parse(copy, size, hpa(MBI_BASE), &info, &map);
		assert_true(info.module_count <= BOOT_MODULES_MAX);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_grub_sends, setup, teardown),
		cmocka_unit_test_setup_teardown(text_mode_is_no_framebuffer, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory_map_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(long_texts_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tag_that_leaves_the_information_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(backward_and_surplus_modules_are_ignored, setup,
						teardown),
		cmocka_unit_test_setup_teardown(damaged_bytes_never_lead_outside, setup, teardown),
	};

	return cmocka_run_group_tests_name("multiboot2", tests, NULL, NULL);
}
