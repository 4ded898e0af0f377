// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a VMCS: controls, reset state, host state, each as a table {field, value}. Whatever
 * depends on the guest's doings is written elsewhere.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/percpu.h"
#include "arch/x86/regs.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"
#include "kernel/params.h"

struct field {
	u32 field;
	u64 value;
};

static bool fields_write(const struct field *rows, u32 count)
{
	bool ok = true;

	for (u32 i = 0; i < count; i++) {
		ok = vmx_write_safe(rows[i].field, rows[i].value) && ok;
	}
	return ok;
}

/* The machine's own faults, and those whose delivery can raise them again without end (virt.h). */
#define EXCEPTIONS_ALWAYS (BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC))

u32 vmx_setup_proc2(const struct vmx_vcpu *v)
{
	const struct vmx_vm *vm = vmx_vm_of(v->base.vm);
	bool loops = vm->pause_exiting && vmx_capability_allows(&vmx_machine.capability,
								VMX_WORD_PROC2, PROC2_PAUSE_LOOP);

	return vmx_control(VMX_WORD_PROC2) | (loops ? (u32)PROC2_PAUSE_LOOP : 0) |
	       (vm->apic_access != 0 ? (u32)PROC2_APIC_ACCESS : 0) |
	       (v->base.apic_live ? (u32)PROC2_APIC_REGS : 0);
}

bool vmx_setup_controls(const struct vmx_vcpu *v)
{
	const struct vmx_machine *m = &vmx_machine;
	const struct vmx_vm *vm = vmx_vm_of(v->base.vm);
	u32 proc2 = v->proc2;
	const struct field always[] = {
		{VMCS_PIN, vmx_control(VMX_WORD_PIN)},
		{VMCS_PROC, vmx_control(VMX_WORD_PROC)},
		{VMCS_PROC2, proc2},
		{VMCS_EXIT, vmx_control(VMX_WORD_EXIT)},
		{VMCS_ENTRY, vmx_control(VMX_WORD_ENTRY)},
		{VMCS_EXCEPTIONS, vm->exceptions | EXCEPTIONS_ALWAYS},
		/* With both 0 the bitmap alone decides about #PF. */
		{VMCS_PF_MASK, 0},
		{VMCS_PF_MATCH, 0},
		{VMCS_CR3_TARGET_COUNT, 0},
		{VMCS_MSR_BITMAP, m->msr_bitmap_pa},
		{VMCS_VIRTUAL_APIC, va_to_hpa(v->vapic).v},
		{VMCS_TPR_THRESHOLD, 0},
		{VMCS_EPTP, vm->eptp},
		{VMCS_TSC_OFFSET, v->tsc_offset},
		{VMCS_EXIT_MSR_STORE_COUNT, 0},
		{VMCS_EXIT_MSR_LOAD_COUNT, 0},
		{VMCS_ENTRY_MSR_LOAD_COUNT, 0},
		{VMCS_ENTRY_EVENT, 0},
		{VMCS_CR0_MASK, m->cr0_mask},
		{VMCS_CR4_MASK, vm->cr4_mask},
		{VMCS_LINK, ~0ull}, /* no shadow VMCS */
	};
	const struct field spinning[] = {
		{VMCS_PLE_GAP, PAUSE_LOOP_GAP_TSC},
		{VMCS_PLE_WINDOW, PAUSE_LOOP_WINDOW_TSC},
	};
	bool ok = fields_write(always, ARRAY_SIZE(always));

	if ((proc2 & PROC2_PAUSE_LOOP) != 0) {
		ok = fields_write(spinning, ARRAY_SIZE(spinning)) && ok;
	}
	if ((proc2 & PROC2_APIC_ACCESS) != 0) {
		ok = vmx_write_safe(VMCS_APIC_ACCESS, vm->apic_access) && ok;
	}
	if ((proc2 & PROC2_ENCLS) != 0) {
		ok = vmx_write_safe(VMCS_ENCLS_EXITING, ~0ull) && ok;
	}
	return ok;
}

void vmx_setup_timer(void)
{
	if (vmx_machine.timer_ticks != 0) {
		vmx_write(VMCS_GUEST_TIMER, vmx_machine.timer_ticks);
	}
}

#define ATTR_DATA 0x93u /* present, read, write, accessed */
#define ATTR_CODE 0x9bu /* present, execute, read, accessed */
#define ATTR_LDT  0x82u
#define ATTR_TSS  0x8bu /* busy */
#define PAT_RESET 0x0007040600070406ull

/* SDM vol. 3, table 9-1. Segments: the rows' fields are those of the first, ES. */
void vmx_setup_reset_state(void)
{
	static const struct field rows[] = {
		{VMCS_GUEST_CR3, 0},
		{VMCS_GUEST_RIP, VMX_RESET_RIP},
		{VMCS_GUEST_RSP, 0},
		{VMCS_GUEST_RFLAGS, RFLAGS_ONE},
		{VMCS_GUEST_DR7, 0x400},
		{VMCS_GUEST_DEBUGCTL, 0},
		{VMCS_GUEST_PENDING_DEBUG, 0},
		{VMCS_GUEST_INTERRUPTIBILITY, 0},
		{VMCS_GUEST_ACTIVITY, 0},
		{VMCS_GUEST_PAT, PAT_RESET},
		{VMCS_GUEST_SYSENTER_CS, 0},
		{VMCS_GUEST_SYSENTER_ESP, 0},
		{VMCS_GUEST_SYSENTER_EIP, 0},
		{VMCS_GUEST_GDTR_BASE, 0},
		{VMCS_GUEST_GDTR_LIMIT, 0xffff},
		{VMCS_GUEST_IDTR_BASE, 0},
		{VMCS_GUEST_IDTR_LIMIT, 0xffff},
		{VMCS_ENTRY_EVENT, 0},
	};
	static const u32 attr[SEG_COUNT] = {ATTR_DATA, ATTR_CODE, ATTR_DATA, ATTR_DATA,
					    ATTR_DATA, ATTR_DATA, ATTR_LDT,  ATTR_TSS};
	bool ok = fields_write(rows, ARRAY_SIZE(rows));

	for (u32 i = 0; i < SEG_COUNT; i++) {
		const struct field segment[] = {
			{VMCS_NTH(VMCS_GUEST_SELECTOR, i), i == SEG_CS ? 0xf000 : 0},
			{VMCS_NTH(VMCS_GUEST_BASE, i), i == SEG_CS ? 0xffff0000 : 0},
			{VMCS_NTH(VMCS_GUEST_LIMIT, i), 0xffff},
			{VMCS_NTH(VMCS_GUEST_ATTR, i), attr[i]},
		};

		ok = fields_write(segment, ARRAY_SIZE(segment)) && ok;
	}
	for (u32 i = 0; i < 4; i++) {
		ok = vmx_write_safe(VMCS_NTH(VMCS_GUEST_PDPTE, i), 0) && ok;
	}
	/* Fields of every VMCS, or of the controls that are required. */
	assert(ok);
}

static u64 idt_base(void)
{
	struct {
		u16 limit;
		u64 base;
	} packed_struct idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	return idtr.base;
}

void vmx_setup_host(const struct vmx_vcpu *v)
{
	const struct percpu *p = percpu_this();
	const struct field rows[] = {
		{VMCS_HOST_CR0, read_cr0()},
		{VMCS_HOST_CR3, read_cr3()},
		{VMCS_HOST_CR4, read_cr4()},
		{VMCS_HOST_CS, GDT_CODE64},
		{VMCS_HOST_SS, GDT_DATA},
		{VMCS_HOST_DS, GDT_DATA},
		{VMCS_HOST_ES, GDT_DATA},
		{VMCS_HOST_FS, 0},
		{VMCS_HOST_GS, 0},
		{VMCS_HOST_TR, GDT_TSS},
		{VMCS_HOST_FS_BASE, 0},
		{VMCS_HOST_GS_BASE, rdmsr(MSR_GS_BASE)},
		{VMCS_HOST_TR_BASE, (u64)(uintptr_t)&p->gdt.tss},
		{VMCS_HOST_GDTR_BASE, (u64)(uintptr_t)p->gdt.gdt},
		{VMCS_HOST_IDTR_BASE, idt_base()},
		{VMCS_HOST_SYSENTER_CS, 0},
		{VMCS_HOST_SYSENTER_ESP, 0},
		{VMCS_HOST_SYSENTER_EIP, 0},
		{VMCS_HOST_PAT, rdmsr(MSR_PAT)},
		{VMCS_HOST_EFER, rdmsr(MSR_EFER)},
		{VMCS_HOST_RSP, (u64)(uintptr_t)v},
		{VMCS_HOST_RIP, (u64)(uintptr_t)vmx_exit_entry},
	};

	bool ok = fields_write(rows, ARRAY_SIZE(rows));

	assert(ok);
}

/* --- MSRs ------------------------------------------------------------------------------------- */

/* Not the hypervisor's business while a vCPU is loaded: switched by entry and exit, or its own
 * until another vCPU comes (struct vmx_regs). PAT and EFER have policies and exit. */
static const u32 msr_pass[] = {
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,	  MSR_LSTAR,
	MSR_CSTAR,	 MSR_SFMASK,	   MSR_FS_BASE,	     MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

/* SDM vol. 3, 24.6.9: reads of low, reads of high, writes of low, writes of high MSRs, a bit each
 * that makes the access exit. Others always exit. */
#define BITMAP_HIGH  0x400u
#define BITMAP_WRITE 0x800u

void vmx_setup_msr_bitmap(u8 *bitmap)
{
	memset(bitmap, 0xff, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(msr_pass); i++) {
		u32 n = msr_pass[i] & 0x1fff;
		u32 byte = (msr_pass[i] >= 0xc0000000 ? BITMAP_HIGH : 0) + n / 8;

		bitmap[byte] &= (u8) ~(1u << (n % 8));
		bitmap[BITMAP_WRITE + byte] &= (u8) ~(1u << (n % 8));
	}
}
