/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures of the Multiboot Specification version 0.6.96, by its names. Pure; private to this folder.
 */
#ifndef KERNEL_LOADER_MULTIBOOT1_PRIV_H
#define KERNEL_LOADER_MULTIBOOT1_PRIV_H

#include "kernel/loader/plan_priv.h"

#define MB1_HEADER_MAGIC  0x1badb002u
#define MB1_LOADER_MAGIC  0x2badb002u
#define MB1_HEADER_SEARCH 8192u

/* Header flags. 0-15 must be understood, 16-31 may be ignored (section 3.1.2). */
#define MB1_PAGE_ALIGN	BIT(0)
#define MB1_MEMORY_INFO BIT(1)
#define MB1_VIDEO_MODE	BIT(2)
#define MB1_REQUIRED	0xffffu
#define MB1_ADDRESSES	BIT(16)

struct packed_struct mb1_header {
	u32 magic, flags, checksum;
	/* With MB1_ADDRESSES: */
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

/* Flags of the information structure. */
#define MB1_INFO_MEMORY	     BIT(0)
#define MB1_INFO_CMDLINE     BIT(2)
#define MB1_INFO_MODULES     BIT(3)
#define MB1_INFO_MAP	     BIT(6)
#define MB1_INFO_LOADER_NAME BIT(9)

struct packed_struct mb1_info {
	u32 flags;
	u32 mem_lower, mem_upper; /* KiB from 0 and from 1 MiB */
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
	u32 drives_length, drives_addr;
	u32 config_table;
	u32 boot_loader_name;
	u32 apm_table;
};
assert_offset(struct mb1_info, mmap_length, 44);
assert_offset(struct mb1_info, boot_loader_name, 64);

struct packed_struct mb1_module {
	u32 mod_start, mod_end, string, reserved;
};

struct packed_struct mb1_mmap {
	u32 size; /* of what follows: 20 */
	struct e820_entry entry;
};
static_assert(sizeof(struct mb1_mmap) == 24, "memory map entry");

/* Adds the segments of an ELF kernel (32-bit, or 64-bit as a mere container) and finds its entry point. */
int elf_plan(const u8 *file, u64 size, struct load_plan *plan, u32 *entry,
	     struct loader_reason *r) must_check;

#endif
