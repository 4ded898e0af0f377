// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys. Each mode has a function for what is typed in it; the keys of the table are a table. A
 * terminal's report of its size, ESC [ rows ; columns R, comes in between and is taken out here, as
 * are keys that are escape sequences. Pure.
 */
#include "kernel/console/vmtop/view.h"

#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

enum { CTRL_C = 3, BACKSPACE = 8, CTRL_L = 12, ESC = 27, DEL = 127 };

void top_view_init(struct top_view *v)
{
	memset(v, 0, sizeof(*v));
	for (u32 page = 0; page < TOP_PAGES; page++) {
		struct top_layout *l = &v->layout[page];

		for (u32 i = 0; i < top_pages[page].count; i++) {
			l->order[i] = (u8)i;
			l->shown |= 1u << i;
		}
	}
	v->layout[TOP_PAGE_CPU].sort = TOP_USED;
	v->layout[TOP_PAGE_MEMORY].sort = TOP_MEMSZ;
	v->delay_s = TOP_DELAY_DEFAULT_S;
	v->width = TOP_WIDTH_DEFAULT;
	v->height = TOP_HEIGHT_DEFAULT;
}

void top_view_resize(struct top_view *v, u32 width, u32 height)
{
	v->width = MIN(MAX(width, TOP_WIDTH_MIN), TOP_WIDTH_MAX);
	v->height = MIN(MAX(height, TOP_HEIGHT_MIN), TOP_HEIGHT_MAX);
}

/* --- keys of the table ------------------------------------------------------------------------ */

static enum top_event key_cpu(struct top_view *v)
{
	v->page = TOP_PAGE_CPU;
	return TOP_REDRAW;
}

static enum top_event key_memory(struct top_view *v)
{
	v->page = TOP_PAGE_MEMORY;
	return TOP_REDRAW;
}

static enum top_event key_vms(struct top_view *v)
{
	v->vms_only = !v->vms_only;
	fmt_print(v->message, sizeof(v->message), "%s",
		  v->vms_only ? "VMs only" : "VMs and others");
	return TOP_REDRAW;
}

static enum top_event prompt_open(struct top_view *v, enum top_prompt prompt)
{
	v->mode = TOP_MODE_PROMPT;
	v->prompt = prompt;
	v->typed_length = 0;
	v->typed[0] = '\0';
	return TOP_REDRAW;
}

static enum top_event key_expand(struct top_view *v)
{
	return prompt_open(v, TOP_PROMPT_EXPAND);
}

static enum top_event key_delay(struct top_view *v)
{
	return prompt_open(v, TOP_PROMPT_DELAY);
}

static enum top_event key_rows(struct top_view *v)
{
	return prompt_open(v, TOP_PROMPT_ROWS);
}

static enum top_event key_fields(struct top_view *v)
{
	v->mode = TOP_MODE_FIELDS;
	return TOP_REDRAW;
}

static enum top_event key_order(struct top_view *v)
{
	v->mode = TOP_MODE_ORDER;
	return TOP_REDRAW;
}

static enum top_event key_help(struct top_view *v)
{
	v->mode = TOP_MODE_HELP;
	return TOP_REDRAW;
}

static enum top_event key_refresh(struct top_view *v)
{
	(void)v;
	return TOP_REFRESH;
}

/* The terminal may be another one, or show rubbish. */
static enum top_event key_redraw(struct top_view *v)
{
	(void)v;
	return TOP_RESIZED;
}

static enum top_event key_quit(struct top_view *v)
{
	(void)v;
	return TOP_QUIT;
}

static const struct {
	u8 byte;
	enum top_event (*press)(struct top_view *v);
} table_keys[] = {
	/* clang-format off */
	{'c', key_cpu}, {'m', key_memory}, {'v', key_vms}, {'V', key_vms},
	{'e', key_expand}, {'s', key_delay}, {'#', key_rows},
	{'f', key_fields}, {'F', key_fields}, {'o', key_order}, {'O', key_order},
	{'h', key_help}, {'?', key_help}, {' ', key_refresh}, {'\r', key_refresh}, {'\n', key_refresh},
	{CTRL_L, key_redraw}, {'q', key_quit}, {CTRL_C, key_quit},
	/* clang-format on */
};

static enum top_event sort_key(struct top_view *v, u8 byte)
{
	const struct top_page_fields *page = top_view_fields(v);
	struct top_layout *l = &v->layout[v->page];

	if (byte == 'N') {
		l->sort = TOP_GID;
		fmt_print(v->message, sizeof(v->message), "sorted by GID");
		return TOP_REDRAW;
	}
	for (u32 i = 0; i < page->count; i++) {
		if (page->fields[i].sort_key != 0 && page->fields[i].sort_key == (char)byte) {
			l->sort = page->fields[i].value;
			fmt_print(v->message, sizeof(v->message), "sorted by %s",
				  page->fields[i].heading);
			return TOP_REDRAW;
		}
	}
	fmt_print(v->message, sizeof(v->message), "no such key: h shows all");
	return TOP_REDRAW;
}

static enum top_event table_key(struct top_view *v, u8 byte)
{
	for (u32 i = 0; i < ARRAY_SIZE(table_keys); i++) {
		if (table_keys[i].byte == byte) {
			return table_keys[i].press(v);
		}
	}
	return sort_key(v, byte);
}

/* --- other modes ------------------------------------------------------------------------------ */

static enum top_event mode_leave(struct top_view *v)
{
	v->mode = TOP_MODE_TABLE;
	return TOP_REDRAW;
}

static enum top_event help_key(struct top_view *v, u8 byte)
{
	(void)byte;
	return mode_leave(v);
}

/* The field that a letter of either case means, or the number of fields. */
static u32 field_of_letter(const struct top_view *v, u8 byte)
{
	u32 count = top_view_fields(v)->count;
	u32 field = (u32)(byte - (byte >= 'a' ? 'a' : 'A'));

	return byte < 'A' ? count : MIN(field, count);
}

static enum top_event fields_key(struct top_view *v, u8 byte)
{
	u32 field = field_of_letter(v, byte);

	if (field == top_view_fields(v)->count) {
		return mode_leave(v);
	}
	v->layout[v->page].shown ^= 1u << field;
	return TOP_REDRAW;
}

/* Upper case moves the field to the left, lower case to the right. */
static enum top_event order_key(struct top_view *v, u8 byte)
{
	u32 count = top_view_fields(v)->count, field = field_of_letter(v, byte), at = 0;
	u8 *order = v->layout[v->page].order;

	if (field == count) {
		return mode_leave(v);
	}
	while (order[at] != field) {
		at++;
	}
	u32 to = byte < 'a' ? at - (at > 0) : at + (at + 1 < count);

	order[at] = order[to];
	order[to] = (u8)field;
	return TOP_REDRAW;
}

static const char *const questions[] = {
	[TOP_PROMPT_EXPAND] = "Group to expand or roll up (GID): ",
	[TOP_PROMPT_DELAY] = "Seconds between updates, now %u: ",
	[TOP_PROMPT_ROWS] = "Rows to show, now %u (0: as many as fit): ",
};

void top_view_prompt(const struct top_view *v, char *buf, size_t size)
{
	u32 now = v->prompt == TOP_PROMPT_DELAY ? v->delay_s : v->rows_max;
	int n = fmt_print(buf, size, questions[v->prompt], now);

	if (n >= 0 && (size_t)n < size) {
		fmt_print(buf + n, size - (size_t)n, "%s", v->typed);
	}
}

static void prompt_answer(struct top_view *v, u32 n)
{
	switch (v->prompt) {
	case TOP_PROMPT_EXPAND:
		if (n < TOP_GIDS) {
			v->expanded[n / 64] ^= BIT(n % 64);
		} else {
			fmt_print(v->message, sizeof(v->message), "no group has number %u", n);
		}
		break;
	case TOP_PROMPT_DELAY:
		if (n >= 1 && n <= TOP_DELAY_MAX_S) {
			v->delay_s = n;
		} else {
			fmt_print(v->message, sizeof(v->message), "expected 1 to %u seconds",
				  TOP_DELAY_MAX_S);
		}
		break;
	case TOP_PROMPT_ROWS:
		v->rows_max = n;
		break;
	}
}

static enum top_event prompt_end(struct top_view *v)
{
	u32 n = 0;

	v->mode = TOP_MODE_TABLE;
	for (u32 i = 0; i < v->typed_length; i++) {
		n = n * 10 + (u32)(v->typed[i] - '0');
	}
	if (v->typed_length != 0) {
		prompt_answer(v, n);
	}
	return TOP_REDRAW;
}

static enum top_event prompt_key(struct top_view *v, u8 byte)
{
	if (byte == '\r' || byte == '\n') {
		return prompt_end(v);
	}
	if (byte >= '0' && byte <= '9') {
		if (v->typed_length < sizeof(v->typed) - 1) {
			v->typed[v->typed_length++] = (char)byte;
		}
	} else if (byte == BACKSPACE || byte == DEL) {
		v->typed_length -= v->typed_length > 0;
	} else {
		return mode_leave(v);
	}
	v->typed[v->typed_length] = '\0';
	return TOP_REDRAW;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static enum top_event escape_end(struct top_view *v, u8 byte)
{
	v->escape = 0;
	if (byte != 'R' || v->parameter_count != 1) {
		return TOP_NOTHING;
	}
	top_view_resize(v, v->parameter[1], v->parameter[0]);
	return TOP_RESIZED;
}

/* A byte behind ESC [. */
static enum top_event escape_follow(struct top_view *v, u8 byte)
{
	if (byte >= '0' && byte <= '9') {
		u32 *p = &v->parameter[v->parameter_count];

		*p = MIN(*p * 10 + (byte - '0'), 9999u);
		return TOP_NOTHING;
	}
	if (byte == ';') {
		v->parameter_count = 1;
		return TOP_NOTHING;
	}
	return escape_end(v, byte);
}

static enum top_event escape_begin(struct top_view *v)
{
	v->escape = 1;
	memset(v->parameter, 0, sizeof(v->parameter));
	v->parameter_count = 0;
	return v->mode != TOP_MODE_TABLE ? mode_leave(v) : TOP_NOTHING;
}

enum top_event top_view_key(struct top_view *v, u8 byte)
{
	static enum top_event (*const mode_keys[])(struct top_view * v, u8 byte) = {
		[TOP_MODE_TABLE] = table_key,	[TOP_MODE_HELP] = help_key,
		[TOP_MODE_FIELDS] = fields_key, [TOP_MODE_ORDER] = order_key,
		[TOP_MODE_PROMPT] = prompt_key,
	};

	if (byte == ESC) {
		return escape_begin(v);
	}
	if (v->escape == 2) {
		return escape_follow(v, byte);
	}
	if (v->escape == 1) {
		v->escape = byte == '[' || byte == 'O' ? 2 : 0;
		if (v->escape == 2) {
			return TOP_NOTHING;
		}
	}
	v->message[0] = '\0';
	return mode_keys[v->mode](v, byte);
}
