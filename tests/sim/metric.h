/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures of a run by name: since the warm-up, of one VM or of all whose name begins so ("hog*"). Times are in ns, rates
 * and parts are fractions.
 */
#ifndef TESTS_SIM_METRIC_H
#define TESTS_SIM_METRIC_H

#include "tests/sim/scenario.h"

/* One row of the table of figures. */
struct metric {
	const char *name;
	double (*of)(const struct sim *m, const struct sim_vm *vm);
	const char *text;
};

extern const struct metric metrics[];
extern const u32 metric_count;

bool metric_exists(const char *name);
/* Calls fn for each VM that the pattern names; false: there is none. */
bool metric_each(const struct sim *m, const char *name, const char *pattern,
		 void (*fn)(const struct sim_vm *vm, double value, void *arg), void *arg);
/* The largest of them; NAN: there is none. */
double metric_max(const struct sim *m, const char *name, const char *pattern);
double metric_of(const struct sim *m, const char *name, const struct sim_vm *vm);

/* The start of the warm-up's end: what metrics count from. */
void metric_restart(struct sim *m);
struct account_times metric_times(const struct sim *m, const struct sim_vcpu *v);

/* Symbols for values: slice, lag_bound, skew_bound. NULL: it is none. */
const char *metric_symbol(const char *text);
double metric_symbol_value(const struct sim *m, const struct sim_vm *vm, const char *symbol);

/* Evaluates expect lines: the number of those that fail, each told on stdout. */
u32 expect_check(const struct scenario *s, const struct sim *m);
/* Prints BENCH lines. */
void bench_print(const struct scenario *s, const struct sim *m);

#endif
