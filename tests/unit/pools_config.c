// SPDX-License-Identifier: GPL-2.0-only
/* kernel/config/pools_config: the tree that comes out, and that every mistake is named with its
 * line. */
#include "tests/unit/unit.h"
#include "kernel/config/pools_config.h"
#include "kernel/lib/err.h"

static struct pools_config pools;
static struct config_messages messages;

/* Parses a copy that ends where the sanitizer watches. */
static int parse(const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n != 0 ? n : 1);

	memcpy(copy, text, n);
	int err = pools_config_parse("pools.cfg", copy, n, &pools, &messages);

	free(copy);
	return err;
}

static void expect_error(const char *text, const char *message)
{
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_int_equal(messages.count, 1);
	assert_int_equal(messages.list[0].level, CONFIG_ERROR);
	assert_string_equal(messages.list[0].text, message);
}

static u32 index_of(const char *name)
{
	for (u32 i = 0; i < pools.count; i++) {
		if (strcmp(pools.list[i].name, name) == 0) {
			return i;
		}
	}
	fail_msg("no pool %s", name);
	return 0;
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(pools.count, 0);
	assert_int_equal(parse("# only this\n\n"), 0);
	assert_int_equal(pools.count, 0);
}

static void values_and_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("pool.web-1.shares = \"high\"\n"
			       "POOL.web-1.MIN=\"200\" # MHz\r\n"
			       "pool.web-1.max = \"unlimited\"\n"
			       "pool.db.shares = \"77\"\n"
			       "pool.db.max = \"1500\""),
			 0);
	assert_int_equal(messages.count, 0);
	assert_int_equal(pools.count, 2);
	assert_string_equal(pools.list[0].name, "web-1");
	assert_string_equal(pools.list[0].parent, "");
	assert_int_equal(pools.list[0].shares.value, 8000);
	assert_int_equal(pools.list[0].min_mhz, 200);
	assert_int_equal(pools.list[0].max_mhz, CONFIG_UNLIMITED);
	assert_string_equal(pools.list[1].name, "db");
	assert_int_equal(pools.list[1].shares.level, SHARES_NUMBER);
	assert_int_equal(pools.list[1].shares.value, 77);
	assert_int_equal(pools.list[1].min_mhz, 0);
	assert_int_equal(pools.list[1].max_mhz, 1500);
	assert_int_equal(parse("pool.a.min = \"1\""), 0);
	assert_int_equal(pools.list[0].shares.value, 4000);
}

/* A parent comes first, wherever it stands in the file. */
static void parents_first(void **state)
{
	(void)state;
	assert_int_equal(parse("pool.c.parent = \"b\"\n"
			       "pool.b.parent = \"a\"\n"
			       "pool.x.shares = \"low\"\n"
			       "pool.a.shares = \"low\"\n"
			       "pool.d.parent = \"b\"\n"),
			 0);
	assert_int_equal(pools.count, 5);
	assert_true(index_of("a") < index_of("b"));
	assert_true(index_of("b") < index_of("c"));
	assert_true(index_of("b") < index_of("d"));
	assert_int_equal(index_of("x"), 0);
}

static void mistakes(void **state)
{
	(void)state;
	expect_error(
		"\npool.a.shares = \"many\"",
		"pools.cfg:2: pool.a.shares = \"many\": expected low, normal, high or a number "
		"from 1 to 1000000");
	expect_error(
		"pool.a.colour = \"red\"",
		"pools.cfg:1: pool.a.colour: expected pool.NAME.shares, .min, .max or .parent");
	expect_error("pool..min = \"1\"",
		     "pools.cfg:1: pool..min: expected pool.NAME.shares, .min, .max or .parent");
	expect_error("pool.min = \"1\"",
		     "pools.cfg:1: pool.min: expected pool.NAME.shares, .min, .max or .parent");
	expect_error("memsize = \"1\"",
		     "pools.cfg:1: memsize: expected pool.NAME.shares, .min, .max or .parent");
	expect_error("pool.a.min = \"1\"\npool.a.min = \"1\"",
		     "pools.cfg:2: pool.a.min is given twice, first in line 1");
	expect_error("pool.a.min = \"9\"\npool.a.max = \"8\"",
		     "pools.cfg: pool.a.min is 9, above pool.a.max, which is 8");
	expect_error("pool.a.min = \"1\"\npool.a.parent = \"z\"",
		     "pools.cfg:2: pool.a.parent = \"z\": there is no such pool");
	expect_error("pool.a.parent = \"a\"",
		     "pools.cfg:1: pool.a.parent = \"a\": pools in a ring");
	expect_error(
		"pool.0123456789012345678901234567890123456789012345678901234567890123.min = "
		"\"1\"",
		"pools.cfg:1: pool.01234567890123456789012345678901234: expected a name of at most "
		"63 characters");
	assert_int_equal(parse("pool.a.parent = \"b\"\npool.b.parent = \"a\"\n"), ERR_FORMAT);
	assert_int_equal(messages.count, 2);
}

static void limits(void **state)
{
	char text[65 * 40];
	size_t n = 0;

	(void)state;
	/* As deep as may be, then one more. */
	n = (size_t)snprintf(text, sizeof(text), "pool.p0.min = \"0\"\n");
	for (u32 i = 1; i < POOL_DEPTH_MAX; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "pool.p%u.parent = \"p%u\"\n", i,
				      i - 1);
	}
	assert_int_equal(parse(text), 0);
	snprintf(text + n, sizeof(text) - n, "pool.p%u.parent = \"p%u\"\n", POOL_DEPTH_MAX,
		 POOL_DEPTH_MAX - 1);
	expect_error(text, "pools.cfg:8: pool.p7.parent: pools nested more than 7 deep");
	/* As many as may be, then one more. */
	n = 0;
	for (u32 i = 0; i <= POOLS_MAX; i++) {
		if (i == POOLS_MAX) {
			assert_int_equal(parse(text), 0);
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "pool.p%u.min = \"0\"\n", i);
	}
	expect_error(text, "pools.cfg:65: pool.p64.min: expected at most 64 pools");
}

static char reason[200];

static void expect_refused(int err, const char *why)
{
	assert_int_equal(err, ERR_INVAL);
	assert_string_equal(reason, why);
}

/* What the monitor makes and changes is as if it stood in the file. */
static void pools_by_hand(void **state)
{
	struct pool_config pool;

	(void)state;
	assert_int_equal(parse("pool.a.min = \"0\"\npool.b.parent = \"a\"\n"), 0);
	assert_int_equal(pools_config_new(&pool, "a", "", reason, sizeof(reason)), 0);
	assert_memory_equal(&pool, &pools.list[index_of("a")], sizeof(pool));
	assert_int_equal(pools_config_new(&pool, "b", "a", reason, sizeof(reason)), 0);
	assert_memory_equal(&pool, &pools.list[index_of("b")], sizeof(pool));

	assert_int_equal(pools_config_change(&pool, "Shares", "low", reason, sizeof(reason)), 0);
	assert_int_equal(pool.shares.value, POOL_SHARES_LOW);
	assert_int_equal(pools_config_change(&pool, "max", "500", reason, sizeof(reason)), 0);
	assert_int_equal(pools_config_change(&pool, "min", "500", reason, sizeof(reason)), 0);
	assert_int_equal(pool.min_mhz, 500);
	assert_int_equal(pool.max_mhz, 500);
}

static void refusals_by_hand(void **state)
{
	struct pool_config pool;

	(void)state;
	assert_int_equal(pools_config_new(&pool, "a", "", reason, sizeof(reason)), 0);
	pool.max_mhz = 100;
	expect_refused(pools_config_change(&pool, "parent", "b", reason, sizeof(reason)),
		       "unknown key parent: expected shares, min or max");
	expect_refused(pools_config_change(&pool, "min", "101", reason, sizeof(reason)),
		       "min would be 101, above max, 100");
	expect_refused(pools_config_change(&pool, "shares", "0", reason, sizeof(reason)),
		       "shares = \"0\": expected low, normal, high or a number from 1 to 1000000");
	expect_refused(pools_config_new(&pool, "a.b", "", reason, sizeof(reason)),
		       "\"a.b\": expected a name of 1 to 63 letters, digits, _ : -");
	expect_refused(pools_config_new(&pool, "", "", reason, sizeof(reason)),
		       "\"\": expected a name of 1 to 63 letters, digits, _ : -");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),	    cmocka_unit_test(values_and_defaults),
		cmocka_unit_test(parents_first),    cmocka_unit_test(mistakes),
		cmocka_unit_test(limits),	    cmocka_unit_test(pools_by_hand),
		cmocka_unit_test(refusals_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
