// SPDX-License-Identifier: GPL-2.0-only
/* See debugcon.h. Only used when the command line asks for it: on real machines the port is
 * unassigned. */
#include "kernel/drivers/debugcon.h"
#include "arch/x86/cpu.h"

#define DEBUGCON_PORT 0xe9

void debugcon_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		outb(DEBUGCON_PORT, (u8)text[i]);
	}
}
