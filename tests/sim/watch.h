/* SPDX-License-Identifier: GPL-2.0-only */
/* The simulator's own checks and measures, by its own books. */
#ifndef TESTS_SIM_WATCH_H
#define TESTS_SIM_WATCH_H

#include "tests/sim/sim.h"

/* Guest execution and halts so far. */
u64 watch_progress_ns(const struct sim *m, const struct sim_vcpu *v);
/* The progress of the slowest sibling; UINT64_MAX: there is none. */
u64 watch_slowest_ns(const struct sim *m, const struct sim_vcpu *but);
/* Ahead of the slowest sibling. */
u64 watch_skew_ns(const struct sim *m, const struct sim_vcpu *v);
u64 watch_skew_bound_ns(const struct sim *m, const struct sim_vm *vm);
void watch_woken(const struct sim *m, struct sim_vcpu *v);
void watch_skews(struct sim *m, u32 pcpu);
void watch_lags(struct sim *m, u32 pcpu);
/* Accounts, limits and reservations: now and then, or `all` now. */
void watch_books(struct sim *m, bool all);

#endif
