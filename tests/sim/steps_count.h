/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Elementary steps of the scheduler: basic blocks executed in files compiled with -fsanitize-coverage=trace-pc, which is
 * how `make bench-sched` builds sched/ for its counting program. A measure that does not depend on the host's caches.
 */
#ifndef TESTS_SIM_STEPS_COUNT_H
#define TESTS_SIM_STEPS_COUNT_H

#include "kernel/lib/types.h"

/* Stands still in other builds. */
extern u64 steps_count;

/* Called by the compiler's instrumentation. */
void __sanitizer_cov_trace_pc(void);

#endif
