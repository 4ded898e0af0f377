// SPDX-License-Identifier: GPL-2.0-only
/* Tables, headers and lists into a grid of characters. Pure. */
#include "kernel/console/vmtop/screen.h"

#include <stdarg.h>

#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* Columns of one pCPU's figure, and of the words before them. */
#define PCPU_WIDTH  6u
#define PCPU_INDENT 14u

/* What there is to draw, and how far it is drawn. */
struct draw {
	const struct top_view *v;
	const struct top_sample *before, *now;
	struct top_grid *grid;
	u32 row;
};

/* Puts a line at the present row, cut to the screen; anything but printable ASCII becomes '?'. */
static void printf_like(2, 3) line_put(struct draw *d, const char *fmt, ...)
{
	char text[TOP_WIDTH_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	fmt_vprint(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->row >= d->grid->height) {
		return;
	}
	for (u32 i = 0; text[i] != '\0' && i < d->grid->width; i++) {
		d->grid->cell[d->row][i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	}
	d->row++;
}

/* --- header ----------------------------------------------------------------------------------- */

static void uptime_put(struct draw *d)
{
	const struct top_sample *s = d->now;
	u64 up_s = s->now_ns / NSEC_PER_SEC, day_s = s->wallclock_s % 86400;
	u64 span_ms = (s->now_ns - d->before->now_ns) / NSEC_PER_MSEC;
	u32 vms = 0, vcpus = 0;

	for (u32 i = 0; i < s->group_count; i++) {
		vms += s->groups[i].vm;
		vcpus += s->groups[i].vm ? s->groups[i].count : 0;
	}
	line_put(d,
		 "%02llu:%02llu:%02llu up %llu day%s %02llu:%02llu:%02llu, %u VM%s, %u worlds, %u "
		 "vCPUs; %s %llu.%02llu s",
		 (unsigned long long)(day_s / 3600), (unsigned long long)(day_s / 60 % 60),
		 (unsigned long long)(day_s % 60), (unsigned long long)(up_s / 86400),
		 up_s / 86400 == 1 ? "" : "s", (unsigned long long)(up_s / 3600 % 24),
		 (unsigned long long)(up_s / 60 % 60), (unsigned long long)(up_s % 60), vms,
		 vms == 1 ? "" : "s", s->world_count, vcpus,
		 d->before->now_ns == 0 ? "since boot:" : "last",
		 (unsigned long long)(span_ms / 1000), (unsigned long long)(span_ms % 1000 / 10));
}

/* "PCPU USED(%):  99.1  87.0 AVG:  93.0", on as many rows as it takes, a third of the screen at
 * most. */
static void pcpus_put(struct draw *d)
{
	u32 per_row = MAX((d->grid->width - PCPU_INDENT) / PCPU_WIDTH, 3u) - 2;
	u32 most = per_row * MAX(d->grid->height / 3, 1u);
	u32 count = MIN(d->now->pcpu_count, most);
	u64 mean = top_pcpu_used_mean(d->before, d->now);
	char line[TOP_WIDTH_MAX + 16];
	u32 n = 0;

	for (u32 i = 0; i < count; i++) {
		u64 used = top_pcpu_used(d->before, d->now, i);

		if (i % per_row == 0) {
			n = (u32)fmt_print(line, sizeof(line), "%-*s", PCPU_INDENT - 1,
					   i == 0 ? "PCPU USED(%):" : "");
		}
		n += (u32)fmt_print(line + n, sizeof(line) - n, " %3llu.%llu",
				    (unsigned long long)((used + 5) / 100),
				    (unsigned long long)((used + 5) / 10 % 10));
		if (i + 1 == count) {
			line_put(d, "%s AVG: %3llu.%llu", line,
				 (unsigned long long)((mean + 5) / 100),
				 (unsigned long long)((mean + 5) / 10 % 10));
		} else if ((i + 1) % per_row == 0) {
			line_put(d, "%s", line);
		}
	}
}

static void memory_put(struct draw *d)
{
	const struct top_memory *m = &d->now->memory;

	line_put(d, "MEM /MB: %llu managed: %llu guests, %llu hypervisor, %llu free",
		 (unsigned long long)(m->total_kib >> 10),
		 (unsigned long long)(m->guests_kib >> 10),
		 (unsigned long long)(m->hypervisor_kib >> 10),
		 (unsigned long long)(m->free_kib >> 10));
}

static void message_put(struct draw *d, const char *notice)
{
	char text[TOP_WIDTH_MAX];

	if (d->v->mode == TOP_MODE_PROMPT) {
		top_view_prompt(d->v, text, sizeof(text));
	} else {
		fmt_print(text, sizeof(text), "%s",
			  d->v->message[0] != '\0' ? d->v->message : notice);
	}
	line_put(d, "%s", text);
}

/* --- table ------------------------------------------------------------------------------------ */

/* The fields to show, from left to right. */
struct columns {
	u32 count;
	const struct top_field *field[TOP_FIELDS_MAX];
};

static u32 columns_width(const struct columns *c)
{
	u32 width = 0;

	for (u32 i = 0; i < c->count; i++) {
		width += c->field[i]->width + 1u;
	}
	return width;
}

static void column_drop(struct columns *c)
{
	u32 worst = 0;

	for (u32 i = 1; i < c->count; i++) {
		worst = c->field[i]->rank > c->field[worst]->rank ? i : worst;
	}
	c->count--;
	memmove(&c->field[worst], &c->field[worst + 1], (c->count - worst) * sizeof(c->field[0]));
}

static void columns_choose(const struct draw *d, struct columns *c)
{
	const struct top_layout *l = top_view_layout(d->v);
	const struct top_page_fields *page = top_view_fields(d->v);

	c->count = 0;
	for (u32 i = 0; i < page->count; i++) {
		if ((l->shown >> l->order[i]) & 1) {
			c->field[c->count++] = &page->fields[l->order[i]];
		}
	}
	/* The last column needs no blank behind it. */
	while (c->count > 1 && columns_width(c) > d->grid->width + 1) {
		column_drop(c);
	}
}

static void headings_put(struct draw *d, const struct columns *c)
{
	char line[TOP_WIDTH_MAX + 32];
	u32 n = 0;

	line[0] = '\0';
	for (u32 i = 0; i < c->count; i++) {
		const struct top_field *f = c->field[i];

		n += (u32)fmt_print(line + n, sizeof(line) - n,
				    f->format == TOP_TEXT ? "%-*s " : "%*s ", f->width, f->heading);
	}
	line_put(d, "%s", line);
}

/* `scope`: what the row is about. */
static u32 cell_print(char *buf, size_t size, const struct top_field *f, const char *name,
		      const struct top_figures *figures, enum top_scope scope)
{
	char text[32] = "-";

	if (f->format == TOP_TEXT) {
		return (u32)fmt_print(buf, size, "%-*.*s ", f->width, f->width, name);
	}
	if (f->scope <= scope) {
		top_value_print(text, sizeof(text), f->format, figures->value[f->value], f->width);
	}
	return (u32)fmt_print(buf, size, "%*s ", f->width, text);
}

static void row_put(struct draw *d, const struct columns *c, const char *name,
		    const struct top_figures *figures, enum top_scope scope)
{
	/* Values wider than their column push the rest to the right. */
	char line[TOP_FIELDS_MAX * 32];
	u32 n = 0;

	line[0] = '\0';
	for (u32 i = 0; i < c->count; i++) {
		n += cell_print(line + n, sizeof(line) - n, c->field[i], name, figures, scope);
	}
	line_put(d, "%.*s", (int)TOP_WIDTH_MAX, line);
}

static void worlds_put(struct draw *d, const struct columns *c, const struct top_group *g)
{
	struct top_figures figures;
	char name[TOP_NAME_SIZE + 16];

	for (u32 i = 0; i < g->count && d->row < d->grid->height; i++) {
		top_world_figures(d->before, d->now, g, i, &figures);
		fmt_print(name, sizeof(name), "  %s/%u", g->name, i);
		row_put(d, c, name, &figures, TOP_OF_ALL);
	}
}

/* --- order of groups -------------------------------------------------------------------------- */

static bool group_shown(const struct draw *d, const struct top_group *g)
{
	return g->vm || (!d->v->vms_only && d->v->page == TOP_PAGE_CPU);
}

/* Groups and their places in the order, by a key that grows downwards. */
struct place {
	s64 key;
	u32 group;
};

static s64 sort_key(const struct draw *d, const struct top_group *g)
{
	enum top_value sort = top_view_layout(d->v)->sort;
	struct top_figures figures;

	if (sort == TOP_GID) {
		return g->gid;
	}
	top_group_figures(d->before, d->now, g, &figures);
	return -figures.value[sort];
}

/* Insertion, stable: equal ones stay in the order of their gid. */
static u32 groups_sort(const struct draw *d, struct place *places)
{
	u32 count = 0;

	for (u32 i = 0; i < d->now->group_count && count < TOP_GIDS; i++) {
		const struct top_group *g = &d->now->groups[i];

		if (!group_shown(d, g)) {
			continue;
		}
		struct place p = {sort_key(d, g), i};
		u32 at = count++;

		for (; at > 0 && places[at - 1].key > p.key; at--) {
			places[at] = places[at - 1];
		}
		places[at] = p;
	}
	return count;
}

static void table_put(struct draw *d)
{
	struct place places[TOP_GIDS];
	struct columns columns;
	struct top_figures figures;
	u32 count = groups_sort(d, places), end = d->grid->height;

	columns_choose(d, &columns);
	headings_put(d, &columns);
	if (d->v->rows_max != 0) {
		end = MIN(end, d->row + d->v->rows_max);
	}
	for (u32 i = 0; i < count && d->row < end; i++) {
		const struct top_group *g = &d->now->groups[places[i].group];

		top_group_figures(d->before, d->now, g, &figures);
		row_put(d, &columns, g->name, &figures, g->vm ? TOP_OF_VMS : TOP_OF_GROUPS);
		if (d->v->page == TOP_PAGE_CPU && top_view_expanded(d->v, g->gid)) {
			worlds_put(d, &columns, g);
		}
	}
}

/* --- lists ------------------------------------------------------------------------------------ */

static const char *const help_lines[] = {
	"vmtop: who uses the machine. Percent of the time since the last update.",
	"",
	"  c m     CPU, memory              space   update now",
	"  e       expand a VM to its vCPUs, or roll it up",
	"  v V     VMs only, or also what is no VM",
	"  f o     choose fields, their order",
	"  s #     seconds between updates, rows to show",
	"  N       sort by GID; sort down:",
};

static void sort_keys_put(struct draw *d, const struct top_page_fields *page)
{
	char line[TOP_WIDTH_MAX];
	size_t n = (size_t)fmt_print(line, sizeof(line), " ");

	for (u32 i = 0; i < page->count && n < sizeof(line); i++) {
		if (page->fields[i].sort_key != 0) {
			n += (size_t)fmt_print(line + n, sizeof(line) - n, " %c %s ",
					       page->fields[i].sort_key, page->fields[i].heading);
		}
	}
	line_put(d, "%s", line);
}

static void help_put(struct draw *d)
{
	const struct top_page_fields *page = top_view_fields(d->v);

	for (u32 i = 0; i < ARRAY_SIZE(help_lines); i++) {
		line_put(d, "%s", help_lines[i]);
	}
	sort_keys_put(d, page);
	line_put(d, "  q       back to the monitor; any key leaves this list");
	for (u32 i = 0; i < page->count; i++) {
		line_put(d, "  %-8s%s", page->fields[i].heading, page->fields[i].help);
	}
}

/* Choice and order of fields. */
static void fields_put(struct draw *d)
{
	const struct top_page_fields *page = top_view_fields(d->v);
	const struct top_layout *l = top_view_layout(d->v);

	line_put(d, "%s",
		 d->v->mode == TOP_MODE_FIELDS
			 ? "Fields: a letter shows one (*) or hides it, any other key ends."
			 : "Order: a capital letter moves a field left, a small one right, any "
			   "other key ends.");
	line_put(d, "Narrow screens leave out some of them.");
	for (u32 i = 0; i < page->count; i++) {
		u32 f = l->order[i];

		line_put(d, "%c %c: %-8s = %s", (l->shown >> f) & 1 ? '*' : ' ', (char)('A' + f),
			 page->fields[f].heading, page->fields[f].help);
	}
}

void top_draw(const struct top_view *v, const struct top_sample *before,
	      const struct top_sample *now, const char *notice, struct top_grid *grid)
{
	struct draw d = {.v = v, .before = before, .now = now, .grid = grid};

	grid->width = v->width;
	grid->height = v->height;
	memset(grid->cell, ' ', sizeof(grid->cell));
	if (v->mode == TOP_MODE_HELP) {
		help_put(&d);
		return;
	}
	if (v->mode == TOP_MODE_FIELDS || v->mode == TOP_MODE_ORDER) {
		fields_put(&d);
		return;
	}
	uptime_put(&d);
	pcpus_put(&d);
	if (v->page == TOP_PAGE_MEMORY) {
		memory_put(&d);
	}
	message_put(&d, notice);
	table_put(&d);
}
