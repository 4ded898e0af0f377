// SPDX-License-Identifier: GPL-2.0-only
/* See clock.h. No 128-bit division: the compiler would call a library for it. Pure. */
#include "kernel/lib/clock.h"
#include "kernel/lib/assert.h"

/* Sets mult and shift so that mult / 2^shift = num / den, rounded down to 64 significant bits: the
 * relative error is below 2^-63. Long division, one bit a step. num and den are below 2^62. */
static void ratio_init(u64 num, u64 den, u64 *mult, u8 *shift)
{
	u64 quotient = num / den;
	u64 rest = num % den;
	u8 bits = 0;

	while ((quotient & BIT(63)) == 0) {
		quotient <<= 1;
		rest <<= 1;
		if (rest >= den) {
			rest -= den;
			quotient |= 1;
		}
		bits++;
	}
	*mult = quotient;
	*shift = bits;
}

void clock_init(struct clock *clock, u64 tsc_khz, u64 base_tsc)
{
	assert(tsc_khz > 0 && tsc_khz <= CLOCK_KHZ_MAX);
	clock->base_tsc = base_tsc;
	ratio_init(NSEC_PER_MSEC, tsc_khz, &clock->ns_mult, &clock->ns_shift);
	ratio_init(tsc_khz, NSEC_PER_MSEC, &clock->tick_mult, &clock->tick_shift);
}

u64 clock_ns_to_tsc(const struct clock *clock, u64 ns)
{
	unsigned __int128 ticks = (unsigned __int128)ns * clock->tick_mult >> clock->tick_shift;
	unsigned __int128 product;
	u64 tsc;

	if (ticks >= UINT64_MAX - clock->base_tsc) {
		return UINT64_MAX;
	}
	tsc = clock->base_tsc + (u64)ticks;
	/* The estimate is never too high. It is too low by what the two roundings lose: less than
	 * ticks * 2^-62 + 2 steps, so at most a handful. */
	product = (unsigned __int128)(u64)ticks * clock->ns_mult;
	while ((u64)(product >> clock->ns_shift) < ns) {
		if (tsc == UINT64_MAX) {
			return UINT64_MAX;
		}
		product += clock->ns_mult;
		tsc++;
	}
	return tsc;
}
