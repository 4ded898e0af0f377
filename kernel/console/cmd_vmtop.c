// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmtop: who uses the machine, live or as a batch file. While it is shown it takes what is typed.
 * It costs nothing when it is not: its memory is allocated when it begins and given back when it
 * ends. pCPU 0 only.
 */
#include "arch/arch.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/console/vmtop/batch.h"
#include "kernel/console/vmtop/collect.h"
#include "kernel/console/vmtop/options.h"
#include "kernel/console/vmtop/screen.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "mm/frames.h"

/* The name of this machine in the batch file. */
#define HOST_NAME "evenkeel"

enum { CTRL_C = 3 };

/* Which of the samples is what; the two latest change places. */
enum { SAMPLE_NAMES, SAMPLE_A, SAMPLE_B, SAMPLES };

struct vmtop {
	struct top_options options;
	struct top_sample sample[SAMPLES];
	struct top_sample *before, *now;
	u64 due_ns; /* of the next sample */
	u32 left;   /* updates until the end; 0: no end */
	bool fresh; /* the latest sample has not been shown yet */
	/* live */
	struct top_view view;
	struct top_terminal terminal;
	struct top_grid grid;
	u32 paint_row; /* next to be sent; the height: all are */
	u64 log_cursor;
	char notice[TOP_WIDTH_MAX]; /* what the hypervisor said last */
	/* batch */
	bool header;
	u32 column; /* next to be sent; the number of columns: all are */
};

static struct vmtop *top; /* NULL: off */

bool vmtop_active(void)
{
	return top != NULL;
}

static void top_free(struct vmtop *t)
{
	for (u32 i = 0; i < SAMPLES; i++) {
		top_sample_free(&t->sample[i]);
	}
	pages_free(t, sizeof(*t));
}

/* Memory is zero. NULL: there is none. */
static struct vmtop *top_alloc(void)
{
	struct vmtop *t = pages_alloc(sizeof(*t));
	int err = 0;

	if (t == NULL) {
		return NULL;
	}
	for (u32 i = 0; i < SAMPLES && err == 0; i++) {
		err = top_sample_alloc(&t->sample[i]);
	}
	if (err != 0) {
		top_free(t);
		return NULL;
	}
	t->before = &t->sample[SAMPLE_A];
	t->now = &t->sample[SAMPLE_B];
	return t;
}

static void end(void)
{
	top_free(top);
	top = NULL;
}

/* The new sample becomes `now`, the last one `before`. */
static void sample_next(u64 now_ns)
{
	struct top_sample *oldest = top->before;

	top->before = top->now;
	top->now = oldest;
	top_sample_take(top->now);
	top->due_ns = now_ns + top->view.delay_s * NSEC_PER_SEC;
	top->fresh = true;
}

/* The latest sample is out. True when it was the last of those that were asked for. */
static bool update_done(void)
{
	bool last = top->fresh && top->left == 1;

	top->left -= top->fresh && top->left != 0;
	top->fresh = false;
	return last;
}

/* --- live ------------------------------------------------------------------------------------- */

static void redraw(void)
{
	top_draw(&top->view, top->before, top->now, top->notice, &top->grid);
	top->paint_row = 0;
}

static void live_end(void)
{
	output_print("\033[%u;1H\n", top->grid.height);
	end();
}

/* The log writes to the console by itself, wherever the cursor stands: its last line becomes the
 * notice, and all is drawn anew. */
static bool log_seen(void)
{
	char text[256];
	size_t n;
	bool any = false;

	while ((n = log_read(&top->log_cursor, text, sizeof(text))) != 0) {
		const char *line = text;

		any = true;
		text[n - 1] = '\0'; /* its newline */
		for (const char *p = text; *p != '\0'; p++) {
			line = *p == '\n' ? p + 1 : line;
		}
		fmt_print(top->notice, sizeof(top->notice), "%s", line);
	}
	return any;
}

/* Sends rows as long as there is room; true when there was something to send. */
static bool paint(void)
{
	char buf[TOP_ROW_BYTES];
	bool busy = top->paint_row < top->grid.height;

	while (top->paint_row < top->grid.height && output_room() >= 2 * sizeof(buf)) {
		output_write(buf, top_paint_row(&top->terminal, &top->grid, top->paint_row++, buf));
		if (top->paint_row == top->grid.height) {
			output_write(buf, top_paint_end(&top->grid, buf, sizeof(buf)));
		}
	}
	return busy;
}

static bool live_poll(u64 now_ns)
{
	if (now_ns >= top->due_ns && top->paint_row == top->grid.height) {
		sample_next(now_ns);
		redraw();
	}
	if (log_seen()) {
		top->terminal.known = false;
		redraw();
	}
	bool busy = paint();

	monitor_wake_at(top->due_ns);
	if (top->paint_row == top->grid.height && update_done()) {
		live_end();
	}
	return busy;
}

static void live_input(u8 byte)
{
	switch (top_view_key(&top->view, byte)) {
	case TOP_NOTHING:
		break;
	case TOP_REDRAW:
		redraw();
		break;
	case TOP_REFRESH:
		sample_next(arch_now_ns());
		redraw();
		break;
	case TOP_RESIZED:
		top->terminal.known = false;
		redraw();
		break;
	case TOP_QUIT:
		live_end();
		break;
	}
}

/* The first screen shows what was since boot. A terminal that is asked where the cursor is after it
 * was sent beyond the last corner tells its size (ECMA-48 8.3.35 DSR, 8.3.14 CPR). */
static void live_begin(void)
{
	if (top->options.width != 0) {
		top_view_resize(&top->view, top->options.width, top->options.height);
	} else {
		output_print("\033[999;999H\033[6n");
	}
	(void)log_seen(); /* what was said before is no news */
	top->notice[0] = '\0';
	sample_next(arch_now_ns());
	redraw();
}

/* --- batch ------------------------------------------------------------------------------------ */

static bool cells_send(void)
{
	const struct top_sample *names = &top->sample[SAMPLE_NAMES];
	u32 columns = top_batch_columns(names);
	bool busy = top->column < columns;
	char cell[TOP_CELL_BYTES];

	while (top->column < columns && output_room() >= 2 * sizeof(cell)) {
		u32 n = top->header
				? top_batch_header(names, HOST_NAME, top->column, cell)
				: top_batch_value(names, top->before, top->now, top->column, cell);

		output_write(cell, n);
		top->column++;
	}
	return busy;
}

static bool batch_poll(u64 now_ns)
{
	u32 columns = top_batch_columns(&top->sample[SAMPLE_NAMES]);

	if (top->column == columns && now_ns >= top->due_ns) {
		sample_next(now_ns);
		top->header = false;
		top->column = 0;
	}
	bool busy = cells_send();

	monitor_wake_at(top->due_ns);
	if (!top->header && top->column == columns && update_done()) {
		end();
	}
	return busy;
}

static void batch_begin(void)
{
	top_sample_take(&top->sample[SAMPLE_NAMES]);
	sample_next(arch_now_ns());
	top->header = true;
	top->column = 0;
}

/* --- command ---------------------------------------------------------------------------------- */

bool vmtop_poll(void)
{
	if (top == NULL) {
		return false;
	}
	return top->options.batch ? batch_poll(arch_now_ns()) : live_poll(arch_now_ns());
}

void vmtop_input(u8 byte)
{
	if (!top->options.batch) {
		live_input(byte);
	} else if (byte == CTRL_C || byte == 'q') {
		output_print("^C\n");
		end();
	}
}

static void vmtop_run(u32 argc, const char *const *argv)
{
	struct top_options options;
	char reason[160];

	if (top_options_parse(argc, argv, &options, reason, sizeof(reason)) != 0) {
		output_print("%s\n", reason);
		return;
	}
	top = top_alloc();
	if (top == NULL) {
		output_print("out of machine memory\n");
		return;
	}
	top->options = options;
	top->left = options.count;
	top_view_init(&top->view);
	top->view.delay_s = options.delay_s;
	if (options.batch) {
		batch_begin();
	} else {
		live_begin();
	}
}

/* clang-format off */
static const struct command commands[] = {
	{"vmtop", NULL, "[-b] [-d SECONDS] [-n COUNT]", 0, 7, vmtop_run,
	 "who uses the machine: live (h: help), or as CSV (-b); -g COLSxROWS: size of the terminal"},
};
/* clang-format on */

const struct command_set vmtop_commands = {commands, ARRAY_SIZE(commands)};
