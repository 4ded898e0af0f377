// SPDX-License-Identifier: GPL-2.0-only
/* Values of VM configurations as a file would have them: the inverse of types.c. Pure. */
#include "kernel/config/keys_priv.h"
#include "kernel/lib/bitmap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

static u32 number_of(const void *field)
{
	u32 n;

	memcpy(&n, field, sizeof(n));
	return n;
}

static void number_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	(void)key;
	fmt_print(buf, size, "%u", number_of(field));
}

static void limit_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	if (number_of(field) == CONFIG_UNLIMITED) {
		fmt_print(buf, size, "unlimited");
	} else {
		number_print(key, field, buf, size);
	}
}

static void bool_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	(void)key;
	fmt_print(buf, size, "%s", *(const bool *)field ? "TRUE" : "FALSE");
}

static void word_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	fmt_print(buf, size, "%s", key->words[number_of(field)]);
}

static void shares_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	static const char *const levels[] = {"low", "normal", "high"};
	const struct config_shares *shares = field;

	(void)key;
	if (shares->level == SHARES_NUMBER) {
		fmt_print(buf, size, "%u", shares->value);
	} else {
		fmt_print(buf, size, "%s", levels[shares->level]);
	}
}

/* Ranges of set bits, or "all". */
static void pcpus_print(const struct config_key *key, const void *field, char *buf, size_t size)
{
	const u64 *map = field;
	size_t n = 0;
	u32 i = 0;

	(void)key;
	buf[0] = '\0';
	while (i < CONFIG_AFFINITY_PCPUS && n < size) {
		u32 end = i;

		while (end < CONFIG_AFFINITY_PCPUS && bitmap_test(map, end)) {
			end++;
		}
		if (end - i == CONFIG_AFFINITY_PCPUS) {
			fmt_print(buf, size, "all");
		} else if (end > i) {
			n += (size_t)fmt_print(buf + n, size - n, end - i > 1 ? "%s%u-%u" : "%s%u",
					       n != 0 ? "," : "", i, end - 1);
		}
		i = end + 1;
	}
}

/* Texts are shown where they are. */
static void (*const printers[TYPE_COUNT])(const struct config_key *key, const void *field,
					  char *buf, size_t size) = {
	[TYPE_NUMBER] = number_print, [TYPE_LIMIT] = limit_print,   [TYPE_BOOL] = bool_print,
	[TYPE_WORD] = word_print,     [TYPE_SHARES] = shares_print, [TYPE_PCPUS] = pcpus_print,
};

const char *keys_value(const struct config_key *key, const struct vm_config *config, char *buf,
		       size_t size)
{
	const void *field = (const u8 *)config + key->offset;

	if (printers[key->type] == NULL) {
		return field;
	}
	printers[key->type](key, field, buf, size);
	return buf;
}
