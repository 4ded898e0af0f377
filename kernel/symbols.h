/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the hypervisor's functions for stack traces. The table is made from the linked image
 * (boot/symbols.awk) and linked in by a second pass. Any context, no locks.
 */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include "kernel/lib/types.h"

/* Name of the function that contains `address`, and how far into it that is; NULL when the address
 * lies in none. */
const char *symbols_find(u64 address, u64 *offset);

/* Writes "name+0x1f" or "0xffff..." into buf; returns buf. */
const char *symbols_format(u64 address, char *buf, size_t size);

#endif
