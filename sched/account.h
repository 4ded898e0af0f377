/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a world's time went, in ns. At every snapshot run + ready + costop + wait equals the time since it was added,
 * exactly: time is booked at each change of state, and a snapshot adds what has passed since the last one to the state
 * the world is in. Writers hold the queue's lock; readers need none (a sequence count, retried). Pure.
 */
#ifndef SCHED_ACCOUNT_H
#define SCHED_ACCOUNT_H

#include "kernel/lib/types.h"

enum account_state {
	ACCOUNT_RUN,
	ACCOUNT_READY,	 /* wants a pCPU */
	ACCOUNT_LIMITED, /* wants one, and is at its limit */
	ACCOUNT_COSTOP,	 /* waits for its siblings */
	ACCOUNT_IDLE,	 /* halted by the guest */
	ACCOUNT_WAIT,	 /* blocked for another reason: not started, paused, on the hypervisor */
	ACCOUNT_SWPWT,	 /* waits for swapped memory */
	ACCOUNT_STATES
};

struct account {
	u32 sequence; /* odd while written */
	u32 state;
	u64 since_ns;
	u64 added_ns;
	u64 ns[ACCOUNT_STATES];
	u64 system_ns;	/* others' time spent on its behalf */
	u64 overlap_ns; /* time spent on others while it was scheduled */
	u64 guest_ns;	/* of run: in guest mode */
	u64 switches;	/* times it was started after another world */
	u64 migrations; /* times it started on another pCPU than before */
};

/* A consistent copy, and the sums that people read. */
struct account_times {
	u64 elapsed_ns, run_ns, ready_ns, costop_ns, wait_ns; /* elapsed = run + ready + costop + wait */
	u64 limited_ns;				    /* part of ready */
	u64 idle_ns, swpwt_ns;			    /* parts of wait */
	u64 system_ns, overlap_ns, guest_ns;
	u64 switches, migrations;
};

/* The queue's lock is held. Times do not go back: an earlier `now_ns` acts as the latest. */
void account_init(struct account *a, enum account_state state, u64 now_ns);
void account_enter(struct account *a, enum account_state state, u64 now_ns);
void account_add_used(struct account *a, u64 guest_ns, u64 overlap_ns);
void account_add_system(struct account *a, u64 system_ns);
void account_count_start(struct account *a, bool migrated);

/* Anyone, any time. */
struct account_times account_read(const struct account *a, u64 now_ns);

/* Time it wanted to run and did not: what a steal clock shows. */
static inline u64 account_steal_ns(const struct account_times *t)
{
	return t->ready_ns + t->costop_ns + t->swpwt_ns;
}

#endif
