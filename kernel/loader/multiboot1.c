// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plans a guest that is a Multiboot 1 kernel (Multiboot Specification 0.6.96): ELF or with the
 * addresses in its header ("a.out kludge"). It is entered in 32-bit protected mode without paging.
 * Pure.
 */
#include "kernel/loader/multiboot1_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#define LOADER_NAME "Evenkeel"

/* --- header ----------------------------------------------------------------------------------- */

/* Where the header is in the file; false: nowhere. */
static bool header_find(const u8 *file, u64 size, u64 *offset)
{
	u64 end = MIN(size, (u64)MB1_HEADER_SEARCH);

	for (u64 at = 0; at + 12 <= end; at += 4) {
		const u8 *p = file + at;

		if (loader_read32(p) == MB1_HEADER_MAGIC &&
		    loader_read32(p) + loader_read32(p + 4) + loader_read32(p + 8) == 0) {
			*offset = at;
			return true;
		}
	}
	return false;
}

bool multiboot1_matches(const u8 *file, u64 size)
{
	u64 offset;

	return header_find(file, size, &offset);
}

static int header_read(const u8 *file, u64 size, u64 *offset, struct mb1_header *h,
		       struct loader_reason *r)
{
	if (!header_find(file, size, offset)) {
		return loader_fail(r, ERR_FORMAT, "it has no Multiboot 1 header");
	}
	memset(h, 0, sizeof(*h));
	memcpy(h, file + *offset, MIN((u64)sizeof(*h), size - *offset));
	if ((h->flags & MB1_VIDEO_MODE) != 0) {
		return loader_fail(r, ERR_NOTSUP,
				   "it asks for a video mode: guests have no display");
	}
	if ((h->flags & MB1_REQUIRED & ~(MB1_PAGE_ALIGN | MB1_MEMORY_INFO)) != 0) {
		return loader_fail(r, ERR_NOTSUP,
				   "it requires Multiboot features (flags %#x) that are not known",
				   h->flags);
	}
	if ((h->flags & MB1_ADDRESSES) != 0 && size - *offset < sizeof(*h)) {
		return loader_fail(r, ERR_FORMAT, "it is truncated within the Multiboot header");
	}
	return 0;
}

/* --- kernel ----------------------------------------------------------------------------------- */

/* Section 3.1.3. The header is in the file at `offset` and belongs to memory at header_addr: that
 * fixes where in the file the text begins. */
static int addresses_plan(const struct load_request *q, struct load_plan *plan,
			  const struct mb1_header *h, u64 offset, struct loader_reason *r)
{
	u64 before = (u64)h->header_addr - h->load_addr;

	if (h->header_addr < h->load_addr || before > offset) {
		return loader_fail(
			r, ERR_FORMAT,
			"its Multiboot header contradicts itself: load_addr %#x, header_addr "
			"%#x, %#llx bytes into the file",
			h->load_addr, h->header_addr, (unsigned long long)offset);
	}
	u64 start = offset - before, size = q->kernel_bytes - start;

	if (h->load_end_addr != 0) {
		if (h->load_end_addr < h->load_addr || h->load_end_addr - h->load_addr > size) {
			return loader_fail(
				r, ERR_FORMAT,
				"it is truncated, or its Multiboot header wrong: load_end_addr is "
				"%#x, load_addr %#x",
				h->load_end_addr, h->load_addr);
		}
		size = h->load_end_addr - h->load_addr;
	}
	u64 load_end = h->load_addr + size;
	u64 end = h->bss_end_addr != 0 ? h->bss_end_addr : load_end;

	if (end < load_end || h->entry_addr < h->load_addr || h->entry_addr >= load_end) {
		return loader_fail(
			r, ERR_FORMAT,
			"its Multiboot header contradicts itself: bss_end_addr %#x, entry_addr %#x",
			h->bss_end_addr, h->entry_addr);
	}
	struct load_segment s = {gpa(h->load_addr), q->kernel + start, size, end - load_end, 0};

	return plan_add(plan, &s, "the kernel", r);
}

static int kernel_plan(const struct load_request *q, struct load_plan *plan, u32 *entry,
		       struct loader_reason *r)
{
	struct mb1_header h;
	u64 offset;
	int err = header_read(q->kernel, q->kernel_bytes, &offset, &h, r);

	if (err != 0) {
		return err;
	}
	if ((h.flags & MB1_ADDRESSES) != 0) {
		*entry = h.entry_addr;
		return addresses_plan(q, plan, &h, offset, r);
	}
	if (q->kernel_bytes < 4 || memcmp(q->kernel,
					  "\x7f"
					  "ELF",
					  4) != 0) {
		return loader_fail(
			r, ERR_FORMAT,
			"its Multiboot header has no addresses, and it is not an ELF file");
	}
	return elf_plan(q->kernel, q->kernel_bytes, plan, entry, r);
}

/* --- what the kernel is told ------------------------------------------------------------------ */

/* The information structure, what it points to and the GDT are one block: `at` in the plan's
 * scratch, `gpa` in the guest. */
struct block {
	u8 *at;
	u64 gpa;
	u32 used, size;
};

/* Takes `size` bytes, 4-byte aligned; block_room() has counted them. */
static u32 block_take(struct block *b, u32 size)
{
	u32 at = b->used;

	b->used += ALIGN_UP(size, 4u);
	assert(b->used <= b->size);
	return at;
}

static u32 block_string(struct block *b, const char *text)
{
	u32 n = (u32)strlen(text) + 1, at = block_take(b, n);

	memcpy(b->at + at, text, n);
	return (u32)b->gpa + at;
}

static u64 string_room(const char *text)
{
	return ALIGN_UP((u64)strlen(text) + 1, 4u);
}

static u64 block_room(const struct load_request *q)
{
	u64 room = PLAN_GDT_SIZE + sizeof(struct mb1_info) + string_room(LOADER_NAME) +
		   string_room(q->cmdline) + q->map_count * (u64)sizeof(struct mb1_mmap);

	for (u32 i = 0; i < q->module_count; i++) {
		room += sizeof(struct mb1_module) + string_room(q->modules[i].string);
	}
	return room;
}

/* A place in low memory, where kernels expect such things, that the kernel leaves free. */
static int block_place(const struct load_request *q, struct load_plan *plan, struct block *b,
		       struct loader_reason *r)
{
	u64 room = block_room(q);

	b->at = room <= LOAD_SCRATCH_SIZE ? plan_scratch(plan, (u32)room) : NULL;
	if (b->at == NULL) {
		return loader_fail(r, ERR_LIMIT,
				   "command lines and memory map have %llu bytes, over %u",
				   (unsigned long long)room, LOAD_SCRATCH_SIZE);
	}
	if (!plan_find_low(plan, room, 0, PAGE_SIZE, &b->gpa) || b->gpa + room > GIB(4)) {
		return loader_fail(r, ERR_NOMEM, "no memory is left for the boot information");
	}
	b->size = (u32)room;
	struct load_segment s = {gpa(b->gpa), b->at, room, 0, 0};

	return plan_add(plan, &s, "the boot information", r);
}

/* Loads module i as high as 32 bits allow, and describes it at `entry`. */
static int module_plan(struct load_plan *plan, const struct loader_module *m, struct block *b,
		       u32 entry, struct loader_reason *r)
{
	struct mb1_module module = {.string = block_string(b, m->string)};
	u64 base = 0;

	if (m->size_bytes != 0 && !plan_find_high(plan, m->size_bytes, GIB(4), &base)) {
		return loader_fail(r, ERR_NOMEM,
				   "module \"%.40s\" of %llu KiB does not fit: the VM has %llu MiB",
				   m->string,
				   (unsigned long long)DIV_ROUND_UP(m->size_bytes, KIB(1)),
				   (unsigned long long)DIV_ROUND_UP(plan_ram_bytes(plan), MIB(1)));
	}
	module.mod_start = (u32)base;
	module.mod_end = (u32)(base + m->size_bytes);
	memcpy(b->at + entry, &module, sizeof(module));
	struct load_segment s = {gpa(base), m->data, m->size_bytes, 0, 0};

	return plan_add(plan, &s, "a module", r);
}

static int modules_plan(const struct load_request *q, struct load_plan *plan, struct block *b,
			struct mb1_info *info, struct loader_reason *r)
{
	u32 table = block_take(b, q->module_count * (u32)sizeof(struct mb1_module));

	info->mods_count = q->module_count;
	info->mods_addr = (u32)b->gpa + table;
	for (u32 i = 0; i < q->module_count; i++) {
		int err = module_plan(plan, &q->modules[i], b,
				      table + i * (u32)sizeof(struct mb1_module), r);

		if (err != 0) {
			return err;
		}
	}
	return 0;
}

/* KiB of RAM that follow `base` without a hole. */
static u32 ram_from(const struct load_request *q, u64 base)
{
	u64 at = base;

	for (u32 i = 0; i < q->map_count; i++) {
		const struct e820_entry *e = &q->map[i];

		if (e->type == E820_RAM && e->base <= at && at - e->base < e->size_bytes) {
			at = e->base + e->size_bytes;
		}
	}
	return (u32)MIN((at - base) / 1024, (u64)UINT32_MAX);
}

static void memory_tell(const struct load_request *q, struct block *b, struct mb1_info *info)
{
	u32 size = q->map_count * (u32)sizeof(struct mb1_mmap), table = block_take(b, size);

	info->mem_lower = ram_from(q, 0);
	info->mem_upper = ram_from(q, MIB(1));
	info->mmap_addr = (u32)b->gpa + table;
	info->mmap_length = size;
	for (u32 i = 0; i < q->map_count; i++) {
		struct mb1_mmap m = {sizeof(struct e820_entry), q->map[i]};

		memcpy(b->at + table + i * sizeof(m), &m, sizeof(m));
	}
}

/* --- all together ----------------------------------------------------------------------------- */

static int info_plan(const struct load_request *q, struct load_plan *plan, struct block *b,
		     u32 *info_at, struct loader_reason *r)
{
	struct mb1_info info = {.flags = MB1_INFO_MEMORY | MB1_INFO_CMDLINE | MB1_INFO_MODULES |
					 MB1_INFO_MAP | MB1_INFO_LOADER_NAME};
	u32 gdt = block_take(b, PLAN_GDT_SIZE);

	*info_at = block_take(b, sizeof(info));
	plan_gdt(b->at + gdt, false);
	info.boot_loader_name = block_string(b, LOADER_NAME);
	info.cmdline = block_string(b, q->cmdline);
	memory_tell(q, b, &info);
	int err = modules_plan(q, plan, b, &info, r);

	memcpy(b->at + *info_at, &info, sizeof(info));
	return err;
}

int multiboot1_plan(const struct load_request *q, struct load_plan *plan, struct loader_reason *r)
{
	struct block b = {.used = 0};
	u32 entry = 0, info_at = 0;
	int err = kernel_plan(q, plan, &entry, r);

	if (err == 0 && q->initrd != NULL) {
		err = loader_fail(r, ERR_NOTSUP,
				  "boot.initrd is for Linux: Multiboot kernels have boot.module0");
	}
	if (err == 0) {
		err = block_place(q, plan, &b, r);
	}
	if (err == 0) {
		err = info_plan(q, plan, &b, &info_at, r);
	}
	if (err != 0) {
		return err;
	}
	plan_state_flat(&plan->state, false, entry, b.gpa);
	plan->gpr[GPR_RAX] = MB1_LOADER_MAGIC;
	plan->gpr[GPR_RBX] = b.gpa + info_at;
	fmt_print(plan->description, sizeof(plan->description), "Multiboot 1 kernel, entry %#x",
		  entry);
	return 0;
}
