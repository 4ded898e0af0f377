/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest machine that carries out the scheduler's decisions, for unit tests: pCPUs that run in turn, worlds that
 * compute for ever or run and halt by a pattern, kicks that arrive at once. tests/sim has a real one.
 */
#ifndef TESTS_UNIT_SCHED_MACHINE_H
#define TESTS_UNIT_SCHED_MACHINE_H

#include <stdlib.h>
#include "sched/sched.h"
#include "tests/unit/unit.h"

#define MACHINE_PCPUS  8u
#define MACHINE_WORLDS 64u
#define MACHINE_SLICE  (5 * NSEC_PER_MSEC)

struct machine_world {
	struct sched_world world;
	u64 run_ns, halt_ns; /* the pattern; halt 0: computes for ever */
	u64 left_ns;	     /* of the present run */
	u64 wake_ns;	     /* while halted */
	bool spins;	     /* at a barrier with its group: see machine.barrier_ns */
	u64 phase, phase_left_ns;
	u64 latency_max_ns, woken_ns;
};

struct machine_pcpu {
	struct sched_world *loaded;
	struct sched_world *running;
	u64 until_ns;
	bool kicked;
};

struct machine {
	struct sched *s;
	u32 pcpus, worlds, groups;
	u64 now_ns, barrier_ns;
	u64 affinity; /* of the next worlds */
	u32 seed;     /* for messages */
	s64 lag_max_ns;
	struct sched_place place[MACHINE_PCPUS];
	struct machine_pcpu pcpu[MACHINE_PCPUS];
	struct machine_world w[MACHINE_WORLDS];
	struct sched_group group[MACHINE_WORLDS];
};

struct machine *machine_new(u32 pcpus);
void machine_free(struct machine *m);

/* A group of `count` worlds that compute for ever, awake. */
struct sched_group *machine_group(struct machine *m, u32 count, const struct sched_group_params *params);
static inline struct machine_world *machine_member(struct sched_group *g, u32 i)
{
	return container_of(g->member[i], struct machine_world, world);
}

/* Lets the machine work for so long, checking after each step. */
void machine_run(struct machine *m, u64 ns);

struct account_times machine_times(const struct machine *m, const struct sched_world *w);

#endif
