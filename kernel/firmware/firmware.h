/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a PC's firmware would leave in memory for the guest: ACPI tables, SMBIOS, BIOS data area,
 * memory map. Pure; builds images, the caller copies them into guest memory.
 */
#ifndef KERNEL_FIRMWARE_FIRMWARE_H
#define KERNEL_FIRMWARE_FIRMWARE_H

#include "kernel/guest_layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

/* --- ACPI and SMBIOS in the BIOS area --------------------------------------------------------- */

struct firmware_params {
	u64 memsize_bytes;
	u32 vcpu_count;	     /* 1 .. 1024 */
	const u32 *apic_ids; /* of each vCPU, distinct */
	u8 ioapic_id;
	u32 cpuid_signature; /* CPUID.1 EAX and EDX, for SMBIOS type 4 */
	u32 cpuid_features;
	u16 cpu_mhz; /* 0: unknown */
	u8 uuid[16]; /* in the order in which it is printed */
	/* Strings for SMBIOS, NULL for the default; what is over 63 characters is cut. */
	const char *manufacturer; /* of the system: "Evenkeel" */
	const char *product;	  /* "Evenkeel virtual machine" */
	const char *version;	  /* "1.0" */
	const char *serial;	  /* none */
	const char *cpu_name;	  /* "Virtual CPU" */
};

/* Where things came to lie; guest-physical. */
struct firmware_result {
	gpa_t rsdp;
	gpa_t smbios;  /* 32-bit entry point, "_SM_" */
	gpa_t smbios3; /* 64-bit entry point, "_SM3_" */
	u32 used_bytes;
};

/* Fills `image`, the guest's memory at GUEST_BIOS_BASE, GUEST_BIOS_SIZE bytes. The guest must be
 * able to write to that memory (the FACS holds the global lock). ERR_RANGE: a parameter is out of
 * range; ERR_LIMIT: the tables do not fit. */
int firmware_build(const struct firmware_params *p, u8 *image,
		   struct firmware_result *result) must_check;

/* --- BIOS data area --------------------------------------------------------------------------- */

#define FIRMWARE_BDA_BASE 0x400u
#define FIRMWARE_BDA_SIZE 0x100u

/* Fills `bda`, FIRMWARE_BDA_SIZE bytes of guest memory at FIRMWARE_BDA_BASE: serial ports, EBDA,
 * memory size. */
void firmware_build_bda(u8 *bda);

/* --- memory map ------------------------------------------------------------------------------- */

enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

/* As INT 15h E820h and Linux's boot_params have it (20 bytes). */
struct packed_struct e820_entry {
	u64 base;
	u64 size_bytes;
	u32 type;
};

#define FIRMWARE_E820_MAX 6

/* The memory map of a guest with that much RAM (at least 2 MiB, a multiple of 4 KiB; the legacy
 * hole at 640 KiB counts as used up). Sorted, not overlapping. Returns the number of entries, at
 * most FIRMWARE_E820_MAX. */
u32 firmware_build_e820(u64 memsize_bytes, struct e820_entry *map);

#endif
