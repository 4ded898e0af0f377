// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BIOS area as a whole, the BIOS data area and the memory map. The tables themselves are in
 * acpi.c and smbios.c.
 */
#include "kernel/firmware/firmware.h"

#include "kernel/firmware/firmware_priv.h"
#include "kernel/lib/string.h"

/* ACPI has the lower half of the area, SMBIOS the upper one: its anchor is searched from 0xF0000 on
 * only. */
#define ACPI_BYTES  0x10000u
#define VCPUS_MAX   1024u
#define MEMSIZE_MIN MIB(2)
#define MEMSIZE_MAX (1ull << 46)

u8 *area_alloc(struct area *a, u32 bytes, u32 align)
{
	u32 at = ALIGN_UP(a->used, align);

	if (at > a->size || bytes > a->size - at) {
		return NULL;
	}
	a->used = at + bytes;
	memset(a->memory + at, 0, bytes);
	return a->memory + at;
}

u32 area_address(const struct area *a, const void *p)
{
	return a->base + (u32)((const u8 *)p - a->memory);
}

u8 area_checksum(const void *p, u32 bytes)
{
	u8 sum = 0;

	for (u32 i = 0; i < bytes; i++) {
		sum = (u8)(sum + ((const u8 *)p)[i]);
	}
	return (u8)-sum;
}

int firmware_build(const struct firmware_params *p, u8 *image, struct firmware_result *result)
{
	struct area acpi = {image, GUEST_BIOS_BASE, 0, ACPI_BYTES};
	struct area smbios = {image + ACPI_BYTES, GUEST_BIOS_BASE + ACPI_BYTES, 0,
			      GUEST_BIOS_SIZE - ACPI_BYTES};
	int err;

	if (p->vcpu_count == 0 || p->vcpu_count > VCPUS_MAX || p->memsize_bytes < MEMSIZE_MIN ||
	    p->memsize_bytes > MEMSIZE_MAX) {
		return ERR_RANGE;
	}
	memset(image, 0, GUEST_BIOS_SIZE);
	err = acpi_build(p, &acpi, result);
	if (err != 0) {
		return err;
	}
	err = smbios_build(p, &smbios, result);
	if (err != 0) {
		return err;
	}
	result->used_bytes = acpi.used + smbios.used;
	return 0;
}

/* --- BIOS data area --------------------------------------------------------------------------- */

/* Offsets from FIRMWARE_BDA_BASE. */
enum {
	BDA_COM1 = 0x00,
	BDA_COM2 = 0x02,
	BDA_EBDA = 0x0e,
	BDA_EQUIPMENT = 0x10,
	BDA_LOW_KIB = 0x13
};

#define EQUIPMENT_FPU	 0x0002
#define EQUIPMENT_2_COMS 0x0400

static void put16(u8 *at, u32 value)
{
	at[0] = (u8)value;
	at[1] = (u8)(value >> 8);
}

void firmware_build_bda(u8 *bda)
{
	memset(bda, 0, FIRMWARE_BDA_SIZE);
	put16(bda + BDA_COM1, GUEST_PORT_COM1);
	put16(bda + BDA_COM2, GUEST_PORT_COM2);
	put16(bda + BDA_EBDA, GUEST_EBDA_BASE >> 4);
	put16(bda + BDA_EQUIPMENT, EQUIPMENT_FPU | EQUIPMENT_2_COMS);
	put16(bda + BDA_LOW_KIB, GUEST_LOW_RAM_END / 1024);
}

/* --- memory map ------------------------------------------------------------------------------- */

u32 firmware_build_e820(u64 memsize_bytes, struct e820_entry *map)
{
	u64 low_end = MIN(memsize_bytes, GUEST_LOW_RAM_LIMIT);
	u32 n = 0;

	map[n++] = (struct e820_entry){0, GUEST_LOW_RAM_END, E820_RAM};
	map[n++] = (struct e820_entry){GUEST_EBDA_BASE, GUEST_EBDA_SIZE, E820_RESERVED};
	map[n++] = (struct e820_entry){GUEST_BIOS_BASE, GUEST_BIOS_SIZE, E820_RESERVED};
	if (low_end > GUEST_HIGH_RAM_BASE) {
		map[n++] = (struct e820_entry){GUEST_HIGH_RAM_BASE, low_end - GUEST_HIGH_RAM_BASE,
					       E820_RAM};
	}
	if (memsize_bytes > low_end) {
		map[n++] =
			(struct e820_entry){GUEST_RAM_ABOVE_4G, memsize_bytes - low_end, E820_RAM};
	}
	return n;
}
