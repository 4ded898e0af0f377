// SPDX-License-Identifier: GPL-2.0-only
/* See the header; what each command answers is vmware_commands.c. */
#include "kernel/guestif/vmware.h"

#include "arch/arch.h"
#include "kernel/emulate.h"
#include "kernel/guestif/vmware_commands.h"
#include "kernel/vm.h"
#include "kernel/wallclock.h"

bool vmware_offered(const struct vcpu *vcpu)
{
	return vcpu->vm->config.interface == INTERFACE_VMWARE;
}

/* --- one call --------------------------------------------------------------------------------- */

/* The lower half changes, the upper one is none of this interface's. */
static void low_set(u64 *reg, u32 value)
{
	*reg = (*reg & ~(u64)UINT32_MAX) | value;
}

/* Those of the other vCPUs' own timers are theirs to drop. */
static void backlog_drop(struct vcpu *vcpu)
{
	platform_drop_backlog(&vcpu->vm->platform);
	tick_backlog_drop(&vcpu->lapic.tick);
}

static void carry_out(struct vcpu *vcpu, const struct vmware_outcome *outcome,
		      struct vmware_regs *regs)
{
	switch (outcome->effect) {
	case VMWARE_STEAL_START:
		if (guest_clock_steal_start(vcpu, outcome->steal_at) != 0) {
			regs->eax = VMWARE_STEAL_UNAVAILABLE;
		}
		break;
	case VMWARE_STEAL_STOP:
		guest_clock_steal_stop(vcpu);
		break;
	case VMWARE_DROP_BACKLOG:
		backlog_drop(vcpu);
		break;
	case VMWARE_NOTHING:
		break;
	}
}

static void regs_run(struct vcpu *vcpu, struct vmware_regs *regs)
{
	u64 now_ns = arch_now_ns();
	struct vmware_env env = {
		.tsc_khz = arch_tsc_khz(),
		.apic_hz = (u32)VLAPIC_TIMER_HZ,
		.calendar_ns = wallclock_ns(now_ns),
		.tick_lag_ns = MAX(platform_tick_lag_ns(&vcpu->vm->platform),
				   tick_backlog_lag_ns(&vcpu->lapic.tick)),
	};
	struct vmware_outcome outcome = vmware_command(&env, regs);

	carry_out(vcpu, &outcome, regs);
}

static void call(struct vcpu *vcpu, u8 cpl)
{
	u64 *gpr = vcpu->hw->gpr;
	struct vmware_regs regs = {
		.eax = (u32)gpr[GPR_RAX],
		.ebx = (u32)gpr[GPR_RBX],
		.ecx = (u32)gpr[GPR_RCX],
		.edx = (u32)gpr[GPR_RDX],
		.esi = (u32)gpr[GPR_RSI],
		.edi = (u32)gpr[GPR_RDI],
	};

	if (cpl != 0 && vmware_command_privileged(regs.ecx)) {
		regs.eax = VMWARE_UNKNOWN;
	} else {
		regs_run(vcpu, &regs);
	}
	low_set(&gpr[GPR_RAX], regs.eax);
	low_set(&gpr[GPR_RBX], regs.ebx);
	low_set(&gpr[GPR_RCX], regs.ecx);
	low_set(&gpr[GPR_RDX], regs.edx);
	low_set(&gpr[GPR_RSI], regs.esi);
	low_set(&gpr[GPR_RDI], regs.edi);
}

static u8 cpl_now(struct vcpu *vcpu)
{
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_CODE, &gs);
	return gs.cpl;
}

/* --- ways to call ----------------------------------------------------------------------------- */

bool vmware_port(struct vcpu *vcpu, u16 port, u8 size_bytes)
{
	u64 *rax = &vcpu->hw->gpr[GPR_RAX];

	if (port != VMWARE_PORT || size_bytes != 4 || (u32)*rax != VMWARE_MAGIC) {
		return false;
	}
	/* Most commands do not care, and hardware does not say for an access to a port. */
	call(vcpu, vmware_command_privileged((u32)vcpu->hw->gpr[GPR_RCX]) ? cpl_now(vcpu) : 0);
	*rax = (u32)*rax; /* as any write to EAX does */
	return true;
}

void vmware_hypercall(struct vcpu *vcpu, u8 cpl)
{
	call(vcpu, cpl);
}

/* RIP behind an instruction that raised a fault. */
static u64 rip_behind(const struct vcpu *vcpu, const struct insn *insn)
{
	u64 rip = vcpu->hw->ip->rip + insn->len;

	return insn->mode == INSN_MODE_64 ? rip : (u32)rip;
}

/* Registers first: of all #GPs of a guest hardly any passes these two comparisons. */
static bool looks_like_call(const struct vcpu *vcpu)
{
	const u64 *gpr = vcpu->hw->gpr;
	u16 port = (u16)gpr[GPR_RDX];

	return (u32)gpr[GPR_RAX] == VMWARE_MAGIC &&
	       (port == VMWARE_PORT || port == VMWARE_PORT_BULK);
}

bool vmware_user_port(struct vcpu *vcpu)
{
	struct insn insn;

	if (!looks_like_call(vcpu) || cpl_now(vcpu) != 3 ||
	    vcpu->events.queued.type != VIRT_EVENT_NONE) {
		return false;
	}
	if (emulate_decode(vcpu, &insn) != 0 || insn.id != INSN_IN || insn.src.kind != OPND_DX ||
	    insn.dst.size != 4) {
		return false;
	}
	if (!vmware_port(vcpu, (u16)vcpu->hw->gpr[GPR_RDX], insn.dst.size)) {
		vcpu->hw->gpr[GPR_RAX] = UINT32_MAX; /* nobody at that port */
	}
	if (!virt_skip(vcpu->hw, rip_behind(vcpu, &insn))) {
		(void)vcpu_end_insn(vcpu);
	}
	return true;
}
