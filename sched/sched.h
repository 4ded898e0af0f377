/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dispatch seam: all that kernel/dispatch.c (and a simulator) knows of a scheduling policy. A
 * policy is a const table of pure functions over its own memory and the worlds it was given. It
 * returns decisions and carries none out: the caller loads, enters and unloads worlds, arms timers,
 * sends kicks.
 *
 * Life of a world:      add            wake            pick
 *                  ( ) -----> BLOCKED -----> READY ------------> RUNNING
 *                                ^             ^-- requeue -------|  |
 *                                '---------------- block ------------'
 *
 * Residence. Unloading a world costs; a pCPU therefore keeps the world that it ran last loaded until
 * it picks another one. pick() makes the world resident on that pCPU; the caller says settle() when
 * it has unloaded it. A resident world is never picked by another pCPU. The caller unloads and
 * settles the previous world as soon as pick() answers a different one, and may keep it when pick()
 * answers none.
 *
 * Locking: the caller serialises all calls on one policy. Time: `now_ns` never goes backwards from
 * call to call by more than the clocks of two pCPUs may disagree; policies clamp.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "kernel/lib/bitmap.h"
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"

#define SCHED_PCPU_MAX	 256u
#define SCHED_PCPU_NONE	 UINT32_MAX
#define SCHED_PCPU_WORDS BITMAP_WORDS(SCHED_PCPU_MAX)

enum sched_state { SCHED_BLOCKED, SCHED_READY, SCHED_RUNNING };

/* What the policy keeps about a world; embedded in the vCPU. The caller sets the first three fields
 * before add() and only reads the others. */
struct sched_world {
	u32 id;			       /* for messages */
	u32 group;		       /* its VM: siblings have the same */
	u64 affinity[SCHED_PCPU_WORDS]; /* pCPUs that may run it */

	enum sched_state state;
	u32 pcpu;	     /* whose queue it is in, where it runs, or ran last */
	u32 resident;	     /* see above; SCHED_PCPU_NONE: nowhere */
	bool wake_pending;   /* woken while RUNNING: the next block() is refused */
	u64 ready_since_ns;  /* when it became READY */
	u64 run_ns;	     /* charged in total */
	struct list node;    /* in a run queue while READY */
};

struct sched_config {
	u32 pcpu_count; /* 1 .. SCHED_PCPU_MAX; ids are 0 .. count - 1, all off-line at first */
	u64 slice_ns;
};

/* The world to run now until `until_ns` at the latest (then requeue() and pick() again); NULL: idle
 * until kicked. */
struct sched_pick {
	struct sched_world *world;
	u64 until_ns;
};

/* A pCPU that has to look again: to pick() if it runs nothing, else to leave the guest and see what its
 * world was woken for. SCHED_PCPU_NONE: nobody. A kick must not be dropped: the policy counts on it. */
struct sched_kick {
	u32 pcpu;
};

struct sched; /* a policy's memory */

struct sched_ops {
	const char *name;
	/* Bytes that init() needs, aligned to 64. */
	size_t memory_bytes;
	struct sched *(*init)(void *memory, const struct sched_config *config);

	/* A pCPU begins to pick, or stops for good until on-line again: it runs nothing then, and has
	 * settled what was resident. After off-line the caller kicks all others: worlds were moved. */
	void (*pcpu_online)(struct sched *s, u32 pcpu, u64 now_ns);
	void (*pcpu_offline)(struct sched *s, u32 pcpu, u64 now_ns);

	/* Takes in a world, BLOCKED. ERR_INVAL: its affinity allows no pCPU of this machine. */
	int (*add)(struct sched *s, struct sched_world *w) must_check;
	/* Forgets a world that is BLOCKED or READY and resident nowhere. */
	void (*remove)(struct sched *s, struct sched_world *w);

	/* Something happened to the world. BLOCKED: becomes READY on the pCPU chosen. RUNNING: its next
	 * block() is refused, and its pCPU is the one to kick. READY: nothing. */
	struct sched_kick (*wake)(struct sched *s, struct sched_world *w, u64 now_ns);
	/* The RUNNING world waits for a wake(). False: one came already, it stays RUNNING. */
	bool (*block)(struct sched *s, struct sched_world *w, u64 now_ns) must_check;
	/* The RUNNING world's slice ended, or it gives way: READY again. */
	void (*requeue)(struct sched *s, struct sched_world *w, u64 now_ns);
	/* What `pcpu`, which runs nothing, shall run. */
	struct sched_pick (*pick)(struct sched *s, u32 pcpu, u64 now_ns);
	/* The world is unloaded: others may pick it. The kick is for one that should do so at once. */
	struct sched_kick (*settle)(struct sched *s, struct sched_world *w);

	/* The RUNNING world used `ran_ns` since it was picked or last charged. Call before block(),
	 * requeue(), and whenever else. */
	void (*charge)(struct sched *s, struct sched_world *w, u64 ran_ns, u64 now_ns);

	/* Verifies all invariants: NULL, or what is wrong. */
	const char *(*check)(const struct sched *s);
};

#endif
