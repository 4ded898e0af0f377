// SPDX-License-Identifier: GPL-2.0-only
/* The table of resource pools, and whether what is reserved fits. pCPU 0, no locks. */
#include "kernel/pools.h"

#include "kernel/dispatch.h"
#include "kernel/finish.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/modules.h"
#include "kernel/vm.h"
#include "kernel/vm_boot.h"
#include "kernel/vm_sched.h"
#include "mm/frames.h"

#define POOLS_FILE "pools.cfg"

/* Each pool stays where it is: the scheduler's lists lead through it. */
static struct {
	struct pool *list[POOLS_MAX];
	u32 count;
} table;

/* --- the table -------------------------------------------------------------------------------- */

u32 pool_count(void)
{
	return table.count;
}

struct pool *pool_at(u32 index)
{
	return table.list[index];
}

struct pool *pool_by_name(const char *name)
{
	for (u32 i = 0; i < table.count; i++) {
		if (strcmp(table.list[i]->config.name, name) == 0) {
			return table.list[i];
		}
	}
	return NULL;
}

struct sched_pool *pool_sched(struct pool *pool)
{
	return pool != NULL ? &pool->sched : NULL;
}

/* --- reservations ----------------------------------------------------------------------------- */

/* A reservation that is being asked for: `mhz` for `vm`, or for `pool` itself, in place of the
 * present one. */
struct wish {
	const struct vm *vm;
	const struct pool *pool;
	u64 mhz;
};

static u64 pool_total(const struct pool *pool, const struct wish *wish);

/* What is reserved directly below a pool, NULL: the root. */
static u64 inside_total(const struct pool *pool, const struct wish *wish)
{
	u64 mhz = 0;

	for (u32 i = 0; i < vm_count(); i++) {
		const struct vm *vm = vm_at(i);

		if (vm == wish->vm || vm->state == VM_OFF ||
		    pool_by_name(vm->config.pool) != pool) {
			continue;
		}
		mhz += vm->config.cpu_min_mhz;
	}
	if (wish->vm != NULL && pool_by_name(wish->vm->config.pool) == pool) {
		mhz += wish->mhz;
	}
	for (u32 i = 0; i < table.count; i++) {
		mhz += table.list[i]->parent == pool ? pool_total(table.list[i], wish) : 0;
	}
	return mhz;
}

/* What a pool takes from its parent: its own reservation, or more if more is reserved inside. The
 * recursion is as deep as pools are nested, POOL_DEPTH_MAX. */
static u64 pool_total(const struct pool *pool, const struct wish *wish)
{
	u64 own_mhz = pool == wish->pool ? wish->mhz : pool->config.min_mhz;

	return MAX(own_mhz, inside_total(pool, wish));
}

u64 pool_reserved_mhz(const struct pool *pool)
{
	static const struct wish none;

	return inside_total(pool, &none);
}

/* Does the wish fit into every pool from `pool` up, and into the machine? */
static int wish_admit(const struct pool *pool, const struct wish *wish, char *reason, size_t size)
{
	u64 capacity_mhz = vm_sched_capacity_mhz();

	for (; pool != NULL; pool = pool->parent) {
		u64 total_mhz = pool_total(pool, wish);

		if (pool->config.max_mhz != CONFIG_UNLIMITED && total_mhz > pool->config.max_mhz) {
			fmt_print(reason, size,
				  "%llu MHz cannot be reserved: %llu MHz short in pool %s (max %u "
				  "MHz)",
				  (unsigned long long)wish->mhz,
				  (unsigned long long)(total_mhz - pool->config.max_mhz),
				  pool->config.name, pool->config.max_mhz);
			return ERR_LIMIT;
		}
	}
	u64 total_mhz = inside_total(NULL, wish);

	if (total_mhz > capacity_mhz) {
		fmt_print(reason, size,
			  "%llu MHz cannot be reserved: %llu MHz short of what the machine has for "
			  "reservations, %llu MHz",
			  (unsigned long long)wish->mhz,
			  (unsigned long long)(total_mhz - capacity_mhz),
			  (unsigned long long)capacity_mhz);
		return ERR_LIMIT;
	}
	return 0;
}

int pool_admit(const struct pool *pool, const struct vm *vm, u32 min_mhz, char *reason, size_t size)
{
	struct wish wish = {.vm = vm, .mhz = min_mhz};

	return min_mhz != 0 ? wish_admit(pool, &wish, reason, size) : 0;
}

/* --- setting ---------------------------------------------------------------------------------- */

static struct sched_pool_params params_of(const struct pool_config *c)
{
	return (struct sched_pool_params){
		.shares = MIN(c->shares.value, SCHED_SHARES_MAX),
		.min_ns = vm_sched_rate_ns(c->min_mhz),
		.max_ns = vm_sched_rate_ns(c->max_mhz),
	};
}

int pool_set(struct pool *pool, const struct pool_config *config, char *reason, size_t size)
{
	struct wish wish = {.pool = pool, .mhz = config->min_mhz};
	u64 total_mhz = pool_total(pool, &wish);

	if (config->max_mhz != CONFIG_UNLIMITED && total_mhz > config->max_mhz) {
		fmt_print(reason, size, "max %u MHz is below what is reserved in pool %s, %llu MHz",
			  config->max_mhz, pool->config.name, (unsigned long long)total_mhz);
		return ERR_LIMIT;
	}
	int err = wish_admit(pool->parent, &wish, reason, size);

	if (err != 0) {
		return err;
	}
	struct sched_pool_params params = params_of(config);

	pool->config.shares = config->shares;
	pool->config.min_mhz = config->min_mhz;
	pool->config.max_mhz = config->max_mhz;
	dispatch_pool_set(&pool->sched, &params);
	return 0;
}

/* --- adding and removing ---------------------------------------------------------------------- */

/* A pool that is not in the table yet, and may be there. */
static int newcomer_check(const struct pool_config *config, char *reason, size_t size)
{
	if (pool_by_name(config->name) != NULL) {
		fmt_print(reason, size, "there is a pool %s already", config->name);
		return ERR_EXIST;
	}
	if (config->parent[0] != '\0' && pool_by_name(config->parent) == NULL) {
		fmt_print(reason, size, "there is no pool %s to be its parent", config->parent);
		return ERR_NOENT;
	}
	if (table.count == POOLS_MAX) {
		fmt_print(reason, size, "there are %u pools already", POOLS_MAX);
		return ERR_LIMIT;
	}
	return 0;
}

/* Asks for its reservation and tells the scheduler. */
static int newcomer_admit(struct pool *pool, char *reason, size_t size)
{
	struct wish wish = {.pool = pool, .mhz = pool->config.min_mhz};
	struct sched_pool_params params = params_of(&pool->config);
	int err = wish_admit(pool->parent, &wish, reason, size);

	if (err != 0) {
		return err;
	}
	err = dispatch_pool_add(&pool->sched, pool_sched(pool->parent), &params);
	if (err != 0) {
		fmt_print(reason, size, "pools are nested more than %u deep", POOL_DEPTH_MAX);
	}
	return err;
}

int pool_add(const struct pool_config *config, char *reason, size_t size)
{
	int err = newcomer_check(config, reason, size);

	if (err != 0) {
		return err;
	}
	struct pool *pool = pages_alloc(sizeof(*pool));

	if (pool == NULL) {
		fmt_print(reason, size, "out of machine memory");
		return ERR_NOMEM;
	}
	*pool = (struct pool){.config = *config, .parent = pool_by_name(config->parent)};
	table.list[table.count++] = pool; /* so that its reservation counts */
	err = newcomer_admit(pool, reason, size);
	if (err != 0) {
		table.count--;
		pages_free(pool, sizeof(*pool));
	}
	return err;
}

int pool_remove(struct pool *pool, char *reason, size_t size)
{
	u32 at = 0;

	for (u32 i = 0; i < vm_count(); i++) {
		if (pool_by_name(vm_at(i)->config.pool) == pool) {
			fmt_print(reason, size, "VM %s belongs to it", vm_at(i)->config.name);
			return ERR_BUSY;
		}
	}
	for (u32 i = 0; i < table.count; i++) {
		if (table.list[i]->parent == pool) {
			fmt_print(reason, size, "pool %s belongs to it",
				  table.list[i]->config.name);
			return ERR_BUSY;
		}
		at = table.list[i] == pool ? i : at;
	}
	dispatch_pool_remove(&pool->sched);
	table.count--;
	memmove(&table.list[at], &table.list[at + 1], (table.count - at) * sizeof(table.list[0]));
	pages_free(pool, sizeof(*pool));
	return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static void pools_add(const struct pools_config *pools)
{
	char reason[160];

	for (u32 i = 0; i < pools->count; i++) {
		const struct pool_config *c = &pools->list[i];
		if (pool_add(c, reason, sizeof(reason)) != 0) {
			log_error("%s: pool %s is refused: %s", POOLS_FILE, c->name, reason);
			finish_note_failure();
		}
	}
}

static void file_read(const struct module *file, struct pools_config *pools,
		      struct config_messages *messages)
{
	int err = pools_config_parse(file->name, (const char *)file->data, file->size_bytes, pools,
				     messages);

	vm_boot_messages_print(messages);
	if (err != 0) {
		log_error("%s: all pools are refused", file->name);
		finish_note_failure();
		return;
	}
	pools_add(pools);
}

void pools_read(void)
{
	struct module file;

	if (!modules_find(POOLS_FILE, &file)) {
		return;
	}
	/* Too large for the stack. */
	struct pools_config *pools = pages_alloc(sizeof(*pools));
	struct config_messages *messages = pages_alloc(sizeof(*messages));

	if (pools != NULL && messages != NULL) {
		file_read(&file, pools, messages);
	} else {
		log_error("%s: not enough memory", file.name);
		finish_note_failure();
	}
	pages_free(pools, sizeof(*pools));
	pages_free(messages, sizeof(*messages));
}
