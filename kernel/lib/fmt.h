/* SPDX-License-Identifier: GPL-2.0-only */
/* Formatted text into a buffer, as snprintf() of C99 does. Pure. */
#ifndef KERNEL_LIB_FMT_H
#define KERNEL_LIB_FMT_H

#include <stdarg.h>

#include "kernel/lib/types.h"

/*
 * Formats into buf[size] and terminates it unless size is 0. Returns the length the whole text has,
 * without its terminator, which may be more than fits; at most INT_MAX.
 *
 * Conversions d i u x X p c s %, flags - 0 + space #, width and precision as numbers or *, lengths
 * hh h l ll z j t (C99 7.19.6.1). %p prints 0x and the address; %s of NULL prints (null). Anything
 * else after % is copied as it stands and takes no argument.
 */
int fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
int fmt_print(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

#endif
