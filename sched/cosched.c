// SPDX-License-Identifier: GPL-2.0-only
/*
 * Co-scheduling: how far the siblings of a group are apart, and who must wait for whom.
 *
 * percpu: skew is a world's progress minus that of its slowest sibling. A world whose skew has
 * reached the threshold stops until half of it is made up; the others go on. strict, relaxed: skew
 * is the time without progress while a sibling executed, since the group last started together.
 * When one world's has passed the threshold the group stops as a whole. Members then wait, each on
 * its pCPU, until it is the turn of all that must start together: all that want to run (strict), or
 * those that were left behind (relaxed).
 *
 * Progress is guest execution, and being blocked: who waits for an event is not held back by
 * anyone. A member that was blocked does not come back further ahead of its slowest sibling than it
 * went. Pure; G is held throughout.
 */
#include "sched/sched_priv.h"

static bool rule_is_group(const struct sched_group *g)
{
	return g->rule == SCHED_COSCHED_STRICT || g->rule == SCHED_COSCHED_RELAXED;
}

static bool rule_is_off(const struct sched_group *g)
{
	return g->rule == SCHED_COSCHED_OFF || g->count < 2;
}

/* --- progress --------------------------------------------------------------------------------- */

u64 cosched_progress_of(const struct sched_world *w, u64 now_ns)
{
	bool passing = w->progressing && now_ns > w->progress_at_ns;

	return w->progress_ns + (passing ? now_ns - w->progress_at_ns : 0);
}

static void progress_set(struct sched_world *w, bool progressing, u64 now_ns)
{
	w->progress_ns = cosched_progress_of(w, now_ns);
	w->progress_at_ns = now_ns;
	w->progressing = progressing;
}

static struct sched_world *slowest_sibling(const struct sched_world *w, u64 now_ns)
{
	const struct sched_group *g = w->group;
	struct sched_world *slowest = NULL;

	for (u32 i = 0; i < g->count; i++) {
		struct sched_world *m = g->member[i];

		if (m != w && (slowest == NULL || cosched_progress_of(m, now_ns) <
							  cosched_progress_of(slowest, now_ns))) {
			slowest = m;
		}
	}
	return slowest;
}

static u64 ahead_ns(const struct sched_world *w, const struct sched_world *of, u64 now_ns)
{
	u64 mine_ns = cosched_progress_of(w, now_ns), theirs_ns = cosched_progress_of(of, now_ns);

	return mine_ns > theirs_ns ? mine_ns - theirs_ns : 0;
}

u64 sched_skew_ns(const struct sched_world *w, u64 now_ns)
{
	if (w->group->count < 2) {
		return 0;
	}
	return rule_is_group(w->group) ? w->skew_ns
				       : ahead_ns(w, slowest_sibling(w, now_ns), now_ns);
}

struct sched_world *cosched_laggard(const struct sched_world *w, u64 now_ns)
{
	struct sched_world *slowest = rule_is_off(w->group) ? NULL : slowest_sibling(w, now_ns);

	return slowest != NULL && slowest->state == SCHED_READY ? slowest : NULL;
}

/* Books the time since the last call to those that were left behind in it. */
static void skews_book(struct sched_group *g, u64 now_ns)
{
	u64 passed_ns = now_ns > g->skew_at_ns ? now_ns - g->skew_at_ns : 0;

	g->skew_at_ns += passed_ns;
	for (u32 i = 0; g->executing != 0 && i < g->count; i++) {
		if (!g->member[i]->progressing) {
			g->member[i]->skew_ns += passed_ns;
			g->skew_seen_ns =
				MAX(g->skew_seen_ns, rule_is_group(g) ? g->member[i]->skew_ns : 0);
		}
	}
}

/* The longest that someone was left behind. */
static u64 worst_skew_ns(const struct sched_group *g)
{
	u64 worst_ns = 0;

	for (u32 i = 0; i < g->count; i++) {
		worst_ns = MAX(worst_ns, g->member[i]->skew_ns);
	}
	return worst_ns;
}

/* The group stops as a whole when someone was left behind for too long. True: it has just done so.
 */
static bool stop_if_due(struct sched_group *g)
{
	if (!rule_is_group(g) || g->stopped || worst_skew_ns(g) < g->params.skew_max_ns) {
		return false;
	}
	g->stopped = true;
	g->costops++;
	for (u32 i = 0; i < g->count; i++) {
		g->member[i]->offered = false;
		__atomic_store_n(&g->member[i]->gang, false, __ATOMIC_RELAXED);
	}
	return true;
}

/* --- transitions ------------------------------------------------------------------------------ */

void cosched_add(struct sched_world *w, u64 now_ns)
{
	struct sched_group *g = w->group;

	/* It starts beside the others, neither ahead nor behind. */
	w->progress_ns = g->count != 0 ? cosched_progress_of(g->member[0], now_ns) : 0;
	w->progress_at_ns = now_ns;
	w->progressing = true;
	w->halt_skew_ns = w->skew_ns = 0;
	w->offered = w->gang = false;
	w->index = g->count;
	g->member[g->count++] = w;
}

void cosched_remove(struct sched_world *w, u64 now_ns)
{
	struct sched_group *g = w->group;

	skews_book(g, now_ns);
	g->member[w->index] = g->member[--g->count];
	g->member[w->index]->index = w->index;
}

void cosched_started(struct sched_world *w, u64 now_ns)
{
	skews_book(w->group, now_ns);
	w->group->executing++;
	w->offered = false;
	__atomic_store_n(&w->gang, false, __ATOMIC_RELAXED);
	progress_set(w, true, now_ns);
}

static void progress_add(struct sched_world *w, u64 guest_ns, u64 now_ns)
{
	skews_book(w->group, now_ns);
	/* While it ran, all of its time counted as guest execution. */
	w->progress_ns += guest_ns;
	w->progress_at_ns = now_ns;
	w->halt_skew_ns = sched_skew_ns(w, now_ns);
	if (!rule_is_group(w->group)) {
		w->group->skew_seen_ns = MAX(w->group->skew_seen_ns, w->halt_skew_ns);
	}
}

bool cosched_stopped(struct sched_world *w, bool blocked, u64 guest_ns, u64 now_ns)
{
	progress_add(w, guest_ns, now_ns);
	w->group->executing--;
	progress_set(w, blocked, now_ns);
	return stop_if_due(w->group);
}

void cosched_woken(struct sched_world *w, u64 now_ns)
{
	skews_book(w->group, now_ns);
	progress_set(w, false, now_ns);
	w->skew_ns = 0;
	if (w->group->count > 1) {
		u64 slowest_ns = cosched_progress_of(slowest_sibling(w, now_ns), now_ns);

		w->progress_ns = MIN(w->progress_ns, slowest_ns + w->halt_skew_ns);
	}
}

/* How far m is behind w, by the group's rule. */
static u64 behind_ns(const struct sched_world *m, const struct sched_world *w, u64 now_ns)
{
	return rule_is_group(w->group) ? m->skew_ns : ahead_ns(w, m, now_ns);
}

/* When someone will have been left behind too far, if each sibling stands still from the end of its
 * time on; who waits does so now. */
static u64 too_far_ns(const struct sched_world *w, u64 now_ns)
{
	const struct sched_group *g = w->group;
	u64 first_ns = NEVER_NS;

	for (u32 i = 0; i < g->count; i++) {
		const struct sched_world *m = g->member[i];
		u64 behind = behind_ns(m, w, now_ns);
		u64 stands_ns = NEVER_NS;

		if (m == w || behind >= g->params.skew_max_ns) {
			continue;
		}
		if (!m->progressing) {
			stands_ns = now_ns;
		} else if (m->state == SCHED_RUNNING) {
			stands_ns = MAX(__atomic_load_n(&m->until_ns, __ATOMIC_RELAXED), now_ns);
		}
		if (stands_ns != NEVER_NS) {
			first_ns = MIN(first_ns, stands_ns + g->params.skew_max_ns - behind);
		}
	}
	return first_ns;
}

/* --- percpu ----------------------------------------------------------------------------------- */

static enum cosched_verdict ask_percpu(struct sched_world *w, bool costopped, u64 now_ns,
				       u64 *until_ns)
{
	u64 max_ns = w->group->params.skew_max_ns;
	const struct sched_world *slowest = slowest_sibling(w, now_ns);
	u64 skew_ns = ahead_ns(w, slowest, now_ns);
	u64 resume_ns = max_ns / 2;

	if (skew_ns >= max_ns || (costopped && skew_ns > resume_ns)) {
		/* Not before the slowest can have made that up. */
		*until_ns = now_ns + MAX(skew_ns - resume_ns, max_ns / 4);
		return COSCHED_WAIT;
	}
	*until_ns = too_far_ns(w, now_ns);
	return COSCHED_RUN;
}

/* --- strict, relaxed -------------------------------------------------------------------------- */

static bool must_start_together(const struct sched_world *w)
{
	const struct sched_group *g = w->group;

	return w->state == SCHED_READY &&
	       (g->rule == SCHED_COSCHED_STRICT || w->skew_ns >= g->params.skew_max_ns);
}

static bool all_offered(const struct sched_group *g)
{
	for (u32 i = 0; i < g->count; i++) {
		if (must_start_together(g->member[i]) && !g->member[i]->offered) {
			return false;
		}
	}
	return true;
}

static void start_together(struct sched_group *g)
{
	g->stopped = false;
	for (u32 i = 0; i < g->count; i++) {
		struct sched_world *m = g->member[i];

		m->skew_ns = 0;
		__atomic_store_n(&m->gang, m->offered, __ATOMIC_RELAXED);
		__atomic_store_n(&m->urgent, false, __ATOMIC_RELAXED);
	}
}

static enum cosched_verdict ask_group(struct sched_world *w, u64 now_ns, u64 *until_ns)
{
	struct sched_group *g = w->group;
	u64 max_ns = g->params.skew_max_ns;
	bool stop;

	skews_book(g, now_ns);
	stop = stop_if_due(g);
	if (g->stopped) {
		w->offered = true;
		if (g->executing == 0 && all_offered(g)) {
			start_together(g);
			*until_ns = too_far_ns(w, now_ns);
			return COSCHED_TOGETHER;
		}
		/* Those that still run are about to leave. */
		*until_ns = now_ns + (g->executing == 0 ? max_ns : 0);
		return stop ? COSCHED_STOP : COSCHED_WAIT;
	}
	*until_ns = too_far_ns(w, now_ns);
	return COSCHED_RUN;
}

/* Another rule begins with siblings that are level. */
static void rule_renew(struct sched_group *g, u64 now_ns)
{
	enum sched_rule rule = __atomic_load_n(&g->params.rule, __ATOMIC_RELAXED);
	u64 progress_ns = cosched_progress_of(g->member[0], now_ns);

	if (rule == g->rule) {
		return;
	}
	g->rule = rule;
	g->stopped = false;
	g->skew_seen_ns = 0;
	for (u32 i = 0; i < g->count; i++) {
		struct sched_world *m = g->member[i];

		m->progress_ns = progress_ns;
		m->progress_at_ns = now_ns;
		m->skew_ns = m->halt_skew_ns = 0;
		m->offered = false;
		__atomic_store_n(&m->gang, false, __ATOMIC_RELAXED);
	}
}

enum cosched_verdict cosched_ask(struct sched_world *w, bool costopped, u64 now_ns, u64 *until_ns)
{
	enum cosched_verdict verdict;

	rule_renew(w->group, now_ns);
	*until_ns = NEVER_NS;
	if (rule_is_off(w->group)) {
		verdict = COSCHED_RUN;
	} else if (w->gang) {
		*until_ns = too_far_ns(w, now_ns);
		verdict = COSCHED_RUN;
	} else if (rule_is_group(w->group)) {
		verdict = ask_group(w, now_ns, until_ns);
	} else {
		verdict = ask_percpu(w, costopped, now_ns, until_ns);
	}
	/* No shorter than what is worth a start, however near the threshold is. */
	*until_ns = MAX(*until_ns, now_ns + SCHED_START_MIN_NS);
	return verdict;
}
