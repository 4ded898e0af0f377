/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU's next entry delivers: events that an exit interrupted, exceptions raised by
 * emulation, NMIs and interrupts, combined and ordered as the manuals say (SDM vol. 3, 6.9
 * priorities, 6.15 "Interrupt 8" combinations; APM vol. 2, 8.2.9 and 8.5). Pure; belongs to the
 * pCPU that owns the vCPU.
 *
 * Between two entries: events_interrupted() with what the exit reported, events_raise() for each
 * exception that handling the exit gave rise to, then events_next().
 */
#ifndef KERNEL_EVENTS_H
#define KERNEL_EVENTS_H

#include "arch/x86/regs.h"
#include "arch/x86/virt/virt.h"
#include "kernel/lib/types.h"

/* Per vCPU. */
struct events {
	struct virt_event queued; /* to be delivered first at the next entry */
	bool triple_fault;	  /* the vCPU has shut down; only events_init() ends that */
};

/* The sources that compete when nothing is queued. */
struct event_sources {
	bool nmi_pending; /* an NMI is latched */
	bool nmi_blocked; /* virt_vcpu.nmi_blocked: between NMI delivery and IRET */
	bool shadow;	  /* guest_state.shadow; only looked at when nmi_pending */
	int irq_vector;	  /* deliverable interrupt of the LAPIC (vlapic_pending) or PIC; -1: none */
	bool lapic_irr;	  /* the LAPIC has a request, deliverable or not (vlapic_highest_irr() >= 0)
			   */
};

enum events_verdict {
	EVENTS_ENTER,	  /* enter with the virt_inject given */
	EVENTS_ENTER_NMI, /* same, and it delivers the pending NMI: the caller clears its latch */
	EVENTS_TRIPLE_FAULT, /* do not enter: the vCPU has shut down */
};

/* Nothing queued: at power-on and INIT. */
void events_init(struct events *e);

/* After each exit: `interrupted` is vm_exit.interrupted. What an earlier events_next() injected has
 * been delivered or is this. */
void events_interrupted(struct events *e, const struct virt_event *interrupted);

/* The guest incurs an exception (emulation, or an intercepted one reflected), while delivering what
 * is queued if something is. Gives the exception, #DF, or the end. */
void events_raise(struct events *e, u8 vector, bool has_error, u32 error);

/* Decides what to enter with; `*inject` is filled unless the verdict is a triple fault. No side
 * effect: may be asked again for the same entry. */
enum events_verdict events_next(const struct events *e, const struct event_sources *s,
				struct virt_inject *inject);

#endif
