// SPDX-License-Identifier: GPL-2.0-only
/* boot/efi/efi_config: the file beside evenkeel.efi. */
#include "tests/unit/unit.h"
#include "boot/efi/efi_config.h"
#include "kernel/lib/err.h"

static struct efi_config config;
static struct efi_config_error error;

/* Parses a copy without terminator, so that reading beyond it is noticed. */
static int parse(const char *text)
{
	size_t size = strlen(text);
	char *copy = malloc(size + (size == 0));

	memcpy(copy, text, size);
	memset(&error, 0, sizeof(error));
	int err = efi_config_parse(copy, size, &config, &error);

	free(copy);
	return err;
}

static void a_whole_file(void **state)
{
	(void)state;
	assert_int_equal(parse("\xef\xbb\xbf# comment\r\n\r\n cmdline =  console=com1 a=b \r\n"
			       "module = vms/one.vmx\nmodule=\\boot\\vmlinuz kernel\n"
			       "  # more\nmodule = initrd.gz"),
			 ERR_OK);
	assert_string_equal(config.cmdline, "console=com1 a=b");
	assert_int_equal(config.module_count, 3);
	assert_string_equal(config.modules[0].path, "vms/one.vmx");
	assert_string_equal(config.modules[0].name, "one.vmx");
	assert_int_equal(config.modules[0].line, 4);
	assert_string_equal(config.modules[1].path, "\\boot\\vmlinuz");
	assert_string_equal(config.modules[1].name, "kernel");
	assert_string_equal(config.modules[2].name, "initrd.gz");
}

static void an_empty_file_is_fine(void **state)
{
	(void)state;
	assert_int_equal(parse(""), ERR_OK);
	assert_string_equal(config.cmdline, "");
	assert_int_equal(config.module_count, 0);
}

static void wrong_lines_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		u32 line;
		const char *what;
	} cases[] = {
		{"\nnonsense\n", 2, "expected key = value"},
		{"modul = x\n", 1, "unknown key: expected cmdline or module"},
		{"cmdline = a\n\nmodule =\n", 3, "module without a path"},
		{"module = a b c\n", 1, "more than a path and a name"},
		{"module = folder/\n", 1, "path ends in a folder"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].text), ERR_FORMAT);
		assert_int_equal(error.line, cases[i].line);
		assert_string_equal(error.what, cases[i].what);
	}
}

static void limits(void **state)
{
	(void)state;
	static char text[64 * 1024];
	size_t n = (size_t)sprintf(text, "cmdline = ");

	memset(text + n, 'a', BOOT_CMDLINE_MAX - 1);
	text[n + BOOT_CMDLINE_MAX - 1] = '\0';
	assert_int_equal(parse(text), ERR_OK);
	strcat(text, "a");
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_string_equal(error.what, "command line too long");

	text[0] = '\0';
	for (u32 i = 0; i < BOOT_MODULES_MAX; i++) {
		strcat(text, "module = m\n");
	}
	assert_int_equal(parse(text), ERR_OK);
	strcat(text, "module = m\n");
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_int_equal(error.line, BOOT_MODULES_MAX + 1);

	n = (size_t)sprintf(text, "module = ");
	memset(text + n, 'p', EFI_CONFIG_PATH_MAX);
	text[n + EFI_CONFIG_PATH_MAX] = '\0';
	assert_int_equal(parse(text), ERR_FORMAT);
	assert_string_equal(error.what, "path or name too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(an_empty_file_is_fine),
		cmocka_unit_test(wrong_lines_are_named),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("efi_config", tests, NULL, NULL);
}
