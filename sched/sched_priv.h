/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of sched/ know of each other. Layers, lower first: queue (one pCPU's proportional share) <- cosched
 * (one group's skew), pool (weights and allowances), place (which pCPU) <- sched (transitions), check.
 */
#ifndef SCHED_SCHED_PRIV_H
#define SCHED_SCHED_PRIV_H

#include "sched/sched.h"

/* A world of this weight takes 1 ns of virtual time for 1 ns of run time. */
#define SCHED_VTIME_UNIT 1024u

/* The shortest request, of worlds that sleep soon or whose siblings wait: a context switch is far shorter. */
#define SCHED_REQUEST_MIN_NS (1 * NSEC_PER_MSEC)

/* What runs is not made to give way to invited siblings, or to whose turn it is, before it has run for so long: a
 * switch, with the caches it costs, stays below 1 %. */
#define SCHED_RUN_MIN_NS (500 * NSEC_PER_USEC)

/* No world is started for less, whatever limits it. */
#define SCHED_START_MIN_NS (250 * NSEC_PER_USEC)

/* Nobody is owed more than its part of this many slices when it joins a queue. */
#define SCHED_LAG_SLICES 4u

/* How often a busy pCPU looks whether it can part siblings that share a queue elsewhere. */
#define SCHED_CROWD_NS (10 * NSEC_PER_MSEC)

/* Worlds or queues looked at where one of many must be found without looking at all. */
#define SCHED_LOOK 8u

/* A pool or group counts as active so long after it last had something to run: its weight does not flap. */
#define SCHED_ACTIVE_NS (200 * NSEC_PER_MSEC)

struct sched_queue {
	struct sched_world *running; /* [Q] */
	const void *last;	     /* [Q] the world that ran last: to compare with only */
	u64 began_ns;		     /* (a) when that one began */
	struct sched_world *chosen;  /* [Q] waiting, picked before all others: directed yield */
	struct timeline shares;	     /* [Q] by virtual time, EEVDF */
	struct timeline floor;	     /* [Q] below their reservation: start 0, by latest start time */
	struct list refill;	     /* [Q] IN_SHARES, reservations come back with the next period */
	struct list limited, costop; /* [Q] */
	u32 limited_count, costop_count; /* [Q] */
	u64 refill_ns;		     /* [Q] the period ends: look at refill and limited */
	u64 costop_ns;		     /* [Q] look at the co-stopped */
	u64 vtime;		     /* [Q] virtual time V ... */
	s64 sum;		     /* [Q] ... and sum of load x (start - V) not yet in it */
	u64 load;		     /* [Q] sum of the loads of those that wait in a timeline or run */
	s64 offset;		     /* [Q] V + offset compares with other queues' */
	u32 look;		     /* [Q] cursor over the other queues */
	u32 pulls_failed;	     /* [Q] in a row */
	bool online;		     /* (a) */
	bool preempt;		     /* (a) */
	bool gang;		     /* (a) a co-stopped world here shall start now */
	bool hurry;		     /* (a) a waiting world here became urgent */
	bool idled;		     /* [Q] it found nothing to run */
	u32 crowd_look;		     /* [Q] cursor over those with crowded siblings */
	u64 crowd_ns;		     /* [Q] not to look for others' crowded siblings before */
	u64 seen_vtime;		     /* (a) V + offset */
	u64 seen_load;		     /* (a) load */
	u32 seen_count;		     /* (a) worlds in it */
} __attribute__((aligned(64)));

struct sched {
	u32 pcpu_count;		      /* (o) */
	u32 slice_ns;		      /* (o) */
	const struct sched_place *place; /* (o) */
	u64 vtime;		      /* (a) the largest V + offset of all queues, roughly */
	u64 idle[SCHED_PCPU_WORDS];	   /* (a) pCPUs that run nothing, and are not kicked for anything yet */
	u64 waiting[SCHED_PCPU_WORDS];	   /* (a) queues with worlds that wait in a timeline */
	u64 waiting_floor[SCHED_PCPU_WORDS]; /* (a) those with worlds below their reservation */
	u64 crowded[SCHED_PCPU_WORDS];	   /* (a) queues where a world may wait beside a sibling */
	u64 overrun_ns;			   /* (a) the longest that a world ran on after its time */
	struct sched_pool root;		   /* [C] */
	struct list pools, groups;	   /* [C] parents before children */
	u64 tick_ns;			   /* [C] */
	struct sched_queue queue[];
};

static inline struct sched_queue *sched_queue_of(struct sched *s, const struct sched_world *w)
{
	return &s->queue[w->pcpu];
}

static inline u32 sched_queue_number(const struct sched *s, const struct sched_queue *q)
{
	return (u32)(q - s->queue);
}

#define sched_world_at(node_) container_of(node_, struct sched_world, at)

/* A shared bit map, changed without a lock. */
static inline void sched_bit_put(u64 *map, u32 bit, bool on)
{
	u64 mask = BIT(bit % 64), *word = &map[bit / 64];

	if (((__atomic_load_n(word, __ATOMIC_SEQ_CST) & mask) != 0) == on) {
		return;
	}
	if (on) {
		__atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(word, ~mask, __ATOMIC_SEQ_CST);
	}
}

static inline void sched_kick_add(struct sched_kicks *kicks, u32 pcpu)
{
	for (u32 i = 0; i < kicks->count; i++) {
		if (kicks->pcpu[i] == pcpu) {
			return;
		}
	}
	if (pcpu != SCHED_PCPU_NONE && kicks->count < ARRAY_SIZE(kicks->pcpu)) {
		kicks->pcpu[kicks->count++] = pcpu;
	}
}

/* --- queue.c: all with Q ---------------------------------------------------------------------- */

void queue_init(struct sched_queue *q);
/* V, up to date. */
u64 queue_vtime(struct sched_queue *q);
/* V as it will be when what the running world used up to now has been charged. */
u64 queue_vtime_now(struct sched_queue *q, u64 now_ns);
/* How much service w is owed; negative: ahead. */
s64 queue_lag_ns(struct sched_queue *q, const struct sched_world *w);

/* The world, which does not count anywhere, belongs to another queue from now on: its virtual times are told by that
 * one's clock. Q of both. */
void queue_rehome(struct sched *s, struct sched_world *w, u32 pcpu);
/* The world counts in the queue's sums from now on, with its group's weight. Its lag is brought within bounds:
 * its part of the last owed_ns at most, a slice ahead at most. */
void queue_join(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 owed_ns);
void queue_leave(struct sched_queue *q, struct sched_world *w);

/* A world that counts waits in a timeline: by its reservation, or by shares. Out again. */
void queue_insert(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 now_ns);
void queue_remove(struct sched *s, struct sched_queue *q, struct sched_world *w);
/* When w, which waits, is owed something, if all goes on as it does. */
u64 queue_eligible_ns(struct sched_queue *q, const struct sched_world *w, u64 now_ns);
/* When another has its turn before the running world has used up its request; NEVER_NS. */
u64 queue_until_ns(struct sched_queue *q, u64 now_ns);
/* A waiting world became urgent: its request is shortened. */
void queue_hurry(struct sched *s, struct sched_queue *q, u64 now_ns);
/* A new request from where its last one ended. */
void queue_request(const struct sched *s, struct sched_world *w, u64 request_ns);

/* Of those that wait, while none runs, the one that is due; NULL: none waits. */
struct sched_world *queue_first(struct sched_queue *q);

/* `ran_ns` of run time of the running world, in virtual time. */
void queue_charge(const struct sched *s, struct sched_queue *q, struct sched_world *w, u64 ran_ns);
/* How long w may run until its request is used up. */
u64 queue_request_left_ns(const struct sched_world *w);

/* Moves a world that waits in a timeline. */
void queue_move(struct sched *s, struct sched_queue *from, struct sched_queue *to, struct sched_world *w, u64 now_ns);

/* Tells others what they may see without the lock. After every change. */
void queue_publish(struct sched *s, struct sched_queue *q);

/* --- pool.c ----------------------------------------------------------------------------------- */

/* Whether a reservation of the group or of a pool above it is not used up; its absence: whether there is any. */
bool pool_floor_left(struct sched_group *g, u64 now_ns, s64 *left_ns);
bool pool_has_floor(const struct sched_group *g);
/* What the tightest limit leaves. */
s64 pool_cap_left_ns(struct sched_group *g, u64 now_ns);
/* When the limits that are used up leave something again. */
u64 pool_cap_refill_ns(struct sched_group *g, u64 now_ns);
/* by_floor: it ran by its reservation. */
void pool_use(struct sched_group *g, u64 ran_ns, bool by_floor, u64 now_ns);

/* --- cosched.c: all with G -------------------------------------------------------------------- */

void cosched_add(struct sched_world *w, u64 now_ns);
void cosched_remove(struct sched_world *w, u64 now_ns);
void cosched_started(struct sched_world *w, u64 now_ns);
/* It stops, having executed for guest_ns. True: its siblings must stop, too. */
bool cosched_stopped(struct sched_world *w, bool blocked, u64 guest_ns, u64 now_ns);
void cosched_woken(struct sched_world *w, u64 now_ns);

enum cosched_verdict {
	COSCHED_RUN,	/* it may run */
	COSCHED_WAIT,	/* it is co-stopped; look again at *until_ns */
	COSCHED_TOGETHER, /* it may run, and all with `gang` set start now */
	COSCHED_STOP,	/* as WAIT, and the siblings that run must stop */
};
/* Whether w, whose turn it is, may run; *until_ns: how long at most. `costopped`: it is so now. */
enum cosched_verdict cosched_ask(struct sched_world *w, bool costopped, u64 now_ns, u64 *until_ns);
/* Progress up to now. */
u64 cosched_progress_of(const struct sched_world *w, u64 now_ns);
/* The sibling that holds w back, if it waits for a pCPU; NULL. */
struct sched_world *cosched_laggard(const struct sched_world *w, u64 now_ns);

/* --- place.c ---------------------------------------------------------------------------------- */

enum sched_distance place_distance(const struct sched *s, u32 a, u32 b);
/* An idle on-line pCPU that may run w, claimed: it must be kicked. SCHED_PCPU_NONE: there is none. */
u32 place_claim_idle(struct sched *s, const struct sched_world *w);
/* A pCPU that was idle has found work of its own: what it may have been kicked for still waits for some other. */
void place_pass_on(struct sched *s, u32 pcpu, struct sched_kicks *kicks);
/* An idle on-line pCPU that may run something that waits in q, claimed. Q. */
u32 place_claim_idle_for_waiting(struct sched *s, const struct sched_queue *q);
/* A queue worth pulling from, SCHED_PCPU_NONE: none. One with worlds that wait; one with worlds below their reservation;
 * one where a world waits beside its sibling; one so far behind in virtual time that moving is worth its cost. Q(pcpu). */
u32 place_pull_any(struct sched *s, u32 pcpu);
u32 place_pull_floor(struct sched *s, u32 pcpu);
u32 place_pull_crowded(struct sched *s, u32 pcpu, u64 now_ns);
u32 place_pull_behind(struct sched *s, u32 pcpu);

#endif
