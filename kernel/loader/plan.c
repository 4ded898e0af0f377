// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load plans: which guest memory is taken, what fits where, and the register state that all boot
 * protocols share. Pure.
 */
#include "kernel/loader/plan_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* Below: real-mode vectors and the BIOS data area. */
#define PLAN_FLOOR PAGE_SIZE

int loader_fail(struct loader_reason *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fmt_vprint(r->text, r->size, fmt, ap);
	va_end(ap);
	return err;
}

/* --- bytes ------------------------------------------------------------------------------------ */

u16 loader_read16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

u32 loader_read32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

u64 loader_read64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

void loader_write32(u8 *p, u32 v)
{
	memcpy(p, &v, sizeof(v));
}

void loader_write64(u8 *p, u64 v)
{
	memcpy(p, &v, sizeof(v));
}

u8 *plan_scratch(struct load_plan *plan, u32 size)
{
	u32 at = plan->scratch_used;

	if (size > LOAD_SCRATCH_SIZE - at) {
		return NULL;
	}
	plan->scratch_used = MIN(ALIGN_UP(at + size, 8u), LOAD_SCRATCH_SIZE);
	return plan->scratch + at;
}

/* --- guest memory ----------------------------------------------------------------------------- */

/* A range that does not wrap: `end` is exclusive. */
struct range {
	u64 base, end;
};

static bool ranges_overlap(struct range a, struct range b)
{
	return a.base < b.end && b.base < a.end;
}

static struct range segment_range(const struct load_segment *s)
{
	return (struct range){s->gpa.v,
			      s->gpa.v + s->data_bytes + s->zero_bytes + s->reserve_bytes};
}

/* Entry i of the map as far as it can be used; empty when it is no RAM. */
static struct range ram_range(const struct load_plan *plan, u32 i)
{
	const struct e820_entry *e = &plan->map[i];

	if (e->type != E820_RAM || e->base + e->size_bytes < e->base) {
		return (struct range){0, 0};
	}
	return (struct range){MAX(e->base, (u64)PLAN_FLOOR), e->base + e->size_bytes};
}

u64 plan_ram_bytes(const struct load_plan *plan)
{
	u64 sum = 0;

	for (u32 i = 0; i < plan->map_count; i++) {
		sum += plan->map[i].type == E820_RAM ? plan->map[i].size_bytes : 0;
	}
	return sum;
}

static bool range_in_ram(const struct load_plan *plan, struct range r)
{
	for (u32 i = 0; i < plan->map_count; i++) {
		struct range ram = ram_range(plan, i);

		if (r.base >= ram.base && r.end <= ram.end) {
			return true;
		}
	}
	return false;
}

static const struct load_segment *segment_overlapping(const struct load_plan *plan, struct range r)
{
	for (u32 i = 0; i < plan->segment_count; i++) {
		if (ranges_overlap(r, segment_range(&plan->segments[i]))) {
			return &plan->segments[i];
		}
	}
	return NULL;
}

int plan_add(struct load_plan *plan, const struct load_segment *s, const char *what,
	     struct loader_reason *r)
{
	struct range range = segment_range(s);
	u64 size = range.end - range.base;

	if (size == 0) {
		return 0;
	}
	if (range.end < range.base || !range_in_ram(plan, range)) {
		return loader_fail(r, ERR_NOMEM,
				   "%s, %llu bytes at %#llx, does not lie in the guest's memory of "
				   "%llu KiB",
				   what, (unsigned long long)size, (unsigned long long)range.base,
				   (unsigned long long)plan_ram_bytes(plan) / 1024);
	}
	if (segment_overlapping(plan, range) != NULL) {
		return loader_fail(r, ERR_FORMAT, "%s, %llu bytes at %#llx, overlaps another part",
				   what, (unsigned long long)size, (unsigned long long)range.base);
	}
	if (plan->segment_count == LOAD_SEGMENTS_MAX) {
		return loader_fail(r, ERR_LIMIT, "it has more than %u parts to load",
				   LOAD_SEGMENTS_MAX);
	}
	plan->segments[plan->segment_count++] = *s;
	return 0;
}

/* The highest place in one range of RAM. */
static bool find_high_in(const struct load_plan *plan, struct range ram, u64 size, u64 *base)
{
	while (ram.end > ram.base && ram.end - ram.base >= size) {
		u64 at = ALIGN_DOWN(ram.end - size, (u64)PAGE_SIZE);
		const struct load_segment *taken =
			segment_overlapping(plan, (struct range){at, at + size});

		if (at < ram.base) {
			return false;
		}
		if (taken == NULL) {
			*base = at;
			return true;
		}
		ram.end = segment_range(taken).base;
	}
	return false;
}

bool plan_find_high(const struct load_plan *plan, u64 size, u64 limit, u64 *base)
{
	/* The map is sorted. */
	for (u32 i = plan->map_count; i-- > 0;) {
		struct range ram = ram_range(plan, i);

		ram.end = MIN(ram.end, limit);
		if (find_high_in(plan, ram, size, base)) {
			return true;
		}
	}
	return false;
}

static bool find_low_in(const struct load_plan *plan, struct range ram, u64 size, u64 align,
			u64 *base)
{
	for (;;) {
		u64 at = ALIGN_UP(ram.base, align);

		if (at < ram.base || at > ram.end || ram.end - at < size) {
			return false;
		}
		const struct load_segment *taken =
			segment_overlapping(plan, (struct range){at, at + size});

		if (taken == NULL) {
			*base = at;
			return true;
		}
		ram.base = segment_range(taken).end;
	}
}

bool plan_find_low(const struct load_plan *plan, u64 size, u64 floor, u64 align, u64 *base)
{
	for (u32 i = 0; i < plan->map_count; i++) {
		struct range ram = ram_range(plan, i);

		ram.base = MAX(ram.base, floor);
		if (find_low_in(plan, ram, size, align, base)) {
			return true;
		}
	}
	return false;
}

/* --- entry state ------------------------------------------------------------------------------ */

/* Access rights as struct virt_segment has them (SDM 3.4.5.1): accessed, present, DPL 0. */
#define ATTR_CODE64 (0xbu | (u32)(SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_L | SEG_ATTR_G))
#define ATTR_CODE32 (0xbu | (u32)(SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB | SEG_ATTR_G))
#define ATTR_DATA   (0x3u | (u32)(SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB | SEG_ATTR_G))
#define ATTR_TSS    (0xbu | (u32)SEG_ATTR_P)
#define LIMIT_4G    0xffffffffu

/* A descriptor with base 0 and a limit of 4 GiB: its attributes start at bit 40, around the limit's
 * high bits. */
static u64 descriptor_flat(u32 attr)
{
	return 0x000f00000000ffffull | (u64)(attr & 0xf0ff) << 40;
}

void plan_gdt(u8 *gdt, bool code64)
{
	memset(gdt, 0, PLAN_GDT_SIZE);
	loader_write64(gdt + PLAN_SEL_CODE, descriptor_flat(code64 ? ATTR_CODE64 : ATTR_CODE32));
	loader_write64(gdt + PLAN_SEL_DATA, descriptor_flat(ATTR_DATA));
}

void plan_state_flat(struct guest_state *s, bool code64, u64 rip, u64 gdt)
{
	const struct virt_segment data = {PLAN_SEL_DATA, ATTR_DATA, LIMIT_4G, 0};

	memset(s, 0, sizeof(*s));
	s->rip = rip;
	s->rflags = 0x2;     /* the bit that is always set */
	s->cr0 = 0x31;	     /* PE, ET, NE */
	s->dr6 = 0xffff0ff0; /* the rest as after reset: SDM table 9-1 */
	s->dr7 = 0x400;
	s->pat = 0x0007040600070406;
	for (u32 i = 0; i < SEG_COUNT; i++) {
		s->seg[i] = data;
	}
	s->seg[SEG_CS] = (struct virt_segment){PLAN_SEL_CODE, code64 ? ATTR_CODE64 : ATTR_CODE32,
					       LIMIT_4G, 0};
	s->seg[SEG_LDTR] = (struct virt_segment){.attr = (u32)SEG_ATTR_UNUSABLE};
	s->seg[SEG_TR] = (struct virt_segment){.attr = ATTR_TSS, .limit = 0x67};
	s->gdtr = (struct virt_dtable){gdt, PLAN_GDT_SIZE - 1};
}
