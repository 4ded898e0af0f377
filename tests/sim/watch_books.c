// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts against the machine's own books, to the nanosecond; limits over all time since they were
 * set; reservations in windows in which the VM could have used them; lag.
 */
#include "tests/sim/watch.h"

#include "kernel/lib/assert.h"

#define WINDOW_NS (200 * NSEC_PER_MSEC)

static u64 booked(const struct sim *m, const struct sim_vcpu *v, enum sim_book book)
{
	return v->booked_ns[book] + (v->book == book ? m->now_ns - v->book_since_ns : 0);
}

static bool identities_hold(const struct account_times *t)
{
	return t->run_ns + t->ready_ns + t->costop_ns + t->wait_ns == t->elapsed_ns &&
	       t->limited_ns <= t->ready_ns && t->idle_ns + t->swpwt_ns <= t->wait_ns;
}

/* Clocks that disagree shift what is booked where, but no sum. */
static bool books_agree(const struct sim *m, const struct sim_vcpu *v,
			const struct account_times *t)
{
	return m->config.clock_ns != 0 ||
	       (t->guest_ns + t->overlap_ns <= t->run_ns && t->run_ns == booked(m, v, BOOK_RUN) &&
		t->idle_ns == booked(m, v, BOOK_IDLE) &&
		t->ready_ns + t->costop_ns == booked(m, v, BOOK_WANT) &&
		t->wait_ns - t->idle_ns == booked(m, v, BOOK_WAIT) - v->absent_ns &&
		t->guest_ns == v->guest_total_ns && t->overlap_ns == v->overlap_total_ns);
}

static void check_account(struct sim *m, const struct sim_vcpu *v)
{
	struct account_times t = sim_vcpu_times(m, v);

	if (!identities_hold(&t)) {
		sim_fail(m, "%s/%u: run %llu + ready %llu + costop %llu + wait %llu, elapsed %llu",
			 v->vm->name, sim_index(v), (unsigned long long)t.run_ns,
			 (unsigned long long)t.ready_ns, (unsigned long long)t.costop_ns,
			 (unsigned long long)t.wait_ns, (unsigned long long)t.elapsed_ns);
	} else if (v->added && !books_agree(m, v, &t)) {
		sim_fail(m,
			 "%s/%u: account says run %llu idle %llu wait %llu guest %llu, book says "
			 "%llu %llu %llu %llu",
			 v->vm->name, sim_index(v), (unsigned long long)t.run_ns,
			 (unsigned long long)t.idle_ns, (unsigned long long)t.wait_ns,
			 (unsigned long long)t.guest_ns, (unsigned long long)booked(m, v, BOOK_RUN),
			 (unsigned long long)booked(m, v, BOOK_IDLE),
			 (unsigned long long)(booked(m, v, BOOK_WAIT) - v->absent_ns),
			 (unsigned long long)v->guest_total_ns);
	}
}

static u64 vm_used_ns(const struct sim *m, const struct sim_vm *vm)
{
	u64 sum = 0;

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		const struct sim_vcpu *v = &vm->vcpu[i];

		sum += booked(m, v, BOOK_RUN) - v->overlap_total_ns - v->overlap_ns;
	}
	return sum;
}

static void window_begin(const struct sim *m, struct sim_vm *vm)
{
	vm->window_ns = m->now_ns;
	vm->window_used_ns = vm_used_ns(m, vm);
}

void watch_vm_changed(struct sim *m, struct sim_vm *vm)
{
	vm->changed_ns = m->now_ns;
	vm->used_then_ns = vm_used_ns(m, vm);
	vm->skew_bounded = m->now_ns == vm->vcpu[0].added_ns;
	window_begin(m, vm);
}

static double allowed_ns(u64 per_period_ns, u64 passed_ns)
{
	return (double)per_period_ns * (double)passed_ns / (double)SCHED_PERIOD_NS;
}

/* What its vCPUs may run before they notice that nothing is left, besides a period's worth at
 * either end. */
static void check_limit(struct sim *m, const struct sim_vm *vm)
{
	u64 used_ns = vm_used_ns(m, vm) - vm->used_then_ns;
	u64 late_ns = vm->params.vcpus * (m->config.slice_ns + m->config.kick_ns);
	double most_ns;

	if (vm->params.max_ns == SCHED_UNLIMITED) {
		return;
	}
	most_ns = allowed_ns(vm->params.max_ns, m->now_ns - vm->changed_ns) +
		  2 * (double)vm->params.max_ns + (double)late_ns;
	if ((double)used_ns > most_ns) {
		sim_fail(m, "%s used %llu ns, its limit allows %.0f", vm->name,
			 (unsigned long long)used_ns, most_ns);
	}
}

/* Whether nothing but the machine's other load could keep it from its reservation. */
static bool could_use_reservation(const struct sim *m, const struct sim_vm *vm)
{
	const struct sim_vm_params *p = &vm->params;

	for (u32 i = 0; i < m->config.pcpus; i++) {
		if (!bitmap_test(p->affinity, i)) {
			return false;
		}
	}
	return p->load == LOAD_CPU && p->pool == 0 && p->min_ns <= p->max_ns &&
	       p->min_ns <= p->vcpus * SCHED_PERIOD_NS &&
	       (p->vcpus == 1 || p->rule == SCHED_COSCHED_OFF);
}

static void check_reservation(struct sim *m, struct sim_vm *vm)
{
	u64 used_ns = vm_used_ns(m, vm) - vm->window_used_ns;
	double least_ns = allowed_ns(vm->params.min_ns, m->now_ns - vm->window_ns) * 0.99 -
			  2 * (double)m->config.slice_ns - 2 * (double)vm->params.min_ns;

	if (could_use_reservation(m, vm) && (double)used_ns < least_ns) {
		sim_fail(m, "%s used %llu ns since %llu, %.0f were reserved", vm->name,
			 (unsigned long long)used_ns, (unsigned long long)vm->window_ns, least_ns);
	}
	window_begin(m, vm);
}

static void check_pool_limit(struct sim *m, u32 index)
{
	const struct sim_pool *pool = &m->pool[index];
	u64 used_ns = 0, late_ns = 0;
	double most_ns;

	if (pool->params.max_ns == SCHED_UNLIMITED) {
		return;
	}
	for (u32 i = 0; i < m->vms; i++) {
		if (m->vm[i].params.pool == index + 1) {
			used_ns += vm_used_ns(m, &m->vm[i]);
			late_ns += m->vm[i].params.vcpus * (m->config.slice_ns + m->config.kick_ns);
		}
	}
	most_ns = allowed_ns(pool->params.max_ns, m->now_ns) + 2 * (double)pool->params.max_ns +
		  (double)late_ns;
	if (!pool->moved && (double)used_ns > most_ns) {
		sim_fail(m, "pool %s used %llu ns, its limit allows %.0f", pool->name,
			 (unsigned long long)used_ns, most_ns);
	}
}

void watch_books(struct sim *m, bool all)
{
	if (!all && m->now_ns < m->books_ns) {
		return;
	}
	/* Every so often, at odd times. */
	m->books_ns = m->now_ns + 1 + m->config.slice_ns / 3;
	for (u32 i = 0; i < m->vcpus; i++) {
		check_account(m, m->vcpu[i]);
	}
	for (u32 i = 0; i < m->vms; i++) {
		struct sim_vm *vm = &m->vm[i];

		if (vm->alive) {
			check_limit(m, vm);
		}
		if (vm->alive && m->now_ns - vm->window_ns >= WINDOW_NS) {
			check_reservation(m, vm);
		}
	}
	for (u32 i = 0; i < m->pools; i++) {
		check_pool_limit(m, i);
	}
}

static void lag_look(struct sched_world *w, void *arg)
{
	struct sim *m = arg;
	struct sim_vcpu *v = container_of(w, struct sim_vcpu, world);
	s64 lag_ns = sched_lag_ns(m->sched, w);

	if (w->state == SCHED_RUNNING || w->where == SCHED_IN_SHARES) {
		v->lag_max_ns = MAX(v->lag_max_ns, lag_ns < 0 ? -lag_ns : lag_ns);
	}
}

void watch_lags(struct sim *m, u32 pcpu)
{
	if (pcpu != SCHED_PCPU_NONE && m->config.ideal) {
		sched_queue_each(m->sched, pcpu, lag_look, m);
	}
}
