// SPDX-License-Identifier: GPL-2.0-only
/* Line editor. Keys are two tables: control characters, and final bytes of escape sequences. Pure.
 */
#include "kernel/console/line_edit.h"
#include "kernel/lib/string.h"

enum { CTRL_A = 1, CTRL_C = 3, CTRL_E = 5, BACKSPACE = 8, CTRL_U = 21, ESC = 27, DEL = 127 };

void line_edit_init(struct line_edit *e)
{
	memset(e, 0, sizeof(*e));
}

/* --- showing ---------------------------------------------------------------------------------- */

static void out_text(struct line_output *out, const char *text, u32 n)
{
	n = MIN(n, (u32)sizeof(out->text) - out->length);
	memcpy(out->text + out->length, text, n);
	out->length += n;
}

static void out_repeat(struct line_output *out, char c, u32 n)
{
	while (n-- > 0) {
		out_text(out, &c, 1);
	}
}

/* Shows everything from the cursor on, blanks over `gone` characters that were there before, and
 * returns to the cursor. */
static void tail_show(const struct line_edit *e, struct line_output *out, u32 gone)
{
	out_text(out, e->text + e->cursor, e->length - e->cursor);
	out_repeat(out, ' ', gone);
	out_repeat(out, '\b', e->length - e->cursor + gone);
}

void line_edit_redraw(const struct line_edit *e, struct line_output *out)
{
	out->length = 0;
	if (!e->fresh) {
		out_text(out, e->text, e->length);
		out_repeat(out, '\b', e->length - e->cursor);
	}
}

/* --- editing ---------------------------------------------------------------------------------- */

static void cursor_move(struct line_edit *e, struct line_output *out, u32 to)
{
	if (to < e->cursor) {
		out_repeat(out, '\b', e->cursor - to);
	} else {
		out_text(out, e->text + e->cursor, to - e->cursor);
	}
	e->cursor = to;
}

static void char_insert(struct line_edit *e, struct line_output *out, char c)
{
	if (e->length == LINE_EDIT_MAX) {
		return;
	}
	memmove(e->text + e->cursor + 1, e->text + e->cursor, e->length - e->cursor + 1);
	e->text[e->cursor] = c;
	e->length++;
	out_text(out, &c, 1);
	e->cursor++;
	tail_show(e, out, 0);
}

static void char_delete(struct line_edit *e, struct line_output *out)
{
	if (e->cursor == e->length) {
		return;
	}
	memmove(e->text + e->cursor, e->text + e->cursor + 1, e->length - e->cursor);
	e->length--;
	tail_show(e, out, 1);
}

static void char_rub_out(struct line_edit *e, struct line_output *out)
{
	if (e->cursor > 0) {
		cursor_move(e, out, e->cursor - 1);
		char_delete(e, out);
	}
}

static void line_replace(struct line_edit *e, struct line_output *out, const char *text)
{
	u32 n = (u32)strlen(text), gone = e->length > n ? e->length - n : 0;

	cursor_move(e, out, 0);
	memcpy(e->text, text, n + 1);
	e->length = n;
	e->cursor = n;
	out_text(out, text, n);
	out_repeat(out, ' ', gone);
	out_repeat(out, '\b', gone);
}

static void line_clear(struct line_edit *e, struct line_output *out)
{
	line_replace(e, out, "");
}

static void line_home(struct line_edit *e, struct line_output *out)
{
	cursor_move(e, out, 0);
}

static void line_end(struct line_edit *e, struct line_output *out)
{
	cursor_move(e, out, e->length);
}

static void key_left(struct line_edit *e, struct line_output *out)
{
	cursor_move(e, out, e->cursor - (e->cursor > 0));
}

static void key_right(struct line_edit *e, struct line_output *out)
{
	cursor_move(e, out, e->cursor + (e->cursor < e->length));
}

/* --- history ---------------------------------------------------------------------------------- */

static char *history_at(struct line_edit *e, u32 back)
{
	return e->history[(e->history_next + LINE_EDIT_HISTORY - back) % LINE_EDIT_HISTORY];
}

static void history_add(struct line_edit *e)
{
	if (e->length == 0 || (e->history_count > 0 && strcmp(history_at(e, 1), e->text) == 0)) {
		return;
	}
	memcpy(e->history[e->history_next], e->text, e->length + 1);
	e->history_next = (e->history_next + 1) % LINE_EDIT_HISTORY;
	e->history_count = MIN(e->history_count + 1, LINE_EDIT_HISTORY);
}

static void history_up(struct line_edit *e, struct line_output *out)
{
	if (e->history_back < e->history_count) {
		line_replace(e, out, history_at(e, ++e->history_back));
	}
}

static void history_down(struct line_edit *e, struct line_output *out)
{
	if (e->history_back > 0) {
		e->history_back--;
		line_replace(e, out, e->history_back > 0 ? history_at(e, e->history_back) : "");
	}
}

/* --- keys ------------------------------------------------------------------------------------- */

struct key {
	u8 byte;
	void (*press)(struct line_edit *e, struct line_output *out);
};

static const struct key control_keys[] = {
	{CTRL_A, line_home},	   {CTRL_E, line_end},	{CTRL_U, line_clear},
	{BACKSPACE, char_rub_out}, {DEL, char_rub_out},
};

/* ESC [ byte */
static const struct key escape_keys[] = {
	{'A', history_up}, {'B', history_down}, {'C', key_right},
	{'D', key_left},   {'H', line_home},	{'F', line_end},
};

/* ESC [ digit ~ */
static const struct key tilde_keys[] = {
	{'1', line_home}, {'3', char_delete}, {'4', line_end}, {'7', line_home}, {'8', line_end},
};

static void key_press(struct line_edit *e, struct line_output *out, const struct key *keys,
		      u32 count, u8 byte)
{
	for (u32 i = 0; i < count; i++) {
		if (keys[i].byte == byte) {
			keys[i].press(e, out);
		}
	}
}

/* A byte of an escape sequence behind ESC. */
static void escape_feed(struct line_edit *e, struct line_output *out, u8 byte)
{
	if (e->escape == 1) {
		/* Some terminals send ESC O for Home, End and arrows. */
		e->escape = byte == '[' || byte == 'O' ? 2 : 0;
		e->parameter = 0;
	} else if ((byte >= '0' && byte <= '9') || byte == ';') {
		e->parameter = e->parameter == 0 ? byte : 1; /* more than a digit: no key of ours */
	} else {
		e->escape = 0;
		if (byte == '~') {
			key_press(e, out, tilde_keys, ARRAY_SIZE(tilde_keys), e->parameter);
		} else {
			key_press(e, out, escape_keys, ARRAY_SIZE(escape_keys), byte);
		}
	}
}

static enum line_event line_finish(struct line_edit *e, struct line_output *out,
				   enum line_event event)
{
	cursor_move(e, out, e->length);
	out_text(out, event == LINE_CANCELLED ? "^C\n" : "\n", event == LINE_CANCELLED ? 3 : 1);
	if (event == LINE_DONE) {
		history_add(e);
	}
	e->fresh = true;
	e->escape = 0;
	return event;
}

static void line_begin(struct line_edit *e)
{
	e->fresh = false;
	e->length = 0;
	e->cursor = 0;
	e->text[0] = '\0';
	e->history_back = 0;
}

enum line_event line_edit_feed(struct line_edit *e, u8 byte, struct line_output *out)
{
	bool after_cr = e->after_cr;

	out->length = 0;
	e->after_cr = byte == '\r';
	if (byte == '\n' && after_cr) {
		return LINE_MORE;
	}
	if (e->fresh) {
		line_begin(e);
	}
	if (byte == '\r' || byte == '\n') {
		return line_finish(e, out, LINE_DONE);
	}
	if (byte == CTRL_C) {
		return line_finish(e, out, LINE_CANCELLED);
	}
	if (byte == ESC) {
		e->escape = 1;
	} else if (e->escape != 0) {
		escape_feed(e, out, byte);
	} else if (byte >= ' ' && byte < DEL) {
		char_insert(e, out, (char)byte);
	} else {
		key_press(e, out, control_keys, ARRAY_SIZE(control_keys), byte);
	}
	return LINE_MORE;
}
