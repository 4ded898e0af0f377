// SPDX-License-Identifier: GPL-2.0-only
/*
 * The types of values in VM definition files: for each one function that checks and stores a value
 * and one that says in words what is expected. Pure.
 */
#include "kernel/config/keys_priv.h"
#include "kernel/lib/bitmap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool keys_same_word(const char *a, size_t a_length, const char *b)
{
	if (strlen(b) != a_length) {
		return false;
	}
	for (size_t i = 0; i < a_length; i++) {
		if (lower(a[i]) != lower(b[i])) {
			return false;
		}
	}
	return true;
}

static bool is_word(const char *value, const char *word)
{
	return keys_same_word(value, strlen(value), word);
}

/* Reads decimal digits at *p, at least one, up to `most`; moves *p behind them. */
static bool number_read(const char **p, u32 most, u32 *number)
{
	const char *start = *p;
	u64 n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		n = n * 10 + (u64)(**p - '0');
		if (n > most) {
			return false;
		}
	}
	*number = (u32)n;
	return *p != start;
}

static bool number_set(const struct config_key *key, const char *value, void *field)
{
	u32 n;

	if (!number_read(&value, key->most, &n) || *value != '\0' || n < key->least) {
		return false;
	}
	memcpy(field, &n, sizeof(n));
	return true;
}

static void number_expected(const struct config_key *key, char *buf, size_t size)
{
	fmt_print(buf, size, "a number from %u to %u%s%s", key->least, key->most,
		  key->unit != NULL ? " " : "", key->unit != NULL ? key->unit : "");
}

static bool limit_set(const struct config_key *key, const char *value, void *field)
{
	static const u32 unlimited = CONFIG_UNLIMITED;

	if (is_word(value, "unlimited")) {
		memcpy(field, &unlimited, sizeof(unlimited));
		return true;
	}
	return number_set(key, value, field);
}

static void limit_expected(const struct config_key *key, char *buf, size_t size)
{
	fmt_print(buf, size, "unlimited or a number from %u to %u %s", key->least, key->most,
		  key->unit);
}

static bool text_store(const struct config_key *key, const char *value, void *field)
{
	size_t n = strlen(value);

	if (n < key->least || n > key->most) {
		return false;
	}
	memcpy(field, value, n + 1);
	return true;
}

static bool name_set(const struct config_key *key, const char *value, void *field)
{
	for (const char *p = value; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~') {
			return false;
		}
	}
	return text_store(key, value, field);
}

static void name_expected(const struct config_key *key, char *buf, size_t size)
{
	fmt_print(buf, size, "%u to %u printable ASCII characters", key->least, key->most);
}

static bool text_set(const struct config_key *key, const char *value, void *field)
{
	for (const char *p = value; *p != '\0'; p++) {
		if ((u8)*p < ' ' || *p == 0x7f) {
			return false;
		}
	}
	return text_store(key, value, field);
}

static void text_expected(const struct config_key *key, char *buf, size_t size)
{
	fmt_print(buf, size, "%u to %u bytes without control characters", key->least, key->most);
}

static bool bool_set(const struct config_key *key, const char *value, void *field)
{
	bool b = is_word(value, "TRUE");

	(void)key;
	if (!b && !is_word(value, "FALSE")) {
		return false;
	}
	memcpy(field, &b, sizeof(b));
	return true;
}

static void bool_expected(const struct config_key *key, char *buf, size_t size)
{
	(void)key;
	fmt_print(buf, size, "TRUE or FALSE");
}

static bool word_set(const struct config_key *key, const char *value, void *field)
{
	for (u32 i = 0; key->words[i] != NULL; i++) {
		if (is_word(value, key->words[i])) {
			memcpy(field, &i, sizeof(i));
			return true;
		}
	}
	return false;
}

static void word_expected(const struct config_key *key, char *buf, size_t size)
{
	size_t n = 0;

	for (u32 i = 0; key->words[i] != NULL && n < size; i++) {
		const char *separator = i == 0 ? "" : key->words[i + 1] == NULL ? " or " : ", ";

		n += (size_t)fmt_print(buf + n, size - n, "%s%s", separator, key->words[i]);
	}
}

/* Levels become numbers when the VM's size is known: config.c. */
static bool shares_set(const struct config_key *key, const char *value, void *field)
{
	static const char *const levels[] = {"low", "normal", "high"};
	struct config_shares *shares = field;

	for (u32 i = 0; i < ARRAY_SIZE(levels); i++) {
		if (is_word(value, levels[i])) {
			shares->level = (enum config_share_level)i;
			return true;
		}
	}
	shares->level = SHARES_NUMBER;
	return number_set(key, value, &shares->value);
}

void config_shares_resolve(struct config_shares *shares, const u32 per_unit[3], u32 units)
{
	if (shares->level != SHARES_NUMBER) {
		shares->value = per_unit[shares->level] * units;
	}
}

static void shares_expected(const struct config_key *key, char *buf, size_t size)
{
	fmt_print(buf, size, "low, normal, high or a number from %u to %u", key->least, key->most);
}

/* One element of a list: N or N-M. Moves *p behind it. */
static bool pcpu_range_read(const char **p, u64 *map)
{
	u32 first, last;

	if (!number_read(p, CONFIG_AFFINITY_PCPUS - 1, &first)) {
		return false;
	}
	last = first;
	if (**p == '-') {
		++*p;
		if (!number_read(p, CONFIG_AFFINITY_PCPUS - 1, &last) || last < first) {
			return false;
		}
	}
	for (u32 i = first; i <= last; i++) {
		bitmap_set(map, i);
	}
	return true;
}

static bool pcpus_set(const struct config_key *key, const char *value, void *field)
{
	size_t size = sizeof(((struct vm_config *)NULL)->affinity);

	(void)key;
	if (is_word(value, "all")) {
		memset(field, 0xff, size);
		return true;
	}
	memset(field, 0, size);
	for (;; value++) {
		if (!pcpu_range_read(&value, field)) {
			return false;
		}
		if (*value != ',') {
			return *value == '\0';
		}
	}
}

static void pcpus_expected(const struct config_key *key, char *buf, size_t size)
{
	(void)key;
	fmt_print(buf, size, "all or a list of pCPUs below %u like 0,2-3", CONFIG_AFFINITY_PCPUS);
}

static const struct {
	bool (*set)(const struct config_key *key, const char *value, void *field);
	void (*expected)(const struct config_key *key, char *buf, size_t size);
} types[TYPE_COUNT] = {
	[TYPE_NAME] = {name_set, name_expected},       [TYPE_TEXT] = {text_set, text_expected},
	[TYPE_NUMBER] = {number_set, number_expected}, [TYPE_LIMIT] = {limit_set, limit_expected},
	[TYPE_BOOL] = {bool_set, bool_expected},       [TYPE_WORD] = {word_set, word_expected},
	[TYPE_SHARES] = {shares_set, shares_expected}, [TYPE_PCPUS] = {pcpus_set, pcpus_expected},
};

/* word_set() stores a u32 into fields of these types. */
static_assert(sizeof(enum config_cosched) == sizeof(u32), "enum size");
static_assert(sizeof(enum config_interface) == sizeof(u32), "enum size");

bool keys_set(const struct config_key *key, u32 index, const char *value, void *config)
{
	/* Elements of a numbered key are texts of `most` bytes and a terminator. */
	u8 *field = (u8 *)config + key->offset + (size_t)index * (key->most + 1);

	return types[key->type].set(key, value, field);
}

void keys_expected(const struct config_key *key, char *buf, size_t size)
{
	types[key->type].expected(key, buf, size);
}
