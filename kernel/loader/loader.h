/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a kernel file to a guest that can be started: recognises Linux bzImages and Multiboot 1
 * kernels and plans what goes where in guest memory and with what registers the first vCPU starts.
 * Pure: it plans, the caller copies. Files are untrusted: all offsets in them are checked.
 */
#ifndef KERNEL_LOADER_LOADER_H
#define KERNEL_LOADER_LOADER_H

#include "arch/x86/virt/virt.h"
#include "kernel/firmware/firmware.h"
#include "kernel/lib/types.h"

/* A Multiboot module: its contents and its string, "name arguments". */
struct loader_module {
	const u8 *data;
	u64 size_bytes;
	const char *string;
};

struct load_request {
	const u8 *kernel;
	u64 kernel_bytes;
	const u8 *initrd; /* NULL: none */
	u64 initrd_bytes;
	const char *cmdline; /* never NULL */
	const struct loader_module *modules;
	u32 module_count;
	const struct e820_entry *map; /* as firmware_build_e820() makes it */
	u32 map_count;
	gpa_t rsdp; /* of the ACPI tables; 0: none */
};

/* `data_bytes` bytes of `data` at `gpa`, followed by `zero_bytes` zeros (the caller may skip those in fresh
 * memory, which is zeroed), followed by `reserve_bytes` that only have to be free RAM. */
struct load_segment {
	gpa_t gpa;
	const u8 *data;
	u64 data_bytes;
	u64 zero_bytes;
	u64 reserve_bytes;
};

#define LOAD_SEGMENTS_MAX 48u
#define LOAD_SCRATCH_SIZE 0xa000u

/* 44 KiB: not for the stack. Segments point into the request's files and into `scratch`. No two overlap, all lie in
 * RAM of the map, none in its first page. */
struct load_plan {
	u32 segment_count;
	struct load_segment segments[LOAD_SEGMENTS_MAX];
	u64 gpr[GPR_COUNT];	  /* of the bootstrap vCPU */
	struct guest_state state; /* all groups (GS_ALL) */
	char description[96];	  /* for the log: "Linux 6.1.0-18-amd64, boot protocol 2.15" */

	const struct e820_entry *map; /* the rest is the loaders' own */
	u32 map_count;
	u32 scratch_used;
	u8 scratch[LOAD_SCRATCH_SIZE] aligned_to(8);
};

/*
 * Fills *plan. On failure `reason` says in a phrase what is wrong with the file or what is missing ("it is
 * truncated: 1024 of 8388608 bytes are there"). Errors: ERR_FORMAT (not a kernel we know, or a broken one),
 * ERR_NOTSUP (a kernel that needs what we do not offer), ERR_NOMEM (guest memory is too small), ERR_LIMIT.
 * The plan borrows the request's buffers, strings excepted.
 */
int loader_plan(const struct load_request *request, struct load_plan *plan, char *reason,
		size_t reason_size) must_check;

#endif
