/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's consoles together: text goes to each that console= names (com1, com2, fb,
 * debugcon), input comes from COM1. Below log.c and the monitor.
 */
#ifndef KERNEL_DRIVERS_CONSOLE_H
#define KERNEL_DRIVERS_CONSOLE_H

#include "boot/boot_info.h"
#include "kernel/lib/types.h"

/* Opens the consoles that the command line asks for; default com1,fb. Before this, nothing is
 * output. */
void console_init(const struct boot_info *info);

/* Writes text to all consoles; \n becomes \r\n where a terminal needs it. Serialised by the console
 * lock. */
void console_write(const char *text, size_t len);

/* The same for whole lines, which start in the first column whatever (prompt, guest's output)
 * stands there. */
void console_write_line(const char *line, size_t len);

/* console_write() without the lock: for panic(), when its holder may be stopped. */
void console_write_unlocked(const char *text, size_t len);

/* Waits until consoles have output what was written: before the machine is reset or ended. No lock.
 */
void console_flush(void);

/* Closes the console that is being written to, because writing to it faulted: for panic() only. */
void console_close_current(void);

/* The next byte typed, or -1. One reader. */
int console_getc(void);

#endif
