/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What MOV to CR0 and MOV to CR4 do (SDM vol. 2, "MOV - Move to/from Control Registers"; vol. 3, 2.5, 4.1): for the writes
 * that the guest/host masks keep from being executed by hardware. Pure.
 */
#ifndef ARCH_X86_VIRT_VMX_VMX_CR_H
#define ARCH_X86_VIRT_VMX_VMX_CR_H

#include "arch/x86/virt/guest_check.h"

/* Carries the write out on *gs, of which cr0, cr3, cr4, efer, CS and TR are looked at. *load_pdptes: the page-directory
 * pointers are loaded anew from CR3. `allowed` as in guest_cr4_write(). ERR_RANGE: #GP(0), nothing has changed. */
int vmx_cr0_write(struct guest_state *gs, u64 value, bool *load_pdptes) must_check;
int vmx_cr4_write(struct guest_state *gs, u64 allowed, u64 value, bool *load_pdptes) must_check;

#endif
