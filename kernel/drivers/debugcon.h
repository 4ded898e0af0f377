/* SPDX-License-Identifier: GPL-2.0-only */
/* The debug port 0xE9 of Bochs and QEMU: what is written to it appears on the host at once. */
#ifndef KERNEL_DRIVERS_DEBUGCON_H
#define KERNEL_DRIVERS_DEBUGCON_H

#include <stddef.h>

void debugcon_write(const char *text, size_t len);

#endif
