/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes samples of the machine for vmtop. pCPU 0 only; nobody is stopped or waited for. */
#ifndef KERNEL_CONSOLE_VMTOP_COLLECT_H
#define KERNEL_CONSOLE_VMTOP_COLLECT_H

#include "kernel/console/vmtop/sample.h"

/* Memory for whatever VMs may be on; the sample is all zero. ERR_NOMEM. */
int top_sample_alloc(struct top_sample *s) must_check;
/* Also of one that was not allocated but is zero. */
void top_sample_free(struct top_sample *s);

void top_sample_take(struct top_sample *s);

#endif
