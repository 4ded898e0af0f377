/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evenkeel.cfg: what evenkeel.efi is to start with. Lines:
 *
 *   # comment
 *   cmdline = the hypervisor's command line
 *   module = PATH [NAME]
 *
 * PATH is relative to the folder of the file, or absolute on its volume when it begins with / or \.
 * NAME is what VM files call the module; default: the last component of PATH. Pure.
 */
#ifndef BOOT_EFI_EFI_CONFIG_H
#define BOOT_EFI_EFI_CONFIG_H

#include "boot/boot_info.h"

#define EFI_CONFIG_PATH_MAX 256

struct efi_config_module {
	char path[EFI_CONFIG_PATH_MAX];
	char name[sizeof(((struct boot_module *)0)->name)];
	u32 line; /* where it stands, for messages */
};

struct efi_config {
	char cmdline[BOOT_CMDLINE_MAX];
	u32 module_count;
	struct efi_config_module modules[BOOT_MODULES_MAX];
};

struct efi_config_error {
	u32 line;
	const char *what;
};

/* Reads text[size]. ERR_FORMAT: the file is wrong, *error says where and what. */
int efi_config_parse(const char *text, size_t size, struct efi_config *config,
		     struct efi_config_error *error) must_check;

#endif
