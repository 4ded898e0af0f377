/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of VM and pool files, and messages about them. Pure; for the parsers of kernel/config. */
#ifndef KERNEL_CONFIG_LINES_PRIV_H
#define KERNEL_CONFIG_LINES_PRIV_H

#include "kernel/config.h"
#include "kernel/config/keys_priv.h"

/* How much of a key or value a message shows. */
#define CONFIG_SHOWN_MAX 40

struct config_lines {
	const char *file;
	const char *at, *end; /* text not read yet */
	struct config_messages *messages;
	u32 line; /* 0: the file as a whole */
	u32 errors;
	/* Of the present line: the key in the text, and terminated as far as messages show it; the value. */
	const char *name;
	size_t name_length;
	char key[CONFIG_SHOWN_MAX + 1];
	char value[CONFIG_CMDLINE_SIZE];
};

/* Clears *messages. False, with an error: the file is too large. */
bool config_lines_init(struct config_lines *l, const char *file, const char *text, size_t size,
		       struct config_messages *messages);
/* On to the next line that has a key and a value; malformed ones are reported. False: there is none, and messages are
 * about the whole file from here on. */
bool config_lines_next(struct config_lines *l);

/* Says something about the present line. */
void config_report(struct config_lines *l, enum config_level level, const char *fmt, ...) printf_like(3, 4);
/* The value is not what the key wants. */
void config_report_value(struct config_lines *l, const struct config_key *key);
/* The key was given before, in line `*first`; else that is noted. True: it was. */
bool config_report_twice(struct config_lines *l, u32 *first);
/* A lower bound above an upper one. */
void config_report_order(struct config_lines *l, const char *low, u32 low_value, const char *high, u32 high_value);

/* File contents and names are shown on terminals: nothing but printable ASCII goes there. */
void config_sanitise(char *text);

#endif
