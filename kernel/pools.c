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

static struct {
	struct pool *list; /* POOLS_MAX of them; NULL: no pools */
	u32 count;
} table;

/* --- the table -------------------------------------------------------------------------------- */

u32 pool_count(void)
{
	return table.count;
}

struct pool *pool_at(u32 index)
{
	return &table.list[index];
}

struct pool *pool_by_name(const char *name)
{
	for (u32 i = 0; i < table.count; i++) {
		if (strcmp(table.list[i].config.name, name) == 0) {
			return &table.list[i];
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
		mhz += table.list[i].parent == pool ? pool_total(&table.list[i], wish) : 0;
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

/* --- the file --------------------------------------------------------------------------------- */

static int pool_add(const struct pool_config *config, char *reason, size_t size)
{
	struct pool *pool = &table.list[table.count];
	struct sched_pool_params params = params_of(config);
	struct wish wish = {.pool = pool, .mhz = config->min_mhz};

	*pool = (struct pool){.config = *config, .parent = pool_by_name(config->parent)};
	table.count++; /* so that its reservation counts */
	int err = wish_admit(pool->parent, &wish, reason, size);

	if (err == 0) {
		err = dispatch_pool_add(&pool->sched, pool_sched(pool->parent), &params);
		fmt_print(reason, size, "%s", err_name(err));
	}
	if (err != 0) {
		table.count--;
	}
	return err;
}

static void pools_add(const struct pools_config *pools)
{
	char reason[160];

	for (u32 i = 0; i < pools->count; i++) {
		const struct pool_config *c = &pools->list[i];
		bool orphan = c->parent[0] != '\0' && pool_by_name(c->parent) == NULL;

		if (orphan) {
			fmt_print(reason, sizeof(reason), "its parent was refused");
		}
		if (orphan || pool_add(c, reason, sizeof(reason)) != 0) {
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

	table.list = pages_alloc(POOLS_MAX * sizeof(*table.list));
	if (pools != NULL && messages != NULL && table.list != NULL) {
		file_read(&file, pools, messages);
	} else {
		log_error("%s: not enough memory", file.name);
		finish_note_failure();
	}
	pages_free(pools, sizeof(*pools));
	pages_free(messages, sizeof(*messages));
}
