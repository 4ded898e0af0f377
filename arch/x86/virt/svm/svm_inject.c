// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events into a guest. Exceptions and NMIs go through EVENTINJ. External interrupts go through
 * V_IRQ: it is hardware that waits for the guest to be ready, and V_IRQ after the exit says whether
 * it was. On machines that are seen to overlook V_IRQ in a guest that is ready at entry, those go
 * through EVENTINJ.
 *
 * NMI blocking is ours to track: it ends with IRET, which is intercepted from the delivery on. The
 * exit comes before IRET is executed; treating it as an interrupt shadow keeps the next NMI out
 * until it is.
 */
#include "arch/x86/virt/svm/svm_priv.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_event.h"

#define CR8_WRITE BIT(16 + 8)

static void intercept_set(struct svm_vcpu *v, u32 word, u64 bit, bool on)
{
	struct vmcb_control *control = &v->vmcb->control;
	u32 old = control->intercept[word];

	control->intercept[word] = on ? old | (u32)bit : old & ~(u32)bit;
	control->clean &= ~(u32)VMCB_CLEAN_I;
}

void svm_inject_set_nmi_blocked(struct svm_vcpu *v, bool blocked)
{
	v->base.nmi_blocked = blocked;
	intercept_set(v, VMCB_INTERCEPT_MISC1, BIT(MISC1_IRET), blocked);
}

/* Would the guest take an interrupt before its next instruction? */
static bool interruptible(const struct svm_vcpu *v)
{
	return !v->base.irq_deferred && (v->vmcb->save.rflags & RFLAGS_IF) != 0;
}

static void event_prepare(struct svm_vcpu *v, const struct virt_event *event)
{
	v->vmcb->control.event_inj = svm_event_encode(event);
	/* Delivery ends an interrupt shadow. */
	svm_shadow_set(v, false);
	if (event->type == VIRT_EVENT_NMI) {
		svm_inject_set_nmi_blocked(v, true);
	}
}

/* An offered interrupt; `alone`: EVENTINJ is free. */
static void irq_prepare(struct svm_vcpu *v, u8 vector, bool alone)
{
	const struct virt_event irq = {.type = VIRT_EVENT_EXTINT, .vector = vector};

	if (v->base.irq_deferred) {
		return;
	}
	if (alone && svm_machine.virq_late && interruptible(v)) {
		v->irq_by_event = true;
		event_prepare(v, &irq);
		return;
	}
	v->virq = svm_event_virq(vector, v->base.cr8);
	v->virq_due = alone && interruptible(v);
	v->virq_rip = v->vmcb->save.rip;
}

bool svm_inject_prepare(struct svm_vcpu *v, const struct virt_inject *inject)
{
	bool event = inject->event.type != VIRT_EVENT_NONE;

	if (v->cr8_watched != inject->cr8_watch) {
		v->cr8_watched = inject->cr8_watch;
		intercept_set(v, VMCB_INTERCEPT_CR, CR8_WRITE, v->cr8_watched);
	}
	v->virq = 0;
	v->virq_due = false;
	v->irq_by_event = false;
	/* An interrupted interrupt goes the way of an offered one where that brings it before the
	 * next instruction. EVENTINJ is right too, but QEMU may deliver it twice. */
	v->event_by_virq = inject->event.type == VIRT_EVENT_EXTINT && !inject->irq_offered &&
			   interruptible(v) && !svm_machine.virq_late;
	if (v->event_by_virq) {
		v->virq = svm_event_virq(inject->event.vector, v->base.cr8) | VMCB_V_IGN_TPR;
		return true;
	}
	if (event) {
		event_prepare(v, &inject->event);
	}
	if (inject->irq_offered) {
		irq_prepare(v, inject->irq_vector, !event);
	}
	return event || inject->irq_offered || v->cr8_watched;
}

/* Did the guest take the interrupt in V_IRQ? V_IRQ is clear then (APM vol. 2, 15.21.4), except that
 * QEMU leaves it set when the exit comes during delivery. */
static bool virq_taken(const struct svm_vcpu *v, const struct virt_inject *inject)
{
	const struct vmcb_control *control = &v->vmcb->control;
	u64 info = control->exit_int_info;
	u8 vector = (u8)(v->virq >> VMCB_V_VECTOR_SHIFT);
	bool other = inject->event.type == VIRT_EVENT_EXTINT && !v->event_by_virq &&
		     inject->event.vector == vector;

	if (v->virq == 0 || (control->int_ctl & VMCB_V_IRQ) == 0) {
		return v->virq != 0;
	}
	return (info & VMCB_EVENT_VALID) != 0 && (info & VMCB_EVENT_VECTOR) == vector &&
	       vector >= 32 && !other;
}

/* An interrupt that was due before the next instruction was not taken. Did the guest execute that,
 * or attempt to, rather than being stopped by something of the machine's? Then this machine (Bochs
 * is one) looks at V_IRQ only when the guest itself sets IF. */
static bool guest_went_on(const struct svm_vcpu *v, const struct vm_exit *exit)
{
	bool machine = exit->kind == EXIT_INTR || exit->kind == EXIT_NMI;
	bool delivering = (v->vmcb->control.exit_int_info & VMCB_EVENT_VALID) != 0;

	return v->vmcb->save.rip != v->virq_rip || (!machine && !delivering);
}

void svm_inject_finish(struct svm_vcpu *v, const struct virt_inject *inject, struct vm_exit *exit)
{
	struct vmcb_control *control = &v->vmcb->control;
	bool taken = virq_taken(v, inject);

	if (v->virq_due && !taken && guest_went_on(v, exit)) {
		svm_machine.virq_late = true;
	}
	/* Hardware clears the valid bit at the exit; where it did not get that far the event is
	 * void. */
	control->event_inj = 0;
	exit->interrupted = svm_event_decode(control->exit_int_info,
					     taken ? (int)(v->virq >> VMCB_V_VECTOR_SHIFT) : -1);
	/* Not every machine writes it at every exit. */
	control->exit_int_info = 0;
	if (exit->interrupted.type == VIRT_EVENT_NMI) {
		svm_inject_set_nmi_blocked(v, false);
	}
	if (!v->event_by_virq) {
		exit->irq_taken = taken || v->irq_by_event;
	} else if (!taken) {
		/* An exit came first: it is still to be delivered. */
		exit->interrupted = inject->event;
	}
}
