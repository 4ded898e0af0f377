// SPDX-License-Identifier: GPL-2.0-only
/* sched/timeline against a search through all nodes, over random insertions and removals. */
#include "sched/timeline.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define NODES 300u

/* What timeline_earliest() must answer, found the long way. */
static u64 earliest_deadline(const struct timeline_node *n, u64 now)
{
	u64 best = UINT64_MAX;

	for (u32 i = 0; i < NODES; i++) {
		if (n[i].linked && n[i].start <= now) {
			best = MIN(best, n[i].deadline);
		}
	}
	return best;
}

static void random_changes(void **state)
{
	static struct timeline_node n[NODES];
	struct timeline t = {NULL, 0};
	struct rng rng = {7};

	(void)state;
	for (u32 i = 0; i < NODES; i++) {
		timeline_node_init(&n[i], i);
	}
	for (u32 step = 0; step < 20000; step++) {
		struct timeline_node *x = &n[rng_below(&rng, NODES)];
		u64 now = rng_below(&rng, 1100);
		struct timeline_node *found;

		if (x->linked) {
			timeline_remove(&t, x);
		} else {
			x->start = rng_below(&rng, 1000);
			x->deadline = x->start + rng_below(&rng, 500);
			timeline_insert(&t, x);
		}
		assert_true(timeline_check(&t));
		found = timeline_earliest(&t, now);
		if (earliest_deadline(n, now) == UINT64_MAX) {
			assert_null(found);
		} else {
			assert_non_null(found);
			assert_true(found->start <= now);
			assert_int_equal(found->deadline, earliest_deadline(n, now));
		}
	}
}

static u32 height(const struct timeline_node *n)
{
	return n == NULL ? 0 : 1 + MAX(height(n->left), height(n->right));
}

/* Insertion in order is what worlds do; a plain tree would be as deep as it is long. */
static void ordered_insertion_stays_balanced(void **state)
{
	static struct timeline_node n[10000];
	struct timeline t = {NULL, 0};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(n); i++) {
		timeline_node_init(&n[i], i);
		n[i].start = i;
		n[i].deadline = i + 5;
		timeline_insert(&t, &n[i]);
	}
	/* Expected depth of a random tree: 2 ln n = 18 on average, deepest about 40. */
	assert_true(height(t.root) < 50);
	assert_true(timeline_check(&t));
	assert_ptr_equal(timeline_first(&t), &n[0]);
	assert_ptr_equal(timeline_next(&n[41]), &n[42]);
	assert_null(timeline_next(&n[9999]));
}

static void check_finds_damage(void **state)
{
	struct timeline_node n[3];
	struct timeline t = {NULL, 0};

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		timeline_node_init(&n[i], i);
		n[i].start = n[i].deadline = 10 * i;
		timeline_insert(&t, &n[i]);
	}
	n[1].start = 100;
	assert_false(timeline_check(&t));
	n[1].start = 10;
	n[2].deadline = 1;
	assert_false(timeline_check(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes),
		cmocka_unit_test(ordered_insertion_stays_balanced),
		cmocka_unit_test(check_finds_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
