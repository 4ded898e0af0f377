/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Conversion between a counter of constant rate (the TSC) and nanoseconds, by one multiplication and
 * a shift with a 128-bit intermediate. Pure; a struct clock is constant after clock_init().
 *
 * Error: clock_tsc_to_ns() is floor(exact) or floor(exact) - 1, over the whole range in which the
 * result is below 2^62 ns (146 years); it is monotone everywhere and does not drift.
 */
#ifndef KERNEL_LIB_CLOCK_H
#define KERNEL_LIB_CLOCK_H

#include "kernel/lib/types.h"

/* Rates that clock_init() takes: 1 kHz to about 1 THz. */
#define CLOCK_KHZ_MAX (1ull << 30)

struct clock {
	u64 base_tsc;	  /* the counter's value at 0 ns */
	u64 ns_mult;	  /* ns = ticks * ns_mult >> ns_shift */
	u64 tick_mult;	  /* ticks = ns * tick_mult >> tick_shift, never too high */
	u8 ns_shift;
	u8 tick_shift;
};

/* Prepares `clock` for a counter of `tsc_khz` (1 .. CLOCK_KHZ_MAX) that reads `base_tsc` at 0 ns. */
void clock_init(struct clock *clock, u64 tsc_khz, u64 base_tsc);

/* Nanoseconds since the base; 0 for counter values at or before it (another pCPU's counter may be a
 * little behind). Saturates at NEVER_NS - 1. */
static inline u64 clock_tsc_to_ns(const struct clock *clock, u64 tsc)
{
	unsigned __int128 product;

	if (unlikely(tsc <= clock->base_tsc)) {
		return 0;
	}
	product = (unsigned __int128)(tsc - clock->base_tsc) * clock->ns_mult >> clock->ns_shift;
	return likely(product < NEVER_NS) ? (u64)product : NEVER_NS - 1;
}

/* The first counter value at which clock_tsc_to_ns() is at least `ns`: a timer set to it never fires
 * early. UINT64_MAX when the counter never gets there. */
u64 clock_ns_to_tsc(const struct clock *clock, u64 ns);

#endif
