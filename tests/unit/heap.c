// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/heap against a linear search over the same elements. */
#include "tests/unit/unit.h"
#include "kernel/lib/err.h"
#include "kernel/lib/heap.h"

#define ELEMENTS 64
#define CAPACITY 48
#define STEPS	 200000

struct element {
	struct heap_node node;
	u64 key; /* what the model holds */
	bool in;
};

static struct element elements[ELEMENTS];

static void check_min(const struct heap *h)
{
	u64 least = UINT64_MAX;
	u32 count = 0;

	for (u32 i = 0; i < ELEMENTS; i++) {
		assert_int_equal(heap_contains(&elements[i].node), elements[i].in);
		if (elements[i].in) {
			least = MIN(least, elements[i].key);
			count++;
		}
	}
	assert_int_equal(h->count, count);
	if (count == 0) {
		assert_null(heap_min(h));
	} else {
		assert_true(heap_min(h)->key == least);
	}
}

/* Few distinct keys, so that equal ones are common. */
static u64 random_key(void)
{
	return rand() % 10 == 0 ? NEVER_NS : (u64)(rand() % 40);
}

static void step(struct heap *h)
{
	struct element *e = &elements[rand() % ELEMENTS];
	u64 key = random_key();

	if (!e->in) {
		bool full = h->count == CAPACITY;

		assert_int_equal(heap_insert(h, &e->node, key), full ? ERR_LIMIT : 0);
		e->in = !full;
		e->key = key;
	} else if (rand() % 2 == 0) {
		heap_remove(h, &e->node);
		e->in = false;
	} else {
		heap_update(h, &e->node, key);
		e->key = key;
	}
}

static void random_operations_match_the_model(void **state)
{
	struct heap_node **slots = calloc(CAPACITY, sizeof(*slots));
	struct heap h;

	(void)state;
	srand(2);
	heap_init(&h, slots, CAPACITY);
	for (u32 i = 0; i < ELEMENTS; i++) {
		heap_node_init(&elements[i].node);
	}
	for (u32 i = 0; i < STEPS; i++) {
		step(&h);
		assert_true(heap_check(&h));
		check_min(&h);
	}
	free(slots);
}

static void popping_sorts(void **state)
{
	struct heap_node nodes[1000];
	struct heap_node *slots[1000];
	struct heap h;
	u64 last = 0;

	(void)state;
	heap_init(&h, slots, ARRAY_SIZE(slots));
	for (u32 i = 0; i < ARRAY_SIZE(nodes); i++) {
		heap_node_init(&nodes[i]);
		assert_int_equal(heap_insert(&h, &nodes[i], (u64)rand()), 0);
	}
	while (heap_min(&h) != NULL) {
		struct heap_node *n = heap_min(&h);

		assert_true(n->key >= last);
		last = n->key;
		heap_remove(&h, n);
	}
}

static void check_sees_a_broken_heap(void **state)
{
	struct heap_node nodes[3];
	struct heap_node *slots[3];
	struct heap h;

	(void)state;
	heap_init(&h, slots, 3);
	for (u32 i = 0; i < 3; i++) {
		heap_node_init(&nodes[i]);
		assert_int_equal(heap_insert(&h, &nodes[i], i), 0);
	}
	assert_true(heap_check(&h));
	nodes[0].key = 5;
	assert_false(heap_check(&h));
	nodes[0].key = 0;
	nodes[2].index = 1;
	assert_false(heap_check(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_the_model),
		cmocka_unit_test(popping_sorts),
		cmocka_unit_test(check_sees_a_broken_heap),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
