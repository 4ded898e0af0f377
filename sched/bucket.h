/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An allowance of pCPU time: so many ns per period of real time, for a reservation (floor) or a limit (cap). What was
 * used beyond it is a debt that the next periods pay, so that the long-run rate is exact; what is left at the end of a
 * period is not hoarded. All functions may be called by several pCPUs at once. Pure.
 */
#ifndef SCHED_BUCKET_H
#define SCHED_BUCKET_H

#include "kernel/lib/types.h"

/* 10 ms: a limited guest stands still for less than two of its own scheduler's slices. */
#define BUCKET_PERIOD_NS (10 * NSEC_PER_MSEC)
#define BUCKET_UNLIMITED UINT64_MAX

struct bucket {
	u64 quota_ns; /* (a) per period; 0: nothing, BUCKET_UNLIMITED: no limit */
	u64 period;   /* (a) number of the period in which `left_ns` was last filled */
	s64 left_ns;  /* (a) */
};

/* Full. */
void bucket_init(struct bucket *b, u64 quota_ns, u64 now_ns);
/* Another rate from now on; a debt stays. */
void bucket_set(struct bucket *b, u64 quota_ns, u64 now_ns);
/* What may be used until the end of the period; negative: a debt. BUCKET_UNLIMITED gives INT64_MAX. */
s64 bucket_left_ns(struct bucket *b, u64 now_ns);
void bucket_use(struct bucket *b, u64 ns, u64 now_ns);
/* The same for a reservation: what is used when it is used up comes from shares, and is no debt. */
void bucket_use_if_left(struct bucket *b, u64 ns, u64 now_ns);
/* When it next holds something again, when it is empty now. */
u64 bucket_refill_ns(struct bucket *b, u64 now_ns);

static inline u64 bucket_period_end_ns(u64 now_ns)
{
	return (now_ns / BUCKET_PERIOD_NS + 1) * BUCKET_PERIOD_NS;
}

#endif
