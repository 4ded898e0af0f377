/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the scenario parser share. */
#ifndef TESTS_SIM_SCENARIO_PRIV_H
#define TESTS_SIM_SCENARIO_PRIV_H

#include "tests/sim/scenario.h"

struct words {
	u32 line, count;
	struct word word[SCENARIO_WORDS_MAX];
};

void scenario_error(struct scenario *s, const char *fmt, ...) printf_like(2, 3);
/* Room for one more, zeroed. */
void *scenario_grow(void *array, u32 count, size_t size) must_check;
bool scenario_find_pool(struct scenario *s, const char *name, u32 *index);
void scenario_config_default(struct sim_config *config);
bool scenario_config_words(struct scenario *s, const struct word *word, u32 words);

#endif
