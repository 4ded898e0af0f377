/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Resource pools: named nodes of a tree that divides CPU time, defined by the boot module pools.cfg
 * (kernel/config/pools_config.h) or the monitor. VMs join one with sched.cpu.pool; without it they are children of the root. pCPU 0.
 */
#ifndef KERNEL_POOLS_H
#define KERNEL_POOLS_H

#include "kernel/config/pools_config.h"
#include "sched/sched.h"

struct pool {
	struct pool_config config; /* shares.value is resolved; parent: empty for the root */
	struct pool *parent;	   /* (o) NULL: the root */
	struct sched_pool sched;
};

/* Reads the boot module pools.cfg, if there is one. What is wrong with it is logged and noted as a failure; a pool that
 * is refused is not there. Before VMs are read. */
void pools_read(void);

u32 pool_count(void);
struct pool *pool_at(u32 index);
/* NULL: none of that name. */
struct pool *pool_by_name(const char *name);
/* For the scheduler: NULL stays NULL. */
struct sched_pool *pool_sched(struct pool *pool);

/* What the VMs that are on and the pools directly below `pool` (NULL: the root) have reserved, MHz. A pool counts with
 * its own min, or with what is reserved inside it if that is more: as the vendor's expandable pools do. */
u64 pool_reserved_mhz(const struct pool *pool);

/* May `vm`, which is or comes into `pool`, reserve `min_mhz` there? ERR_LIMIT, with `reason`: a pool's max or the
 * machine is exceeded. */
struct vm;
int pool_admit(const struct pool *pool, const struct vm *vm, u32 min_mhz, char *reason, size_t size) must_check;

/* One more. ERR_EXIST: the name is taken; ERR_NOENT: no such parent; ERR_LIMIT: too many, too deep, or its min cannot be
 * reserved; ERR_NOMEM. */
int pool_add(const struct pool_config *config, char *reason, size_t size) must_check;

/* One less. ERR_BUSY: VMs, be they off, or pools belong to it. */
int pool_remove(struct pool *pool, char *reason, size_t size) must_check;

/* New shares, min and max (pool->config otherwise as it is). ERR_LIMIT with `reason`: cannot be reserved, or max below
 * min or below what is reserved inside; nothing has happened then. */
int pool_set(struct pool *pool, const struct pool_config *config, char *reason, size_t size) must_check;

#endif
