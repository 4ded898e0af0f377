// SPDX-License-Identifier: GPL-2.0-only
/* The invariants of a queue and of what is in it. For tests, the simulator and debug builds: O(n).
 * Pure. */
#include "kernel/lib/bitmap.h"
#include "sched/sched_priv.h"

/* What the queue's sums and counts must be. */
struct tally {
	u64 load;
	s64 sum;
	u32 waiting;
	const char *wrong;
};

static const char *world_check(const struct sched_world *w, u32 pcpu)
{
	if (w->pcpu != pcpu) {
		return "a world of another queue";
	}
	if (!bitmap_test(w->affinity, pcpu)) {
		return "a world that may not run here";
	}
	if (w->group->runnable[pcpu] == 0) {
		return "a runnable world that its group does not count here";
	}
	return NULL;
}

static const char *lag_check(struct sched *s, struct sched_queue *q, const struct sched_world *w)
{
	s64 bound_ns = (s64)sched_lag_bound_ns(s), lag_ns = queue_lag_ns(q, w);

	return lag_ns > bound_ns || lag_ns < -bound_ns ? "a lag beyond the bound" : NULL;
}

static void tally_world(struct sched *s, struct sched_queue *q, const struct sched_world *w,
			struct tally *t)
{
	const char *wrong = world_check(w, sched_queue_number(s, q));

	wrong = wrong != NULL ? wrong : lag_check(s, q, w);
	t->wrong = t->wrong != NULL ? t->wrong : wrong;
	t->load += w->load;
	t->sum += (s64)w->load * (s64)(w->at.start - q->vtime);
}

static void tally_timelines(struct sched *s, struct sched_queue *q, struct tally *t)
{
	bool sound = timeline_check(&q->floor) && timeline_check(&q->shares);

	t->wrong = sound ? t->wrong : "a broken timeline";
	for (struct timeline_node *n = timeline_first(&q->floor); sound && n != NULL;
	     n = timeline_next(n)) {
		const struct sched_world *w = container_of(n, struct sched_world, floor_at);

		sound = w->state == SCHED_READY && w->where == SCHED_IN_FLOOR;
		tally_world(s, q, w, t);
		t->waiting++;
	}
	for (struct timeline_node *n = timeline_first(&q->shares); sound && n != NULL;
	     n = timeline_next(n)) {
		const struct sched_world *w = sched_world_at(n);

		sound = w->state == SCHED_READY && w->where == SCHED_IN_SHARES;
		tally_world(s, q, w, t);
		t->waiting++;
	}
	t->wrong = sound || t->wrong != NULL ? t->wrong
					     : "a world in a timeline that does not wait there";
}

static const char *list_check(const struct list *list, u32 count, enum sched_where where, u32 pcpu)
{
	u32 found = 0;

	list_for_each (w, list, struct sched_world, node) {
		const char *wrong = world_check(w, pcpu);

		if (wrong != NULL) {
			return wrong;
		}
		if (w->state != SCHED_READY || w->where != where || ++found > count) {
			return "a world set aside that should not be";
		}
	}
	return found == count ? NULL : "fewer worlds set aside than counted";
}

static const char *running_check(struct sched *s, struct sched_queue *q, struct tally *t)
{
	const struct sched_world *w = q->running;
	u32 pcpu = sched_queue_number(s, q);

	if (w == NULL) {
		return NULL;
	}
	tally_world(s, q, w, t);
	if (!q->online) {
		return "a world runs on an off-line pCPU";
	}
	if (bitmap_test(s->idle, pcpu)) {
		return "a pCPU is idle and runs a world";
	}
	return w->state == SCHED_RUNNING && w->resident == pcpu
		       ? NULL
		       : "a running world that is not running here";
}

const char *sched_check(struct sched *s, u32 pcpu, u64 now_ns)
{
	struct sched_queue *q = &s->queue[pcpu];
	struct tally t = {0};
	const char *wrong;

	(void)now_ns;
	(void)queue_vtime(q);
	wrong = running_check(s, q, &t);
	tally_timelines(s, q, &t);
	wrong = wrong != NULL ? wrong : t.wrong;
	wrong = wrong != NULL ? wrong
			      : list_check(&q->limited, q->limited_count, SCHED_IN_LIMITED, pcpu);
	wrong = wrong != NULL ? wrong
			      : list_check(&q->costop, q->costop_count, SCHED_IN_COSTOP, pcpu);
	if (wrong != NULL) {
		return wrong;
	}
	if (t.load != q->load || t.sum != q->sum) {
		return "sums that are not those of the worlds";
	}
	if (bitmap_test(s->waiting, pcpu) != (t.waiting != 0) ||
	    bitmap_test(s->waiting_floor, pcpu) != (q->floor.count != 0)) {
		return "others see something else waiting than there is";
	}
	return q->chosen == NULL || q->chosen->pcpu == pcpu ? NULL
							    : "a chosen world that is elsewhere";
}
