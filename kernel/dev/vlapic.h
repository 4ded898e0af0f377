/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU's local APIC: xAPIC registers (MMIO), x2APIC registers (MSRs), IA32_APIC_BASE, the
 * timer in its three modes, interrupt acceptance and priority. SDM vol. 3 chapter 11 ("Advanced
 * Programmable Interrupt Controller").
 *
 * Pure: nothing here sends, arms or delivers. Writes report what the rest of the VM has to do as a
 * vlapic_effect; deadlines are returned. INIT, SIPI, NMI and SMI messages never reach the vlapic,
 * the vCPU's own code handles them.
 *
 * A vlapic is touched only by the pCPU that owns its vCPU. Exception: `route` and `ppr` are read by
 * apic_route() on any pCPU without a lock; both are single atomic words.
 */
#ifndef KERNEL_DEV_VLAPIC_H
#define KERNEL_DEV_VLAPIC_H

#include "arch/x86/regs.h"
#include "kernel/dev/apic_msg.h"
#include "kernel/dev/tick_backlog.h"
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

#define VLAPIC_BASE_GPA	 0xfee00000ull
#define VLAPIC_MMIO_SIZE 4096u
#define VLAPIC_MSR_FIRST 0x800u
#define VLAPIC_MSR_LAST	 0x83fu

/* Input clock of the timer before division: one cycle is one ns. */
#define VLAPIC_TIMER_HZ	 1000000000ull

/* The moment of a call: the VM's clock, the guest's TSC at the same instant and its rate. */
struct vlapic_time {
	u64 now_ns;
	u64 guest_tsc;
	u64 tsc_khz;
};

/* What a register write asks of the rest of the VM. */
struct vlapic_effect {
	enum {
		VLAPIC_NOTHING,
		VLAPIC_SEND,	  /* route and deliver `msg` */
		VLAPIC_BROADCAST, /* tell the IOAPIC: EOI of the level interrupt `vector` */
		VLAPIC_TIMER,	  /* vlapic_deadline_ns() may have changed */
	} kind;
	u8 vector;
	struct apic_msg msg;
};

enum vlapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

/* vlapic.changed */
enum { VLAPIC_VECTORS = 1, VLAPIC_REGISTERS = 2, VLAPIC_TPR_ICR = 4 };

struct vlapic {
	u32 apic_id;	/* (o) initial APIC id, the x2APIC id too */
	u8 vcpu_index;	/* (o) `source` of the messages sent */
	bool is_bsp;	/* (o) */
	u8 ppr;		/* [atomic read by any pCPU] follows tpr and isr */
	u32 route;	/* [atomic read by any pCPU] mode and logical address, see vlapic_priv.h */
	bool irr_maybe; /* false: irr is empty */
	u8 changed;	/* VLAPIC_VECTORS: irr, isr or tmr may have, VLAPIC_TPR_ICR: TPR or ICR's upper half have been
			 * written here, VLAPIC_REGISTERS: others; cleared by vlapic_page_fill() */
	s16 isrv;	/* highest vector in isr, or -1 */
	u8 tpr;
	u64 base_msr;
	u64 irr[4], isr[4], tmr[4];
	u32 ldr, dfr, svr;
	u32 esr;	/* as read */
	u32 esr_logged; /* errors since the last write of ESR */
	u32 icr_low, icr_high;
	u32 lvt[LVT_COUNT];
	u32 timer_initial;	  /* TMICT */
	u32 timer_divide;	  /* TDCR as written */
	u64 timer_due_ns;	  /* one-shot and TSC-deadline: expiry; NEVER_NS: not armed */
	u64 tsc_deadline;	  /* 0: not armed */
	struct tick_backlog tick; /* periodic */
};

/* Power-on state of the APIC of vCPU `vcpu_index`; xAPIC mode, software-disabled. `apic_id` < 255.
 */
void vlapic_init(struct vlapic *v, u32 apic_id, u8 vcpu_index, bool is_bsp);

/* INIT: all registers to their reset values, except the ids and IA32_APIC_BASE (SDM 11.4.7.3). */
void vlapic_reset(struct vlapic *v);

/* What PC firmware leaves on the bootstrap processor: enabled, LINT0 = ExtINT, LINT1 = NMI
 * ("virtual wire", MP specification 3.6.2.2). For guests that are started without firmware, after
 * init. */
void vlapic_set_virtual_wire(struct vlapic *v);

/* --- registers -------------------------------------------------------------------------------- */

/* Access to the register page at `offset` < 4096 by `size_bytes` (1, 2, 4 or 8). SDM 11.4.1 leaves
 * all but aligned 32-bit accesses undefined: here narrow reads give the part of the register,
 * narrow writes are zero-extended, accesses between registers read 0 and write nothing. Outside
 * xAPIC mode reads give all ones and writes are ignored. */
u64 vlapic_mmio_read(struct vlapic *v, u32 offset, u8 size_bytes, const struct vlapic_time *time);
void vlapic_mmio_write(struct vlapic *v, u32 offset, u8 size_bytes, u64 value,
		       const struct vlapic_time *time, struct vlapic_effect *effect);

/* x2APIC registers (VLAPIC_MSR_FIRST..LAST) and IA32_TSC_DEADLINE. ERR_INVAL: the guest gets #GP.
 */
int vlapic_msr_read(struct vlapic *v, u32 msr, const struct vlapic_time *time,
		    u64 *value) must_check;
int vlapic_msr_write(struct vlapic *v, u32 msr, u64 value, const struct vlapic_time *time,
		     struct vlapic_effect *effect) must_check;

/* IA32_APIC_BASE. ERR_INVAL: reserved bits or an illegal transition (SDM 11.12.5); ERR_NOTSUP: a
 * legal relocation of the register page, which Evenkeel does not offer. In both cases nothing
 * changed and the guest gets #GP. */
u64 vlapic_base_read(const struct vlapic *v);
int vlapic_base_write(struct vlapic *v, u64 value) must_check;

/* Globally enabled (IA32_APIC_BASE.EN): what CPUID.1:EDX.APIC shows. / In x2APIC mode. */
static inline bool vlapic_enabled(const struct vlapic *v)
{
	return v->base_msr & APIC_BASE_ENABLE;
}

static inline bool vlapic_is_x2apic(const struct vlapic *v)
{
	return v->base_msr & APIC_BASE_X2APIC;
}

/* The task priority as CR8 sees it: 0..15. Setting takes the low 4 bits. */
u8 vlapic_get_cr8(const struct vlapic *v);
void vlapic_set_cr8(struct vlapic *v, u8 cr8);

/* For hardware that lets the guest read and write xAPIC registers in a page: take() fetches what the guest may have
 * written there without telling, TPR and the upper half of ICR. fill() writes those of the readable registers there
 * that may have changed here; all of them with `all`. PPR and the timer's current count never. */
void vlapic_page_take(struct vlapic *v, const u32 page[VLAPIC_MMIO_SIZE / 4]);
void vlapic_page_fill(struct vlapic *v, u32 page[VLAPIC_MMIO_SIZE / 4], bool all);

/* --- interrupts ------------------------------------------------------------------------------- */

/* Takes a FIXED or LOWEST message that apic_route() assigned to this APIC. Other modes, disabled
 * APICs and (with an error logged) illegal vectors accept nothing. True: the vector is now in IRR.
 */
bool vlapic_accept_msg(struct vlapic *v, const struct apic_msg *msg);

/* Marks `vector` (16..255) as requested, as the last step of the above. */
void vlapic_set_irr(struct vlapic *v, u8 vector, bool level);

/* The slow parts of the two below. */
int vlapic_find_pending(struct vlapic *v);

/* The vector to deliver next: highest in IRR, above the processor priority; -1: none. On the entry
 * path. */
static inline int vlapic_pending(struct vlapic *v)
{
	return likely(!v->irr_maybe) ? -1 : vlapic_find_pending(v);
}

/* The highest vector in IRR whatever the priority; -1: none. One that vlapic_pending() does not
 * give is held back by the priority: the vCPU must then exit when the guest lowers its TPR. */
int vlapic_highest_irr(struct vlapic *v);

/* `vector` has been delivered to the CPU: IRR to ISR. It is what vlapic_pending() gave when it was
 * offered; a vector that has left IRR since is ignored. */
void vlapic_accept(struct vlapic *v, u8 vector);

/* Whether the PIC's output reaches this CPU: LINT0 unmasked in ExtINT mode, or no APIC (globally
 * disabled) on the bootstrap CPU. */
bool vlapic_accepts_extint(const struct vlapic *v);

/* Whether the NMI line reaches this CPU: LINT1 unmasked in NMI mode, or no APIC on the bootstrap
 * CPU. */
bool vlapic_lint_nmi(const struct vlapic *v);

/* A rising edge on LVT_LINT0 or LVT_LINT1 (also LVT_PERF, LVT_THERMAL). Fixed mode: the vector is
 * requested. Returns the delivery mode (enum apic_delivery) in which the pin signalled, for the
 * caller to carry out what is not Fixed; -1: masked. */
int vlapic_raise_lvt(struct vlapic *v, enum vlapic_lvt pin);

/* --- timer ------------------------------------------------------------------------------------ */

/* Lets the timer expire up to `time`. Call when vlapic_deadline_ns() has passed and whenever the
 * guest's TSC was changed other than by running. */
void vlapic_advance(struct vlapic *v, const struct vlapic_time *time);

/* When to call vlapic_advance() next, in ns of the VM's clock; may be past; NEVER_NS: never.
 * Changes by writes, vlapic_accept() and vlapic_advance(). */
u64 vlapic_deadline_ns(const struct vlapic *v);

/* Asserts the invariants. For tests and debug builds. */
void vlapic_check(const struct vlapic *v);

#endif
