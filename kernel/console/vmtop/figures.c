// SPDX-License-Identifier: GPL-2.0-only
/* Differences of two samples as percentages. Pure. */
#include "kernel/console/vmtop/figures.h"
#include "kernel/lib/string.h"

#define HUNDRED	 10000u /* 100 %, in hundredths of a percent */

/* Times beyond this, 13 days, lose their last bits, so that products fit. */
#define EXACT_NS (BIT(50) - 1)

static u64 percentage(u64 part_ns, u64 whole_ns)
{
	while (whole_ns > EXACT_NS || part_ns > EXACT_NS) {
		whole_ns >>= 1;
		part_ns >>= 1;
	}
	return whole_ns == 0 ? 0 : (part_ns * HUNDRED + whole_ns / 2) / whole_ns;
}

const struct top_group *top_group_find(const struct top_sample *s, u32 gid)
{
	for (u32 i = 0; i < s->group_count; i++) {
		if (s->groups[i].gid == gid) {
			return &s->groups[i];
		}
	}
	return NULL;
}

/* The same world in the sample before; NULL when it was not there. */
static const struct top_world *world_before(const struct top_sample *before, u32 gid, u32 index,
					    const struct top_world *now)
{
	const struct top_group *g = top_group_find(before, gid);

	if (g == NULL || index >= g->count) {
		return NULL;
	}
	const struct top_world *w = &before->worlds[g->first + index];

	return w->id == now->id && w->born_ns == now->born_ns ? w : NULL;
}

/* Where each percentage comes from. */
static const struct {
	enum top_value value;
	u32 offset;
} sources[] = {
	/* clang-format off */
	{TOP_RUN, offsetof(struct account_times, run_ns)},
	{TOP_SYS, offsetof(struct account_times, system_ns)},
	{TOP_WAIT, offsetof(struct account_times, wait_ns)},
	{TOP_RDY, offsetof(struct account_times, ready_ns)},
	{TOP_IDLE, offsetof(struct account_times, idle_ns)},
	{TOP_OVRLP, offsetof(struct account_times, overlap_ns)},
	{TOP_CSTP, offsetof(struct account_times, costop_ns)},
	{TOP_MLMTD, offsetof(struct account_times, limited_ns)},
	{TOP_SWPWT, offsetof(struct account_times, swpwt_ns)},
	/* clang-format on */
};

static u64 time_at(const struct account_times *t, u32 offset)
{
	u64 ns;

	memcpy(&ns, (const u8 *)t + offset, sizeof(ns));
	return ns;
}

static void times_add(struct top_figures *f, const struct account_times *from,
		      const struct account_times *to)
{
	u64 elapsed_ns = to->elapsed_ns - MIN(from->elapsed_ns, to->elapsed_ns);

	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		u64 first = time_at(from, sources[i].offset), last = time_at(to, sources[i].offset);

		f->value[sources[i].value] += (s64)percentage(last - MIN(first, last), elapsed_ns);
	}
}

static void world_add(struct top_figures *f, const struct top_sample *before,
		      const struct top_sample *now, const struct top_group *group, u32 index)
{
	static const struct account_times none;
	const struct top_world *w = &now->worlds[group->first + index];
	const struct top_world *old = world_before(before, group->gid, index, w);

	times_add(f, old != NULL ? &old->times : &none, &w->times);
}

static void sums_set(struct top_figures *f)
{
	f->value[TOP_USED] = f->value[TOP_RUN] + f->value[TOP_SYS] - f->value[TOP_OVRLP];
	f->value[TOP_VMWAIT] = f->value[TOP_WAIT] - f->value[TOP_IDLE];
}

void top_group_figures(const struct top_sample *before, const struct top_sample *now,
		       const struct top_group *group, struct top_figures *figures)
{
	memset(figures, 0, sizeof(*figures));
	for (u32 i = 0; i < group->count; i++) {
		world_add(figures, before, now, group, i);
	}
	sums_set(figures);
	figures->value[TOP_ID] = group->gid;
	figures->value[TOP_GID] = group->gid;
	figures->value[TOP_NWLD] = group->count;
	figures->value[TOP_ASHRS] = group->allocation.shares;
	figures->value[TOP_AMIN] = group->allocation.min_mhz;
	figures->value[TOP_AMAX] = group->allocation.max_mhz;
	figures->value[TOP_MEMSZ] = (s64)top_mb(group->memory.size_kib);
	figures->value[TOP_GRANT] = (s64)top_mb(group->memory.granted_kib);
	figures->value[TOP_OVHD] = (s64)top_mb(group->memory.overhead_kib);
	figures->value[TOP_OVHDMAX] = (s64)top_mb(group->memory.overhead_max_kib);
}

void top_world_figures(const struct top_sample *before, const struct top_sample *now,
		       const struct top_group *group, u32 index, struct top_figures *figures)
{
	memset(figures, 0, sizeof(*figures));
	world_add(figures, before, now, group, index);
	sums_set(figures);
	figures->value[TOP_ID] = now->worlds[group->first + index].id;
	figures->value[TOP_GID] = group->gid;
	figures->value[TOP_NWLD] = 1;
}

u64 top_pcpu_used(const struct top_sample *before, const struct top_sample *now, u32 pcpu)
{
	u64 elapsed_ns = now->now_ns - before->now_ns;
	u64 idle_ns = now->pcpu_idle_ns[pcpu];

	if (pcpu < before->pcpu_count) {
		idle_ns -= MIN(before->pcpu_idle_ns[pcpu], idle_ns);
	}
	return percentage(elapsed_ns - MIN(idle_ns, elapsed_ns), elapsed_ns);
}

u64 top_pcpu_used_mean(const struct top_sample *before, const struct top_sample *now)
{
	u64 sum = 0;

	for (u32 i = 0; i < now->pcpu_count; i++) {
		sum += top_pcpu_used(before, now, i);
	}
	return now->pcpu_count != 0 ? sum / now->pcpu_count : 0;
}
