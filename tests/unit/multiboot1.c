// SPDX-License-Identifier: GPL-2.0-only
/* kernel/loader with Multiboot 1 kernels: synthesised ELF and a.out-kludge images, whole and
 * damaged. */
#include "tests/unit/loader_support.h"
#include "kernel/loader/multiboot1_priv.h"

static u8 file[FILE_BYTES];

static void header_make(u32 at, u32 flags)
{
	mb1_header_make(file, at, flags);
}

static void elf32_make(u32 entry, const struct elf_part *s, u32 count)
{
	mb1_elf32_make(file, entry, s, count);
}

static void elf64_make(u64 entry, const struct elf_part *s, u32 count)
{
	mb1_elf64_make(file, entry, s, count);
}

static void kludge_make(u32 load_end, u32 bss_end, u32 entry)
{
	mb1_addresses_make(file, load_end, bss_end, entry);
}

static const struct elf_part good[] = {MB1_GOOD_PARTS};

static void check_state(u32 entry)
{
	const struct guest_state *s = &plan.state;

	assert_true(s->rip == entry);
	assert_true(plan.gpr[GPR_RAX] == MB1_LOADER_MAGIC);
	assert_true((s->cr0 & (BIT(31) | 1)) == 1 && s->efer == 0 && s->cr4 == 0);
	assert_true((s->rflags & (BIT(9) | BIT(17))) == 0);
	assert_true((s->seg[SEG_CS].attr & SEG_ATTR_DB) && !(s->seg[SEG_CS].attr & SEG_ATTR_L));
	assert_true(s->seg[SEG_CS].limit == UINT32_MAX && s->seg[SEG_DS].limit == UINT32_MAX);
}

static void an_elf32_kernel_with_modules(void **state)
{
	const struct loader_module modules[] = {
		{(const u8 *)"first contents", 14, "first arg"},
		{(const u8 *)"", 0, "empty"},
	};
	struct load_request q = request_for(file, FILE_BYTES);
	struct mb1_info info;
	struct mb1_module m;

	(void)state;
	elf32_make(0xc0100010, good, 3);
	q.cmdline = "-v --test";
	q.modules = modules;
	q.module_count = 2;
	if (loader_plan(&q, &plan, reason, sizeof(reason)) != 0) {
		fail_msg("%s", reason);
	}
	u8 *memory = carry_out();

	check_state(0x100010);
	assert_true(read64(memory + plan.state.gdtr.base + 0x10) == 0x00cf9b000000ffffull);
	assert_memory_equal(memory + 0x100000, file + 0x1000, 0x800);
	for (u32 i = 0x800; i < 0x1800; i++) {
		assert_int_equal(memory[0x100000 + i], 0);
	}
	assert_memory_equal(memory + 0x200000, file + 0x1800, 0x400);

	memcpy(&info, memory + plan.gpr[GPR_RBX], sizeof(info));
	assert_int_equal(info.flags, 0x24d);
	assert_int_equal(info.mem_lower, 639);
	assert_int_equal(info.mem_upper, 63 * 1024);
	assert_string_equal((char *)memory + info.cmdline, "-v --test");
	assert_string_equal((char *)memory + info.boot_loader_name, "Evenkeel");
	assert_int_equal(info.mmap_length, 24 * ARRAY_SIZE(map));
	for (u32 i = 0; i < ARRAY_SIZE(map); i++) {
		assert_int_equal(read32(memory + info.mmap_addr + 24 * i), 20);
		assert_memory_equal(memory + info.mmap_addr + 24 * i + 4, &map[i], 20);
	}
	assert_int_equal(info.mods_count, 2);
	memcpy(&m, memory + info.mods_addr, sizeof(m));
	assert_int_equal(m.mod_end - m.mod_start, 14);
	assert_int_equal(m.mod_start % PAGE_SIZE, 0);
	assert_memory_equal(memory + m.mod_start, "first contents", 14);
	assert_string_equal((char *)memory + m.string, "first arg");
	memcpy(&m, memory + info.mods_addr + 16, sizeof(m));
	assert_int_equal(m.mod_end, m.mod_start);
	free(memory);
}

static void an_elf64_container(void **state)
{
	static const struct elf_part high = {1,	       0x1000, 0xffffffff80100000ull,
					     0x100000, 0x800,  0x800};
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	elf64_make(0xffffffff80100020ull, &high, 1);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	free(carry_out());
	check_state(0x100020);
	/* The entry may be given as a physical address, too. */
	elf64_make(0x100020, &high, 1);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	check_state(0x100020);
}

static void addresses_in_the_header(void **state)
{
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	kludge_make(0x100800, 0x101000, 0x100200);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	check_state(0x100200);
	assert_true(plan.segments[0].gpa.v == 0x100000);
	assert_ptr_equal(plan.segments[0].data, file + 0x300);
	assert_int_equal(plan.segments[0].data_bytes, 0x800);
	assert_int_equal(plan.segments[0].zero_bytes, 0x800);
	check_plan();

	kludge_make(0, 0, 0x100000);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	assert_int_equal(plan.segments[0].data_bytes, FILE_BYTES - 0x300);
	assert_int_equal(plan.segments[0].zero_bytes, 0);
}

static void wrong_addresses_in_the_header(void **state)
{
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	kludge_make(0x200000, 0, 0x100000);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "it is truncated, or its Multiboot header wrong: load_end_addr is 0x200000, "
		       "load_addr 0x100000");
	kludge_make(0x100800, 0x100700, 0x100000);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "its Multiboot header contradicts itself: bss_end_addr 0x100700, entry_addr "
		       "0x100000");
	kludge_make(0x100800, 0, 0x100800);
	expect_failure(
		&q, file, FILE_BYTES, ERR_FORMAT,
		"its Multiboot header contradicts itself: bss_end_addr 0, entry_addr 0x100800");
	kludge_make(0x100800, 0, 0x100000);
	write32(file + 0x40c, 0x101000);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "its Multiboot header contradicts itself: load_addr 0x100000, header_addr "
		       "0x101000, 0x400 bytes into the file");
	kludge_make(0x100800, 0xfffffff0, 0x100000);
	expect_failure(
		&q, file, FILE_BYTES, ERR_NOMEM,
		"the kernel, 4293918704 bytes at 0x100000, does not lie in the guest's memory of "
		"65151 KiB");
	kludge_make(0x100800, 0, 0x100000);
	expect_failure(&q, file, 0x410, ERR_FORMAT, "it is truncated within the Multiboot header");
}

static void flags(void **state)
{
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	elf32_make(0xc0100010, good, 3);
	header_make(0x200, 7);
	expect_failure(&q, file, FILE_BYTES, ERR_NOTSUP,
		       "it asks for a video mode: guests have no display");
	header_make(0x200, 0x23);
	expect_failure(&q, file, FILE_BYTES, ERR_NOTSUP,
		       "it requires Multiboot features (flags 0x23) that are not known");
	header_make(0x200, 0x80000003);
	assert_int_equal(plan_copy(&q, file, FILE_BYTES), 0);
	write32(file + 0x208, 0);
	expect_failure(
		&q, file, FILE_BYTES, ERR_FORMAT,
		"it is an ELF file without a Multiboot 1 header (for Linux, use the bzImage, not "
		"vmlinux)");
	header_make(0x2000, 3); /* past the first 8 KiB */
	assert_int_equal(plan_copy(&q, file, FILE_BYTES), ERR_FORMAT);
	header_make(0x1ff4, 3);
	assert_int_equal(plan_copy(&q, file, FILE_BYTES), 0);
	memset(file, 0, 4);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "its Multiboot header has no addresses, and it is not an ELF file");
}

static void a_multiboot2_kernel(void **state)
{
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	memset(file, 0, sizeof(file));
	write32(file + 0x40, 0xe85250d6);
	write32(file + 0x48, 24);
	write32(file + 0x4c, -(0xe85250d6 + 24));
	expect_failure(&q, file, FILE_BYTES, ERR_NOTSUP,
		       "it is a Multiboot 2 kernel: only Multiboot 1 is supported");
}

static void one_segment_error(const struct elf_part *s, int err, const char *text)
{
	struct load_request q = request_for(file, FILE_BYTES);

	elf64_make(0x100000, s, 1);
	expect_failure(&q, file, FILE_BYTES, err, text);
}

static void wrong_segments(void **state)
{
	static const struct elf_part past_file = {1, 0x2000, 0x100000, 0x100000, 0x1001, 0x2000},
				     wrapping = {1, 8, 0x100000, 0x100000, UINT64_MAX, UINT64_MAX},
				     shrunk = {1, 0x1000, 0x100000, 0x100000, 0x200, 0x100},
				     high = {1, 0x1000, 0x100000, GIB(4), 0x100, 0x100},
				     huge = {1, 0x1000, 0x100000, 0x100000, 0x100, UINT64_MAX},
				     in_bios = {1, 0x1000, 0x100000, 0xe0000, 0x100, 0x100},
				     at_zero = {1, 0x1000, 0x100000, 0, 0x100, 0x100},
				     past_ram = {1, 0x1000, 0x100000, 0x100000, 0x100, MIB(64)},
				     elsewhere = {1, 0x1000, 0x200000, 0x200000, 0x100, 0x100};

	(void)state;
	one_segment_error(
		&past_file, ERR_FORMAT,
		"it is truncated: a segment lies at 0x2000 to 0x3001 of the file, which has "
		"12288 bytes");
	one_segment_error(
		&wrapping, ERR_FORMAT,
		"it is truncated: a segment lies at 0x8 to 0x7 of the file, which has 12288 "
		"bytes");
	one_segment_error(&shrunk, ERR_FORMAT,
			  "a segment has more bytes in the file than in memory");
	one_segment_error(&high, ERR_FORMAT,
			  "a segment has the physical address 0x100000000, beyond 4 GiB");
	one_segment_error(&huge, ERR_FORMAT,
			  "a segment has the physical address 0x100000, beyond 4 GiB");
	one_segment_error(
		&in_bios, ERR_NOMEM,
		"a segment of the kernel, 256 bytes at 0xe0000, does not lie in the guest's "
		"memory of 65151 KiB");
	one_segment_error(
		&at_zero, ERR_NOMEM,
		"a segment of the kernel, 256 bytes at 0, does not lie in the guest's memory "
		"of 65151 KiB");
	one_segment_error(
		&past_ram, ERR_NOMEM,
		"a segment of the kernel, 67108864 bytes at 0x100000, does not lie in the "
		"guest's memory of 65151 KiB");
	one_segment_error(&elsewhere, ERR_FORMAT, "its entry point 0x100000 lies in no segment");
}

static void wrong_elf_headers(void **state)
{
	static const struct elf_part twice[] = {
		{1, 0x1000, 0x100000, 0x100000, 0x800, 0x1800},
		{1, 0x1000, 0x101000, 0x101000, 0x800, 0x800},
	};
	struct load_request q = request_for(file, FILE_BYTES);
	static const char not_ours[] =
		"its ELF header is not that of an executable for i386 or x86-64";

	(void)state;
	elf32_make(0x100000, twice, 2);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "a segment of the kernel, 2048 bytes at 0x101000, overlaps another part");
	elf32_make(0xc0100010, good, 3);
	write16(file + 18, 40);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT, not_ours);
	elf32_make(0xc0100010, good, 3);
	file[5] = 2;
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT, not_ours);
	elf32_make(0xc0100010, good, 3);
	write16(file + 16, 3);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT, not_ours);
	elf32_make(0xc0100010, good, 3);
	write32(file + 28, 0xfffffff0);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "its ELF program headers do not lie in the file");
	elf32_make(0xc0100010, good, 3);
	write16(file + 44, 0xffff);
	expect_failure(&q, file, FILE_BYTES, ERR_FORMAT,
		       "its ELF program headers do not lie in the file");
}

static void what_does_not_fit(void **state)
{
	static const u8 big[MIB(64)];
	const struct loader_module module = {big, sizeof(big), "big"};
	struct load_request q = request_for(file, FILE_BYTES);
	char *line = malloc(50000);

	(void)state;
	elf32_make(0xc0100010, good, 3);
	q.modules = &module;
	q.module_count = 1;
	expect_failure(&q, file, FILE_BYTES, ERR_NOMEM,
		       "module \"big\" of 65536 KiB does not fit: the VM has 64 MiB");
	q.module_count = 0;
	memset(line, 'x', 49999);
	line[49999] = '\0';
	q.cmdline = line;
	expect_failure(&q, file, FILE_BYTES, ERR_LIMIT,
		       "command lines and memory map have 50212 bytes, over 40960");
	free(line);
	q.cmdline = "";
	q.initrd = big;
	q.initrd_bytes = 16;
	expect_failure(&q, file, FILE_BYTES, ERR_NOTSUP,
		       "boot.initrd is for Linux: Multiboot kernels have boot.module0");
}

static void random_damage(void **state)
{
	struct load_request q = request_for(file, FILE_BYTES);

	(void)state;
	srand(4);
	for (int i = 0; i < 20000; i++) {
		switch (rand() % 3) {
		case 0:
			elf32_make(0xc0100010, good, 3);
			break;
		case 1:
			elf64_make(0xc0100010, good, 3);
			break;
		default:
			kludge_make(0x100800, 0x101000, 0x100200);
			break;
		}
		for (int k = rand() % 6; k >= 0; k--) {
			file[(rand() % 2 ? 0x40c : 0) + rand() % 0xe0] ^= (u8)(1 << rand() % 8);
		}
		if (plan_copy(&q, file, FILE_BYTES) == 0) {
			check_plan();
		}
		plan_copy(&q, file, (u64)rand() % FILE_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_elf32_kernel_with_modules),
		cmocka_unit_test(an_elf64_container),
		cmocka_unit_test(addresses_in_the_header),
		cmocka_unit_test(wrong_addresses_in_the_header),
		cmocka_unit_test(flags),
		cmocka_unit_test(a_multiboot2_kernel),
		cmocka_unit_test(wrong_segments),
		cmocka_unit_test(wrong_elf_headers),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests_name("multiboot1", tests, NULL, NULL);
}
