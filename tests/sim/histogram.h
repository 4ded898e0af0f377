/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts of durations in buckets of 1/16 octave: percentiles are right to 6 %, rounded up. */
#ifndef TESTS_SIM_HISTOGRAM_H
#define TESTS_SIM_HISTOGRAM_H

#include "kernel/lib/types.h"

#define HISTOGRAM_PARTS	  16u
#define HISTOGRAM_BUCKETS (64u * HISTOGRAM_PARTS)

struct histogram {
	u64 count;
	u64 max;
	u32 bucket[HISTOGRAM_BUCKETS];
};

static inline u32 histogram_index(u64 value)
{
	u32 octave;

	if (value < HISTOGRAM_PARTS) {
		return (u32)value;
	}
	octave = 63 - (u32)__builtin_clzll(value);
	return (octave - 3) * HISTOGRAM_PARTS + (u32)(value >> (octave - 4)) % HISTOGRAM_PARTS;
}

/* The largest value that falls into the bucket. */
static inline u64 histogram_top(u32 index)
{
	u32 octave = index / HISTOGRAM_PARTS + 3;

	if (index < HISTOGRAM_PARTS) {
		return index;
	}
	return ((u64)(HISTOGRAM_PARTS + index % HISTOGRAM_PARTS + 1) << (octave - 4)) - 1;
}

static inline void histogram_add(struct histogram *h, u64 value)
{
	h->count++;
	h->max = MAX(h->max, value);
	h->bucket[histogram_index(value)]++;
}

/* The value that so many permille of those counted do not exceed; 0 when there is none. */
static inline u64 histogram_permille(const struct histogram *h, u32 permille)
{
	u64 wanted = DIV_ROUND_UP(h->count * permille, 1000), seen = 0;

	if (wanted == 0) {
		return 0;
	}
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted) {
			return MIN(histogram_top(i), h->max);
		}
	}
	return h->max;
}

#endif
