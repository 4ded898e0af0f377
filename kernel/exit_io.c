// SPDX-License-Identifier: GPL-2.0-only
/* Port I/O exits: IN and OUT here, their string forms by the instruction emulator. */
#include "kernel/emulate.h"
#include "kernel/exits_priv.h"
#include "kernel/guestif/vmware.h"
#include "kernel/vm.h"

/* Ends the VM when its file asks for it (debug.exit): QEMU's isa-debug-exit, status as written. */
#define DEBUG_EXIT_PORT 0xf4

u32 exit_port_read(struct vcpu *vcpu, u16 port, u8 size_bytes)
{
	return platform_port_read(&vcpu->vm->platform, port, size_bytes);
}

void exit_port_write(struct vcpu *vcpu, u16 port, u8 size_bytes, u32 value)
{
	if (unlikely(port == DEBUG_EXIT_PORT && vcpu->vm->config.debug_exit)) {
		vm_end(vcpu->vm, VM_END_DEBUG_EXIT, value, "debug exit");
		return;
	}
	platform_port_write(&vcpu->vm->platform, port, size_bytes, value);
}

/* IN changes AL, AX or (zero-extended) EAX. */
static void rax_merge(struct vcpu *vcpu, u8 size_bytes, u32 value)
{
	u64 *rax = &vcpu->hw->gpr[GPR_RAX];
	u64 mask = BIT(8 * size_bytes) - 1;

	*rax = size_bytes == 4 ? value : (*rax & ~mask) | (value & mask);
}

enum exit_action exit_io(struct vcpu *vcpu, struct vm_exit *exit)
{
	if (exit->io.string) {
		return exit_timed(vcpu, exit);
	}
	if (unlikely(exit->io.port == VMWARE_PORT && exit->io.in && vmware_offered(vcpu) &&
		     vmware_port(vcpu, exit->io.port, exit->io.size_bytes))) {
		return vcpu_skip(vcpu, exit);
	}
	if (exit->io.in) {
		rax_merge(vcpu, exit->io.size_bytes,
			  exit_port_read(vcpu, exit->io.port, exit->io.size_bytes));
	} else {
		exit_port_write(vcpu, exit->io.port, exit->io.size_bytes,
				(u32)vcpu->hw->gpr[GPR_RAX] &
					(u32)(BIT(8 * exit->io.size_bytes) - 1));
	}
	return vcpu_skip(vcpu, exit);
}
