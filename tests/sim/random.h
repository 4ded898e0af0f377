/* SPDX-License-Identifier: GPL-2.0-only */
/* Random scenarios, as text: the same seed gives the same text. */
#ifndef TESTS_SIM_RANDOM_H
#define TESTS_SIM_RANDOM_H

#include "kernel/lib/types.h"

/* At most `size` bytes, terminated. */
void random_scenario(u64 seed, char *text, size_t size);

#endif
