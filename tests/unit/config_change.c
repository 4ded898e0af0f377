// SPDX-License-Identifier: GPL-2.0-only
/* kernel/config/change and value: what is shown reads back as the same; changes and their refusals.
 */
#include "tests/unit/unit.h"
#include "kernel/config/change.h"
#include "kernel/lib/err.h"

static struct vm_config config, again;
static struct config_messages messages;
static char file[65536], reason[200];

static void parse(const char *text, struct vm_config *to)
{
	memset(to, 0, sizeof(*to));
	assert_int_equal(config_parse("vm.vmx", text, strlen(text), to, &messages), 0);
}

/* All lines as a file. */
static void show(void)
{
	char line[CONFIG_LINE_SIZE];
	size_t n = 0;

	for (u32 i = 0; config_line(&config, i, line); i++) {
		n += (size_t)snprintf(file + n, sizeof(file) - n, "%s\n", line);
	}
	file[n] = '\0';
}

static void expect_round_trip(const char *text)
{
	parse(text, &config);
	show();
	parse(file, &again);
	assert_memory_equal(&config, &again, sizeof(config));
}

static void what_is_shown_reads_back(void **state)
{
	(void)state;
	expect_round_trip("boot.kernel = \"k\"\n");
	assert_non_null(strstr(file, "\nsched.cpu.shares = \"normal\"\n"));
	assert_non_null(strstr(file, "\nsched.cpu.affinity = \"all\"\n"));
	assert_non_null(strstr(file, "\nsched.cpu.max = \"unlimited\"\n"));
	assert_null(strstr(file, "boot.initrd"));
	expect_round_trip(
		"boot.kernel = \"k\"\nboot.cmdline = \"a=|22b|22 |7C |c3\"\n"
		"boot.module0 = \"one 1\"\nboot.module1 = \"two\"\nnumvcpus = \"4\"\n"
		"sched.cpu.shares = \"777\"\nsched.mem.shares = \"high\"\n"
		"sched.cpu.min = \"100\"\nsched.cpu.max = \"200\"\n"
		"sched.cpu.affinity = \"0,2-5,7,250-255\"\nsched.cpu.cosched = \"strict\"\n"
		"autostart = \"FALSE\"\n");
	assert_non_null(strstr(file, "\nsched.cpu.affinity = \"0,2-5,7,250-255\"\n"));
	assert_non_null(strstr(file, "\nboot.module1 = \"two\"\n"));
}

/* The longest values there are. */
static void long_values_fit(void **state)
{
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(file, "boot.kernel = \"k\"\nsched.cpu.affinity = \"");
	for (u32 i = 0; i < CONFIG_AFFINITY_PCPUS; i += 2) {
		n += (size_t)sprintf(file + n, "%s%u", i != 0 ? "," : "", i);
	}
	n += (size_t)sprintf(file + n, "\"\nboot.cmdline = \"");
	for (u32 i = 0; i < CONFIG_CMDLINE_SIZE - 1; i++) {
		n += (size_t)sprintf(file + n, "|7C");
	}
	sprintf(file + n, "\"\n");
	expect_round_trip(file);
}

static void expect_refused(const char *name, const char *value, const char *why)
{
	again = config;
	assert_int_equal(config_change(&again, name, value, reason, sizeof(reason)), ERR_INVAL);
	assert_string_equal(reason, why);
}

static void changes(void **state)
{
	(void)state;
	parse("boot.kernel = \"k\"\nnumvcpus = \"2\"\n", &config);
	assert_int_equal(config.cpu_shares.value, 2000);
	assert_int_equal(config_change(&config, "cpu.shares", "high", reason, sizeof(reason)), 0);
	assert_int_equal(config.cpu_shares.value, 4000);
	assert_int_equal(config_change(&config, "sched.cpu.shares", "77", reason, sizeof(reason)),
			 0);
	assert_int_equal(config.cpu_shares.value, 77);
	assert_int_equal(config_change(&config, "CPU.Cosched", "Relaxed", reason, sizeof(reason)),
			 0);
	assert_int_equal(config.cosched, COSCHED_RELAXED);
	assert_int_equal(config_change(&config, "cpu.max", "300", reason, sizeof(reason)), 0);
	assert_int_equal(config_change(&config, "cpu.min", "300", reason, sizeof(reason)), 0);
	assert_int_equal(config_change(&config, "cpu.affinity", "1", reason, sizeof(reason)), 0);
	assert_int_equal(config.affinity[0], 2);
}

static void refusals(void **state)
{
	(void)state;
	parse("boot.kernel = \"k\"\nsched.cpu.max = \"300\"\n", &config);
	expect_refused("cpu.min", "301", "cpu.min would be 301, above cpu.max, 300");
	expect_refused(
		"cpu.shares", "0",
		"cpu.shares = \"0\": expected low, normal, high or a number from 1 to 1000000");
	expect_refused("cpu.shares", "",
		       "cpu.shares = \"\": expected low, normal, high or a number "
		       "from 1 to 1000000");
	again = config;
	assert_int_equal(config_change(&again, "memsize", "512", reason, sizeof(reason)),
			 ERR_INVAL);
	assert_non_null(
		strstr(reason, "unknown key memsize: expected cpu.shares, cpu.min, cpu.max"));
	assert_int_equal(config_change(&again, "sched.", "1", reason, sizeof(reason)), ERR_INVAL);
	assert_int_equal(config_change(&again, "", "1", reason, sizeof(reason)), ERR_INVAL);
	assert_int_equal(config_change(&again, "mem.shares", "1", reason, sizeof(reason)),
			 ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_reads_back),
		cmocka_unit_test(long_values_fit),
		cmocka_unit_test(changes),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
