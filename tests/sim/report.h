/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run leaves for people: a table, a CSV file with a line per world, data and gnuplot scripts for plots. */
#ifndef TESTS_SIM_REPORT_H
#define TESTS_SIM_REPORT_H

#include "tests/sim/scenario.h"

void report_table(const struct sim *m, FILE *to);
void report_csv(const struct sim *m, FILE *to);

/* Opens the data files NAME.timeline and NAME.samples in the folder, before the run. False: cannot. */
struct plot;
struct plot *plot_begin(struct sim *m, const struct scenario *s, const char *folder, const char *name);
/* Closes them and writes NAME.gp, which makes NAME-timeline.svg, NAME-skew.svg, NAME-error.svg. */
void plot_end(struct plot *plot, const struct sim *m);

#endif
