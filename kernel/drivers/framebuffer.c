// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text console on a linear framebuffer. Characters are kept in a grid in RAM and only cells that
 * changed are drawn: reading video memory is slow, and scrolling in it slower still.
 */
#include "kernel/drivers/framebuffer.h"
#include "arch/arch.h"
#include "kernel/drivers/escape.h"
#include "kernel/drivers/font.h"
#include "kernel/lib/string.h"

#define CELL_WIDTH_DOTS	 6
#define CELL_HEIGHT_DOTS 10
#define COLUMNS_MAX	 256
#define ROWS_MAX	 128
#define INK		 0xd0
/* At the bottom the text moves up by this part of the screen: drawing it all for each line would
 * take too long. */
#define SCROLL_PART	 6u
/* From this width on, dots are two pixels wide and high. */
#define DOUBLE_WIDTH_PX	 1000u

static struct {
	volatile u8 *va;
	u32 pitch_bytes, height_px;
	u32 ink;
	u32 scale;
	u32 columns, rows;
	u32 column, row;
	struct escape escape;
	/* Rows that may differ from what is drawn; none when first > last. */
	u32 dirty_first, dirty_last;
	char grid[ROWS_MAX][COLUMNS_MAX];
	char drawn[ROWS_MAX][COLUMNS_MAX];
} fb;

/* Shifts beyond a 32-bit pixel, sizes that overflow: firmware is not trusted to make sense. */
static bool is_usable(const struct boot_framebuffer *f)
{
	u64 size = (u64)f->pitch_bytes * f->height_px;

	return f->base.v != 0 && f->width_px >= 320 && f->width_px <= 16384 &&
	       f->height_px >= 200 && f->height_px <= 16384 && f->pitch_bytes >= f->width_px * 4 &&
	       f->pitch_bytes <= 16384 * 8 && f->base.v + size <= BIT(52) && f->red_shift <= 24 &&
	       f->green_shift <= 24 && f->blue_shift <= 24;
}

static void clear(void)
{
	for (u32 y = 0; y < fb.height_px; y++) {
		volatile u32 *line = (volatile u32 *)(fb.va + (u64)y * fb.pitch_bytes);

		for (u32 x = 0; x < fb.pitch_bytes / 4; x++) {
			line[x] = 0;
		}
	}
}

bool framebuffer_init(const struct boot_framebuffer *f)
{
	if (!is_usable(f)) {
		return false;
	}
	fb.pitch_bytes = f->pitch_bytes;
	fb.ink = (u32)INK << f->red_shift | (u32)INK << f->green_shift | (u32)INK << f->blue_shift;
	fb.scale = f->width_px >= DOUBLE_WIDTH_PX ? 2 : 1;
	fb.columns = MIN(f->width_px / (CELL_WIDTH_DOTS * fb.scale), COLUMNS_MAX);
	fb.rows = MIN(f->height_px / (CELL_HEIGHT_DOTS * fb.scale), ROWS_MAX);
	fb.height_px = f->height_px;
	if (f->base.v + (u64)f->pitch_bytes * f->height_px <= GIB(4)) {
		fb.va = hpa_to_va(f->base);
		clear();
	}
	return true;
}

static void draw_dots(volatile u8 *at, u8 dots)
{
	volatile u32 *px = (volatile u32 *)at;

	for (u32 x = 0; x < FONT_WIDTH_DOTS * fb.scale; x++) {
		bool on = (dots >> (FONT_WIDTH_DOTS - 1 - x / fb.scale)) & 1;

		px[x] = on ? fb.ink : 0;
	}
}

static void draw_cell(u32 row, u32 column)
{
	char c = fb.grid[row][column];
	const u8 *glyph = font_glyphs[c >= FONT_FIRST && c <= FONT_LAST ? c - FONT_FIRST : 0];
	u64 x = (u64)column * CELL_WIDTH_DOTS * fb.scale * 4;
	u64 y = (u64)row * CELL_HEIGHT_DOTS * fb.scale;

	for (u32 dot = 0; dot < FONT_ROWS * fb.scale; dot++) {
		draw_dots(fb.va + (y + dot) * fb.pitch_bytes + x, glyph[dot / fb.scale]);
	}
}

static void draw_changes(void)
{
	for (u32 row = fb.dirty_first; row <= fb.dirty_last; row++) {
		for (u32 column = 0; column < fb.columns; column++) {
			if (fb.grid[row][column] != fb.drawn[row][column]) {
				draw_cell(row, column);
				fb.drawn[row][column] = fb.grid[row][column];
			}
		}
	}
	fb.dirty_first = fb.rows;
	fb.dirty_last = 0;
}

static void mark_dirty(u32 first, u32 last)
{
	fb.dirty_first = MIN(fb.dirty_first, first);
	fb.dirty_last = MAX(fb.dirty_last, last);
}

static void next_line(void)
{
	fb.column = 0;
	if (fb.row + 1 < fb.rows) {
		fb.row++;
		return;
	}
	u32 jump = fb.rows / SCROLL_PART;

	memmove(fb.grid[0], fb.grid[jump], (fb.rows - jump) * sizeof(fb.grid[0]));
	memset(fb.grid[fb.rows - jump], ' ', jump * sizeof(fb.grid[0]));
	fb.row = fb.rows - jump;
	mark_dirty(0, fb.rows - 1);
}

static void erase_screen(void)
{
	memset(fb.grid, ' ', sizeof(fb.grid));
	mark_dirty(0, fb.rows - 1);
}

static void erase_line(void)
{
	memset(&fb.grid[fb.row][fb.column], ' ', fb.columns - fb.column);
	mark_dirty(fb.row, fb.row);
}

static void put_text(char c)
{
	switch (c) {
	case '\n':
		next_line();
		break;
	case '\r':
		fb.column = 0;
		break;
	case '\b':
		fb.column -= fb.column > 0 ? 1 : 0;
		break;
	default:
		if (fb.column == fb.columns) {
			next_line();
		}
		fb.grid[fb.row][fb.column++] = c;
		mark_dirty(fb.row, fb.row);
	}
}

static void put_char(char c)
{
	switch (escape_feed(&fb.escape, c)) {
	case ESCAPE_TEXT:
		put_text(c);
		break;
	case ESCAPE_NONE:
		break;
	case ESCAPE_MOVE: /* a screen that is too large ends up in the last cells */
		fb.row = MIN(fb.escape.row, fb.rows - 1);
		fb.column = MIN(fb.escape.column, fb.columns - 1);
		break;
	case ESCAPE_ERASE_SCREEN:
		erase_screen();
		break;
	case ESCAPE_ERASE_LINE:
		erase_line();
		break;
	}
}

void framebuffer_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put_char(text[i]);
	}
	if (fb.va != NULL) {
		draw_changes();
	}
}

void framebuffer_remap(void *va)
{
	bool was_dark = fb.va == NULL;

	fb.va = va;
	if (va != NULL && fb.rows != 0 && was_dark) {
		clear();
		draw_changes();
	}
}
