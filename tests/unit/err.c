// SPDX-License-Identifier: GPL-2.0-only
/* kernel/lib/err: every code has a name, other numbers are called unknown. */
#include "tests/unit/unit.h"
#include "kernel/lib/err.h"

static void every_code_has_a_name(void **state)
{
	(void)state;
	for (int e = 0; e >= ERR_AGAIN; e--) {
		assert_non_null(err_name(e));
		assert_string_not_equal(err_name(e), "unknown error");
	}
	assert_string_equal(err_name(ERR_AGAIN - 1), "unknown error");
	assert_string_equal(err_name(1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
