/* SPDX-License-Identifier: GPL-2.0-only */
/* Instants of the hypervisor's life that benchmarks want to know. Any pCPU, no locks. */
#ifndef KERNEL_MILESTONES_H
#define KERNEL_MILESTONES_H

#include "kernel/lib/types.h"

enum milestone {
	MILESTONE_KERNEL_MAIN, /* entry of kernel_main() */
	MILESTONE_FIRST_GUEST, /* the first vCPU is entered */
	MILESTONE_COUNT
};

/* Notes the machine's TSC, the first time it is called for `milestone`. */
void milestone_note(enum milestone milestone);

/* The time between the two to the log, if both were reached. */
void milestones_log(void);

#endif
