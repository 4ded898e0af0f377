/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of power.c that is not in arch/arch.h. */
#ifndef ARCH_X86_POWER_H
#define ARCH_X86_POWER_H

/* Reads emulator= from the command line. */
void power_init(const char *cmdline);

#endif
