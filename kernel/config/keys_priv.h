/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of VM definition files and the types their values have. Pure; for config.c only. */
#ifndef KERNEL_CONFIG_KEYS_PRIV_H
#define KERNEL_CONFIG_KEYS_PRIV_H

#include "kernel/config.h"

enum config_type {
	TYPE_NAME,	/* printable ASCII, `least` to `most` characters */
	TYPE_TEXT,	/* anything but control characters, `least` to `most` bytes */
	TYPE_NUMBER,	/* decimal, `least` to `most` */
	TYPE_LIMIT,	/* the same or "unlimited" */
	TYPE_BOOL,	/* TRUE or FALSE */
	TYPE_WORD,	/* one of `words` */
	TYPE_SHARES,	/* low, normal, high or a number */
	TYPE_PCPUS,	/* "all" or a list like 0,2-3 */
	TYPE_COUNT
};

struct config_key {
	const char *name;
	enum config_type type;
	u32 offset; /* of the field in struct vm_config, or what the file's keys describe */
	u32 least, most;
	const char *unit;	   /* for messages, or NULL */
	const char *const *words;  /* TYPE_WORD: NULL-terminated, in the order of the enum */
	const char *fallback;	   /* default, in the form a file would have; NULL: the field is left zeroed */
	bool numbered;		   /* the name goes on with a number, which indexes an array of texts */
	bool later;		   /* not acted upon yet ... */
	const char *already;	   /* ... unless the value is this one */
	const char *help;
};

/* Room for the table; keys.c checks it. */
#define CONFIG_KEYS_MAX 32u

extern const struct config_key config_keys[];
extern const u32 config_key_count;

/* Sets the field of `key` (element `index` of a numbered one) in `config` from a terminated value. False:
 * the value is not what keys_expected() says. */
bool keys_set(const struct config_key *key, u32 index, const char *value, void *config);

/* Makes the number of a level: so many per unit for low, normal, high. */
void config_shares_resolve(struct config_shares *shares, const u32 per_unit[3], u32 units);

/* What the value has to be, as a phrase. */
void keys_expected(const struct config_key *key, char *buf, size_t size);

/* The value as a file would have it, in `buf` or in *config; of a numbered key the first element. A list of pCPUs may need
 * 900 bytes; what does not fit is cut. */
const char *keys_value(const struct config_key *key, const struct vm_config *config, char *buf, size_t size);

/* Key names, words and TRUE/FALSE are compared without regard to case, as the vendor's are. `b` is
 * terminated. */
bool keys_same_word(const char *a, size_t a_length, const char *b);

#endif
