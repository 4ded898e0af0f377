// SPDX-License-Identifier: GPL-2.0-only
/* The machine: time, events, kicks, wake-ups, books. What a pCPU does at an event is in steps.c.
 * See sim.h. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "tests/sim/calls.h"
#include "tests/sim/watch.h"

#define TICK_NS	    (100 * NSEC_PER_MSEC)
/* Events of one moment, for each pCPU: more are a loop. */
#define STUCK_STEPS 1000

void sim_fail(struct sim *m, const char *fmt, ...)
{
	va_list ap;

	if (m->failed) {
		return;
	}
	m->failed = true;
	va_start(ap, fmt);
	vsnprintf(m->failure, sizeof(m->failure), fmt, ap);
	va_end(ap);
	sim_trace(m, "FAILED: %s", m->failure);
}

void sim_trace(struct sim *m, const char *fmt, ...)
{
	va_list ap;

	if (m->trace == NULL) {
		return;
	}
	fprintf(m->trace, "%13.6f  ", (double)m->now_ns / (double)NSEC_PER_MSEC);
	va_start(ap, fmt);
	vfprintf(m->trace, fmt, ap);
	va_end(ap);
	fputc('\n', m->trace);
}

u64 sim_clock_ns(const struct sim *m, u32 pcpu)
{
	return m->now_ns + m->pcpu[pcpu].clock_ns;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	assert(memory != NULL);
	return memory;
}

static void heap_make(struct heap *h, u32 capacity)
{
	heap_init(h, allocate(capacity, sizeof(struct heap_node *)), capacity);
}

static void insert(struct heap *h, struct heap_node *n, u64 key)
{
	int err = heap_insert(h, n, key);

	assert(err == 0);
}

static void places_make(struct sim *m)
{
	const struct sim_config *c = &m->config;

	m->place = allocate(c->pcpus, sizeof(*m->place));
	for (u32 i = 0; i < c->pcpus; i++) {
		struct sched_place *at = &m->place[i];

		at->core = i / (c->threads != 0 ? c->threads : 1);
		at->cache = c->cores != 0 ? at->core / c->cores : 0;
		at->node = c->caches != 0 ? at->cache / c->caches : 0;
	}
}

static void pcpu_make(struct sim *m, u32 id)
{
	struct sim_pcpu *p = &m->pcpu[id];

	p->id = id;
	p->until_ns = p->kick_ns = p->interrupt_ns = NEVER_NS;
	if (m->config.clock_ns != 0) {
		p->clock_ns = rng_below(&m->rng, m->config.clock_ns + 1);
	}
	if (m->config.interrupt_gap_ns != 0) {
		p->interrupt_ns = rng_below(&m->rng, 2 * m->config.interrupt_gap_ns);
	}
	heap_node_init(&p->event);
	insert(&m->events, &p->event, NEVER_NS);
	call_online(m, id);
	sim_pcpu_rearm(m, p);
}

/* Seeds that follow each other must not give like sequences: splitmix64's finaliser. */
static u64 seed_mix(u64 seed)
{
	seed += 0x9e3779b97f4a7c15ull;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ull;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebull;
	return (seed ^ seed >> 31) | 1;
}

void sim_begin(struct sim *m, const struct sim_config *config)
{
	struct sched_config sched = {.pcpu_count = config->pcpus, .slice_ns = config->slice_ns};
	size_t bytes = sched_memory_bytes(config->pcpus);

	m->config = *config;
	m->rng.state = seed_mix(config->seed);
	m->now_ns = 0;
	heap_make(&m->events, config->pcpus);
	heap_make(&m->timers, m->vcpus + 1);
	places_make(m);
	m->pcpu = allocate(config->pcpus, sizeof(*m->pcpu));
	m->guards = allocate(m->vcpus + m->vms, sizeof(*m->guards));
	m->sched_memory = aligned_alloc(64, ALIGN_UP(bytes, 64));
	assert(m->sched_memory != NULL);
	sched.place = m->place;
	m->sched = sched_init(m->sched_memory, &sched);
	sim_pools_start(m);
	for (u32 i = 0; i < config->pcpus; i++) {
		pcpu_make(m, i);
		/* Finds nothing, and idles. */
		sim_kick(m, i, i);
	}
	for (u32 i = 0; i < m->vcpus; i++) {
		heap_node_init(&m->vcpu[i]->timer);
		m->vcpu[i]->book = BOOK_WAIT;
		m->vcpu[i]->woken_ns = m->vcpu[i]->beside_since_ns = NEVER_NS;
		m->vcpu[i]->seen_on = SCHED_PCPU_NONE;
		m->vcpu[i]->ready_since_ns = m->vcpu[i]->want_since_ns = NEVER_NS;
	}
	heap_node_init(&m->tick);
	insert(&m->timers, &m->tick, TICK_NS);
}

void sim_end(struct sim *m)
{
	free(m->events.slots);
	free(m->timers.slots);
	free(m->place);
	free(m->pcpu);
	free(m->guards);
	free(m->sched_memory);
}

void sim_kick(struct sim *m, u32 from, u32 to)
{
	struct sim_pcpu *p = &m->pcpu[to];
	u64 at_ns = m->now_ns + (from == to ? 0 : m->config.kick_ns);

	sim_trace(m, "kick pCPU %u", to);
	if (at_ns < p->kick_ns) {
		p->kick_ns = at_ns;
		sim_pcpu_rearm(m, p);
	}
}

void sim_kick_all(struct sim *m, u32 from, const struct sched_kicks *kicks)
{
	assert(kicks->count <= ARRAY_SIZE(kicks->pcpu));
	for (u32 i = 0; i < kicks->count; i++) {
		sim_kick(m, from, kicks->pcpu[i]);
	}
}

void sim_book(struct sim *m, struct sim_vcpu *v, enum sim_book book)
{
	u64 passed_ns = m->now_ns - v->book_since_ns;

	v->booked_ns[v->book] += passed_ns;
	if (v->book == BOOK_IDLE || v->book == BOOK_WAIT) {
		v->progress_ns += passed_ns;
	} else if (book == BOOK_IDLE || book == BOOK_WAIT) {
		v->skew_then_ns = watch_skew_ns(m, v);
		ideal_blocked(m, v);
	}
	v->book = book;
	v->book_since_ns = m->now_ns;
}

void sim_wake(struct sim *m, struct sim_vcpu *v, u32 from)
{
	bool blocked = v->world.state == SCHED_BLOCKED;
	u32 kick;

	if (!v->added) {
		return;
	}
	if (blocked) {
		ideal_advance(m);
		m->ideal_stale = true;
		v->woken_ns = m->now_ns;
		sim_book(m, v, BOOK_WANT);
		watch_woken(m, v);
	}
	kick = call_wake(m, &v->world, from);
	sim_trace(m, "wake %s/%u%s, on pCPU %u", v->vm->name, sim_index(v),
		  blocked ? "" : ", awake", v->world.pcpu);
	if (kick != SCHED_PCPU_NONE) {
		sim_kick(m, from, kick);
	}
}

void sim_timer_set(struct sim *m, struct sim_vcpu *v, u64 at_ns)
{
	if (heap_contains(&v->timer)) {
		heap_update(&m->timers, &v->timer, at_ns);
	} else {
		insert(&m->timers, &v->timer, at_ns);
	}
}

void sim_advance(struct sim *m, struct sim_vcpu *v)
{
	u64 passed_ns;

	if (m->now_ns <= v->guest_from_ns) {
		return;
	}
	passed_ns = m->now_ns - v->guest_from_ns;
	v->guest_from_ns = m->now_ns;
	v->guest_ns += passed_ns;
	v->progress_ns += passed_ns;
	if (v->work_ns != NEVER_NS) {
		v->work_ns -= MIN(v->work_ns, passed_ns);
	}
}

void sim_poke(struct sim *m, struct sim_vcpu *v)
{
	struct sim_pcpu *p = &m->pcpu[v->world.pcpu];

	v->spinning = false;
	if (v->world.state == SCHED_RUNNING && p->current == v) {
		sim_advance(m, v);
		v->work_ns = 0;
		sim_pcpu_rearm(m, p);
	}
	v->work_ns = 0;
}

static void timer_event(struct sim *m, struct heap_node *n)
{
	if (n == &m->tick) {
		heap_update(&m->timers, n, m->now_ns + TICK_NS);
		call_tick(m);
		return;
	}
	heap_remove(&m->timers, n);
	sim_wake(m, container_of(n, struct sim_vcpu, timer), SCHED_PCPU_NONE);
}

void sim_run(struct sim *m, u64 until_ns)
{
	while (!m->failed) {
		struct heap_node *timer = heap_min(&m->timers), *event = heap_min(&m->events);
		bool timer_first = timer->key <= event->key;
		u64 next_ns = timer_first ? timer->key : event->key;
		u32 pcpu = SCHED_PCPU_NONE;

		if (next_ns > until_ns) {
			m->now_ns = until_ns;
			return;
		}
		assert(next_ns >= m->now_ns);
		m->stuck = next_ns == m->now_ns ? m->stuck + 1 : 0;
		if (m->stuck > STUCK_STEPS * m->config.pcpus) {
			sim_fail(m, "time stands still");
			return;
		}
		m->now_ns = next_ns;
		m->steps++;
		if (timer_first) {
			timer_event(m, timer);
		} else {
			struct sim_pcpu *p = container_of(event, struct sim_pcpu, event);

			pcpu = p->id;
			sim_pcpu_event(m, p);
		}
		watch_step(m, pcpu);
	}
}
