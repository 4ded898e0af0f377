/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM-execution, VM-exit and VM-entry controls: which are wanted and why, against what the CPU allows
 * (SDM vol. 3, appendix A.2 - A.5). Pure.
 */
#ifndef ARCH_X86_VIRT_VMX_VMX_CONTROLS_H
#define ARCH_X86_VIRT_VMX_VMX_CONTROLS_H

#include "arch/x86/virt/vmx/vmcs.h"

enum vmx_word { VMX_WORD_PIN, VMX_WORD_PROC, VMX_WORD_PROC2, VMX_WORD_EXIT, VMX_WORD_ENTRY, VMX_WORD_COUNT };

/* A capability MSR per word: in the low half bits that must be 1, in the high half bits that may be 1. The true ones
 * where the CPU has them; for PROC2 0 when there are no secondary controls. */
struct vmx_capability {
	u64 word[VMX_WORD_COUNT];
	u64 ept_vpid; /* IA32_VMX_EPT_VPID_CAP; 0 without EPT and VPID */
};

struct vmx_controls {
	u32 word[VMX_WORD_COUNT];
};

/* What firmware has made of IA32_FEATURE_CONTROL. Open: *write is what opens VMX and locks it. */
enum vmx_firmware { VMX_FIRMWARE_ENABLED, VMX_FIRMWARE_OPEN, VMX_FIRMWARE_DISABLED };
enum vmx_firmware vmx_feature_control(u64 value, u64 *write);

/* Chooses. Returns NULL, or what the CPU lacks ("unrestricted guest"). */
const char *vmx_controls_choose(const struct vmx_capability *cap, struct vmx_controls *controls) must_check;

/* May this optional control be 1? */
bool vmx_capability_allows(const struct vmx_capability *cap, enum vmx_word word, u64 bits);

#endif
