/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario: a machine, pools, VMs, what happens when, and what is expected. Read from text, one statement a line; the
 * grammar is in tests/sim/README.md.
 */
#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include "tests/sim/sim.h"

#define SCENARIO_WORD_MAX  64
#define SCENARIO_WORDS_MAX 32
#define SCENARIO_VARIANTS  8

struct word {
	char text[SCENARIO_WORD_MAX];
};

enum command_kind { COMMAND_START, COMMAND_STOP, COMMAND_SET, COMMAND_SET_POOL };

/* Something that happens at a time. */
struct command {
	u64 at_ns;
	enum command_kind kind;
	u32 target;		      /* VM or pool */
	u32 words;		      /* SET: key=value assignments */
	struct word *word;
};

enum expect_kind { EXPECT_NEAR, EXPECT_BELOW, EXPECT_ABOVE };

/* A figure of a VM (or of all, *), and a value. */
struct expect {
	u32 line;
	struct word metric, vm;
	enum expect_kind kind;
	double value, tolerance;
	const char *symbol; /* or else: what stands for the value, like `slice` */
	struct word bench; /* or else: a name under which the figure is printed */
};

/* A figure that falls from variant to variant; or the ratio of the first's to the second's, at most `ratio_max`. */
struct compare {
	u32 line;
	struct word name; /* of the ratio */
	double ratio_max;
	struct word metric, vm;
	u32 count;
	struct word variant[SCENARIO_VARIANTS];
};

struct scenario {
	char file[256];
	struct sim_config config;
	struct sim_pool *pool;
	u32 pools;
	struct sim_vm *vm;
	u32 vms, vm_room;
	struct command *command;
	u32 commands;
	struct expect *expect;
	u32 expects;
	struct compare *compare;
	u32 compares;
	u32 variants;
	struct word variant[SCENARIO_VARIANTS];
	char error[320]; /* file:line: what is wrong */
};

/* Parses text; `variant` (or "") stands for each $V. False: see error. */
bool scenario_parse(struct scenario *s, const char *file, const char *text, const char *variant);
void scenario_free(struct scenario *s);

/* Applies key=value words to parameters of a VM or pool. False: error is set, without the line. */
bool scenario_vm_words(struct scenario *s, struct sim_vm_params *p, const struct word *word, u32 words);
bool scenario_pool_words(struct scenario *s, struct sched_pool_params *p, const struct word *word,
			 u32 words);

/* Runs it on a machine whose options are set, from begin to (not including) sim_end(). */
void scenario_run(struct scenario *s, struct sim *m);

/* scenario_values.c: words. False: malformed. */
bool value_time(const char *text, u64 *ns);	 /* 10ms, 1.5s, 20us, 300ns, never */
bool value_rate(const char *text, u64 *ns);	 /* 250%, unlimited: ns per SCHED_PERIOD_NS */
bool value_number(const char *text, u64 *value); /* 12 */
bool value_pcpus(const char *text, u32 pcpus, u64 *map); /* 0-3,7, all */
bool value_real(const char *text, double *value); /* 0.5, 50%, or a time, in ns */

#endif
