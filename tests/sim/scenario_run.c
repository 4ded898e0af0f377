// SPDX-License-Identifier: GPL-2.0-only
/* Runs a scenario on the machine: starts, stops and changes things in time, takes samples. See
 * scenario.h. */
#include <stdlib.h>
#include <time.h>

#include "kernel/lib/assert.h"
#include "tests/sim/calls.h"
#include "tests/sim/metric.h"
#include "tests/sim/watch.h"

/* What is to be done, in order of time. */
struct due {
	u64 at_ns;
	u32 order; /* at equal times */
	const struct command *command;
};

static int due_compare(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->at_ns != y->at_ns) {
		return x->at_ns < y->at_ns ? -1 : 1;
	}
	return x->order < y->order ? -1 : 1;
}

/* The starts and stops that VMs' lines ask for, as commands. */
static struct command *lives(const struct scenario *s)
{
	struct command *c = calloc(2 * s->vms + 1, sizeof(*c));

	assert(c != NULL);
	for (u32 i = 0; i < s->vms; i++) {
		c[2 * i] = (struct command){
			.at_ns = s->vm[i].params.start_ns, .kind = COMMAND_START, .target = i};
		c[2 * i + 1] = (struct command){
			.at_ns = s->vm[i].params.stop_ns, .kind = COMMAND_STOP, .target = i};
	}
	return c;
}

static struct due *plan(const struct scenario *s, const struct command *life, u32 *count)
{
	struct due *due = calloc(2 * s->vms + s->commands + 1, sizeof(*due));

	assert(due != NULL);
	*count = 0;
	for (u32 i = 0; i < 2 * s->vms; i++) {
		if (life[i].at_ns != NEVER_NS) {
			due[*count] = (struct due){life[i].at_ns, *count, &life[i]};
			(*count)++;
		}
	}
	for (u32 i = 0; i < s->commands; i++) {
		due[*count] = (struct due){s->command[i].at_ns, *count, &s->command[i]};
		(*count)++;
	}
	qsort(due, *count, sizeof(*due), due_compare);
	return due;
}

static void set_vm(struct scenario *s, struct sim *m, const struct command *c)
{
	struct sim_vm *vm = &m->vm[c->target];
	struct sim_vm_params p = vm->params;
	bool good = scenario_vm_words(s, &p, c->word, c->words);

	assert(good);
	for (u32 i = 0; i < m->pools && p.pool != vm->params.pool; i++) {
		m->pool[i].moved = true;
	}
	sim_vm_set(m, vm, &p);
}

static void set_pool(struct scenario *s, struct sim *m, const struct command *c)
{
	struct sim_pool *pool = &m->pool[c->target];
	bool good = scenario_pool_words(s, &pool->params, c->word, c->words);

	assert(good);
	ideal_advance(m);
	m->ideal_stale = true;
	pool->moved = true;
	call_pool_set(m, pool);
}

static void execute(struct scenario *s, struct sim *m, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_START:
		sim_vm_start(m, &m->vm[c->target]);
		break;
	case COMMAND_STOP:
		sim_vm_stop(m, &m->vm[c->target]);
		break;
	case COMMAND_SET:
		set_vm(s, m, c);
		break;
	case COMMAND_SET_POOL:
		set_pool(s, m, c);
		break;
	}
}

static void vcpus_make(struct sim *m)
{
	m->vcpus = 0;
	for (u32 i = 0; i < m->vms; i++) {
		m->vcpus += m->vm[i].params.vcpus;
	}
	m->vcpu = calloc(m->vcpus + 1, sizeof(*m->vcpu));
	assert(m->vcpu != NULL);
	m->vcpus = 0;
	for (u32 i = 0; i < m->vms; i++) {
		struct sim_vm *vm = &m->vm[i];

		vm->vcpu = calloc(vm->params.vcpus, sizeof(*vm->vcpu));
		assert(vm->vcpu != NULL);
		for (u32 j = 0; j < vm->params.vcpus; j++) {
			vm->vcpu[j].vm = vm;
			vm->vcpu[j].number = m->vcpus;
			m->vcpu[m->vcpus++] = &vm->vcpu[j];
		}
	}
}

static double host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Up to a time, with samples on the way. */
static void run_to(struct sim *m, u64 until_ns)
{
	while (m->sample != NULL && m->sample_ns <= until_ns && !m->failed) {
		sim_run(m, m->sample_ns);
		ideal_advance(m);
		m->sample(m);
		m->sample_ns += m->sample_gap_ns;
	}
	sim_run(m, until_ns);
}

void scenario_run(struct scenario *s, struct sim *m)
{
	struct command *life = lives(s);
	u32 count, next = 0;
	struct due *due = plan(s, life, &count);
	double from_ns = host_ns();
	u64 from = __builtin_ia32_rdtsc(), stops[] = {s->config.warmup_ns, s->config.duration_ns};

	m->pool = s->pool;
	m->pools = s->pools;
	m->vm = s->vm;
	m->vms = s->vms;
	vcpus_make(m);
	sim_begin(m, &s->config);
	for (u32 i = 0; i < ARRAY_SIZE(stops); i++) {
		for (; next < count && due[next].at_ns <= stops[i]; next++) {
			run_to(m, due[next].at_ns);
			if (!m->failed) {
				execute(s, m, due[next].command);
			}
		}
		run_to(m, stops[i]);
		if (i == 0) {
			metric_restart(m);
		}
	}
	ideal_advance(m);
	if (m->check && !m->failed) {
		watch_books(m, true);
	}
	m->cost.ns = (double)m->cost.ticks * (host_ns() - from_ns) /
		     (double)(__builtin_ia32_rdtsc() - from);
	free(due);
	free(life);
}
