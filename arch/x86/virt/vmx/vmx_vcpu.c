// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and resetting VMs and vCPUs. A vCPU takes its VMCS, a virtual-APIC page (for the TPR), and
 * one allocation for struct vmx_vcpu with the extended-state area behind it.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/regs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "mm/frames.h"

#define XSTATE_OFFSET ALIGN_UP(sizeof(struct vmx_vcpu), XSTATE_ALIGN)

/* Atomic: the last vmx_vm.serial given out. */
static u64 vm_serial;

int vmx_vm_create(const struct virt_vm_config *config, struct virt_vm **vm)
{
	struct vmx_vm *m = pages_alloc(sizeof(*m));

	if (m == NULL) {
		return ERR_NOMEM;
	}
	m->base.s2_root = config->s2_root;
	m->base.mem = config->mem;
	m->serial = __atomic_add_fetch(&vm_serial, 1, __ATOMIC_RELAXED);
	m->eptp = config->s2_root.v | vmx_machine.eptp_bits;
	m->exceptions = config->exceptions;
	m->pause_exiting = config->pause_exiting;
	m->cr4_allowed = config->cr4 & vmx_machine.limits.cr4;
	m->apic_access = config->apic_access.v;
	m->cr4_mask = vmx_machine.cr4_forced | ~m->cr4_allowed;
	*vm = &m->base;
	return 0;
}

void vmx_vm_destroy(struct virt_vm *vm)
{
	struct vmx_vm *m = vmx_vm_of(vm);

	pages_free(m, sizeof(*m));
}

static u64 vcpu_bytes(void)
{
	return XSTATE_OFFSET + xstate_size();
}

static void vcpu_free(struct vmx_vcpu *v)
{
	if (v->vmcs != NULL) {
		pages_free(v->vmcs, PAGE_SIZE);
	}
	if (v->vapic != NULL) {
		pages_free(v->vapic, PAGE_SIZE);
	}
	pages_free(v, vcpu_bytes());
}

static bool pages_get(struct vmx_vcpu *v)
{
	v->vmcs = pages_alloc(PAGE_SIZE);
	v->vapic = pages_alloc(PAGE_SIZE);
	if (v->vmcs == NULL || v->vapic == NULL) {
		return false;
	}
	v->vmcs_pa = va_to_hpa(v->vmcs).v;
	v->tpr = (volatile u32 *)((u8 *)v->vapic + VAPIC_TPR);
	v->base.apic_page = vmx_vm_of(v->base.vm)->apic_access != 0 ? v->vapic : NULL;
	v->xstate.area = (u8 *)v + XSTATE_OFFSET;
	return true;
}

/* SDM vol. 3, 24.11.3: revision, VMCLEAR, VMPTRLD, all fields. */
static int vmcs_init(struct vmx_vcpu *v)
{
	memcpy(v->vmcs, &vmx_machine.revision, sizeof(vmx_machine.revision));
	if (!vmx_clear(v->vmcs_pa)) {
		return ERR_NOTSUP;
	}
	struct vmx_vcpu *before = vmx_vmcs_borrow(v);
	bool ok = vmx_setup_controls(v);

	vmx_vmcs_return(v, before);
	return ok ? 0 : ERR_NOTSUP;
}

int vmx_vcpu_create(struct virt_vm *vm, u32 index, struct virt_vcpu **vcpu)
{
	struct vmx_vcpu *v = pages_alloc(vcpu_bytes());
	int err = ERR_NOMEM;

	(void)index;
	if (v == NULL) {
		return err;
	}
	v->base.vm = vm;
	v->base.ip = &v->ip;
	v->last_pcpu = PCPU_NONE;
	if (pages_get(v)) {
		v->proc2 = vmx_setup_proc2(v);
		err = vmcs_init(v);
	}
	if (err != 0) {
		vcpu_free(v);
		return err;
	}
	vmx_vcpu_reset(&v->base);
	vm->vcpu_count++;
	*vcpu = &v->base;
	return 0;
}

void vmx_vcpu_destroy(struct virt_vcpu *vcpu)
{
	vcpu->vm->vcpu_count--;
	vcpu_free(vmx_vcpu_of(vcpu));
}

void vmx_vcpu_reset(struct virt_vcpu *vcpu)
{
	static const struct guest_state reset = {.cr0 = CR0_CD | CR0_NW | CR0_ET};
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	struct vmx_vcpu *before = vmx_vmcs_borrow(v);

	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->cr8 = 0;
	vcpu->apic_live = false;
	vcpu->nmi_blocked = false;
	vcpu->shadow = false;
	v->ip = (struct virt_ip){.rip = VMX_RESET_RIP, .rflags = RFLAGS_ONE};
	v->tpr_seen = 0;
	*v->tpr = 0;
	v->vmcs_rsp = 0;
	v->intr_state = 0;
	v->tpr_threshold = 0;
	v->proc = vmx_control(VMX_WORD_PROC);
	vmx_write(VMCS_PROC, v->proc);
	vmx_write(VMCS_TPR_THRESHOLD, 0);
	vmx_setup_reset_state();
	vmx_setup_timer();
	vmx_state_set_control(v, &reset);
	vmx_vmcs_return(v, before);
	vmx_load_reset(v);
}

void vmx_vcpu_set_tsc_offset(struct virt_vcpu *vcpu, u64 offset)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	struct vmx_vcpu *before = vmx_vmcs_borrow(v);

	v->tsc_offset = offset;
	vmx_write(VMCS_TSC_OFFSET, offset);
	vmx_vmcs_return(v, before);
}
