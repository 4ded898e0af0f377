// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calendar repeats every 400 years. Years begin with March here, so that leap days end them;
 * the lengths of the months from March on then follow (153 m + 2) / 5.
 */
#include "kernel/lib/calendar.h"

#define CYCLE_YEARS 400u
#define CYCLE_DAYS  146097u

u64 calendar_days(const struct calendar_date *date)
{
	u32 months = date->month + 9; /* from March of the year before */
	u32 year = date->year + CYCLE_YEARS - 1 + months / 12, month = months % 12;

	return (u64)year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
	       date->day - 1;
}

struct calendar_date calendar_date_of(u64 days)
{
	u32 in_cycle = (u32)(days % CYCLE_DAYS);
	/* without the leap days before it every year has 365 */
	u32 year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
	u32 in_year = in_cycle - (365 * year + year / 4 - year / 100);
	u32 month = (5 * in_year + 2) / 153;
	u64 all_years = days / CYCLE_DAYS * CYCLE_YEARS + year + (month >= 10);

	return (struct calendar_date){
		.year = (u32)((all_years + 10000 - CYCLE_YEARS) % 10000),
		.month = month < 10 ? month + 3 : month - 9,
		.day = in_year - (153 * month + 2) / 5 + 1,
	};
}
