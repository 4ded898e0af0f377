// SPDX-License-Identifier: GPL-2.0-only
/* kernel/console/command and guest_text: finding commands, errors, keys and lines of guests'
 * consoles. */
#include "tests/unit/unit.h"
#include "kernel/console/command.h"
#include "kernel/console/guest_text.h"
#include "kernel/lib/err.h"

static void run_none(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
}

static const struct command vm[] = {
	{"vm", "list", "", 0, 0, run_none, ""},
	{"vm", "start", "NAME", 1, 1, run_none, ""},
	{"vm", "stop", "NAME", 1, 1, run_none, ""},
};
static const struct command other[] = {
	{"console", NULL, "NAME", 1, 1, run_none, ""},
	{"console", "all", "", 0, 0, run_none, ""},
	{"help", NULL, "[COMMAND]", 0, 1, run_none, ""},
	{"reboot", NULL, "", 0, 0, run_none, ""},
};
static const struct command_set vm_set = {vm, ARRAY_SIZE(vm)},
				other_set = {other, ARRAY_SIZE(other)};
static const struct command_set *const sets[] = {&vm_set, &other_set};

static struct command_call call;

static void expect_call(const char *line, const struct command *command, const char *arg)
{
	assert_int_equal(command_parse(line, sets, 2, &call), 0);
	assert_ptr_equal(call.command, command);
	assert_int_equal(call.argc, arg != NULL ? 1 : 0);
	if (arg != NULL) {
		assert_string_equal(call.argv[0], arg);
	}
}

static void expect_error(const char *line, const char *error)
{
	assert_int_equal(command_parse(line, sets, 2, &call), ERR_INVAL);
	assert_null(call.command);
	assert_string_equal(call.error, error);
}

static void commands_are_found(void **state)
{
	(void)state;
	expect_call("vm list", &vm[0], NULL);
	expect_call("  vm   start   web  ", &vm[1], "web");
	expect_call("help", &other[2], NULL);
	expect_call("help vm", &other[2], "vm");
	expect_call("console all", &other[1], NULL);
	expect_call("console web", &other[0], "web");
	expect_call("", NULL, NULL);
	expect_call("   ", NULL, NULL);
}

static void quotes(void **state)
{
	(void)state;
	expect_call("vm start \"Web Server 1\"", &vm[1], "Web Server 1");
	expect_call("vm start 'a \"b\"'", &vm[1], "a \"b\"");
	expect_call("vm start a\" \"b", &vm[1], "a b");
	expect_call("vm start \"\"", &vm[1], "");
	expect_call("vm \"start\" it's fine'", &vm[1], "its fine");
	expect_error("vm start \"web", "a quote is not closed");
	expect_error("'", "a quote is not closed");
}

static void errors(void **state)
{
	char line[LINE_EDIT_MAX + 1];

	(void)state;
	expect_error("frob", "unknown command frob: \"help\" lists all");
	expect_error("vm", "vm: expected list, start, stop");
	expect_error("vm frob", "vm: expected list, start, stop");
	expect_error("vm list now", "usage: vm list");
	expect_error("vm start", "usage: vm start NAME");
	expect_error("vm start a b", "usage: vm start NAME");
	expect_error("console", "usage: console NAME");
	expect_error("help a b", "usage: help [COMMAND]");
	expect_error("reboot now", "usage: reboot");
	expect_error("VM list", "unknown command VM: \"help\" lists all");
	expect_error("a b c d e f g h i", "more than 8 words");
	memset(line, 'x', LINE_EDIT_MAX);
	line[LINE_EDIT_MAX] = '\0';
	expect_error(
		line,
		"unknown command xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: \"help\" lists all");
}

static void random_lines(void **state)
{
	char line[LINE_EDIT_MAX + 1];

	(void)state;
	srand(6);
	for (int i = 0; i < 100000; i++) {
		size_t n = (size_t)rand() % sizeof(line);

		for (size_t k = 0; k < n; k++) {
			line[k] = "vmstarl \"'"[rand() % 10];
		}
		line[n] = '\0';
		if (command_parse(line, sets, 2, &call) == 0 && call.command != NULL) {
			assert_true(call.argc <= call.command->args_max);
		}
	}
}

static void the_escape_key(void **state)
{
	static const struct {
		u8 byte;
		enum attach_key key;
	} steps[] = {
		{'a', ATTACH_SEND},  {'.', ATTACH_SEND},  {0x1d, ATTACH_HOLD}, {0x1d, ATTACH_SEND},
		{'.', ATTACH_SEND},  {0x1d, ATTACH_HOLD}, {'x', ATTACH_HOLD},  {'.', ATTACH_SEND},
		{0x1d, ATTACH_HOLD}, {'.', ATTACH_LEAVE}, {'.', ATTACH_SEND},
	};
	bool escaped = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(attach_key_feed(&escaped, steps[i].byte), steps[i].key);
	}
}

/* Feeds all bytes; every line that ends is put between brackets. */
static void gather(const char *bytes, char *lines)
{
	struct guest_line line = {.length = 0};

	for (; *bytes != '\0'; bytes++) {
		if (guest_line_feed(&line, (u8)*bytes)) {
			lines += sprintf(lines, "[%.*s]", line.length, line.text);
			guest_line_clear(&line);
		}
	}
	sprintf(lines, "%.*s", line.length, line.text);
}

static void lines_of_a_guest(void **state)
{
	static const struct {
		const char *bytes, *lines;
	} cases[] = {
		{"one\r\ntwo\n\nlogin: ", "[one][two][]login: "},
		{"a\tb\x07\x80\xff"
		 "c\n",
		 "[a bc]"},
		{"\x1b[0;32mgreen\x1b[0m\n", "[green]"},
		{"\x1b[H\x1b[2Jx\x1b"
		 "7y\x1b\x1b[Kz\n",
		 "[xyz]"},
		{"cut \x1b[31\nnext\n", "[cut ][next]"},
	};
	char lines[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		gather(cases[i].bytes, lines);
		assert_string_equal(lines, cases[i].lines);
	}
}

static void long_lines_are_split(void **state)
{
	struct guest_line line = {.length = 0};

	(void)state;
	for (u32 i = 1; i < GUEST_LINE_MAX; i++) {
		assert_false(guest_line_feed(&line, 'x'));
	}
	assert_true(guest_line_feed(&line, 'x'));
	assert_int_equal(line.length, GUEST_LINE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_found),
		cmocka_unit_test(quotes),
		cmocka_unit_test(errors),
		cmocka_unit_test(random_lines),
		cmocka_unit_test(the_escape_key),
		cmocka_unit_test(lines_of_a_guest),
		cmocka_unit_test(long_lines_are_split),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
