/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Non-maskable interrupts: how pCPUs stop each other in a panic, and the watchdog's voice. The
 * handler takes no locks and returns unless there is a reason to stop.
 */
#ifndef ARCH_X86_NMI_H
#define ARCH_X86_NMI_H

#include "arch/x86/traps.h"

void nmi_handle(struct trap_frame *frame);

#endif
