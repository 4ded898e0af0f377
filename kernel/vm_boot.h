/* SPDX-License-Identifier: GPL-2.0-only */
/* Start of day for VMs. */
#ifndef KERNEL_VM_BOOT_H
#define KERNEL_VM_BOOT_H

#include "kernel/config.h"

/* What there is to say about a file, to the log. */
void vm_boot_messages_print(const struct config_messages *messages);

/* Adds the VMs that the boot modules define; says on the log what is wrong with any. pCPU 0, once. */
void vm_boot_read(void);
/* Powers on those with autostart. */
void vm_boot_start(void);

#endif
