/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deliberate faults, so that tests can see faults being caught: selftest=panic (trace), hang
 * (watchdog), stack (guard page), nx (data is not executed), wx (code is not written), div
 * (exception report).
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

/* Commits the fault that the command line asks for, if any; one that goes unnoticed panics. Any
 * pCPU. */
void selftest_run(const char *cmdline);

#endif
