/* SPDX-License-Identifier: GPL-2.0-only */
/* VM configurations at run time: shown as a file that would give them, and changed key by key. Pure. */
#ifndef KERNEL_CONFIG_CHANGE_H
#define KERNEL_CONFIG_CHANGE_H

#include "kernel/config.h"

/* Room for the longest line of a file: a command line of which each byte is escaped. */
#define CONFIG_LINE_SIZE (3 * CONFIG_CMDLINE_SIZE + 64)

/* Writes line `index` of the file, without newline, to line[CONFIG_LINE_SIZE]; empty: this key is not set and has no
 * default. False: there are no more lines. */
bool config_line(const struct vm_config *config, u32 index, char *line);

/* The keys that may be changed while the VM runs begin with this, which is left out in their names here. */
#define CONFIG_CHANGE_PREFIX "sched."

/*
 * Gives key `name` ("cpu.shares", or with the prefix) the value, which is written as in a file. 0, or ERR_INVAL with a
 * line in `reason`; *config is unspecified then: the caller works on a copy.
 */
int config_change(struct vm_config *config, const char *name, const char *value, char *reason, size_t size) must_check;

#endif
