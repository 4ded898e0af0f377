/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler: which world runs on which pCPU, until when. Pure: it decides, and carries nothing out. The caller
 * (kernel/dispatch.c, tests/sim, unit tests) loads and enters worlds, arms timers, sends kicks, owns the memory and
 * holds the locks named below. sched/README.md has the algorithm, its bounds and the arguments for them.
 *
 * Words. A world: a vCPU or a hypervisor thread. A group: the worlds of one VM, which are siblings. A pool: a node of
 * the tree that divides shares; groups are its leaves. A queue: what one pCPU may pick from.
 *
 * Life of a world:      add            wake            start
 *                  ( ) -----> BLOCKED -----> READY ------------> RUNNING
 *                     remove     ^             ^--- stop(READY) ----|  |
 *                                '------------- stop(BLOCKED) ---------'
 * READY has reasons not to be picked: at its limit (LIMITED), co-stopped (COSTOP).
 *
 * Locks, which the caller holds around a call as each says:
 *   Q(p)  one per pCPU: its queue, and every world whose `pcpu` is p, whatever its state. A world is locked by reading
 *         `pcpu`, locking that queue and looking again. Two queues are locked in the order of their numbers.
 *   G     one per group, inside Q: `struct sched_group` and the `(g)` fields of its worlds.
 *   C     one for the machine, outside all others: the configuration (add, remove, set, pools, on-line).
 * What is marked (a) is atomic: others read it, without a lock, as a hint. No call takes a lock of more than two queues
 * or looks at more than SCHED_LOOK queues, but for a pCPU that found nothing to run.
 *
 * Time: `now_ns` never goes backwards on one pCPU; two pCPUs' clocks may disagree a little, times are clamped.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "kernel/lib/bitmap.h"
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"
#include "sched/account.h"
#include "sched/bucket.h"
#include "sched/timeline.h"

#define SCHED_PCPU_MAX	   1024u
#define SCHED_PCPU_NONE	   UINT32_MAX
#define SCHED_PCPU_WORDS   BITMAP_WORDS(SCHED_PCPU_MAX)
#define SCHED_SIBLINGS_MAX 32u
#define SCHED_POOL_DEPTH   8u
/* Shares of one world or of a pool. */
#define SCHED_SHARES_MIN 1u
#define SCHED_SHARES_MAX 1000000u

/* Rates (reservations, limits) are ns of one pCPU's time per period. */
#define SCHED_PERIOD_NS BUCKET_PERIOD_NS
#define SCHED_UNLIMITED UINT64_MAX

/* --- topology --------------------------------------------------------------------------------- */

/* How far apart two pCPUs are. */
enum sched_distance { SCHED_SAME, SCHED_CORE, SCHED_CACHE, SCHED_NODE, SCHED_REMOTE, SCHED_DISTANCES };

/* Equal numbers: shared. */
struct sched_place {
	u32 core;  /* hyperthreads of one core */
	u32 cache; /* last-level cache */
	u32 node;  /* memory */
};

/* --- pools, groups, worlds -------------------------------------------------------------------- */

/* What may be set of a pool. */
struct sched_pool_params {
	u32 shares;    /* against the other children of the parent: SCHED_SHARES_MIN .. SCHED_SHARES_MAX */
	u64 min_ns;    /* for all below it together, per period */
	u64 max_ns;    /* the same; SCHED_UNLIMITED */
};

struct sched_pool {
	struct sched_pool *parent; /* (o) NULL: the root */
	u32 depth;		   /* (o) the root: 0 */
	struct sched_pool_params params; /* [C] */
	struct bucket floor, cap;  /* (a) */
	u64 active_shares;	   /* [C] of the children that had something to run lately */
	u64 weight;		   /* [C] what all below it together weigh */
	bool active;		   /* [C] something below it had something to run lately */
	struct list node;	   /* [C] in sched.pools */
};

/* off: siblings are scheduled as if they were strangers. See sched/cosched.h. */
enum sched_rule { SCHED_COSCHED_OFF, SCHED_COSCHED_PERCPU, SCHED_COSCHED_RELAXED, SCHED_COSCHED_STRICT };

struct sched_group_params {
	u32 shares;	      /* of each world: SCHED_SHARES_MIN .. SCHED_SHARES_MAX */
	u64 min_ns;	      /* reservation of the group, per period */
	u64 max_ns;	      /* limit of the group, per period; SCHED_UNLIMITED */
	enum sched_rule rule;
	u64 skew_max_ns;      /* threshold: how far a sibling may get ahead */
};

struct sched_world;

struct sched_group {
	u32 id;				  /* (o) */
	struct sched_pool *pool;	  /* [C] */
	struct sched_group_params params; /* (a) each field is read by itself */
	struct bucket floor, cap;	  /* (a) */
	u32 weight;			  /* (a) of each world, pools considered */
	u64 active_ns;			  /* (a) when a world of it was last ready to run */
	struct list node;		  /* [C] in sched.groups */

	u32 count;			  /* [G] members */
	struct sched_world *member[SCHED_SIBLINGS_MAX]; /* [G] */
	/* Co-scheduling. */
	u8 runnable[SCHED_PCPU_MAX]; /* (a) written under Q: members READY or RUNNING there */
	enum sched_rule rule;	/* [G] that the fields below belong to: params.rule may be newer */
	bool stopped;		/* [G] strict, relaxed: as a whole, until a co-start */
	u32 executing;		/* [G] members that run */
	u64 skew_at_ns;		/* [G] members' skew_ns is booked up to here */
	u64 skew_seen_ns;	/* [G] the largest skew so far, for statistics and check() */
	u64 costops;		/* [G] statistics: times a member, or the group, was stopped */
};

enum sched_state { SCHED_BLOCKED, SCHED_READY, SCHED_RUNNING };
/* Where a READY world is; of a RUNNING one, by which right it runs. FLOOR: below its reservation. */
enum sched_where { SCHED_NOWHERE, SCHED_IN_SHARES, SCHED_IN_FLOOR, SCHED_IN_LIMITED, SCHED_IN_COSTOP };

/* Embedded in the vCPU. The caller sets id and affinity before init and add, and only reads the rest. */
struct sched_world {
	u32 id;
	struct sched_group *group;	/* (o) */
	u32 index;			/* (o) in the group */
	u64 affinity[SCHED_PCPU_WORDS]; /* (o) while added: pCPUs that may run it */

	u32 pcpu;		/* (a) written under Q of both: whose queue it belongs to */
	u32 resident;		/* [Q] see sched_settle(); SCHED_PCPU_NONE: loaded nowhere */
	u32 ran_on;		/* [Q] where it ran last */
	enum sched_state state; /* (a) written under Q */
	enum sched_where where; /* [Q] */
	bool wake_pending;	/* [Q] woken while RUNNING: the next block is refused */
	bool urgent;		/* (a) its siblings wait for it, or run: short requests, hence early deadlines */
	u64 check_ns;		/* [Q] co-stopped: when to look again */

	/* Proportional share. */
	u32 load;		  /* [Q] weight with which it counts in its queue's sums */
	u64 charge_rest;	  /* [Q] ns x SCHED_VTIME_UNIT not yet in the virtual time */
	u64 request_ns;		  /* [Q] what it asks for at a time */
	u64 burst_ns;		  /* [Q] run since it last woke */
	struct timeline_node at;  /* [Q] virtual time and deadline; in a timeline while IN_SHARES */
	struct timeline_node floor_at; /* [Q] latest start time; in a timeline while IN_FLOOR */
	struct list node;	  /* [Q] in the list of limited or co-stopped ones, or of those IN_SHARES whose
				   * reservation comes back with the next period */
	u64 started_ns;		  /* [Q] RUNNING: since when */
	u64 until_ns;		  /* (a) RUNNING: until when, at the latest */

	/* Co-scheduling. */
	u64 progress_ns;    /* [G] guest execution and halts ... */
	u64 progress_at_ns; /* [G] ... up to here, if it progresses */
	bool progressing;   /* [G] */
	u64 halt_skew_ns;   /* [G] how far it was ahead when it halted */
	u64 skew_ns;	    /* [G] strict, relaxed: time without progress while a sibling ran */
	bool offered;	    /* [G] its turn has come, and it waits for its siblings' */
	bool gang;	    /* [G] to be started at once, with them */

	struct account account; /* [Q] writes, anyone reads: account_read() */
};

/* --- the scheduler ---------------------------------------------------------------------------- */

struct sched_config {
	u32 pcpu_count;			 /* 1 .. SCHED_PCPU_MAX; all off-line at first */
	const struct sched_place *place; /* pcpu_count of them, kept */
	u64 slice_ns;			 /* the longest request: 1 .. 100 ms */
};

struct sched;

/* Bytes that init needs for so many pCPUs, aligned to 64. */
size_t sched_memory_bytes(u32 pcpu_count);
struct sched *sched_init(void *memory, const struct sched_config *config);

/* A pCPU begins to pick. C, Q(pcpu). */
void sched_pcpu_online(struct sched *s, u32 pcpu, u64 now_ns);

/* A pool under `parent` (NULL: the root). ERR_LIMIT: deeper than SCHED_POOL_DEPTH. C. */
int sched_pool_add(struct sched *s, struct sched_pool *pool, struct sched_pool *parent,
		   const struct sched_pool_params *params) must_check;
/* It has no children left. C. */
void sched_pool_remove(struct sched *s, struct sched_pool *pool);
void sched_pool_set(struct sched *s, struct sched_pool *pool, const struct sched_pool_params *params, u64 now_ns);

/* A group without members under `pool` (NULL: the root). C. */
void sched_group_add(struct sched *s, struct sched_group *g, struct sched_pool *pool,
		     const struct sched_group_params *params, u64 now_ns);
/* Without members. C. */
void sched_group_remove(struct sched *s, struct sched_group *g);
/* New parameters, and perhaps a new pool; takes effect as each world is next charged. C. */
void sched_group_set(struct sched *s, struct sched_group *g, struct sched_pool *pool,
		     const struct sched_group_params *params, u64 now_ns);

/* Once, before anything else: the account begins. The world waits until it is added. */
void sched_world_init(struct sched_world *w, u64 now_ns);
/* Takes a world in, BLOCKED. ERR_INVAL: its affinity allows no pCPU of this machine; ERR_LIMIT: the group is full. C, G;
 * the world is not known to anyone yet. */
int sched_add(struct sched *s, struct sched_world *w, struct sched_group *g, u64 now_ns) must_check;
/* Forgets a world that does not run and is resident nowhere; it waits. It may be added again, with another affinity.
 * Q(w->pcpu), G. */
void sched_remove(struct sched *s, struct sched_world *w, u64 now_ns);

/* Work that is not urgent, some 10 times a second: weights of worlds in pools by what is active. C. */
void sched_tick(struct sched *s, u64 now_ns);

/* --- transitions ------------------------------------------------------------------------------ */

/* Where a BLOCKED world should wake up. A hint: no locks. */
u32 sched_place_for(struct sched *s, const struct sched_world *w);

/* Something happened to the world. BLOCKED: READY on pCPU `to`, or where it is still resident. RUNNING: its next block
 * is refused. READY: nothing. Returns the pCPU that has to look again; SCHED_PCPU_NONE: nobody. A kick must not be
 * dropped. Q of w->pcpu and of `to`; G. */
u32 sched_wake(struct sched *s, struct sched_world *w, u32 to, u64 now_ns);

/* True when the world that `pcpu` runs should stop(), for another may be due: look after each kick. No locks. */
bool sched_preempt_due(const struct sched *s, u32 pcpu);

/* What a pCPU that runs nothing should do next. */
struct sched_choice {
	struct sched_world *world; /* start() it, or NULL: */
	u64 until_ns;		   /* idle until then or a kick, and choose again */
	u32 pull_from;		   /* not SCHED_PCPU_NONE: pull() from there first, then choose again */
};
/* `pulled`: how often the pCPU has tried to pull since it last ran something or idled. Q(pcpu). */
struct sched_choice sched_choose(struct sched *s, u32 pcpu, u32 pulled, u64 now_ns);

/* Moves a world that waits on pCPU `from` to `to`, whose queue wants it more. False: there was none. Q of both. */
bool sched_pull(struct sched *s, u32 from, u32 to, u64 now_ns);

/* pCPUs that must look again. */
struct sched_kicks {
	u32 count;
	u32 pcpu[SCHED_SIBLINGS_MAX + 1];
};

/* Starts what choose() answered. False: it may not run now (limit, co-stop): choose() again. Else it is RUNNING and
 * resident on its pCPU, until *until_ns at the latest. `kicks` is added to. Q(w->pcpu), G. */
bool sched_start(struct sched *s, struct sched_world *w, u64 now_ns, u64 *until_ns, struct sched_kicks *kicks) must_check;

/* What a world did since start() or the last charge. */
struct sched_used {
	u64 guest_ns;	/* of it in guest mode: progress */
	u64 overlap_ns; /* of it the hypervisor worked for others: not charged */
};

/* Why a RUNNING world stops. */
enum sched_stop { SCHED_STOP_SLICE, SCHED_STOP_HALT, SCHED_STOP_WAIT };

/* The RUNNING world stops: charged for the time since start(). HALT and WAIT make it BLOCKED (a guest's halt is
 * progress, a wait is not) unless a wake() came meanwhile; then, and for SLICE, it is READY. `kicks` is added to.
 * Q(w->pcpu), G. */
void sched_stop(struct sched *s, struct sched_world *w, enum sched_stop why, const struct sched_used *used, u64 now_ns,
		struct sched_kicks *kicks);

/* Residence. Unloading a world costs, so that a pCPU keeps what it ran last loaded until it runs another. start() makes
 * a world resident; while it is so elsewhere no pCPU picks or pulls it. The caller says settled when it has unloaded
 * it. Returns the pCPU that may pull it now; SCHED_PCPU_NONE. Q(w->pcpu). */
u32 sched_settle(struct sched *s, struct sched_world *w);

/* The vCPU `w`, RUNNING, spins for a lock: a sibling that likely holds it, READY and not picked; NULL: none. A hint that
 * may have changed when locked. G. */
struct sched_world *sched_yield_target(const struct sched_world *w, u64 now_ns);
/* Makes `target`, READY on `from`, the next that runs, on `to`, which is this pCPU, if it may come there, else where it
 * is. Returns the pCPU that has to look again: for `to`, stop the spinning world and choose; any other is kicked.
 * SCHED_PCPU_NONE: it cannot be. Q of both. */
u32 sched_yield_to(struct sched *s, struct sched_world *target, u32 from, u32 to, u64 now_ns) must_check;

/* --- for the eyes of people and tests --------------------------------------------------------- */

/* The rate at which its own queue and shares let a world run now is not told here; see sched_queue_info. */
struct sched_queue_info {
	bool online;
	struct sched_world *running;
	u32 waiting;	 /* READY and pickable */
	u32 limited, costopped;
	u64 load;	 /* sum of the weights of all that run or wait */
	u64 vtime;	 /* the queue's virtual time */
};
/* Q(pcpu). */
struct sched_queue_info sched_queue_get(struct sched *s, u32 pcpu);
/* Calls fn for each world of the queue that is READY or RUNNING. Q(pcpu). */
void sched_queue_each(struct sched *s, u32 pcpu, void (*fn)(struct sched_world *w, void *arg), void *arg);

/* How much service the world is owed (> 0) or ahead (< 0) by its queue's virtual time, in ns. Q(w->pcpu). */
s64 sched_lag_ns(struct sched *s, const struct sched_world *w);
/* Progress minus that of the slowest sibling (percpu), or the time it was left behind (strict, relaxed). G. */
u64 sched_skew_ns(const struct sched_world *w, u64 now_ns);
/* What lag and skew never exceed. */
u64 sched_lag_bound_ns(const struct sched *s);

/* Verifies all invariants of a queue, its worlds and their groups: NULL, or what is wrong. Q of all, G of all (tests
 * and simulator), or in a debug build Q(pcpu). */
const char *sched_check(struct sched *s, u32 pcpu, u64 now_ns);

#endif
