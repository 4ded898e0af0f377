// SPDX-License-Identifier: GPL-2.0-only
/*
 * MOV to CR0 and CR4 that change a bit the guest does not own. vmx_cr.c says what the instruction
 * does; here it is done, page-directory pointers included. The caller of run() sees the outcome as
 * another exit: nothing left to do, an exception, or memory that has to be there first.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_check.h"
#include "arch/x86/virt/vmx/vmx_cr.h"
#include "kernel/lib/err.h"

#define INDEX_BITS 9u
#define PDPT_MASK  0x1full /* CR3 in PAE paging: 32 bytes, aligned */

static void exit_exception(struct vm_exit *exit, u8 vector, bool has_error, u64 address)
{
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = vector;
	exit->exception.has_error = has_error;
	exit->exception.error = 0;
	exit->exception.address = address;
}

/* The memory at a guest-physical address, NULL where none is mapped. Mappings are only ever added
 * while the vCPU runs. */
static const void *guest_memory(const struct vmx_vcpu *v, u64 address)
{
	const struct s2_format *s2 = &virt_caps.s2;
	u64 entry = v->base.vm->s2_root.v | EPT_READ;

	for (u32 level = s2->levels; level > 0; level--) {
		u32 shift = PAGE_SHIFT + (level - 1) * INDEX_BITS;
		const u64 *table = hpa_to_va(hpa(entry & s2->address_mask));

		entry = __atomic_load_n(&table[address >> shift & (BIT(INDEX_BITS) - 1)],
					__ATOMIC_ACQUIRE);
		if ((entry & s2->read) == 0) {
			return NULL;
		}
		if (level > 1 && (entry & s2->large) != 0) {
			u64 within = address & (BIT(shift) - 1);

			return hpa_to_va(
				hpa((entry & s2->address_mask & ~(BIT(shift) - 1)) + within));
		}
	}
	return hpa_to_va(hpa((entry & s2->address_mask) + (address & PAGE_MASK)));
}

/* Page-directory pointers at CR3; 0, ERR_NOENT without memory there, ERR_RANGE for #GP. */
static int pdptes_load(const struct vmx_vcpu *v, u64 at)
{
	const volatile u64 *from = guest_memory(v, at);
	u64 pdpte[4];

	if (from == NULL) {
		return ERR_NOENT;
	}
	for (u32 i = 0; i < 4; i++) {
		pdpte[i] = from[i];
	}
	if (!vmx_pdptes_valid(pdpte, vmx_machine.limits.phys_mask)) {
		return ERR_RANGE;
	}
	for (u32 i = 0; i < 4; i++) {
		vmx_write(VMCS_NTH(VMCS_GUEST_PDPTE, i), pdpte[i]);
	}
	return 0;
}

static int write_apply(struct vmx_vcpu *v, const struct vm_exit *exit, struct guest_state *gs)
{
	u64 value = v->base.gpr[exit->cr.gpr];
	bool load_pdptes = false;
	int err;

	if ((gs->efer & EFER_LMA) == 0 || (gs->seg[SEG_CS].attr & SEG_ATTR_L) == 0) {
		value = (u32)value;
	}
	if (exit->cr.cr == 0) {
		err = vmx_cr0_write(gs, value, &load_pdptes);
	} else {
		err = vmx_cr4_write(gs, vmx_vm_of(v->base.vm)->cr4_allowed, value, &load_pdptes);
	}
	if (err == 0 && load_pdptes) {
		err = pdptes_load(v, (u32)gs->cr3 & ~PDPT_MASK);
	}
	return err;
}

void vmx_cr_exit(struct vmx_vcpu *v, struct vm_exit *exit)
{
	bool handled = exit->cr.write && exit->cr.gpr != GPR_NONE &&
		       (exit->cr.cr == 0 || exit->cr.cr == 4);
	struct guest_state gs;

	if (!handled) {
		return;
	}
	vmx_vcpu_get_state(&v->base, GS_CONTROL | GS_SEGS, &gs);
	int err = write_apply(v, exit, &gs);

	if (err == ERR_NOENT) {
		/* The instruction comes again when the memory is there. */
		exit->kind = EXIT_S2_FAULT;
		exit->s2.gpa = gpa((u32)gs.cr3 & ~PDPT_MASK);
		exit->s2.access = S2_READ;
		exit->s2.present = false;
		exit->s2.table_walk = true;
		exit->s2.insn_byte_count = 0;
		return;
	}
	if (err != 0) {
		exit_exception(exit, VECTOR_GP, true, 0);
		return;
	}
	vmx_state_set_control(v, &gs);
	exit->kind = EXIT_HANDLED;
	if (!virt_skip(&v->base, exit->next_rip) && vmx_vcpu_end_insn(&v->base)) {
		exit_exception(exit, VECTOR_DB, false, DR6_BS);
	}
}
