/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the loaders' tests: a guest's memory map, and carrying a plan out on a model of its memory. */
#ifndef TESTS_UNIT_LOADER_SUPPORT_H
#define TESTS_UNIT_LOADER_SUPPORT_H

#include "tests/unit/unit.h"
#include "tests/unit/kernel_images.h"
#include "kernel/lib/err.h"
#include "kernel/loader/loader.h"

/* A map like a small PC's. */
static struct e820_entry map[] = {
	{0, GUEST_LOW_RAM_END, E820_RAM},
	{GUEST_EBDA_BASE, 0x400, E820_RESERVED},
	{GUEST_BIOS_BASE, GUEST_BIOS_SIZE, E820_RESERVED},
	{MIB(1), MIB(63), E820_RAM},
};

static struct load_plan plan;
static char reason[256];

static struct load_request request_for(const u8 *kernel, u64 size)
{
	return (struct load_request){
		.kernel = kernel,
		.kernel_bytes = size,
		.cmdline = "",
		.map = map,
		.map_count = ARRAY_SIZE(map),
		.rsdp = gpa(0xe0010),
	};
}

/* The file is handed over in a block of its exact size, so that the sanitizer sees reads past it. */
static int plan_copy(struct load_request *q, const u8 *file, u64 size)
{
	u8 *copy = malloc(size != 0 ? size : 1);

	memcpy(copy, file, size);
	q->kernel = copy;
	q->kernel_bytes = size;
	int err = loader_plan(q, &plan, reason, sizeof(reason));

	free(copy);
	return err;
}

static maybe_unused void expect_failure(struct load_request *q, const u8 *file, u64 size, int err,
					const char *text)
{
	memset(reason, 0, sizeof(reason));
	assert_int_equal(plan_copy(q, file, size), err);
	assert_string_equal(reason, text);
}

/* What the header promises of every plan. */
static void check_plan(void)
{
	for (u32 i = 0; i < plan.segment_count; i++) {
		const struct load_segment *s = &plan.segments[i];
		u64 base = s->gpa.v, end = base + s->data_bytes + s->zero_bytes + s->reserve_bytes;
		bool in_ram = false;

		assert_true(base >= PAGE_SIZE && end > base);
		for (u32 e = 0; e < plan.map_count; e++) {
			const struct e820_entry *m = &plan.map[e];

			in_ram = in_ram || (m->type == E820_RAM && base >= m->base &&
					    end <= m->base + m->size_bytes);
		}
		assert_true(in_ram);
		for (u32 j = 0; j < i; j++) {
			const struct load_segment *t = &plan.segments[j];
			u64 t_end = t->gpa.v + t->data_bytes + t->zero_bytes + t->reserve_bytes;

			assert_true(end <= t->gpa.v || t_end <= base);
		}
	}
}

/* Guest memory after the plan was carried out: 64 MiB, which starts as garbage where nothing says zero. */
static u8 *carry_out(void)
{
	u8 *memory = malloc(MIB(64));

	memset(memory, 0xcc, MIB(64));
	check_plan();
	for (u32 i = 0; i < plan.segment_count; i++) {
		const struct load_segment *s = &plan.segments[i];

		memcpy(memory + s->gpa.v, s->data, s->data_bytes);
		memset(memory + s->gpa.v + s->data_bytes, 0, s->zero_bytes);
	}
	return memory;
}

static maybe_unused u32 read32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, 4);
	return v;
}

static maybe_unused u64 read64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, 8);
	return v;
}

#endif
