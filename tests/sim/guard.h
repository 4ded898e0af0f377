/* SPDX-License-Identifier: GPL-2.0-only */
/* The lock contract of sched.h, checked: what is not locked does not change during a call. */
#ifndef TESTS_SIM_GUARD_H
#define TESTS_SIM_GUARD_H

#include "tests/sim/sim.h"

/* Notes what may not change. */
void guard_begin(struct sim *m);
/* Fails the run when it did; `call` names the culprit. */
void guard_end(struct sim *m, const char *call);

#endif
