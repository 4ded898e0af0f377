// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plans a Linux guest by the 64-bit boot protocol (boot.rst, "64-bit Boot Protocol"): the kernel at
 * its preferred address, the initial ramdisk as high as the kernel allows, boot_params, command
 * line, GDT and identity page tables on fixed low pages. Pure.
 */
#include "kernel/loader/bzimage_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* Low pages, all in conventional memory and given up by Linux once it has read them. */
#define LINUX_PARAMS_GPA  0x10000ull
#define LINUX_CMDLINE_GPA 0x11000ull
#define LINUX_GDT_GPA	  0x12000ull
#define LINUX_TABLES_GPA  0x13000ull

/* boot_params outside the setup header (zero-page.rst). */
enum {
	ACPI_RSDP_ADDR = 0x070,	   /* u64 */
	EXT_RAMDISK_IMAGE = 0x0c0, /* u32, high half */
	EXT_RAMDISK_SIZE = 0x0c4,  /* u32, high half */
	E820_ENTRIES = 0x1e8,	   /* u8 */
	TYPE_OF_LOADER = 0x210,	   /* u8 */
	RAMDISK_IMAGE = 0x218,	   /* u32 */
	RAMDISK_SIZE = 0x21c,	   /* u32 */
	CMD_LINE_PTR = 0x228,	   /* u32 */
	E820_TABLE = 0x2d0,	   /* 20 bytes an entry */
	E820_TABLE_MAX = 128,
};

#define LOADER_UNDEFINED   0xffu
#define ENTRY_64	   0x200u

/* Identity map of the first 4 GiB by 2 MiB pages, which every 64-bit CPU has: one PML4, one PDPT,
 * four page directories. */
#define TABLES_DIRECTORIES 4u
#define TABLES_SIZE	   ((2 + TABLES_DIRECTORIES) * (u32)PAGE_SIZE)
#define PTE_PRESENT_WRITE  0x3ull
#define PTE_LARGE	   0x80ull

static_assert(sizeof(struct e820_entry) == 20, "boot_params.e820_table has 20-byte entries");

struct linux_guest {
	struct bzimage image;
	u64 kernel, initrd; /* where they go; initrd 0: none */
	u8 *params;
};

/* --- places ----------------------------------------------------------------------------------- */

/* A relocatable kernel may be higher than it prefers, never lower: it would move itself up. */
static int kernel_place(const struct load_plan *plan, const struct bzimage *b, u64 *base,
			struct loader_reason *r)
{
	u64 align = b->alignment != 0 ? MAX(b->alignment, (u64)PAGE_SIZE) : 1;

	if (plan_find_low(plan, b->init_bytes, b->pref_address, align, base) &&
	    (b->alignment != 0 || *base == b->pref_address)) {
		if (*base + b->init_bytes <= GIB(TABLES_DIRECTORIES)) {
			return 0;
		}
	}
	return loader_fail(
		r, ERR_NOMEM,
		"it needs %llu MiB of memory from %llu MiB on: the VM has %llu MiB in all",
		(unsigned long long)DIV_ROUND_UP(b->init_bytes, MIB(1)),
		(unsigned long long)(b->pref_address / MIB(1)),
		(unsigned long long)(DIV_ROUND_UP(plan_ram_bytes(plan), MIB(1))));
}

/* Beyond the file's part the kernel unpacks itself and needs no particular contents. */
static int kernel_add(struct load_plan *plan, const struct bzimage *b, u64 base,
		      struct loader_reason *r)
{
	struct load_segment s = {gpa(base), b->payload, b->payload_bytes, 0,
				 b->init_bytes - b->payload_bytes};

	return plan_add(plan, &s, "the kernel", r);
}

static int initrd_add(struct load_plan *plan, const struct load_request *q, const struct bzimage *b,
		      u64 *base, struct loader_reason *r)
{
	if (q->initrd == NULL) {
		return 0;
	}
	if (q->initrd_bytes == 0) {
		return loader_fail(r, ERR_FORMAT, "the initial ramdisk is empty");
	}
	if (!plan_find_high(plan, q->initrd_bytes, MIN(b->initrd_limit, GIB(4)), base)) {
		return loader_fail(
			r, ERR_NOMEM,
			"the initial ramdisk of %llu KiB does not fit beside the kernel: the "
			"VM has %llu MiB",
			(unsigned long long)DIV_ROUND_UP(q->initrd_bytes, KIB(1)),
			(unsigned long long)DIV_ROUND_UP(plan_ram_bytes(plan), MIB(1)));
	}
	struct load_segment s = {gpa(*base), q->initrd, q->initrd_bytes, 0, 0};

	return plan_add(plan, &s, "the initial ramdisk", r);
}

/* --- generated pages -------------------------------------------------------------------------- */

static int generated_add(struct load_plan *plan, u64 base, const u8 *data, u32 size,
			 struct loader_reason *r)
{
	struct load_segment s = {gpa(base), data, size, 0, 0};

	return plan_add(plan, &s, "boot data", r);
}

static int cmdline_add(struct load_plan *plan, const char *cmdline, const struct bzimage *b,
		       struct loader_reason *r)
{
	size_t n = strlen(cmdline);
	u8 *copy;

	if (n > b->cmdline_max) {
		return loader_fail(r, ERR_LIMIT,
				   "the command line has %zu bytes: this kernel takes at most %u",
				   n, b->cmdline_max);
	}
	copy = n < PAGE_SIZE ? plan_scratch(plan, (u32)n + 1) : NULL;
	if (copy == NULL) {
		return loader_fail(r, ERR_LIMIT, "the command line is too long");
	}
	memcpy(copy, cmdline, n + 1);
	return generated_add(plan, LINUX_CMDLINE_GPA, copy, (u32)n + 1, r);
}

static void params_fill(u8 *params, const struct load_request *q, const struct bzimage *b,
			u64 initrd)
{
	/* The setup header goes over as it is in the file; all else starts as zero. */
	memcpy(params + BZIMAGE_HEADER_START, q->kernel + BZIMAGE_HEADER_START,
	       b->header_end - BZIMAGE_HEADER_START);
	params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
	loader_write32(params + CMD_LINE_PTR, (u32)LINUX_CMDLINE_GPA);
	if (q->initrd != NULL) {
		loader_write32(params + RAMDISK_IMAGE, (u32)initrd);
		loader_write32(params + RAMDISK_SIZE, (u32)q->initrd_bytes);
		loader_write32(params + EXT_RAMDISK_IMAGE, (u32)(initrd >> 32));
		loader_write32(params + EXT_RAMDISK_SIZE, (u32)(q->initrd_bytes >> 32));
	}
	loader_write64(params + ACPI_RSDP_ADDR, q->rsdp.v);
	params[E820_ENTRIES] = (u8)q->map_count;
	memcpy(params + E820_TABLE, q->map, q->map_count * sizeof(*q->map));
}

static void tables_fill(u8 *tables)
{
	u64 pdpt = LINUX_TABLES_GPA + PAGE_SIZE;

	loader_write64(tables, pdpt | PTE_PRESENT_WRITE);
	for (u32 i = 0; i < TABLES_DIRECTORIES; i++) {
		loader_write64(tables + PAGE_SIZE + i * 8,
			       (pdpt + (i + 1) * PAGE_SIZE) | PTE_PRESENT_WRITE);
	}
	for (u32 i = 0; i < TABLES_DIRECTORIES * 512; i++) {
		loader_write64(tables + 2 * PAGE_SIZE + i * 8,
			       i * LARGE_SIZE | PTE_LARGE | PTE_PRESENT_WRITE);
	}
}

/* Fixed places first: what is placed by search then keeps clear of them. */
static int generated_plan(struct load_plan *plan, const struct load_request *q,
			  struct linux_guest *g, struct loader_reason *r)
{
	u8 *gdt = plan_scratch(plan, PLAN_GDT_SIZE);
	u8 *tables = plan_scratch(plan, TABLES_SIZE);
	int err;

	g->params = plan_scratch(plan, PAGE_SIZE);
	if (g->params == NULL || gdt == NULL || tables == NULL || q->map_count > E820_TABLE_MAX) {
		return loader_fail(r, ERR_LIMIT, "the memory map is too long");
	}
	plan_gdt(gdt, true);
	tables_fill(tables);
	err = generated_add(plan, LINUX_PARAMS_GPA, g->params, PAGE_SIZE, r);
	if (err == 0) {
		err = generated_add(plan, LINUX_GDT_GPA, gdt, PLAN_GDT_SIZE, r);
	}
	if (err == 0) {
		err = generated_add(plan, LINUX_TABLES_GPA, tables, TABLES_SIZE, r);
	}
	if (err == 0) {
		err = cmdline_add(plan, q->cmdline, &g->image, r);
	}
	return err;
}

/* --- all together ----------------------------------------------------------------------------- */

static void state_fill(struct load_plan *plan, u64 kernel)
{
	struct guest_state *s = &plan->state;

	plan_state_flat(s, true, kernel + ENTRY_64, LINUX_GDT_GPA);
	s->cr0 |= 1ull << 31; /* PG */
	s->cr3 = LINUX_TABLES_GPA;
	s->cr4 = 1u << 5; /* PAE */
	s->efer = 0x500;  /* LME, LMA */
	plan->gpr[GPR_RSI] = LINUX_PARAMS_GPA;
}

static int parts_plan(struct load_plan *plan, const struct load_request *q, struct linux_guest *g,
		      struct loader_reason *r)
{
	int err = generated_plan(plan, q, g, r);

	if (err == 0) {
		err = kernel_place(plan, &g->image, &g->kernel, r);
	}
	if (err == 0) {
		err = kernel_add(plan, &g->image, g->kernel, r);
	}
	if (err == 0) {
		err = initrd_add(plan, q, &g->image, &g->initrd, r);
	}
	return err;
}

int linux_boot_plan(const struct load_request *q, struct load_plan *plan, struct loader_reason *r)
{
	struct linux_guest g = {.initrd = 0};
	const struct bzimage *b = &g.image;
	int err = bzimage_parse(q->kernel, q->kernel_bytes, &g.image, r);

	if (err == 0 && q->module_count != 0) {
		err = loader_fail(r, ERR_NOTSUP,
				  "boot.module is for Multiboot kernels: Linux has boot.initrd");
	}
	if (err == 0) {
		err = parts_plan(plan, q, &g, r);
	}
	if (err != 0) {
		return err;
	}
	params_fill(g.params, q, b, g.initrd);
	state_fill(plan, g.kernel);
	fmt_print(plan->description, sizeof(plan->description), "Linux %s, boot protocol %u.%02u",
		  b->version[0] != '\0' ? b->version : "of unknown version", b->protocol >> 8,
		  b->protocol & 0xff);
	return 0;
}
