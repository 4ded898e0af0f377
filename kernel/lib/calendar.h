/* SPDX-License-Identifier: GPL-2.0-only */
/* Gregorian dates to day numbers and back. Pure. */
#ifndef KERNEL_LIB_CALENDAR_H
#define KERNEL_LIB_CALENDAR_H

#include "kernel/lib/types.h"

/* Day numbers count from 1 March of the year -400, so that every date that a clock chip can hold,
 * the year 0 too, has a positive one. That of 1970-01-01: */
#define CALENDAR_EPOCH_DAYS 865565u

struct calendar_date {
	u32 year;  /* 0 .. 9999 */
	u32 month; /* 1 .. 12 */
	u32 day;   /* 1 .. 31 */
};

/* The day number of a date. Months beyond 12 and days beyond the month's end count on; each is at
 * least 1. */
u64 calendar_days(const struct calendar_date *date);

/* The date of a day number; years are modulo 10,000. */
struct calendar_date calendar_date_of(u64 days);

#endif
