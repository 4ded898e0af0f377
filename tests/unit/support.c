// SPDX-License-Identifier: GPL-2.0-only
/* Host side of what pure code needs from its surroundings: only assert_failed(). */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/lib/assert.h"

void assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expr);
	abort();
}
