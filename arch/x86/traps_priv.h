/* SPDX-License-Identifier: GPL-2.0-only */
/* Between traps_entry.asm, traps.c and nmi.c. */
#ifndef ARCH_X86_TRAPS_PRIV_H
#define ARCH_X86_TRAPS_PRIV_H

#include "arch/x86/traps.h"

/* Called by the entry stubs. */
void trap_dispatch(struct trap_frame *frame);

/* Registers on all consoles; for a panic in progress. */
void trap_print_frame(const struct trap_frame *frame);

#endif
