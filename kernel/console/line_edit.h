/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Line editor of the monitor: one typed byte in, text for the terminal out. Backspace, ^U, ^C, ^A, ^E, Delete,
 * arrows, Home and End by their ANSI sequences, a few lines of history. What it writes is printable
 * ASCII, \b and \n only, so that consoles without cursor addressing can follow. Pure.
 */
#ifndef KERNEL_CONSOLE_LINE_EDIT_H
#define KERNEL_CONSOLE_LINE_EDIT_H

#include "kernel/lib/types.h"

/* Bytes of a line without terminator: fits a terminal's row behind the prompt, twice. */
#define LINE_EDIT_MAX	  120u
#define LINE_EDIT_HISTORY 8u

enum line_event {
	LINE_MORE,	/* keep feeding */
	LINE_DONE,	/* the line is in `text`; it stays until the next byte is fed */
	LINE_CANCELLED, /* ^C */
};

/* Text to show. Replacing a full line by another is the longest: back, over, blanks and back again. */
struct line_output {
	u32 length;
	char text[3 * LINE_EDIT_MAX + 8];
};

struct line_edit {
	char text[LINE_EDIT_MAX + 1]; /* terminated */
	u32 length, cursor;
	bool fresh;    /* the last line was handed out: the next byte starts another */
	bool after_cr; /* a \n now belongs to the \r before it */
	u8 escape;     /* how far into an escape sequence: 0 not, 1 ESC, 2 ESC [ */
	u8 parameter;  /* digit of ESC [ digit ~ */
	u32 history_count, history_next;
	u32 history_back; /* how many lines back the shown one is; 0: the line being typed */
	char history[LINE_EDIT_HISTORY][LINE_EDIT_MAX + 1];
};

void line_edit_init(struct line_edit *e);

/* Handles one byte and says in *out what to show. */
enum line_event line_edit_feed(struct line_edit *e, u8 byte, struct line_output *out);

/* Is there a line being typed? */
static inline bool line_edit_active(const struct line_edit *e)
{
	return !e->fresh && e->length != 0;
}

/* Shows the line being typed again, cursor included, at the present position. */
void line_edit_redraw(const struct line_edit *e, struct line_output *out);

#endif
