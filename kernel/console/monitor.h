/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The monitor: commands typed on the console, and guests' consoles. It never waits: monitor_poll() does what there is
 * to do and returns; long output leaves in portions between which guests run. pCPU 0 only, no locks held.
 */
#ifndef KERNEL_CONSOLE_MONITOR_H
#define KERNEL_CONSOLE_MONITOR_H

#include "kernel/lib/types.h"

/* After dispatch_init() and console_init(). ERR_NOMEM. */
int monitor_init(void) must_check;

/* Called by pCPU 0's dispatch loop; does nothing before monitor_init(). True while there is more to show than was shown. */
bool monitor_poll(void);

/* Runs a command as if it had been typed. */
void monitor_run(const char *line);

#endif
