// SPDX-License-Identifier: GPL-2.0-only
/* kernel/drivers/escape: sequences that act, sequences that are swallowed, text around them. */
#include "tests/unit/unit.h"
#include "kernel/drivers/escape.h"

static struct escape e;

/* Feeds the text; returns what its last byte asks for. */
static enum escape_action feed(const char *text)
{
	enum escape_action action = ESCAPE_TEXT;

	for (; *text != '\0'; text++) {
		action = escape_feed(&e, *text);
		assert_true(e.row < 9999 && e.column < 9999);
	}
	return action;
}

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	return 0;
}

static void sequences_act(void **state)
{
	(void)state;
	assert_int_equal(feed("\033[12;40H"), ESCAPE_MOVE);
	assert_int_equal(e.row, 11);
	assert_int_equal(e.column, 39);
	assert_int_equal(feed("\033[H"), ESCAPE_MOVE);
	assert_int_equal(e.row + e.column, 0);
	assert_int_equal(feed("\033[0;7H"), ESCAPE_MOVE);
	assert_int_equal(e.row, 0);
	assert_int_equal(e.column, 6);
	assert_int_equal(feed("\033[2J"), ESCAPE_ERASE_SCREEN);
	assert_int_equal(feed("\033[K"), ESCAPE_ERASE_LINE);
	assert_int_equal(feed("x"), ESCAPE_TEXT);
	assert_int_equal(feed("\033[99999999999999999999;99999999999999H"), ESCAPE_MOVE);
	assert_int_equal(e.row, 9998);
}

static void others_are_swallowed(void **state)
{
	(void)state;
	assert_int_equal(feed("\033[1;31m"), ESCAPE_NONE);
	assert_int_equal(feed("a"), ESCAPE_TEXT);
	assert_int_equal(feed("\033[?25l"), ESCAPE_NONE);
	assert_int_equal(feed("a"), ESCAPE_TEXT);
	assert_int_equal(feed("\033[1J"), ESCAPE_NONE);
	assert_int_equal(feed("\033[6n"), ESCAPE_NONE);
	assert_int_equal(feed("\033c"), ESCAPE_NONE);
	assert_int_equal(feed("H"), ESCAPE_TEXT);
	assert_int_equal(feed("\033[1;2;3;4;5H"), ESCAPE_MOVE);
	assert_int_equal(feed("\033[12\033[3;4H"), ESCAPE_MOVE);
	assert_int_equal(e.row, 2);
	assert_int_equal(feed("\033[12\n"), ESCAPE_TEXT);
	assert_int_equal(feed("H"), ESCAPE_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sequences_act, setup),
		cmocka_unit_test_setup(others_are_swallowed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
