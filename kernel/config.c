// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads VM definition files: splits lines, undoes escapes, finds the key, then checks what spans
 * several keys. Values are the business of kernel/config/. Pure.
 */
#include "kernel/config.h"
#include "kernel/config/keys_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* How much of a key or value a message shows. */
#define SHOWN_MAX 40

struct parse {
	const char *file;
	u32 line; /* 0: the file as a whole */
	struct vm_config *config;
	struct config_messages *messages;
	u32 errors;
	u32 key_lines[CONFIG_KEYS_MAX]; /* where each key was given; 0: nowhere */
	u32 module_lines[CONFIG_GUEST_MODULES_MAX];
	/* Of the present line, terminated: the key as written, as far as messages show it, and the
	 * value. */
	char key[SHOWN_MAX + 1];
	char value[CONFIG_CMDLINE_SIZE];
};

/* Text not yet consumed of one line. */
struct span {
	const char *at, *end;
};

/* --- messages --------------------------------------------------------------------------------- */

/* Where the next message goes; NULL: nowhere, it is dropped. */
static struct config_message *message_slot(struct config_messages *m, enum config_level level)
{
	if (m->count < CONFIG_MESSAGES_MAX) {
		return &m->list[m->count++];
	}
	m->dropped++;
	for (u32 i = m->count; level == CONFIG_ERROR && i-- > 0;) {
		if (m->list[i].level != CONFIG_ERROR) {
			return &m->list[i];
		}
	}
	return NULL;
}

/* File contents and names are shown on terminals: nothing but printable ASCII goes there. */
static void text_sanitise(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			*text = '?';
		}
	}
}

static void printf_like(3, 4) report(struct parse *p, enum config_level level, const char *fmt, ...)
{
	struct config_message *m = message_slot(p->messages, level);
	va_list ap;
	int n;

	p->errors += level == CONFIG_ERROR;
	if (m == NULL) {
		return;
	}
	m->level = level;
	n = p->line != 0 ? fmt_print(m->text, sizeof(m->text), "%.64s:%u: ", p->file, p->line)
			 : fmt_print(m->text, sizeof(m->text), "%.64s: ", p->file);
	va_start(ap, fmt);
	fmt_vprint(m->text + n, sizeof(m->text) - (size_t)n, fmt, ap);
	va_end(ap);
	text_sanitise(m->text);
}

static void report_value(struct parse *p, const struct config_key *key)
{
	char expected[CONFIG_MESSAGE_SIZE];

	keys_expected(key, expected, sizeof(expected));
	report(p, CONFIG_ERROR, "%s = \"%.*s%s\": expected %s", p->key, SHOWN_MAX, p->value,
	       strlen(p->value) > SHOWN_MAX ? "..." : "", expected);
}

/* --- one line --------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("._:-", c) != NULL);
}

static void blanks_skip(struct span *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t')) {
		s->at++;
	}
}

static bool char_skip(struct span *s, char c)
{
	if (s->at == s->end || *s->at != c) {
		return false;
	}
	s->at++;
	return true;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *d = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	return c != '\0' && d != NULL ? (int)(d - digits) : -1;
}

/* One character of a value: itself, or |XX, a byte in hexadecimal; -1 when that is malformed. */
static int value_char(struct span *s)
{
	char c = *s->at++;

	if (c != '|') {
		return (u8)c;
	}
	if (s->end - s->at < 2 || hex_digit(s->at[0]) < 0 || hex_digit(s->at[1]) < 0) {
		return -1;
	}
	s->at += 2;
	return hex_digit(s->at[-2]) * 16 + hex_digit(s->at[-1]);
}

/* The value behind its opening quote, up to and with the closing one. */
static bool value_read(struct parse *p, struct span *s)
{
	size_t n = 0;

	while (!char_skip(s, '"')) {
		int c = s->at < s->end ? value_char(s) : 0;

		if (c < 0) {
			report(p, CONFIG_ERROR,
			       "| in a value must be followed by two hexadecimal digits");
			return false;
		}
		if (s->at == s->end) {
			report(p, CONFIG_ERROR, "the value has no closing quote");
			return false;
		}
		if (c == 0) {
			report(p, CONFIG_ERROR, "a value cannot contain the byte 00");
			return false;
		}
		if (n == sizeof(p->value) - 1) {
			report(p, CONFIG_ERROR, "the value is longer than %zu bytes", n);
			return false;
		}
		p->value[n++] = (char)c;
	}
	p->value[n] = '\0';
	return true;
}

/* Splits `key = "value" # comment`. The value goes to p->value. */
static bool line_split(struct parse *p, struct span *s, struct span *key)
{
	struct span whole = *s;

	key->at = s->at;
	while (s->at < s->end && is_key_char(*s->at)) {
		s->at++;
	}
	key->end = s->at;
	blanks_skip(s);
	bool good = key->end != key->at && char_skip(s, '=');

	blanks_skip(s);
	if (good && char_skip(s, '"')) {
		if (!value_read(p, s)) {
			return false;
		}
		blanks_skip(s);
		if (s->at == s->end || *s->at == '#') {
			return true;
		}
	}
	report(p, CONFIG_ERROR, "expected key = \"value\", found %.*s",
	       (int)MIN(whole.end - whole.at, (ptrdiff_t)SHOWN_MAX), whole.at);
	return false;
}

/* --- one key ---------------------------------------------------------------------------------- */

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

static bool key_matches(const struct config_key *key, const struct span *name, u32 *number)
{
	size_t length = (size_t)(name->end - name->at);
	size_t stem = strlen(key->name);

	*number = 0;
	if (!key->numbered) {
		return keys_same_word(name->at, length, key->name);
	}
	return length > stem && keys_same_word(name->at, stem, key->name) &&
	       key_number(name->at + stem, name->end, number);
}

static const struct config_key *key_find(const struct span *name, u32 *number)
{
	for (u32 i = 0; i < config_key_count; i++) {
		if (key_matches(&config_keys[i], name, number)) {
			return &config_keys[i];
		}
	}
	return NULL;
}

static void key_apply(struct parse *p, const struct config_key *key, u32 number)
{
	u32 *line = key->numbered ? &p->module_lines[number] : &p->key_lines[key - config_keys];

	if (*line != 0) {
		report(p, CONFIG_ERROR, "%s is given twice, first in line %u", p->key, *line);
		return;
	}
	*line = p->line;
	if (!keys_set(key, number, p->value, p->config)) {
		report_value(p, key);
		return;
	}
	if (key->later &&
	    (key->already == NULL || !keys_same_word(p->value, strlen(p->value), key->already))) {
		report(p, CONFIG_NOTICE, "%s = \"%.*s\" is not acted upon yet", p->key, SHOWN_MAX,
		       p->value);
	}
}

static void line_parse(struct parse *p, struct span s)
{
	struct span name;
	u32 number;

	blanks_skip(&s);
	if (s.at == s.end || *s.at == '#' || !line_split(p, &s, &name)) {
		return;
	}
	const struct config_key *key = key_find(&name, &number);

	fmt_print(p->key, sizeof(p->key), "%.*s",
		  (int)MIN(name.end - name.at, (ptrdiff_t)SHOWN_MAX), name.at);
	if (key == NULL) {
		report(p, CONFIG_WARNING, "unknown key %s ignored", p->key);
	} else if (key->numbered && number >= CONFIG_GUEST_MODULES_MAX) {
		report(p, CONFIG_ERROR, "%s: expected %s0 to %s%u", p->key, key->name, key->name,
		       CONFIG_GUEST_MODULES_MAX - 1);
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

static void lines_parse(struct parse *p, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;
		struct span s = {text, stop > text && stop[-1] == '\r' ? stop - 1 : stop};

		p->line++;
		line_parse(p, s);
		text = stop + (newline != NULL);
	}
	p->line = 0;
}

/* displayName's default: the file's name without its ending. */
static void name_default(struct parse *p)
{
	static const char ending[] = ".vmx";
	size_t n = strlen(p->file), e = strlen(ending);

	if (n > e && keys_same_word(p->file + n - e, e, ending)) {
		n -= e;
	}
	if (n == 0 || n >= sizeof(p->config->name)) {
		report(p, CONFIG_ERROR, "displayName is missing, and the file's name cannot serve");
		return;
	}
	memcpy(p->config->name, p->file, n);
	p->config->name[n] = '\0';
	text_sanitise(p->config->name);
}

static void modules_check(struct parse *p)
{
	u32 *count = &p->config->module_count;

	while (*count < CONFIG_GUEST_MODULES_MAX && p->module_lines[*count] != 0) {
		++*count;
	}
	for (u32 i = *count; i < CONFIG_GUEST_MODULES_MAX; i++) {
		if (p->module_lines[i] != 0) {
			p->line = p->module_lines[i];
			report(p, CONFIG_ERROR, "boot.module%u is given, boot.module%u is not", i,
			       *count);
			break;
		}
	}
	p->line = 0;
}

static void order_check(struct parse *p, const char *low, u32 low_value, const char *high,
			u32 high_value)
{
	if (low_value > high_value) {
		report(p, CONFIG_ERROR, "%s is %u, above %s, which is %u", low, low_value, high,
		       high_value);
	}
}

static void shares_resolve(struct config_shares *shares, const u32 per_unit[3], u32 units)
{
	if (shares->level != SHARES_NUMBER) {
		shares->value = per_unit[shares->level] * units;
	}
}

/* What no single line can get wrong. */
static void file_check(struct parse *p)
{
	static const u32 cpu_levels[] = {CPU_SHARES_LOW, CPU_SHARES_NORMAL, CPU_SHARES_HIGH};
	static const u32 mem_levels[] = {MEM_SHARES_LOW, MEM_SHARES_NORMAL, MEM_SHARES_HIGH};
	struct vm_config *c = p->config;

	modules_check(p);
	if (p->errors != 0) {
		return; /* comparisons of values that are not what was meant only confuse */
	}
	if (c->name[0] == '\0') {
		name_default(p);
	}
	if (c->kernel[0] == '\0') {
		report(p, CONFIG_ERROR,
		       "boot.kernel is missing: expected the name of a boot module");
	}
	order_check(p, "sched.cpu.min", c->cpu_min_mhz, "sched.cpu.max", c->cpu_max_mhz);
	order_check(p, "sched.mem.min", c->mem_min_mb, "sched.mem.max", c->mem_max_mb);
	order_check(p, "sched.mem.min", c->mem_min_mb, "memsize", c->mem_mb);
	shares_resolve(&c->cpu_shares, cpu_levels, c->vcpus);
	shares_resolve(&c->mem_shares, mem_levels, c->mem_mb);
}

int config_parse(const char *file, const char *text, size_t size, struct vm_config *config,
		 struct config_messages *messages)
{
	struct parse p = {.file = file, .config = config, .messages = messages};

	messages->count = 0;
	messages->dropped = 0;
	defaults_set(config);
	if (size > CONFIG_FILE_MAX) {
		report(&p, CONFIG_ERROR, "%zu bytes: expected at most %u", size, CONFIG_FILE_MAX);
		return ERR_FORMAT;
	}
	lines_parse(&p, text, size);
	file_check(&p);
	return p.errors != 0 ? ERR_FORMAT : 0;
}
