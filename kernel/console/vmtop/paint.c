// SPDX-License-Identifier: GPL-2.0-only
/*
 * A grid to a terminal (ECMA-48 8.3.21 CUP, 8.3.39 ED, 8.3.41 EL): runs of changed cells, each
 * behind a movement of the cursor. Pure.
 */
#include "kernel/console/vmtop/screen.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* Unchanged cells between two changes that are sent again rather than jumped over. */
#define GAP 8u

/* The first changed cell from `at` on; width: none. */
static u32 change_find(const char *old, const char *new, u32 width, u32 at)
{
	while (at < width && old[at] == new[at]) {
		at++;
	}
	return at;
}

/* Behind the last cell of a run of changes that starts at `at`. */
static u32 run_end(const char *old, const char *new, u32 width, u32 at)
{
	u32 end = at + 1;

	for (u32 i = end; i < width && i < end + GAP; i++) {
		if (old[i] != new[i]) {
			end = i + 1;
		}
	}
	return end;
}

/* The length of the row without blanks at its end. */
static u32 text_length(const char *row, u32 width)
{
	while (width > 0 && row[width - 1] == ' ') {
		width--;
	}
	return width;
}

static u32 begin(struct top_terminal *t, const struct top_grid *grid, char *buf)
{
	if (t->known && t->shown.width == grid->width && t->shown.height == grid->height) {
		return 0;
	}
	t->known = true;
	t->shown.width = grid->width;
	t->shown.height = grid->height;
	memset(t->shown.cell, ' ', sizeof(t->shown.cell));
	return (u32)fmt_print(buf, TOP_ROW_BYTES, "\033[2J");
}

u32 top_paint_row(struct top_terminal *t, const struct top_grid *grid, u32 row, char *buf)
{
	const char *new = grid->cell[row];
	char *old = t->shown.cell[row];
	u32 width = grid->width, length = text_length(new, width);
	u32 n = row == 0 ? begin(t, grid, buf) : 0;

	for (u32 at = change_find(old, new, length, 0); at < length;) {
		u32 end = run_end(old, new, length, at);

		n += (u32)fmt_print(buf + n, TOP_ROW_BYTES - n, "\033[%u;%uH", row + 1, at + 1);
		memcpy(buf + n, new + at, end - at);
		n += end - at;
		at = change_find(old, new, length, end);
	}
	if (text_length(old, width) > length) {
		n += (u32)fmt_print(buf + n, TOP_ROW_BYTES - n, "\033[%u;%uH\033[K", row + 1,
				    length + 1);
	}
	memcpy(old, new, width);
	return n;
}

u32 top_paint_end(const struct top_grid *grid, char *buf, size_t size)
{
	return (u32)fmt_print(buf, size, "\033[%u;1H", grid->height);
}
