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

/* What most entries do without: events, flushes, and undoing those of the last entry. */
static __attribute__((noinline)) void entry_prepare(struct svm_vcpu *v,
						    const struct virt_inject *inject)
{
	u32 todo = __atomic_exchange_n(&v->todo, 0, __ATOMIC_SEQ_CST);
	bool undo = svm_vcpu_prepare_tlb(v, (todo & SVM_TODO_FLUSH) != 0);

	undo |= svm_inject_prepare(v, inject);
	/* A shadow too needs a look after the exit. */
	if (undo || v->base.irq_deferred) {
		__atomic_fetch_or(&v->todo, SVM_TODO_UNDO, __ATOMIC_RELAXED);
	}
}

/* What most exits do without. */
static __attribute__((noinline)) void exit_rare(struct svm_vcpu *v,
						const struct virt_inject *inject,
						struct vm_exit *exit,
						const struct svm_exit_row *row)
{
	struct vmcb_control *control = &v->vmcb->control;

	if ((control->int_state & VMCB_SHADOW) != 0 || v->base.irq_deferred) {
		shadow_update(v);
	}
	if ((v->todo & SVM_TODO_UNDO) != 0 || (control->exit_int_info & VMCB_EVENT_VALID) != 0) {
		svm_inject_finish(v, inject, exit);
	}
	if (row->decode != NULL) {
		row->decode(v->vmcb, exit);
		if (row->special) {
			exit_special(v, exit);
		}
	}
}

/* Reads back what every exit brings. Not inline: the call of svm_enter leaves no register, so the
 * compiler does best with a fresh start. */
static __attribute__((noinline)) void
exit_collect(struct svm_vcpu *v, const struct virt_inject *inject, struct vm_exit *exit)
{
	struct vmcb *vmcb = v->vmcb;
	struct vmcb_control *control = &vmcb->control;

	v->base.gpr[GPR_RAX] = vmcb->save.rax;
	v->base.gpr[GPR_RSP] = vmcb->save.rsp;
	v->base.cr8 = control->int_ctl & VMCB_V_TPR;
	control->clean = VMCB_CLEAN_ALL;
	exit->irq_taken = false;
	exit->interrupted.type = VIRT_EVENT_NONE;

	const struct svm_exit_row *row = svm_exit_common(vmcb, exit);

	if (unlikely((v->todo & SVM_TODO_UNDO) != 0 || (control->int_state & VMCB_SHADOW) != 0 ||
		     (control->exit_int_info & VMCB_EVENT_VALID) != 0)) {
		exit_rare(v, inject, exit, row);
	} else if (row->decode != NULL) {
		if (unlikely(row->special)) {
			exit_rare(v, inject, exit, row);
		} else {
			row->decode(vmcb, exit);
		}
	}
}

static inline void guest_enter(struct svm_vcpu *v)
{
	/* svm_entry.asm saves rbp itself; all the others the compiler saves. */
	__asm__ volatile(
		"movq %c[vmcb_pa](%%rdi), %%rax\n\t"
		"movq %c[host_pa](%%rdi), %%rdx\n\t"
		"call svm_enter"
		: "+D"(v)
		: [vmcb_pa] "i"(offsetof(struct svm_vcpu, vmcb_pa)), [host_pa] "i"(offsetof(
									     struct svm_vcpu,
									     host_pa))
		: "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "memory", "cc");
}

static inline bool inject_needed(const struct virt_inject *inject)
{
	return inject->event.type != VIRT_EVENT_NONE || inject->irq_offered || inject->cr8_watch;
}

void svm_run(struct virt_vcpu *vcpu, const struct virt_inject *inject, struct vm_exit *exit)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);
	struct vmcb *vmcb = v->vmcb;

	if (unlikely(inject_needed(inject) || v->todo != 0)) {
		entry_prepare(v, inject);
	}
	u64 int_ctl = VMCB_V_INTR_MASKING | v->virq | vcpu->cr8;

	if (unlikely(vmcb->control.int_ctl != int_ctl)) {
		vmcb->control.int_ctl = int_ctl;
		vmcb->control.clean &= ~(u32)VMCB_CLEAN_TPR;
	}
	vmcb->save.rax = vcpu->gpr[GPR_RAX];
	vmcb->save.rsp = vcpu->gpr[GPR_RSP];
	guest_enter(v);
	exit_collect(v, inject, exit);
}
