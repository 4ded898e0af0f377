// SPDX-License-Identifier: GPL-2.0-only
/* One key at a time. What a value may be is in types.c, for files and here. Pure. */
#include "kernel/config/change.h"

#include "kernel/config/keys_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* What may be changed at run time: CPU scheduling. */
#define CHANGEABLE CONFIG_CHANGE_PREFIX "cpu."

static bool begins_with(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strlen(text) >= n && keys_same_word(text, n, prefix);
}

static bool is_changeable(const struct config_key *key)
{
	return begins_with(key->name, CHANGEABLE);
}

static const struct config_key *key_find(const char *name)
{
	size_t prefix = strlen(CONFIG_CHANGE_PREFIX);

	if (begins_with(name, CONFIG_CHANGE_PREFIX)) {
		name += prefix;
	}
	for (u32 i = 0; i < config_key_count; i++) {
		if (is_changeable(&config_keys[i]) &&
		    keys_same_word(name, strlen(name), config_keys[i].name + prefix)) {
			return &config_keys[i];
		}
	}
	return NULL;
}

static void explain_unknown(const char *name, char *reason, size_t size)
{
	size_t n = (size_t)fmt_print(reason, size, "unknown key %.40s: expected", name);
	const char *separator = " ";

	for (u32 i = 0; i < config_key_count; i++) {
		if (is_changeable(&config_keys[i]) && n < size) {
			n += (size_t)fmt_print(reason + n, size - n, "%s%s", separator,
					       config_keys[i].name + strlen(CONFIG_CHANGE_PREFIX));
			separator = ", ";
		}
	}
}

int config_change(struct vm_config *config, const char *name, const char *value, char *reason,
		  size_t size)
{
	static const u32 levels[] = {CPU_SHARES_LOW, CPU_SHARES_NORMAL, CPU_SHARES_HIGH};
	const struct config_key *key = key_find(name);
	char expected[CONFIG_MESSAGE_SIZE];

	if (key == NULL) {
		explain_unknown(name, reason, size);
		return ERR_INVAL;
	}
	if (!keys_set(key, 0, value, config)) {
		keys_expected(key, expected, sizeof(expected));
		fmt_print(reason, size, "%s = \"%.40s\": expected %s",
			  key->name + strlen(CONFIG_CHANGE_PREFIX), value, expected);
		return ERR_INVAL;
	}
	if (config->cpu_min_mhz > config->cpu_max_mhz) {
		fmt_print(reason, size, "cpu.min would be %u, above cpu.max, %u",
			  config->cpu_min_mhz, config->cpu_max_mhz);
		return ERR_INVAL;
	}
	config_shares_resolve(&config->cpu_shares, levels, config->vcpus);
	return 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* A value between quotes; what would end or confuse it as |XX. */
static size_t quoted_print(char *to, const char *value)
{
	size_t n = 0;

	to[n++] = '"';
	for (; *value != '\0'; value++) {
		u8 c = (u8)*value;

		if (c < ' ' || c > '~' || c == '"' || c == '|') {
			n += (size_t)fmt_print(to + n, 4, "|%02X", c);
		} else {
			to[n++] = (char)c;
		}
	}
	to[n++] = '"';
	to[n] = '\0';
	return n;
}

static void line_print(char *line, const char *name, const char *value)
{
	size_t n = (size_t)fmt_print(line, 48, "%.40s = ", name);

	quoted_print(line + n, value);
}

/* Module `index` of the array that a numbered key stands for. */
static void module_print(const struct vm_config *config, const struct config_key *key, u32 index,
			 char *line)
{
	char name[40];

	fmt_print(name, sizeof(name), "%s%u", key->name, index);
	line_print(line, name, config->modules[index]);
}

bool config_line(const struct vm_config *config, u32 index, char *line)
{
	char text[1024]; /* the longest list of pCPUs has 900 */

	for (u32 i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		u32 lines = key->numbered ? config->module_count : 1;

		if (index >= lines) {
			index -= lines;
			continue;
		}
		const char *value = keys_value(key, config, text, sizeof(text));

		line[0] = '\0';
		if (key->numbered) {
			module_print(config, key, index, line);
		} else if (value[0] != '\0' || key->fallback != NULL) {
			line_print(line, key->name, value);
		}
		return true;
	}
	return false;
}
