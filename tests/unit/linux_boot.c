// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/loader with Linux bzImages: synthesised ones, whole and damaged in each way, and a real
 * one where there is one (EVENKEEL_BZIMAGE names a file; else build/images and /boot are looked
 * into).
 */
#include "tests/unit/loader_support.h"

#include <glob.h>

static u8 image[IMAGE_BYTES];

static void image_make(void)
{
	bzimage_make(image);
}

static u64 walk(const u8 *memory, u64 address)
{
	u64 table = plan.state.cr3;

	for (int level = 4; level >= 1; level--) {
		u64 entry =
			read64(memory + table + ((address >> (12 + 9 * (level - 1))) & 511) * 8);

		assert_true((entry & 3) == 3);
		if (level == 2) {
			assert_true((entry & 0x80) != 0);
			return (entry & ~(LARGE_SIZE - 1)) + (address & (LARGE_SIZE - 1));
		}
		table = entry & ~0xfffull;
	}
	return 0;
}

static void check_entry_state(const u8 *memory, u64 kernel)
{
	const struct guest_state *s = &plan.state;
	const struct virt_segment *cs = &s->seg[SEG_CS], *ss = &s->seg[SEG_SS];

	assert_true(s->rip == kernel + 0x200);
	assert_true(s->cr0 == 0x80000031 && s->cr4 == 0x20 && s->efer == 0x500);
	assert_true((s->rflags & BIT(9)) == 0);
	assert_true(cs->selector == 0x10 && (cs->attr & SEG_ATTR_L) && !(cs->attr & SEG_ATTR_DB));
	assert_true(ss->selector == 0x18 && (ss->attr & SEG_ATTR_P));
	/* The GDT in memory says the same: 64-bit code, flat data. */
	assert_true(s->gdtr.limit >= 0x1f);
	assert_true(read64(memory + s->gdtr.base + 0x10) == 0x00af9b000000ffffull);
	assert_true(read64(memory + s->gdtr.base + 0x18) == 0x00cf93000000ffffull);
	for (u64 a = 0; a < GIB(4); a += LARGE_SIZE) {
		assert_true(walk(memory, a + 0x1234) == a + 0x1234);
	}
}

static void a_good_image(void **state)
{
	static u8 initrd[10000];
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	memset(initrd, 0x5a, sizeof(initrd));
	q.initrd = initrd;
	q.initrd_bytes = sizeof(initrd);
	q.cmdline = "console=ttyS0";
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	assert_string_equal(plan.description, "Linux 6.1.0-test, boot protocol 2.15");

	u8 *memory = carry_out();
	const u8 *params = memory + plan.gpr[GPR_RSI];

	check_entry_state(memory, MIB(16));
	assert_memory_equal(memory + MIB(16), image + SETUP_BYTES, PAYLOAD_BYTES);
	assert_memory_equal(params + 0x1f1, image + 0x1f1, 0x210 - 0x1f1);
	assert_int_equal(params[0x1ef], 0);
	assert_int_equal(params[0x210], 0xff);
	assert_memory_equal(params + 0x22c, image + 0x22c, 0x268 - 0x22c);
	assert_int_equal(read32(params + 0x268), 0);
	assert_string_equal((char *)memory + read32(params + 0x228), "console=ttyS0");
	assert_true(read64(params + 0x70) == 0xe0010);
	assert_int_equal(params[0x1e8], ARRAY_SIZE(map));
	assert_memory_equal(params + 0x2d0, map, sizeof(map));

	u32 at = read32(params + 0x218);

	assert_int_equal(read32(params + 0x21c), sizeof(initrd));
	assert_int_equal(at, MIB(64) - 3 * PAGE_SIZE);
	assert_memory_equal(memory + at, initrd, sizeof(initrd));
	free(memory);
}

static void without_initrd(void **state)
{
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	u8 *memory = carry_out();

	assert_int_equal(read32(memory + plan.gpr[GPR_RSI] + 0x218), 0);
	assert_int_equal(read32(memory + plan.gpr[GPR_RSI] + 0x21c), 0);
	free(memory);
}

/* Every length of the file from nothing on: an error, never a read past the end. */
static void truncated_anywhere(void **state)
{
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	for (u64 n = 0; n < IMAGE_BYTES; n++) {
		assert_int_not_equal(plan_copy(&q, image, n), 0);
	}
	assert_int_equal(plan_copy(&q, image, IMAGE_BYTES), 0);
	expect_failure(&q, image, 0, ERR_FORMAT, "it is empty");
	expect_failure(&q, image, 0x210, ERR_FORMAT, "it is truncated within the header");
	expect_failure(&q, image, 2000, ERR_FORMAT,
		       "it is truncated: 2000 of 5632 bytes are there");
}

static void not_for_us(void **state)
{
	static const u8 gzip[] = {0x1f, 0x8b, 8, 0};
	static const u8 zeros[600];
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	expect_failure(&q, gzip, sizeof(gzip), ERR_FORMAT,
		       "it is compressed with gzip: unpack it first");
	expect_failure(&q, zeros, sizeof(zeros), ERR_FORMAT,
		       "it is neither a Linux bzImage nor a Multiboot 1 kernel");
	image_make();
	write16(image + 0x206, 0x020a);
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOTSUP,
		       "it has boot protocol 2.10: 2.12 (Linux 3.8) or later is needed");
	image_make();
	write16(image + 0x236, 2);
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOTSUP,
		       "it is a 32-bit Linux kernel: a 64-bit one is needed");
	image_make();
	image[0x211] = 0;
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOTSUP, "it is a zImage: a bzImage is needed");
}

static void damaged_headers(void **state)
{
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	write32(image + 0x1f4, 0x20);
	expect_failure(&q, image, IMAGE_BYTES, ERR_FORMAT,
		       "its header is damaged: there is no code");
	image_make();
	image[0x201] = 0xff;
	expect_failure(&q, image, IMAGE_BYTES, ERR_FORMAT,
		       "its header is damaged: it ends at 0x301");
	image_make();
	image[0x201] = 0;
	expect_failure(&q, image, IMAGE_BYTES, ERR_FORMAT,
		       "its header is damaged: it ends at 0x202");
	image_make();
	write32(image + 0x230, 0x300000);
	expect_failure(&q, image, IMAGE_BYTES, ERR_FORMAT,
		       "its header is damaged: preferred address 0x1000000, alignment 0x300000");
	image_make();
	write64(image + 0x258, UINT64_MAX - 5);
	expect_failure(
		&q, image, IMAGE_BYTES, ERR_FORMAT,
		"its header is damaged: preferred address 0xfffffffffffffffa, alignment 0x200000");
}

static void too_big_for_memory(void **state)
{
	static const u8 initrd[MIB(50)];
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	write32(image + 0x260, (u32)MIB(60));
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOMEM,
		       "it needs 60 MiB of memory from 16 MiB on: the VM has 64 MiB in all");
	image_make();
	q.initrd = initrd;
	q.initrd_bytes = sizeof(initrd);
	expect_failure(
		&q, image, IMAGE_BYTES, ERR_NOMEM,
		"the initial ramdisk of 51200 KiB does not fit beside the kernel: the VM has "
		"64 MiB");
	q.initrd_bytes = 0;
	expect_failure(&q, image, IMAGE_BYTES, ERR_FORMAT, "the initial ramdisk is empty");
}

static void initrd_below_its_limit(void **state)
{
	static const u8 initrd[5000];
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	write32(image + 0x22c, (u32)MIB(30) - 1);
	q.initrd = initrd;
	q.initrd_bytes = sizeof(initrd);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	u8 *memory = carry_out();

	assert_int_equal(read32(memory + plan.gpr[GPR_RSI] + 0x218), MIB(30) - 2 * PAGE_SIZE);
	free(memory);
}

/* Memory with a hole where the kernel would like to be. */
static void relocation(void **state)
{
	struct e820_entry holes[] = {
		{0, GUEST_LOW_RAM_END, E820_RAM},
		{MIB(1), MIB(19), E820_RAM},
		{MIB(21), MIB(40), E820_RAM},
	};
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	q.map = holes;
	q.map_count = ARRAY_SIZE(holes);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	check_plan();
	assert_true(plan.state.rip == MIB(22) + 0x200);
	image[0x234] = 0;
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOMEM,
		       "it needs 8 MiB of memory from 16 MiB on: the VM has 60 MiB in all");
}

static void command_lines(void **state)
{
	static char line[5000];
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	q.cmdline = line;
	memset(line, 'x', 2047);
	assert_int_equal(loader_plan(&q, &plan, reason, sizeof(reason)), 0);
	check_plan();
	line[2047] = 'x';
	expect_failure(&q, image, IMAGE_BYTES, ERR_LIMIT,
		       "the command line has 2048 bytes: this kernel takes at most 2047");
	write32(image + 0x238, 0);
	line[256] = '\0';
	expect_failure(&q, image, IMAGE_BYTES, ERR_LIMIT,
		       "the command line has 256 bytes: this kernel takes at most 255");
	memset(line, 'x', 4500);
	write32(image + 0x238, UINT32_MAX);
	expect_failure(&q, image, IMAGE_BYTES, ERR_LIMIT, "the command line is too long");
}

static void modules_are_refused(void **state)
{
	const struct loader_module module = {image, 16, "x"};
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	image_make();
	q.modules = &module;
	q.module_count = 1;
	expect_failure(&q, image, IMAGE_BYTES, ERR_NOTSUP,
		       "boot.module is for Multiboot kernels: Linux has boot.initrd");
}

/* Random damage: any answer will do, but a plan has to keep its promises. */
static void random_damage(void **state)
{
	struct load_request q = request_for(image, IMAGE_BYTES);

	(void)state;
	srand(3);
	for (int i = 0; i < 20000; i++) {
		image_make();
		for (int k = rand() % 6; k >= 0; k--) {
			image[0x1f0 + rand() % 0x80] = (u8)rand();
		}
		if (plan_copy(&q, image, IMAGE_BYTES) == 0) {
			check_plan();
		}
	}
}

static FILE *real_image_open(void)
{
	static const char *const places[] = {"build/images/vmlinuz*", "/boot/vmlinuz-*"};
	const char *name = getenv("EVENKEEL_BZIMAGE");
	FILE *f = name != NULL ? fopen(name, "rb") : NULL;

	for (size_t i = 0; f == NULL && i < ARRAY_SIZE(places); i++) {
		glob_t found = {0};

		if (glob(places[i], 0, NULL, &found) == 0) {
			f = fopen(found.gl_pathv[found.gl_pathc - 1], "rb");
		}
		globfree(&found);
	}
	return f;
}

static void a_real_image(void **state)
{
	struct e820_entry memory[] = {{0, GUEST_LOW_RAM_END, E820_RAM},
				      {MIB(1), MIB(511), E820_RAM}};
	FILE *f = real_image_open();

	(void)state;
	if (f == NULL) {
		print_message("SKIP a_real_image: no EVENKEEL_BZIMAGE, nothing in build/images or "
			      "/boot\n");
		skip();
	}
	u8 *file = malloc(MIB(64));
	u64 size = fread(file, 1, MIB(64), f);
	struct load_request q = request_for(file, size);

	fclose(f);
	q.map = memory;
	q.map_count = ARRAY_SIZE(memory);
	if (loader_plan(&q, &plan, reason, sizeof(reason)) != 0) {
		fail_msg("%s", reason);
	}
	check_plan();
	print_message("%s, %u segments, entry %#llx\n", plan.description, plan.segment_count,
		      (unsigned long long)plan.state.rip);
	assert_int_not_equal(plan_copy(&q, file, size / 2), 0);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_image),		  cmocka_unit_test(without_initrd),
		cmocka_unit_test(truncated_anywhere),	  cmocka_unit_test(not_for_us),
		cmocka_unit_test(damaged_headers),	  cmocka_unit_test(too_big_for_memory),
		cmocka_unit_test(initrd_below_its_limit), cmocka_unit_test(relocation),
		cmocka_unit_test(command_lines),	  cmocka_unit_test(modules_are_refused),
		cmocka_unit_test(random_damage),	  cmocka_unit_test(a_real_image),
	};

	return cmocka_run_group_tests_name("linux_boot", tests, NULL, NULL);
}
