/* SPDX-License-Identifier: GPL-2.0-only */
/* A small seeded generator (xorshift64) for repeatable random tests. */
#ifndef TESTS_UNIT_RNG_H
#define TESTS_UNIT_RNG_H

#include "kernel/lib/types.h"

struct rng {
	u64 state; /* never 0 */
};

static inline u64 rng_next(struct rng *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

/* 0 .. limit-1. */
static inline u64 rng_below(struct rng *r, u64 limit)
{
	return rng_next(r) % limit;
}

#endif
