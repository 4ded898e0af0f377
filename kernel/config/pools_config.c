// SPDX-License-Identifier: GPL-2.0-only
/* Reads pools.cfg: see pools_config.h. Pure. */
#include "kernel/config/pools_config.h"
#include "kernel/config/lines_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

#define FIELD(f) .offset = offsetof(struct pool_config, f)

enum { KEY_SHARES, KEY_MIN, KEY_MAX, KEY_PARENT, KEY_COUNT };

/* clang-format off */
static const struct config_key keys[KEY_COUNT] = {
	[KEY_SHARES] = {"shares", TYPE_SHARES, FIELD(shares), .least = 1, .most = CONFIG_SHARES_MAX,
			.fallback = "normal"},
	[KEY_MIN] = {"min", TYPE_NUMBER, FIELD(min_mhz), .most = CONFIG_MHZ_MAX, .unit = "MHz",
		     .fallback = "0"},
	[KEY_MAX] = {"max", TYPE_LIMIT, FIELD(max_mhz), .least = 1, .most = CONFIG_MHZ_MAX,
		     .unit = "MHz", .fallback = "unlimited"},
	[KEY_PARENT] = {"parent", TYPE_NAME, FIELD(parent), .least = 1, .most = CONFIG_NAME_SIZE - 1},
};
/* clang-format on */

static const char prefix[] = "pool.";

struct parse {
	struct config_lines lines;
	struct pools_config *pools;
	u32 key_lines[POOLS_MAX][KEY_COUNT];
};

/* What there is of a pool in the file or at the monitor that nothing was said about. */
static void defaults_set(struct pool_config *pool, const char *name, size_t length)
{
	memset(pool, 0, sizeof(*pool));
	memcpy(pool->name, name, length);
	for (u32 i = 0; i < KEY_COUNT; i++) {
		if (keys[i].fallback != NULL) {
			bool good = keys_set(&keys[i], 0, keys[i].fallback, pool);

			assert(good);
		}
	}
}

static void shares_resolve(struct pool_config *pool)
{
	static const u32 levels[] = {POOL_SHARES_LOW, POOL_SHARES_NORMAL, POOL_SHARES_HIGH};

	config_shares_resolve(&pool->shares, levels, 1);
}

/* --- one line --------------------------------------------------------------------------------- */

/* A new pool with its defaults; NULL: there are too many. */
static struct pool_config *pool_new(struct parse *p, const char *name, size_t length)
{
	struct pools_config *pools = p->pools;

	if (pools->count == POOLS_MAX) {
		config_report(&p->lines, CONFIG_ERROR, "%s: expected at most %u pools",
			      p->lines.key, POOLS_MAX);
		return NULL;
	}
	struct pool_config *pool = &pools->list[pools->count++];

	defaults_set(pool, name, length);
	return pool;
}

static struct pool_config *pool_find(struct pools_config *pools, const char *name, size_t length)
{
	for (u32 i = 0; i < pools->count; i++) {
		if (strlen(pools->list[i].name) == length &&
		    memcmp(pools->list[i].name, name, length) == 0) {
			return &pools->list[i];
		}
	}
	return NULL;
}

/* The key as `pool.NAME.KEY`, NAME without dots. NULL: it is not of this form. */
static const struct config_key *key_split(const struct config_lines *l, const char **name,
					  size_t *length)
{
	const char *end = l->name + l->name_length;
	size_t stem = strlen(prefix);

	if (l->name_length <= stem || !keys_same_word(l->name, stem, prefix)) {
		return NULL;
	}
	*name = l->name + stem;
	const char *dot = memchr(*name, '.', (size_t)(end - *name));

	if (dot == NULL || dot == *name) {
		return NULL;
	}
	*length = (size_t)(dot - *name);
	for (u32 i = 0; i < KEY_COUNT; i++) {
		if (keys_same_word(dot + 1, (size_t)(end - dot - 1), keys[i].name)) {
			return &keys[i];
		}
	}
	return NULL;
}

static void line_parse(struct parse *p)
{
	struct config_lines *l = &p->lines;
	const char *name;
	size_t length;
	const struct config_key *key = key_split(l, &name, &length);

	if (key == NULL) {
		config_report(l, CONFIG_ERROR,
			      "%s: expected pool.NAME.shares, .min, .max or .parent", l->key);
		return;
	}
	if (length >= CONFIG_NAME_SIZE) {
		config_report(l, CONFIG_ERROR, "%s: expected a name of at most %u characters",
			      l->key, CONFIG_NAME_SIZE - 1);
		return;
	}
	struct pool_config *pool = pool_find(p->pools, name, length);

	if (pool == NULL) {
		pool = pool_new(p, name, length);
	}
	if (pool == NULL ||
	    config_report_twice(l, &p->key_lines[pool - p->pools->list][key - keys])) {
		return;
	}
	if (!keys_set(key, 0, l->value, pool)) {
		config_report_value(l, key);
	}
}

/* --- the tree --------------------------------------------------------------------------------- */

/* How many pools are above pool `index`; POOLS_MAX: they form a ring, or one is not there. */
static u32 pool_depth(struct pools_config *pools, u32 index)
{
	const struct pool_config *pool = &pools->list[index];
	u32 depth = 0;

	for (; pool->parent[0] != '\0' && depth < POOLS_MAX; depth++) {
		pool = pool_find(pools, pool->parent, strlen(pool->parent));
		if (pool == NULL) {
			return POOLS_MAX;
		}
	}
	return depth;
}

static void pool_check(struct parse *p, u32 index)
{
	struct pool_config *pool = &p->pools->list[index];
	struct config_lines *l = &p->lines;
	char low[CONFIG_NAME_SIZE + 16], high[CONFIG_NAME_SIZE + 16];

	fmt_print(low, sizeof(low), "pool.%s.min", pool->name);
	fmt_print(high, sizeof(high), "pool.%s.max", pool->name);
	config_report_order(l, low, pool->min_mhz, high, pool->max_mhz);
	shares_resolve(pool);
	if (pool->parent[0] == '\0') {
		return;
	}
	l->line = p->key_lines[index][KEY_PARENT];
	if (pool_find(p->pools, pool->parent, strlen(pool->parent)) == NULL) {
		config_report(l, CONFIG_ERROR, "pool.%s.parent = \"%s\": there is no such pool",
			      pool->name, pool->parent);
	} else if (pool_depth(p->pools, index) == POOLS_MAX) {
		config_report(l, CONFIG_ERROR, "pool.%s.parent = \"%s\": pools in a ring",
			      pool->name, pool->parent);
	} else if (pool_depth(p->pools, index) >= POOL_DEPTH_MAX) {
		config_report(l, CONFIG_ERROR, "pool.%s.parent: pools nested more than %u deep",
			      pool->name, POOL_DEPTH_MAX);
	}
	l->line = 0;
}

/* Parents before children; as in the file otherwise. */
static void pools_sort(struct pools_config *pools)
{
	for (u32 i = 1; i < pools->count; i++) {
		struct pool_config moved = pools->list[i];
		u32 depth = pool_depth(pools, i), to = i;

		while (to > 0 && pool_depth(pools, to - 1) > depth) {
			to--;
		}
		memmove(&pools->list[to + 1], &pools->list[to], (i - to) * sizeof(moved));
		pools->list[to] = moved;
	}
}

int pools_config_parse(const char *file, const char *text, size_t size, struct pools_config *pools,
		       struct config_messages *messages)
{
	struct parse p = {.pools = pools};

	pools->count = 0;
	if (!config_lines_init(&p.lines, file, text, size, messages)) {
		return ERR_FORMAT;
	}
	while (config_lines_next(&p.lines)) {
		line_parse(&p);
	}
	if (p.lines.errors == 0) { /* else what is missing may be what was refused */
		for (u32 i = 0; i < pools->count; i++) {
			pool_check(&p, i);
		}
	}
	if (p.lines.errors != 0) {
		return ERR_FORMAT;
	}
	pools_sort(pools);
	return 0;
}

/* --- the monitor ------------------------------------------------------------------------------ */

/* Names as the file can have them. */
static bool name_is_good(const char *name)
{
	size_t n = strnlen(name, CONFIG_NAME_SIZE);

	if (n == 0 || n == CONFIG_NAME_SIZE) {
		return false;
	}
	for (; *name != '\0'; name++) {
		char c = *name;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      strchr("_:-", c) != NULL)) {
			return false;
		}
	}
	return true;
}

int pools_config_new(struct pool_config *pool, const char *name, const char *parent, char *reason,
		     size_t size)
{
	if (!name_is_good(name)) {
		fmt_print(reason, size,
			  "\"%.40s\": expected a name of 1 to %u letters, digits, _ : -", name,
			  CONFIG_NAME_SIZE - 1);
		return ERR_INVAL;
	}
	defaults_set(pool, name, strlen(name));
	shares_resolve(pool);
	if (parent[0] != '\0' && !keys_set(&keys[KEY_PARENT], 0, parent, pool)) {
		fmt_print(reason, size, "\"%.40s\": expected the name of a pool", parent);
		return ERR_INVAL;
	}
	return 0;
}

int pools_config_change(struct pool_config *pool, const char *key, const char *value, char *reason,
			size_t size)
{
	char expected[CONFIG_MESSAGE_SIZE];
	u32 i = 0;

	while (i < KEY_PARENT && !keys_same_word(key, strlen(key), keys[i].name)) {
		i++;
	}
	if (i == KEY_PARENT) {
		fmt_print(reason, size, "unknown key %.40s: expected shares, min or max", key);
		return ERR_INVAL;
	}
	if (!keys_set(&keys[i], 0, value, pool)) {
		keys_expected(&keys[i], expected, sizeof(expected));
		fmt_print(reason, size, "%s = \"%.40s\": expected %s", keys[i].name, value,
			  expected);
		return ERR_INVAL;
	}
	if (pool->min_mhz > pool->max_mhz) {
		fmt_print(reason, size, "min would be %u, above max, %u", pool->min_mhz,
			  pool->max_mhz);
		return ERR_INVAL;
	}
	shares_resolve(pool);
	return 0;
}
