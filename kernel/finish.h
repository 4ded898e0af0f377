/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens when the last VM has ended: command line finish=stay (default: the monitor goes on), poweroff, reboot,
 * or exit (ends an emulator run; code 0 when every VM ended well, else 1). pCPU 0 only.
 */
#ifndef KERNEL_FINISH_H
#define KERNEL_FINISH_H

#include "kernel/lib/types.h"

void finish_init(const char *cmdline);

/* The hypervisor could not do what it was started for (no virtualisation, a VM refused): the run counts as failed. */
void finish_note_failure(void);

/* All VMs that shall run at boot have been started: from now on their end counts. */
void finish_begin(void);

/* All VMs have ended and finish_run() has not been told yet. What they wrote is in their consoles' rings by then: the
 * caller shows it, and calls finish_run() once nothing is left to be shown. Called by the dispatch loop. */
bool finish_due(void);

/* Says so and does what the command line asks for. */
void finish_run(void);

#endif
