// SPDX-License-Identifier: GPL-2.0-only
/* Options and their values. Pure. */
#include "kernel/console/vmtop/options.h"

#include "kernel/console/vmtop/view.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#define COUNT_MAX 1000000u

/* Decimal digits at *p, at least one, of a number from `least` to `most`; moves *p behind them. */
static bool number_read(const char **p, u32 least, u32 most, u32 *number)
{
	const char *start = *p;
	u64 n = 0;

	for (; **p >= '0' && **p <= '9' && n <= most; ++*p) {
		n = n * 10 + (u64)(**p - '0');
	}
	*number = (u32)n;
	return *p != start && n >= least && n <= most;
}

static bool delay_set(struct top_options *o, const char *value)
{
	return number_read(&value, 1, TOP_DELAY_MAX_S, &o->delay_s) && *value == '\0';
}

static bool count_set(struct top_options *o, const char *value)
{
	return number_read(&value, 1, COUNT_MAX, &o->count) && *value == '\0';
}

static bool geometry_set(struct top_options *o, const char *value)
{
	return number_read(&value, TOP_WIDTH_MIN, TOP_WIDTH_MAX, &o->width) && *value++ == 'x' &&
	       number_read(&value, TOP_HEIGHT_MIN, TOP_HEIGHT_MAX, &o->height) && *value == '\0';
}

static const struct {
	const char *name;
	bool (*set)(struct top_options *o, const char *value);
	const char *expected;
} options_table[] = {
	{"-d", delay_set, "seconds between updates, from 1 to 3600"},
	{"-n", count_set, "how many updates, from 1 to 1000000"},
	{"-g", geometry_set, "columns and rows like 120x40, from 40x8 to 200x100"},
};
static_assert(TOP_DELAY_MAX_S == 3600 && COUNT_MAX == 1000000, "messages");
static_assert(TOP_WIDTH_MIN == 40 && TOP_HEIGHT_MIN == 8, "messages");
static_assert(TOP_WIDTH_MAX == 200 && TOP_HEIGHT_MAX == 100, "messages");

/* Takes the option at argv[0] and its value; the number of words, 0 with a reason. */
static u32 option_take(u32 argc, const char *const *argv, struct top_options *o, char *reason,
		       size_t size)
{
	if (strcmp(argv[0], "-b") == 0) {
		o->batch = true;
		return 1;
	}
	for (u32 i = 0; i < ARRAY_SIZE(options_table); i++) {
		if (strcmp(argv[0], options_table[i].name) != 0) {
			continue;
		}
		if (argc > 1 && options_table[i].set(o, argv[1])) {
			return 2;
		}
		fmt_print(reason, size, "vmtop %s%s%.20s: expected %s", argv[0],
			  argc > 1 ? " " : "", argc > 1 ? argv[1] : "", options_table[i].expected);
		return 0;
	}
	fmt_print(reason, size,
		  "vmtop %.20s: expected -b (batch), -d SECONDS, -n COUNT or -g COLUMNSxROWS",
		  argv[0]);
	return 0;
}

int top_options_parse(u32 argc, const char *const *argv, struct top_options *options, char *reason,
		      size_t size)
{
	*options = (struct top_options){.delay_s = TOP_DELAY_DEFAULT_S};
	while (argc > 0) {
		u32 taken = option_take(argc, argv, options, reason, size);

		if (taken == 0) {
			return ERR_INVAL;
		}
		argc -= taken;
		argv += taken;
	}
	return 0;
}
