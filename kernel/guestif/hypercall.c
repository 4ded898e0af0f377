// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMCALL and VMMCALL. The interfaces share the instruction and are told apart by RAX alone
 * (guest-tools/abi/README.md); Evenkeel's own calls are a table here.
 */
#include "arch/x86/regs.h"
#include "guest-tools/abi/evenkeel.h"
#include "guest-tools/abi/kvm.h"
#include "kernel/exits_priv.h"
#include "kernel/guestif/vmware.h"
#include "kernel/vm.h"

/* Carries a call out and goes on behind it: the last step of each, so that the way there calls
 * nothing. */
typedef enum exit_action evk_call_fn(struct vcpu *vcpu, struct vm_exit *exit);

static inline enum exit_action call_return(struct vcpu *vcpu, struct vm_exit *exit, s64 result)
{
	vcpu->hw->gpr[GPR_RAX] = (u64)result;
	return vcpu_skip(vcpu, exit);
}

static enum exit_action call_nop(struct vcpu *vcpu, struct vm_exit *exit)
{
	return call_return(vcpu, exit, 0);
}

static enum exit_action call_version(struct vcpu *vcpu, struct vm_exit *exit)
{
	return call_return(vcpu, exit, EVK_ABI_VERSION);
}

#define NUMBER(call) ((call)-EVK_CALL_MAGIC)

/* Arguments are in the vCPU's registers; each at CPL 0 only. */
static evk_call_fn *const evk_calls[] = {
	[NUMBER(EVK_CALL_NOP)] = call_nop,
	[NUMBER(EVK_CALL_VERSION)] = call_version,
};

/* The calls of the interface that stands beside Evenkeel's, and those of Evenkeel's that do not
 * exist. */
static __attribute__((noinline)) enum exit_action other_call(struct vcpu *vcpu,
							     struct vm_exit *exit, u64 index)
{
	u32 eax = (u32)vcpu->hw->gpr[GPR_RAX];

	if (index < EVK_CALL_COUNT) {
		return call_return(vcpu, exit,
				   exit->hypercall.cpl != 0 ? EVK_ERR_PERM : EVK_ERR_NOSYS);
	}
	if (vmware_offered(vcpu) && eax == VMWARE_MAGIC) {
		vmware_hypercall(vcpu, exit->hypercall.cpl);
		return vcpu_skip(vcpu, exit);
	}
	return call_return(vcpu, exit,
			   vcpu->vm->config.interface == INTERFACE_KVM ? KVM_ENOSYS
								       : EVK_ERR_NOSYS);
}

static inline enum exit_action call_answer(struct vcpu *vcpu, struct vm_exit *exit, u64 number)
{
	u64 index = number - EVK_CALL_MAGIC;

	if (unlikely(index >= ARRAY_SIZE(evk_calls))) {
		return other_call(vcpu, exit, index);
	}
	if (unlikely(exit->hypercall.cpl != 0)) {
		return call_return(vcpu, exit, EVK_ERR_PERM);
	}
	return evk_calls[index](vcpu, exit);
}

/* Outside 64-bit code the upper halves of registers hold anything. */
static __attribute__((noinline)) enum exit_action call_long(struct vcpu *vcpu, struct vm_exit *exit)
{
	u64 number = vcpu->hw->gpr[GPR_RAX];
	struct guest_state gs;

	virt->get_state(vcpu->hw, GS_CONTROL | GS_CODE, &gs);
	if ((gs.efer & EFER_LMA) == 0 || (gs.seg[SEG_CS].attr & SEG_ATTR_L) == 0) {
		number = (u32)number;
	}
	return call_answer(vcpu, exit, number);
}

/* With guest.interface = "none" there is no hypervisor to call: #UD, as on a bare CPU. */
enum exit_action exit_hypercall(struct vcpu *vcpu, struct vm_exit *exit)
{
	u64 number = vcpu->hw->gpr[GPR_RAX];

	if (unlikely(!vcpu->vm->cpuid.hypervisor)) {
		vcpu_raise(vcpu, VECTOR_UD, false, 0);
		return EXIT_RECHECK;
	}
	return likely(number >> 32 == 0) ? call_answer(vcpu, exit, number) : call_long(vcpu, exit);
}
