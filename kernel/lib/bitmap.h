/* SPDX-License-Identifier: GPL-2.0-only */
/* Bit sets in arrays of u64. Pure; the caller locks. */
#ifndef KERNEL_LIB_BITMAP_H
#define KERNEL_LIB_BITMAP_H

#include "kernel/lib/types.h"

#define BITMAP_WORDS(bits) DIV_ROUND_UP(bits, 64)

static inline void bitmap_set(u64 *map, u32 bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(u64 *map, u32 bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

static inline bool bitmap_test(const u64 *map, u32 bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

/* The highest set bit of `words` words, or -1. */
static inline int bitmap_highest(const u64 *map, u32 words)
{
	for (int i = (int)words - 1; i >= 0; i--) {
		if (map[i] != 0) {
			return i * 64 + 63 - __builtin_clzll(map[i]);
		}
	}
	return -1;
}

/* The lowest set bit of `words` words, or -1. */
static inline int bitmap_lowest(const u64 *map, u32 words)
{
	for (u32 i = 0; i < words; i++) {
		if (map[i] != 0) {
			return (int)(i * 64) + __builtin_ctzll(map[i]);
		}
	}
	return -1;
}

#endif
