/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the vlapic*.c files and apic_route.c: register bits, the `route` word, internal steps.
 */
#ifndef KERNEL_DEV_VLAPIC_PRIV_H
#define KERNEL_DEV_VLAPIC_PRIV_H

#include "kernel/dev/vlapic.h"

#define SVR_ENABLE	    BIT(8)
#define SVR_SUPPRESS_EOI    BIT(12)

#define LVT_MASKED	    BIT(16)
#define LVT_VECTOR(lvt)	    ((u8)(lvt))
#define LVT_DELIVERY(lvt)   (((lvt) >> 8) & 7u)
#define LVT_TIMER_MODE(lvt) (((lvt) >> 17) & 3u)

enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_TSC_DEADLINE, TIMER_RESERVED };

/* ESR bits (SDM 11.5.3). */
#define ESR_SEND_ILLEGAL     BIT(5)
#define ESR_RECEIVE_ILLEGAL  BIT(6)
#define ESR_ILLEGAL_REGISTER BIT(7)

/* Vectors below this are reserved: no APIC sends or accepts them (SDM 11.5.2). */
#define APIC_VECTOR_MIN	     16u

/* The `route` word: all that addressing needs but the id, in one atomic load. */
#define ROUTE_ENABLED	     BIT(0) /* globally */
#define ROUTE_X2APIC	     BIT(1)
#define ROUTE_SOFT_ENABLED   BIT(2)
#define ROUTE_FLAT	     BIT(3)
#define ROUTE_LOGICAL(r)     (((r) >> 8) & 0xffu) /* xAPIC logical id, LDR 31:24 */

/* The x2APIC logical id that hardware derives from the id (SDM 11.12.10.2). */
static inline u32 vlapic_x2apic_ldr(u32 apic_id)
{
	return (apic_id >> 4) << 16 | 1u << (apic_id & 15);
}

/* vlapic.c: after a change of mode, SVR, LDR or DFR. */
void vlapic_publish_route(struct vlapic *v);
void vlapic_set_tpr(struct vlapic *v, u8 tpr);
/* Ends the highest interrupt in service. True: it was level triggered, *vector is to be broadcast.
 */
bool vlapic_end_interrupt(struct vlapic *v, u8 *vector);
void vlapic_log_error(struct vlapic *v, u32 esr_bit);
/* Requests the vector of an LVT entry in Fixed mode, if it is not masked. */
void vlapic_fire_lvt(struct vlapic *v, enum vlapic_lvt pin);

/* vlapic_timer.c. */
void vlapic_timer_stop(struct vlapic *v);
u32 vlapic_timer_count(const struct vlapic *v, const struct vlapic_time *time);
void vlapic_timer_write_initial(struct vlapic *v, u32 count, const struct vlapic_time *time);
void vlapic_timer_write_divide(struct vlapic *v, u32 divide, const struct vlapic_time *time);
void vlapic_timer_write_lvt(struct vlapic *v, u32 lvt, const struct vlapic_time *time);
void vlapic_timer_write_deadline(struct vlapic *v, u64 tsc, const struct vlapic_time *time);
void vlapic_timer_check(const struct vlapic *v);

#endif
