/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of VT-x, one inline function each. VMREAD and VMWRITE act on the current VMCS of this pCPU; those
 * that return bool say whether the CPU was content (SDM vol. 3, 30.2: CF and ZF clear).
 */
#ifndef ARCH_X86_VIRT_VMX_VMX_INSN_H
#define ARCH_X86_VIRT_VMX_VMX_INSN_H

#include "arch/x86/virt/vmx/vmcs.h"

static inline bool vmx_on(u64 region_pa)
{
	bool ok;

	__asm__ volatile("vmxon %1" : "=@cca"(ok) : "m"(region_pa) : "memory");
	return ok;
}

static inline void vmx_off(void)
{
	__asm__ volatile("vmxoff" : : : "memory", "cc");
}

static inline bool vmx_clear(u64 vmcs_pa)
{
	bool ok;

	__asm__ volatile("vmclear %1" : "=@cca"(ok) : "m"(vmcs_pa) : "memory");
	return ok;
}

static inline bool vmx_ptrld(u64 vmcs_pa)
{
	bool ok;

	__asm__ volatile("vmptrld %1" : "=@cca"(ok) : "m"(vmcs_pa) : "memory");
	return ok;
}

/* For fields that every CPU with the required controls has: cannot fail while a VMCS is current. */
static inline u64 vmx_read(u32 field)
{
	u64 value;

	__asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((u64)field) : "cc");
	return value;
}

static inline void vmx_write(u32 field, u64 value)
{
	__asm__ volatile("vmwrite %0, %1" : : "r"(value), "r"((u64)field) : "cc");
}

/* False: this CPU has no such field. */
static inline bool vmx_write_safe(u32 field, u64 value)
{
	bool ok;

	__asm__ volatile("vmwrite %1, %2"
			 : "=@cca"(ok)
			 : "r"(value), "r"((u64)field)
			 : "memory");
	return ok;
}

static inline void vmx_invept(u64 type, u64 eptp)
{
	const struct {
		u64 eptp, reserved;
	} what = {eptp, 0};

	__asm__ volatile("invept %0, %1" : : "m"(what), "r"(type) : "cc", "memory");
}

static inline void vmx_invvpid(u64 type, u16 vpid)
{
	const struct {
		u64 vpid, linear;
	} what = {vpid, 0};

	__asm__ volatile("invvpid %0, %1" : : "m"(what), "r"(type) : "cc", "memory");
}

#endif
