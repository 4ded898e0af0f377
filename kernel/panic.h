/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps of panic() (kernel/log.h) for code that has more to say than a sentence: trap and NMI
 * handlers. panic_begin(), then log_emergency() as often as wanted, then panic_end().
 */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/lib/types.h"

/* Reads panic= from the command line. */
void panic_init(const char *cmdline);

/* Stops all other pCPUs. Does not return on a pCPU that comes second; a panic within a panic ends
 * at once. */
void panic_begin(void);

/* Prints the stack trace that starts at `pc` (0: left out) and frame pointer `frame`, then the last
 * log lines, and halts, reboots or exits. */
__attribute__((noreturn)) void panic_end(u64 pc, u64 frame);

#endif
