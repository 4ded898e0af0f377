// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allowances, filled when looked at. Whoever first sees a new period adds the quotas of those that
 * have begun; others may see the old rest for a moment, which is a rest they could have seen just
 * before. Pure.
 */
#include "sched/bucket.h"

static s64 s64_min(s64 a, s64 b)
{
	return a < b ? a : b;
}

/* The periods that have begun since the last fill. 0: none, or another pCPU took them. */
static u64 periods_take(struct bucket *b, u64 now_ns)
{
	u64 period = now_ns / BUCKET_PERIOD_NS;
	u64 filled = __atomic_load_n(&b->period, __ATOMIC_RELAXED);

	if (period <= filled || !__atomic_compare_exchange_n(&b->period, &filled, period, false,
							     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		return 0;
	}
	return period - filled;
}

static void refill(struct bucket *b, u64 quota_ns, u64 now_ns)
{
	u64 periods = periods_take(b, now_ns);
	s64 left_ns = __atomic_load_n(&b->left_ns, __ATOMIC_RELAXED);
	s64 full_ns;

	if (periods == 0) {
		return;
	}
	do {
		/* A debt of so many periods was never made: the product below does not overflow. */
		u64 count = MIN(periods, 1u << 16);

		full_ns = s64_min(left_ns + (s64)(count * quota_ns), (s64)quota_ns);
	} while (!__atomic_compare_exchange_n(&b->left_ns, &left_ns, full_ns, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void bucket_init(struct bucket *b, u64 quota_ns, u64 now_ns)
{
	*b = (struct bucket){
		.quota_ns = quota_ns,
		.period = now_ns / BUCKET_PERIOD_NS,
		.left_ns = quota_ns == BUCKET_UNLIMITED ? 0 : (s64)quota_ns,
	};
}

void bucket_set(struct bucket *b, u64 quota_ns, u64 now_ns)
{
	s64 left_ns = bucket_left_ns(b, now_ns);

	__atomic_store_n(&b->quota_ns, quota_ns, __ATOMIC_RELAXED);
	if (quota_ns == BUCKET_UNLIMITED || left_ns == INT64_MAX) {
		left_ns = 0;
	}
	__atomic_store_n(&b->period, now_ns / BUCKET_PERIOD_NS, __ATOMIC_RELAXED);
	__atomic_store_n(&b->left_ns, s64_min(left_ns, (s64)(quota_ns & INT64_MAX)),
			 __ATOMIC_RELAXED);
}

s64 bucket_left_ns(struct bucket *b, u64 now_ns)
{
	u64 quota_ns = __atomic_load_n(&b->quota_ns, __ATOMIC_RELAXED);

	if (quota_ns == BUCKET_UNLIMITED) {
		return INT64_MAX;
	}
	refill(b, quota_ns, now_ns);
	return __atomic_load_n(&b->left_ns, __ATOMIC_RELAXED);
}

void bucket_use(struct bucket *b, u64 ns, u64 now_ns)
{
	if (bucket_left_ns(b, now_ns) != INT64_MAX) {
		__atomic_sub_fetch(&b->left_ns, (s64)ns, __ATOMIC_RELAXED);
	}
}

void bucket_use_if_left(struct bucket *b, u64 ns, u64 now_ns)
{
	if (bucket_left_ns(b, now_ns) > 0) {
		bucket_use(b, ns, now_ns);
	}
}

u64 bucket_refill_ns(struct bucket *b, u64 now_ns)
{
	u64 quota_ns = __atomic_load_n(&b->quota_ns, __ATOMIC_RELAXED);
	s64 left_ns = bucket_left_ns(b, now_ns);
	u64 end_ns = bucket_period_end_ns(now_ns);

	if (left_ns > 0) {
		return now_ns;
	}
	if (quota_ns == 0) {
		return NEVER_NS;
	}
	/* Each period pays one quota of the debt. */
	return end_ns + (u64)-left_ns / quota_ns * BUCKET_PERIOD_NS;
}
