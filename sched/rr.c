// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round robin behind the dispatch seam: a first-in first-out queue per pCPU, equal slices. A world
 * that wakes goes where it ran last if nothing runs there, else to the pCPU with the least to do. A
 * pCPU with an empty queue takes from the longest queue; at the end of a slice a world moves when
 * its queue is longer by two than another. No shares, no limits, no co-scheduling.
 *
 * Bound: a READY world runs after at most as many slices as worlds were in its queue before it.
 *
 * Pure. Locking: the caller holds one lock for the whole policy.
 */
#include "sched/rr.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

struct rr_queue {
	struct list ready; /* sched_world.node, longest waiting first */
	u32 length;
	bool online;
	struct sched_world *running;
};

struct rr {
	u32 pcpu_count;
	u64 slice_ns;
	struct rr_queue queue[SCHED_PCPU_MAX];
};

static const struct sched_kick no_kick = {SCHED_PCPU_NONE};

static struct rr *rr_of(struct sched *s)
{
	return (struct rr *)s;
}

/* --- queues ----------------------------------------------------------------------------------- */

static bool rr_allows(const struct sched_world *w, u32 pcpu)
{
	return bitmap_test(w->affinity, pcpu);
}

/* What there is to do on a pCPU. */
static u32 rr_load(const struct rr_queue *q)
{
	return q->length + (q->running != NULL ? 1 : 0);
}

static bool rr_is_free(const struct rr_queue *q)
{
	return q->online && rr_load(q) == 0;
}

static void rr_enqueue(struct rr *rr, struct sched_world *w, u32 pcpu)
{
	w->pcpu = pcpu;
	list_push_back(&rr->queue[pcpu].ready, &w->node);
	rr->queue[pcpu].length++;
}

static void rr_dequeue(struct rr *rr, struct sched_world *w)
{
	list_remove(&w->node);
	rr->queue[w->pcpu].length--;
}

static u32 rr_siblings(const struct rr_queue *q, const struct sched_world *w)
{
	u32 count = q->running != NULL && q->running->group == w->group ? 1 : 0;

	list_for_each (other, &q->ready, struct sched_world, node) {
		count += other->group == w->group ? 1 : 0;
	}
	return count;
}

/* --- placement -------------------------------------------------------------------------------- */

/* Whether `w` is better off on `a` than on `b`: less to do there; if equal, fewer siblings, which
 * want to run at the same time; if equal, where it ran last. */
static bool rr_is_better(const struct rr *rr, const struct sched_world *w, u32 a, u32 b)
{
	u32 load_a = rr_load(&rr->queue[a]);
	u32 load_b = rr_load(&rr->queue[b]);
	u32 siblings_a, siblings_b;

	if (load_a != load_b) {
		return load_a < load_b;
	}
	siblings_a = rr_siblings(&rr->queue[a], w);
	siblings_b = rr_siblings(&rr->queue[b], w);
	if (siblings_a != siblings_b) {
		return siblings_a < siblings_b;
	}
	return a == w->pcpu;
}

/* The best on-line pCPU for `w`, or the one it is at when none that it may use is on-line. */
static u32 rr_place(const struct rr *rr, const struct sched_world *w)
{
	u32 best = SCHED_PCPU_NONE;

	if (rr_is_free(&rr->queue[w->pcpu])) {
		return w->pcpu;
	}
	for (u32 pcpu = 0; pcpu < rr->pcpu_count; pcpu++) {
		if (!rr->queue[pcpu].online || !rr_allows(w, pcpu)) {
			continue;
		}
		if (best == SCHED_PCPU_NONE || rr_is_better(rr, w, pcpu, best)) {
			best = pcpu;
		}
	}
	return best != SCHED_PCPU_NONE ? best : w->pcpu;
}

/* --- picking ---------------------------------------------------------------------------------- */

static bool rr_may_pick(const struct sched_world *w, u32 pcpu)
{
	return rr_allows(w, pcpu) && (w->resident == SCHED_PCPU_NONE || w->resident == pcpu);
}

/* The world that waits longest in `q` and may run on `pcpu`. */
static struct sched_world *rr_first(const struct rr_queue *q, u32 pcpu)
{
	list_for_each (w, &q->ready, struct sched_world, node) {
		if (rr_may_pick(w, pcpu)) {
			return w;
		}
	}
	return NULL;
}

/* A world for `pcpu` from the longest of the other queues. A single world on a pCPU that runs
 * nothing is left there, since that pCPU was kicked for it; not so if it is still loaded here: then
 * no other could run it. */
static struct sched_world *rr_steal(const struct rr *rr, u32 pcpu)
{
	struct sched_world *best = NULL;
	u32 best_length = 0;

	for (u32 p = 0; p < rr->pcpu_count; p++) {
		const struct rr_queue *q = &rr->queue[p];
		struct sched_world *w;

		if (q->length <= best_length) {
			continue;
		}
		w = rr_first(q, pcpu);
		if (w != NULL && (rr_load(q) > 1 || !q->online || w->resident == pcpu)) {
			best = w;
			best_length = q->length;
		}
	}
	return best;
}

static struct sched_pick rr_pick(struct sched *s, u32 pcpu, u64 now_ns)
{
	struct rr *rr = rr_of(s);
	struct rr_queue *q = &rr->queue[pcpu];
	struct sched_world *w;

	assert(pcpu < rr->pcpu_count && q->online && q->running == NULL);
	w = rr_first(q, pcpu);
	if (w == NULL) {
		w = rr_steal(rr, pcpu);
	}
	if (w == NULL) {
		return (struct sched_pick){NULL, NEVER_NS};
	}
	rr_dequeue(rr, w);
	w->state = SCHED_RUNNING;
	w->pcpu = pcpu;
	w->resident = pcpu;
	w->wake_pending = false;
	q->running = w;
	return (struct sched_pick){w, now_ns + rr->slice_ns};
}

/* --- transitions ------------------------------------------------------------------------------ */

static void rr_stop(struct rr *rr, struct sched_world *w, enum sched_state state)
{
	assert(w->state == SCHED_RUNNING && rr->queue[w->pcpu].running == w);
	rr->queue[w->pcpu].running = NULL;
	w->state = state;
}

/* Where a world goes that wakes. While it is still loaded on a pCPU that runs nothing, only that
 * one can run it, and nobody would tell that one to give it up. */
static u32 rr_place_woken(const struct rr *rr, const struct sched_world *w)
{
	if (w->resident != SCHED_PCPU_NONE && rr->queue[w->resident].running == NULL) {
		return w->resident;
	}
	return rr_place(rr, w);
}

static struct sched_kick rr_wake(struct sched *s, struct sched_world *w, u64 now_ns)
{
	struct rr *rr = rr_of(s);

	if (w->state == SCHED_READY) {
		return no_kick;
	}
	if (w->state == SCHED_RUNNING) {
		w->wake_pending = true;
		return (struct sched_kick){w->pcpu};
	}
	w->state = SCHED_READY;
	w->ready_since_ns = now_ns;
	rr_enqueue(rr, w, rr_place_woken(rr, w));
	if (rr->queue[w->pcpu].running != NULL || !rr->queue[w->pcpu].online) {
		return no_kick; /* its turn comes at the end of a slice, or when the pCPU is back */
	}
	return (struct sched_kick){w->pcpu};
}

static bool rr_block(struct sched *s, struct sched_world *w, u64 now_ns)
{
	(void)now_ns;
	if (w->wake_pending) {
		w->wake_pending = false;
		return false;
	}
	rr_stop(rr_of(s), w, SCHED_BLOCKED);
	return true;
}

static void rr_requeue(struct sched *s, struct sched_world *w, u64 now_ns)
{
	struct rr *rr = rr_of(s);
	u32 from = w->pcpu;
	u32 to;

	rr_stop(rr, w, SCHED_READY);
	w->ready_since_ns = now_ns;
	to = rr_place(rr, w);
	/* Move only if that makes the longer queue shorter: one world fewer here than there would
	 * merely go to and fro. No kick: nobody can run it before it is settled. */
	if (rr_load(&rr->queue[to]) >= rr->queue[from].length) {
		to = from;
	}
	rr_enqueue(rr, w, to);
}

/* A READY world that can be picked now goes to a pCPU that runs it at once: where it is, if that
 * one is about to pick it; else to one that is free. */
static struct sched_kick rr_settle(struct sched *s, struct sched_world *w)
{
	struct rr *rr = rr_of(s);
	const struct rr_queue *q = &rr->queue[w->pcpu];
	u32 place;

	assert(w->state != SCHED_RUNNING);
	w->resident = SCHED_PCPU_NONE;
	if (w->state != SCHED_READY) {
		return no_kick;
	}
	if (q->online && q->running == NULL && rr_first(q, w->pcpu) == w) {
		return (struct sched_kick){w->pcpu};
	}
	place = rr_place(rr, w);
	if (!rr_is_free(&rr->queue[place])) {
		return no_kick;
	}
	rr_dequeue(rr, w);
	rr_enqueue(rr, w, place);
	return (struct sched_kick){place};
}

static void rr_charge(struct sched *s, struct sched_world *w, u64 ran_ns, u64 now_ns)
{
	(void)s;
	(void)now_ns;
	assert(w->state == SCHED_RUNNING);
	w->run_ns += ran_ns;
}

/* --- members ---------------------------------------------------------------------------------- */

static int rr_add(struct sched *s, struct sched_world *w)
{
	int lowest = bitmap_lowest(w->affinity, SCHED_PCPU_WORDS);

	if (lowest < 0 || (u32)lowest >= rr_of(s)->pcpu_count) {
		return ERR_INVAL;
	}
	w->state = SCHED_BLOCKED;
	w->pcpu = (u32)lowest;
	w->resident = SCHED_PCPU_NONE;
	w->wake_pending = false;
	w->ready_since_ns = 0;
	w->run_ns = 0;
	list_init(&w->node);
	return 0;
}

static void rr_remove(struct sched *s, struct sched_world *w)
{
	assert(w->state != SCHED_RUNNING && w->resident == SCHED_PCPU_NONE);
	if (w->state == SCHED_READY) {
		rr_dequeue(rr_of(s), w);
	}
	w->state = SCHED_BLOCKED;
}

static void rr_pcpu_online(struct sched *s, u32 pcpu, u64 now_ns)
{
	struct rr *rr = rr_of(s);

	(void)now_ns;
	assert(pcpu < rr->pcpu_count);
	rr->queue[pcpu].online = true;
}

static void rr_pcpu_offline(struct sched *s, u32 pcpu, u64 now_ns)
{
	struct rr *rr = rr_of(s);
	struct rr_queue *q = &rr->queue[pcpu];

	(void)now_ns;
	assert(pcpu < rr->pcpu_count && q->running == NULL);
	q->online = false;
	for (u32 left = q->length; left > 0; left--) {
		struct sched_world *w = list_first(&q->ready, struct sched_world, node);

		rr_dequeue(rr, w);
		rr_enqueue(rr, w, rr_place(rr, w));
	}
}

static struct sched *rr_init(void *memory, const struct sched_config *config)
{
	struct rr *rr = memory;

	assert(config->pcpu_count > 0 && config->pcpu_count <= SCHED_PCPU_MAX);
	memset(rr, 0, sizeof(*rr));
	rr->pcpu_count = config->pcpu_count;
	rr->slice_ns = config->slice_ns;
	for (u32 pcpu = 0; pcpu < SCHED_PCPU_MAX; pcpu++) {
		list_init(&rr->queue[pcpu].ready);
	}
	return (struct sched *)rr;
}

/* --- invariants ------------------------------------------------------------------------------- */

static const char *rr_check_ready(const struct rr_queue *q, u32 pcpu)
{
	u32 length = 0;

	list_for_each (w, &q->ready, struct sched_world, node) {
		if (w->node.next->prev != &w->node || w->node.prev->next != &w->node) {
			return "run queue: broken links";
		}
		if (w->state != SCHED_READY || w->pcpu != pcpu) {
			return "run queue: a world that is not READY here";
		}
		if (!rr_allows(w, pcpu)) {
			return "run queue: a world that may not run here";
		}
		if (++length > q->length) {
			return "run queue: longer than counted";
		}
	}
	return length == q->length ? NULL : "run queue: shorter than counted";
}

static const char *rr_check_running(const struct rr_queue *q, u32 pcpu)
{
	const struct sched_world *w = q->running;

	if (w == NULL) {
		return NULL;
	}
	if (!q->online) {
		return "a world runs on an off-line pCPU";
	}
	if (w->state != SCHED_RUNNING || w->pcpu != pcpu || w->resident != pcpu) {
		return "running world: not RUNNING and resident here";
	}
	return rr_allows(w, pcpu) ? NULL : "running world: may not run here";
}

static const char *rr_check(const struct sched *s)
{
	const struct rr *rr = (const struct rr *)s;

	for (u32 pcpu = 0; pcpu < rr->pcpu_count; pcpu++) {
		const char *wrong = rr_check_ready(&rr->queue[pcpu], pcpu);

		if (wrong == NULL) {
			wrong = rr_check_running(&rr->queue[pcpu], pcpu);
		}
		if (wrong != NULL) {
			return wrong;
		}
	}
	return NULL;
}

const struct sched_ops sched_rr = {
	.name = "round robin",
	.memory_bytes = sizeof(struct rr),
	.init = rr_init,
	.pcpu_online = rr_pcpu_online,
	.pcpu_offline = rr_pcpu_offline,
	.add = rr_add,
	.remove = rr_remove,
	.wake = rr_wake,
	.block = rr_block,
	.requeue = rr_requeue,
	.pick = rr_pick,
	.settle = rr_settle,
	.charge = rr_charge,
	.check = rr_check,
};
