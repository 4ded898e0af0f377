// SPDX-License-Identifier: GPL-2.0-only
/* Counts basic blocks. See steps_count.h. */
#include "tests/sim/steps_count.h"

u64 steps_count;

void __sanitizer_cov_trace_pc(void)
{
	steps_count++;
}
