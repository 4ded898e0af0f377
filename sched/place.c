// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pCPU. A world that wakes goes where it ran last if that is idle, else to the nearest idle
 * pCPU, whole cores before hyperthreads whose sibling is busy; when none is idle, to the least
 * loaded of a few, unless where it ran last is about as good. A pCPU takes worlds from others'
 * queues when it has nothing to do, when one below its reservation waits there, or when that
 * queue's virtual time is behind its own by more than the move costs: this makes shares mean the
 * same on all pCPUs. Siblings are kept apart. Pure; all here are hints, looked at again under the
 * locks.
 */
#include "kernel/lib/assert.h"
#include "sched/sched_priv.h"

enum sched_distance place_distance(const struct sched *s, u32 a, u32 b)
{
	const struct sched_place *pa = &s->place[a], *pb = &s->place[b];

	if (a == b) {
		return SCHED_SAME;
	}
	if (pa->core == pb->core) {
		return SCHED_CORE;
	}
	if (pa->cache == pb->cache) {
		return SCHED_CACHE;
	}
	return pa->node == pb->node ? SCHED_NODE : SCHED_REMOTE;
}

static bool bit_is(const u64 *map, u32 bit)
{
	return (__atomic_load_n(&map[bit / 64], __ATOMIC_SEQ_CST) >> (bit % 64) & 1) != 0;
}

static bool may_run(const struct sched *s, const struct sched_world *w, u32 pcpu)
{
	return bitmap_test(w->affinity, pcpu) &&
	       __atomic_load_n(&s->queue[pcpu].online, __ATOMIC_RELAXED);
}

static u32 siblings_on(const struct sched_world *w, u32 pcpu)
{
	return __atomic_load_n(&w->group->runnable[pcpu], __ATOMIC_RELAXED);
}

/* The next bit of `map` after `bit`, around; `bit` itself comes last. SCHED_PCPU_NONE: the map is
 * empty. */
static u32 bit_after(const struct sched *s, const u64 *map, u32 bit)
{
	u32 words = BITMAP_WORDS(s->pcpu_count);
	u32 first = (bit + 1) % (words * 64);
	u64 below = BIT(first % 64) - 1;

	for (u32 i = 0; i <= words; i++) {
		u32 word = (first / 64 + i) % words;
		u64 bits = __atomic_load_n(&map[word], __ATOMIC_SEQ_CST);

		bits &= i == 0 ? ~below : i == words ? below : UINT64_MAX;
		if (bits != 0) {
			return word * 64 + (u32)__builtin_ctzll(bits);
		}
	}
	return SCHED_PCPU_NONE;
}

/* Once around the set bits of a map, which may change meanwhile. */
struct walk {
	const u64 *map;
	u32 at;
	u32 passed;
};

static u32 walk_next(const struct sched *s, struct walk *walk)
{
	u32 all = BITMAP_WORDS(s->pcpu_count) * 64;
	u32 next = bit_after(s, walk->map, walk->at);

	if (next == SCHED_PCPU_NONE) {
		return next;
	}
	walk->passed += next > walk->at ? next - walk->at : next + all - walk->at;
	walk->at = next;
	return walk->passed <= all ? next : SCHED_PCPU_NONE;
}

/* --- waking up -------------------------------------------------------------------------------- */

/* Hyperthreads of a core have neighbouring numbers, or numbers half the machine apart. */
static bool core_is_busy(const struct sched *s, u32 pcpu)
{
	const u32 near[] = {pcpu ^ 1, (pcpu + s->pcpu_count / 2) % s->pcpu_count};

	for (u32 i = 0; i < ARRAY_SIZE(near); i++) {
		if (near[i] < s->pcpu_count && place_distance(s, pcpu, near[i]) == SCHED_CORE &&
		    !bit_is(s->idle, near[i])) {
			return true;
		}
	}
	return false;
}

/* Smaller is better: siblings apart, whole cores, near. */
#define RANK_SIBLINGS 100u
#define RANK_NEVER    UINT32_MAX

static u32 idle_rank(const struct sched *s, const struct sched_world *w, u32 pcpu)
{
	if (!may_run(s, w, pcpu)) {
		return RANK_NEVER;
	}
	return (siblings_on(w, pcpu) != 0 ? RANK_SIBLINGS : 0) + (core_is_busy(s, pcpu) ? 10 : 0) +
	       (u32)place_distance(s, w->pcpu, pcpu);
}

/* The best of a few idle pCPUs whose rank is below `limit`. */
static u32 idle_best(const struct sched *s, const struct sched_world *w, u32 limit)
{
	struct walk walk = {s->idle, w->pcpu, 0};
	u32 best = SCHED_PCPU_NONE, best_rank = limit;
	u32 pcpu;

	if (bit_is(s->idle, w->pcpu) && idle_rank(s, w, w->pcpu) == SCHED_SAME) {
		return w->pcpu;
	}
	for (u32 looked = 0;
	     looked < SCHED_LOOK && (pcpu = walk_next(s, &walk)) != SCHED_PCPU_NONE;) {
		u32 rank = idle_rank(s, w, pcpu);

		looked += rank != RANK_NEVER ? 1 : 0;
		best = rank < best_rank ? pcpu : best;
		best_rank = MIN(rank, best_rank);
	}
	return best;
}

u32 place_claim_idle(struct sched *s, const struct sched_world *w)
{
	u32 pcpu = idle_best(s, w, RANK_NEVER);

	if (pcpu != SCHED_PCPU_NONE) {
		sched_bit_put(s->idle, pcpu, false);
	}
	return pcpu;
}

u32 place_claim_idle_for_waiting(struct sched *s, const struct sched_queue *q)
{
	struct timeline_node *n = timeline_first(&q->floor);
	u32 idle = SCHED_PCPU_NONE;

	if (bit_after(s, s->idle, 0) == SCHED_PCPU_NONE) {
		return SCHED_PCPU_NONE;
	}
	for (; n != NULL && idle == SCHED_PCPU_NONE; n = timeline_next(n)) {
		idle = place_claim_idle(s, container_of(n, struct sched_world, floor_at));
	}
	n = timeline_first(&q->shares);
	for (; n != NULL && idle == SCHED_PCPU_NONE; n = timeline_next(n)) {
		idle = place_claim_idle(s, sched_world_at(n));
	}
	return idle;
}

void place_pass_on(struct sched *s, u32 pcpu, struct sched_kicks *kicks)
{
	struct walk idle = {s->idle, pcpu, 0};
	u32 other;

	if (bit_after(s, s->waiting, pcpu) == SCHED_PCPU_NONE) {
		return;
	}
	for (u32 i = 0; i < SCHED_LOOK && (other = walk_next(s, &idle)) != SCHED_PCPU_NONE; i++) {
		sched_bit_put(s->idle, other, false);
		sched_kick_add(kicks, other);
	}
}

/* What there is to run on a pCPU, should w come to it; siblings there weigh more than anything. */
static u64 load_with(const struct sched *s, const struct sched_world *w, u32 pcpu)
{
	u64 load = __atomic_load_n(&s->queue[pcpu].seen_load, __ATOMIC_RELAXED);

	return load + (siblings_on(w, pcpu) != 0 ? BIT(62) : 0);
}

/* A few of the busy pCPUs that may run w, from `first` on; all of them in a small machine, or when
 * siblings are in the way. */
static u32 least_loaded(const struct sched *s, const struct sched_world *w, u32 first)
{
	u32 best = SCHED_PCPU_NONE;
	u64 best_load = UINT64_MAX;

	for (u32 i = 0, looked = 0;
	     i < s->pcpu_count && (looked < SCHED_LOOK || best_load >= BIT(62)); i++) {
		u32 pcpu = (first + i) % s->pcpu_count;

		if (may_run(s, w, pcpu)) {
			u64 load = load_with(s, w, pcpu);

			looked++;
			best = load < best_load ? pcpu : best;
			best_load = MIN(load, best_load);
		}
	}
	return best;
}

u32 sched_place_for(struct sched *s, const struct sched_world *w)
{
	u32 home = __atomic_load_n(&w->pcpu, __ATOMIC_RELAXED);
	u32 place = idle_best(s, w, RANK_SIBLINGS);
	u32 weight = __atomic_load_n(&w->group->weight, __ATOMIC_RELAXED);

	if (place != SCHED_PCPU_NONE) {
		return place;
	}
	/* Starting elsewhere each time, since all begin with the same few otherwise. */
	place = least_loaded(s, w, (home + w->id) % s->pcpu_count);
	if (place == SCHED_PCPU_NONE || !may_run(s, w, home)) {
		return place != SCHED_PCPU_NONE ? place : home;
	}
	return load_with(s, w, home) <= load_with(s, w, place) + weight / 2 ? home : place;
}

/* --- taking from others ----------------------------------------------------------------------- */

/* The nearest of the next few; after a failure each in turn, so that none is left out, once. */
u32 place_pull_any(struct sched *s, u32 pcpu)
{
	struct sched_queue *q = &s->queue[pcpu];
	bool first = q->pulls_failed == 0;
	struct walk walk = {s->waiting, first ? pcpu : q->look, 0};
	u32 best = SCHED_PCPU_NONE;

	for (u32 looked = 0;
	     looked < (first ? SCHED_LOOK : 1u) && q->pulls_failed <= s->pcpu_count;) {
		u32 other = walk_next(s, &walk);

		if (other == SCHED_PCPU_NONE) {
			break;
		}
		if (other == pcpu) {
			continue;
		}
		looked++;
		if (best == SCHED_PCPU_NONE ||
		    place_distance(s, pcpu, other) < place_distance(s, pcpu, best)) {
			best = other;
		}
	}
	q->look = first || best == SCHED_PCPU_NONE ? pcpu : best;
	return best;
}

u32 place_pull_floor(struct sched *s, u32 pcpu)
{
	struct walk walk = {s->waiting_floor, s->queue[pcpu].look, 0};
	u32 other = walk_next(s, &walk);

	if (other == pcpu) {
		other = walk_next(s, &walk);
	}
	if (other != SCHED_PCPU_NONE) {
		s->queue[pcpu].look = other;
	}
	return other;
}

u32 place_pull_crowded(struct sched *s, u32 pcpu, u64 now_ns)
{
	struct sched_queue *q = &s->queue[pcpu];
	struct walk walk = {s->crowded, q->crowd_look, 0};
	u32 other;

	if (now_ns < q->crowd_ns) {
		return SCHED_PCPU_NONE;
	}
	q->crowd_ns = now_ns + SCHED_CROWD_NS;
	other = walk_next(s, &walk);
	if (other == pcpu) {
		other = walk_next(s, &walk);
	}
	q->crowd_look = other != SCHED_PCPU_NONE ? other : pcpu;
	return other;
}

/* How far queue `from` is behind that of `to`, in service of a world of weight `load`, beyond what
 * a move between them must be worth: a slice within a cache, two within a node, three beyond. */
static s64 behind_ns(const struct sched *s, u32 from, u32 to, u64 load)
{
	s64 behind = (s64)(s->queue[to].seen_vtime -
			   __atomic_load_n(&s->queue[from].seen_vtime, __ATOMIC_RELAXED));
	u32 slices = MAX((u32)place_distance(s, from, to), (u32)SCHED_CACHE) - SCHED_CACHE + 1;

	return behind / (s64)SCHED_VTIME_UNIT * (s64)load - (s64)slices * s->slice_ns;
}

/* A difference that pulling cannot make up, since what waits there may not come here, is forgotten
 * beyond what anyone may be owed. */
static void drift_forget(struct sched *s, struct sched_queue *q, s64 behind, u64 load)
{
	s64 most_ns = SCHED_LAG_SLICES * (s64)s->slice_ns;

	if (behind > most_ns) {
		q->offset -= (behind - most_ns) * (s64)SCHED_VTIME_UNIT / (s64)load;
		queue_publish(s, q);
	}
}

u32 place_pull_behind(struct sched *s, u32 pcpu)
{
	struct sched_queue *q = &s->queue[pcpu];
	struct walk walk = {s->waiting, q->look, 0};
	u32 best = SCHED_PCPU_NONE, other;
	s64 best_ns = 0;

	queue_publish(s, q);
	for (u32 i = 0; i < SCHED_LOOK && (other = walk_next(s, &walk)) != SCHED_PCPU_NONE; i++) {
		u32 count = __atomic_load_n(&s->queue[other].seen_count, __ATOMIC_RELAXED);
		u64 load = __atomic_load_n(&s->queue[other].seen_load, __ATOMIC_RELAXED) /
			   MAX(count, 1u);
		s64 behind = other != pcpu ? behind_ns(s, other, pcpu, load) : 0;

		if (behind > best_ns) {
			best_ns = behind;
			best = other;
			drift_forget(s, q, behind, MAX(load, 1ull));
		}
		q->look = other;
	}
	return best;
}

/* --- moving: Q of both ------------------------------------------------------------------------ */

static bool may_move(const struct sched *s, const struct sched_world *w, u32 from, u32 to)
{
	bool idle = s->queue[to].load == 0;

	return w->resident == SCHED_PCPU_NONE && may_run(s, w, to) &&
	       (idle || siblings_on(w, to) == 0 || siblings_on(w, to) + 1 < siblings_on(w, from));
}

static struct sched_world *floor_candidate(const struct sched *s, u32 from, u32 to)
{
	for (struct timeline_node *n = timeline_first(&s->queue[from].floor); n != NULL;
	     n = timeline_next(n)) {
		struct sched_world *w = container_of(n, struct sched_world, floor_at);

		if (may_move(s, w, from, to)) {
			return w;
		}
	}
	return NULL;
}

/* Who is owed most of those that may move; for a busy pCPU only if that is worth the move. */
static struct sched_world *shares_candidate(const struct sched *s, u32 from, u32 to)
{
	bool idle = s->queue[to].load == 0;
	struct timeline_node *n = timeline_first(&s->queue[from].shares);

	for (u32 i = 0; n != NULL && (idle || i < SCHED_LOOK); i++, n = timeline_next(n)) {
		struct sched_world *w = sched_world_at(n);

		if (may_move(s, w, from, to) && (idle || behind_ns(s, from, to, w->load) > 0)) {
			return w;
		}
	}
	return NULL;
}

static bool crowd_candidate(struct sched *s, u32 from, u32 to, struct sched_world **found)
{
	struct timeline_node *n = timeline_first(&s->queue[from].shares);
	bool crowded = false;

	*found = NULL;
	for (; n != NULL && *found == NULL; n = timeline_next(n)) {
		struct sched_world *w = sched_world_at(n);

		if (siblings_on(w, from) > 1) {
			crowded = true;
			*found = may_move(s, w, from, to) ? w : NULL;
		}
	}
	return crowded;
}

static struct sched_world *candidate(struct sched *s, u32 from, u32 to)
{
	struct sched_world *w = s->queue[to].floor.count == 0 ? floor_candidate(s, from, to) : NULL;

	if (w == NULL && bit_is(s->crowded, from)) {
		sched_bit_put(s->crowded, from, crowd_candidate(s, from, to, &w));
	}
	return w != NULL ? w : shares_candidate(s, from, to);
}

bool sched_pull(struct sched *s, u32 from, u32 to, u64 now_ns)
{
	struct sched_world *w = candidate(s, from, to);

	if (w != NULL) {
		queue_move(s, &s->queue[from], &s->queue[to], w, now_ns);
	}
	s->queue[to].pulls_failed = w != NULL ? 0 : s->queue[to].pulls_failed + 1;
	return w != NULL;
}

u32 sched_yield_to(struct sched *s, struct sched_world *target, u32 from, u32 to, u64 now_ns)
{
	bool waits = target->where == SCHED_IN_SHARES || target->where == SCHED_IN_FLOOR;

	/* It may run ahead of its turn by a slice, not by more. */
	if (target->pcpu != from || target->state != SCHED_READY || !waits ||
	    queue_lag_ns(&s->queue[from], target) < -(s64)s->slice_ns) {
		return SCHED_PCPU_NONE;
	}
	if (from != to && may_move(s, target, from, to) && siblings_on(target, to) <= 1) {
		/* The spinning sibling gives its place. */
		queue_move(s, &s->queue[from], &s->queue[to], target, now_ns);
		from = to;
	}
	s->queue[from].chosen = target;
	__atomic_store_n(&s->queue[from].preempt, true, __ATOMIC_SEQ_CST);
	return from;
}
