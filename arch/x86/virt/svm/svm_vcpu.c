// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and resetting VMs and vCPUs, and their registers. A vCPU takes two pages and a little: its
 * VMCB, and one allocation for struct svm_vcpu with the extended-state area behind it.
 */
#include "arch/x86/virt/svm/svm_priv.h"

#include "arch/x86/virt/svm/svm_intercept.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/params.h"
#include "mm/frames.h"

#define XSTATE_OFFSET ALIGN_UP(sizeof(struct svm_vcpu), XSTATE_ALIGN)

static_assert(offsetof(struct vmcb_save, rip) - offsetof(struct vmcb_save, rflags) ==
		      offsetof(struct virt_ip, rip) - offsetof(struct virt_ip, rflags),
	      "virt_vcpu.ip");

/* Atomic: the last svm_vm.serial given out. */
static u64 vm_serial;

int svm_vm_create(const struct virt_vm_config *config, struct virt_vm **vm)
{
	struct svm_vm *m = pages_alloc(sizeof(*m));

	if (m == NULL) {
		return ERR_NOMEM;
	}
	m->base.s2_root = config->s2_root;
	m->base.mem = config->mem;
	m->serial = __atomic_add_fetch(&vm_serial, 1, __ATOMIC_RELAXED);
	m->exceptions = config->exceptions;
	m->pause_exiting = config->pause_exiting;
	*vm = &m->base;
	return 0;
}

void svm_vm_destroy(struct virt_vm *vm)
{
	struct svm_vm *m = container_of(vm, struct svm_vm, base);

	pages_free(m, sizeof(*m));
}

static u64 vcpu_bytes(void)
{
	return XSTATE_OFFSET + xstate_size();
}

static void control_init(struct vmcb_control *control, const struct svm_vm *m)
{
	bool pause = m->pause_exiting && svm_machine.pause_filter;

	svm_intercept_setup(control, svm_machine.intercepts | (pause ? SVM_NEEDS_PAUSE : 0),
			    m->exceptions);
	control->iopm_pa = svm_machine.iopm_pa;
	control->msrpm_pa = svm_machine.msrpm_pa;
	control->int_ctl = VMCB_V_INTR_MASKING;
	control->np_ctl = VMCB_NP_ENABLE;
	control->n_cr3 = m->base.s2_root.v;
	control->pause_count = PAUSE_FILTER_COUNT;
	control->pause_threshold = PAUSE_FILTER_THRESHOLD_TSC;
}

int svm_vcpu_create(struct virt_vm *vm, u32 index, struct virt_vcpu **vcpu)
{
	struct svm_vm *m = container_of(vm, struct svm_vm, base);
	struct svm_vcpu *v = pages_alloc(vcpu_bytes());
	struct vmcb *vmcb = pages_alloc(sizeof(*vmcb));

	(void)index;
	if (v == NULL || vmcb == NULL) {
		if (v != NULL) {
			pages_free(v, vcpu_bytes());
		}
		if (vmcb != NULL) {
			pages_free(vmcb, sizeof(*vmcb));
		}
		return ERR_NOMEM;
	}
	v->base.vm = vm;
	v->vmcb = vmcb;
	v->base.ip = (struct virt_ip *)&vmcb->save.rflags;
	v->vmcb_pa = va_to_hpa(vmcb).v;
	v->last_pcpu = PCPU_NONE;
	v->xstate.area = (u8 *)v + XSTATE_OFFSET;
	control_init(&vmcb->control, m);
	svm_vcpu_reset(&v->base);
	vm->vcpu_count++;
	*vcpu = &v->base;
	return 0;
}

void svm_vcpu_destroy(struct virt_vcpu *vcpu)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	vcpu->vm->vcpu_count--;
	pages_free(v->vmcb, sizeof(*v->vmcb));
	pages_free(v, vcpu_bytes());
}

void svm_vcpu_reset(struct virt_vcpu *vcpu)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->cr8 = 0;
	svm_state_reset(v->vmcb);
	svm_shadow_set(v, false);
	svm_inject_set_nmi_blocked(v, false);
	svm_vcpu_regs_drop(v);
	memset(v->dr, 0, sizeof(v->dr));
	xstate_reset(&v->xstate);
	svm_vcpu_regs_reload(v);
	svm_vcpu_set_tsc_aux(v, 0);
	svm_vcpu_flush_tlb(vcpu);
}

void svm_vcpu_get_state(struct virt_vcpu *vcpu, u32 mask, struct guest_state *state)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);

	svm_state_get(v->vmcb, mask, state);
	if ((mask & GS_MSRS) != 0) {
		state->tsc_aux = v->tsc_aux;
	}
}

int svm_vcpu_set_state(struct virt_vcpu *vcpu, u32 mask, const struct guest_state *state)
{
	struct svm_vcpu *v = svm_vcpu_of(vcpu);
	int err = svm_state_set(v->vmcb, &svm_machine.limits, mask, state);

	if (err != 0) {
		return err;
	}
	if ((mask & GS_RIP) != 0) {
		svm_shadow_set(v, state->shadow);
	}
	if ((mask & GS_CONTROL) != 0) {
		/* Loading these registers flushes; hardware does not see it being done here. */
		svm_vcpu_flush_tlb(vcpu);
	}
	if ((mask & GS_MSRS) != 0) {
		svm_vcpu_set_tsc_aux(v, state->tsc_aux);
	}
	return 0;
}

bool svm_vcpu_end_insn(struct virt_vcpu *vcpu)
{
	u64 rflags = vcpu->ip->rflags;

	vcpu->ip->rflags = rflags & ~RFLAGS_RF;
	svm_shadow_set(svm_vcpu_of(vcpu), false);
	return (rflags & RFLAGS_TF) != 0;
}

void svm_vcpu_set_tsc_offset(struct virt_vcpu *vcpu, u64 offset)
{
	struct vmcb_control *control = &svm_vcpu_of(vcpu)->vmcb->control;

	control->tsc_offset = offset;
	control->clean &= ~(u32)VMCB_CLEAN_I;
}
