/* SPDX-License-Identifier: GPL-2.0-only */
/* Every tunable constant, with its unit and the reason for its value. */
#ifndef KERNEL_PARAMS_H
#define KERNEL_PARAMS_H

#include "kernel/lib/types.h"

/* Frames kept zeroed ahead of need: 16 MiB, enough for the first-touch burst of a starting program; small
 * beside any machine that can run guests. */
#define FRAMES_ZEROED_MAX 4096u

/* Round-robin time slice: 10 ms, a few ticks of a guest's own scheduler (4 ms at HZ=250), so that each
 * turn gets something done and switching stays far below 0.1 %. */
#define SCHED_SLICE_NS (10 * NSEC_PER_MSEC)

/* How soon an entry with a held-back interrupt must exit (virt_vcpu.irq_deferred): one guest instruction is
 * over long before, and 20 us more on an interrupt goes unnoticed. */
#define IRQ_DEFER_NS (20 * NSEC_PER_USEC)

#endif
