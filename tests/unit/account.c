// SPDX-License-Identifier: GPL-2.0-only
/* Accounting: the identity at every snapshot, also of those taken while another thread writes. */
#include <pthread.h>
#include "sched/account.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static void assert_identity(const struct account_times *t)
{
	assert_int_equal(t->elapsed_ns, t->run_ns + t->ready_ns + t->costop_ns + t->wait_ns);
	assert_true(t->limited_ns <= t->ready_ns && t->idle_ns + t->swpwt_ns <= t->wait_ns);
}

static void time_goes_to_the_state(void **state)
{
	struct account a;
	struct account_times t;

	(void)state;
	account_init(&a, ACCOUNT_WAIT, 1000);
	account_enter(&a, ACCOUNT_READY, 1100);
	account_enter(&a, ACCOUNT_RUN, 1150);
	account_enter(&a, ACCOUNT_LIMITED, 1450);
	account_enter(&a, ACCOUNT_COSTOP, 1460);
	account_enter(&a, ACCOUNT_IDLE, 1467);
	account_add_used(&a, 250, 30);
	account_add_system(&a, 12);
	t = account_read(&a, 2000);
	assert_identity(&t);
	assert_int_equal(t.elapsed_ns, 1000);
	assert_int_equal(t.run_ns, 300);
	assert_int_equal(t.ready_ns, 60);
	assert_int_equal(t.limited_ns, 10);
	assert_int_equal(t.costop_ns, 7);
	assert_int_equal(t.wait_ns, 633);
	assert_int_equal(t.idle_ns, 533);
	assert_int_equal(t.guest_ns, 250);
	assert_int_equal(t.overlap_ns, 30);
	assert_int_equal(t.system_ns, 12);
	assert_int_equal(account_steal_ns(&t), 67);
}

/* Another pCPU's clock may be behind. */
static void time_does_not_go_back(void **state)
{
	struct account a;
	struct account_times t;

	(void)state;
	account_init(&a, ACCOUNT_WAIT, 1000);
	account_enter(&a, ACCOUNT_RUN, 2000);
	account_enter(&a, ACCOUNT_READY, 1990);
	t = account_read(&a, 1995);
	assert_identity(&t);
	assert_int_equal(t.elapsed_ns, 1000);
	assert_int_equal(t.run_ns, 0);
}

static struct account shared;
static bool done;

static void *write_all_the_time(void *arg)
{
	struct rng rng = {3};
	u64 now_ns = 0;

	(void)arg;
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		now_ns += rng_below(&rng, 1000);
		account_enter(&shared, rng_below(&rng, ACCOUNT_STATES), now_ns);
	}
	return NULL;
}

static void snapshots_are_consistent_without_a_lock(void **state)
{
	pthread_t writer;
	u64 before_ns = 0;

	(void)state;
	account_init(&shared, ACCOUNT_WAIT, 0);
	assert_int_equal(pthread_create(&writer, NULL, write_all_the_time, NULL), 0);
	for (u32 i = 0; i < 200000; i++) {
		struct account_times t = account_read(&shared, 0);

		assert_identity(&t);
		assert_true(t.elapsed_ns >= before_ns);
		before_ns = t.elapsed_ns;
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_goes_to_the_state),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(snapshots_are_consistent_without_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
