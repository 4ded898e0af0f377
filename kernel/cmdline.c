// SPDX-License-Identifier: GPL-2.0-only
/* See cmdline.h. Nothing is copied before it is asked for; words are delimited in place. Pure. */
#include "kernel/cmdline.h"
#include "kernel/lib/string.h"

const struct cmdline_option cmdline_options[] = {
	/* clang-format off */
	{"console", "list of com1, com2, fb, debugcon, none (default com1,fb)"},
	{"baud", "speed of the serial consoles (115200)"},
	{"loglevel", "what consoles show: error, warn, info, debug (info)"},
	{"panic", "after a panic: halt, reboot or exit, that is leave the emulator (halt)"},
	{"emulator", "qemu or bochs: which debug-exit port there is (none)"},
	{"monitor", "a command that the monitor begins with, such as vmtop (none)"},
	{"guests", "show: print what guests write on their consoles, with their names (hide)"},
	{"finish", "when all VMs have ended: stay, poweroff, reboot, or exit the emulator (stay)"},
	{"x2apic", "on, off, auto (auto)"},
	{"maxcpus", "start at most this many pCPUs (all)"},
	{"watchdog", "seconds until a stuck pCPU is reported, 0 for never (10)"},
	{"check", "sched: verify the scheduler's invariants after each of its steps (nothing)"},
	{"selftest", "fail on purpose: panic, hang, stack, nx, wx, div"},
	{NULL, NULL},
	/* clang-format on */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool cmdline_next(const char **cursor, struct cmdline_word *word)
{
	const char *p = *cursor;

	while (is_space(*p)) {
		p++;
	}
	*word = (struct cmdline_word){.name = p};
	if (*p == '\0') {
		*cursor = p;
		return false;
	}
	while (*p != '\0' && *p != '=' && !is_space(*p)) {
		p++;
	}
	word->name_len = (size_t)(p - word->name);
	if (*p == '=') {
		char quote = p[1] == '"' ? '"' : '\0';

		p += quote != '\0' ? 2 : 1;
		word->value = p;
		while (*p != '\0' && (quote != '\0' ? *p != quote : !is_space(*p))) {
			p++;
		}
		word->value_len = (size_t)(p - word->value);
		if (quote != '\0' && *p == quote) {
			p++;
		}
	}
	*cursor = p;
	return true;
}

static bool word_is(const struct cmdline_word *word, const char *name)
{
	return strlen(name) == word->name_len && memcmp(word->name, name, word->name_len) == 0;
}

/* The last word of that name. */
static bool find(const char *cmdline, const char *name, struct cmdline_word *found)
{
	struct cmdline_word word;
	bool any = false;

	while (cmdline_next(&cmdline, &word)) {
		if (word_is(&word, name)) {
			*found = word;
			any = true;
		}
	}
	return any;
}

bool cmdline_get(const char *cmdline, const char *name, char *buf, size_t size)
{
	struct cmdline_word word;

	buf[0] = '\0';
	if (!find(cmdline, name, &word)) {
		return false;
	}
	size_t n = MIN(word.value_len, size - 1);

	if (n > 0) {
		memcpy(buf, word.value, n);
	}
	buf[n] = '\0';
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

u64 cmdline_get_u64(const char *cmdline, const char *name, u64 fallback, bool *bad)
{
	struct cmdline_word word;
	u64 value = 0;

	if (!find(cmdline, name, &word)) {
		return fallback;
	}
	bool hex = word.value_len > 2 && word.value[0] == '0' && word.value[1] == 'x';
	u32 base = hex ? 16 : 10;
	size_t i = hex ? 2 : 0;
	bool ok = word.value_len > 0;

	for (; ok && i < word.value_len; i++) {
		u32 digit = (u32)digit_value(word.value[i]);

		ok = digit < base && value <= (UINT64_MAX - digit) / base;
		value = value * base + digit;
	}
	if (!ok && bad != NULL) {
		*bad = true;
	}
	return ok ? value : fallback;
}

bool cmdline_has_item(const char *cmdline, const char *name, const char *item)
{
	struct cmdline_word word;
	size_t len = strlen(item);

	if (!find(cmdline, name, &word) || word.value == NULL) {
		return false;
	}
	const char *p = word.value;
	const char *end = p + word.value_len;

	while (p <= end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *stop = comma != NULL ? comma : end;

		if ((size_t)(stop - p) == len && memcmp(p, item, len) == 0) {
			return true;
		}
		p = stop + 1;
	}
	return false;
}

bool cmdline_next_unknown(const char **cursor, struct cmdline_word *word)
{
	while (cmdline_next(cursor, word)) {
		const struct cmdline_option *o = cmdline_options;

		while (o->name != NULL && !word_is(word, o->name)) {
			o++;
		}
		if (o->name == NULL) {
			return true;
		}
	}
	return false;
}
