// SPDX-License-Identifier: GPL-2.0-only
/*
 * A world's transitions, and what a pCPU does next. The parts are elsewhere: proportional share in
 * queue.c, siblings in cosched.c, shares of groups and allowances in pool.c, which pCPU in place.c.
 * Pure; locks as sched.h says.
 */
#include "sched/sched.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "sched/sched_priv.h"

/* --- machine ---------------------------------------------------------------------------------- */

size_t sched_memory_bytes(u32 pcpu_count)
{
	return sizeof(struct sched) + pcpu_count * sizeof(struct sched_queue);
}

struct sched *sched_init(void *memory, const struct sched_config *config)
{
	struct sched *s = memory;

	assert(config->pcpu_count > 0 && config->pcpu_count <= SCHED_PCPU_MAX);
	assert(config->slice_ns >= NSEC_PER_MSEC && config->slice_ns <= 100 * NSEC_PER_MSEC);
	memset(s, 0, sched_memory_bytes(config->pcpu_count));
	s->pcpu_count = config->pcpu_count;
	s->slice_ns = (u32)config->slice_ns;
	s->place = config->place;
	list_init(&s->pools);
	list_init(&s->groups);
	for (u32 i = 0; i < s->pcpu_count; i++) {
		queue_init(&s->queue[i]);
	}
	return s;
}

void sched_pcpu_online(struct sched *s, u32 pcpu, u64 now_ns)
{
	(void)now_ns;
	assert(pcpu < s->pcpu_count);
	__atomic_store_n(&s->queue[pcpu].online, true, __ATOMIC_RELAXED);
}

u64 sched_lag_bound_ns(const struct sched *s)
{
	/* A caller that is late lets worlds run on. */
	return 2 * SCHED_LAG_SLICES * (u64)s->slice_ns +
	       __atomic_load_n(&s->overrun_ns, __ATOMIC_RELAXED);
}

/* --- members ---------------------------------------------------------------------------------- */

void sched_world_init(struct sched_world *w, u64 now_ns)
{
	w->state = SCHED_BLOCKED;
	w->where = SCHED_NOWHERE;
	w->resident = SCHED_PCPU_NONE;
	w->ran_on = SCHED_PCPU_NONE;
	timeline_node_init(&w->at, w->id);
	timeline_node_init(&w->floor_at, w->id);
	list_init(&w->node);
	account_init(&w->account, ACCOUNT_WAIT, now_ns);
}

int sched_add(struct sched *s, struct sched_world *w, struct sched_group *g, u64 now_ns)
{
	int lowest = bitmap_lowest(w->affinity, SCHED_PCPU_WORDS);

	if (lowest < 0 || (u32)lowest >= s->pcpu_count) {
		return ERR_INVAL;
	}
	if (g->count == SCHED_SIBLINGS_MAX) {
		return ERR_LIMIT;
	}
	w->group = g;
	w->pcpu = (u32)lowest;
	w->wake_pending = w->urgent = false;
	w->load = 0;
	w->charge_rest = 0;
	/* Owed nothing: the queue that it wakes in brings it up to its own time. */
	w->at.start = w->at.deadline = 0;
	w->request_ns = s->slice_ns;
	w->burst_ns = s->slice_ns;
	cosched_add(w, now_ns);
	return 0;
}

/* Takes a READY world out of wherever it is. */
static void ready_leave(struct sched *s, struct sched_queue *q, struct sched_world *w)
{
	switch (w->where) {
	case SCHED_IN_SHARES:
	case SCHED_IN_FLOOR:
		queue_remove(s, q, w);
		queue_leave(q, w);
		break;
	case SCHED_IN_LIMITED:
		q->limited_count--;
		list_remove(&w->node);
		break;
	case SCHED_IN_COSTOP:
		q->costop_count--;
		list_remove(&w->node);
		break;
	case SCHED_NOWHERE:
		break;
	}
	w->where = SCHED_NOWHERE;
}

/* READY, and waiting for a turn; in a group that is stopped, for the siblings. */
static void account_ready(struct sched_world *w, u64 now_ns)
{
	account_enter(&w->account, w->group->stopped ? ACCOUNT_COSTOP : ACCOUNT_READY, now_ns);
}

static void runnable_count(struct sched_world *w, int change)
{
	__atomic_add_fetch(&w->group->runnable[w->pcpu], (u8)change, __ATOMIC_RELAXED);
}

void sched_remove(struct sched *s, struct sched_world *w, u64 now_ns)
{
	struct sched_queue *q = sched_queue_of(s, w);

	assert(w->state != SCHED_RUNNING && w->resident == SCHED_PCPU_NONE);
	if (w->state == SCHED_READY) {
		ready_leave(s, q, w);
		runnable_count(w, -1);
		queue_publish(s, q);
	}
	w->state = SCHED_BLOCKED;
	account_enter(&w->account, ACCOUNT_WAIT, now_ns);
	cosched_remove(w, now_ns);
}

/* --- waking ----------------------------------------------------------------------------------- */

/* Whether w, which waits in q, goes before what runs there: by its reservation; or its deadline
 * comes first, and it is eligible before that one's time is up. */
static bool goes_first(struct sched_queue *q, const struct sched_world *w, u64 now_ns)
{
	const struct sched_world *r = q->running;

	if (w->where != r->where) {
		return w->where == SCHED_IN_FLOOR;
	}
	if (w->where == SCHED_IN_FLOOR) {
		return false; /* both keep theirs as long as the period can still hold them */
	}
	return w->at.deadline < r->at.deadline && queue_eligible_ns(q, w, now_ns) < r->until_ns;
}

/* A READY world waits in q from now on. Who must look? */
static u32 announce(struct sched *s, struct sched_queue *q, const struct sched_world *w, u64 now_ns)
{
	if (q->running == NULL) {
		sched_bit_put(s->idle, w->pcpu, false);
		return w->pcpu;
	}
	if (goes_first(q, w, now_ns)) {
		__atomic_store_n(&q->preempt, true, __ATOMIC_SEQ_CST);
		return w->pcpu;
	}
	/* One that went idle while it was placed here. */
	return place_claim_idle(s, w);
}

/* The time that a world slept is gone: it is owed nothing. What it is ahead by stays. */
static void enqueue_woken(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 now_ns)
{
	queue_join(s, q, w, 0);
	/* Who sleeps soon again asks for little, and is served soon: for what it last used. */
	queue_request(s, w, w->burst_ns);
	w->burst_ns = 0;
	queue_insert(s, q, w, now_ns);
}

u32 sched_wake(struct sched *s, struct sched_world *w, u32 to, u64 now_ns)
{
	struct sched_queue *q;

	if (w->state == SCHED_READY) {
		return SCHED_PCPU_NONE;
	}
	if (w->state == SCHED_RUNNING) {
		w->wake_pending = true;
		return w->pcpu;
	}
	if (w->resident == SCHED_PCPU_NONE) {
		queue_rehome(s, w, to);
	}
	q = sched_queue_of(s, w);
	w->state = SCHED_READY;
	runnable_count(w, 1);
	__atomic_store_n(&w->group->active_ns, now_ns, __ATOMIC_RELAXED);
	account_ready(w, now_ns);
	cosched_woken(w, now_ns);
	enqueue_woken(s, q, w, now_ns);
	return announce(s, q, w, now_ns);
}

/* --- choosing --------------------------------------------------------------------------------- */

bool sched_preempt_due(const struct sched *s, u32 pcpu)
{
	return __atomic_load_n(&s->queue[pcpu].preempt, __ATOMIC_SEQ_CST);
}

/* A world whose limit or co-stop is over waits for its turn again; what it was owed is not lost. */
static void ready_return(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 owed_ns,
			 u64 now_ns)
{
	ready_leave(s, q, w);
	account_ready(w, now_ns);
	queue_join(s, q, w, owed_ns);
	queue_insert(s, q, w, now_ns);
}

/* A new period: reservations and limits are filled again. */
static void period_begin(struct sched *s, struct sched_queue *q, u64 now_ns)
{
	struct list again;
	s64 left_ns;

	q->refill_ns = NEVER_NS;
	list_init(&again);
	while (!list_empty(&q->refill)) {
		struct sched_world *w = list_first(&q->refill, struct sched_world, node);

		list_remove(&w->node);
		list_push_back(&again, &w->node);
	}
	while (!list_empty(&again)) {
		struct sched_world *w = list_first(&again, struct sched_world, node);

		queue_remove(s, q, w);
		queue_insert(s, q, w, now_ns);
	}
	for (struct list *l = q->limited.next, *next; l != &q->limited; l = next) {
		struct sched_world *w = container_of(l, struct sched_world, node);

		next = l->next;
		left_ns = pool_cap_left_ns(w->group, now_ns);
		if (left_ns > 0) {
			/* Of those that share a limit, who had least of the last period goes first.
			 */
			ready_return(s, q, w, (u64)s->slice_ns, now_ns);
		} else {
			q->refill_ns = MIN(q->refill_ns, pool_cap_refill_ns(w->group, now_ns));
		}
	}
}

/* A co-stopped world to ask again: one that shall start with its siblings, or whose time has come.
 */
static struct sched_world *costop_due(struct sched_queue *q, u64 now_ns)
{
	struct sched_world *due = NULL;
	bool gang = __atomic_exchange_n(&q->gang, false, __ATOMIC_SEQ_CST);

	if (!gang && now_ns < q->costop_ns) {
		return NULL;
	}
	q->costop_ns = NEVER_NS;
	list_for_each (w, &q->costop, struct sched_world, node) {
		bool wanted = __atomic_load_n(&w->gang, __ATOMIC_RELAXED);

		if (wanted || w->check_ns <= now_ns) {
			/* The others have their turn at the next look. */
			__atomic_store_n(&q->gang, due != NULL, __ATOMIC_SEQ_CST);
			due = due == NULL || (wanted && w->at.start < due->at.start) ? w : due;
		}
		q->costop_ns = MIN(q->costop_ns, w->check_ns);
	}
	return due;
}

static void review(struct sched *s, struct sched_queue *q, u64 now_ns)
{
	if (now_ns >= q->refill_ns) {
		period_begin(s, q, now_ns);
	}
	if (__atomic_exchange_n(&q->hurry, false, __ATOMIC_RELAXED)) {
		queue_hurry(s, q, now_ns);
	}
}

static struct sched_choice choice_pull(u32 from)
{
	return (struct sched_choice){NULL, 0, from};
}

static struct sched_choice choose_idle(struct sched *s, u32 pcpu)
{
	struct sched_queue *q = &s->queue[pcpu];
	u32 from;

	q->idled = true;
	/* First seen idle, then looking: who queues a world meanwhile kicks, or is seen. */
	sched_bit_put(s->idle, pcpu, true);
	from = place_pull_any(s, pcpu);
	if (from != SCHED_PCPU_NONE) {
		return choice_pull(from);
	}
	return (struct sched_choice){NULL, MIN(q->refill_ns, q->costop_ns), SCHED_PCPU_NONE};
}

struct sched_choice sched_choose(struct sched *s, u32 pcpu, u32 pulled, u64 now_ns)
{
	struct sched_queue *q = &s->queue[pcpu];
	struct sched_world *w;
	u32 from = SCHED_PCPU_NONE;

	assert(q->online && q->running == NULL);
	__atomic_store_n(&q->preempt, false, __ATOMIC_SEQ_CST);
	q->pulls_failed = pulled == 0 ? 0 : q->pulls_failed;
	review(s, q, now_ns);
	w = costop_due(q, now_ns);
	if (w != NULL) {
		return (struct sched_choice){w, 0, SCHED_PCPU_NONE};
	}
	w = queue_first(q);
	if (w == NULL) {
		return choose_idle(s, pcpu);
	}
	if (pulled == 0 && w != q->chosen && w->where == SCHED_IN_SHARES) {
		from = place_pull_floor(s, pcpu);
		from = from != SCHED_PCPU_NONE ? from : place_pull_crowded(s, pcpu, now_ns);
		from = from != SCHED_PCPU_NONE ? from : place_pull_behind(s, pcpu);
	}
	return from != SCHED_PCPU_NONE ? choice_pull(from)
				       : (struct sched_choice){w, 0, SCHED_PCPU_NONE};
}

/* --- starting --------------------------------------------------------------------------------- */

static void set_aside(struct sched *s, struct sched_queue *q, struct sched_world *w,
		      enum sched_where where, u64 now_ns)
{
	if (w->where != where) {
		ready_leave(s, q, w);
		list_push_back(where == SCHED_IN_LIMITED ? &q->limited : &q->costop, &w->node);
		q->limited_count += where == SCHED_IN_LIMITED ? 1 : 0;
		q->costop_count += where == SCHED_IN_COSTOP ? 1 : 0;
		w->where = where;
	}
	account_enter(&w->account, where == SCHED_IN_LIMITED ? ACCOUNT_LIMITED : ACCOUNT_COSTOP,
		      now_ns);
	queue_publish(s, q);
}

/* All siblings that run stop, all with `gang` start: their pCPUs must look. */
static void siblings_kick(struct sched *s, struct sched_world *w, struct sched_kicks *kicks)
{
	for (u32 i = 0; i < w->group->count; i++) {
		struct sched_world *m = w->group->member[i];
		u32 pcpu = __atomic_load_n(&m->pcpu, __ATOMIC_RELAXED);

		if (m != w && (m->gang || m->state == SCHED_RUNNING)) {
			__atomic_store_n(&s->queue[pcpu].gang, true, __ATOMIC_SEQ_CST);
			__atomic_store_n(&s->queue[pcpu].preempt, true, __ATOMIC_SEQ_CST);
			sched_kick_add(kicks, pcpu);
		}
	}
}

/* The sibling m should run soon: its queue shortens its request, and looks now unless what runs
 * there has just begun. */
static void hurry(struct sched *s, struct sched_world *m, u64 now_ns, struct sched_kicks *kicks)
{
	u32 pcpu = __atomic_load_n(&m->pcpu, __ATOMIC_RELAXED);
	struct sched_queue *q = &s->queue[pcpu];

	if (__atomic_exchange_n(&m->urgent, true, __ATOMIC_RELAXED)) {
		return;
	}
	__atomic_store_n(&q->hurry, true, __ATOMIC_SEQ_CST);
	if (now_ns > __atomic_load_n(&q->began_ns, __ATOMIC_RELAXED) + SCHED_RUN_MIN_NS) {
		__atomic_store_n(&q->preempt, true, __ATOMIC_SEQ_CST);
		sched_kick_add(kicks, pcpu);
	}
}

static void costop(struct sched *s, struct sched_queue *q, struct sched_world *w,
		   enum cosched_verdict verdict, u64 check_ns, u64 now_ns,
		   struct sched_kicks *kicks)
{
	struct sched_world *laggard = cosched_laggard(w, now_ns);

	w->group->costops += w->where != SCHED_IN_COSTOP ? 1 : 0;
	w->check_ns = check_ns;
	set_aside(s, q, w, SCHED_IN_COSTOP, now_ns);
	q->costop_ns = MIN(q->costop_ns, check_ns);
	if (verdict == COSCHED_STOP) {
		siblings_kick(s, w, kicks);
	} else if (laggard != NULL) {
		hurry(s, laggard, now_ns, kicks);
	}
}

/* Siblings run at the same time where their turns allow it: they ask for little now, which makes
 * their deadlines early; their pCPUs look whether that makes them the first. None is invited where
 * another runs. */
static void siblings_invite(struct sched *s, const struct sched_world *w, u64 now_ns,
			    struct sched_kicks *kicks)
{
	const struct sched_group *g = w->group;
	u64 taken[SCHED_PCPU_WORDS] = {0};

	if (g->rule == SCHED_COSCHED_OFF || g->executing == g->count) {
		return;
	}
	for (u32 i = 0; i < g->count; i++) {
		if (g->member[i]->state == SCHED_RUNNING) {
			bitmap_set(taken, g->member[i]->pcpu);
		}
	}
	for (u32 i = 0; i < g->count; i++) {
		struct sched_world *m = g->member[i];

		if (m->state == SCHED_READY && !bitmap_test(taken, m->pcpu)) {
			hurry(s, m, now_ns, kicks);
		}
	}
}

static void run(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 now_ns)
{
	bool migrated = w->ran_on != w->pcpu && w->ran_on != SCHED_PCPU_NONE;

	if (w->where == SCHED_IN_COSTOP) {
		/* Its siblings' turn is its own. */
		ready_return(s, q, w, SCHED_LAG_SLICES * (u64)s->slice_ns, now_ns);
	}
	queue_remove(s, q, w);
	q->running = w;
	w->state = SCHED_RUNNING;
	w->resident = w->ran_on = w->pcpu;
	w->wake_pending = false;
	w->started_ns = now_ns;
	__atomic_store_n(&w->urgent, false, __ATOMIC_RELAXED);
	sched_bit_put(s->idle, w->pcpu, false);
	account_enter(&w->account, ACCOUNT_RUN, now_ns);
	if (q->last != w) {
		__atomic_store_n(&q->began_ns, now_ns, __ATOMIC_RELAXED);
		account_count_start(&w->account, migrated);
	}
	q->last = w;
	cosched_started(w, now_ns);
	queue_publish(s, q);
}

/* A share of what is left for all siblings that run; no less than is worth a start. */
static u64 part_of(s64 left_ns, const struct sched_world *w)
{
	return MAX((u64)MAX(left_ns, 0) / MAX(w->group->executing, 1u), SCHED_START_MIN_NS);
}

/* Until when: its request, what its limits and its reservation leave, its siblings, the next one's
 * turn, and what the queue must look at. */
static u64 run_until(struct sched_queue *q, struct sched_world *w, u64 cosched_ns, u64 now_ns)
{
	s64 cap_ns = pool_cap_left_ns(w->group, now_ns), floor_ns;
	u64 left_ns = MAX(queue_request_left_ns(w), SCHED_START_MIN_NS);
	u64 turn_ns = MAX(MAX(queue_until_ns(q, now_ns), q->began_ns + SCHED_RUN_MIN_NS),
			  now_ns + SCHED_START_MIN_NS);

	if (cap_ns != INT64_MAX) {
		left_ns = MIN(left_ns, part_of(cap_ns, w));
	}
	if (w->where == SCHED_IN_FLOOR && pool_floor_left(w->group, now_ns, &floor_ns)) {
		left_ns = MIN(left_ns, part_of(floor_ns, w));
	}
	return MIN(MIN(MIN(now_ns + left_ns, cosched_ns), turn_ns),
		   MIN(q->refill_ns, q->costop_ns));
}

bool sched_start(struct sched *s, struct sched_world *w, u64 now_ns, u64 *until_ns,
		 struct sched_kicks *kicks)
{
	struct sched_queue *q = sched_queue_of(s, w);
	enum cosched_verdict verdict;
	u64 cosched_ns;

	assert(w->state == SCHED_READY && q->running == NULL);
	if (pool_cap_left_ns(w->group, now_ns) <= 0) {
		set_aside(s, q, w, SCHED_IN_LIMITED, now_ns);
		q->refill_ns = MIN(q->refill_ns, pool_cap_refill_ns(w->group, now_ns));
		return false;
	}
	verdict = cosched_ask(w, w->where == SCHED_IN_COSTOP, now_ns, &cosched_ns);
	if (verdict == COSCHED_WAIT || verdict == COSCHED_STOP) {
		costop(s, q, w, verdict, cosched_ns, now_ns, kicks);
		return false;
	}
	if (w->where == SCHED_IN_COSTOP && !w->gang) {
		ready_return(s, q, w, SCHED_LAG_SLICES * (u64)s->slice_ns, now_ns);
		return false;
	}
	if (verdict == COSCHED_TOGETHER) {
		siblings_kick(s, w, kicks);
	}
	run(s, q, w, now_ns);
	if (q->idled) {
		q->idled = false;
		place_pass_on(s, w->pcpu, kicks);
	}
	siblings_invite(s, w, now_ns, kicks);
	*until_ns = w->until_ns = run_until(q, w, cosched_ns, now_ns);
	sched_kick_add(kicks, place_claim_idle_for_waiting(s, q));
	return true;
}

/* --- stopping --------------------------------------------------------------------------------- */

/* Charges the RUNNING world: real time less what went to others. */
static void charge(const struct sched *s, struct sched_queue *q, struct sched_world *w,
		   const struct sched_used *used, u64 now_ns)
{
	u64 passed_ns = now_ns > w->started_ns ? now_ns - w->started_ns : 0;
	u64 ran_ns = passed_ns - MIN(passed_ns, used->overlap_ns);

	w->started_ns += passed_ns;
	queue_charge(s, q, w, ran_ns);
	pool_use(w->group, ran_ns, w->where == SCHED_IN_FLOOR, now_ns);
	account_add_used(&w->account, used->guest_ns, used->overlap_ns);
	__atomic_store_n(&w->group->active_ns, now_ns, __ATOMIC_RELAXED);
}

static void requeue(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 now_ns)
{
	w->state = SCHED_READY;
	account_ready(w, now_ns);
	if (w->at.start >= w->at.deadline) {
		/* It used all that it asked for: more next time, up to a slice. */
		queue_request(s, w, 2 * w->request_ns);
	}
	queue_insert(s, q, w, now_ns);
}

void sched_stop(struct sched *s, struct sched_world *w, enum sched_stop why,
		const struct sched_used *used, u64 now_ns, struct sched_kicks *kicks)
{
	struct sched_queue *q = sched_queue_of(s, w);
	bool blocks = why != SCHED_STOP_SLICE && !w->wake_pending;

	assert(w->state == SCHED_RUNNING && q->running == w);
	if (now_ns > w->until_ns && now_ns - w->until_ns > s->overrun_ns) {
		__atomic_store_n(&s->overrun_ns, now_ns - w->until_ns, __ATOMIC_RELAXED);
	}
	charge(s, q, w, used, now_ns);
	if (cosched_stopped(w, blocks, used->guest_ns, now_ns)) {
		siblings_kick(s, w, kicks);
	}
	q->running = NULL;
	w->wake_pending = false;
	if (!blocks) {
		requeue(s, q, w, now_ns);
		return;
	}
	queue_leave(q, w);
	runnable_count(w, -1);
	w->state = SCHED_BLOCKED;
	w->where = SCHED_NOWHERE;
	account_enter(&w->account, why == SCHED_STOP_HALT ? ACCOUNT_IDLE : ACCOUNT_WAIT, now_ns);
	queue_publish(s, q);
}

u32 sched_settle(struct sched *s, struct sched_world *w)
{
	w->resident = SCHED_PCPU_NONE;
	return w->state == SCHED_READY ? place_claim_idle(s, w) : SCHED_PCPU_NONE;
}

struct sched_world *sched_yield_target(const struct sched_world *w, u64 now_ns)
{
	const struct sched_group *g = w->group;
	struct sched_world *best = NULL;

	/* Who waits and has got least of its work done is the likeliest to hold what this one waits
	 * for. */
	for (u32 i = 0; i < g->count; i++) {
		struct sched_world *m = g->member[i];
		bool waits = m != w && __atomic_load_n(&m->state, __ATOMIC_RELAXED) == SCHED_READY;

		if (waits && (best == NULL ||
			      cosched_progress_of(m, now_ns) < cosched_progress_of(best, now_ns))) {
			best = m;
		}
	}
	return best;
}
