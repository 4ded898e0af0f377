/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few ANSI control sequences (ECMA-48) that text consoles without a terminal behind them follow: cursor to a place,
 * erase the screen, erase the rest of the line. All others are swallowed. Pure.
 */
#ifndef KERNEL_DRIVERS_ESCAPE_H
#define KERNEL_DRIVERS_ESCAPE_H

#include "kernel/lib/types.h"

enum escape_action {
	ESCAPE_TEXT, /* the byte is none of a sequence's */
	ESCAPE_NONE, /* the byte belongs to a sequence that goes on, or asks for nothing */
	ESCAPE_MOVE, /* to escape.row, escape.column */
	ESCAPE_ERASE_SCREEN,
	ESCAPE_ERASE_LINE, /* from the cursor to its end */
};

/* All zero at first. */
struct escape {
	u8 state; /* 0 outside, 1 behind ESC, 2 behind ESC [ */
	u8 count; /* of the parameter that is being read */
	u32 parameter[2];
	u32 row, column; /* from 0, at most 9998 */
};

enum escape_action escape_feed(struct escape *e, char byte);

#endif
