// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/calendar: every day of the years 0 to 9999, counted one by one. */
#include "tests/unit/unit.h"
#include "kernel/lib/calendar.h"

static u32 month_days(u32 year, u32 month)
{
	static const u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static void every_day_has_its_number(void **state)
{
	struct calendar_date d = {.year = 0, .month = 1, .day = 1};
	u64 days = calendar_days(&d);

	(void)state;
	for (; d.year < 10000; days++) {
		struct calendar_date back = calendar_date_of(days);

		if (calendar_days(&d) != days || back.year != d.year || back.month != d.month ||
		    back.day != d.day) {
			fail_msg("%u-%u-%u", d.year, d.month, d.day);
		}
		if (++d.day > month_days(d.year, d.month)) {
			d.day = 1;
			if (++d.month > 12) {
				d.month = 1;
				d.year++;
			}
		}
	}
}

static void the_epoch_is_where_it_should_be(void **state)
{
	struct calendar_date epoch = {.year = 1970, .month = 1, .day = 1};

	(void)state;
	assert_int_equal(calendar_days(&epoch), CALENDAR_EPOCH_DAYS);
}

static void excess_counts_on(void **state)
{
	struct calendar_date odd = {.year = 2023, .month = 14, .day = 31};
	struct calendar_date even = {.year = 2024, .month = 3, .day = 2};

	(void)state;
	assert_int_equal(calendar_days(&odd), calendar_days(&even));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_has_its_number),
		cmocka_unit_test(the_epoch_is_where_it_should_be),
		cmocka_unit_test(excess_counts_on),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
