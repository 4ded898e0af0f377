/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every call that the simulator makes into the scheduler, with the locks that sched.h demands. Nothing runs at the same
 * time here, so a lock is a note of what is held, checked for order. What it is worth: with sim.guard each call is
 * watched for changes to worlds and groups whose locks are not held.
 */
#ifndef TESTS_SIM_CALLS_H
#define TESTS_SIM_CALLS_H

#include "tests/sim/sim.h"

void call_online(struct sim *m, u32 pcpu);
void call_tick(struct sim *m);
int call_pool_add(struct sim *m, struct sim_pool *pool) must_check;
void call_pool_set(struct sim *m, struct sim_pool *pool);
void call_group_add(struct sim *m, struct sched_group *g, struct sched_pool *pool,
		    const struct sched_group_params *params);
void call_group_set(struct sim *m, struct sched_group *g, struct sched_pool *pool,
		    const struct sched_group_params *params);
void call_group_remove(struct sim *m, struct sched_group *g);
int call_add(struct sim *m, struct sched_world *w, struct sched_group *g) must_check;
void call_remove(struct sim *m, struct sched_world *w);

/* The pCPU to be kicked. */
u32 call_wake(struct sim *m, struct sched_world *w, u32 from);
struct sched_choice call_choose(struct sim *m, u32 pcpu, u32 pulled);
bool call_pull(struct sim *m, u32 from, u32 to);
bool call_start(struct sim *m, struct sched_world *w, u64 *until_ns, struct sched_kicks *kicks) must_check;
void call_stop(struct sim *m, struct sched_world *w, enum sched_stop why, const struct sched_used *used,
	       struct sched_kicks *kicks);
u32 call_settle(struct sim *m, struct sched_world *w);
/* The spinning world gives way to a sibling: on which pCPU, SCHED_PCPU_NONE: to none. */
u32 call_yield(struct sim *m, struct sched_world *w);

#endif
