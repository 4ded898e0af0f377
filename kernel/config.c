// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads VM definition files: finds the key of each line, then checks what spans several keys. Lines
 * and values are the business of kernel/config/. Pure.
 */
#include "kernel/config.h"
#include "kernel/config/keys_priv.h"
#include "kernel/config/lines_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

struct parse {
	struct config_lines lines;
	struct vm_config *config;
	u32 key_lines[CONFIG_KEYS_MAX]; /* where each key was given; 0: nowhere */
	u32 module_lines[CONFIG_GUEST_MODULES_MAX];
};

/* --- one key ---------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number at the end of a numbered key's name; false when there is none. Numbers no array has
 * an element for come out as UINT32_MAX. */
static bool key_number(const char *at, const char *end, u32 *number)
{
	u32 n = 0;

	if (at == end) {
		return false;
	}
	for (; at < end; at++) {
		if (!is_digit(*at)) {
			return false;
		}
		n = n < 1000 ? n * 10 + (u32)(*at - '0') : UINT32_MAX;
	}
	*number = n;
	return true;
}

static bool key_matches(const struct config_key *key, const char *name, size_t length, u32 *number)
{
	size_t stem = strlen(key->name);

	*number = 0;
	if (!key->numbered) {
		return keys_same_word(name, length, key->name);
	}
	return length > stem && keys_same_word(name, stem, key->name) &&
	       key_number(name + stem, name + length, number);
}

static const struct config_key *key_find(const char *name, size_t length, u32 *number)
{
	for (u32 i = 0; i < config_key_count; i++) {
		if (key_matches(&config_keys[i], name, length, number)) {
			return &config_keys[i];
		}
	}
	return NULL;
}

static void key_apply(struct parse *p, const struct config_key *key, u32 number)
{
	u32 *line = key->numbered ? &p->module_lines[number] : &p->key_lines[key - config_keys];

	if (config_report_twice(&p->lines, line)) {
		return;
	}
	if (!keys_set(key, number, p->lines.value, p->config)) {
		config_report_value(&p->lines, key);
		return;
	}
	if (key->later && (key->already == NULL ||
			   !keys_same_word(p->lines.value, strlen(p->lines.value), key->already))) {
		config_report(&p->lines, CONFIG_NOTICE, "%s = \"%.*s\" is not acted upon yet",
			      p->lines.key, CONFIG_SHOWN_MAX, p->lines.value);
	}
}

static void line_parse(struct parse *p)
{
	u32 number;
	const struct config_key *key = key_find(p->lines.name, p->lines.name_length, &number);

	if (key == NULL) {
		config_report(&p->lines, CONFIG_WARNING, "unknown key %s ignored", p->lines.key);
	} else if (key->numbered && number >= CONFIG_GUEST_MODULES_MAX) {
		config_report(&p->lines, CONFIG_ERROR, "%s: expected %s0 to %s%u", p->lines.key,
			      key->name, key->name, CONFIG_GUEST_MODULES_MAX - 1);
	} else {
		key_apply(p, key, number);
	}
}

/* --- the whole file --------------------------------------------------------------------------- */

static void defaults_set(struct vm_config *config)
{
	memset(config, 0, sizeof(*config));
	for (u32 i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->fallback != NULL) {
			bool good = keys_set(key, 0, key->fallback, config);

			assert(good);
		}
	}
}

/* displayName's default: the file's name without its ending. */
static void name_default(struct parse *p)
{
	static const char ending[] = ".vmx";
	size_t n = strlen(p->lines.file), e = strlen(ending);

	if (n > e && keys_same_word(p->lines.file + n - e, e, ending)) {
		n -= e;
	}
	if (n == 0 || n >= sizeof(p->config->name)) {
		config_report(&p->lines, CONFIG_ERROR,
			      "displayName is missing, and the file's name cannot serve");
		return;
	}
	memcpy(p->config->name, p->lines.file, n);
	p->config->name[n] = '\0';
	config_sanitise(p->config->name);
}

static void modules_check(struct parse *p)
{
	u32 *count = &p->config->module_count;

	while (*count < CONFIG_GUEST_MODULES_MAX && p->module_lines[*count] != 0) {
		++*count;
	}
	for (u32 i = *count; i < CONFIG_GUEST_MODULES_MAX; i++) {
		if (p->module_lines[i] != 0) {
			p->lines.line = p->module_lines[i];
			config_report(&p->lines, CONFIG_ERROR,
				      "boot.module%u is given, boot.module%u is not", i, *count);
			break;
		}
	}
	p->lines.line = 0;
}

/* What no single line can get wrong. */
static void file_check(struct parse *p)
{
	static const u32 cpu_levels[] = {CPU_SHARES_LOW, CPU_SHARES_NORMAL, CPU_SHARES_HIGH};
	static const u32 mem_levels[] = {MEM_SHARES_LOW, MEM_SHARES_NORMAL, MEM_SHARES_HIGH};
	struct vm_config *c = p->config;

	modules_check(p);
	if (p->lines.errors != 0) {
		return; /* comparisons of values that are not what was meant only confuse */
	}
	if (c->name[0] == '\0') {
		name_default(p);
	}
	if (c->kernel[0] == '\0') {
		config_report(&p->lines, CONFIG_ERROR,
			      "boot.kernel is missing: expected the name of a boot module");
	}
	config_report_order(&p->lines, "sched.cpu.min", c->cpu_min_mhz, "sched.cpu.max",
			    c->cpu_max_mhz);
	config_report_order(&p->lines, "sched.mem.min", c->mem_min_mb, "sched.mem.max",
			    c->mem_max_mb);
	config_report_order(&p->lines, "sched.mem.min", c->mem_min_mb, "memsize", c->mem_mb);
	config_shares_resolve(&c->cpu_shares, cpu_levels, c->vcpus);
	config_shares_resolve(&c->mem_shares, mem_levels, c->mem_mb);
}

int config_parse(const char *file, const char *text, size_t size, struct vm_config *config,
		 struct config_messages *messages)
{
	struct parse p = {.config = config};

	defaults_set(config);
	if (!config_lines_init(&p.lines, file, text, size, messages)) {
		return ERR_FORMAT;
	}
	while (config_lines_next(&p.lines)) {
		line_parse(&p);
	}
	file_check(&p);
	return p.lines.errors != 0 ? ERR_FORMAT : 0;
}
