/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's command line: words "name" or "name=value" separated by spaces; a value may be
 * quoted with "" to contain spaces. Where a name stands twice the last one counts. Pure.
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include "kernel/lib/types.h"

/* A word of the command line, pointing into it. `value` is NULL for a bare name. */
struct cmdline_word {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* Takes the word at *cursor, which starts as the command line. Returns false at the end. */
bool cmdline_next(const char **cursor, struct cmdline_word *word);

/* Copies the value of option `name` into buf, cut to size - 1, terminated; a bare name has the
 * value "". Returns false, with buf empty, when the option is not there. */
bool cmdline_get(const char *cmdline, const char *name, char *buf, size_t size);

/* The value as a decimal or 0x number; `fallback` when absent, ERR-free: a malformed number gives
 * fallback and sets *bad where bad is not NULL. */
u64 cmdline_get_u64(const char *cmdline, const char *name, u64 fallback, bool *bad);

/* Does the comma-separated list of option `name` contain `item`? */
bool cmdline_has_item(const char *cmdline, const char *name, const char *item);

/* The hypervisor's own command line: set once by kernel_main, constant afterwards. */

/* Every option there is, ended by a NULL name; kernel_main warns about others. */
struct cmdline_option {
	const char *name;
	const char *help;
};
extern const struct cmdline_option cmdline_options[];

/* The next word on the line that names no known option, or false. */
bool cmdline_next_unknown(const char **cursor, struct cmdline_word *word);

#endif
