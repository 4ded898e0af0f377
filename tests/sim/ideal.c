// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each vCPU would get if the machine were infinitely divisible: at every moment the pCPUs'
 * time is divided among the vCPUs that want some. Each pool and VM gets in proportion to its
 * shares, but not less than its reservation and not more than its limit or than its vCPUs can use
 * at one pCPU each; what one cannot use goes to the others. A vCPU that really blocked having got
 * more than it would ideally have by then still wants the difference. Written without a look at
 * sched/, in floating point, from the words of the specification; affinity is left out.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>

#define POOLS_MAX 64

/* One that takes part in a division. */
struct claim {
	double shares, floor, cap;
	double *rate;
};

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* What all take together at a level: time per share. */
static double taken(const struct claim *claim, u32 count, double level)
{
	double sum = 0;

	for (u32 i = 0; i < count; i++) {
		sum += clamp(level * claim[i].shares, claim[i].floor, claim[i].cap);
	}
	return sum;
}

/* Divides `rate` pCPUs. Reservations beyond it are scaled down. */
static void divide(const struct claim *claim, u32 count, double rate)
{
	double low = 0, high = 0, floors = taken(claim, count, 0);

	for (u32 i = 0; i < count; i++) {
		double full = claim[i].cap / claim[i].shares;

		high = full > high ? full : high;
	}
	if (floors > rate) {
		for (u32 i = 0; i < count; i++) {
			*claim[i].rate = claim[i].floor * rate / floors;
		}
		return;
	}
	for (u32 i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		*(taken(claim, count, middle) > rate ? &high : &low) = middle;
	}
	for (u32 i = 0; i < count; i++) {
		*claim[i].rate = clamp(high * claim[i].shares, claim[i].floor, claim[i].cap);
	}
}

static double ran_ns(const struct sim *m, const struct sim_vcpu *v)
{
	return (double)(v->booked_ns[BOOK_RUN] +
			(v->book == BOOK_RUN ? m->now_ns - v->book_since_ns : 0));
}

static bool is_late(const struct sim *m, const struct sim_vcpu *v)
{
	return v->ideal_ns + 1 < ran_ns(m, v);
}

static bool wants(const struct sim *m, const struct sim_vcpu *v)
{
	return v->added && (v->book == BOOK_RUN || v->book == BOOK_WANT || is_late(m, v));
}

struct node {
	double floor, cap, rate, shares;
};

static double pcpus_of(u64 ns_per_period)
{
	return ns_per_period == SCHED_UNLIMITED ? 1e9
						: (double)ns_per_period / (double)SCHED_PERIOD_NS;
}

static u32 wanting(const struct sim *m, const struct sim_vm *vm)
{
	u32 count = 0;

	for (u32 i = 0; vm->alive && i < vm->params.vcpus; i++) {
		count += wants(m, &vm->vcpu[i]);
	}
	return count;
}

static void vm_node(const struct sim *m, const struct sim_vm *vm, struct node *n)
{
	u32 count = wanting(m, vm);
	double most = pcpus_of(vm->params.max_ns), least = pcpus_of(vm->params.min_ns);

	n->cap = count < most ? count : most;
	n->floor = least < n->cap ? least : n->cap;
	n->shares = (double)vm->params.shares * (count != 0 ? count : 1);
	n->rate = 0;
}

/* Index 0 is the root. Children come after their parents, so that backwards each is complete when
 * it is added. */
static void pools_sum(const struct sim *m, const struct node *vms, struct node *pools)
{
	for (u32 i = 0; i < m->vms; i++) {
		struct node *to = &pools[m->vm[i].params.pool];

		to->cap += vms[i].cap;
		to->floor += vms[i].floor;
	}
	for (u32 i = m->pools; i > 0; i--) {
		const struct sched_pool_params *p = &m->pool[i - 1].params;
		struct node *n = &pools[i], *to = &pools[m->pool[i - 1].parent];
		double most = pcpus_of(p->max_ns), least = pcpus_of(p->min_ns);

		n->cap = most < n->cap ? most : n->cap;
		n->floor = least > n->floor ? least : n->floor;
		n->floor = n->floor < n->cap ? n->floor : n->cap;
		n->shares = p->shares;
		to->cap += n->cap;
		to->floor += n->floor;
	}
}

static void claim_add(struct claim *claim, u32 *count, struct node *n)
{
	if (n->cap > 0) {
		claim[(*count)++] = (struct claim){n->shares, n->floor, n->cap, &n->rate};
	}
}

static void solve(struct sim *m)
{
	struct node pools[POOLS_MAX] = {0};
	struct node *vms = calloc(m->vms + 1, sizeof(*vms));
	struct claim *claim = calloc(m->vms + m->pools + 1, sizeof(*claim));

	for (u32 i = 0; i < m->vms; i++) {
		vm_node(m, &m->vm[i], &vms[i]);
	}
	pools_sum(m, vms, pools);
	pools[0].rate = pools[0].cap < m->config.pcpus ? pools[0].cap : m->config.pcpus;
	for (u32 i = 0; i <= m->pools; i++) {
		u32 count = 0;

		for (u32 j = i; j < m->pools; j++) {
			if (m->pool[j].parent == i) {
				claim_add(claim, &count, &pools[j + 1]);
			}
		}
		for (u32 j = 0; j < m->vms; j++) {
			if (m->vm[j].params.pool == i) {
				claim_add(claim, &count, &vms[j]);
			}
		}
		divide(claim, count, pools[i].rate);
	}
	for (u32 i = 0; i < m->vcpus; i++) {
		struct sim_vcpu *v = m->vcpu[i];

		v->ideal_rate = wants(m, v) ? vms[v->vm - m->vm].rate / wanting(m, v->vm) : 0;
	}
	free(vms);
	free(claim);
}

/* How long all rates hold: until one that is late has caught up. */
static double rates_hold_ns(const struct sim *m, double most_ns)
{
	for (u32 i = 0; i < m->vcpus; i++) {
		const struct sim_vcpu *v = m->vcpu[i];
		bool blocked = v->book == BOOK_IDLE || v->book == BOOK_WAIT;

		if (v->ideal_rate > 0 && blocked) {
			double left_ns = (ran_ns(m, v) - v->ideal_ns) / v->ideal_rate;

			most_ns = left_ns < most_ns ? left_ns : most_ns;
		}
	}
	return most_ns > 1 ? most_ns : 1;
}

void ideal_advance(struct sim *m)
{
	double passed_ns = (double)(m->now_ns - m->ideal_at_ns);

	while (m->config.ideal && passed_ns > 0) {
		if (m->ideal_stale) {
			m->ideal_stale = false;
			solve(m);
		}
		double step_ns = rates_hold_ns(m, passed_ns);

		for (u32 i = 0; i < m->vcpus; i++) {
			m->vcpu[i]->ideal_ns += m->vcpu[i]->ideal_rate * step_ns;
		}
		m->ideal_stale = step_ns < passed_ns;
		passed_ns -= step_ns;
	}
	m->ideal_at_ns = m->now_ns;
}

void ideal_blocked(struct sim *m, struct sim_vcpu *v)
{
	double most_ns = ran_ns(m, v);

	v->ideal_ns = v->ideal_ns < most_ns ? v->ideal_ns : most_ns;
}
