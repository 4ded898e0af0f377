// SPDX-License-Identifier: GPL-2.0-only
/* Columns in sections, each a table row: how many there are, what they are called, what they hold.
 * Pure. */
#include "kernel/console/vmtop/batch.h"

#include "kernel/lib/calendar.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#define DAY_S 86400u

struct batch {
	const struct top_sample *names, *before, *now;
};

struct section {
	u32 (*count)(const struct top_sample *names);
	void (*name)(const struct top_sample *names, u32 i, char *buf, size_t size);
	void (*value)(const struct batch *b, u32 i, char *buf, size_t size);
};

static void hundredths_print(char *buf, size_t size, u64 value)
{
	top_value_print(buf, size, TOP_HUNDREDTHS, (s64)value, 0);
}

/* --- pCPUs ------------------------------------------------------------------------------------ */

static u32 pcpu_count(const struct top_sample *names)
{
	return names->pcpu_count + 1;
}

static void pcpu_name(const struct top_sample *names, u32 i, char *buf, size_t size)
{
	if (i < names->pcpu_count) {
		fmt_print(buf, size, "Physical Cpu(%u)\\%% Processor Time", i);
	} else {
		fmt_print(buf, size, "Physical Cpu(_Total)\\%% Processor Time");
	}
}

static void pcpu_value(const struct batch *b, u32 i, char *buf, size_t size)
{
	hundredths_print(buf, size,
			 i < b->names->pcpu_count ? top_pcpu_used(b->before, b->now, i)
						  : top_pcpu_used_mean(b->before, b->now));
}

/* --- memory of the machine -------------------------------------------------------------------- */

static const struct {
	const char *name;
	u32 offset;
} memory_columns[] = {
	{"Memory\\Machine MBytes", offsetof(struct top_memory, total_kib)},
	{"Memory\\Free MBytes", offsetof(struct top_memory, free_kib)},
	{"Memory\\Kernel MBytes", offsetof(struct top_memory, hypervisor_kib)},
};

static u32 memory_count(const struct top_sample *names)
{
	(void)names;
	return ARRAY_SIZE(memory_columns);
}

static void memory_name(const struct top_sample *names, u32 i, char *buf, size_t size)
{
	(void)names;
	fmt_print(buf, size, "%s", memory_columns[i].name);
}

static void memory_value(const struct batch *b, u32 i, char *buf, size_t size)
{
	u64 kib;

	memcpy(&kib, (const u8 *)&b->now->memory + memory_columns[i].offset, sizeof(kib));
	hundredths_print(buf, size, top_mb(kib));
}

/* --- groups and worlds ------------------------------------------------------------------------ */

/* Field number i of those of a page that have a name here; of worlds or of groups. NULL: not that
 * many. */
static const struct top_field *field_at(enum top_page page, bool world, u32 i)
{
	const struct top_page_fields *p = &top_pages[page];

	for (u32 f = 0; f < p->count; f++) {
		if (p->fields[f].csv != NULL && (!world || p->fields[f].scope == TOP_OF_ALL) &&
		    i-- == 0) {
			return &p->fields[f];
		}
	}
	return NULL;
}

static u32 field_count(enum top_page page, bool world)
{
	u32 count = 0;

	while (field_at(page, world, count) != NULL) {
		count++;
	}
	return count;
}

/* VMs come behind all else, since gids go up and 0 is no VM's. */
static u32 first_vm(const struct top_sample *names)
{
	u32 i = 0;

	while (i < names->group_count && !names->groups[i].vm) {
		i++;
	}
	return i;
}

static const struct top_group *page_group(const struct top_sample *names, enum top_page page, u32 i)
{
	return &names->groups[page == TOP_PAGE_MEMORY ? first_vm(names) + i : i];
}

/* A name between parentheses and quotes, for readers that split at either. */
static void name_plain(char *to, const char *from)
{
	u32 i = 0;

	for (; from[i] != '\0' && i + 1 < TOP_NAME_SIZE; i++) {
		bool keep = from[i] >= ' ' && from[i] <= '~' && strchr("\"\\()", from[i]) == NULL;

		to[i] = keep ? from[i] : '_';
	}
	to[i] = '\0';
}

static void group_name(const struct top_sample *names, enum top_page page, u32 i, char *buf,
		       size_t size)
{
	u32 fields = field_count(page, false);
	const struct top_group *g = page_group(names, page, i / fields);
	char name[TOP_NAME_SIZE];

	name_plain(name, g->name);
	fmt_print(buf, size, "Group %s(%u:%s)\\%s", top_pages[page].name, g->gid, name,
		  field_at(page, false, i % fields)->csv);
}

static void group_value(const struct batch *b, enum top_page page, u32 i, char *buf, size_t size)
{
	u32 fields = field_count(page, false);
	const struct top_field *field = field_at(page, false, i % fields);
	u32 gid = page_group(b->names, page, i / fields)->gid;
	const struct top_group *now = top_group_find(b->now, gid);
	struct top_figures figures;

	buf[0] = '\0';
	if (now != NULL && (now->vm || field->scope != TOP_OF_VMS)) {
		top_group_figures(b->before, b->now, now, &figures);
		top_value_print(buf, size, field->format, figures.value[field->value], 0);
	}
}

static u32 cpu_count(const struct top_sample *names)
{
	return names->group_count * field_count(TOP_PAGE_CPU, false);
}

static void cpu_name(const struct top_sample *names, u32 i, char *buf, size_t size)
{
	group_name(names, TOP_PAGE_CPU, i, buf, size);
}

static void cpu_value(const struct batch *b, u32 i, char *buf, size_t size)
{
	group_value(b, TOP_PAGE_CPU, i, buf, size);
}

static u32 group_memory_count(const struct top_sample *names)
{
	return (names->group_count - first_vm(names)) * field_count(TOP_PAGE_MEMORY, false);
}

static void group_memory_name(const struct top_sample *names, u32 i, char *buf, size_t size)
{
	group_name(names, TOP_PAGE_MEMORY, i, buf, size);
}

static void group_memory_value(const struct batch *b, u32 i, char *buf, size_t size)
{
	group_value(b, TOP_PAGE_MEMORY, i, buf, size);
}

/* The group that world number `world` of the sample belongs to. */
static const struct top_group *world_group(const struct top_sample *names, u32 world)
{
	const struct top_group *g = names->groups;

	while (world >= g->first + g->count) {
		g++;
	}
	return g;
}

static u32 world_count(const struct top_sample *names)
{
	return names->world_count * field_count(TOP_PAGE_CPU, true);
}

static void world_name(const struct top_sample *names, u32 i, char *buf, size_t size)
{
	u32 fields = field_count(TOP_PAGE_CPU, true), world = i / fields;
	const struct top_group *g = world_group(names, world);
	char name[TOP_NAME_SIZE];

	name_plain(name, g->name);
	fmt_print(buf, size, "Vcpu(%u:%s:%u:%s/%u)\\%s", g->gid, name, names->worlds[world].id,
		  name, world - g->first, field_at(TOP_PAGE_CPU, true, i % fields)->csv);
}

static void world_value(const struct batch *b, u32 i, char *buf, size_t size)
{
	u32 fields = field_count(TOP_PAGE_CPU, true), world = i / fields;
	const struct top_field *field = field_at(TOP_PAGE_CPU, true, i % fields);
	const struct top_group *g = world_group(b->names, world);
	const struct top_group *now = top_group_find(b->now, g->gid);
	u32 index = world - g->first;
	struct top_figures figures;

	buf[0] = '\0';
	if (now != NULL && index < now->count) {
		top_world_figures(b->before, b->now, now, index, &figures);
		top_value_print(buf, size, field->format, figures.value[field->value], 0);
	}
}

/* --- cells ------------------------------------------------------------------------------------ */

static const struct section sections[] = {
	{pcpu_count, pcpu_name, pcpu_value},
	{memory_count, memory_name, memory_value},
	{cpu_count, cpu_name, cpu_value},
	{world_count, world_name, world_value},
	{group_memory_count, group_memory_name, group_memory_value},
};

/* The section of a column from 1 on, and the column's number there. */
static const struct section *section_find(const struct top_sample *names, u32 *column)
{
	const struct section *s = sections;

	*column -= 1;
	for (; s + 1 < sections + ARRAY_SIZE(sections) && *column >= s->count(names); s++) {
		*column -= s->count(names);
	}
	return s;
}

u32 top_batch_columns(const struct top_sample *names)
{
	u32 count = 1;

	for (u32 i = 0; i < ARRAY_SIZE(sections); i++) {
		count += sections[i].count(names);
	}
	return count;
}

/* With what separates it from the one before, or from the line after. */
static u32 cell_finish(const struct top_sample *names, u32 column, const char *text, char *buf)
{
	bool last = column + 1 == top_batch_columns(names);

	return (u32)fmt_print(buf, TOP_CELL_BYTES, "%s\"%.*s\"%s", column != 0 ? "," : "",
			      (int)TOP_CELL_BYTES - 8, text, last ? "\n" : "");
}

u32 top_batch_header(const struct top_sample *names, const char *host, u32 column, char *buf)
{
	char name[TOP_CELL_BYTES - 32], text[TOP_CELL_BYTES];
	u32 at = column;

	if (column == 0) {
		return cell_finish(names, column, "(PDH-CSV 4.0) (UTC)(0)", buf);
	}
	const struct section *s = section_find(names, &at);

	s->name(names, at, name, sizeof(name));
	fmt_print(text, sizeof(text), "\\\\%.16s\\%s", host, name);
	return cell_finish(names, column, text, buf);
}

static void time_print(const struct top_sample *s, char *buf, size_t size)
{
	struct calendar_date date = calendar_date_of(CALENDAR_EPOCH_DAYS + s->wallclock_s / DAY_S);
	u32 day_s = (u32)(s->wallclock_s % DAY_S);

	fmt_print(buf, size, "%02u/%02u/%04u %02u:%02u:%02u", date.month, date.day, date.year,
		  day_s / 3600, day_s / 60 % 60, day_s % 60);
}

u32 top_batch_value(const struct top_sample *names, const struct top_sample *before,
		    const struct top_sample *now, u32 column, char *buf)
{
	const struct batch b = {names, before, now};
	char text[64];
	u32 at = column;

	if (column == 0) {
		time_print(now, text, sizeof(text));
	} else {
		const struct section *s = section_find(names, &at);

		s->value(&b, at, text, sizeof(text));
	}
	return cell_finish(names, column, text, buf);
}
