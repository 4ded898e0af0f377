// SPDX-License-Identifier: GPL-2.0-only
/* pool list | add | set | remove: resource pools. pCPU 0 only. */
#include "kernel/console/monitor_priv.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/pools.h"
#include "kernel/vm.h"
#include "kernel/vm_sched.h"

/* The pool of that name, or NULL after saying that there is none. */
static struct pool *pool_named(const char *name)
{
	struct pool *pool = pool_by_name(name);

	if (pool == NULL) {
		output_print("no pool is called \"%s\": \"pool list\" shows them\n", name);
	}
	return pool;
}

static u32 pool_vms(const struct pool *pool)
{
	u32 count = 0;

	for (u32 i = 0; i < vm_count(); i++) {
		count += pool_by_name(vm_at(i)->config.pool) == pool;
	}
	return count;
}

static void pool_show(const struct pool *pool)
{
	const struct pool_config *c = &pool->config;
	char limit[16] = "unlimited";

	if (c->max_mhz != CONFIG_UNLIMITED) {
		fmt_print(limit, sizeof(limit), "%u", c->max_mhz);
	}
	output_print("%-20s %-20s %8u %8u %10s %9llu %4u\n", c->name,
		     c->parent[0] != '\0' ? c->parent : "-", c->shares.value, c->min_mhz, limit,
		     (unsigned long long)pool_reserved_mhz(pool), pool_vms(pool));
}

static void pool_list_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	output_print("%-20s %-20s %8s %8s %10s %9s %4s\n", "POOL", "PARENT", "SHARES", "MIN MHZ",
		     "MAX MHZ", "RESERVED", "VMS");
	for (u32 i = 0; i < pool_count(); i++) {
		pool_show(pool_at(i));
	}
	output_print("The machine reserves at most %llu MHz, %llu are reserved; VMs without a "
		     "pool: %u\n",
		     (unsigned long long)vm_sched_capacity_mhz(),
		     (unsigned long long)vm_sched_reserved_mhz(), pool_vms(NULL));
}

static void pool_set_run(u32 argc, const char *const *argv)
{
	struct pool *pool = pool_named(argv[0]);
	struct pool_config changed;
	char reason[256];

	(void)argc;
	if (pool == NULL) {
		return;
	}
	changed = pool->config;
	if (pools_config_change(&changed, argv[1], argv[2], reason, sizeof(reason)) != 0) {
		output_print("%s\n", reason);
	} else if (pool_set(pool, &changed, reason, sizeof(reason)) != 0) {
		output_print("%s: not changed: %s\n", pool->config.name, reason);
	} else {
		output_print("%s: %s = %s\n", pool->config.name, argv[1], argv[2]);
	}
}

static void pool_add_run(u32 argc, const char *const *argv)
{
	struct pool_config config;
	char reason[256];

	if (pools_config_new(&config, argv[0], argc > 1 ? argv[1] : "", reason, sizeof(reason)) !=
		    0 ||
	    pool_add(&config, reason, sizeof(reason)) != 0) {
		output_print("%s\n", reason);
	} else {
		output_print("pool %s: shares %u, min 0, max unlimited; \"vm set NAME cpu.pool "
			     "%s\" puts a "
			     "VM there\n",
			     config.name, config.shares.value, config.name);
	}
}

static void pool_remove_run(u32 argc, const char *const *argv)
{
	struct pool *pool = pool_named(argv[0]);
	char reason[256];

	(void)argc;
	if (pool == NULL) {
		return;
	}
	if (pool_remove(pool, reason, sizeof(reason)) != 0) {
		output_print("%s: not removed: %s\n", argv[0], reason);
	} else {
		output_print("pool %s is gone\n", argv[0]);
	}
}

/* clang-format off */
static const struct command commands[] = {
	{"pool", "list", "", 0, 0, pool_list_run, "resource pools: shares, reservations, limits, VMs in them"},
	{"pool", "add", "NAME [PARENT]", 1, 2, pool_add_run, "make one, with normal shares"},
	{"pool", "set", "NAME KEY VALUE", 3, 3, pool_set_run, "change shares, min or max (MHz)"},
	{"pool", "remove", "NAME", 1, 1, pool_remove_run, "dissolve an empty one"},
};
/* clang-format on */

const struct command_set pool_commands = {commands, ARRAY_SIZE(commands)};
