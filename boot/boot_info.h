/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the hypervisor knows about how it was started. GRUB (Multiboot2, boot/multiboot2.c) and
 * the EFI application (boot/efi/) both fill this in; nothing else looks at loader structures.
 *
 * The structure itself, its strings, the ACPI tables and the modules all lie in memory that
 * boot_info.ranges marks as BOOT_RAM_LOADER, BOOT_RAM_ACPI or BOOT_RESERVED, never in
 * BOOT_RAM_FREE.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "kernel/lib/types.h"

#define BOOT_RANGES_MAX	 256
#define BOOT_MODULES_MAX 64
#define BOOT_CMDLINE_MAX 2048

enum boot_range_type {
	BOOT_RAM_FREE,	 /* ours to use */
	BOOT_RAM_LOADER, /* RAM holding the image, modules, this structure: kept */
	BOOT_RAM_ACPI,	 /* RAM holding ACPI tables: kept, in the direct map */
	BOOT_RESERVED,	 /* firmware's, device's, bad: not touched */
};

/* Sorted by base, not overlapping, page aligned (free ranges shrunk, others grown). */
struct boot_range {
	hpa_t base;
	u64 size_bytes;
	enum boot_range_type type;
};

/* `name` is what the boot entry called it: the last path component of the module's file, or the
 * first word of the module's command line in a GRUB entry. */
struct boot_module {
	hpa_t base;
	u64 size_bytes;
	char name[128];
};

/* Linear 32-bit-per-pixel framebuffer; size 0 when there is none. */
struct boot_framebuffer {
	hpa_t base;
	u32 width_px, height_px, pitch_bytes;
	u8 red_shift, green_shift, blue_shift;
};

struct boot_info {
	const char *loader; /* "GRUB 2.06", "EFI" ... */
	char cmdline[BOOT_CMDLINE_MAX];
	hpa_t acpi_rsdp; /* 0: not given, search the BIOS areas */
	struct boot_framebuffer framebuffer;
	hpa_t image_base; /* where the hypervisor image was loaded */
	u64 image_size_bytes;
	bool ranges_dropped; /* the firmware's map was too long: some memory is not used */
	u32 range_count;
	struct boot_range ranges[BOOT_RANGES_MAX];
	u32 module_count;
	struct boot_module modules[BOOT_MODULES_MAX];
};

/* Entered once by every boot path on the bootstrap pCPU, on the boot stack, with paging on: the
 * image at its linked address, the first 4 GiB of memory in the direct map. Interrupts disabled.
 * Does not return. */
__attribute__((noreturn)) void kernel_main(struct boot_info *info);

#endif
