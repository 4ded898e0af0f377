/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text between guests and the operator's terminal: the key that leaves an attached console, and the lines
 * that `console all` makes of a guest's output. Pure.
 */
#ifndef KERNEL_CONSOLE_GUEST_TEXT_H
#define KERNEL_CONSOLE_GUEST_TEXT_H

#include "kernel/lib/types.h"

/* ^] as in telnet; then . leaves and ^] sends one ^]. */
#define ATTACH_ESCAPE 0x1du

enum attach_key {
	ATTACH_SEND, /* the byte is for the guest */
	ATTACH_HOLD, /* nothing yet, or a key that means nothing after ^] */
	ATTACH_LEAVE,
};

/* *escaped is the state between calls; false at first. */
enum attach_key attach_key_feed(bool *escaped, u8 byte);

#define GUEST_LINE_MAX 160u

/* One guest's line being gathered. Escape sequences and control characters are left out: several guests'
 * mixed would garble the terminal. */
struct guest_line {
	u16 length;
	u8 escape; /* how far into an escape sequence, as in struct line_edit */
	char text[GUEST_LINE_MAX];
};

/* Takes a byte; true when the line is complete (newline, or full): the caller shows and clears it. */
bool guest_line_feed(struct guest_line *l, u8 byte);

static inline void guest_line_clear(struct guest_line *l)
{
	l->length = 0;
}

#endif
