/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures from two samples, with the meaning that esxtop gave them. Percentages are of the time between the samples in
 * which the world was there; a group's are the sums over its worlds. For each world
 *	%RUN + %RDY + %CSTP + %WAIT = 100, %RDY >= %MLMTD, %WAIT >= %IDLE + %SWPWT, %USED = %RUN + %SYS - %OVRLP
 * but for rounding. Pure.
 */
#ifndef KERNEL_CONSOLE_VMTOP_FIGURES_H
#define KERNEL_CONSOLE_VMTOP_FIGURES_H

#include "kernel/console/vmtop/sample.h"

enum top_value {
	/* numbers */
	TOP_ID,
	TOP_GID,
	TOP_NWLD,
	TOP_ASHRS, /* these of groups only */
	TOP_AMIN,
	TOP_AMAX,
	/* hundredths of a percent */
	TOP_USED,
	TOP_RUN,
	TOP_SYS,
	TOP_WAIT,
	TOP_VMWAIT,
	TOP_RDY,
	TOP_IDLE,
	TOP_OVRLP,
	TOP_CSTP,
	TOP_MLMTD,
	TOP_SWPWT,
	/* hundredths of a MB; of groups only */
	TOP_MEMSZ,
	TOP_GRANT,
	TOP_OVHD,
	TOP_OVHDMAX,
	TOP_VALUES
};

struct top_figures {
	s64 value[TOP_VALUES];
};

/* The group with that id, or NULL. */
const struct top_group *top_group_find(const struct top_sample *s, u32 gid);

/* `before` may lack the group, or be all zero: then figures are since the world's start. */
void top_group_figures(const struct top_sample *before, const struct top_sample *now,
		       const struct top_group *group, struct top_figures *figures);
/* World `index` of the group. */
void top_world_figures(const struct top_sample *before, const struct top_sample *now,
		       const struct top_group *group, u32 index, struct top_figures *figures);

/* Hundredths of a percent in which a pCPU was not idle. */
u64 top_pcpu_used(const struct top_sample *before, const struct top_sample *now, u32 pcpu);
/* The mean over all. */
u64 top_pcpu_used_mean(const struct top_sample *before, const struct top_sample *now);

/* Hundredths of a MB. */
static inline u64 top_mb(u64 kib)
{
	return kib * 100 / 1024;
}

#endif
