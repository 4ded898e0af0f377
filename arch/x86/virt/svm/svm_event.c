// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event formats of AMD-V. Software interrupts (INT n, INT3, INTO) are never handed back: an exit
 * during their delivery leaves RIP at the instruction, which the guest simply executes again. That
 * is right with and without next-RIP saving; injecting them would need the length of the
 * instruction (APM vol. 2, 15.20).
 */
#include "arch/x86/virt/svm/svm_event.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/vmcb.h"

u64 svm_event_encode(const struct virt_event *event)
{
	static const u8 types[] = {
		[VIRT_EVENT_EXTINT] = VMCB_TYPE_INTR,
		[VIRT_EVENT_NMI] = VMCB_TYPE_NMI,
		[VIRT_EVENT_EXCEPTION] = VMCB_TYPE_EXCEPTION,
	};
	u64 info = VMCB_EVENT_VALID | event->vector;

	if (event->type == VIRT_EVENT_NONE || event->type == VIRT_EVENT_SOFTINT) {
		return 0;
	}
	info |= (u64)types[event->type] << VMCB_EVENT_TYPE_SHIFT;
	if (event->has_error) {
		info |= VMCB_EVENT_ERROR | (u64)event->error << VMCB_EVENT_CODE_SHIFT;
	}
	return info;
}

/* QEMU reports an interrupt taken through V_IRQ as an exception with its vector. */
static bool is_virtual_interrupt(u8 vector, int taken_vector)
{
	return vector >= 32 || vector == taken_vector;
}

struct virt_event svm_event_decode(u64 info, int taken_vector)
{
	struct virt_event event = {
		.vector = info & VMCB_EVENT_VECTOR,
		.has_error = (info & VMCB_EVENT_ERROR) != 0,
		.error = (info & VMCB_EVENT_ERROR) != 0 ? info >> VMCB_EVENT_CODE_SHIFT : 0,
	};

	/* The other fields are stale without the valid bit. */
	if ((info & VMCB_EVENT_VALID) == 0) {
		return (struct virt_event){.type = VIRT_EVENT_NONE};
	}
	switch ((info >> VMCB_EVENT_TYPE_SHIFT) & VMCB_EVENT_TYPE) {
	case VMCB_TYPE_INTR:
		event.type = VIRT_EVENT_EXTINT;
		return event;
	case VMCB_TYPE_NMI:
		event.type = VIRT_EVENT_NMI;
		event.vector = VECTOR_NMI;
		return event;
	case VMCB_TYPE_EXCEPTION:
		if (is_virtual_interrupt(event.vector, taken_vector)) {
			return (struct virt_event){.type = VIRT_EVENT_EXTINT,
						   .vector = event.vector};
		}
		if (event.vector != VECTOR_BP && event.vector != VECTOR_OF) {
			event.type = VIRT_EVENT_EXCEPTION;
			return event;
		}
		break;
	default:
		break;
	}
	return (struct virt_event){.type = VIRT_EVENT_NONE};
}

u64 svm_event_virq(u8 vector, u8 cr8)
{
	u64 class = vector >> 4;
	u64 ctl = VMCB_V_IRQ | class << VMCB_V_PRIO_SHIFT | (u64)vector << VMCB_V_VECTOR_SHIFT;

	/* With the priority in place hardware holds the interrupt back should the guest raise its
	 * TPR before it is taken. One that is offered although the TPR masks its class does not
	 * come from the local APIC but from the PIC: TPR means nothing to it. */
	return class > cr8 ? ctl : ctl | VMCB_V_IGN_TPR;
}
