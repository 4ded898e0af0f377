// SPDX-License-Identifier: GPL-2.0-only
/* kernel/console/vmtop: figures from two samples, keys, what the screen shows, and that a terminal
 * which follows the output shows it too. */
#include "tests/unit/unit.h"
#include "kernel/console/vmtop/figures.h"
#include "kernel/console/vmtop/screen.h"
#include "kernel/lib/fmt.h"
#include "tests/unit/rng.h"
#include "tests/unit/vmtop_fixture.h"

static struct fixture before, now;
static struct top_view view;
static struct top_grid grid;

/* From 10 s to 15 s: two VMs and what idles. */
static int setup(void **state)
{
	(void)state;
	fixture_init(&before, 10000);
	fixture_init(&now, 15000);
	for (u32 i = 0; i < 2; i++) {
		struct fixture *f = i == 0 ? &before : &now;

		fixture_group(f, 0, "idle", FIXTURE_PCPUS);
		fixture_group(f, 1, "web", 1);
		fixture_group(f, 2, "batch", 2);
	}
	now.worlds[0].times = fixture_times(500, 4500, 0, 0);
	now.worlds[1].times = fixture_times(0, 5000, 0, 0);
	now.idle_ns[0] = 500 * NSEC_PER_MSEC;
	before.worlds[2].times = fixture_times(4000, 3000, 0, 3000);
	now.worlds[2].times = fixture_times(5000, 4000, 0, 6000);
	before.worlds[3].times = fixture_times(5000, 5000, 0, 0);
	now.worlds[3].times = fixture_times(9000, 5500, 500, 0);
	before.worlds[4].times = fixture_times(1000, 9000, 0, 0);
	now.worlds[4].times = fixture_times(5500, 9500, 0, 0);
	top_view_init(&view);
	return 0;
}

static struct top_figures group(u32 gid)
{
	const struct top_group *g = top_group_find(&now.sample, gid);
	struct top_figures f;

	assert_non_null(g);
	top_group_figures(&before.sample, &now.sample, g, &f);
	return f;
}

static struct top_figures world(u32 gid, u32 index)
{
	struct top_figures f;

	top_world_figures(&before.sample, &now.sample, top_group_find(&now.sample, gid), index, &f);
	return f;
}

/* --- figures ---------------------------------------------------------------------------------- */

static void percentages_of_the_interval(void **state)
{
	(void)state;
	struct top_figures web = group(1), batch = group(2), first = world(2, 0);

	assert_int_equal(web.value[TOP_RUN], 2000);
	assert_int_equal(web.value[TOP_RDY], 2000);
	assert_int_equal(web.value[TOP_WAIT], 6000);
	assert_int_equal(web.value[TOP_IDLE], 6000);
	assert_int_equal(web.value[TOP_VMWAIT], 0);
	assert_int_equal(batch.value[TOP_RUN], 17000);
	assert_int_equal(batch.value[TOP_NWLD], 2);
	assert_int_equal(first.value[TOP_CSTP], 1000);
	assert_int_equal(first.value[TOP_ID], 64);
	assert_int_equal(first.value[TOP_GID], 2);
}

static void used_is_run_and_system_without_overlap(void **state)
{
	(void)state;
	now.worlds[2].times.system_ns = 100 * NSEC_PER_MSEC;
	now.worlds[2].times.overlap_ns = 50 * NSEC_PER_MSEC;
	struct top_figures web = group(1);

	assert_int_equal(web.value[TOP_SYS], 200);
	assert_int_equal(web.value[TOP_OVRLP], 100);
	assert_int_equal(web.value[TOP_USED], 2100);
}

/* A world that was started anew between the samples counts from its start. */
static void new_worlds_count_from_their_start(void **state)
{
	(void)state;
	now.worlds[2].born_ns = 14000 * NSEC_PER_MSEC;
	now.worlds[2].times = fixture_times(250, 750, 0, 0);
	struct top_figures web = group(1);

	assert_int_equal(web.value[TOP_RUN], 2500);
	assert_int_equal(web.value[TOP_RDY], 7500);

	struct top_sample nothing = {.now_ns = 0};

	top_group_figures(&nothing, &now.sample, top_group_find(&now.sample, 2), &web);
	assert_int_equal(web.value[TOP_RUN], 6000 + 3667);
	assert_int_equal(top_pcpu_used(&nothing, &now.sample, 1), 10000);
}

static void pcpus_are_used_when_not_idle(void **state)
{
	(void)state;
	assert_int_equal(top_pcpu_used(&before.sample, &now.sample, 0), 9000);
	assert_int_equal(top_pcpu_used(&before.sample, &now.sample, 1), 10000);
	assert_int_equal(top_pcpu_used_mean(&before.sample, &now.sample), 9500);
	/* Counters of another pCPU may run ahead of the sample's clock. */
	now.idle_ns[0] = 5001 * NSEC_PER_MSEC;
	assert_int_equal(top_pcpu_used(&before.sample, &now.sample, 0), 0);
}

/* Any times, years of them too: the sum is 100 % to what rounding four numbers can cost. */
static void identities_hold(void **state)
{
	struct rng rng = {12345};

	(void)state;
	for (u32 run = 0; run < 20000; run++) {
		u64 most = 1ull << (10 + rng_next(&rng) % 50);
		struct account_times *from = &before.worlds[2].times, *to = &now.worlds[2].times;
		u64 add[4];

		*from = fixture_times(0, 0, 0, 0);
		for (u32 i = 0; i < 4; i++) {
			add[i] = rng_next(&rng) % most;
		}
		from->run_ns = rng_next(&rng) % most;
		from->elapsed_ns = from->run_ns;
		*to = *from;
		to->run_ns += add[0];
		to->ready_ns += add[1];
		to->costop_ns += add[2];
		to->wait_ns += add[3];
		to->elapsed_ns += add[0] + add[1] + add[2] + add[3];
		struct top_figures f = group(1);
		s64 sum =
			f.value[TOP_RUN] + f.value[TOP_RDY] + f.value[TOP_CSTP] + f.value[TOP_WAIT];

		assert_in_range(sum, 9998, 10002);
	}
}

/* --- screen ----------------------------------------------------------------------------------- */

static void draw(void)
{
	top_draw(&view, &before.sample, &now.sample, "", &grid);
}

/* Row `row` without the blanks at its end. */
static const char *row_text(u32 row)
{
	static char text[TOP_WIDTH_MAX + 1];
	u32 n = grid.width;

	memcpy(text, grid.cell[row], n);
	while (n > 0 && text[n - 1] == ' ') {
		n--;
	}
	text[n] = '\0';
	return text;
}

/* The row of the screen that contains the text; fails when there is none. */
static u32 row_with(const char *text)
{
	for (u32 row = 0; row < grid.height; row++) {
		if (strstr(row_text(row), text) != NULL) {
			return row;
		}
	}
	print_error("no row has \"%s\"\n", text);
	fail();
	return 0;
}

static bool on_screen(const char *text)
{
	for (u32 row = 0; row < grid.height; row++) {
		if (strstr(row_text(row), text) != NULL) {
			return true;
		}
	}
	return false;
}

static enum top_event type(const char *keys)
{
	enum top_event event = TOP_NOTHING;

	for (; *keys != '\0'; keys++) {
		event = top_view_key(&view, (u8)*keys);
		draw();
	}
	return event;
}

static void wide_screen(void **state)
{
	(void)state;
	top_view_resize(&view, 120, 24);
	draw();
	assert_string_equal(row_text(0), "22:13:35 up 0 days 00:00:15, 2 VMs, 5 worlds, 3 vCPUs; "
					 "last 5.00 s");
	assert_string_equal(row_text(1), "PCPU USED(%):  90.0 100.0 AVG:  95.0");
	assert_string_equal(row_text(2), "");
	assert_string_equal(row_text(3),
			    "   ID  GID NAME             NWLD  %USED   %RUN   %SYS  %WAIT %VMWAIT "
			    "  %RDY  %IDLE %OVRLP  %CSTP %MLMTD %SWPWT   ASHRS");
	assert_string_equal(row_text(4),
			    "    2    2 batch               2 170.00 170.00   0.00   0.00    0.00 "
			    " 20.00   0.00   0.00  10.00   0.00   0.00    2000");
	assert_string_equal(row_text(5),
			    "    1    1 web                 1  20.00  20.00   0.00  60.00    0.00 "
			    " 20.00  60.00   0.00   0.00   0.00   0.00    1000");
	assert_string_equal(row_text(6),
			    "    0    0 idle                2  10.00  10.00   0.00   0.00    0.00 "
			    "190.00   0.00   0.00   0.00   0.00   0.00       -");
	assert_string_equal(row_text(7), "");
}

/* What matters most stays when there is little room. */
static void narrow_screens_drop_columns(void **state)
{
	(void)state;
	draw();
	assert_string_equal(row_text(3),
			    " GID NAME              %USED   %RUN  %WAIT   %RDY  %IDLE  "
			    "%CSTP %MLMTD   ASHRS");
	for (u32 width = 0; width <= TOP_WIDTH_MAX + 10; width++) {
		top_view_resize(&view, width, 24);
		draw();
		assert_true(on_screen("%RUN") || width < 40);
		assert_in_range(strlen(row_text(4)), 30, grid.width);
	}
}

static void keys_expand_and_sort(void **state)
{
	(void)state;
	assert_int_equal(type("e"), TOP_REDRAW);
	assert_true(on_screen("Group to expand or roll up (GID):"));
	type("2\r");
	u32 row = row_with("batch ");

	assert_int_equal(row_with("  batch/0"), row + 1);
	assert_int_equal(row_with("  batch/1"), row + 2);
	assert_int_equal(row_with("web"), row + 3);
	type("e2\r");
	assert_false(on_screen("batch/0"));
	type("N");
	assert_true(row_with("idle") < row_with("web") && row_with("web") < row_with("batch"));
	type("R");
	assert_true(row_with("idle") < row_with("web") && row_with("web") < row_with("batch"));
	type("U");
	assert_true(row_with("batch") < row_with("web") && row_with("web") < row_with("idle"));
	type("v");
	assert_false(on_screen("idle  "));
	type("V");
	assert_true(on_screen("idle  "));
	type("x");
	assert_true(on_screen("no such key"));
}

static void keys_set_numbers(void **state)
{
	(void)state;
	type("s12\r");
	assert_int_equal(view.delay_s, 12);
	type("s0\r");
	assert_true(on_screen("expected 1 to 3600"));
	type("s99999999999\r");
	assert_int_equal(view.delay_s, 12);
	type("s3\x7f\x7f\x7f"
	     "7\r");
	assert_int_equal(view.delay_s, 7);
	type("s3\x1b");
	assert_int_equal(view.mode, TOP_MODE_TABLE);
	type("[A"); /* was an arrow */
	assert_int_equal(view.delay_s, 7);
	type("#1\r");
	assert_true(on_screen("batch"));
	assert_false(on_screen("web"));
	type("#0\r");
	assert_true(on_screen("web"));
	type("e99999\r");
	assert_true(on_screen("no group has number 99999"));
	type("s\r");
	assert_int_equal(view.delay_s, 7);
}

static void fields_are_chosen_and_moved(void **state)
{
	(void)state;
	top_view_resize(&view, 120, 24);
	type("f");
	assert_true(on_screen("* A: ID"));
	type("aA");
	assert_true(on_screen("* A: ID"));
	type("a");
	assert_true(on_screen("  A: ID"));
	type(" ");
	assert_string_equal(strstr(row_text(3), "GID"), strchr(row_text(3), 'G'));
	assert_false(on_screen("   ID"));
	type("oCCC");
	assert_int_equal(row_with("C: NAME"), 2);
	type("cc");
	assert_int_equal(row_with("C: NAME"), 4);
	type("z");
	assert_true(strchr(row_text(3), 'G') < strchr(row_text(3), 'A'));
	type("orrrrr");
	assert_int_equal(row_with("R: AMAX"), 2 + 17);
}

static void memory_page(void **state)
{
	(void)state;
	assert_int_equal(type("m"), TOP_REDRAW);
	assert_string_equal(row_text(2),
			    "MEM /MB: 1009 managed: 600 guests, 9 hypervisor, 400 free");
	assert_string_equal(row_text(4), " GID NAME                  MEMSZ      GRANT     OVHD  "
					 "OVHDMAX");
	assert_string_equal(row_text(5), "   1 web                  256.00     100.50     2.00     "
					 "4.00");
	assert_false(on_screen("idle"));
	type("c");
	assert_true(on_screen("%RDY"));
}

static void events(void **state)
{
	(void)state;
	assert_int_equal(type(" "), TOP_REFRESH);
	assert_int_equal(type("\x1b[50;132R"), TOP_RESIZED);
	assert_int_equal(view.width, 132);
	assert_int_equal(view.height, 50);
	assert_int_equal(type("\x1b[9;9R"), TOP_RESIZED);
	assert_int_equal(view.width, TOP_WIDTH_MIN);
	assert_int_equal(type("\x1b[99999999999;99999999999R"), TOP_RESIZED);
	assert_int_equal(view.height, TOP_HEIGHT_MAX);
	assert_int_equal(type("\x1b[A"), TOP_NOTHING);
	assert_int_equal(type("h"), TOP_REDRAW);
	assert_true(on_screen("%RDY"));
	assert_int_equal(type("q"), TOP_REDRAW);
	assert_int_equal(type("q"), TOP_QUIT);
}

static void many_pcpus(void **state)
{
	(void)state;
	now.sample.pcpu_count = 32;
	draw();
	assert_int_equal(row_with("AVG:"), 1 + 31 / 9);
	now.sample.pcpu_count = FIXTURE_PCPUS;
}

/* --- terminal --------------------------------------------------------------------------------- */

static struct {
	char cell[TOP_HEIGHT_MAX][TOP_WIDTH_MAX];
	u32 row, column;
} screen;

/* Follows `n` bytes; returns those it took in one sequence. */
static void terminal_feed(const char *text, u32 n)
{
	for (u32 i = 0; i < n;) {
		unsigned int row, column;
		int used = 0;

		if (text[i] != '\033') {
			assert_true(screen.row < grid.height && screen.column < grid.width);
			screen.cell[screen.row][screen.column++] = text[i++];
		} else if (strncmp(text + i, "\033[2J", 4) == 0) {
			memset(screen.cell, ' ', sizeof(screen.cell));
			i += 4;
		} else if (strncmp(text + i, "\033[K", 3) == 0) {
			memset(screen.cell[screen.row] + screen.column, ' ',
			       TOP_WIDTH_MAX - screen.column);
			i += 3;
		} else {
			assert_int_equal(sscanf(text + i, "\033[%u;%uH%n", &row, &column, &used),
					 2);
			assert_true(row >= 1 && column >= 1);
			screen.row = row - 1;
			screen.column = column - 1;
			i += (u32)used;
		}
	}
}

/* Paints the grid; returns the number of bytes sent. */
static u32 paint(struct top_terminal *t)
{
	char buf[TOP_ROW_BYTES];
	u32 sent = 0;

	for (u32 row = 0; row < grid.height; row++) {
		u32 n = top_paint_row(t, &grid, row, buf);

		assert_true(n <= sizeof(buf));
		terminal_feed(buf, n);
		sent += n;
	}
	for (u32 row = 0; row < grid.height; row++) {
		assert_memory_equal(screen.cell[row], grid.cell[row], grid.width);
	}
	return sent;
}

static void terminal_shows_the_grid(void **state)
{
	static struct top_terminal t;
	struct rng rng = {99};

	(void)state;
	memset(screen.cell, '#', sizeof(screen.cell));
	draw();
	assert_true(paint(&t) < 1000);
	assert_int_equal(paint(&t), 0);
	now.worlds[2].times.run_ns += NSEC_PER_MSEC;
	draw();
	assert_in_range(paint(&t), 1, 200);
	type("m");
	paint(&t);
	type("\x1b[40;200R");
	paint(&t);
	for (u32 run = 0; run < 3000; run++) {
		for (u32 i = rng_next(&rng) % 300; i > 0; i--) {
			grid.cell[rng_next(&rng) % grid.height][rng_next(&rng) % grid.width] =
				rng_next(&rng) % 3 == 0 ? ' ' : (char)('a' + rng_next(&rng) % 3);
		}
		paint(&t);
	}
	/* Changes everywhere, as far apart as makes each a run of its own. */
	for (u32 i = 0; i < grid.width; i += 9) {
		for (u32 row = 0; row < grid.height; row++) {
			grid.cell[row][i] ^= 1;
		}
	}
	paint(&t);
}

/* Any keys, any order: the view stays drawable. */
static void random_keys(void **state)
{
	static const char keys[] = "cmvVesfFoO#UNRMG hH?\r0123456789aBzZ\x1b[;R\x7f";
	struct rng rng = {7};

	(void)state;
	for (u32 i = 0; i < 30000; i++) {
		u8 key = rng_next(&rng) % 8 != 0 ? (u8)keys[rng_next(&rng) % (sizeof(keys) - 1)]
						 : (u8)rng_next(&rng);

		top_view_key(&view, key);
		draw();
		assert_in_range(grid.width, TOP_WIDTH_MIN, TOP_WIDTH_MAX);
		assert_in_range(view.delay_s, 1, TOP_DELAY_MAX_S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(percentages_of_the_interval, setup),
		cmocka_unit_test_setup(used_is_run_and_system_without_overlap, setup),
		cmocka_unit_test_setup(new_worlds_count_from_their_start, setup),
		cmocka_unit_test_setup(pcpus_are_used_when_not_idle, setup),
		cmocka_unit_test_setup(identities_hold, setup),
		cmocka_unit_test_setup(wide_screen, setup),
		cmocka_unit_test_setup(narrow_screens_drop_columns, setup),
		cmocka_unit_test_setup(keys_expand_and_sort, setup),
		cmocka_unit_test_setup(keys_set_numbers, setup),
		cmocka_unit_test_setup(fields_are_chosen_and_moved, setup),
		cmocka_unit_test_setup(memory_page, setup),
		cmocka_unit_test_setup(events, setup),
		cmocka_unit_test_setup(many_pcpus, setup),
		cmocka_unit_test_setup(terminal_shows_the_grid, setup),
		cmocka_unit_test_setup(random_keys, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
