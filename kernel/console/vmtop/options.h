/* SPDX-License-Identifier: GPL-2.0-only */
/* The arguments of `vmtop`. Pure. */
#ifndef KERNEL_CONSOLE_VMTOP_OPTIONS_H
#define KERNEL_CONSOLE_VMTOP_OPTIONS_H

#include "kernel/lib/types.h"

struct top_options {
	bool batch;
	u32 delay_s;
	u32 count; /* updates, or lines of the batch file; 0: no end */
	u32 width, height; /* 0: not given */
};

/* 0, or ERR_INVAL with a line in `reason`. */
int top_options_parse(u32 argc, const char *const *argv, struct top_options *options, char *reason,
		      size_t size) must_check;

#endif
