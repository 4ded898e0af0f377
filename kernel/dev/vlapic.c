// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC: state, interrupt acceptance, priority, end of interrupt, errors. Registers are in
 * vlapic_regs.c, the timer in vlapic_timer.c. Pure; owned by one pCPU at a time (see the header).
 */
#include "kernel/dev/vlapic.h"
#include "kernel/dev/vlapic_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/bitmap.h"
#include "kernel/lib/string.h"

#define VECTOR_WORDS 4u

void vlapic_publish_route(struct vlapic *v)
{
	u32 route = (v->ldr >> 24) << 8;

	route |= vlapic_enabled(v) ? ROUTE_ENABLED : 0;
	route |= vlapic_is_x2apic(v) ? ROUTE_X2APIC : 0;
	route |= (v->svr & SVR_ENABLE) != 0 ? ROUTE_SOFT_ENABLED : 0;
	/* DFR: model 1111b is flat, 0000b cluster; the others are reserved and taken as cluster. */
	route |= v->dfr >> 28 == 0xf ? ROUTE_FLAT : 0;
	__atomic_store_n(&v->route, route, __ATOMIC_RELAXED);
}

/* SDM 11.8.3.1: the processor priority is the higher of the task priority and the class in service.
 */
static void vlapic_update_ppr(struct vlapic *v)
{
	u8 in_service = v->isrv < 0 ? 0 : (u8)v->isrv & 0xf0;
	u8 ppr = (v->tpr & 0xf0) >= in_service ? v->tpr : in_service;

	__atomic_store_n(&v->ppr, ppr, __ATOMIC_RELAXED);
}

void vlapic_init(struct vlapic *v, u32 apic_id, u8 vcpu_index, bool is_bsp)
{
	*v = (struct vlapic){.apic_id = apic_id, .vcpu_index = vcpu_index, .is_bsp = is_bsp};
	v->base_msr = VLAPIC_BASE_GPA | APIC_BASE_ENABLE | (is_bsp ? APIC_BASE_BSP : 0);
	tick_backlog_init(&v->tick);
	vlapic_reset(v);
}

/* SDM 11.4.7.1 "Local APIC State After Power-Up or Reset". */
void vlapic_reset(struct vlapic *v)
{
	memset(v->irr, 0, sizeof(v->irr));
	memset(v->isr, 0, sizeof(v->isr));
	memset(v->tmr, 0, sizeof(v->tmr));
	v->irr_maybe = false;
	v->changed = VLAPIC_VECTORS | VLAPIC_REGISTERS;
	v->isrv = -1;
	v->tpr = 0;
	v->ldr = 0;
	v->dfr = UINT32_MAX;
	v->svr = 0xff;
	v->esr = 0;
	v->esr_logged = 0;
	v->icr_low = 0;
	v->icr_high = 0;
	for (u32 i = 0; i < LVT_COUNT; i++) {
		v->lvt[i] = LVT_MASKED;
	}
	v->timer_divide = 0;
	vlapic_timer_stop(v);
	vlapic_update_ppr(v);
	vlapic_publish_route(v);
}

void vlapic_set_virtual_wire(struct vlapic *v)
{
	v->svr = SVR_ENABLE | 0xff;
	v->lvt[LVT_LINT0] = APIC_EXTINT << 8;
	v->lvt[LVT_LINT1] = APIC_NMI << 8;
	v->changed |= VLAPIC_REGISTERS;
	vlapic_publish_route(v);
}

/* --- mode ------------------------------------------------------------------------------------- */

u64 vlapic_base_read(const struct vlapic *v)
{
	return v->base_msr;
}

int vlapic_base_write(struct vlapic *v, u64 value)
{
	const u64 mode_mask = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	u64 from = v->base_msr & mode_mask, to = value & mode_mask;

	/* The field reaches to the largest physical address there is, bit 51. */
	if ((value & (0xff | BIT(9))) != 0 || value >> 52 != 0) {
		return ERR_INVAL;
	}
	/* SDM 11.12.5: EXTD without EN is invalid; x2APIC mode is entered from xAPIC mode only and
	 * left by disabling only. */
	if (to == APIC_BASE_X2APIC || (to == mode_mask && from == 0) ||
	    (to == APIC_BASE_ENABLE && from == mode_mask)) {
		return ERR_INVAL;
	}
	if ((value & ~PAGE_MASK) != VLAPIC_BASE_GPA) {
		return ERR_NOTSUP;
	}
	v->base_msr = value;
	v->changed |= VLAPIC_REGISTERS;
	if (to == 0 && from != 0) {
		/* SDM 11.4.3: enabling it again finds the power-up state. */
		vlapic_reset(v);
	} else if (to == mode_mask && from != mode_mask) {
		/* xAPIC destinations mean nothing to the 64-bit ICR. */
		v->icr_high = 0;
	}
	vlapic_publish_route(v);
	return ERR_OK;
}

/* --- priority --------------------------------------------------------------------------------- */

void vlapic_set_tpr(struct vlapic *v, u8 tpr)
{
	v->tpr = tpr;
	vlapic_update_ppr(v);
}

/* SDM 11.8.6: CR8 is TPR bits 7:4; writing it clears bits 3:0. */
u8 vlapic_get_cr8(const struct vlapic *v)
{
	return v->tpr >> 4;
}

void vlapic_set_cr8(struct vlapic *v, u8 cr8)
{
	if (cr8 != v->tpr >> 4) {
		vlapic_set_tpr(v, (u8)(cr8 << 4));
	}
}

int vlapic_highest_irr(struct vlapic *v)
{
	int vector = v->irr_maybe ? bitmap_highest(v->irr, VECTOR_WORDS) : -1;

	v->irr_maybe = vector >= 0;
	return vector;
}

int vlapic_find_pending(struct vlapic *v)
{
	int vector = vlapic_highest_irr(v);

	return vector >= 0 && vector >> 4 > v->ppr >> 4 ? vector : -1;
}

/* --- acceptance ------------------------------------------------------------------------------- */

void vlapic_set_irr(struct vlapic *v, u8 vector, bool level)
{
	bitmap_set(v->irr, vector);
	v->irr_maybe = true;
	v->changed |= VLAPIC_VECTORS;
	if (level) {
		bitmap_set(v->tmr, vector);
	} else {
		bitmap_clear(v->tmr, vector);
	}
}

bool vlapic_accept_msg(struct vlapic *v, const struct apic_msg *msg)
{
	bool fixed = msg->delivery == APIC_FIXED || msg->delivery == APIC_LOWEST;

	if (!fixed || !vlapic_enabled(v) || (v->svr & SVR_ENABLE) == 0) {
		return false;
	}
	if (msg->vector < APIC_VECTOR_MIN) {
		vlapic_log_error(v, ESR_RECEIVE_ILLEGAL);
		return false;
	}
	vlapic_set_irr(v, msg->vector, msg->level);
	return true;
}

void vlapic_accept(struct vlapic *v, u8 vector)
{
	if (!bitmap_test(v->irr, vector)) {
		return;
	}
	bitmap_clear(v->irr, vector);
	bitmap_set(v->isr, vector);
	v->isrv = MAX(v->isrv, (s16)vector);
	v->changed |= VLAPIC_VECTORS;
	vlapic_update_ppr(v);
}

/* SDM 11.8.5. */
bool vlapic_end_interrupt(struct vlapic *v, u8 *vector)
{
	if (v->isrv < 0) {
		return false;
	}
	*vector = (u8)v->isrv;
	bitmap_clear(v->isr, *vector);
	v->changed |= VLAPIC_VECTORS;
	v->isrv = (s16)bitmap_highest(v->isr, VECTOR_WORDS);
	vlapic_update_ppr(v);
	return bitmap_test(v->tmr, *vector) && (v->svr & SVR_SUPPRESS_EOI) == 0;
}

/* --- local interrupts ------------------------------------------------------------------------- */

/* SDM 11.5.3: one interrupt for the first error; writing ESR arms it again. */
void vlapic_log_error(struct vlapic *v, u32 esr_bit)
{
	bool armed = v->esr_logged == 0;

	v->esr_logged |= esr_bit;
	if (armed) {
		vlapic_fire_lvt(v, LVT_ERROR);
	}
}

void vlapic_fire_lvt(struct vlapic *v, enum vlapic_lvt pin)
{
	u32 lvt = v->lvt[pin];

	if ((lvt & LVT_MASKED) != 0) {
		return;
	}
	if (LVT_VECTOR(lvt) < APIC_VECTOR_MIN) {
		/* Ends here for LVT_ERROR itself: the error is logged by now. */
		vlapic_log_error(v, ESR_RECEIVE_ILLEGAL);
		return;
	}
	vlapic_set_irr(v, LVT_VECTOR(lvt), false);
}

bool vlapic_accepts_extint(const struct vlapic *v)
{
	if (!vlapic_enabled(v)) {
		return v->is_bsp;
	}
	return (v->lvt[LVT_LINT0] & LVT_MASKED) == 0 &&
	       LVT_DELIVERY(v->lvt[LVT_LINT0]) == APIC_EXTINT;
}

bool vlapic_lint_nmi(const struct vlapic *v)
{
	if (!vlapic_enabled(v)) {
		return v->is_bsp;
	}
	return (v->lvt[LVT_LINT1] & LVT_MASKED) == 0 && LVT_DELIVERY(v->lvt[LVT_LINT1]) == APIC_NMI;
}

int vlapic_raise_lvt(struct vlapic *v, enum vlapic_lvt pin)
{
	u32 lvt = v->lvt[pin];

	if (!vlapic_enabled(v)) {
		/* SDM 11.4.3: the pins are INTR and NMI of a CPU without APIC. */
		bool wired = v->is_bsp && (pin == LVT_LINT0 || pin == LVT_LINT1);

		return !wired ? -1 : pin == LVT_LINT0 ? APIC_EXTINT : APIC_NMI;
	}
	if ((lvt & LVT_MASKED) != 0) {
		return -1;
	}
	if (LVT_DELIVERY(lvt) == APIC_FIXED) {
		vlapic_fire_lvt(v, pin);
	}
	return (int)LVT_DELIVERY(lvt);
}

/* --- invariants ------------------------------------------------------------------------------- */

void vlapic_check(const struct vlapic *v)
{
	u8 in_service = v->isrv < 0 ? 0 : (u8)v->isrv & 0xf0;

	assert(v->isrv == bitmap_highest(v->isr, VECTOR_WORDS));
	assert(v->irr_maybe || bitmap_highest(v->irr, VECTOR_WORDS) < 0);
	assert(v->ppr >> 4 == MAX(v->tpr >> 4, in_service >> 4));
	assert((v->irr[0] & 0xffff) == 0 && (v->isr[0] & 0xffff) == 0);
	assert(vlapic_enabled(v) || !vlapic_is_x2apic(v));
	assert((v->base_msr & ~PAGE_MASK) == VLAPIC_BASE_GPA);
	if ((v->svr & SVR_ENABLE) == 0) {
		for (u32 i = 0; i < LVT_COUNT; i++) {
			assert((v->lvt[i] & LVT_MASKED) != 0);
		}
	}
	vlapic_timer_check(v);
}
