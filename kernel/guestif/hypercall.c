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

typedef s64 evk_call_fn(struct vcpu *vcpu);

static s64 call_nop(struct vcpu *vcpu)
{
	(void)vcpu;
	return 0;
}

static s64 call_version(struct vcpu *vcpu)
{
	(void)vcpu;
	return EVK_ABI_VERSION;
}

#define NUMBER(call) ((call)-EVK_CALL_MAGIC)

/* Arguments are in the vCPU's registers; each at CPL 0 only. */
static evk_call_fn *const evk_calls[] = {
	[NUMBER(EVK_CALL_NOP)] = call_nop,
	[NUMBER(EVK_CALL_VERSION)] = call_version,
};

/* The calls of the interface that stands beside Evenkeel's. */
static __attribute__((noinline)) enum exit_action other_call(struct vcpu *vcpu,
							     struct vm_exit *exit)
{
	u64 *rax = &vcpu->hw->gpr[GPR_RAX];

	if (vmware_offered(vcpu) && (u32)*rax == VMWARE_MAGIC) {
		vmware_hypercall(vcpu, exit->hypercall.cpl);
	} else if (vcpu->vm->config.interface == INTERFACE_KVM) {
		*rax = (u64)KVM_ENOSYS;
	} else {
		*rax = (u64)EVK_ERR_NOSYS;
	}
	return vcpu_skip(vcpu, exit);
}

static inline enum exit_action call_answer(struct vcpu *vcpu, struct vm_exit *exit, u64 number)
{
	u64 index = number - EVK_CALL_MAGIC;
	s64 result = EVK_ERR_NOSYS;

	if (unlikely(index >= EVK_CALL_COUNT)) {
		return other_call(vcpu, exit);
	}
	if (unlikely(exit->hypercall.cpl != 0)) {
		result = EVK_ERR_PERM;
	} else if (likely(index < ARRAY_SIZE(evk_calls))) {
		result = evk_calls[index](vcpu);
	}
	vcpu->hw->gpr[GPR_RAX] = (u64)result;
	return vcpu_skip(vcpu, exit);
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
