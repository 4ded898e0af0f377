// SPDX-License-Identifier: GPL-2.0-only
/* log, log level: what the hypervisor had to say. pCPU 0 only. */
#include "kernel/console/monitor_priv.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

#define CHUNK 256u

static struct {
	bool active;
	u64 cursor;
} show;

bool log_show_active(void)
{
	return show.active;
}

void log_show_cancel(void)
{
	output_print("^C\n");
	show.active = false;
}

bool log_show_poll(void)
{
	char text[CHUNK];

	while (show.active && output_room() >= CHUNK) {
		size_t n = log_read(&show.cursor, text, sizeof(text));

		output_write(text, n);
		show.active = n != 0;
	}
	return show.active;
}

static void log_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	show.active = true;
	show.cursor = 0;
}

static void log_level_run(u32 argc, const char *const *argv)
{
	static const char *const names[] = {[LOG_ERROR] = "error",
					    [LOG_WARN] = "warn",
					    [LOG_INFO] = "info",
					    [LOG_DEBUG] = "debug"};

	(void)argc;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(argv[0], names[i]) == 0) {
			log_set_console_level((enum log_level)i);
			return;
		}
	}
	output_print("log level %s: expected error, warn, info or debug\n", argv[0]);
}

/* clang-format off */
static const struct command commands[] = {
	{"log", NULL, "", 0, 0, log_run, "the hypervisor's messages, oldest first; Ctrl-C ends"},
	{"log", "level", "LEVEL", 1, 1, log_level_run,
	 "show messages up to error, warn, info or debug on the console"},
};
/* clang-format on */

const struct command_set log_commands = {commands, ARRAY_SIZE(commands)};
