// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest state between the VMCS, the machine's registers (struct vmx_regs) and struct guest_state,
 * and moving RIP past an instruction. CR0 and CR4 are what the guest sees: masked bits come from
 * the read shadows.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_check.h"
#include "kernel/lib/err.h"

/* --- reading ---------------------------------------------------------------------------------- */

static struct virt_segment segment_get(u32 i)
{
	return (struct virt_segment){
		.selector = (u16)vmx_read(VMCS_NTH(VMCS_GUEST_SELECTOR, i)),
		.attr = (u32)vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, i)),
		.limit = (u32)vmx_read(VMCS_NTH(VMCS_GUEST_LIMIT, i)),
		.base = vmx_read(VMCS_NTH(VMCS_GUEST_BASE, i)),
	};
}

static void segments_get(u32 mask, struct guest_state *state)
{
	for (u32 i = 0; i < SEG_COUNT; i++) {
		if ((mask & GS_SEGS) != 0 || i == SEG_CS || i == SEG_SS) {
			state->seg[i] = segment_get(i);
		}
	}
	state->cpl = SEG_ATTR_DPL(state->seg[SEG_SS].attr);
}

static u64 masked_get(u32 field, u32 shadow, u64 mask)
{
	return (vmx_read(field) & ~mask) | (vmx_read(shadow) & mask);
}

static void control_get(const struct vmx_vcpu *v, struct guest_state *state)
{
	state->cr0 = masked_get(VMCS_GUEST_CR0, VMCS_CR0_SHADOW, vmx_machine.cr0_mask);
	state->cr4 = masked_get(VMCS_GUEST_CR4, VMCS_CR4_SHADOW, vmx_vm_of(v->base.vm)->cr4_mask);
	state->cr2 = v->pcpu != NULL ? read_cr2() : v->regs.cr2;
	state->cr3 = vmx_read(VMCS_GUEST_CR3);
	state->efer = vmx_read(VMCS_GUEST_EFER);
}

static void tables_get(struct guest_state *state)
{
	state->gdtr.base = vmx_read(VMCS_GUEST_GDTR_BASE);
	state->gdtr.limit = (u16)vmx_read(VMCS_GUEST_GDTR_LIMIT);
	state->idtr.base = vmx_read(VMCS_GUEST_IDTR_BASE);
	state->idtr.limit = (u16)vmx_read(VMCS_GUEST_IDTR_LIMIT);
}

static void debug_get(const struct vmx_vcpu *v, struct guest_state *state)
{
	state->dr6 = v->regs.dr6;
	if (v->pcpu != NULL) {
		__asm__ volatile("mov %%db6, %0" : "=r"(state->dr6));
	}
	state->dr7 = vmx_read(VMCS_GUEST_DR7);
}

static void msrs_get(const struct vmx_vcpu *v, struct guest_state *state)
{
	bool loaded = v->pcpu != NULL;

	state->star = loaded ? rdmsr(MSR_STAR) : v->regs.star;
	state->lstar = loaded ? rdmsr(MSR_LSTAR) : v->regs.lstar;
	state->cstar = loaded ? rdmsr(MSR_CSTAR) : v->regs.cstar;
	state->sfmask = loaded ? rdmsr(MSR_SFMASK) : v->regs.sfmask;
	state->kernel_gs_base = loaded ? rdmsr(MSR_KERNEL_GS_BASE) : v->regs.kernel_gs_base;
	state->tsc_aux = v->regs.tsc_aux;
	state->sysenter_cs = vmx_read(VMCS_GUEST_SYSENTER_CS);
	state->sysenter_esp = vmx_read(VMCS_GUEST_SYSENTER_ESP);
	state->sysenter_eip = vmx_read(VMCS_GUEST_SYSENTER_EIP);
	state->pat = vmx_read(VMCS_GUEST_PAT);
}

static void state_get(const struct vmx_vcpu *v, u32 mask, struct guest_state *state)
{
	if ((mask & GS_RIP) != 0) {
		state->rip = v->ip.rip;
		state->rflags = v->ip.rflags;
		state->shadow = (v->intr_state & INTR_STATE_SHADOW) != 0;
	}
	if ((mask & GS_CONTROL) != 0) {
		control_get(v, state);
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0) {
		segments_get(mask, state);
	}
	if ((mask & GS_TABLES) != 0) {
		tables_get(state);
	}
	if ((mask & GS_DEBUG) != 0) {
		debug_get(v, state);
	}
	if ((mask & GS_MSRS) != 0) {
		msrs_get(v, state);
	}
}

void vmx_vcpu_get_state(struct virt_vcpu *vcpu, u32 mask, struct guest_state *state)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	struct vmx_vcpu *before = vmx_vmcs_borrow(v);

	state_get(v, mask, state);
	vmx_vmcs_return(v, before);
}

/* --- writing ---------------------------------------------------------------------------------- */

void vmx_state_set_intr_state(struct vmx_vcpu *v, u32 clear, u32 set)
{
	v->intr_state = (v->intr_state & ~clear) | set;
	vmx_write(VMCS_GUEST_INTERRUPTIBILITY, v->intr_state);
	v->base.nmi_blocked = (v->intr_state & INTR_STATE_NMI) != 0;
	v->base.shadow = (v->intr_state & INTR_STATE_SHADOW) != 0;
}

void vmx_state_set_control(struct vmx_vcpu *v, const struct guest_state *state)
{
	const struct vmx_machine *m = &vmx_machine;
	u32 entry = (u32)vmx_read(VMCS_ENTRY) & ~(u32)ENTRY_CTL_IA32E;

	vmx_write(VMCS_CR0_SHADOW, state->cr0);
	vmx_write(VMCS_CR4_SHADOW, state->cr4);
	vmx_write(VMCS_GUEST_CR0, (state->cr0 & ~m->cr0_mask) | m->cr0_forced);
	vmx_write(VMCS_GUEST_CR4, (state->cr4 & ~vmx_vm_of(v->base.vm)->cr4_mask) | m->cr4_forced);
	vmx_write(VMCS_GUEST_CR3, state->cr3);
	vmx_write(VMCS_GUEST_EFER, state->efer);
	vmx_write(VMCS_ENTRY, entry | ((state->efer & EFER_LMA) != 0 ? (u32)ENTRY_CTL_IA32E : 0));
	v->regs.cr2 = state->cr2;
	if (v->pcpu != NULL) {
		write_cr2(state->cr2);
	}
	/* Loading these registers flushes; hardware does not see it being done here. */
	__atomic_fetch_or(&v->todo, VMX_TODO_FLUSH_LINEAR, __ATOMIC_SEQ_CST);
}

static void segments_set(u32 mask, const struct guest_state *state)
{
	for (u32 i = 0; i < SEG_COUNT; i++) {
		if ((mask & GS_SEGS) == 0 && i != SEG_CS && i != SEG_SS) {
			continue;
		}
		vmx_write(VMCS_NTH(VMCS_GUEST_SELECTOR, i), state->seg[i].selector);
		vmx_write(VMCS_NTH(VMCS_GUEST_ATTR, i), state->seg[i].attr);
		vmx_write(VMCS_NTH(VMCS_GUEST_LIMIT, i), state->seg[i].limit);
		vmx_write(VMCS_NTH(VMCS_GUEST_BASE, i), state->seg[i].base);
	}
}

static void tables_set(const struct guest_state *state)
{
	vmx_write(VMCS_GUEST_GDTR_BASE, state->gdtr.base);
	vmx_write(VMCS_GUEST_GDTR_LIMIT, state->gdtr.limit);
	vmx_write(VMCS_GUEST_IDTR_BASE, state->idtr.base);
	vmx_write(VMCS_GUEST_IDTR_LIMIT, state->idtr.limit);
}

static void debug_set(struct vmx_vcpu *v, const struct guest_state *state)
{
	v->regs.dr6 = state->dr6;
	if (v->pcpu != NULL) {
		__asm__ volatile("mov %0, %%db6" : : "r"(state->dr6));
	}
	vmx_write(VMCS_GUEST_DR7, state->dr7);
}

static void msrs_set(struct vmx_vcpu *v, const struct guest_state *state)
{
	v->regs.star = state->star;
	v->regs.lstar = state->lstar;
	v->regs.cstar = state->cstar;
	v->regs.sfmask = state->sfmask;
	v->regs.kernel_gs_base = state->kernel_gs_base;
	v->regs.tsc_aux = state->tsc_aux;
	if (v->pcpu != NULL) {
		vmx_load_msrs(v);
	}
	vmx_write(VMCS_GUEST_SYSENTER_CS, state->sysenter_cs);
	vmx_write(VMCS_GUEST_SYSENTER_ESP, state->sysenter_esp);
	vmx_write(VMCS_GUEST_SYSENTER_EIP, state->sysenter_eip);
	vmx_write(VMCS_GUEST_PAT, state->pat);
}

static bool is_64bit_code(void)
{
	return (vmx_read(VMCS_GUEST_EFER) & EFER_LMA) != 0 &&
	       (vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, SEG_CS)) & SEG_ATTR_L) != 0;
}

static void rip_set(struct vmx_vcpu *v, const struct guest_state *state)
{
	/* Entry refuses more outside 64-bit code. */
	bool wide = state->rip >> 32 == 0 || is_64bit_code();
	bool step = state->shadow && (state->rflags & RFLAGS_TF) != 0;

	v->ip.rip = wide ? state->rip : (u32)state->rip;
	v->ip.rflags = state->rflags;
	vmx_write(VMCS_GUEST_RFLAGS, state->rflags);
	/* SDM vol. 3, 26.3.1.5: single-stepping in a shadow has its trap pending. */
	vmx_write(VMCS_GUEST_PENDING_DEBUG, step ? PENDING_DEBUG_BS : 0);
	vmx_state_set_intr_state(v, INTR_STATE_SHADOW, state->shadow ? INTR_STATE_STI : 0);
}

/* The state as it will be: the groups in `mask` from *state, the others as they are. */
static void state_merge(const struct vmx_vcpu *v, u32 mask, const struct guest_state *state,
			struct guest_state *out)
{
	*out = *state;
	if ((mask & (GS_CONTROL | GS_SEGS | GS_CODE)) == 0) {
		return; /* what is left is checked without a look at the others */
	}
	struct guest_state now;

	state_get(v, GS_RIP | GS_CONTROL | GS_CODE, &now);
	if ((mask & GS_RIP) == 0) {
		out->rflags = now.rflags;
	}
	if ((mask & GS_CONTROL) == 0) {
		out->cr0 = now.cr0;
		out->cr4 = now.cr4;
		out->efer = now.efer;
	}
	if ((mask & (GS_SEGS | GS_CODE)) == 0) {
		out->seg[SEG_CS] = now.seg[SEG_CS];
		out->seg[SEG_SS] = now.seg[SEG_SS];
		return;
	}
	for (u32 i = 0; i < SEG_COUNT; i++) {
		out->seg[i] = vmx_segment_normalise(i, &out->seg[i]);
	}
}

static int state_set(struct vmx_vcpu *v, u32 mask, const struct guest_state *state)
{
	struct guest_state merged;

	state_merge(v, mask, state, &merged);
	int err = vmx_check_state(&vmx_machine.limits, mask, &merged);

	if (err != 0) {
		return err;
	}
	if ((mask & GS_CONTROL) != 0) {
		vmx_state_set_control(v, &merged);
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0) {
		segments_set(mask, &merged);
	}
	if ((mask & GS_RIP) != 0) {
		rip_set(v, &merged);
	}
	if ((mask & GS_TABLES) != 0) {
		tables_set(&merged);
	}
	if ((mask & GS_DEBUG) != 0) {
		debug_set(v, &merged);
	}
	if ((mask & GS_MSRS) != 0) {
		msrs_set(v, &merged);
	}
	return 0;
}

int vmx_vcpu_set_state(struct virt_vcpu *vcpu, u32 mask, const struct guest_state *state)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);
	struct vmx_vcpu *before = vmx_vmcs_borrow(v);
	int err = state_set(v, mask, state);

	vmx_vmcs_return(v, before);
	return err;
}

/* --- past an instruction ---------------------------------------------------------------------- */

/* 64-bit code does not wrap; 16-bit code does at 64 KiB, unless it ran beyond that already (the
 * limit of CS can be larger in real mode). */
static __attribute__((noinline)) u64 rip_wrap(u64 rip, u64 next)
{
	if (is_64bit_code()) {
		return next;
	}
	u64 attr = vmx_read(VMCS_NTH(VMCS_GUEST_ATTR, SEG_CS));

	return (attr & SEG_ATTR_DB) == 0 && rip <= 0xffff ? (u16)next : (u32)next;
}

u64 vmx_state_next_rip(const struct vmx_vcpu *v, u8 len)
{
	u64 next = v->ip.rip + len;

	/* No boundary at which any mode wraps was crossed: no need to know the mode. */
	return likely((v->ip.rip ^ next) >> 16 == 0) ? next : rip_wrap(v->ip.rip, next);
}

bool vmx_vcpu_end_insn(struct virt_vcpu *vcpu)
{
	struct vmx_vcpu *v = vmx_vcpu_of(vcpu);

	if (vcpu->shadow) {
		vmx_state_set_intr_state(v, INTR_STATE_SHADOW, 0);
		vmx_write(VMCS_GUEST_PENDING_DEBUG, 0);
	}
	if ((v->ip.rflags & RFLAGS_RF) != 0) {
		v->ip.rflags &= ~RFLAGS_RF;
		vmx_write(VMCS_GUEST_RFLAGS, v->ip.rflags);
	}
	return (v->ip.rflags & RFLAGS_TF) != 0;
}
