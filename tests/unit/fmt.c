// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/fmt against the host's snprintf: random formats, widths, precisions and buffer sizes.
 */
#include "tests/unit/unit.h"
#include "kernel/lib/fmt.h"

#include <limits.h>

#define ROUNDS 200000

/* The formats are built at run time; that they fit their arguments is what this test ensures. */
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static u64 random_state = 88172645463325252ull;

static u64 random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static u32 random_below(u32 n)
{
	return (u32)(random_next() % n);
}

/* Small and extreme values are as likely as middling ones. */
static u64 random_value(void)
{
	static const u64 special[] = {0,
				      1,
				      9,
				      10,
				      255,
				      INT_MAX,
				      (u64)INT_MIN,
				      UINT_MAX,
				      INT64_MAX,
				      (u64)INT64_MIN,
				      UINT64_MAX};

	if (random_below(3) == 0) {
		return special[random_below(ARRAY_SIZE(special))];
	}
	return random_next() >> random_below(64);
}

/* %[flags][width][.precision], with stars where `stars` says so. */
static void directive_build(char *f, const char *flags, bool *star_width, bool *star_precision)
{
	*f++ = '%';
	for (u32 i = random_below(4); i > 0; i--) {
		*f++ = flags[random_below((u32)strlen(flags))];
	}
	*star_width = random_below(5) == 0;
	*star_precision = false;
	if (*star_width) {
		*f++ = '*';
	} else if (random_below(2) == 0) {
		f += sprintf(f, "%u", 1 + random_below(40));
	}
	switch (random_below(5)) {
	case 0:
		*star_precision = true;
		*f++ = '.';
		*f++ = '*';
		break;
	case 1:
		f += sprintf(f, ".%u", random_below(40));
		break;
	case 2:
		*f++ = '.';
		break;
	default:
		break;
	}
	*f = '\0';
}

#define BOTH(...)                                                                                  \
	do {                                                                                       \
		char want[160], got[160];                                                          \
		size_t size = random_below(sizeof(got));                                           \
		memset(want, '~', sizeof(want));                                                   \
		memset(got, '~', sizeof(got));                                                     \
		int a = snprintf(want, size, __VA_ARGS__);                                         \
		int b = fmt_print(got, size, __VA_ARGS__);                                         \
		if (a != b || memcmp(want, got, sizeof(got)) != 0) {                               \
			fail_msg("format \"%s\": want %d \"%s\", got %d \"%s\"", format, a,        \
				 size ? want : "", b, size ? got : "");                            \
		}                                                                                  \
	} while (0)

/* Calls both with the stars the format has. */
#define BOTH_STARS(type, value)                                                                    \
	do {                                                                                       \
		type v = (value);                                                                  \
		int w = (int)random_below(80) - 40, p = (int)random_below(60) - 20;                \
		if (star_width && star_precision) {                                                \
			BOTH(format, w, p, v);                                                     \
		} else if (star_width) {                                                           \
			BOTH(format, w, v);                                                        \
		} else if (star_precision) {                                                       \
			BOTH(format, p, v);                                                        \
		} else {                                                                           \
			BOTH(format, v);                                                           \
		}                                                                                  \
	} while (0)

static void integers_as_the_host(void **state)
{
	static const char *const lengths[] = {"", "hh", "h", "l", "ll", "z", "j", "t"};
	char format[64];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		bool star_width, star_precision;
		u32 length = random_below(ARRAY_SIZE(lengths));
		char conversion = "diuxX"[random_below(5)];

		directive_build(format, conversion == 'u' ? "-0+ " : "-0+ #", &star_width,
				&star_precision);
		sprintf(format + strlen(format), "%s%c|", lengths[length], conversion);
		if (length < 3) {
			BOTH_STARS(int, (int)random_value());
		} else {
			BOTH_STARS(long, (long)random_value());
		}
	}
}

static void strings_and_chars_as_the_host(void **state)
{
	static const char *const strings[] = {"", "a", "evenkeel", "a longer text with % in it"};
	char format[64];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		bool star_width, star_precision;

		directive_build(format, "-", &star_width, &star_precision);
		strcat(format, "s]");
		BOTH_STARS(const char *, strings[random_below(ARRAY_SIZE(strings))]);

		directive_build(format, "-", &star_width, &star_precision);
		strcat(format, "c]");
		BOTH_STARS(int, (int)(1 + random_below(255)));
	}
}

static void several_directives_in_one(void **state)
{
	const char *format = "%%%-5s|%05d%c: %#lx, %zu of %s%%";

	(void)state;
	for (int i = 0; i < 200; i++) {
		int d = (int)random_value();
		long x = (long)random_value();
		size_t z = (size_t)random_value();

		BOTH(format, "ab", d, 'x', x, z, "end");
	}
}

static void what_differs_from_the_host(void **state)
{
	char b[64];

	(void)state;
	assert_int_equal(fmt_print(b, sizeof(b), "%p", (void *)0x1234abcdul), 10);
	assert_string_equal(b, "0x1234abcd");
	fmt_print(b, sizeof(b), "%p", NULL);
	assert_string_equal(b, "0x0");

	/* volatile: or the compiler sees through and warns. */
	const char *volatile null = NULL, *volatile unknown = "a %5q b%";
	const char *volatile huge = "%99999999999d";

	fmt_print(b, sizeof(b), "%s", null);
	assert_string_equal(b, "(null)");
	fmt_print(b, sizeof(b), unknown);
	assert_string_equal(b, "a %5q b%");
	assert_int_equal(fmt_print(b, sizeof(b), huge, 1), INT_MAX);
	assert_int_equal(strlen(b), sizeof(b) - 1);
}

static void unterminated_string_with_precision(void **state)
{
	char *text = malloc(4); /* the sanitizer sees a read past its end */
	char b[16];

	(void)state;
	memcpy(text, "abcd", 4);
	assert_int_equal(fmt_print(b, sizeof(b), "%.4s", text), 4);
	assert_string_equal(b, "abcd");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_as_the_host),
		cmocka_unit_test(strings_and_chars_as_the_host),
		cmocka_unit_test(several_directives_in_one),
		cmocka_unit_test(what_differs_from_the_host),
		cmocka_unit_test(unterminated_string_with_precision),
	};

	return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
