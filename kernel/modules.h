/* SPDX-License-Identifier: GPL-2.0-only */
/* The boot modules (VM files, kernels, initial ramdisks), by name. Read-only after boot; any pCPU. */
#ifndef KERNEL_MODULES_H
#define KERNEL_MODULES_H

#include "boot/boot_info.h"

struct module {
	const char *name;
	const u8 *data;
	u64 size_bytes;
};

void modules_init(const struct boot_info *boot);
u32 modules_count(void);
struct module modules_at(u32 index);
/* False when no module has that name. The first one counts. */
bool modules_find(const char *name, struct module *out);

#endif
