// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/console/line_edit: what keys do to the line, and that a terminal which follows the output
 * shows the line with the cursor in its place after every byte.
 */
#include "tests/unit/unit.h"
#include "kernel/console/line_edit.h"

/* A terminal's row: what the operator sees. */
static struct {
	char row[1024];
	u32 column;
} terminal;

static struct line_edit edit;

static void terminal_show(const struct line_output *out)
{
	for (u32 i = 0; i < out->length; i++) {
		char c = out->text[i];

		if (c == '\b') {
			assert_true(terminal.column > 0);
			terminal.column--;
		} else if (c == '\n') {
			memset(&terminal, 0, sizeof(terminal));
		} else {
			assert_true(c >= ' ' && c <= '~');
			terminal.row[terminal.column++] = c;
		}
	}
}

static void check_shown(void)
{
	u32 n = (u32)strlen(terminal.row);

	assert_int_equal(edit.text[edit.length], 0);
	assert_int_equal(strlen(edit.text), edit.length);
	assert_true(n >= edit.length);
	assert_memory_equal(terminal.row, edit.text, edit.length);
	for (u32 i = edit.length; i < n; i++) {
		assert_int_equal(terminal.row[i], ' ');
	}
	assert_int_equal(terminal.column, edit.cursor);
}

/* Feeds the bytes; returns the last event. */
static enum line_event feed(const char *bytes)
{
	enum line_event event = LINE_MORE;

	for (; *bytes != '\0'; bytes++) {
		struct line_output out;

		event = line_edit_feed(&edit, (u8)*bytes, &out);
		assert_true(out.length <= sizeof(out.text));
		terminal_show(&out);
		if (event == LINE_MORE && !edit.fresh) {
			check_shown();
		}
	}
	return event;
}

static int setup(void **state)
{
	(void)state;
	line_edit_init(&edit);
	memset(&terminal, 0, sizeof(terminal));
	return 0;
}

static void expect_line(const char *bytes, const char *line)
{
	assert_int_equal(feed(bytes), LINE_DONE);
	assert_string_equal(edit.text, line);
}

static void plain_lines(void **state)
{
	(void)state;
	expect_line("vm list\r", "vm list");
	expect_line("\nhelp\n", "help"); /* this \n belonged to the \r */
	expect_line("\n", "");
	expect_line("\r", "");
	assert_int_equal(feed("\n"), LINE_MORE);
}

static void editing(void **state)
{
	(void)state;
	expect_line("abc\b\x7f"
		    "d\r",
		    "ad");
	expect_line("\b\b\bx\r", "x");
	expect_line("abc\x1b[D\x1b[DX\r", "aXbc");
	expect_line("abc\x1b[D\x1b[D\x1b[CX\r", "abXc");
	expect_line("abc\x1b[D\b\r", "ac");
	expect_line("abc\x01X\x05Y\r", "XabcY");
	expect_line("abc\x1b[HX\x1b[FY\r", "XabcY");
	expect_line("abc\x1b[1~X\x1b[4~Y\r", "XabcY");
	expect_line("abc\x1bOHX\r", "Xabc");
	expect_line("abc\x01\x1b[3~\r", "bc");
	expect_line("abc\x1b[3~\r", "abc");
	expect_line("something\x15other\r", "other");
	expect_line("a\tb\x02\xff"
		    "c\r",
		    "abc");
}

static void unknown_sequences_vanish(void **state)
{
	(void)state;
	expect_line("a\x1b[15~b\r", "ab");
	expect_line("a\x1b[1;5Cb\r", "ab");
	expect_line("a\x1b[2~b\r", "ab");
	expect_line("a\x1bxb\r", "ab");
	expect_line("a\x1b\x1b[Db\r", "ba");
	/* Enter and ^C work even inside one. */
	expect_line("a\x1b[\r", "a");
	expect_line("b\r", "b");
}

static void cancelling(void **state)
{
	(void)state;
	assert_int_equal(feed("abc\x03"), LINE_CANCELLED);
	expect_line("def\r", "def");
	expect_line("\x1b[A\x1b[A\r", "def"); /* what was cancelled is not in the history */
}

static void history(void **state)
{
	(void)state;
	feed("one\rtwo\rtwo\r\rthree\r");
	expect_line("\x1b[A\r", "three");
	expect_line("\x1b[A\x1b[A\r", "two");
	expect_line("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r", "one");
	expect_line("\x1b[A\x1b[A\x1b[B\r", "one");
	expect_line("xyz\x1b[A\x1b[B\r", "");
	expect_line("\x1b[Bz\r", "z");
	expect_line("\x1b[A!\r", "z!");
}

static void history_forgets_the_oldest(void **state)
{
	char line[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "%d\r", i);
		feed(line);
	}
	for (int i = 0; i < 30; i++) {
		feed("\x1b[A");
	}
	expect_line("\r", "12");
}

static void full_lines(void **state)
{
	char line[LINE_EDIT_MAX + 10];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	feed(line);
	assert_int_equal(edit.length, LINE_EDIT_MAX);
	feed("\x01");
	feed("y");
	assert_int_equal(feed("\r"), LINE_DONE);
	assert_int_equal(edit.length, LINE_EDIT_MAX);
	assert_int_equal(edit.text[0], 'x');
	/* Between the longest line and an empty one, and back. */
	feed("\x1b[A\x1b[B\x1b[A\x15");
	expect_line("\x1b[B\x1b[A\x01\r", edit.history[0]);
}

static void redraw(void **state)
{
	struct line_output out;

	(void)state;
	feed("hello\x1b[D\x1b[D");
	memset(&terminal, 0, sizeof(terminal));
	line_edit_redraw(&edit, &out);
	terminal_show(&out);
	check_shown();
	feed("\r");
	line_edit_redraw(&edit, &out);
	assert_int_equal(out.length, 0);
	assert_false(line_edit_active(&edit));
}

static void random_keys(void **state)
{
	static const char *const keys[] = {
		"a",	  "b",	    " ",    "\b",   "\x1b[A", "\x1b[B",
		"\x1b[C", "\x1b[D", "\x01", "\x05", "\x15",   "\x1b[3~",
		"\x1b[H", "\x1b",   "[",    "~",    "5",      "xyzzyxyzzyxyzzyxyzzyxyzzyxyzzy"};

	(void)state;
	srand(5);
	for (int i = 0; i < 100000; i++) {
		feed(rand() % 50 == 0 ? "\r" : keys[(size_t)rand() % ARRAY_SIZE(keys)]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(plain_lines, setup),
		cmocka_unit_test_setup(editing, setup),
		cmocka_unit_test_setup(unknown_sequences_vanish, setup),
		cmocka_unit_test_setup(cancelling, setup),
		cmocka_unit_test_setup(history, setup),
		cmocka_unit_test_setup(history_forgets_the_oldest, setup),
		cmocka_unit_test_setup(full_lines, setup),
		cmocka_unit_test_setup(redraw, setup),
		cmocka_unit_test_setup(random_keys, setup),
	};

	return cmocka_run_group_tests_name("line_edit", tests, NULL, NULL);
}
