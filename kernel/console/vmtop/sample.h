/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmtop knows of one instant: counters of worlds, VMs, pCPUs and memory. Two samples make a screen or a line of
 * the batch file. Plain data; the collector (vmtop.c) owns the arrays.
 */
#ifndef KERNEL_CONSOLE_VMTOP_SAMPLE_H
#define KERNEL_CONSOLE_VMTOP_SAMPLE_H

#include "kernel/lib/types.h"
#include "sched/account.h"

#define TOP_NAME_SIZE 64

struct top_world {
	u32 id;
	u64 born_ns; /* a world that is started anew counts from zero again */
	struct account_times times;
};

struct top_group_memory {
	u64 size_kib;	      /* as the guest sees it */
	u64 granted_kib;      /* of it, backed by machine memory */
	u64 overhead_kib;     /* hypervisor memory for the VM */
	u64 overhead_max_kib; /* the most that this may become */
};

/* What a VM was given. */
struct top_allocation {
	u32 shares;
	u32 min_mhz;
	s64 max_mhz; /* -1: unlimited */
};

/* A VM, or what else has worlds. */
struct top_group {
	u32 gid;
	bool vm; /* else it has neither memory nor allocation */
	char name[TOP_NAME_SIZE];
	u32 first, count; /* in top_sample.worlds */
	struct top_allocation allocation;
	struct top_group_memory memory;
};

struct top_memory {
	u64 total_kib, free_kib, guests_kib, hypervisor_kib;
};

struct top_sample {
	u64 now_ns;	 /* since boot */
	u64 wallclock_s; /* since 1970 */
	u32 pcpu_count;
	u64 *pcpu_idle_ns; /* since boot */
	u32 group_count;
	struct top_group *groups; /* by ascending gid */
	u32 world_count;
	struct top_world *worlds;
	struct top_memory memory;
};

#endif
