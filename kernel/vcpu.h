/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU: what it is doing, what others ask of it, and the loop that runs it.
 *
 * The pCPU that runs a vCPU owns it: all fields without a mark are touched by the owner only. Others post: they set
 * bits in `requests` (and the posted-interrupt bitmaps) and kick.
 */
#ifndef KERNEL_VCPU_H
#define KERNEL_VCPU_H

#include "arch/x86/virt/virt.h"
#include "kernel/dev/vlapic.h"
#include "kernel/events.h"
#include "kernel/exits.h"
#include "kernel/guestif/guest_clock.h"
#include "kernel/msr_policy.h"
#include "kernel/timer.h"
#include "sched/sched.h"

struct vm;

enum vcpu_state {
	VCPU_WAIT_SIPI, /* an AP before its start-up IPI */
	VCPU_RUNNING,	/* executes when scheduled */
	VCPU_HALTED,	/* in HLT */
};

/* vcpu.requests */
enum {
	VCPU_REQ_IRQ = 1,     /* posted interrupts wait in pir */
	VCPU_REQ_TIMER = 2,   /* the LAPIC timer is due */
	VCPU_REQ_NMI = 4,
	VCPU_REQ_INIT = 8,
	VCPU_REQ_SIPI = 16,   /* vector in sipi_vector */
	VCPU_REQ_EXTINT = 32, /* the PIC's output rose */
	VCPU_REQ_PARK = 64,   /* these two stay set until the vCPU has parked: dispatch_park() */
	VCPU_REQ_EVENT = 128, /* an event is queued: from the owner itself */
	VCPU_REQ_MOVE = 256,  /* park, and run again at once: the affinity has changed */
};

struct vcpu_stats {
	u64 exits[EXIT_KIND_COUNT];
	u64 yields; /* spinning, gave its pCPU to a sibling */
};

/* Where its time on the pCPU went, in TSC ticks, since dispatch last asked. */
struct vcpu_ticks {
	u64 guest;   /* in guest mode, exits included that take no time to speak of */
	u64 overlap; /* interrupts, timers and housekeeping, which came while it was there */
};

/* Where guest-physical pages of recent instruction fetches and table walks are mapped: direct-mapped by frame
 * number. Valid as long as mappings are only added (mm/p2m.h). */
#define VCPU_PAGE_CACHE 16u
struct vcpu_page_cache {
	gfn_t gfn;
	void *va;
};

struct vcpu {
	struct vm *vm;	       /* (o) */
	u32 index;	       /* (o) also the APIC id */
	struct virt_vcpu *hw;  /* (o) */
	struct sched_world world; /* locks: sched/sched.h */

	u32 requests;	       /* atomic: VCPU_REQ_* */
	u64 pir[4];	       /* atomic: interrupts posted by others ... */
	u64 pir_level[4];      /* atomic: ... as level interrupts, when last posted */
	u8 sipi_vector;	       /* atomic */
	u32 pcpu;	       /* atomic: the pCPU that runs it now, PCPU_NONE */

	bool added;	       /* atomic, written under Q(world.pcpu): known to the scheduler */

	enum vcpu_state state; /* written by the owner, read by anyone */
	struct vlapic lapic;   /* routing fields are read by anyone */
	struct events events;
	bool nmi_pending;      /* an NMI is latched */
	bool extint;	       /* the PIC may ask for this vCPU */
	bool inject_live;      /* `inject` is more than "nothing" */
	bool inject_extint;    /* the offered interrupt is the PIC's */
	struct virt_inject inject;
	struct msr_state msrs;
	u64 tsc_adjust;
	u64 tsc_offset;
	struct timer lapic_timer;
	struct vcpu_page_cache page_cache[VCPU_PAGE_CACHE];
	struct guest_clock clock;
	struct vcpu_ticks ticks;
	struct vcpu_stats stats;
};

/* Creates a vCPU in reset state; the bootstrap one runs at once, others wait for SIPI. ERR_NOMEM. */
int vcpu_create(struct vm *vm, u32 index, struct vcpu **out) must_check;
void vcpu_destroy(struct vcpu *vcpu);

/* Runs the vCPU on this pCPU until its time is up, it blocks or it parks. Called by dispatch. */
enum vcpu_leave {
	VCPU_LEAVE_SLICE, /* could go on */
	VCPU_LEAVE_HALT,  /* nothing to do until something is posted: halted by the guest ... */
	VCPU_LEAVE_WAIT,  /* ... or not started yet */
	VCPU_LEAVE_PARK,
};
enum vcpu_leave vcpu_run(struct vcpu *vcpu, u64 until_ns);

/* For how long, from power-on up to `now_ns`, the vCPU could have run and did not. Any pCPU; what its owner is told never
 * decreases. */
u64 vcpu_steal_ns(const struct vcpu *vcpu, u64 now_ns);

/* Sets request bits and makes sure the vCPU sees them soon. Any pCPU. */
void vcpu_post(struct vcpu *vcpu, u32 requests);

/* Posts a fixed interrupt. Any pCPU. */
void vcpu_post_irq(struct vcpu *vcpu, u8 vector, bool level);

/* True when the vCPU must not block: something was posted. */
static inline bool vcpu_has_requests(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST) != 0;
}

/* The LAPIC's view of time now. */
struct vlapic_time vcpu_time(const struct vcpu *vcpu);

/* --- for the exit handlers -------------------------------------------------------------------- */

/* Raises the #DB of RFLAGS.TF after an instruction. */
void vcpu_single_step(struct vcpu *vcpu);

/* The rare part of vcpu_skip(). */
enum exit_action vcpu_end_insn(struct vcpu *vcpu);

/* The instruction that exited has been carried out: on to the next one, with the single-step trap if due. What an
 * exit handler returns last: EXIT_RESUME. */
static inline enum exit_action vcpu_skip(struct vcpu *vcpu, const struct vm_exit *exit)
{
	return likely(virt_skip(vcpu->hw, exit->next_rip)) ? EXIT_RESUME : vcpu_end_insn(vcpu);
}

/* Raises an exception at the next entry. */
void vcpu_raise(struct vcpu *vcpu, u8 vector, bool has_error, u32 error);
static inline void vcpu_raise_gp(struct vcpu *vcpu)
{
	vcpu_raise(vcpu, VECTOR_GP, true, 0);
}

/* Carries out what a local APIC register write asked for. */
void vcpu_lapic_effect(struct vcpu *vcpu, const struct vlapic_effect *effect);

/* Access to the register page of the local APIC, in xAPIC mode. */
u64 vcpu_lapic_read(struct vcpu *vcpu, u32 offset, u8 size);
void vcpu_lapic_write(struct vcpu *vcpu, u32 offset, u8 size, u64 value);

/* The page of guest RAM at `gfn` in the direct map, remembered in the page cache; NULL: no RAM. */
void *vcpu_page(struct vcpu *vcpu, gfn_t gfn);

/* Registers of the vCPU to the log, for crashes and the monitor. Owner, or the vCPU does not run. */
void vcpu_dump(struct vcpu *vcpu);

#endif
