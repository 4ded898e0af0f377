/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The columns of vmtop as tables: one for each screen. A column more is a line more, and a value in figures.h. The
 * screen, the help, the choice of fields and the batch file follow. Pure.
 */
#ifndef KERNEL_CONSOLE_VMTOP_FIELDS_H
#define KERNEL_CONSOLE_VMTOP_FIELDS_H

#include "kernel/console/vmtop/figures.h"

/* Each is chosen by a letter. */
#define TOP_FIELDS_MAX 26u

enum top_page { TOP_PAGE_CPU, TOP_PAGE_MEMORY, TOP_PAGES };

enum top_format { TOP_NUMBER, TOP_HUNDREDTHS, TOP_TEXT };

enum top_scope { TOP_OF_ALL, TOP_OF_GROUPS, TOP_OF_VMS };

struct top_field {
	const char *heading;
	enum top_value value;	/* TOP_TEXT: the name */
	enum top_format format;
	u8 width;
	u8 rank;		/* narrow screens leave out the highest */
	char sort_key;		/* key that sorts by it; 0: none */
	enum top_scope scope;	/* of others there is nothing to say */
	const char *csv;	/* name in the batch file; NULL: not there */
	const char *help;
};

struct top_page_fields {
	const char *name; /* of the batch file's objects: "Group <name>" */
	const struct top_field *fields;
	u32 count;
};

extern const struct top_page_fields top_pages[TOP_PAGES];

/* Writes a value as wide as it has to be: "12", "33.33", "-". `places`: fewer decimals when that is wider. 0: any. */
int top_value_print(char *buf, size_t size, enum top_format format, s64 value, u32 places);

#endif
