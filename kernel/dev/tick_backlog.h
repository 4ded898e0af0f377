/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Periodic ticks that are never lost silently: what the LAPIC timer, the PIT and the RTC share.
 * Expirations that are due and could not be delivered yet (the guest has not taken the one before)
 * are counted as backlog and delivered later, at no more than twice the nominal rate. Pure; the
 * caller locks. All times in ns of the VM's clock.
 *
 * The device's loop:
 *   tick_backlog_advance(t, now);
 *   if (line is free && tick_backlog_take(t, now)) { raise the interrupt }
 *   deadline = tick_backlog_deadline_ns(t, line is free);
 */
#ifndef KERNEL_DEV_TICK_BACKLOG_H
#define KERNEL_DEV_TICK_BACKLOG_H

#include "kernel/lib/types.h"

/* No guest can be interrupted faster than this: below it hypervisor and guest would do nothing
 * else. Shorter periods are lengthened to it. 20 us: 50 kHz, six times faster than the fastest RTC
 * rate. */
#define TICK_PERIOD_MIN_NS 20000ull

/* A backlog that spans more than this is given up (and counted): the guest's clock is beyond repair
 * by ticks. */
#define TICK_GIVE_UP_NS	   (60 * NSEC_PER_SEC)

/* A period in ns plus a fraction in units of 2^-32 ns, so that 1193182 Hz does not drift. */
struct tick_period {
	u64 ns;
	u32 frac;
};

struct tick_backlog {
	struct tick_period period; /* ns 0: stopped */
	u64 next_due_ns;   /* the next expiration, in the phase of the first; NEVER_NS: stopped */
	u32 next_due_frac; /* its fraction, 2^-32 ns */
	u64 not_before_ns; /* earliest next delivery: keeps the repayment at twice the rate */
	u64 pending;	   /* expirations due and not delivered */
	u64 expired;	   /* statistics since init: all expirations */
	u64 delivered;	   /* those that take() handed out */
	u64 dropped;	   /* those dropped at the guest's wish (masked, restarted) */
	u64 given_up;	   /* those given up beyond TICK_GIVE_UP_NS */
};

/* `cycles` (at least 1, less than 2^34) of a clock of `hz` (at least 1, less than 2^32) as a
 * period. */
struct tick_period tick_period_from_clock(u64 cycles, u64 hz);

/* Stopped, counters zero. */
void tick_backlog_init(struct tick_backlog *t);

/* Starts anew: first expiration at `first_due_ns`, then every `period` (lengthened to
 * TICK_PERIOD_MIN_NS). What was pending is dropped. */
void tick_backlog_start(struct tick_backlog *t, u64 first_due_ns, struct tick_period period);

/* Stops; what was pending is dropped. */
void tick_backlog_stop(struct tick_backlog *t);

/* Counts the expirations up to and including `now_ns` as pending. Constant time, whatever the gap.
 */
void tick_backlog_advance(struct tick_backlog *t, u64 now_ns);

/* Hands out one pending tick if there is one and the rate allows: true means that the caller
 * delivers it now. Call only when the guest can receive it, after tick_backlog_advance(). */
bool tick_backlog_take(struct tick_backlog *t, u64 now_ns);

/* Drops what is pending: the guest has masked the source and does not want these ticks. */
void tick_backlog_drop(struct tick_backlog *t);

/* How far deliveries lag behind expirations, as of the last tick_backlog_advance(). */
static inline u64 tick_backlog_lag_ns(const struct tick_backlog *t)
{
	return t->pending * t->period.ns; /* bounded by TICK_GIVE_UP_NS */
}

/* When to call advance and take next; `can_deliver` as for take(). NEVER_NS: never. May lie in the
 * past. */
u64 tick_backlog_deadline_ns(const struct tick_backlog *t, bool can_deliver);

/* Ns from `now_ns` to the next expiration in phase, at least 1 and at most one period rounded up:
 * what a counter that is reloaded at each expiration has left. 0: stopped. */
u64 tick_backlog_remaining_ns(const struct tick_backlog *t, u64 now_ns);

/* Asserts the invariants: expired = delivered + dropped + given_up + pending, and the bounds above.
 */
void tick_backlog_check(const struct tick_backlog *t);

#endif
