// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding a vCPU to a pCPU: its ASID there, and the registers that VMRUN does not switch: extended
 * state, DR0-3, TSC_AUX. They are saved when the vCPU leaves and loaded when another one's are in
 * the machine, so a vCPU that comes back to its pCPU finds its own still in place.
 */
#include "arch/x86/virt/svm/svm_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "kernel/lib/err.h"

static void debug_load(const u64 dr[4])
{
	__asm__ volatile("mov %0, %%db0" : : "r"(dr[0]));
	__asm__ volatile("mov %0, %%db1" : : "r"(dr[1]));
	__asm__ volatile("mov %0, %%db2" : : "r"(dr[2]));
	__asm__ volatile("mov %0, %%db3" : : "r"(dr[3]));
}

static void debug_save(u64 dr[4])
{
	__asm__ volatile("mov %%db0, %0" : "=r"(dr[0]));
	__asm__ volatile("mov %%db1, %0" : "=r"(dr[1]));
	__asm__ volatile("mov %%db2, %0" : "=r"(dr[2]));
	__asm__ volatile("mov %%db3, %0" : "=r"(dr[3]));
}

/* --- TLB -------------------------------------------------------------------------------------- */

static void asid_renew(struct svm_vcpu *v)
{
	struct vmcb_control *control = &v->vmcb->control;

	if (asid_assign(&v->pcpu->asids, &v->asid, v->last_pcpu)) {
		v->pcpu->flush_all = true;
	}
	control->asid = v->asid.asid;
	control->clean &= ~(u32)VMCB_CLEAN_ASID;
}

void svm_vcpu_flush_tlb(struct virt_vcpu *vcpu)
{
	__atomic_fetch_or(&svm_vcpu_of(vcpu)->todo, SVM_TODO_FLUSH, __ATOMIC_SEQ_CST);
}

bool svm_vcpu_prepare_tlb(struct svm_vcpu *v, bool flush)
{
	u8 tlb_control = VMCB_TLB_NONE;

	if (flush) {
		code_cache_flush(&v->base.code);
	}
	if (flush && svm_machine.flush_by_asid) {
		tlb_control = VMCB_TLB_FLUSH_ASID;
	} else if (flush) {
		/* Leaves the old translations behind under an ASID that nobody uses. */
		asid_renew(v);
	}
	if (v->pcpu->flush_all) {
		v->pcpu->flush_all = false;
		tlb_control = VMCB_TLB_FLUSH_ALL;
	}
	v->vmcb->control.tlb_control = tlb_control;
	return tlb_control != VMCB_TLB_NONE;
}

/* --- registers -------------------------------------------------------------------------------- */

void svm_vcpu_set_tsc_aux(struct svm_vcpu *v, u64 value)
{
	v->tsc_aux = value;
	if (v->pcpu != NULL && svm_machine.tsc_aux && v->pcpu->tsc_aux != value) {
		wrmsr(MSR_TSC_AUX, value);
		v->pcpu->tsc_aux = value;
	}
}

static void registers_load(struct svm_vcpu *v)
{
	xstate_restore(&v->xstate);
	debug_load(v->dr);
	v->pcpu->regs_owner = v;
	v->regs_current = true;
}

void svm_vcpu_regs_drop(struct svm_vcpu *v)
{
	v->regs_current = false;
	if (v->pcpu != NULL) {
		xstate_leave(&v->xstate);
	}
}

void svm_vcpu_regs_reload(struct svm_vcpu *v)
{
	if (v->pcpu != NULL) {
		registers_load(v);
		xstate_enter(&v->xstate);
	}
}

/* What one VM taught the branch predictors must not steer the speculation of another. Vendors'
 * guidance for changes between guests that do not trust each other: AMD "Indirect branch control
 * extension". */
static void predictors_separate(struct svm_pcpu *p, const struct svm_vcpu *v)
{
	const struct svm_vm *vm = container_of(v->base.vm, struct svm_vm, base);

	if (p->vm_serial != vm->serial && svm_machine.ibpb) {
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	}
	p->vm_serial = vm->serial;
}

void svm_vcpu_load(struct virt_vcpu *vcpu)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);
	u32 id = arch_pcpu_id();
	struct svm_pcpu *p = &svm_pcpus[id];
	bool moved = v->last_pcpu != id;

	v->pcpu = p;
	v->host_pa = p->host_pa;
	v->last_pcpu = id;
	if (moved) {
		/* What this pCPU may have cached of the VMCB is of another time. */
		v->vmcb->control.clean = 0;
	}
	if (!asid_valid(&p->asids, &v->asid, id)) {
		asid_renew(v);
	}
	if (p->flush_all) {
		__atomic_fetch_or(&v->todo, SVM_TODO_UNDO, __ATOMIC_RELAXED);
	}
	if (moved || !v->regs_current || p->regs_owner != v) {
		registers_load(v);
	}
	xstate_enter(&v->xstate);
	svm_vcpu_set_tsc_aux(v, v->tsc_aux);
	predictors_separate(p, v);
}

void svm_vcpu_unload(struct virt_vcpu *vcpu)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	xstate_leave(&v->xstate);
	xstate_save(&v->xstate);
	debug_save(v->dr);
	v->pcpu = NULL;
}

u64 svm_vcpu_get_xcr0(struct virt_vcpu *vcpu)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	return v->pcpu != NULL ? xstate_fetch_xcr0(&v->xstate) : v->xstate.xcr0;
}

int svm_vcpu_set_xcr0(struct virt_vcpu *vcpu, u64 xcr0)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	if (!xstate_xcr0_valid(xcr0, xstate_supported())) {
		return ERR_INVAL;
	}
	v->xstate.xcr0 = xcr0;
	if (v->pcpu != NULL) {
		xsetbv(0, xcr0);
	}
	return 0;
}
