/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The batch file: comma-separated values in esxtop's manner, for the tools that read those. A header of quoted names
 * `\\host\Group Cpu(id:name)\% Used`, then a line for each sample. Columns are those of the sample with which the file
 * began: what ended later has empty values. Cell by cell, since a line may be longer than any buffer. Pure.
 */
#ifndef KERNEL_CONSOLE_VMTOP_BATCH_H
#define KERNEL_CONSOLE_VMTOP_BATCH_H

#include "kernel/console/vmtop/fields.h"

#define TOP_CELL_BYTES 256u

u32 top_batch_columns(const struct top_sample *names);

/* Writes cell `column` (below top_batch_columns()) of the header, with the quotes; the number of bytes. */
u32 top_batch_header(const struct top_sample *names, const char *host, u32 column, char *buf);

/* The same of a line. */
u32 top_batch_value(const struct top_sample *names, const struct top_sample *before,
		    const struct top_sample *now, u32 column, char *buf);

#endif
