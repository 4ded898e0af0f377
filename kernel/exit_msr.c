// SPDX-License-Identifier: GPL-2.0-only
/* RDMSR and WRMSR exits: kernel/msr_policy.c decides, here is what it cannot do itself. */
#include "arch/arch.h"
#include "arch/x86/regs.h"
#include "kernel/emulate.h"
#include "kernel/exits_priv.h"
#include "kernel/lib/err.h"
#include "kernel/vm.h"

static u64 guest_tsc(const struct vcpu *vcpu)
{
	return arch_tsc() + vcpu->tsc_offset;
}

/* SDM vol. 3 18.17.3: TSC and TSC_ADJUST move together, whichever is written. */
static void tsc_move(struct vcpu *vcpu, u64 by)
{
	struct vlapic_time time;

	vcpu->tsc_adjust += by;
	vcpu->tsc_offset += by;
	virt->set_tsc_offset(vcpu->hw, vcpu->tsc_offset);
	guest_clock_tsc_moved(vcpu);
	time = vcpu_time(vcpu);
	vlapic_advance(&vcpu->lapic, &time);
	vcpu_post(vcpu, VCPU_REQ_TIMER);
}

static u64 *state_field(struct guest_state *gs, const struct msr_access *access)
{
	return (u64 *)((u8 *)gs + access->state_offset);
}

/* True with the value, false: #GP. */
static bool msr_get(struct vcpu *vcpu, u32 msr, u64 *value)
{
	struct vlapic_time time;
	struct msr_access access;
	struct guest_state gs;

	switch (msr_read(&vcpu->vm->msr_policy, &vcpu->msrs, msr, &access)) {
	case MSR_ROUTE_OK:
		*value = access.value;
		return true;
	case MSR_ROUTE_STATE:
		virt->get_state(vcpu->hw, access.state_mask, &gs);
		*value = *state_field(&gs, &access);
		return true;
	case MSR_ROUTE_EFER:
		virt->get_state(vcpu->hw, GS_CONTROL, &gs);
		*value = gs.efer;
		return true;
	case MSR_ROUTE_APIC_BASE:
		*value = vlapic_base_read(&vcpu->lapic);
		return true;
	case MSR_ROUTE_X2APIC:
	case MSR_ROUTE_TSC_DEADLINE:
		time = vcpu_time(vcpu);
		return vlapic_msr_read(&vcpu->lapic, msr, &time, value) == 0;
	case MSR_ROUTE_TSC:
		*value = guest_tsc(vcpu);
		return true;
	case MSR_ROUTE_GUEST_CLOCK:
		*value = guest_clock_msr_read(vcpu, msr);
		return true;
	case MSR_ROUTE_TSC_ADJUST:
		*value = vcpu->tsc_adjust;
		return true;
	default:
		return false;
	}
}

static bool efer_set(struct vcpu *vcpu, u64 value)
{
	struct guest_state gs;
	u64 next;

	virt->get_state(vcpu->hw, GS_CONTROL, &gs);
	if (!msr_efer_check(&vcpu->vm->msr_policy, gs.efer, gs.cr0, value, &next)) {
		return false;
	}
	gs.efer = next;
	return virt->set_state(vcpu->hw, GS_CONTROL, &gs) == 0;
}

static bool lapic_set(struct vcpu *vcpu, u32 msr, u64 value)
{
	struct vlapic_effect effect = {.kind = VLAPIC_NOTHING};
	struct vlapic_time time = vcpu_time(vcpu);

	if (vlapic_msr_write(&vcpu->lapic, msr, value, &time, &effect) != 0) {
		return false;
	}
	vcpu_lapic_effect(vcpu, &effect);
	return true;
}

/* True: done; false: #GP. */
static bool msr_set(struct vcpu *vcpu, u32 msr, u64 value)
{
	struct msr_access access;
	struct guest_state gs;

	switch (msr_write(&vcpu->vm->msr_policy, &vcpu->msrs, msr, value, &access)) {
	case MSR_ROUTE_OK:
		return true;
	case MSR_ROUTE_STATE:
		virt->get_state(vcpu->hw, access.state_mask, &gs);
		*state_field(&gs, &access) = access.value;
		return virt->set_state(vcpu->hw, access.state_mask, &gs) == 0;
	case MSR_ROUTE_EFER:
		return efer_set(vcpu, value);
	case MSR_ROUTE_APIC_BASE:
		return vlapic_base_write(&vcpu->lapic, value) == 0;
	case MSR_ROUTE_X2APIC:
	case MSR_ROUTE_TSC_DEADLINE:
		return lapic_set(vcpu, msr, value);
	case MSR_ROUTE_GUEST_CLOCK:
		return guest_clock_msr_write(vcpu, msr, value);
	case MSR_ROUTE_TSC:
		tsc_move(vcpu, value - guest_tsc(vcpu));
		return true;
	case MSR_ROUTE_TSC_ADJUST:
		tsc_move(vcpu, value - vcpu->tsc_adjust);
		return true;
	default:
		return false;
	}
}

enum exit_action exit_rdmsr(struct vcpu *vcpu, struct vm_exit *exit)
{
	u64 *gpr = vcpu->hw->gpr;
	u64 value;

	if (!msr_get(vcpu, (u32)gpr[GPR_RCX], &value)) {
		vcpu_raise_gp(vcpu);
		return EXIT_RECHECK;
	}
	gpr[GPR_RAX] = (u32)value;
	gpr[GPR_RDX] = value >> 32;
	return vcpu_skip(vcpu, exit);
}

enum exit_action exit_wrmsr(struct vcpu *vcpu, struct vm_exit *exit)
{
	const u64 *gpr = vcpu->hw->gpr;

	if (!msr_set(vcpu, (u32)gpr[GPR_RCX], gpr[GPR_RDX] << 32 | (u32)gpr[GPR_RAX])) {
		vcpu_raise_gp(vcpu);
		return EXIT_RECHECK;
	}
	(void)vcpu_skip(vcpu, exit);
	return EXIT_RECHECK;
}
