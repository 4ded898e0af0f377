// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-x of the machine: can it be used, turning it on per pCPU; and the ops table.
 */
#include "arch/x86/virt/vmx/vmx_priv.h"

#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/regs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "mm/frames.h"

#define VPID_COUNT 65536u

struct vmx_pcpu vmx_pcpus[PCPU_MAX];

/* Firmware leaves the MSR locked, with or without VMX; or open, then it is for us to set. */
static int feature_control_prepare(void)
{
	u64 control, write;
	int err = rdmsr_safe(MSR_FEATURE_CONTROL, &control);

	if (err != 0) {
		return err;
	}
	switch (vmx_feature_control(control, &write)) {
	case VMX_FIRMWARE_ENABLED:
		return 0;
	case VMX_FIRMWARE_OPEN:
		return wrmsr_safe(MSR_FEATURE_CONTROL, write);
	default:
		return ERR_DISABLED;
	}
}

static int vmx_probe(struct virt_caps *caps, char *reason, size_t reason_len)
{
	if (!cpu_has(CPU_VMX)) {
		fmt_print(reason, reason_len, "this CPU has no VT-x");
		return ERR_NODEV;
	}
	if (feature_control_prepare() != 0) {
		fmt_print(reason, reason_len,
			  "VT-x is disabled by firmware (IA32_FEATURE_CONTROL is locked without "
			  "VMX): enable it in the machine's setup");
		return ERR_DISABLED;
	}
	const char *lacks = vmx_caps_read();

	if (lacks != NULL) {
		fmt_print(reason, reason_len, "this CPU's VT-x has no %s", lacks);
		return ERR_NOTSUP;
	}
	u8 *bitmap = pages_alloc(PAGE_SIZE);

	if (bitmap == NULL) {
		fmt_print(reason, reason_len, "out of memory");
		return ERR_NOMEM;
	}
	vmx_setup_msr_bitmap(bitmap);
	vmx_machine.msr_bitmap_pa = va_to_hpa(bitmap).v;
	xstate_probe();
	vmx_caps_publish(caps);
	return 0;
}

/* VMXON wants some bits of CR0 and CR4 set and some clear (SDM vol. 3, 23.8). */
static bool control_registers_fit(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	return (rdmsr(MSR_VMX_CR0_FIXED0) & ~cr0) == 0 && (cr0 & ~rdmsr(MSR_VMX_CR0_FIXED1)) == 0 &&
	       (rdmsr(MSR_VMX_CR4_FIXED0) & ~cr4) == 0 && (cr4 & ~rdmsr(MSR_VMX_CR4_FIXED1)) == 0;
}

static int vmxon_region_get(struct vmx_pcpu *p)
{
	if (p->vmxon_pa != 0) {
		return 0;
	}
	void *region = pages_alloc(PAGE_SIZE);

	if (region == NULL) {
		return ERR_NOMEM;
	}
	memcpy(region, &vmx_machine.revision, sizeof(vmx_machine.revision));
	p->vmxon_pa = va_to_hpa(region).v;
	return 0;
}

/* The other pCPUs must not be of another kind: a VMCS moves between them. */
static bool same_as_first(void)
{
	return (rdmsr(MSR_VMX_BASIC) & VMX_BASIC_REVISION) == vmx_machine.revision;
}

static int vmx_pcpu_enable(void)
{
	struct vmx_pcpu *p = &vmx_pcpus[arch_pcpu_id()];
	/* Firmware may have set up the other pCPUs differently. */
	int err = feature_control_prepare();

	if (err == 0 && !same_as_first()) {
		err = ERR_NOTSUP;
	}
	if (err == 0) {
		err = vmxon_region_get(p);
	}
	if (err != 0) {
		return err;
	}
	xstate_pcpu_enable();
	write_cr4(read_cr4() | CR4_VMXE);
	if (!control_registers_fit() || !vmx_on(p->vmxon_pa)) {
		write_cr4(read_cr4() & ~CR4_VMXE);
		return ERR_NOTSUP;
	}
	p->current = NULL;
	p->regs_owner = NULL;
	p->vm_serial = 0;
	asid_pool_init(&p->vpids, VPID_COUNT);
	return 0;
}

static void vmx_pcpu_disable(void)
{
	vmx_off();
	write_cr4(read_cr4() & ~CR4_VMXE);
}

const struct virt_ops vmx_ops = {
	.probe = vmx_probe,
	.pcpu_enable = vmx_pcpu_enable,
	.pcpu_disable = vmx_pcpu_disable,
	.vm_create = vmx_vm_create,
	.vm_destroy = vmx_vm_destroy,
	.vcpu_create = vmx_vcpu_create,
	.vcpu_destroy = vmx_vcpu_destroy,
	.vcpu_reset = vmx_vcpu_reset,
	.vcpu_load = vmx_vcpu_load,
	.vcpu_unload = vmx_vcpu_unload,
	.run = vmx_run,
	.get_state = vmx_vcpu_get_state,
	.set_state = vmx_vcpu_set_state,
	.end_insn = vmx_vcpu_end_insn,
	.set_tsc_offset = vmx_vcpu_set_tsc_offset,
	.flush_guest_tlb = vmx_vcpu_flush_tlb,
	.get_xcr0 = vmx_vcpu_get_xcr0,
	.set_xcr0 = vmx_vcpu_set_xcr0,
};
