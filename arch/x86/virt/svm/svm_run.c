// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry into a guest. The path of an exit without events is kept short: what an entry or exit
 * rarely needs is behind one test each.
 */
#include "arch/x86/virt/svm/svm_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_exit.h"

/* Some machines forget the interrupt shadow at VMRUN. While a vCPU that had one is still at the
 * same RIP we remember it. A loop on one address (`sti; 1: jmp 1b`) looks the same: after so many
 * entries the instruction is taken to be over. Entries that execute nothing count too, those that
 * find a machine interrupt pending, so there have to be more of them than ever come in a row. */
#define SHADOW_ENTRIES_MAX 32u

void svm_shadow_set(struct svm_vcpu *v, bool shadow)
{
	struct vmcb_control *control = &v->vmcb->control;

	control->int_state = (control->int_state & ~VMCB_SHADOW) | (shadow ? VMCB_SHADOW : 0);
	v->base.irq_deferred = shadow;
	v->shadow_rip = v->vmcb->save.rip;
	v->shadow_entries = 0;
}

/* After an exit with a shadow, or after an entry with one. */
static void shadow_update(struct svm_vcpu *v)
{
	struct vmcb_control *control = &v->vmcb->control;
	bool same = v->base.irq_deferred && v->vmcb->save.rip == v->shadow_rip;

	if ((control->int_state & VMCB_SHADOW) != 0) {
		if (!same) {
			svm_shadow_set(v, true);
		}
	} else if (same && ++v->shadow_entries < SHADOW_ENTRIES_MAX) {
		control->int_state |= VMCB_SHADOW;
	} else {
		v->base.irq_deferred = false;
	}
}

/* Exits that are not, or not only, the caller's. */
static void exit_special(struct svm_vcpu *v, const struct vm_exit *exit)
{
	if (exit->kind == EXIT_NMI_WINDOW) {
		/* IRET comes next. */
		svm_inject_set_nmi_blocked(v, false);
		svm_shadow_set(v, true);
		return;
	}
	/* An intercepted machine check is not pending any more (APM vol. 2, 15.12.15): raise it
	 * here. */
	__asm__ volatile("int %0" : : "i"(VECTOR_MC) : "memory");
}

static inline void guest_enter(struct svm_vcpu *v)
{
	u64 vmcb_pa = v->vmcb_pa;
	u64 host_pa = v->host_pa;
	u64 *gpr = v->base.gpr;

	/* svm_entry.asm saves rbp itself; all the others the compiler saves, if it uses them. */
	__asm__ volatile("call svm_enter"
			 : "+a"(vmcb_pa), "+d"(host_pa), "+D"(gpr)
			 :
			 : "rbx", "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "memory", "cc");
}

static inline bool inject_needed(const struct svm_vcpu *v, const struct virt_inject *inject)
{
	return inject->event.type != VIRT_EVENT_NONE || inject->irq_offered || inject->cr8_watch ||
	       v->cr8_watched;
}

/* Writes what changes from entry to entry; returns what svm_inject_prepare() did. */
static inline u64 entry_prepare(struct svm_vcpu *v, const struct virt_inject *inject)
{
	struct vmcb *vmcb = v->vmcb;
	struct vmcb_control *control = &vmcb->control;
	u64 virq = unlikely(inject_needed(v, inject)) ? svm_inject_prepare(v, inject) : 0;
	u64 int_ctl = VMCB_V_INTR_MASKING | virq | v->base.cr8;

	if (control->int_ctl != int_ctl) {
		control->int_ctl = int_ctl;
		control->clean &= ~(u32)VMCB_CLEAN_TPR;
	}
	if (unlikely(v->flush_pending != 0)) {
		svm_vcpu_prepare_tlb(v);
	}
	vmcb->save.rax = v->base.gpr[GPR_RAX];
	vmcb->save.rsp = v->base.gpr[GPR_RSP];
	return virq;
}

/* Reads back what every exit brings. */
static inline void exit_collect(struct svm_vcpu *v)
{
	struct vmcb *vmcb = v->vmcb;
	struct vmcb_control *control = &vmcb->control;

	v->base.exit_tsc = rdtsc();
	v->base.gpr[GPR_RAX] = vmcb->save.rax;
	v->base.gpr[GPR_RSP] = vmcb->save.rsp;
	v->base.cr8 = control->int_ctl & VMCB_V_TPR;
	control->clean = svm_machine.clean_mask;
	control->tlb_control = VMCB_TLB_NONE;
	if (unlikely((control->int_state & VMCB_SHADOW) != 0 || v->base.irq_deferred)) {
		shadow_update(v);
	}
}

void svm_run(struct virt_vcpu *vcpu, const struct virt_inject *inject, struct vm_exit *exit)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);
	struct vmcb *vmcb = v->vmcb;
	u64 virq = entry_prepare(v, inject);

	guest_enter(v);
	exit_collect(v);
	exit->irq_taken = false;
	exit->interrupted.type = VIRT_EVENT_NONE;

	const struct svm_exit_row *row = svm_exit_decode(vmcb, exit);

	if (unlikely(virq != 0 || inject->event.type != VIRT_EVENT_NONE ||
		     (vmcb->control.exit_int_info & VMCB_EVENT_VALID) != 0)) {
		svm_inject_finish(v, inject, virq, exit);
	}
	if (unlikely(row->special)) {
		exit_special(v, exit);
	}
}
