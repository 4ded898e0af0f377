// SPDX-License-Identifier: GPL-2.0-only
/* What people and tests may see of queues and worlds. Pure; Q is held. */
#include "sched/sched_priv.h"

struct sched_queue_info sched_queue_get(struct sched *s, u32 pcpu)
{
	struct sched_queue *q = &s->queue[pcpu];

	return (struct sched_queue_info){
		.online = q->online,
		.running = q->running,
		.waiting = q->shares.count + q->floor.count,
		.limited = q->limited_count,
		.costopped = q->costop_count,
		.load = q->load,
		.vtime = queue_vtime(q) + (u64)q->offset,
	};
}

s64 sched_lag_ns(struct sched *s, const struct sched_world *w)
{
	bool counts = w->state == SCHED_RUNNING || w->where == SCHED_IN_SHARES ||
		      w->where == SCHED_IN_FLOOR;

	return counts ? queue_lag_ns(sched_queue_of(s, w), w) : 0;
}

void sched_queue_each(struct sched *s, u32 pcpu, void (*fn)(struct sched_world *w, void *arg),
		      void *arg)
{
	struct sched_queue *q = &s->queue[pcpu];

	if (q->running != NULL) {
		fn(q->running, arg);
	}
	for (struct timeline_node *n = timeline_first(&q->floor); n != NULL; n = timeline_next(n)) {
		fn(container_of(n, struct sched_world, floor_at), arg);
	}
	for (struct timeline_node *n = timeline_first(&q->shares); n != NULL;
	     n = timeline_next(n)) {
		fn(sched_world_at(n), arg);
	}
	list_for_each (w, &q->limited, struct sched_world, node) {
		fn(w, arg);
	}
	list_for_each (c, &q->costop, struct sched_world, node) {
		fn(c, arg);
	}
}
