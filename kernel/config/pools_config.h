/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file pools.cfg: resource pools as `pool.NAME.KEY = "value"` lines, in the form and with the messages of VM files.
 * Keys: shares (low|normal|high|number: 2000, 4000, 8000), min, max (MHz), parent (NAME). A pool is defined by any of
 * its keys, and before a line that names it as parent or after. Pure.
 */
#ifndef KERNEL_CONFIG_POOLS_CONFIG_H
#define KERNEL_CONFIG_POOLS_CONFIG_H

#include "kernel/config.h"

struct pool_config {
	char name[CONFIG_NAME_SIZE];
	char parent[CONFIG_NAME_SIZE]; /* empty: the root */
	struct config_shares shares;   /* value is always set */
	u32 min_mhz;
	u32 max_mhz; /* or CONFIG_UNLIMITED */
};

struct pools_config {
	u32 count;
	struct pool_config list[POOLS_MAX]; /* each parent before its children */
};

/* As config_parse(). Refused as a whole when there is any error. */
int pools_config_parse(const char *file, const char *text, size_t size, struct pools_config *pools,
		       struct config_messages *messages) must_check;

/* A pool as if it stood in the file with a parent (empty: none) and nothing else. ERR_INVAL, with a line in `reason`. */
int pools_config_new(struct pool_config *pool, const char *name, const char *parent, char *reason, size_t size)
	must_check;

/* Gives `key` (shares, min, max) the value, which is written as in the file. ERR_INVAL, with a line in `reason`; *pool is
 * unspecified then: the caller works on a copy. */
int pools_config_change(struct pool_config *pool, const char *key, const char *value, char *reason, size_t size)
	must_check;

#endif
