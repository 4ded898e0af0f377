/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated machine: pCPUs, VMs with workloads, events in order of time. It carries out the decisions of sched/ as
 * kernel/dispatch.c does, so that the very files of the hypervisor run here. One thread; a run depends on its
 * configuration and seed alone.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdio.h>

#include "kernel/lib/heap.h"
#include "kernel/lib/types.h"
#include "sched/sched.h"
#include "tests/sim/histogram.h"
#include "tests/unit/rng.h"

#define SIM_NAME_MAX 24

struct sim_config {
	u32 pcpus;
	u32 threads, cores, caches; /* threads per core, cores per cache, caches per node; 0: all there are */
	u64 slice_ns;
	u64 kick_ns;	      /* from sending a kick until its pCPU looks again */
	u64 switch_ns;	      /* hypervisor time to start a vCPU */
	u64 exit_ns;	      /* hypervisor time of an exit that does not switch */
	u64 ple_ns;	      /* PAUSE-loop exits after so much spinning; 0: none */
	u64 clock_ns;	      /* pCPUs' clocks disagree by up to so much */
	u64 interrupt_gap_ns; /* of each pCPU's device interrupts, on average; 0: none */
	u64 interrupt_ns;     /* what handling one costs whoever runs there */
	u64 duration_ns;
	u64 warmup_ns; /* figures count from here */
	u64 seed;
	u32 ideal; /* compute ideal shares */
};

enum sim_load {
	LOAD_CPU,      /* computes for ever */
	LOAD_PERIODIC, /* `run` in every `period` */
	LOAD_BURSTY,   /* random times of about `run` and `period`: on, off */
	LOAD_BARRIER,  /* phases of `run`; waits there for its siblings, spinning or halted */
	LOAD_SPINLOCK, /* `run`, then `critical` with the VM's lock */
	LOAD_IO,       /* `run`, then waits for about `period` on the hypervisor */
	LOAD_DODGER,   /* computes, but sleeps whenever a multiple of `period` passes */
};

struct sim_vm_params {
	u32 vcpus, shares;
	u64 min_ns, max_ns; /* per SCHED_PERIOD_NS */
	u32 rule;	    /* enum sched_rule */
	u64 skew_ns;
	u32 pool; /* 0: the root, else index + 1 */
	u64 affinity[SCHED_PCPU_WORDS];
	u64 start_ns, stop_ns;
	u32 load; /* enum sim_load */
	u64 run_ns, period_ns, critical_ns;
	u64 jitter; /* of run, permille */
	u32 spin;
};

struct sim_pool {
	char name[SIM_NAME_MAX];
	u32 parent; /* 0: the root, else index + 1 */
	struct sched_pool_params params;
	bool moved; /* its parameters or members have changed */
	struct sched_pool pool;
};

struct sim_vm;

/* Where a vCPU's time went, by the machine's own book. */
enum sim_book { BOOK_RUN, BOOK_WANT, BOOK_IDLE, BOOK_WAIT, BOOKS };

struct sim_vcpu {
	struct sched_world world;
	struct sim_vm *vm;
	u32 number; /* of the machine */
	bool added;
	struct heap_node timer; /* wakes it */

	/* While it runs. */
	u64 guest_from_ns;  /* in guest mode since, or from then on; accounted up to here */
	u64 guest_ns;	    /* in guest mode since it was last charged */
	u64 overlap_ns;	    /* likewise, for others */
	u64 guest_total_ns, overlap_total_ns; /* charged, over all lives */
	/* What its guest does. */
	u64 work_ns;	    /* guest time until its next step */
	u64 work_until_ns;  /* likewise, real time; NEVER_NS */
	bool spinning;	    /* work_ns is until the PAUSE-loop exit */
	u32 step;	    /* of the workload */
	u64 due_ns;	    /* of the workload: when the sleep or period ends */
	u64 phase;	    /* of the workload: barriers passed */

	/* Figures. */
	enum sim_book book;
	u64 book_since_ns;
	u64 booked_ns[BOOKS];
	u64 ready_since_ns; /* READY and pickable since; NEVER_NS */
	u64 want_since_ns;  /* READY, not limited, since; NEVER_NS */
	u32 seen_on;	    /* the pCPU that it waited or ran on, SCHED_PCPU_NONE: blocked */
	u64 aside_step;	    /* when it was last seen limited or co-stopped */
	u64 away_step;	    /* likewise, or asleep and loaded */
	u64 beside_since_ns; /* beside a sibling without need since; NEVER_NS */
	u64 woken_ns;	    /* woken and not yet running; NEVER_NS */
	u64 added_ns, absent_ns;
	u64 skew_then_ns;   /* how far it was ahead when it blocked */
	u64 progress_ns;    /* guest execution and halts */
	u64 yields;	    /* PAUSE-loop exits that gave way */
	double ideal_rate, ideal_ns;
	s64 lag_max_ns;
	struct account_times past; /* of its earlier lives */
	struct account_times base; /* at the end of the warm-up */
	double base_ideal_ns;
};

struct sim_vm {
	char name[SIM_NAME_MAX];
	struct sim_vm_params params;
	struct sched_group group;
	struct sim_vcpu *vcpu;
	bool alive;
	bool skew_bounded; /* no change of parameters since it started */
	struct sim_vcpu *lock_holder;
	u64 arrived, phase;    /* barrier */
	u64 phases, sections;  /* done since the warm-up */
	u64 skew_max_ns;       /* progress ahead of the slowest sibling */
	u64 changed_ns;	       /* parameters last changed */
	u64 used_then_ns;      /* what it had used then */
	u64 window_ns, window_used_ns; /* the same, of the window for reservations */
	struct histogram latency; /* from wake-up to running */
};

struct sim_pcpu {
	u32 id;
	struct heap_node event;
	struct sim_vcpu *current, *resident;
	u64 until_ns;	  /* NEVER_NS: for ever */
	u64 kick_ns;	  /* when the kick under way arrives; NEVER_NS */
	u64 interrupt_ns; /* the next device interrupt; NEVER_NS */
	u64 busy_until_ns; /* handles an interrupt, or loads a vCPU: nothing cuts that short */
	u64 clock_ns;	  /* its clock is ahead of the machine's by so much */
	u64 since_ns;	  /* of `current`, or of idleness */
	u64 idle_ns;
};

/* What the calls into the scheduler cost. */
struct sim_cost {
	u64 decisions; /* choose() calls that led to a start or to idling */
	u64 calls, ticks, steps;
	double ns; /* ticks, once the clock's rate is known */
};

struct sim_locks {
	bool config;
	u32 queues, queue[2];
	const struct sched_group *group;
};

struct sim {
	struct sim_config config;
	struct sched *sched;
	void *sched_memory;
	struct sched_place *place;
	struct sim_pcpu *pcpu;
	struct sim_pool *pool;
	u32 pools;
	struct sim_vm *vm;
	u32 vms;
	struct sim_vcpu **vcpu; /* all, by number */
	u32 vcpus;
	struct heap events, timers;
	struct heap_node tick; /* in timers */
	u64 now_ns;
	struct rng rng;
	u64 steps, stuck;
	u64 books_ns;
	u64 measured_from_ns;
	u64 ideal_at_ns;
	bool ideal_stale;
	struct sim_locks locks;
	u64 *guards; /* hashes of what a call may not change */
	/* Options. */
	bool check;	   /* sched_check() and the machine's own checks after each step */
	u32 guard;	   /* so many calls, from the start, are watched for changes of what is not locked */
	bool measure;	   /* fills `cost` */
	FILE *trace;	   /* events as text */
	FILE *timeline;	   /* pCPU, from, to, vCPU, VM: what ended in that window */
	u64 timeline_from_ns, timeline_to_ns;
	void (*sample)(struct sim *m); /* called every so often */
	void *sample_arg;
	u64 sample_ns, sample_gap_ns;
	struct sim_cost cost;
	bool failed;
	char failure[256];
};

/* In its VM. */
static inline u32 sim_index(const struct sim_vcpu *v)
{
	return (u32)(v - v->vm->vcpu);
}

/* machine.c. The VMs and pools stay the caller's until sim_end(). */
void sim_begin(struct sim *m, const struct sim_config *config);
void sim_end(struct sim *m);
/* Until that time, or a failure. */
void sim_run(struct sim *m, u64 until_ns);
void sim_fail(struct sim *m, const char *fmt, ...) printf_like(2, 3);
void sim_trace(struct sim *m, const char *fmt, ...) printf_like(2, 3);
u64 sim_clock_ns(const struct sim *m, u32 pcpu);
void sim_kick(struct sim *m, u32 from, u32 to);
void sim_kick_all(struct sim *m, u32 from, const struct sched_kicks *kicks);
/* The vCPU, if it runs, executes its next step now. */
void sim_poke(struct sim *m, struct sim_vcpu *v);
/* From a pCPU, or SCHED_PCPU_NONE: a device or timer. */
void sim_wake(struct sim *m, struct sim_vcpu *v, u32 from);
void sim_timer_set(struct sim *m, struct sim_vcpu *v, u64 at_ns);
void sim_book(struct sim *m, struct sim_vcpu *v, enum sim_book book);
/* The running vCPU's guest time up to now. */
void sim_advance(struct sim *m, struct sim_vcpu *v);
/* It stops; the pCPU has nothing to run then. */
void sim_stop(struct sim *m, struct sim_pcpu *p, enum sched_stop why);
/* The pCPU has nothing loaded any more. */
void sim_unload(struct sim *m, struct sim_pcpu *p);

/* steps.c: what a pCPU does at an event. */
void sim_pcpu_event(struct sim *m, struct sim_pcpu *p);
void sim_pcpu_rearm(struct sim *m, struct sim_pcpu *p);

/* life.c: VMs come, go and change. */
void sim_vm_start(struct sim *m, struct sim_vm *vm);
void sim_vm_stop(struct sim *m, struct sim_vm *vm);
void sim_vm_set(struct sim *m, struct sim_vm *vm, const struct sim_vm_params *params);
void sim_pools_start(struct sim *m);
struct account_times sim_vcpu_times(const struct sim *m, const struct sim_vcpu *v);

/* workload.c */
enum sim_next { NEXT_RUN, NEXT_SPIN, NEXT_HALT, NEXT_WAIT };
void workload_reset(struct sim *m, struct sim_vcpu *v);
/* Its guest has done what it was doing. RUN and SPIN: work_ns, work_until_ns are set. */
enum sim_next workload_next(struct sim *m, struct sim_vcpu *v);
/* A vCPU leaves for good. */
void workload_leave(struct sim *m, struct sim_vcpu *v);

/* ideal.c: what each vCPU would get of an infinitely divisible machine. */
void ideal_advance(struct sim *m);
/* The vCPU blocked: it did not want more than it got. */
void ideal_blocked(struct sim *m, struct sim_vcpu *v);

/* watch.c: measures and checks of the machine's own, after each step. */
void watch_step(struct sim *m, u32 pcpu);
/* The VM starts, or other parameters hold from now on. */
void watch_vm_changed(struct sim *m, struct sim_vm *vm);

#endif
