// SPDX-License-Identifier: GPL-2.0-only
/*
 * Periodic ticks with backlog: counting, bounded repayment, giving up. See the header. Pure.
 *
 * Expirations stay in the phase of the first one for ever: next_due moves by whole periods only,
 * in 2^-32 ns, so neither late calls nor repayments shift the clock that the guest counts.
 */
#include "kernel/dev/tick_backlog.h"
#include "kernel/lib/assert.h"

struct tick_period tick_period_from_clock(u64 cycles, u64 hz)
{
	u64 whole_s = cycles / hz;
	u64 part = (cycles % hz) * NSEC_PER_SEC;

	return (struct tick_period){
		.ns = whole_s * NSEC_PER_SEC + part / hz,
		.frac = (u32)(((part % hz) << 32) / hz),
	};
}

void tick_backlog_init(struct tick_backlog *t)
{
	*t = (struct tick_backlog){.next_due_ns = NEVER_NS};
}

void tick_backlog_drop(struct tick_backlog *t)
{
	t->dropped += t->pending;
	t->pending = 0;
}

void tick_backlog_start(struct tick_backlog *t, u64 first_due_ns, struct tick_period period)
{
	tick_backlog_drop(t);
	if (period.ns < TICK_PERIOD_MIN_NS) {
		period = (struct tick_period){.ns = TICK_PERIOD_MIN_NS};
	}
	t->period = period;
	t->next_due_ns = first_due_ns;
	t->next_due_frac = 0;
	t->not_before_ns = 0;
}

void tick_backlog_stop(struct tick_backlog *t)
{
	tick_backlog_drop(t);
	t->period = (struct tick_period){0};
	t->next_due_ns = NEVER_NS;
	t->next_due_frac = 0;
}

/* next_due += n periods, exactly. */
static void tick_step(struct tick_backlog *t, u64 n)
{
	unsigned __int128 frac = (unsigned __int128)n * t->period.frac + t->next_due_frac;

	t->next_due_ns += n * t->period.ns + (u64)(frac >> 32);
	t->next_due_frac = (u32)frac;
}

static void tick_give_up(struct tick_backlog *t)
{
	/* pending * period is bounded by the time that has passed since the first of them. */
	if (t->pending > 1 && t->pending * t->period.ns > TICK_GIVE_UP_NS) {
		/* The newest tick still comes, so that a guest that waits for one goes on. */
		t->given_up += t->pending - 1;
		t->pending = 1;
	}
}

void tick_backlog_advance(struct tick_backlog *t, u64 now_ns)
{
	u64 missed = 0;

	if (t->period.ns == 0) {
		return;
	}
	/* A due time with a fraction lies after its whole ns, hence the strict comparison. Dividing
	 * by the period rounded up never counts one too many; each round leaves less than
	 * 1/TICK_PERIOD_MIN_NS of the gap, so there are at most five. */
	while (t->next_due_ns < now_ns || (t->next_due_ns == now_ns && t->next_due_frac == 0)) {
		u64 n = (now_ns - t->next_due_ns) / (t->period.ns + (t->period.frac != 0)) + 1;

		if (t->next_due_frac != 0 && n > 1) {
			n--;
		}
		tick_step(t, n);
		missed += n;
	}
	t->expired += missed;
	t->pending += missed;
	tick_give_up(t);
}

bool tick_backlog_take(struct tick_backlog *t, u64 now_ns)
{
	if (t->pending == 0 || now_ns < t->not_before_ns) {
		return false;
	}
	t->pending--;
	t->delivered++;
	t->not_before_ns = now_ns + t->period.ns / 2;
	return true;
}

u64 tick_backlog_deadline_ns(const struct tick_backlog *t, bool can_deliver)
{
	/* The first whole ns at which the next expiration is in the past. */
	u64 due_ns = t->period.ns == 0 ? NEVER_NS : t->next_due_ns + (t->next_due_frac != 0);

	if (t->pending > 0 && can_deliver) {
		return MIN(t->not_before_ns, due_ns);
	}
	return due_ns;
}

u64 tick_backlog_remaining_ns(const struct tick_backlog *t, u64 now_ns)
{
	struct tick_backlog future = *t;

	if (t->period.ns == 0) {
		return 0;
	}
	tick_backlog_advance(&future, now_ns);
	return tick_backlog_deadline_ns(&future, false) - now_ns;
}

void tick_backlog_check(const struct tick_backlog *t)
{
	assert(t->expired == t->delivered + t->dropped + t->given_up + t->pending);
	assert((t->period.ns == 0) == (t->next_due_ns == NEVER_NS));
	assert(t->period.ns == 0 || t->period.ns >= TICK_PERIOD_MIN_NS);
	assert(t->period.ns != 0 || t->pending == 0);
	assert(t->pending <= 1 || t->pending * t->period.ns <= TICK_GIVE_UP_NS);
}
