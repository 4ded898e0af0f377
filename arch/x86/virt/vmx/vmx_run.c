// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry into a guest. The path of an exit without events is kept short, in instructions and in
 * VMREADs and VMWRITEs: what an entry or exit rarely needs is behind one test each.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_exit.h"

/* What most entries do without: events, flushes, and undoing those of the last entry. Returns
 * irq_taken: what is injected is delivered, or handed back as interrupted. */
static __attribute__((noinline)) bool entry_prepare(struct vmx_vcpu *v,
						    const struct virt_inject *inject)
{
	u32 todo = __atomic_exchange_n(&v->todo, 0, __ATOMIC_SEQ_CST);
	bool irq_taken = false;

	if ((todo & (VMX_TODO_FLUSH_LINEAR | VMX_TODO_FLUSH_ALL)) != 0) {
		vmx_load_flush(v, todo);
	}
	if (vmx_inject_prepare(v, inject, &irq_taken)) {
		__atomic_fetch_or(&v->todo, VMX_TODO_UNDO, __ATOMIC_RELAXED);
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
static __attribute__((noinline)) void exit_decode(struct vmx_vcpu *v, struct vm_exit *exit,
						  const struct vmx_exit_row *row)
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
	if ((row->reads & VMX_READ_CODE) != 0) {
		info.efer = vmx_read(VMCS_GUEST_EFER);
		info.cs_attr = (u32)vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, SEG_CS));
		info.ss_attr = (u32)vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, SEG_SS));
	}
	if (row->decode != NULL) {
		row->decode(&info, exit);
	}
	if (row->special) {
		exit_special(v, exit, &info);
	}
}

/* Reads back what every exit brings; true if there are events to look at, as run(). Not inline: the
 * call of vmx_enter leaves no register, so the compiler does best with a fresh start. */
static __attribute__((noinline)) bool exit_collect(struct vmx_vcpu *v, struct vm_exit *exit)
{
	u32 reason = (u32)vmx_read(VMCS_EXIT_REASON);
	u32 idt_event = (u32)vmx_read(VMCS_IDT_EVENT);
	u8 cr8 = *v->tpr >> 4 & 0xf;
	bool events = (idt_event & VMX_EVENT_VALID) != 0 || cr8 != v->base.cr8;

	v->intr_state = (u32)vmx_read(VMCS_GUEST_INTERRUPTIBILITY);
	v->vmcs_rsp = vmx_read(VMCS_GUEST_RSP);
	v->vmcs_ip.rip = vmx_read(VMCS_GUEST_RIP);
	v->vmcs_ip.rflags = vmx_read(VMCS_GUEST_RFLAGS);
	v->ip = v->vmcs_ip;
	v->base.gpr[GPR_RSP] = v->vmcs_rsp;
	v->base.cr8 = cr8;

	const struct vmx_exit_row *row = vmx_exit_row_of(reason);

	exit->kind = row->kind;
	exit->hw_reason = reason;
	exit->interrupted.type = VIRT_EVENT_NONE;
	if (unlikely((idt_event & VMX_EVENT_VALID) != 0)) {
		exit->interrupted = vmx_inject_interrupted(v, idt_event);
	}
	v->base.nmi_blocked = (v->intr_state & INTR_STATE_NMI) != 0;
	v->base.shadow = (v->intr_state & INTR_STATE_SHADOW) != 0;
	if (row->insn) {
		exit->next_rip = vmx_state_next_rip(v, (u8)vmx_read(VMCS_EXIT_INSN_LEN));
	}
	if (row->decode != NULL || row->special) {
		exit_decode(v, exit, row);
	}
	return events;
}

/* What the VMCS holds of the registers that are kept outside. */
static inline void registers_write(struct vmx_vcpu *v)
{
	if (v->vmcs_rsp != v->base.gpr[GPR_RSP]) {
		vmx_write(VMCS_GUEST_RSP, v->base.gpr[GPR_RSP]);
	}
	if (v->vmcs_ip.rip != v->ip.rip) {
		vmx_write(VMCS_GUEST_RIP, v->ip.rip);
	}
	if (unlikely(v->vmcs_ip.rflags != v->ip.rflags)) {
		vmx_write(VMCS_GUEST_RFLAGS, v->ip.rflags);
	}
	*v->tpr = (u32)v->base.cr8 << 4;
}

static inline bool guest_enter(struct vmx_vcpu *v)
{
	u32 failed;

	/* vmx_entry.asm saves rbp itself; all the others the compiler saves. */
	__asm__ volatile("call vmx_enter"
			 : "=a"(failed), "+D"(v)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "memory", "cc");
	return failed == 0;
}

bool vmx_run(struct virt_vcpu *vcpu, const struct virt_inject *inject)
{
	static const struct virt_inject nothing;
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	struct vm_exit *exit = &vcpu->exit;

	exit->irq_taken = false;
	if (unlikely(inject != NULL || v->todo != 0)) {
		exit->irq_taken = entry_prepare(v, inject != NULL ? inject : &nothing);
	}
	registers_write(v);
	if (unlikely(!guest_enter(v))) {
		exit->interrupted.type = VIRT_EVENT_NONE;
		entry_failed(exit, vmx_read(VMCS_INSN_ERROR));
		return true;
	}
	return exit_collect(v, exit) || inject != NULL;
}
