// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry into a guest: vmx_run() -> vmx_enter (vmx_entry.asm) -> the guest -> vmx_run_exit().
 * The path of an exit without events is kept short, in instructions and in VMREADs and VMWRITEs:
 * what an entry or exit rarely needs is behind one test each.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_exit.h"

/* What most entries do without: events, flushes, and undoing those of the last entry. Returns
 * irq_taken: what is injected is delivered, or handed back as interrupted. */
static bool entry_prepare(struct vmx_vcpu *v, const struct virt_inject *inject, u32 todo)
{
	bool irq_taken = false;

	if ((todo & (VMX_TODO_FLUSH_LINEAR | VMX_TODO_FLUSH_ALL)) != 0) {
		vmx_load_flush(v, todo);
	}
	if (vmx_inject_prepare(v, inject, &irq_taken)) {
		__atomic_fetch_or(&v->todo, VMX_TODO_UNDO, __ATOMIC_RELAXED);
	}
	u32 proc2 = vmx_setup_proc2(v);

	if (v->proc2 != proc2) {
		v->proc2 = proc2;
		vmx_write(VMCS_PROC2, proc2);
	}
	return irq_taken;
}

/* The machine's own events: an exit has acknowledged them, their handlers are still to run. */
static void machine_event(u32 info)
{
	if ((info & VMX_EVENT_VECTOR) == VECTOR_MC) {
		__asm__ volatile("int %0" : : "i"(VECTOR_MC) : "memory");
	} else {
		/* NMIs are blocked since the exit until the handler's IRET (SDM vol. 3, 27.5.5). */
		__asm__ volatile("int %0" : : "i"(VECTOR_NMI) : "memory");
	}
}

static void event_exit(struct vmx_vcpu *v, const struct vmx_exit_info *info,
		       const struct vm_exit *exit)
{
	u32 type = info->event >> VMX_EVENT_TYPE_SHIFT & VMX_EVENT_TYPE;

	if (exit->kind == EXIT_NMI) {
		machine_event(info->event);
	} else if (type == VMX_TYPE_PRIV_SW_EXCEPTION) {
		/* INT1 is a trap: the caller delivers it behind the instruction. */
		v->ip.rip = vmx_state_next_rip(v, (u8)vmx_read(VMCS_EXIT_INSN_LEN));
		(void)vmx_vcpu_end_insn(&v->base);
	}
}

static void entry_failed(struct vm_exit *exit, u64 reason)
{
	exit->kind = EXIT_ENTRY_FAILED;
	exit->hw_reason = reason;
	vmx_dump();
}

/* SDM vol. 3, 27.2.3: an IRET that ended NMI blocking and then faulted in a way that the guest
 * never sees will be executed again, and must find NMIs blocked until then. */
static void iret_reblock(struct vmx_vcpu *v, const struct vmx_exit_info *info, u32 reason,
			 bool interrupted)
{
	bool unblocked = reason == VMX_REASON_EPT_VIOLATION
				 ? (info->qualification & QUAL_EPT_IRET_UNBLOCK) != 0
				 : (info->event & VMX_EVENT_IRET_UNBLOCK) != 0 &&
					   (info->event & VMX_EVENT_VECTOR) != VECTOR_DF;

	if (unblocked && !interrupted) {
		vmx_state_set_intr_state(v, 0, INTR_STATE_NMI);
	}
}

/* Exits that are not, or not only, the caller's. */
static __attribute__((noinline)) void exit_special(struct vmx_vcpu *v, struct vm_exit *exit,
						   const struct vmx_exit_info *info)
{
	u32 reason = (u32)exit->hw_reason;

	if ((reason & VMX_REASON_ENTRY_FAILED) != 0) {
		if ((reason & VMX_REASON_BASIC) == VMX_REASON_MACHINE_CHECK) {
			machine_event(VECTOR_MC);
		}
		entry_failed(exit, reason);
	} else if (reason == VMX_REASON_TIMER) {
		vmx_setup_timer();
	} else if (reason == VMX_REASON_CR) {
		vmx_cr_exit(v, exit);
	} else if (reason == VMX_REASON_EVENT) {
		event_exit(v, info, exit);
		iret_reblock(v, info, reason, exit->interrupted.type != VIRT_EVENT_NONE);
	} else if (reason == VMX_REASON_EPT_VIOLATION) {
		iret_reblock(v, info, reason, exit->interrupted.type != VIRT_EVENT_NONE);
	}
}

/* What exits with more than their kind say. */
static void exit_decode(struct vmx_vcpu *v, struct vm_exit *exit, const struct vmx_exit_row *row)
{
	struct vmx_exit_info info = {0};

	if ((row->reads & VMX_READ_QUALIFICATION) != 0) {
		info.qualification = vmx_read(VMCS_QUALIFICATION);
	}
	if ((row->reads & VMX_READ_PHYSICAL) != 0) {
		info.guest_physical = vmx_read(VMCS_GUEST_PHYSICAL);
	}
	if ((row->reads & VMX_READ_EVENT) != 0) {
		info.event = (u32)vmx_read(VMCS_EXIT_EVENT);
		info.error = (u32)vmx_read(VMCS_EXIT_ERROR);
	}
	if (row->decode != NULL) {
		row->decode(&info, exit);
	}
	if (row->special) {
		exit_special(v, exit, &info);
	}
}

static inline u8 cpl_read(void)
{
	return SEG_ATTR_DPL(vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, SEG_SS)));
}

/* All that an exit can bring; true if there are events to look at, as run(). */
static __attribute__((noinline)) bool exit_collect(struct vmx_vcpu *v,
						   const struct vmx_exit_row *row, u32 reason)
{
	struct vm_exit *exit = &v->base.exit;
	u32 idt_event = (u32)vmx_read(VMCS_IDT_EVENT);
	u8 cr8 = *v->tpr >> 4 & 0xf;
	bool events = (idt_event & VMX_EVENT_VALID) != 0 || *v->tpr != v->tpr_seen;

	v->tpr_seen = *v->tpr;
	v->base.cr8 = cr8;
	v->intr_state = (u32)vmx_read(VMCS_GUEST_INTERRUPTIBILITY);
	exit->hw_reason = reason;
	exit->irq_taken = false;
	exit->interrupted.type = VIRT_EVENT_NONE;
	if (unlikely((idt_event & VMX_EVENT_VALID) != 0)) {
		exit->interrupted = vmx_inject_interrupted(v, idt_event);
	}
	v->base.nmi_blocked = (v->intr_state & INTR_STATE_NMI) != 0;
	v->base.shadow = (v->intr_state & INTR_STATE_SHADOW) != 0;
	if (row->insn) {
		exit->next_rip = vmx_state_next_rip(v, (u8)vmx_read(VMCS_EXIT_INSN_LEN));
	}
	if (row->cpl) {
		exit->hypercall.cpl = cpl_read();
	}
	if (row->decode != NULL || row->special) {
		exit_decode(v, exit, row);
	}
	return events;
}

/* From vmx_entry.asm after an exit: reads back what it brought. Calls nothing on the way that most
 * exits take, so that no register has to be saved: those by an instruction, when neither the TPR
 * nor the interruptibility state has changed. An instruction that executes interrupts no delivery,
 * so there is no IDT-vectoring information. */
bool vmx_run_exit(struct vmx_vcpu *v)
{
	u32 reason = (u32)vmx_read(VMCS_EXIT_REASON);
	u64 rip = vmx_read(VMCS_GUEST_RIP);
	const struct vmx_exit_row *row = vmx_exit_row_of(reason);
	struct vm_exit *exit = &v->base.exit;

	v->vmcs_rsp = v->base.gpr[GPR_RSP] = vmx_read(VMCS_GUEST_RSP);
	v->ip.rflags = vmx_read(VMCS_GUEST_RFLAGS);
	v->ip.rip = rip;
	exit->kind = row->kind;
	if (likely(row->quick) && *v->tpr == v->tpr_seen &&
	    (u32)vmx_read(VMCS_GUEST_INTERRUPTIBILITY) == v->intr_state) {
		u64 len = vmx_read(VMCS_EXIT_INSN_LEN);

		if (row->cpl) {
			exit->hypercall.cpl = cpl_read();
		}
		exit->next_rip = rip + len;
		/* No boundary at which any mode wraps was crossed? */
		if (likely((u16)exit->next_rip >= (u16)len)) {
			return false;
		}
	}
	return exit_collect(v, row, reason);
}

/* From vmx_entry.asm when there was no entry. */
bool vmx_run_failed(void)
{
	struct vm_exit *exit = &vmx_pcpus[arch_pcpu_id()].current->base.exit;

	exit->irq_taken = false;
	exit->interrupted.type = VIRT_EVENT_NONE;
	entry_failed(exit, vmx_read(VMCS_INSN_ERROR));
	return true;
}

/* What the VMCS holds of the registers that are kept outside. RFLAGS are written there when they
 * change. */
static inline void registers_write(struct vmx_vcpu *v)
{
	if (unlikely(v->vmcs_rsp != v->base.gpr[GPR_RSP])) {
		vmx_write(VMCS_GUEST_RSP, v->base.gpr[GPR_RSP]);
	}
	vmx_write(VMCS_GUEST_RIP, v->ip.rip); /* has nearly always changed */
}

static __attribute__((noinline)) bool run_with_events(struct vmx_vcpu *v,
						      const struct virt_inject *inject)
{
	static const struct virt_inject nothing;
	u32 todo = __atomic_exchange_n(&v->todo, 0, __ATOMIC_SEQ_CST);
	bool irq_taken = entry_prepare(v, inject != NULL ? inject : &nothing, todo);

	if (*v->tpr >> 4 != v->base.cr8) {
		*v->tpr = (u32)v->base.cr8 << 4;
	}
	v->tpr_seen = *v->tpr;
	registers_write(v);
	v->base.exit.interrupted.type = VIRT_EVENT_NONE;
	bool events = (todo & VMX_TODO_LAUNCH) != 0 ? vmx_launch(v) : vmx_enter(v);

	v->base.exit.irq_taken = irq_taken;
	return events || inject != NULL;
}

bool vmx_run(struct virt_vcpu *vcpu, const struct virt_inject *inject)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);

	if (unlikely(inject != NULL || v->todo != 0)) {
		return run_with_events(v, inject);
	}
	registers_write(v);
	return vmx_enter(v);
}
