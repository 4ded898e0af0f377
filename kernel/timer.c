// SPDX-License-Identifier: GPL-2.0-only
/* Per-pCPU timer heaps. A timer's function runs outside the lock; `running` lets timer_cancel()
 * wait for it. */
#include "kernel/timer.h"

#include "arch/arch.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lock.h"
#include "kernel/params.h"
#include "mm/frames.h"

static struct timer_queue {
	struct spinlock lock;
	struct heap heap;      /* [lock] */
	struct timer *running; /* [lock] */
} queues[PCPU_MAX];

int timers_init(u32 pcpu)
{
	void *slots = pages_alloc(TIMERS_PER_PCPU_MAX * sizeof(struct heap_node *));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	heap_init(&queues[pcpu].heap, slots, TIMERS_PER_PCPU_MAX);
	return 0;
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer, u64 now_ns))
{
	heap_node_init(&timer->node);
	timer->pcpu = PCPU_NONE;
	timer->fire = fire;
}

/* Takes the timer off its queue, if it is on one. */
static void timer_unqueue(struct timer *timer)
{
	u32 pcpu = __atomic_load_n(&timer->pcpu, __ATOMIC_ACQUIRE);

	if (pcpu == PCPU_NONE) {
		return;
	}
	struct timer_queue *q = &queues[pcpu];

	spin_lock(&q->lock);
	if (timer->pcpu == pcpu) { /* it may just have fired */
		heap_remove(&q->heap, &timer->node);
		timer->pcpu = PCPU_NONE;
	}
	spin_unlock(&q->lock);
}

void timer_arm(struct timer *timer, u64 deadline_ns)
{
	u32 self = arch_pcpu_id();
	struct timer_queue *q = &queues[self];

	if (timer->pcpu == self && timer->node.key == deadline_ns) {
		return;
	}
	timer_unqueue(timer);
	if (deadline_ns == NEVER_NS) {
		return;
	}
	spin_lock(&q->lock);
	int err = heap_insert(&q->heap, &timer->node, deadline_ns);

	assert(err == 0); /* TIMERS_PER_PCPU_MAX covers every timer there can be */
	timer->pcpu = self;
	spin_unlock(&q->lock);
}

/* Takes the timer off the queue of `pcpu`; true while its function runs there. */
static bool timer_remove_from(struct timer *timer, u32 pcpu)
{
	struct timer_queue *q = &queues[pcpu];

	spin_lock(&q->lock);
	if (timer->pcpu == pcpu) {
		heap_remove(&q->heap, &timer->node);
		timer->pcpu = PCPU_NONE;
	}
	bool running = q->running == timer && pcpu != arch_pcpu_id();

	spin_unlock(&q->lock);
	return running;
}

/* A running function may arm its timer again, on the pCPU where it runs: a queue that was seen
 * without the timer, queued or running, stays without it. */
void timer_cancel(struct timer *timer)
{
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		while (timer_remove_from(timer, i)) {
			arch_relax();
		}
	}
}

/* Takes the first due timer off this pCPU's queue and marks it running. */
static struct timer *timer_take_due(struct timer_queue *q, u64 now_ns)
{
	struct timer *due = NULL;

	spin_lock(&q->lock);
	struct heap_node *first = heap_min(&q->heap);

	if (first != NULL && first->key <= now_ns) {
		due = container_of(first, struct timer, node);
		heap_remove(&q->heap, first);
		due->pcpu = PCPU_NONE;
	}
	q->running = due;
	spin_unlock(&q->lock);
	return due;
}

void timers_run(u64 now_ns)
{
	struct timer_queue *q = &queues[arch_pcpu_id()];
	struct timer *due;

	while ((due = timer_take_due(q, now_ns)) != NULL) {
		due->fire(due, now_ns);
	}
}

u64 timers_next_ns(void)
{
	struct timer_queue *q = &queues[arch_pcpu_id()];

	spin_lock(&q->lock);
	struct heap_node *first = heap_min(&q->heap);
	u64 next_ns = first != NULL ? first->key : NEVER_NS;

	spin_unlock(&q->lock);
	return next_ns;
}
