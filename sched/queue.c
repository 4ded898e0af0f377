// SPDX-License-Identifier: GPL-2.0-only
/*
 * One pCPU's proportional share: earliest eligible virtual deadline first (Stoica, Abdel-Wahab
 * 1995). A world's `start` is its service so far over its weight; the queue's virtual time V is the
 * weighted mean of all starts, so that the lags w x (V - start) sum to zero. A world is eligible
 * when it is owed something (start <= V); it asks for requests of at most a slice, each with the
 * deadline start + request / weight. Pure; Q is held throughout.
 */
#include "kernel/lib/assert.h"
#include "sched/sched_priv.h"

void queue_init(struct sched_queue *q)
{
	list_init(&q->refill);
	list_init(&q->limited);
	list_init(&q->costop);
	q->refill_ns = q->costop_ns = NEVER_NS;
	/* Far from 0: nobody's start is before it. */
	q->vtime = BIT(40);
}

/* --- virtual time ----------------------------------------------------------------------------- */

u64 queue_vtime(struct sched_queue *q)
{
	s64 mean;

	if (q->load == 0) {
		return q->vtime;
	}
	mean = q->sum / (s64)q->load;
	q->vtime += (u64)mean;
	q->sum -= mean * (s64)q->load;
	return q->vtime;
}

u64 queue_vtime_now(struct sched_queue *q, u64 now_ns)
{
	u64 vtime = queue_vtime(q);

	if (q->running != NULL && now_ns > q->running->started_ns) {
		vtime += (now_ns - q->running->started_ns) * SCHED_VTIME_UNIT / q->load;
	}
	return vtime;
}

s64 queue_lag_ns(struct sched_queue *q, const struct sched_world *w)
{
	return (s64)(queue_vtime(q) - w->at.start) * (s64)w->load / (s64)SCHED_VTIME_UNIT;
}

static u64 service_to_vtime(u64 service_ns, u32 load)
{
	return service_ns * SCHED_VTIME_UNIT / load;
}

static void sums_add(struct sched_queue *q, const struct sched_world *w)
{
	q->load += w->load;
	q->sum += (s64)w->load * (s64)(w->at.start - q->vtime);
}

static void sums_subtract(struct sched_queue *q, const struct sched_world *w)
{
	q->load -= w->load;
	q->sum -= (s64)w->load * (s64)(w->at.start - q->vtime);
	if (q->load == 0) {
		q->sum = 0;
	}
}

/* Its start, so that it is not owed more than its part of the queue's last `owed_ns`, nor ahead by
 * more than a slice. The parts of all that join add up to no more than owed_ns of service. */
static void lag_clamp(const struct sched *s, const struct sched_queue *q, struct sched_world *w,
		      u64 vtime, u64 owed_ns)
{
	s64 owed = (s64)(owed_ns * SCHED_VTIME_UNIT / (q->load + w->load));
	s64 ahead = (s64)service_to_vtime(s->slice_ns, w->load);
	s64 distance = (s64)(w->at.start - vtime);
	u64 start = vtime + (u64)MIN(MAX(distance, -owed), ahead);

	w->at.deadline += start - w->at.start;
	w->at.start = start;
}

/* An empty queue's time has stood still while that of others went on. */
static void catch_up(const struct sched *s, struct sched_queue *q)
{
	s64 behind =
		(s64)(__atomic_load_n(&s->vtime, __ATOMIC_RELAXED) - (q->vtime + (u64)q->offset));

	if (q->load == 0 && behind > 0) {
		q->vtime += (u64)behind;
	}
}

void queue_rehome(struct sched *s, struct sched_world *w, u32 pcpu)
{
	u64 shift = (u64)(s->queue[w->pcpu].offset - s->queue[pcpu].offset);

	w->at.start += shift;
	w->at.deadline += shift;
	__atomic_store_n(&w->pcpu, pcpu, __ATOMIC_RELAXED);
}

void queue_join(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 owed_ns)
{
	catch_up(s, q);
	w->load = __atomic_load_n(&w->group->weight, __ATOMIC_RELAXED);
	lag_clamp(s, q, w, queue_vtime(q), owed_ns);
	sums_add(q, w);
}

void queue_leave(struct sched_queue *q, struct sched_world *w)
{
	(void)queue_vtime(q);
	sums_subtract(q, w);
}

/* --- requests --------------------------------------------------------------------------------- */

void queue_request(const struct sched *s, struct sched_world *w, u64 request_ns)
{
	bool urgent = __atomic_load_n(&w->urgent, __ATOMIC_RELAXED);

	w->request_ns = MIN(MAX(request_ns, SCHED_REQUEST_MIN_NS), s->slice_ns);
	w->at.deadline = w->at.start +
			 service_to_vtime(urgent ? SCHED_REQUEST_MIN_NS : w->request_ns, w->load);
}

u64 queue_request_left_ns(const struct sched_world *w)
{
	s64 left = (s64)(w->at.deadline - w->at.start);

	return left > 0 ? ((u64)left * w->load + SCHED_VTIME_UNIT - 1) / SCHED_VTIME_UNIT : 0;
}

/* The group's weight changed: the service that the world is owed stays. */
static void reweigh(struct sched_queue *q, struct sched_world *w)
{
	u32 weight = __atomic_load_n(&w->group->weight, __ATOMIC_RELAXED);
	u64 vtime = queue_vtime(q);
	u64 request_ns = queue_request_left_ns(w);
	s64 lag;

	if (weight == w->load) {
		return;
	}
	sums_subtract(q, w);
	lag = (s64)(vtime - w->at.start) * (s64)w->load / (s64)weight;
	w->load = weight;
	w->at.start = vtime - (u64)lag;
	w->at.deadline = w->at.start + service_to_vtime(request_ns, weight);
	w->charge_rest = 0;
	sums_add(q, w);
}

void queue_charge(const struct sched *s, struct sched_queue *q, struct sched_world *w, u64 ran_ns)
{
	u64 scaled = ran_ns * SCHED_VTIME_UNIT + w->charge_rest;
	u64 passed = scaled / w->load;

	w->charge_rest = scaled % w->load;
	w->at.start += passed;
	q->sum += (s64)w->load * (s64)passed;
	w->burst_ns += ran_ns;
	reweigh(q, w);
	if (w->where == SCHED_IN_FLOOR) {
		/* What its reservation gives beyond its shares is not held against it for ever. */
		sums_subtract(q, w);
		lag_clamp(s, q, w, queue_vtime(q), SCHED_LAG_SLICES * (u64)s->slice_ns);
		sums_add(q, w);
	}
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void floor_insert(struct sched_queue *q, struct sched_world *w, s64 left_ns, u64 now_ns)
{
	u64 end_ns = bucket_period_end_ns(now_ns);

	/* The floor has an order of its own: who must start first to get all of its reservation in
	 * this period. */
	w->where = SCHED_IN_FLOOR;
	w->floor_at.start = end_ns - MIN((u64)left_ns, end_ns);
	timeline_insert(&q->floor, &w->floor_at);
}

void queue_insert(struct sched *s, struct sched_queue *q, struct sched_world *w, u64 now_ns)
{
	s64 left_ns = 0;

	if (w->at.deadline <= w->at.start) {
		queue_request(s, w, w->request_ns);
	}
	if (w->group->runnable[w->pcpu] > 1) {
		sched_bit_put(s->crowded, w->pcpu, true);
	}
	if (pool_floor_left(w->group, now_ns, &left_ns)) {
		floor_insert(q, w, left_ns, now_ns);
	} else {
		w->where = SCHED_IN_SHARES;
		timeline_insert(&q->shares, &w->at);
		if (pool_has_floor(w->group)) {
			list_push_back(&q->refill, &w->node);
			q->refill_ns = MIN(q->refill_ns, bucket_period_end_ns(now_ns));
		}
	}
	queue_publish(s, q);
}

void queue_remove(struct sched *s, struct sched_queue *q, struct sched_world *w)
{
	if (w->where == SCHED_IN_FLOOR) {
		timeline_remove(&q->floor, &w->floor_at);
	} else {
		assert(w->where == SCHED_IN_SHARES);
		timeline_remove(&q->shares, &w->at);
		list_remove(&w->node);
	}
	if (q->chosen == w) {
		q->chosen = NULL;
	}
	queue_publish(s, q);
}

struct sched_world *queue_first(struct sched_queue *q)
{
	struct timeline_node *n = timeline_first(&q->floor);

	if (q->chosen != NULL) {
		return q->chosen;
	}
	if (n != NULL) {
		return container_of(n, struct sched_world, floor_at);
	}
	/* The mean of all starts is not before the first of them: one is eligible. */
	n = timeline_earliest(&q->shares, queue_vtime(q));
	return n != NULL ? sched_world_at(n) : NULL;
}

u64 queue_eligible_ns(struct sched_queue *q, const struct sched_world *w, u64 now_ns)
{
	s64 ahead = (s64)(w->at.start - queue_vtime_now(q, now_ns));

	/* V advances by the unit over the load. */
	return ahead > 0 ? now_ns + ((u64)ahead * q->load + SCHED_VTIME_UNIT - 1) / SCHED_VTIME_UNIT
			 : now_ns;
}

u64 queue_until_ns(struct sched_queue *q, u64 now_ns)
{
	struct timeline_node *n = timeline_earliest(&q->shares, UINT64_MAX);

	if (n == NULL || q->running->where != SCHED_IN_SHARES ||
	    n->deadline >= q->running->at.deadline) {
		return NEVER_NS;
	}
	return queue_eligible_ns(q, sched_world_at(n), now_ns);
}

void queue_hurry(struct sched *s, struct sched_queue *q, u64 now_ns)
{
	struct timeline_node *n = timeline_first(&q->shares);

	/* Those that are owed most are the first; who is not owed anything would not be picked
	 * anyway. */
	for (u32 i = 0; n != NULL && i < SCHED_LOOK; i++) {
		struct sched_world *w = sched_world_at(n);

		n = timeline_next(n);
		if (__atomic_load_n(&w->urgent, __ATOMIC_RELAXED) &&
		    queue_request_left_ns(w) > SCHED_REQUEST_MIN_NS) {
			timeline_remove(&q->shares, &w->at);
			queue_request(s, w, w->request_ns);
			timeline_insert(&q->shares, &w->at);
			/* It may have been told while its group was stopped. */
			account_enter(&w->account, ACCOUNT_READY, now_ns);
		}
	}
}

void queue_move(struct sched *s, struct sched_queue *from, struct sched_queue *to,
		struct sched_world *w, u64 now_ns)
{
	u8 *runnable = w->group->runnable;

	queue_remove(s, from, w);
	queue_leave(from, w);
	__atomic_sub_fetch(&runnable[w->pcpu], 1, __ATOMIC_RELAXED);
	queue_rehome(s, w, sched_queue_number(s, to));
	__atomic_add_fetch(&runnable[w->pcpu], 1, __ATOMIC_RELAXED);
	queue_join(s, to, w, SCHED_LAG_SLICES * (u64)s->slice_ns);
	queue_insert(s, to, w, now_ns);
	queue_publish(s, from);
}

/* --- what others see -------------------------------------------------------------------------- */

void queue_publish(struct sched *s, struct sched_queue *q)
{
	u64 vtime = queue_vtime(q) + (u64)q->offset;
	u32 number = sched_queue_number(s, q);
	u32 count = q->shares.count + q->floor.count + (q->running != NULL ? 1 : 0);

	__atomic_store_n(&q->seen_vtime, vtime, __ATOMIC_RELAXED);
	__atomic_store_n(&q->seen_load, q->load, __ATOMIC_RELAXED);
	__atomic_store_n(&q->seen_count, count, __ATOMIC_RELAXED);
	if ((s64)(vtime - __atomic_load_n(&s->vtime, __ATOMIC_RELAXED)) >
	    (s64)SCHED_REQUEST_MIN_NS) {
		/* A race may store the smaller one of two; the next one mends it. */
		__atomic_store_n(&s->vtime, vtime, __ATOMIC_RELAXED);
	}
	sched_bit_put(s->waiting, number, q->shares.count + q->floor.count != 0);
	sched_bit_put(s->waiting_floor, number, q->floor.count != 0);
}
