/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets of both loaders share: a request, and the promises of a plan. */
#ifndef TESTS_FUZZ_LOADER_FUZZ_H
#define TESTS_FUZZ_LOADER_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "kernel/loader/loader.h"
#include "tests/unit/kernel_images.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool good)
{
	if (!good) {
		abort();
	}
}

/* Every segment reads inside the plan or one of the files, lies in RAM above the first page, and overlaps no
 * other. */
static inline void check_segment(const struct load_plan *plan, u32 i)
{
	const struct load_segment *s = &plan->segments[i];
	u64 base = s->gpa.v, end = base + s->data_bytes + s->zero_bytes + s->reserve_bytes;
	bool in_ram = false;

	require(base >= PAGE_SIZE && end > base);
	for (u32 k = 0; k < plan->map_count; k++) {
		const struct e820_entry *e = &plan->map[k];

		in_ram = in_ram || (e->type == E820_RAM && base >= e->base &&
				    end <= e->base + e->size_bytes);
	}
	require(in_ram);
	for (u32 k = 0; k < i; k++) {
		const struct load_segment *t = &plan->segments[k];

		require(end <= t->gpa.v ||
			t->gpa.v + t->data_bytes + t->zero_bytes + t->reserve_bytes <= base);
	}
	if (s->data_bytes != 0) { /* the sanitizer looks at the ends */
		const volatile u8 *bytes = s->data;

		(void)bytes[0];
		(void)bytes[s->data_bytes - 1];
	}
}

/* Plans `file` for a guest of 64 MiB with a small ramdisk or module. */
static inline void plan_and_check(const u8 *file, size_t size, bool initrd)
{
	static const struct e820_entry map[] = {
		{0, GUEST_LOW_RAM_END, E820_RAM},
		{GUEST_BIOS_BASE, GUEST_BIOS_SIZE, E820_RESERVED},
		{MIB(1), MIB(63), E820_RAM},
	};
	static const u8 extra[5000];
	const struct loader_module module = {extra, sizeof(extra), "module args"};
	static struct load_plan plan;
	char reason[160] = "";
	struct load_request q = {
		.kernel = file,
		.kernel_bytes = size,
		.initrd = initrd ? extra : NULL,
		.initrd_bytes = sizeof(extra),
		.cmdline = "console=ttyS0",
		.modules = &module,
		.module_count = initrd ? 0 : 1,
		.map = map,
		.map_count = ARRAY_SIZE(map),
	};

	if (loader_plan(&q, &plan, reason, sizeof(reason)) != 0) {
		require(reason[0] != '\0');
		return;
	}
	require(plan.segment_count <= LOAD_SEGMENTS_MAX);
	for (u32 i = 0; i < plan.segment_count; i++) {
		check_segment(&plan, i);
	}
}

/*
 * The input: two bytes that cut the file, then records of an offset from `base` (1 byte, in steps of 4, or of 1 with
 * the width's top bit), a width (1, 2, 4 or 8) and that many bytes to put there.
 */
static inline void damage_and_check(u8 *file, size_t file_size, size_t base, const u8 *data, size_t size,
				    bool initrd)
{
	if (size < 2) {
		return;
	}
	size_t cut = (data[0] | (size_t)data[1] << 8) % 0x4000, left = file_size - MIN(cut, file_size);

	data += 2;
	size -= 2;
	while (size >= 2) {
		size_t width = (size_t)1 << (data[1] & 3);
		size_t at = base + data[0] * ((data[1] & 0x80) != 0 ? 1ul : 4ul);

		width = MIN(width, size - 2);
		if (at + width <= file_size) {
			memcpy(file + at, data + 2, width);
		}
		data += 2 + width;
		size -= 2 + width;
	}
	/* A block of its exact size: the sanitizer sees reads past it. */
	u8 *copy = malloc(left != 0 ? left : 1);

	memcpy(copy, file, left);
	plan_and_check(copy, left, initrd);
	free(copy);
}

#endif
