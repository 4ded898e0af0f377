/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of the monitor: "noun [verb] [arguments]". Splits a line into words, finds the command in tables
 * and checks the number of arguments. Pure; what commands do is in cmd_*.c.
 */
#ifndef KERNEL_CONSOLE_COMMAND_H
#define KERNEL_CONSOLE_COMMAND_H

#include "kernel/console/line_edit.h"
#include "kernel/lib/types.h"

#define COMMAND_WORDS_MAX 8u

struct command {
	const char *noun;
	const char *verb; /* NULL: the noun alone is the command */
	const char *args; /* as shown: "NAME", "[NOUN]", "" */
	u8 args_min, args_max;
	void (*run)(u32 argc, const char *const *argv); /* arguments only, without noun and verb */
	const char *help;
};

/* The commands of one file. */
struct command_set {
	const struct command *commands;
	u32 count;
};

/* A line made ready to run. */
struct command_call {
	const struct command *command; /* NULL: an empty line */
	u32 argc;
	const char *argv[COMMAND_WORDS_MAX]; /* into `text` */
	char text[LINE_EDIT_MAX + 1];
	char error[160];
};

/*
 * Words are separated by blanks; "..." or '...' keep blanks in a word. Returns 0, or ERR_INVAL with one line
 * in call->error that says what is wrong and what would be right.
 */
int command_parse(const char *line, const struct command_set *const *sets, u32 set_count,
		  struct command_call *call) must_check;

#endif
