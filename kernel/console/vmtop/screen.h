/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A screen of vmtop as a grid of characters, drawn from two samples and a view, and what to send to a terminal so that
 * it shows the grid: only what changed, at 115,200 baud 11 characters take a millisecond. Pure.
 */
#ifndef KERNEL_CONSOLE_VMTOP_SCREEN_H
#define KERNEL_CONSOLE_VMTOP_SCREEN_H

#include "kernel/console/vmtop/view.h"

/* Printable ASCII. */
struct top_grid {
	u32 width, height;
	char cell[TOP_HEIGHT_MAX][TOP_WIDTH_MAX];
};

/* Draws the view into *grid. `before` may be all zero: figures since the start. `notice`: a line that is shown where
 * messages are, unless the view has something to say there. */
void top_draw(const struct top_view *v, const struct top_sample *before, const struct top_sample *now,
	      const char *notice, struct top_grid *grid);

/* What the terminal shows. */
struct top_terminal {
	bool known; /* false: clear it first */
	struct top_grid shown;
};

/* Room for what one row needs. A move of the cursor is 8 bytes at most and is only made over that many cells. */
#define TOP_ROW_BYTES (2 * TOP_WIDTH_MAX + 32)

/*
 * Writes to buf[TOP_ROW_BYTES] what makes row `row` of the terminal, from 0, look as in the grid, with ANSI cursor
 * movements, and remembers it. Returns the number of bytes. Rows are sent one after the other; row 0 may clear the screen.
 */
u32 top_paint_row(struct top_terminal *t, const struct top_grid *grid, u32 row, char *buf);

/* Moves the cursor to the last row, where what others write does the least harm. */
u32 top_paint_end(const struct top_grid *grid, char *buf, size_t size);

#endif
