/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of kernel/firmware only: the area in which tables are laid out, and its
 * builders. */
#ifndef KERNEL_FIRMWARE_FIRMWARE_PRIV_H
#define KERNEL_FIRMWARE_FIRMWARE_PRIV_H

#include "kernel/firmware/firmware.h"

/* A piece of guest memory that is filled from its start on. */
struct area {
	u8 *memory;
	u32 base; /* guest-physical address of `memory` */
	u32 used;
	u32 size;
};

/* Reserves zeroed room; NULL when it does not fit. `align` is a power of two. */
u8 *area_alloc(struct area *a, u32 bytes, u32 align);

/* Guest-physical address of something in the area. */
u32 area_address(const struct area *a, const void *p);

/* The byte that makes the sum of `bytes` bytes at `p` zero, when it is 0 now. */
u8 area_checksum(const void *p, u32 bytes);

/* Each builds its tables in `a`. ERR_LIMIT: no room. */
int acpi_build(const struct firmware_params *p, struct area *a,
	       struct firmware_result *result) must_check;
int smbios_build(const struct firmware_params *p, struct area *a,
		 struct firmware_result *result) must_check;

#endif
