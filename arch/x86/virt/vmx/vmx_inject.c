// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events into a guest. What is injected by the entry is delivered before the first instruction, or
 * an exit hands it back as IDT-vectoring information. An interrupt that the guest is not ready for
 * waits for interrupt-window exiting; hardware says when.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_event.h"

static void proc_set(struct vmx_vcpu *v, u32 proc)
{
	if (v->proc != proc) {
		v->proc = proc;
		vmx_write(VMCS_PROC, proc);
	}
}

static void event_write(struct vmx_vcpu *v, const struct virt_event *event)
{
	bool protected = !event->has_error || (vmx_read(VMCS_GUEST_CR0) & CR0_PE) != 0;
	u32 info = vmx_event_encode(event, protected);

	if ((info & VMX_EVENT_ERROR) != 0) {
		vmx_write(VMCS_ENTRY_ERROR, event->error);
	}
	if (event->type == VIRT_EVENT_SOFTINT) {
		vmx_write(VMCS_ENTRY_INSN_LEN, event->insn_len);
	}
	vmx_write(VMCS_ENTRY_EVENT, info);
	/* Delivery ends an interrupt shadow; entry would refuse some events in one. */
	if ((v->intr_state & INTR_STATE_SHADOW) != 0) {
		vmx_state_set_intr_state(v, INTR_STATE_SHADOW, 0);
	}
}

/* Would the guest take an interrupt before its next instruction? */
static bool interruptible(const struct vmx_vcpu *v)
{
	return (v->intr_state & INTR_STATE_SHADOW) == 0 && (v->ip.rflags & RFLAGS_IF) != 0;
}

/* The window that NMIs wait for. Hardware may open it in the shadow of STI, where the caller must
 * not inject: there the interrupt window (IF is set) says when the shadow is over. */
static u32 nmi_window(const struct vmx_vcpu *v)
{
	return (v->intr_state & INTR_STATE_STI) != 0 ? (u32)PROC_INTR_WINDOW : (u32)PROC_NMI_WINDOW;
}

bool vmx_inject_prepare(struct vmx_vcpu *v, const struct virt_inject *inject, bool *irq_taken)
{
	const struct virt_event irq = {.type = VIRT_EVENT_EXTINT, .vector = inject->irq_vector};
	u32 proc = vmx_control(VMX_WORD_PROC);
	u32 threshold = inject->cr8_watch ? v->base.cr8 : 0;
	bool event = inject->event.type != VIRT_EVENT_NONE;

	if (event) {
		event_write(v, &inject->event);
	}
	if (inject->irq_offered) {
		*irq_taken = !event && interruptible(v);
		if (*irq_taken) {
			event_write(v, &irq);
		} else {
			proc |= (u32)PROC_INTR_WINDOW;
		}
	}
	if (inject->nmi_window) {
		proc |= nmi_window(v);
	}
	proc_set(v, proc);
	if (v->tpr_threshold != threshold) {
		v->tpr_threshold = threshold;
		vmx_write(VMCS_TPR_THRESHOLD, threshold);
	}
	return proc != vmx_control(VMX_WORD_PROC) || threshold != 0;
}

struct virt_event vmx_inject_interrupted(struct vmx_vcpu *v, u32 info)
{
	u32 error = (info & VMX_EVENT_ERROR) != 0 ? (u32)vmx_read(VMCS_IDT_ERROR) : 0;
	struct virt_event event = vmx_event_decode(info, error, (u32)vmx_read(VMCS_EXIT_INSN_LEN));

	if (event.type == VIRT_EVENT_NMI) {
		/* It is still to come. */
		vmx_state_set_intr_state(v, INTR_STATE_NMI, 0);
	}
	return event;
}
