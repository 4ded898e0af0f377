/* SPDX-License-Identifier: GPL-2.0-only */
/* Two samples of a small machine: what vmtop's tests look at. */
#ifndef TESTS_UNIT_VMTOP_FIXTURE_H
#define TESTS_UNIT_VMTOP_FIXTURE_H

#include <string.h>

#include "kernel/console/vmtop/sample.h"

#define FIXTURE_PCPUS 2u

struct fixture {
	struct top_sample sample;
	u64 idle_ns[32];
	struct top_group groups[8];
	struct top_world worlds[64];
};

/* A world's times after `ms` of each state. */
static inline struct account_times fixture_times(u64 run_ms, u64 ready_ms, u64 costop_ms, u64 idle_ms)
{
	return (struct account_times){
		.elapsed_ns = (run_ms + ready_ms + costop_ms + idle_ms) * NSEC_PER_MSEC,
		.run_ns = run_ms * NSEC_PER_MSEC,
		.ready_ns = ready_ms * NSEC_PER_MSEC,
		.costop_ns = costop_ms * NSEC_PER_MSEC,
		.wait_ns = idle_ms * NSEC_PER_MSEC,
		.idle_ns = idle_ms * NSEC_PER_MSEC,
	};
}

static inline void fixture_init(struct fixture *f, u64 now_ms)
{
	memset(f, 0, sizeof(*f));
	f->sample.now_ns = now_ms * NSEC_PER_MSEC;
	f->sample.wallclock_s = 1700000000 + now_ms / 1000;
	f->sample.pcpu_count = FIXTURE_PCPUS;
	f->sample.pcpu_idle_ns = f->idle_ns;
	f->sample.groups = f->groups;
	f->sample.worlds = f->worlds;
	f->sample.memory = (struct top_memory){KIB(1009), KIB(400), KIB(600), KIB(9)};
}

/* Worlds are numbered from 32 x gid on. */
static inline struct top_group *fixture_group(struct fixture *f, u32 gid, const char *name, u32 worlds)
{
	struct top_group *g = &f->groups[f->sample.group_count++];

	g->gid = gid;
	g->vm = gid != 0;
	strcpy(g->name, name);
	g->first = f->sample.world_count;
	g->count = worlds;
	g->allocation = (struct top_allocation){1000 * gid, 0, -1};
	g->memory = (struct top_group_memory){KIB(256), KIB(100) + 512, 2048, 4096};
	for (u32 i = 0; i < worlds; i++) {
		f->worlds[g->first + i].id = gid * 32 + i;
	}
	f->sample.world_count += worlds;
	return g;
}

#endif
