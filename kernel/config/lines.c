// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of `key = "value" # comment`: splits them, undoes escapes, and words messages about them.
 * See lines_priv.h. Pure.
 */
#include "kernel/config/lines_priv.h"
#include "kernel/config/keys_priv.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

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

void config_sanitise(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			*text = '?';
		}
	}
}

void config_report(struct config_lines *l, enum config_level level, const char *fmt, ...)
{
	struct config_message *m = message_slot(l->messages, level);
	va_list ap;
	int n;

	l->errors += level == CONFIG_ERROR;
	if (m == NULL) {
		return;
	}
	m->level = level;
	n = l->line != 0 ? fmt_print(m->text, sizeof(m->text), "%.64s:%u: ", l->file, l->line)
			 : fmt_print(m->text, sizeof(m->text), "%.64s: ", l->file);
	va_start(ap, fmt);
	fmt_vprint(m->text + n, sizeof(m->text) - (size_t)n, fmt, ap);
	va_end(ap);
	config_sanitise(m->text);
}

void config_report_value(struct config_lines *l, const struct config_key *key)
{
	char expected[CONFIG_MESSAGE_SIZE];

	keys_expected(key, expected, sizeof(expected));
	config_report(l, CONFIG_ERROR, "%s = \"%.*s%s\": expected %s", l->key, CONFIG_SHOWN_MAX,
		      l->value, strlen(l->value) > CONFIG_SHOWN_MAX ? "..." : "", expected);
}

bool config_report_twice(struct config_lines *l, u32 *first)
{
	if (*first != 0) {
		config_report(l, CONFIG_ERROR, "%s is given twice, first in line %u", l->key,
			      *first);
		return true;
	}
	*first = l->line;
	return false;
}

void config_report_order(struct config_lines *l, const char *low, u32 low_value, const char *high,
			 u32 high_value)
{
	if (low_value > high_value) {
		config_report(l, CONFIG_ERROR, "%s is %u, above %s, which is %u", low, low_value,
			      high, high_value);
	}
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
static bool value_read(struct config_lines *l, struct span *s)
{
	size_t n = 0;

	while (!char_skip(s, '"')) {
		int c = s->at < s->end ? value_char(s) : 0;

		if (c < 0) {
			config_report(l, CONFIG_ERROR,
				      "| in a value must be followed by two hexadecimal digits");
			return false;
		}
		if (s->at == s->end) {
			config_report(l, CONFIG_ERROR, "the value has no closing quote");
			return false;
		}
		if (c == 0) {
			config_report(l, CONFIG_ERROR, "a value cannot contain the byte 00");
			return false;
		}
		if (n == sizeof(l->value) - 1) {
			config_report(l, CONFIG_ERROR, "the value is longer than %zu bytes", n);
			return false;
		}
		l->value[n++] = (char)c;
	}
	l->value[n] = '\0';
	return true;
}

/* Splits `key = "value" # comment`. The value goes to l->value. */
static bool line_split(struct config_lines *l, struct span *s, struct span *key)
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
		if (!value_read(l, s)) {
			return false;
		}
		blanks_skip(s);
		if (s->at == s->end || *s->at == '#') {
			return true;
		}
	}
	config_report(l, CONFIG_ERROR, "expected key = \"value\", found %.*s",
		      (int)MIN(whole.end - whole.at, (ptrdiff_t)CONFIG_SHOWN_MAX), whole.at);
	return false;
}

/* --- the file --------------------------------------------------------------------------------- */

bool config_lines_init(struct config_lines *l, const char *file, const char *text, size_t size,
		       struct config_messages *messages)
{
	*l = (struct config_lines){
		.file = file, .at = text, .end = text + size, .messages = messages};
	messages->count = 0;
	messages->dropped = 0;
	if (size > CONFIG_FILE_MAX) {
		config_report(l, CONFIG_ERROR, "%zu bytes: expected at most %u", size,
			      CONFIG_FILE_MAX);
		return false;
	}
	return true;
}

/* The next line of the text, without its end. */
static bool line_take(struct config_lines *l, struct span *s)
{
	if (l->at == l->end) {
		l->line = 0;
		return false;
	}
	const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
	const char *stop = newline != NULL ? newline : l->end;

	*s = (struct span){l->at, stop > l->at && stop[-1] == '\r' ? stop - 1 : stop};
	l->at = stop + (newline != NULL);
	l->line++;
	return true;
}

bool config_lines_next(struct config_lines *l)
{
	struct span s, name;

	while (line_take(l, &s)) {
		blanks_skip(&s);
		if (s.at == s.end || *s.at == '#' || !line_split(l, &s, &name)) {
			continue;
		}
		l->name = name.at;
		l->name_length = (size_t)(name.end - name.at);
		fmt_print(l->key, sizeof(l->key), "%.*s",
			  (int)MIN(name.end - name.at, (ptrdiff_t)CONFIG_SHOWN_MAX), name.at);
		return true;
	}
	return false;
}
