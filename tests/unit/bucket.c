// SPDX-License-Identifier: GPL-2.0-only
/* Allowances: exact in the long run, nothing hoarded, debts paid. */
#include "sched/bucket.h"
#include "tests/unit/unit.h"

#define P BUCKET_PERIOD_NS

static void an_allowance_is_used_and_filled(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, P / 4, 5 * P);
	assert_int_equal(bucket_left_ns(&b, 5 * P), P / 4);
	bucket_use(&b, P / 8, 5 * P + 1);
	assert_int_equal(bucket_left_ns(&b, 6 * P - 1), P / 8);
	/* What is left is not hoarded, however long it lasts. */
	assert_int_equal(bucket_left_ns(&b, 9 * P), P / 4);
	assert_int_equal(bucket_refill_ns(&b, 9 * P + 3), 9 * P + 3);
}

static void debts_are_paid_by_later_periods(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, P / 4, 0);
	bucket_use(&b, P, 10);
	assert_int_equal(bucket_left_ns(&b, 11), -(s64)(P * 3 / 4));
	assert_int_equal(bucket_refill_ns(&b, 11), 4 * P);
	assert_true(bucket_left_ns(&b, 3 * P + 5) <= 0);
	assert_int_equal(bucket_left_ns(&b, 4 * P), P / 4);
}

/* Uneven use in pieces that do not fit the quota: the rate is exact over many periods. */
static void the_long_run_is_exact(void **state)
{
	struct bucket b;
	u64 used_ns = 0, now_ns = 0;

	(void)state;
	bucket_init(&b, 3333333, 0);
	while (now_ns < 10000 * P) {
		if (bucket_left_ns(&b, now_ns) > 0) {
			bucket_use(&b, 1700001, now_ns);
			used_ns += 1700001;
			now_ns += 1700001;
		} else {
			now_ns = bucket_refill_ns(&b, now_ns);
		}
	}
	assert_in_range(used_ns, 9999ull * 3333333, 10001ull * 3333333);
}

static void a_reservation_makes_no_debt(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, P / 2, 0);
	bucket_use_if_left(&b, P / 4, 1);
	assert_int_equal(bucket_left_ns(&b, 2), P / 4);
	bucket_use_if_left(&b, P / 4 + 5, 3);
	bucket_use_if_left(&b, 8 * P, 4);
	assert_int_equal(bucket_left_ns(&b, 5), -5);
	assert_int_equal(bucket_left_ns(&b, P), P / 2 - 5);
}

static void no_quota_and_no_limit(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 0);
	assert_int_equal(bucket_left_ns(&b, 7 * P), 0);
	assert_int_equal(bucket_refill_ns(&b, 7 * P), NEVER_NS);
	bucket_init(&b, BUCKET_UNLIMITED, 0);
	bucket_use(&b, 1000 * P, 1);
	assert_int_equal(bucket_left_ns(&b, 2), INT64_MAX);
}

static void the_rate_changes(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, P / 2, 0);
	bucket_set(&b, P / 4, 1);
	assert_int_equal(bucket_left_ns(&b, 2), P / 4);
	bucket_use(&b, P / 2, 3);
	bucket_set(&b, BUCKET_UNLIMITED, 4);
	assert_int_equal(bucket_left_ns(&b, 5), INT64_MAX);
	bucket_set(&b, P, 6);
	assert_int_equal(bucket_left_ns(&b, P + 1), P);
	/* A debt outlives a change. */
	bucket_use(&b, 2 * P, P + 2);
	bucket_set(&b, P / 2, P + 3);
	assert_int_equal(bucket_left_ns(&b, P + 4), -(s64)P);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allowance_is_used_and_filled),
		cmocka_unit_test(debts_are_paid_by_later_periods),
		cmocka_unit_test(the_long_run_is_exact),
		cmocka_unit_test(a_reservation_makes_no_debt),
		cmocka_unit_test(no_quota_and_no_limit),
		cmocka_unit_test(the_rate_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
