// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC timer: one-shot, periodic, TSC deadline (SDM vol. 3, 11.5.4). Time only passes in the
 * calls: every write first lets the timer run up to now under the old settings. Pure.
 *
 * One-shot and TSC-deadline expiries that find their vector still requested merge with it, as on
 * hardware. Periodic ones are counted (tick_backlog.h). A masked timer runs but requests nothing.
 */
#include "kernel/dev/vlapic.h"
#include "kernel/dev/vlapic_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/bitmap.h"

static u32 timer_mode(const struct vlapic *v)
{
	return LVT_TIMER_MODE(v->lvt[LVT_TIMER]);
}

static bool timer_is_masked(const struct vlapic *v)
{
	return (v->lvt[LVT_TIMER] & LVT_MASKED) != 0;
}

static bool timer_vector_free(const struct vlapic *v)
{
	return !bitmap_test(v->irr, LVT_VECTOR(v->lvt[LVT_TIMER]));
}

/* Divide configuration bits 3,1,0: 000b divides by 2, ... 110b by 128, 111b by 1. */
static u32 timer_shift(u32 divide)
{
	return (((divide & 3) | ((divide >> 1) & 4)) + 1) & 7;
}

void vlapic_timer_stop(struct vlapic *v)
{
	v->timer_initial = 0;
	v->timer_due_ns = NEVER_NS;
	v->tsc_deadline = 0;
	tick_backlog_stop(&v->tick);
}

/* Ns until the counter reaches zero; 0: it stands. Never more than 2^39. */
static u64 timer_remaining_ns(const struct vlapic *v, u64 now_ns)
{
	if (timer_mode(v) == TIMER_PERIODIC) {
		return tick_backlog_remaining_ns(&v->tick, now_ns);
	}
	if (timer_mode(v) != TIMER_ONE_SHOT || v->timer_due_ns == NEVER_NS ||
	    v->timer_due_ns <= now_ns) {
		return 0;
	}
	return v->timer_due_ns - now_ns;
}

u32 vlapic_timer_count(const struct vlapic *v, const struct vlapic_time *time)
{
	u32 shift = timer_shift(v->timer_divide);
	u64 count = (timer_remaining_ns(v, time->now_ns) + BIT(shift) - 1) >> shift;

	/* More than the initial count when a too short period was lengthened. */
	return (u32)MIN(count, v->timer_initial);
}

/* (Re)starts the counter so that it reaches zero in `remaining_ns`; 0: it stands. */
static void timer_run(struct vlapic *v, u64 remaining_ns, u64 now_ns)
{
	u64 period_ns = (u64)v->timer_initial << timer_shift(v->timer_divide);

	tick_backlog_stop(&v->tick);
	v->timer_due_ns = NEVER_NS;
	if (remaining_ns == 0) {
		return;
	}
	if (timer_mode(v) == TIMER_PERIODIC) {
		tick_backlog_start(&v->tick, now_ns + remaining_ns,
				   (struct tick_period){.ns = period_ns});
	} else {
		v->timer_due_ns = now_ns + remaining_ns;
	}
}

/* When the guest's TSC will have reached the deadline, in ns rounded up: never early. */
static u64 timer_tsc_due_ns(const struct vlapic *v, const struct vlapic_time *time)
{
	u64 delta, due_ns;

	if (v->tsc_deadline <= time->guest_tsc) {
		return time->now_ns;
	}
	if (time->tsc_khz == 0) {
		return NEVER_NS;
	}
	delta = v->tsc_deadline - time->guest_tsc;
	if (__builtin_mul_overflow(delta / time->tsc_khz, NSEC_PER_MSEC, &due_ns) ||
	    __builtin_add_overflow(due_ns, time->now_ns, &due_ns) ||
	    __builtin_add_overflow(
		    due_ns, DIV_ROUND_UP(delta % time->tsc_khz * NSEC_PER_MSEC, time->tsc_khz),
		    &due_ns)) {
		return NEVER_NS;
	}
	return due_ns;
}

static void timer_advance_periodic(struct vlapic *v, u64 now_ns)
{
	tick_backlog_advance(&v->tick, now_ns);
	if (timer_is_masked(v)) {
		tick_backlog_drop(&v->tick);
	} else if (timer_vector_free(v) && tick_backlog_take(&v->tick, now_ns)) {
		vlapic_fire_lvt(v, LVT_TIMER);
	}
}

static void timer_advance_tsc(struct vlapic *v, const struct vlapic_time *time)
{
	if (v->tsc_deadline == 0) {
		return;
	}
	/* The TSC decides; the due time is only its image in ns, which moves when the TSC is
	 * written. */
	if (time->guest_tsc < v->tsc_deadline) {
		v->timer_due_ns = timer_tsc_due_ns(v, time);
		return;
	}
	v->tsc_deadline = 0;
	v->timer_due_ns = NEVER_NS;
	vlapic_fire_lvt(v, LVT_TIMER);
}

void vlapic_advance(struct vlapic *v, const struct vlapic_time *time)
{
	switch (timer_mode(v)) {
	case TIMER_ONE_SHOT:
		if (v->timer_due_ns <= time->now_ns) {
			v->timer_due_ns = NEVER_NS;
			vlapic_fire_lvt(v, LVT_TIMER);
		}
		break;
	case TIMER_PERIODIC:
		timer_advance_periodic(v, time->now_ns);
		break;
	case TIMER_TSC_DEADLINE:
		timer_advance_tsc(v, time);
		break;
	default:
		break;
	}
}

u64 vlapic_deadline_ns(const struct vlapic *v)
{
	if (timer_is_masked(v)) {
		/* What expires until the next access is found out then. */
		return NEVER_NS;
	}
	if (timer_mode(v) == TIMER_PERIODIC) {
		return tick_backlog_deadline_ns(&v->tick, timer_vector_free(v));
	}
	return v->timer_due_ns;
}

void vlapic_timer_write_initial(struct vlapic *v, u32 count, const struct vlapic_time *time)
{
	vlapic_advance(v, time);
	if (timer_mode(v) == TIMER_ONE_SHOT || timer_mode(v) == TIMER_PERIODIC) {
		v->timer_initial = count;
		timer_run(v, (u64)count << timer_shift(v->timer_divide), time->now_ns);
	}
}

void vlapic_timer_write_divide(struct vlapic *v, u32 divide, const struct vlapic_time *time)
{
	u64 count;

	vlapic_advance(v, time);
	count = vlapic_timer_count(v, time);
	if (timer_shift(divide) != timer_shift(v->timer_divide)) {
		v->timer_divide = divide;
		timer_run(v, count << timer_shift(divide), time->now_ns);
	}
}

/* SDM 11.5.4.1: changing the mode from or to TSC deadline disarms. Between one-shot and periodic
 * the counter runs on, as it does on processors (the SDM's "disarms" is not what they do). */
void vlapic_timer_write_lvt(struct vlapic *v, u32 lvt, const struct vlapic_time *time)
{
	u32 from = timer_mode(v), to = LVT_TIMER_MODE(lvt);
	u64 remaining_ns;

	vlapic_advance(v, time);
	remaining_ns = timer_remaining_ns(v, time->now_ns);
	v->lvt[LVT_TIMER] = lvt;
	if (from != to && (from | to) >= TIMER_TSC_DEADLINE) {
		vlapic_timer_stop(v);
	} else if (from != to) {
		timer_run(v, remaining_ns, time->now_ns);
	}
	if (timer_is_masked(v)) {
		tick_backlog_drop(&v->tick);
	}
}

/* SDM 11.5.4.1: ignored in the other modes; zero disarms; a deadline in the past expires at once.
 */
void vlapic_timer_write_deadline(struct vlapic *v, u64 tsc, const struct vlapic_time *time)
{
	vlapic_advance(v, time);
	if (timer_mode(v) != TIMER_TSC_DEADLINE) {
		return;
	}
	v->tsc_deadline = tsc;
	v->timer_due_ns = NEVER_NS;
	vlapic_advance(v, time);
}

void vlapic_timer_check(const struct vlapic *v)
{
	u32 mode = timer_mode(v);

	tick_backlog_check(&v->tick);
	assert(mode == TIMER_PERIODIC || v->tick.period.ns == 0);
	assert(mode == TIMER_ONE_SHOT || mode == TIMER_TSC_DEADLINE || v->timer_due_ns == NEVER_NS);
	assert(mode == TIMER_TSC_DEADLINE || v->tsc_deadline == 0);
	assert(mode <= TIMER_PERIODIC || v->timer_initial == 0);
}
