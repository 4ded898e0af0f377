// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry into a guest. The path of an exit without events is kept short: what an entry or exit
 * rarely needs is behind one test each.
 */
#include "arch/x86/virt/svm/svm_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_exit.h"
#include "arch/x86/virt/svm/svm_fetch.h"

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
	v->base.shadow = shadow;
	v->shadow_rip = v->vmcb->save.rip;
	v->shadow_entries = 0;
	if (shadow) {
		__atomic_fetch_or(&v->todo, SVM_TODO_UNDO, __ATOMIC_RELAXED);
	}
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
	v->base.shadow = (control->int_state & VMCB_SHADOW) != 0;
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
	/* An intercepted machine check is not pending any more (APM vol. 2, 15.12, vector 18):
	 * raise it here. */
	__asm__ volatile("int %0" : : "i"(VECTOR_MC) : "memory");
}

/* Into the guest and back, see svm_entry.asm: the vCPU is in the one register that survives. */
static inline struct svm_vcpu *guest_enter(struct svm_vcpu *v)
{
	struct vmcb *vmcb = v->vmcb;

	vmcb->save.rax = v->base.gpr[GPR_RAX];
	vmcb->save.rsp = v->base.gpr[GPR_RSP];
	__asm__ volatile(
		"movq %c[vmcb_pa](%%rdi), %%rax\n\t"
		"call svm_enter\n\t"
		"movq %c[host_pa](%%rdi), %%rax\n\t"
		"vmload\n\t"
		"cli\n\t"
		"stgi"
		: "+D"(v)
		: [vmcb_pa] "i"(offsetof(struct svm_vcpu, vmcb_pa)), [host_pa] "i"(offsetof(
									     struct svm_vcpu,
									     host_pa))
		: "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "memory", "cc");
	return v;
}

/* What every exit brings. */
static inline const struct svm_exit_row *exit_collect(struct svm_vcpu *v, struct vmcb *vmcb,
						      struct vm_exit *exit)
{
	v->base.gpr[GPR_RAX] = vmcb->save.rax;
	v->base.gpr[GPR_RSP] = vmcb->save.rsp;
	vmcb->control.clean = VMCB_CLEAN_ALL;
	return svm_exit_common(vmcb, exit);
}

/* What the exit was, beyond its kind. */
static inline void exit_describe(struct svm_vcpu *v, const struct vmcb *vmcb,
				 const struct svm_exit_row *row, struct vm_exit *exit)
{
	if (row->decode != NULL) {
		row->decode(vmcb, exit);
	}
	if (row->insn.len == 0) {
		if (unlikely(row->special)) {
			exit_special(v, exit);
		}
	} else if (vmcb->control.nrip != 0) { /* stays 0 where hardware does not save it */
		exit->next_rip = vmcb->control.nrip;
	} else {
		svm_fetch(v, vmcb, &row->insn, exit);
	}
}

/* What most entries do without: events, flushes, and undoing those of the last entry. */
static void entry_prepare(struct svm_vcpu *v, const struct virt_inject *inject)
{
	struct vmcb_control *control = &v->vmcb->control;
	u32 todo = __atomic_exchange_n(&v->todo, 0, __ATOMIC_SEQ_CST);
	bool undo = svm_vcpu_prepare_tlb(v, (todo & SVM_TODO_FLUSH) != 0);

	undo |= svm_inject_prepare(v, inject);
	/* A shadow too needs a look after the exit. */
	if (undo || v->base.irq_deferred) {
		__atomic_fetch_or(&v->todo, SVM_TODO_UNDO, __ATOMIC_RELAXED);
	}
	v->int_ctl = VMCB_V_INTR_MASKING | v->base.cr8;
	control->int_ctl = v->int_ctl | v->virq;
	control->clean &= ~(u32)VMCB_CLEAN_TPR;
}

/* What most exits do without: interrupt shadows, events, changes of the TPR. */
static __attribute__((noinline)) bool
exit_events(struct svm_vcpu *v, const struct virt_inject *inject, const struct svm_exit_row *row)
{
	struct vmcb_control *control = &v->vmcb->control;
	struct vm_exit *exit = &v->base.exit;

	v->base.cr8 = control->int_ctl & VMCB_V_TPR;
	v->int_ctl = VMCB_V_INTR_MASKING | v->base.cr8;
	exit->irq_taken = false;
	exit->interrupted.type = VIRT_EVENT_NONE;
	if ((control->int_state & VMCB_SHADOW) != 0 || v->base.irq_deferred) {
		shadow_update(v);
	}
	if ((v->todo & SVM_TODO_UNDO) != 0 || (control->exit_int_info & VMCB_EVENT_VALID) != 0) {
		svm_inject_finish(v, inject, exit);
	}
	exit_describe(v, v->vmcb, row, exit);
	return true;
}

static const struct virt_inject nothing;

static __attribute__((noinline)) bool run_with_events(struct svm_vcpu *v,
						      const struct virt_inject *inject)
{
	inject = inject != NULL ? inject : &nothing;
	entry_prepare(v, inject);
	v = guest_enter(v);
	return exit_events(v, inject, exit_collect(v, v->vmcb, &v->base.exit));
}

bool svm_run(struct virt_vcpu *vcpu, const struct virt_inject *inject)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	if (unlikely(inject != NULL || v->todo != 0)) {
		return run_with_events(v, inject);
	}
	v = guest_enter(v);
	struct vmcb *vmcb = v->vmcb;
	struct vm_exit *exit = &v->base.exit;
	const struct svm_exit_row *row = exit_collect(v, vmcb, exit);

	if (unlikely((vmcb->control.int_state & VMCB_SHADOW) != 0 ||
		     (vmcb->control.exit_int_info & VMCB_EVENT_VALID) != 0 ||
		     vmcb->control.int_ctl != v->int_ctl)) {
		return exit_events(v, &nothing, row);
	}
	exit_describe(v, vmcb, row, exit);
	return false;
}
