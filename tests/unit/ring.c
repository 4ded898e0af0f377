// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/ring against the plain list of all bytes ever written. */
#include "tests/unit/unit.h"
#include "kernel/lib/ring.h"

#define HISTORY 400000

static u8 history[HISTORY];

struct model {
	u64 head, tail;
	u32 size;
};

static void model_write(struct model *m, size_t n)
{
	m->head += n;
	if (m->head - m->tail > m->size) {
		m->tail = m->head - m->size;
	}
}

static void check_read(const struct model *m, u64 from, const u8 *got, size_t n)
{
	assert_true(from + n <= m->head);
	assert_memory_equal(got, history + from, n);
}

static void step(struct ring *r, struct model *m, u64 *cursor)
{
	u8 out[300];
	size_t n = (size_t)rand() % 300;

	switch (rand() % 4) {
	case 0:
		ring_write(r, history + m->head, n);
		model_write(m, n);
		break;
	case 1: {
		size_t fits = MIN(n, (size_t)(m->size - (m->head - m->tail)));

		assert_int_equal(ring_offer(r, history + m->head, n), fits);
		model_write(m, fits);
		break;
	}
	case 2: {
		size_t want = MIN(n, (size_t)(m->head - m->tail));

		assert_int_equal(ring_read(r, out, n), want);
		check_read(m, m->tail, out, want);
		m->tail += want;
		break;
	}
	default: {
		u64 from = MAX(*cursor, m->tail);
		size_t want = MIN(n, (size_t)(m->head - from));

		assert_int_equal(ring_read_at(r, cursor, out, n), want);
		check_read(m, from, out, want);
		assert_int_equal(*cursor, from + want);
		break;
	}
	}
	assert_int_equal(ring_used(r), m->head - m->tail);
	assert_int_equal(ring_free(r), m->size - (m->head - m->tail));
}

static void random_operations_match_the_model(void **state)
{
	static const u32 sizes[] = {1, 2, 64, 256, 4096};

	(void)state;
	srand(1);
	for (size_t i = 0; i < HISTORY; i++) {
		history[i] = (u8)rand();
	}
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		u8 *buffer = malloc(sizes[s]); /* the sanitizer watches its ends */
		struct model m = {.size = sizes[s]};
		struct ring r;
		u64 cursor = 0;

		ring_init(&r, buffer, sizes[s]);
		while (m.head < HISTORY - 600) {
			step(&r, &m, &cursor);
		}
		free(buffer);
	}
}

static void a_write_longer_than_the_ring_keeps_its_end(void **state)
{
	u8 buffer[8], out[16];
	struct ring r;

	(void)state;
	ring_init(&r, buffer, sizeof(buffer));
	ring_write(&r, "abc", 3);
	ring_write(&r, "0123456789abcdef0", 17);
	assert_int_equal(ring_read(&r, out, sizeof(out)), 8);
	assert_memory_equal(out, "9abcdef0", 8);
	assert_int_equal(ring_used(&r), 0);
}

static void clear_drops_all_and_cursors_follow(void **state)
{
	u8 buffer[8], out[8];
	struct ring r;
	u64 cursor = 0;

	(void)state;
	ring_init(&r, buffer, sizeof(buffer));
	ring_write(&r, "abc", 3);
	ring_clear(&r);
	assert_int_equal(ring_read_at(&r, &cursor, out, 8), 0);
	ring_write(&r, "de", 2);
	assert_int_equal(ring_read_at(&r, &cursor, out, 8), 2);
	assert_memory_equal(out, "de", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_the_model),
		cmocka_unit_test(a_write_longer_than_the_ring_keeps_its_end),
		cmocka_unit_test(clear_drops_all_and_cursors_follow),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
