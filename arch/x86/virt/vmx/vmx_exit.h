/* SPDX-License-Identifier: GPL-2.0-only */
/* From VT-x's exit information to struct vm_exit, by one table. Pure. */
#ifndef ARCH_X86_VIRT_VMX_VMX_EXIT_H
#define ARCH_X86_VIRT_VMX_VMX_EXIT_H

#include "arch/x86/virt/virt.h"
#include "arch/x86/virt/vmx/vmcs.h"

/* What a decoder may ask of the VMCS; read by the caller as far as the row's `reads` says. */
struct vmx_exit_info {
	u64 qualification;
	u64 guest_physical;
	u32 event, error; /* exit interruption information */
};

enum {
	VMX_READ_QUALIFICATION = 1,
	VMX_READ_PHYSICAL = 2,
	VMX_READ_EVENT = 4,
};

struct vmx_exit_row {
	/* Fills in the rest of *exit; NULL: the kind says all. */
	void (*decode)(const struct vmx_exit_info *info, struct vm_exit *exit);
	u8 kind;      /* enum vm_exit_kind */
	u8 reads;     /* VMX_READ_* */
	bool insn;    /* by an instruction, whose length is known */
	bool quick;   /* that, and the kind says all else, but for ... */
	bool cpl;     /* ... the privilege level */
	bool special; /* vmx_run.c has work to do itself */
};

/* By basic exit reason; the last row is for all reasons from VMX_EXIT_ROWS on. */
#define VMX_EXIT_ROWS 61u
extern const struct vmx_exit_row vmx_exit_rows[VMX_EXIT_ROWS + 1];

static inline const struct vmx_exit_row *vmx_exit_row_of(u32 reason)
{
	return likely(reason < VMX_EXIT_ROWS) ? &vmx_exit_rows[reason]
					      : &vmx_exit_rows[VMX_EXIT_ROWS];
}

#endif
