// SPDX-License-Identifier: GPL-2.0-only
/* kernel/config: values and defaults, and that every kind of mistake is named with file and line.
 */
#include "tests/unit/unit.h"
#include "kernel/config.h"
#include "kernel/lib/err.h"

static struct vm_config config;
static struct config_messages messages;

/* Parses a copy that ends where the sanitizer watches. */
static int parse_bytes(const char *text, size_t n)
{
	char *copy = malloc(n + 1);
	int err;

	memcpy(copy, text, n);
	copy = realloc(copy, n != 0 ? n : 1);
	err = config_parse("web.vmx", copy, n, &config, &messages);
	free(copy);
	return err;
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void expect_good(const char *text)
{
	int err = parse(text);

	if (err != 0 || messages.count != 0) {
		fail_msg("\"%s\": %d, %s", text, err,
			 messages.count != 0 ? messages.list[0].text : "no message");
	}
}

/* `line` is the only one beside a boot.kernel, and there is exactly this error about it. */
static void expect_error(const char *line, const char *message)
{
	char text[4096];

	snprintf(text, sizeof(text), "boot.kernel = \"k\"\n%s\n", line);
	if (parse(text) != ERR_FORMAT) {
		fail_msg("accepted: %s", line);
	}
	assert_int_equal(messages.count, 1);
	assert_int_equal(messages.list[0].level, CONFIG_ERROR);
	assert_string_equal(messages.list[0].text, message);
}

static void expect_message(enum config_level level, const char *line, const char *message)
{
	char text[512];

	snprintf(text, sizeof(text), "boot.kernel = \"k\"\n%s\n", line);
	assert_int_equal(parse(text), 0);
	assert_int_equal(messages.count, 1);
	assert_int_equal(messages.list[0].level, level);
	assert_string_equal(messages.list[0].text, message);
}

static void defaults(void **state)
{
	(void)state;
	expect_good("boot.kernel = \"vmlinuz\"");
	assert_string_equal(config.name, "web");
	assert_string_equal(config.kernel, "vmlinuz");
	assert_string_equal(config.initrd, "");
	assert_string_equal(config.cmdline, "");
	assert_int_equal(config.mem_mb, 256);
	assert_int_equal(config.vcpus, 1);
	assert_true(config.autostart);
	assert_false(config.debug_exit);
	assert_int_equal(config.module_count, 0);
	assert_int_equal(config.cpu_shares.value, 1000);
	assert_int_equal(config.cpu_min_mhz, 0);
	assert_int_equal(config.cpu_max_mhz, CONFIG_UNLIMITED);
	for (size_t i = 0; i < ARRAY_SIZE(config.affinity); i++) {
		assert_true(config.affinity[i] == UINT64_MAX);
	}
	assert_int_equal(config.cosched, COSCHED_PERCPU);
	assert_int_equal(config.cosched_skew_us, 3000);
	assert_string_equal(config.pool, "");
	assert_int_equal(config.mem_shares.value, 2560);
	assert_int_equal(config.mem_min_mb, 0);
	assert_int_equal(config.mem_max_mb, CONFIG_UNLIMITED);
	assert_int_equal(config.mem_max_balloon_mb, CONFIG_UNLIMITED);
	assert_true(config.page_sharing);
	assert_string_equal(config.sharing_salt, "");
	assert_int_equal(config.time_mode, TIME_MODE_REAL);
	assert_int_equal(config.catchup, CATCHUP_SPONGE);
	assert_int_equal(config.interface, INTERFACE_VMWARE);
}

static void every_key(void **state)
{
	(void)state;
	assert_int_equal(parse("# a comment\r\n"
			       "\t displayName=\"Web Server 1\"#another\r\n"
			       "\r\n"
			       "MEMSIZE = \"1024\"\n"
			       "numvcpus = \"4\"\n"
			       "autostart = \"false\"\n"
			       "debug.exit = \"TRUE\"\n"
			       "boot.kernel = \"vmlinuz\"\n"
			       "boot.initrd = \"initrd.gz\"\n"
			       "boot.cmdline = \"console=ttyS0 a=|22b|22 c|7Cd\"\n"
			       "boot.module1 = \"second\"\n"
			       "boot.module0 = \"first with arguments\"\n"
			       "sched.cpu.shares = \"High\"\n"
			       "sched.cpu.min = \"200\"\n"
			       "sched.cpu.max = \"3000\"\n"
			       "sched.cpu.affinity = \"0,2-4,255\"\n"
			       "sched.cpu.cosched = \"strict\"\n"
			       "sched.cpu.skew = \"1500\"\n"
			       "sched.cpu.pool = \"batch\"\n"
			       "sched.mem.shares = \"777\"\n"
			       "sched.mem.min = \"64\"\n"
			       "sched.mem.max = \"512\"\n"
			       "sched.mem.maxmemctl = \"100\"\n"
			       "sched.mem.pshare.enable = \"FALSE\"\n"
			       "sched.mem.pshare.salt = \"group a\"\n"
			       "time.mode = \"apparent\"\n"
			       "time.catchup = \"slow\"\n"
			       "guest.interface = \"kvm\""),
			 0);
	assert_string_equal(config.name, "Web Server 1");
	assert_int_equal(config.mem_mb, 1024);
	assert_int_equal(config.vcpus, 4);
	assert_false(config.autostart);
	assert_true(config.debug_exit);
	assert_string_equal(config.kernel, "vmlinuz");
	assert_string_equal(config.initrd, "initrd.gz");
	assert_string_equal(config.cmdline, "console=ttyS0 a=\"b\" c|d");
	assert_int_equal(config.module_count, 2);
	assert_string_equal(config.modules[0], "first with arguments");
	assert_string_equal(config.modules[1], "second");
	assert_int_equal(config.cpu_shares.level, SHARES_HIGH);
	assert_int_equal(config.cpu_shares.value, 8000);
	assert_int_equal(config.cpu_min_mhz, 200);
	assert_int_equal(config.cpu_max_mhz, 3000);
	assert_true(config.affinity[0] == 0x1d && config.affinity[1] == 0);
	assert_true(config.affinity[3] == BIT(63));
	assert_int_equal(config.cosched, COSCHED_STRICT);
	assert_int_equal(config.cosched_skew_us, 1500);
	assert_string_equal(config.pool, "batch");
	assert_int_equal(config.mem_shares.level, SHARES_NUMBER);
	assert_int_equal(config.mem_shares.value, 777);
	assert_int_equal(config.mem_min_mb, 64);
	assert_int_equal(config.mem_max_mb, 512);
	assert_int_equal(config.mem_max_balloon_mb, 100);
	assert_false(config.page_sharing);
	assert_string_equal(config.sharing_salt, "group a");
	assert_int_equal(config.time_mode, TIME_MODE_APPARENT);
	assert_int_equal(config.catchup, CATCHUP_SLOW);
	assert_int_equal(config.interface, INTERFACE_KVM);
	for (u32 i = 0; i < messages.count; i++) {
		assert_int_equal(messages.list[i].level, CONFIG_NOTICE);
	}
}

static void wrong_values(void **state)
{
	(void)state;
	expect_error("numvcpus = \"0\"",
		     "web.vmx:2: numvcpus = \"0\": expected a number from 1 to 32");
	expect_error("numvcpus = \"33\"",
		     "web.vmx:2: numvcpus = \"33\": expected a number from 1 to 32");
	expect_error("numvcpus = \"\"",
		     "web.vmx:2: numvcpus = \"\": expected a number from 1 to 32");
	expect_error("numvcpus = \"-1\"",
		     "web.vmx:2: numvcpus = \"-1\": expected a number from 1 to 32");
	expect_error("numvcpus = \"2 \"",
		     "web.vmx:2: numvcpus = \"2 \": expected a number from 1 to 32");
	expect_error("memsize = \"99999999999999999999\"",
		     "web.vmx:2: memsize = \"99999999999999999999\": expected a number from 2 to "
		     "1048576 MB");
	expect_error("autostart = \"yes\"",
		     "web.vmx:2: autostart = \"yes\": expected TRUE or FALSE");
	expect_error("time.catchup = \"x\"",
		     "web.vmx:2: time.catchup = \"x\": expected sponge, burst, slow or drop");
	expect_error("sched.cpu.shares = \"0\"",
		     "web.vmx:2: sched.cpu.shares = \"0\": expected low, normal, high or a number "
		     "from 1 to 1000000");
	expect_error("sched.cpu.cosched = \"on\"",
		     "web.vmx:2: sched.cpu.cosched = \"on\": expected strict, relaxed, percpu or "
		     "off");
	expect_error(
		"sched.cpu.skew = \"99\"",
		"web.vmx:2: sched.cpu.skew = \"99\": expected a number from 100 to 1000000 us");
	expect_error("sched.cpu.max = \"no\"",
		     "web.vmx:2: sched.cpu.max = \"no\": expected unlimited or a number from 1 to "
		     "10000000 MHz");
	expect_error("displayName = \"\"", "web.vmx:2: displayName = \"\": expected 1 to 63 "
					   "printable ASCII characters");
	expect_error("displayName = \"a|1Bb\"",
		     "web.vmx:2: displayName = \"a?b\": expected 1 to 63 "
		     "printable ASCII characters");
	expect_error("boot.cmdline = \"a|0Ab\"", "web.vmx:2: boot.cmdline = \"a?b\": expected 0 to "
						 "2047 bytes without control characters");
}

static void wrong_pcpu_lists(void **state)
{
	static const char *const lists[] = {"", ",", "0,", "256", "3-2", "1-", "-1", "0 1", "a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char line[64], message[160];

		snprintf(line, sizeof(line), "sched.cpu.affinity = \"%s\"", lists[i]);
		snprintf(message, sizeof(message),
			 "web.vmx:2: %s: expected all or a list of pCPUs below 256 like 0,2-3",
			 line);
		expect_error(line, message);
	}
}

static void malformed_lines(void **state)
{
	(void)state;
	expect_error("memsize = 64", "web.vmx:2: expected key = \"value\", found memsize = 64");
	expect_error("memsize", "web.vmx:2: expected key = \"value\", found memsize");
	expect_error("= \"64\"", "web.vmx:2: expected key = \"value\", found = \"64\"");
	expect_error("memsize = \"64\" MB",
		     "web.vmx:2: expected key = \"value\", found memsize = \"64\" MB");
	expect_error("memsize = \"64", "web.vmx:2: the value has no closing quote");
	expect_error("memsize = \"", "web.vmx:2: the value has no closing quote");
	expect_error("boot.cmdline = \"a|\"",
		     "web.vmx:2: | in a value must be followed by two hexadecimal digits");
	expect_error("boot.cmdline = \"|g0\"",
		     "web.vmx:2: | in a value must be followed by two hexadecimal digits");
	expect_error("boot.cmdline = \"|00\"", "web.vmx:2: a value cannot contain the byte 00");
	assert_int_equal(parse_bytes("a\0b = \"c\"", 9), ERR_FORMAT);
}

static void too_long(void **state)
{
	char line[3000] = "boot.cmdline = \"";
	size_t start = strlen(line);

	(void)state;
	memset(line + start, 'x', 2048);
	strcpy(line + start + 2047, "\"");
	expect_message(CONFIG_WARNING, "x = \"\"", "web.vmx:2: unknown key x ignored");
	strcat(line, "\nboot.kernel = \"k\"");
	expect_good(line);
	assert_int_equal(strlen(config.cmdline), 2047);

	memset(line + start, 'x', 2048);
	strcpy(line + start + 2048, "\"");
	expect_error(line, "web.vmx:2: the value is longer than 2047 bytes");

	char *big = calloc(1, CONFIG_FILE_MAX + 1);

	assert_int_equal(parse_bytes(big, CONFIG_FILE_MAX + 1), ERR_FORMAT);
	assert_string_equal(messages.list[0].text, "web.vmx: 65537 bytes: expected at most 65536");
	free(big);
}

static void across_lines(void **state)
{
	(void)state;
	expect_error("boot.kernel = \"again\"",
		     "web.vmx:2: boot.kernel is given twice, first in line 1");
	expect_error("boot.module0 = \"a\"\nboot.module0 = \"b\"",
		     "web.vmx:3: boot.module0 is given twice, first in line 2");
	expect_error("boot.module2 = \"a\"\nboot.module0 = \"b\"",
		     "web.vmx:2: boot.module2 is given, boot.module1 is not");
	expect_error("boot.module8 = \"a\"",
		     "web.vmx:2: boot.module8: expected boot.module0 to boot.module7");
	expect_error("boot.module4294967296 = \"a\"",
		     "web.vmx:2: boot.module4294967296: expected boot.module0 to boot.module7");
	assert_int_equal(parse(""), ERR_FORMAT);
	assert_string_equal(messages.list[0].text,
			    "web.vmx: boot.kernel is missing: expected the name of a boot module");
}

/* Errors among the notices that these keys also give. */
static void expect_error_among(const char *text, const char *message)
{
	assert_int_equal(parse(text), ERR_FORMAT);
	for (u32 i = 0; i < messages.count; i++) {
		if (messages.list[i].level == CONFIG_ERROR) {
			assert_string_equal(messages.list[i].text, message);
			return;
		}
	}
	fail();
}

static void limits_in_order(void **state)
{
	(void)state;
	expect_error_among("boot.kernel=\"k\"\nsched.cpu.min=\"5\"\nsched.cpu.max=\"4\"",
			   "web.vmx: sched.cpu.min is 5, above sched.cpu.max, which is 4");
	expect_error_among("boot.kernel=\"k\"\nsched.mem.min=\"5\"\nsched.mem.max=\"4\"",
			   "web.vmx: sched.mem.min is 5, above sched.mem.max, which is 4");
	expect_error_among("boot.kernel=\"k\"\nsched.mem.min=\"500\"\nmemsize=\"400\"",
			   "web.vmx: sched.mem.min is 500, above memsize, which is 400");
}

static void warnings_and_notices(void **state)
{
	(void)state;
	expect_message(CONFIG_WARNING, "scsi0:0.present = \"TRUE\"",
		       "web.vmx:2: unknown key scsi0:0.present ignored");
	expect_message(CONFIG_WARNING, "boot.module = \"x\"",
		       "web.vmx:2: unknown key boot.module ignored");
	expect_message(CONFIG_WARNING, "boot.modulex = \"x\"",
		       "web.vmx:2: unknown key boot.modulex ignored");
	expect_message(CONFIG_NOTICE, "sched.mem.shares = \"low\"",
		       "web.vmx:2: sched.mem.shares = \"low\" is not acted upon yet");
	expect_good("boot.kernel = \"k\"\nguest.interface = \"NONE\"\ntime.mode = \"real\"\n"
		    "sched.mem.shares = \"normal\"\nsched.cpu.shares = \"low\"\n"
		    "sched.cpu.min = \"1\"\nsched.cpu.max = \"2\"\nsched.cpu.cosched = \"off\"");
}

static void errors_displace_lesser_messages(void **state)
{
	char text[1024] = "";

	(void)state;
	for (int i = 0; i < 20; i++) {
		strcat(text, "unknown = \"1\"\n");
	}
	strcat(text, "numvcpus = \"0\"\n");
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_int_equal(messages.count, CONFIG_MESSAGES_MAX);
	assert_int_equal(messages.dropped, 5);
	assert_int_equal(messages.list[CONFIG_MESSAGES_MAX - 1].level, CONFIG_ERROR);
}

static void name_from_the_file(void **state)
{
	static const char text[] = "boot.kernel = \"k\"";
	static const struct {
		const char *file, *name;
	} cases[] = {
		{"db.vmx", "db"}, {"DB.VMX", "DB"}, {"noending", "noending"}, {"\x1b.vmx", "?"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			config_parse(cases[i].file, text, strlen(text), &config, &messages), 0);
		assert_string_equal(config.name, cases[i].name);
	}
	assert_int_equal(config_parse("", text, strlen(text), &config, &messages), ERR_FORMAT);
}

static void every_key_can_be_described(void **state)
{
	struct config_key_help help;
	u32 n = 0;

	(void)state;
	for (; config_key_describe(n, &help); n++) {
		assert_true(strlen(help.name) > 0 && strlen(help.help) > 0);
		assert_true(strlen(help.expected) > 0 && strlen(help.expected) < 120);
		assert_non_null(help.fallback);
	}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(wrong_pcpu_lists),
		cmocka_unit_test(malformed_lines),
		cmocka_unit_test(too_long),
		cmocka_unit_test(across_lines),
		cmocka_unit_test(limits_in_order),
		cmocka_unit_test(warnings_and_notices),
		cmocka_unit_test(errors_displace_lesser_messages),
		cmocka_unit_test(name_from_the_file),
		cmocka_unit_test(every_key_can_be_described),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
