// SPDX-License-Identifier: GPL-2.0-only
/* See efi_config.h. One pass over the lines; a key is looked up in a table. Pure. */
#include "boot/efi/efi_config.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

/* A piece of the text. */
struct span {
	const char *at;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.len > 0 && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.at[s.len - 1])) {
		s.len--;
	}
	return s;
}

/* Cuts the first word off s. */
static struct span take_word(struct span *s)
{
	struct span word = {s->at, 0};

	while (word.len < s->len && !is_space(word.at[word.len])) {
		word.len++;
	}
	s->at += word.len;
	s->len -= word.len;
	*s = trim(*s);
	return word;
}

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool copy(char *dst, size_t size, struct span s)
{
	if (s.len >= size) {
		return false;
	}
	memcpy(dst, s.at, s.len);
	dst[s.len] = '\0';
	return true;
}

static struct span last_component(struct span path)
{
	size_t start = path.len;

	while (start > 0 && path.at[start - 1] != '/' && path.at[start - 1] != '\\') {
		start--;
	}
	return (struct span){path.at + start, path.len - start};
}

static const char *set_cmdline(struct efi_config *config, struct span value, u32 line)
{
	(void)line;
	return copy(config->cmdline, sizeof(config->cmdline), value) ? NULL
								     : "command line too long";
}

static const char *add_module(struct efi_config *config, struct span value, u32 line)
{
	if (config->module_count == BOOT_MODULES_MAX) {
		return "too many modules";
	}
	struct efi_config_module *m = &config->modules[config->module_count];
	struct span path = take_word(&value);
	struct span name = take_word(&value);

	if (path.len == 0) {
		return "module without a path";
	}
	if (value.len > 0) {
		return "more than a path and a name";
	}
	m->line = line;
	if (!copy(m->path, sizeof(m->path), path) ||
	    !copy(m->name, sizeof(m->name), name.len > 0 ? name : last_component(path))) {
		return "path or name too long";
	}
	if (m->name[0] == '\0') {
		return "path ends in a folder";
	}
	config->module_count++;
	return NULL;
}

static const struct {
	const char *key;
	const char *(*set)(struct efi_config *config, struct span value, u32 line);
} keys[] = {
	{"cmdline", set_cmdline},
	{"module", add_module},
};

/* NULL, or what is wrong. */
static const char *parse_line(struct efi_config *config, struct span text, u32 line)
{
	text = trim(text);
	if (text.len == 0 || text.at[0] == '#') {
		return NULL;
	}
	const char *equals = memchr(text.at, '=', text.len);

	if (equals == NULL) {
		return "expected key = value";
	}
	struct span key = trim((struct span){text.at, (size_t)(equals - text.at)});
	struct span value =
		trim((struct span){equals + 1, text.len - (size_t)(equals + 1 - text.at)});

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (span_is(key, keys[i].key)) {
			return keys[i].set(config, value, line);
		}
	}
	return "unknown key: expected cmdline or module";
}

int efi_config_parse(const char *text, size_t size, struct efi_config *config,
		     struct efi_config_error *error)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	size_t at = 0;

	config->cmdline[0] = '\0';
	config->module_count = 0;
	if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
		at = 3;
	}
	for (u32 line = 1; at < size; line++) {
		const char *newline = memchr(text + at, '\n', size - at);
		size_t end = newline != NULL ? (size_t)(newline - text) : size;
		const char *what = parse_line(config, (struct span){text + at, end - at}, line);

		if (what != NULL) {
			*error = (struct efi_config_error){.line = line, .what = what};
			return ERR_FORMAT;
		}
		at = end + 1;
	}
	return ERR_OK;
}
