/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's log: every message goes to a ring (monitor command `log`) and to all consoles.
 * Callable from anywhere on any pCPU, with any lock held except log.c's own; never blocks for
 * longer than it takes the UART to accept the text. One call is one line; no trailing newline.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "kernel/lib/types.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_at(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/* Messages above this level are not shown on consoles, only kept: loglevel=error|warn|info|debug,
 * default info. */
void log_set_console_level(enum log_level level);

/* Copies log text from position *cursor (0: the oldest kept) and advances it; returns the number of
 * bytes, 0 at the end. Lines end in \n. Any pCPU. */
size_t log_read(u64 *cursor, char *buf, size_t size);

/* As log_at(), but takes no lock and goes to all consoles whatever the level: for panic() and the
 * handlers of NMI and machine check only. */
void log_emergency(const char *fmt, ...) printf_like(1, 2);

/* Copies the last lines kept, as many as fit; takes no lock: for panic() only. */
size_t log_read_tail(char *buf, size_t size);

/* Prints the message, and a symbolised stack trace on every console, stops all other
 * pCPUs, then halts or reboots as the command line's panic= says. Callable in any context. */
__attribute__((noreturn, cold)) void panic(const char *fmt, ...) printf_like(1, 2);

#endif
