// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold after every step, judged from outside: skew by the machine's own book of progress;
 * no pCPU idle while a world could run there; siblings apart; nobody starving. Reservations, limits
 * and accounts are in watch_books.c.
 */
#include "tests/sim/sim.h"

#include "kernel/lib/assert.h"
#include "tests/sim/watch.h"

/* So long siblings may stay together after a pCPU has become free of siblings: in slices, and at
 * least. */
#define APART_SLICES 8
#define APART_NS     (100 * NSEC_PER_MSEC)

/* How late a pCPU may notice work: kicks go there, perhaps by way of the pCPU that has the world
 * loaded, and wait for the end of an interrupt. */
static u64 notice_ns(const struct sim *m)
{
	return 3 * (m->config.kick_ns + m->config.interrupt_ns) + m->config.clock_ns + 1;
}

static bool blocked(const struct sim_vcpu *v)
{
	return v->book == BOOK_IDLE || v->book == BOOK_WAIT;
}

u64 watch_progress_ns(const struct sim *m, const struct sim_vcpu *v)
{
	if (blocked(v)) {
		return v->progress_ns + (m->now_ns - v->book_since_ns);
	}
	if (v->book == BOOK_RUN && m->now_ns > v->guest_from_ns) {
		return v->progress_ns + (m->now_ns - v->guest_from_ns);
	}
	return v->progress_ns;
}

u64 watch_slowest_ns(const struct sim *m, const struct sim_vcpu *but)
{
	const struct sim_vm *vm = but->vm;
	u64 least_ns = UINT64_MAX;

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		const struct sim_vcpu *v = &vm->vcpu[i];

		if (v != but && v->added) {
			least_ns = MIN(least_ns, watch_progress_ns(m, v));
		}
	}
	return least_ns;
}

u64 watch_skew_ns(const struct sim *m, const struct sim_vcpu *v)
{
	u64 mine_ns = watch_progress_ns(m, v), least_ns = watch_slowest_ns(m, v);

	return mine_ns > least_ns ? mine_ns - least_ns : 0;
}

/* A vCPU that was blocked comes back no further ahead than it went: nobody held it back meanwhile.
 */
void watch_woken(const struct sim *m, struct sim_vcpu *v)
{
	u64 least_ns = watch_slowest_ns(m, v);

	if (least_ns != UINT64_MAX) {
		v->progress_ns = MIN(v->progress_ns, least_ns + v->skew_then_ns);
	}
}

/* Threshold, slice, notification, and what does not count as progress at a switch. */
u64 watch_skew_bound_ns(const struct sim *m, const struct sim_vm *vm)
{
	return vm->params.skew_ns + m->config.slice_ns + notice_ns(m) + m->config.switch_ns;
}

static void skew_look(struct sim *m, struct sim_vm *vm)
{
	for (u32 i = 0; i < vm->params.vcpus; i++) {
		struct sim_vcpu *v = &vm->vcpu[i];

		if (v->added && v->book == BOOK_RUN) {
			vm->skew_max_ns = MAX(vm->skew_max_ns, watch_skew_ns(m, v));
		}
	}
	/* Strict and relaxed define skew by what only the scheduler knows: when all started
	 * together. */
	u64 skew_ns =
		vm->params.rule == SCHED_COSCHED_PERCPU ? vm->skew_max_ns : vm->group.skew_seen_ns;

	if (m->check && vm->params.rule != SCHED_COSCHED_OFF && vm->skew_bounded &&
	    skew_ns > watch_skew_bound_ns(m, vm)) {
		sim_fail(m, "%s: skew of %llu ns, threshold %llu, bound %llu", vm->name,
			 (unsigned long long)skew_ns, (unsigned long long)vm->params.skew_ns,
			 (unsigned long long)watch_skew_bound_ns(m, vm));
	}
}

void watch_skews(struct sim *m, u32 pcpu)
{
	struct sim_vcpu *v = pcpu == SCHED_PCPU_NONE ? NULL : m->pcpu[pcpu].current;

	if (v != NULL && v->vm->params.vcpus > 1) {
		skew_look(m, v->vm);
	}
}

/* --- every vCPU ------------------------------------------------------------------------------- */

static bool waits(const struct sim_vcpu *v)
{
	const struct sched_world *w = &v->world;

	return v->added && w->state == SCHED_READY &&
	       (w->where == SCHED_IN_SHARES || w->where == SCHED_IN_FLOOR);
}

/* Limited and co-stopped ones are in nobody's way. */
static bool competes(const struct sim_vcpu *v)
{
	return waits(v) || v->book == BOOK_RUN;
}

static void since_update(const struct sim *m, u64 *since_ns, bool now)
{
	if (!now) {
		*since_ns = NEVER_NS;
	} else if (*since_ns == NEVER_NS) {
		*since_ns = m->now_ns;
	}
}

/* The longest that a world of such shares may wait: everyone else that could be ahead, each with
 * some slices. */
static u64 patience_ns(const struct sim *m, const struct sim_vcpu *v)
{
	u64 shares = 0, count = 0;

	for (u32 i = 0; i < m->vms; i++) {
		if (m->vm[i].alive) {
			shares += (u64)m->vm[i].params.shares * m->vm[i].params.vcpus;
			count += m->vm[i].params.vcpus;
		}
	}
	return m->config.slice_ns * 8 * (shares / v->vm->params.shares + count + 4);
}

static void look_starving(struct sim *m, struct sim_vcpu *v)
{
	const struct sched_world *w = &v->world;

	v->aside_step = v->added && !competes(v) && !blocked(v) ? m->steps : v->aside_step;
	v->away_step =
		!competes(v) && (!blocked(v) || w->resident == w->pcpu) ? m->steps : v->away_step;
	since_update(m, &v->ready_since_ns, waits(v));
	since_update(m, &v->want_since_ns,
		     v->added && w->state == SCHED_READY && w->where != SCHED_IN_LIMITED);
	if (v->want_since_ns != NEVER_NS && v->vm->params.pool == 0 &&
	    m->now_ns - v->want_since_ns > patience_ns(m, v)) {
		sim_fail(m, "%s/%u starves since %llu ns", v->vm->name, sim_index(v),
			 (unsigned long long)v->want_since_ns);
	}
}

static void look_idle(struct sim *m, const struct sim_pcpu *p, const struct sim_vcpu *v)
{
	u64 since_ns;

	if (v->ready_since_ns == NEVER_NS || !bitmap_test(v->world.affinity, p->id)) {
		return;
	}
	since_ns = MAX(MAX(p->since_ns, p->busy_until_ns), v->ready_since_ns);
	if (m->now_ns > since_ns && m->now_ns - since_ns > notice_ns(m)) {
		sim_fail(m, "pCPU %u idles while %s/%u waits on pCPU %u since %llu ns", p->id,
			 v->vm->name, sim_index(v), v->world.pcpu, (unsigned long long)since_ns);
	}
}

/* Whether the vCPU could be where no sibling is, not even one at its limit or co-stopped. A VM
 * wider than what it may run on must share: there, load decides. */
static bool could_be_apart(const struct sim *m, const struct sim_vcpu *v)
{
	u32 allowed = 0;

	for (u32 i = 0; i < BITMAP_WORDS(m->config.pcpus); i++) {
		allowed += (u32)__builtin_popcountll(v->world.affinity[i]);
	}
	if (v->vm->params.vcpus > allowed) {
		return false;
	}
	for (u32 pcpu = 0; pcpu < m->config.pcpus; pcpu++) {
		bool taken = !bitmap_test(v->world.affinity, pcpu);

		for (u32 i = 0; !taken && i < v->vm->params.vcpus; i++) {
			const struct sim_vcpu *s = &v->vm->vcpu[i];

			taken = s != v && s->added && !blocked(s) && s->world.pcpu == pcpu;
		}
		if (!taken) {
			return true;
		}
	}
	return false;
}

/* Its siblings that are not blocked, on a pCPU. */
static u32 siblings_on(const struct sim_vcpu *v, u32 pcpu)
{
	u32 count = 0;

	for (u32 i = 0; i < v->vm->params.vcpus; i++) {
		const struct sim_vcpu *s = &v->vm->vcpu[i];

		count += s != v && s->added && !blocked(s) && s->world.pcpu == pcpu;
	}
	return count;
}

/* A sibling that waits or runs on the same pCPU. */
static const struct sim_vcpu *beside(const struct sim_vcpu *v)
{
	for (u32 i = 0; i < v->vm->params.vcpus; i++) {
		const struct sim_vcpu *s = &v->vm->vcpu[i];

		if (s != v && competes(s) && s->world.pcpu == v->world.pcpu) {
			return s;
		}
	}
	return NULL;
}

/* Whether v was put beside its sibling s in this step. Not when it came from where more of them
 * are, nor when s itself was out of the way until now: at its limit, co-stopped, or asleep and
 * still loaded there. */
static bool was_put_beside(const struct sim *m, const struct sim_vcpu *v, const struct sim_vcpu *s)
{
	bool moved = v->seen_on != v->world.pcpu && v->world.resident != v->world.pcpu;
	bool returned = s->away_step + 1 >= m->steps || v->aside_step + 1 >= m->steps;

	return moved && !returned &&
	       (v->seen_on == SCHED_PCPU_NONE ||
		siblings_on(v, v->seen_on) < siblings_on(v, v->world.pcpu));
}

/* Nobody is put beside a sibling, nor left there for long, while there is a pCPU for it without.
 * Where it is still loaded it may wake in any case. */
static void look_apart(struct sim *m, struct sim_vcpu *v)
{
	const struct sim_vcpu *s = beside(v);
	bool wrong = s != NULL && competes(v) && could_be_apart(m, v);
	bool placed = wrong && was_put_beside(m, v, s);

	v->seen_on = v->world.pcpu;
	since_update(m, &v->beside_since_ns, wrong);
	if (placed) {
		sim_fail(m, "%s/%u is placed on pCPU %u, where its sibling %u is", v->vm->name,
			 sim_index(v), v->world.pcpu, sim_index(s));
	} else if (wrong && m->now_ns - v->beside_since_ns >
				    MAX(APART_NS, APART_SLICES * m->config.slice_ns)) {
		sim_fail(m, "%s/%u is beside its sibling %u on pCPU %u since %llu ns", v->vm->name,
			 sim_index(v), sim_index(s), v->world.pcpu,
			 (unsigned long long)v->beside_since_ns);
	}
}

static void look_all(struct sim *m)
{
	for (u32 i = 0; i < m->vcpus; i++) {
		struct sim_vcpu *v = m->vcpu[i];

		look_starving(m, v);
		if (v->added && !blocked(v)) {
			look_apart(m, v);
		} else {
			v->seen_on = SCHED_PCPU_NONE;
			v->beside_since_ns = NEVER_NS;
		}
	}
	for (u32 p = 0; p < m->config.pcpus; p++) {
		for (u32 i = 0; m->pcpu[p].current == NULL && i < m->vcpus; i++) {
			look_idle(m, &m->pcpu[p], m->vcpu[i]);
		}
	}
}

void watch_step(struct sim *m, u32 pcpu)
{
	watch_skews(m, pcpu);
	watch_lags(m, pcpu);
	if (m->check) {
		look_all(m);
		watch_books(m, false);
	}
}
