// SPDX-License-Identifier: GPL-2.0-only
/* kernel/console/vmtop/options: what is asked for. vmtop/batch: header and lines that readers of
 * comma-separated values take. */
#include "tests/unit/unit.h"
#include "kernel/console/vmtop/batch.h"
#include "kernel/console/vmtop/options.h"
#include "kernel/lib/err.h"
#include "tests/unit/vmtop_fixture.h"

static struct fixture names, before, now;
static char text[65536];

static void print_line(bool header)
{
	u32 n = 0;

	for (u32 i = 0; i < top_batch_columns(&names.sample); i++) {
		char cell[TOP_CELL_BYTES];
		u32 used = header ? top_batch_header(&names.sample, "host", i, cell)
				  : top_batch_value(&names.sample, &before.sample, &now.sample, i,
						    cell);

		assert_true(used < sizeof(cell) && n + used < sizeof(text));
		memcpy(text + n, cell, used);
		n += used;
	}
	text[n] = '\0';
	assert_int_equal(text[n - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

/* The text between the quotes of cell `index`. */
static const char *cell(u32 index)
{
	static char out[TOP_CELL_BYTES];
	const char *at = text;

	while (index-- > 0) {
		at = strstr(at, "\",\"");
		assert_non_null(at);
		at += 2;
	}
	assert_int_equal(*at, '"');
	snprintf(out, sizeof(out), "%.*s", (int)strcspn(at + 1, "\""), at + 1);
	return out;
}

/* The column whose name that is. */
static u32 column(const char *name)
{
	print_line(true);
	for (u32 i = 0; i < top_batch_columns(&names.sample); i++) {
		if (strcmp(cell(i), name) == 0) {
			return i;
		}
	}
	print_error("no column %s\n", name);
	fail();
	return 0;
}

static void expect(const char *name, const char *value)
{
	u32 i = column(name);

	print_line(false);
	assert_string_equal(cell(i), value);
}

static int setup(void **state)
{
	struct fixture *all[] = {&names, &before, &now};

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		fixture_init(all[i], 10000 + 5000 * i);
		fixture_group(all[i], 0, "idle", FIXTURE_PCPUS);
		fixture_group(all[i], 1, "web", 1);
		fixture_group(all[i], 7, "a \"(b)\\", 2);
	}
	before.worlds[3].times = fixture_times(1000, 0, 0, 0);
	now.worlds[3].times = fixture_times(2667, 3333, 0, 0);
	now.idle_ns[1] = 2500 * NSEC_PER_MSEC;
	return 0;
}

static void header_names_columns(void **state)
{
	(void)state;
	print_line(true);
	static const char begin[] = "\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\host\\Physical Cpu(0)\\% "
				    "Processor Time\",";

	assert_memory_equal(text, begin, strlen(begin));
	column("\\\\host\\Physical Cpu(_Total)\\% Processor Time");
	column("\\\\host\\Memory\\Free MBytes");
	column("\\\\host\\Group Cpu(1:web)\\Members");
	column("\\\\host\\Group Cpu(7:a __b__)\\% Max Limited");
	column("\\\\host\\Vcpu(7:a __b__:225:a __b__/1)\\% CoStop");
	column("\\\\host\\Group Memory(7:a __b__)\\Overhead MBytes");
	assert_int_equal(top_batch_columns(&names.sample), 1 + 3 + 3 + 3 * 15 + 5 * 11 + 2 * 4);
}

static void lines_have_values(void **state)
{
	(void)state;
	print_line(false);
	assert_string_equal(cell(0), "11/14/2023 22:13:40");
	expect("\\\\host\\Group Cpu(7:a __b__)\\% Run", "33.34");
	expect("\\\\host\\Group Cpu(7:a __b__)\\Members", "2");
	expect("\\\\host\\Vcpu(7:a __b__:224:a __b__/0)\\% Ready", "66.66");
	expect("\\\\host\\Physical Cpu(1)\\% Processor Time", "50.00");
	expect("\\\\host\\Physical Cpu(_Total)\\% Processor Time", "75.00");
	expect("\\\\host\\Memory\\Machine MBytes", "1009.00");
	expect("\\\\host\\Group Memory(1:web)\\Memory Granted Size MBytes", "100.50");
}

/* VMs come and go: the columns stay. */
static void gone_worlds_leave_empty_values(void **state)
{
	(void)state;
	u32 i = column("\\\\host\\Group Cpu(1:web)\\% Run");
	u32 last = top_batch_columns(&names.sample) - 1;

	now.groups[1] = now.groups[2];
	now.sample.group_count = 2;
	print_line(false);
	assert_string_equal(cell(i), "");
	assert_string_equal(cell(last), "4.00");
	expect("\\\\host\\Group Cpu(7:a __b__)\\% Run", "33.34");
	expect("\\\\host\\Vcpu(1:web:32:web/0)\\% Run", "");
}

static struct top_options options;

/* Up to three words. */
static const char *parse(const char *a, const char *b, const char *c)
{
	static char reason[160];
	const char *words[] = {a, b, c};
	u32 count = 0;

	while (count < 3 && words[count] != NULL) {
		count++;
	}
	reason[0] = '\0';
	int err = top_options_parse(count, words, &options, reason, sizeof(reason));

	assert_int_equal(err, reason[0] != '\0' ? ERR_INVAL : 0);
	return reason;
}

static void options_are_taken(void **state)
{
	(void)state;
	assert_string_equal(parse(NULL, NULL, NULL), "");
	assert_int_equal(options.delay_s, 5);
	assert_false(options.batch);
	assert_string_equal(parse("-b", "-d", "10"), "");
	assert_true(options.batch);
	assert_int_equal(options.delay_s, 10);
	assert_int_equal(options.count, 0);
	assert_string_equal(parse("-g", "120x40", "-b"), "");
	assert_int_equal(options.width, 120);
	assert_int_equal(options.height, 40);
	assert_string_equal(parse("-n", "1000000", NULL), "");
	assert_int_equal(options.count, 1000000);
}

static void options_are_refused(void **state)
{
	static const char *const bad_geometry[] = {"120",     "120x",	"x40",
						   "120x40x", "39x24",	"201x24",
						   "80x7",    "80x101", "80x99999999999"};

	(void)state;
	assert_string_equal(parse("-d", "0", NULL),
			    "vmtop -d 0: expected seconds between updates, from 1 to 3600");
	assert_string_equal(parse("-b", "-d", NULL),
			    "vmtop -d: expected seconds between updates, from 1 to 3600");
	assert_string_equal(
		parse("-x", NULL, NULL),
		"vmtop -x: expected -b (batch), -d SECONDS, -n COUNT or -g COLUMNSxROWS");
	assert_string_not_equal(parse("-d", "5s", NULL), "");
	assert_string_not_equal(parse("-n", "1000001", NULL), "");
	for (u32 i = 0; i < ARRAY_SIZE(bad_geometry); i++) {
		assert_string_not_equal(parse("-g", bad_geometry[i], NULL), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(options_are_refused),
		cmocka_unit_test_setup(header_names_columns, setup),
		cmocka_unit_test_setup(lines_have_values, setup),
		cmocka_unit_test_setup(gone_worlds_leave_empty_values, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
