/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a load plan together: shared by the loaders, private to this folder. Pure. */
#ifndef KERNEL_LOADER_PLAN_PRIV_H
#define KERNEL_LOADER_PLAN_PRIV_H

#include "kernel/loader/loader.h"

/* Where a loader writes why it failed. */
struct loader_reason {
	char *text;
	size_t size;
};

/* Formats the reason and returns `err`. */
int loader_fail(struct loader_reason *r, int err, const char *fmt, ...) printf_like(3, 4);

/* The loaders: each knows its own files. _matches() looks for the format's mark only. */
bool bzimage_matches(const u8 *file, u64 size);
int linux_boot_plan(const struct load_request *q, struct load_plan *plan,
		    struct loader_reason *r) must_check;
bool multiboot1_matches(const u8 *file, u64 size);
int multiboot1_plan(const struct load_request *q, struct load_plan *plan,
		    struct loader_reason *r) must_check;

/* Little-endian reads from a file; the caller has checked that the bytes are there. */
u16 loader_read16(const u8 *p);
u32 loader_read32(const u8 *p);
u64 loader_read64(const u8 *p);
void loader_write32(u8 *p, u32 v);
void loader_write64(u8 *p, u64 v);

/* Zeroed bytes of the plan's own, 8-byte aligned. What the loaders need is bounded by
 * LOAD_SCRATCH_SIZE; NULL when it is used up nevertheless. */
u8 *plan_scratch(struct load_plan *plan, u32 size) must_check;

/* Adds a segment. ERR_RANGE: not in RAM. ERR_EXIST: overlaps an earlier one. ERR_LIMIT: too many.
 * Empty segments vanish. The reason is written, `what` names the segment. No sum of two of the
 * segment's sizes may wrap: the caller bounds each by a file's size or by 2^62. */
int plan_add(struct load_plan *plan, const struct load_segment *s, const char *what,
	     struct loader_reason *r) must_check;

/* Free RAM of `size` bytes: the highest that ends at or below `limit`, page aligned, or the lowest from
 * `floor` on with the given alignment (a power of two). False: there is none. */
bool plan_find_high(const struct load_plan *plan, u64 size, u64 limit, u64 *base) must_check;
bool plan_find_low(const struct load_plan *plan, u64 size, u64 floor, u64 align,
		   u64 *base) must_check;

/* Bytes of RAM in the map. */
u64 plan_ram_bytes(const struct load_plan *plan);

/* --- entry state ------------------------------------------------------------------------------ */

/* Selectors of the GDT that plan_gdt() makes, the ones Linux wants (__BOOT_CS, __BOOT_DS). */
#define PLAN_SEL_CODE 0x10u
#define PLAN_SEL_DATA 0x18u
#define PLAN_GDT_SIZE 32u

/* Writes a GDT with flat code (64-bit or 32-bit) and data segments. */
void plan_gdt(u8 *gdt, bool code64);

/* Initial state in protected mode, paging off, flat segments as in plan_gdt(), interrupts off. */
void plan_state_flat(struct guest_state *s, bool code64, u64 rip, u64 gdt);

#endif
