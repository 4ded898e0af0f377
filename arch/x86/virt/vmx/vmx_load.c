// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding a vCPU to a pCPU: its VMCS, the host's side of it, its VPID there, and the registers that
 * VM entry does not switch. These are saved when the vCPU leaves and loaded when another one's are
 * in the machine, so a vCPU that comes back to its pCPU finds its own still in place. The
 * hypervisor uses none of them: no page faults (CR2), no debug registers, no SYSCALL.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

/* --- translations ----------------------------------------------------------------------------- */

static void vpid_renew(struct vmx_vcpu *v)
{
	if (asid_assign(&v->pcpu->vpids, &v->vpid, v->last_pcpu)) {
		vmx_invvpid(INVALIDATE_ALL, 0);
	}
	vmx_write(VMCS_VPID, v->vpid.asid);
}

static u64 eptp_of(const struct vmx_vcpu *v)
{
	return vmx_vm_of(v->base.vm)->eptp;
}

void vmx_load_flush(struct vmx_vcpu *v, u32 todo)
{
	code_cache_flush(&v->base.code);
	if ((todo & VMX_TODO_FLUSH_ALL) != 0) {
		vmx_invept(vmx_machine.invept_type, eptp_of(v));
	}
	if (!vmx_machine.vpid) {
		return; /* entry and exit flush */
	}
	if (vmx_machine.invvpid_one) {
		vmx_invvpid(INVALIDATE_ONE, (u16)v->vpid.asid);
	} else {
		/* Leaves the old translations behind under a VPID that nobody uses. */
		vpid_renew(v);
	}
}

/* The VM's bits in `clean` go first: a pCPU that has its bit taken off sees it at its next load,
 * one that runs a vCPU of the VM is told by that vCPU's `todo`. */
void vmx_vcpu_flush_tlb(struct virt_vcpu *vcpu)
{
	struct vmx_vm *vm = vmx_vm_of(vcpu->vm);

	for (u32 i = 0; i < ARRAY_SIZE(vm->clean); i++) {
		__atomic_store_n(&vm->clean[i], 0, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_or(&vmx_vcpu_of(vcpu)->todo, VMX_TODO_FLUSH_ALL, __ATOMIC_SEQ_CST);
}

/* Guest-physical translations are tagged with the EPT pointer, and an earlier VM may have had the
 * same tables. */
static void guest_physical_clean(const struct vmx_vcpu *v, u32 pcpu)
{
	u64 *word = &vmx_vm_of(v->base.vm)->clean[pcpu / 64];
	u64 bit = BIT(pcpu % 64);

	if ((__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit) == 0) {
		vmx_invept(vmx_machine.invept_type, eptp_of(v));
	}
}

/* --- registers -------------------------------------------------------------------------------- */

void vmx_load_msrs(const struct vmx_vcpu *v)
{
	wrmsr(MSR_STAR, v->regs.star);
	wrmsr(MSR_LSTAR, v->regs.lstar);
	wrmsr(MSR_CSTAR, v->regs.cstar);
	wrmsr(MSR_SFMASK, v->regs.sfmask);
	wrmsr(MSR_KERNEL_GS_BASE, v->regs.kernel_gs_base);
	if (vmx_machine.tsc_aux) {
		wrmsr(MSR_TSC_AUX, v->regs.tsc_aux);
	}
}

static void msrs_save(struct vmx_vcpu *v)
{
	/* TSC_AUX does not change without an exit. */
	v->regs.star = rdmsr(MSR_STAR);
	v->regs.lstar = rdmsr(MSR_LSTAR);
	v->regs.cstar = rdmsr(MSR_CSTAR);
	v->regs.sfmask = rdmsr(MSR_SFMASK);
	v->regs.kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
}

static void debug_load(const struct vmx_regs *r)
{
	__asm__ volatile("mov %0, %%db0" : : "r"(r->dr[0]));
	__asm__ volatile("mov %0, %%db1" : : "r"(r->dr[1]));
	__asm__ volatile("mov %0, %%db2" : : "r"(r->dr[2]));
	__asm__ volatile("mov %0, %%db3" : : "r"(r->dr[3]));
	__asm__ volatile("mov %0, %%db6" : : "r"(r->dr6));
}

static void debug_save(struct vmx_regs *r)
{
	__asm__ volatile("mov %%db0, %0" : "=r"(r->dr[0]));
	__asm__ volatile("mov %%db1, %0" : "=r"(r->dr[1]));
	__asm__ volatile("mov %%db2, %0" : "=r"(r->dr[2]));
	__asm__ volatile("mov %%db3, %0" : "=r"(r->dr[3]));
	__asm__ volatile("mov %%db6, %0" : "=r"(r->dr6));
}

static void registers_load(struct vmx_vcpu *v)
{
	xstate_restore(&v->xstate);
	write_cr2(v->regs.cr2);
	debug_load(&v->regs);
	vmx_load_msrs(v);
	v->pcpu->regs_owner = v;
	v->regs_current = true;
}

static void registers_save(struct vmx_vcpu *v)
{
	xstate_save(&v->xstate);
	v->regs.cr2 = read_cr2();
	debug_save(&v->regs);
	msrs_save(v);
}

void vmx_load_reset(struct vmx_vcpu *v)
{
	bool loaded = v->pcpu != NULL;

	v->regs_current = false;
	if (loaded) {
		xstate_leave(&v->xstate);
	}
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.dr6 = DR6_RESET;
	xstate_reset(&v->xstate);
	if (loaded) {
		registers_load(v);
		xstate_enter(&v->xstate);
	}
}

u64 vmx_vcpu_get_xcr0(struct virt_vcpu *vcpu)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);

	/* XSETBV always exits. */
	return v->xstate.xcr0;
}

int vmx_vcpu_set_xcr0(struct virt_vcpu *vcpu, u64 xcr0)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);

	if (!xstate_xcr0_valid(xcr0, xstate_supported())) {
		return ERR_INVAL;
	}
	v->xstate.xcr0 = xcr0;
	if (v->pcpu != NULL) {
		xsetbv(0, xcr0);
	}
	return 0;
}

/* --- the VMCS --------------------------------------------------------------------------------- */

static void vmcs_make_current(struct vmx_pcpu *p, struct vmx_vcpu *v)
{
	bool ok = vmx_ptrld(v->vmcs_pa);

	assert(ok);
	p->current = v;
}

/* Writes all of it back to memory and makes it inactive: another pCPU may load it. */
static void vmcs_clear(struct vmx_pcpu *p, struct vmx_vcpu *v)
{
	bool ok = vmx_clear(v->vmcs_pa);

	assert(ok);
	__atomic_fetch_or(&v->todo, VMX_TODO_LAUNCH, __ATOMIC_SEQ_CST);
	p->current = NULL;
}

struct vmx_vcpu *vmx_vmcs_borrow(struct vmx_vcpu *v)
{
	if (likely(v->pcpu != NULL)) {
		return NULL; /* it is the current one */
	}
	struct vmx_pcpu *p = &vmx_pcpus[arch_pcpu_id()];
	struct vmx_vcpu *before = p->current;

	vmcs_make_current(p, v);
	return before;
}

void vmx_vmcs_return(struct vmx_vcpu *v, struct vmx_vcpu *before)
{
	if (likely(v->pcpu != NULL)) {
		return;
	}
	struct vmx_pcpu *p = &vmx_pcpus[arch_pcpu_id()];

	vmcs_clear(p, v);
	if (before != NULL) {
		vmcs_make_current(p, before);
	}
}

/* What one VM taught the branch predictors must not steer the speculation of another. */
static void predictors_separate(struct vmx_pcpu *p, const struct vmx_vm *vm)
{
	if (p->vm_serial != vm->serial && vmx_machine.ibpb) {
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	}
	p->vm_serial = vm->serial;
}

void vmx_vcpu_load(struct virt_vcpu *vcpu)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	u32 id = arch_pcpu_id();
	struct vmx_pcpu *p = &vmx_pcpus[id];
	bool moved = v->last_pcpu != id;

	v->pcpu = p;
	v->last_pcpu = id;
	vmcs_make_current(p, v);
	if (moved) {
		vmx_setup_host(v);
	}
	if (vmx_machine.vpid && !asid_valid(&p->vpids, &v->vpid, id)) {
		vpid_renew(v);
	}
	guest_physical_clean(v, id);
	if (moved || !v->regs_current || p->regs_owner != v) {
		registers_load(v);
	}
	xstate_enter(&v->xstate);
	predictors_separate(p, vmx_vm_of(vcpu->vm));
}

void vmx_vcpu_unload(struct virt_vcpu *vcpu)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);

	xstate_leave(&v->xstate);
	registers_save(v);
	vmcs_clear(v->pcpu, v);
	v->pcpu = NULL;
}
