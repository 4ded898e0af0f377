/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator has chosen to see, and the keys that change it: esxtop's. Pure.
 */
#ifndef KERNEL_CONSOLE_VMTOP_VIEW_H
#define KERNEL_CONSOLE_VMTOP_VIEW_H

#include "kernel/console/vmtop/fields.h"
#include "kernel/lib/bitmap.h"
#include "kernel/params.h"

/* The largest screen drawn; larger terminals keep the rest blank. */
#define TOP_WIDTH_MAX  200u
#define TOP_HEIGHT_MAX 100u
#define TOP_WIDTH_MIN  40u
#define TOP_HEIGHT_MIN 8u
/* What a terminal has that does not say. */
#define TOP_WIDTH_DEFAULT  80u
#define TOP_HEIGHT_DEFAULT 24u

#define TOP_DELAY_DEFAULT_S 5u
#define TOP_DELAY_MAX_S	    3600u

/* Groups by gid: VMs, and 0. */
#define TOP_GIDS (VM_MAX + 1)

enum top_mode { TOP_MODE_TABLE, TOP_MODE_HELP, TOP_MODE_FIELDS, TOP_MODE_ORDER, TOP_MODE_PROMPT };

enum top_prompt { TOP_PROMPT_EXPAND, TOP_PROMPT_DELAY, TOP_PROMPT_ROWS };

struct top_layout {
	u8 order[TOP_FIELDS_MAX]; /* indices of fields, from left to right */
	u32 shown;		  /* bit per field */
	enum top_value sort;	  /* downwards; TOP_GID: upwards */
};

struct top_view {
	enum top_page page;
	enum top_mode mode;
	struct top_layout layout[TOP_PAGES];
	bool vms_only;
	u32 delay_s;
	u32 rows_max; /* 0: as many as fit */
	u32 width, height;
	u64 expanded[BITMAP_WORDS(TOP_GIDS)]; /* by gid */

	enum top_prompt prompt;
	char typed[8];	    /* digits so far */
	u32 typed_length;
	char message[TOP_WIDTH_DEFAULT]; /* until the next key */

	u8 escape; /* how far into an escape sequence: 0 not, 1 ESC, 2 ESC [ */
	u32 parameter[2], parameter_count;
};

void top_view_init(struct top_view *v);

/* Limits what is asked for. */
void top_view_resize(struct top_view *v, u32 width, u32 height);

enum top_event {
	TOP_NOTHING,
	TOP_REDRAW,  /* the view changed */
	TOP_REFRESH, /* new figures, now */
	TOP_RESIZED, /* the terminal told its size */
	TOP_QUIT,
};

/* A byte was typed. */
enum top_event top_view_key(struct top_view *v, u8 byte);

/* The question being asked, with what was typed so far. */
void top_view_prompt(const struct top_view *v, char *buf, size_t size);

static inline const struct top_page_fields *top_view_fields(const struct top_view *v)
{
	return &top_pages[v->page];
}

static inline const struct top_layout *top_view_layout(const struct top_view *v)
{
	return &v->layout[v->page];
}

static inline bool top_view_expanded(const struct top_view *v, u32 gid)
{
	return gid < TOP_GIDS && bitmap_test(v->expanded, gid);
}

#endif
