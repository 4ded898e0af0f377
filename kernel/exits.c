// SPDX-License-Identifier: GPL-2.0-only
/* The table of exit handlers, and those that fit in a few lines. */
#include "kernel/exits.h"

#include "arch/arch.h"
#include "arch/x86/regs.h"
#include "kernel/dispatch.h"
#include "kernel/emulate.h"
#include "kernel/exits_priv.h"
#include "kernel/guestif/vmware.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"
#include "kernel/vm.h"
#include "mm/frames.h"

/* Time in which the hypervisor works for the vCPU is no guest execution: the vCPU makes no progress
 * meanwhile. */
enum exit_action exit_timed(struct vcpu *vcpu, struct vm_exit *exit)
{
	u64 start_tsc = arch_tsc();
	enum exit_action action = exit_rows[exit->kind].timed(vcpu, exit);

	vcpu->ticks.guest -= arch_tsc() - start_tsc;
	return action;
}

/* --- asynchronous ----------------------------------------------------------------------------- */

/* Time that goes into this is nobody's: whoever runs here does not pay for what others need. */
static enum exit_action exit_intr(struct vcpu *vcpu, struct vm_exit *exit)
{
	u64 start_tsc = arch_tsc();

	(void)exit;
	arch_irq_window();
	dispatch_timer_fired();
	dispatch_work();
	u64 ticks = arch_tsc() - start_tsc;

	vcpu->ticks.overlap += ticks;
	vcpu->ticks.guest -= ticks;
	return EXIT_TIMECHECK;
}

/* The handler ran already, or the event is looked at before the next entry anyway. */
static enum exit_action exit_nothing(struct vcpu *vcpu, struct vm_exit *exit)
{
	(void)vcpu;
	(void)exit;
	return EXIT_RECHECK;
}

/* A spinning guest gives the pCPU to the sibling that it is likely waiting for. If that one runs,
 * or there is none, it had better go on spinning. */
static enum exit_action exit_pause(struct vcpu *vcpu, struct vm_exit *exit)
{
	(void)exit;
	return dispatch_yield(vcpu) ? EXIT_LEAVE : EXIT_RESUME;
}

/* Outside 64-bit code the upper halves of registers hold anything. */
static bool guest_is_code64(const struct guest_state *gs)
{
	return (gs->efer & EFER_LMA) != 0 && (gs->seg[SEG_CS].attr & SEG_ATTR_L) != 0;
}

/* --- instructions ----------------------------------------------------------------------------- */

static enum exit_action cpuid_answer(struct vcpu *vcpu, struct vm_exit *exit,
				     const struct cpuid_regs *regs)
{
	u64 *gpr = vcpu->hw->gpr;

	gpr[GPR_RAX] = regs->eax;
	gpr[GPR_RBX] = regs->ebx;
	gpr[GPR_RCX] = regs->ecx;
	gpr[GPR_RDX] = regs->edx;
	return vcpu_skip(vcpu, exit);
}

/* The leaves whose answer depends on the vCPU or its state. */
static __attribute__((noinline)) enum exit_action cpuid_dynamic(struct vcpu *vcpu,
								struct vm_exit *exit)
{
	const u64 *gpr = vcpu->hw->gpr;
	struct cpuid_dynamic dynamic = {.apic_id = vcpu->index};
	u32 leaf = (u32)gpr[GPR_RAX];
	struct cpuid_regs regs;

	if (cpuid_needs_state(leaf)) {
		struct guest_state gs;

		virt->get_state(vcpu->hw, GS_CONTROL, &gs);
		dynamic.cr4 = gs.cr4;
		dynamic.xcr0 = virt->get_xcr0(vcpu->hw);
	}
	cpuid_lookup(&vcpu->vm->cpuid, leaf, (u32)gpr[GPR_RCX], &dynamic, &regs);
	return cpuid_answer(vcpu, exit, &regs);
}

static enum exit_action exit_cpuid(struct vcpu *vcpu, struct vm_exit *exit)
{
	u32 leaf = (u32)vcpu->hw->gpr[GPR_RAX];
	const struct cpuid_regs *regs = cpuid_constant(&vcpu->vm->cpuid, leaf);

	return likely(regs != NULL) ? cpuid_answer(vcpu, exit, regs) : cpuid_dynamic(vcpu, exit);
}

static enum exit_action exit_hlt(struct vcpu *vcpu, struct vm_exit *exit)
{
	(void)vcpu_skip(vcpu, exit);
	vcpu->state = VCPU_HALTED;
	return EXIT_RECHECK;
}

static enum exit_action exit_ud(struct vcpu *vcpu, struct vm_exit *exit)
{
	(void)exit;
	vcpu_raise(vcpu, VECTOR_UD, false, 0);
	return EXIT_RECHECK;
}

static enum exit_action exit_gp(struct vcpu *vcpu, struct vm_exit *exit)
{
	(void)exit;
	vcpu_raise_gp(vcpu);
	return EXIT_RECHECK;
}

/* Guest memory is always coherent: there is nothing to write back. */
static enum exit_action exit_wbinvd(struct vcpu *vcpu, struct vm_exit *exit)
{
	return vcpu_skip(vcpu, exit);
}

static enum exit_action exit_xsetbv(struct vcpu *vcpu, struct vm_exit *exit)
{
	const u64 *gpr = vcpu->hw->gpr;
	u64 value = gpr[GPR_RDX] << 32 | (u32)gpr[GPR_RAX];
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_CONTROL | GS_CODE, &gs);
	if ((gs.cr4 & CR4_OSXSAVE) == 0) {
		return exit_ud(vcpu, exit);
	}
	if (gs.cpl != 0 || (u32)gpr[GPR_RCX] != 0 || !cpuid_xcr0_valid(&vcpu->vm->cpuid, value) ||
	    virt->set_xcr0(vcpu->hw, value) != 0) {
		return exit_gp(vcpu, exit);
	}
	return vcpu_skip(vcpu, exit);
}

static enum exit_action cr4_write(struct vcpu *vcpu, struct vm_exit *exit, u64 value)
{
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_CONTROL | GS_CODE, &gs);
	if (!guest_is_code64(&gs)) {
		value = (u32)value;
	}
	if (guest_cr4_write(&gs, vcpu->vm->cpuid.cr4, value) != 0 ||
	    virt->set_state(vcpu->hw, GS_CONTROL, &gs) != 0) {
		return exit_gp(vcpu, exit);
	}
	return vcpu_skip(vcpu, exit);
}

/* The guest lowers its priority while an interrupt waits below it. */
static enum exit_action cr8_write(struct vcpu *vcpu, struct vm_exit *exit, u64 value)
{
	if (value > 15) {
		return exit_gp(vcpu, exit);
	}
	vcpu->hw->cr8 = (u8)value;
	vlapic_set_cr8(&vcpu->lapic, (u8)value);
	(void)vcpu_skip(vcpu, exit);
	return EXIT_RECHECK;
}

static enum exit_action exit_cr(struct vcpu *vcpu, struct vm_exit *exit)
{
	u8 gpr = exit->cr.gpr;
	struct insn insn;

	if ((exit->cr.cr != 4 && exit->cr.cr != 8) || !exit->cr.write) {
		vm_end(vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: unexpected access to CR%u",
		       vcpu->index, exit->cr.cr);
		return EXIT_RECHECK;
	}
	if (gpr == GPR_NONE) {
		if (emulate_decode(vcpu, &insn) != 0 || insn.id != INSN_MOV_TO_CR) {
			return EXIT_RECHECK;
		}
		gpr = insn.src.reg;
	}
	u64 value = vcpu->hw->gpr[gpr];

	return exit->cr.cr == 4 ? cr4_write(vcpu, exit, value) : cr8_write(vcpu, exit, value);
}

/* The value is in the page already; what it asks for is left to do. */
static enum exit_action exit_apic_write(struct vcpu *vcpu, struct vm_exit *exit)
{
	u16 offset = exit->apic_write.offset;
	u32 value = vcpu->hw->apic_page[offset / 4];

	vcpu_lapic_write(vcpu, offset, sizeof(value), value);
	return EXIT_RECHECK;
}

/* --- memory and exceptions -------------------------------------------------------------------- */

static enum exit_action exit_s2_fault(struct vcpu *vcpu, struct vm_exit *exit)
{
	struct p2m *p2m = &vcpu->vm->p2m;
	gfn_t gfn = gpa_to_gfn(exit->s2.gpa);
	mfn_t page;

	if (p2m_is_ram(p2m, gfn)) {
		if (p2m_touch(p2m, gfn, &page) != 0) {
			/* Admission control has set it aside: our own accounting is wrong. */
			vm_end(vcpu->vm, VM_END_CRASHED, 1, "out of machine memory");
			return EXIT_RECHECK;
		}
		return EXIT_RESUME;
	}
	if (exit->s2.table_walk || (exit->s2.access & S2_EXEC) != 0) {
		vm_end(vcpu->vm, VM_END_CRASHED, 1,
		       "vCPU %u: %s at guest-physical %llx, where there is no memory", vcpu->index,
		       exit->s2.table_walk ? "page tables" : "executes",
		       (unsigned long long)exit->s2.gpa.v);
		vcpu_dump(vcpu);
		return EXIT_RECHECK;
	}
	return emulate_insn(vcpu, exit);
}

/* #DB and #AC come here only so that endless delivery leaves room for machine interrupts: hand them
 * back. #GP comes for VMware's port in user mode. */
static enum exit_action exit_exception(struct vcpu *vcpu, struct vm_exit *exit)
{
	struct guest_state gs;

	if (exit->exception.vector == VECTOR_GP && exit->exception.error == 0 &&
	    vmware_user_port(vcpu)) {
		return EXIT_RESUME;
	}
	if (exit->exception.vector == VECTOR_DB) {
		virt->get_state(vcpu->hw, GS_DEBUG, &gs);
		gs.dr6 |= exit->exception.address;
		/* Delivery would end general detection, or the handler could not use these
		 * registers. */
		if ((exit->exception.address & DR6_BD) != 0) {
			gs.dr7 &= ~DR7_GD;
		}
		if (virt->set_state(vcpu->hw, GS_DEBUG, &gs) != 0) {
			vm_end(vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: DR6 refused", vcpu->index);
			return EXIT_RECHECK;
		}
	}
	vcpu_raise(vcpu, exit->exception.vector, exit->exception.has_error, exit->exception.error);
	return EXIT_RECHECK;
}

/* --- the end ---------------------------------------------------------------------------------- */

static enum exit_action exit_crash(struct vcpu *vcpu, struct vm_exit *exit)
{
	vm_end(vcpu->vm, VM_END_CRASHED, 1, "vCPU %u: %s (reason %llx)", vcpu->index,
	       exit_name(exit->kind), (unsigned long long)exit->hw_reason);
	vcpu_dump(vcpu);
	return EXIT_RECHECK;
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
const struct exit_row exit_rows[EXIT_KIND_COUNT] = {
	[EXIT_INTR]         = {"machine interrupt", exit_intr, NULL},
	[EXIT_HANDLED]      = {"handled in hardware layer", exit_nothing, NULL},
	[EXIT_NMI]          = {"machine NMI",       exit_nothing, NULL},
	[EXIT_WINDOW]       = {"interrupt window",  exit_nothing, NULL},
	[EXIT_NMI_WINDOW]   = {"NMI window",        exit_nothing, NULL},
	[EXIT_CPUID]        = {"CPUID",             exit_cpuid, NULL},
	[EXIT_HLT]          = {"HLT",               exit_hlt, NULL},
	[EXIT_HYPERCALL]    = {"hypercall",         exit_hypercall, NULL},
	[EXIT_IO]           = {"port I/O",          exit_io, emulate_insn},
	[EXIT_RDMSR]        = {"RDMSR",             exit_rdmsr, NULL},
	[EXIT_WRMSR]        = {"WRMSR",             exit_wrmsr, NULL},
	[EXIT_APIC_WRITE]   = {"APIC register write", exit_apic_write, NULL},
	[EXIT_S2_FAULT]     = {"nested page fault", exit_timed, exit_s2_fault},
	[EXIT_EXCEPTION]    = {"exception",         exit_exception, NULL},
	[EXIT_CR_ACCESS]    = {"control register",  exit_cr, NULL},
	[EXIT_XSETBV]       = {"XSETBV",            exit_xsetbv, NULL},
	[EXIT_PAUSE]        = {"PAUSE",             exit_timed, exit_pause},
	[EXIT_RDPMC]        = {"RDPMC",             exit_gp, NULL},
	[EXIT_MONITOR]      = {"MONITOR",           exit_ud, NULL},
	[EXIT_MWAIT]        = {"MWAIT",             exit_ud, NULL},
	[EXIT_WBINVD]       = {"WBINVD",            exit_wbinvd, NULL},
	[EXIT_INSN_UD]      = {"virtualisation instruction", exit_ud, NULL},
	[EXIT_TASK_SWITCH]  = {"hardware task switch, which is not supported", exit_crash, NULL},
	[EXIT_TRIPLE_FAULT] = {"triple fault",      exit_crash, NULL},
	[EXIT_ENTRY_FAILED] = {"guest state refused by hardware", exit_crash, NULL},
	[EXIT_UNKNOWN]      = {"unknown exit",      exit_crash, NULL},
};
/* clang-format on */
