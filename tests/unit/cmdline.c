// SPDX-License-Identifier: GPL-2.0-only
/* kernel/cmdline: words, values, lists, unknown options. */
#include "tests/unit/unit.h"
#include "kernel/cmdline.h"

static void words_and_values(void **state)
{
	(void)state;
	const char *cursor = "  a=1\tbare  q=\"two words\" empty= ";
	struct cmdline_word w;

	assert_true(cmdline_next(&cursor, &w));
	assert_memory_equal(w.name, "a", w.name_len);
	assert_memory_equal(w.value, "1", w.value_len);
	assert_true(cmdline_next(&cursor, &w));
	assert_memory_equal(w.name, "bare", w.name_len);
	assert_null(w.value);
	assert_true(cmdline_next(&cursor, &w));
	assert_int_equal(w.value_len, 9);
	assert_memory_equal(w.value, "two words", 9);
	assert_true(cmdline_next(&cursor, &w));
	assert_int_equal(w.name_len, 5);
	assert_non_null(w.value);
	assert_int_equal(w.value_len, 0);
	assert_false(cmdline_next(&cursor, &w));
	assert_false(cmdline_next(&cursor, &w));
}

static void an_open_quote_ends_with_the_line(void **state)
{
	(void)state;
	char buf[16];

	assert_true(cmdline_get("x=\"a b", "x", buf, sizeof(buf)));
	assert_string_equal(buf, "a b");
}

static void get_takes_the_last_and_cuts(void **state)
{
	(void)state;
	char buf[4];

	assert_true(cmdline_get("x=1 xx=9 x=abcdef", "x", buf, sizeof(buf)));
	assert_string_equal(buf, "abc");
	assert_true(cmdline_get("x=1 x", "x", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_false(cmdline_get("ax=1", "x", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_false(cmdline_get("", "x", buf, sizeof(buf)));
}

static void numbers(void **state)
{
	(void)state;
	static const char *const wrong[] = {"n=",
					    "n",
					    "n=1k",
					    "n=0x",
					    "n=abc",
					    "n=-1",
					    "n=18446744073709551616",
					    "n=0x1ffffffffffffffff"};
	bool bad = false;

	assert_int_equal(cmdline_get_u64("n=42", "n", 7, &bad), 42);
	assert_int_equal(cmdline_get_u64("n=0x1F", "n", 7, &bad), 0x1f);
	assert_true(cmdline_get_u64("n=18446744073709551615", "n", 7, &bad) == UINT64_MAX);
	assert_int_equal(cmdline_get_u64("m=1", "n", 7, &bad), 7);
	assert_false(bad);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		bad = false;
		assert_int_equal(cmdline_get_u64(wrong[i], "n", 7, &bad), 7);
		assert_true(bad);
	}
	assert_int_equal(cmdline_get_u64("n=z", "n", 7, NULL), 7);
}

static void lists(void **state)
{
	(void)state;
	assert_true(cmdline_has_item("console=com1,fb", "console", "com1"));
	assert_true(cmdline_has_item("console=com1,fb", "console", "fb"));
	assert_false(cmdline_has_item("console=com1,fb", "console", "com"));
	assert_false(cmdline_has_item("console=com11", "console", "com1"));
	assert_false(cmdline_has_item("console", "console", "com1"));
	assert_false(cmdline_has_item("", "console", "com1"));
}

static void unknown_options_are_found(void **state)
{
	(void)state;
	const char *cursor = "console=com1 bogus=1 watchdog=5 consol";
	struct cmdline_word w;

	assert_true(cmdline_next_unknown(&cursor, &w));
	assert_int_equal(w.name_len, 5);
	assert_memory_equal(w.name, "bogus", 5);
	assert_true(cmdline_next_unknown(&cursor, &w));
	assert_memory_equal(w.name, "consol", 6);
	assert_false(cmdline_next_unknown(&cursor, &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_values),
		cmocka_unit_test(an_open_quote_ends_with_the_line),
		cmocka_unit_test(get_takes_the_last_and_cuts),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lists),
		cmocka_unit_test(unknown_options_are_found),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
