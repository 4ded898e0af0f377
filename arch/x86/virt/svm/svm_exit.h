/* SPDX-License-Identifier: GPL-2.0-only */
/* From the VMCB's exit information to struct vm_exit, by one table. Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_EXIT_H
#define ARCH_X86_VIRT_SVM_SVM_EXIT_H

#include "arch/x86/virt/svm/vmcb.h"
#include "arch/x86/virt/virt.h"

struct svm_exit_row {
	/* Fills in the rest of *exit; NULL: the kind says all. */
	void (*decode)(const struct vmcb *vmcb, struct vm_exit *exit);
	u8 kind;      /* enum vm_exit_kind */
	bool special; /* svm_run.c has work to do itself; only looked at where there is a decoder */
};

/* By exit code; the last row is for all codes from SVM_EXIT_ROWS on. */
#define SVM_EXIT_ROWS 0x8fu
extern const struct svm_exit_row svm_exit_rows[SVM_EXIT_ROWS + 1];

/* Fills in what all exits have; the row's decoder is the caller's to call. */
static inline const struct svm_exit_row *svm_exit_common(const struct vmcb *vmcb,
							 struct vm_exit *exit)
{
	u32 code = (u32)vmcb->control.exit_code;
	u64 nrip = vmcb->control.nrip;
	const struct svm_exit_row *row = &svm_exit_rows[MIN(code, SVM_EXIT_ROWS)];

	exit->kind = row->kind;
	exit->hw_reason = vmcb->control.exit_code;
	/* nrip stays 0 where hardware does not save it. Both wrap at the code size: the low byte is right. */
	exit->insn_len = nrip != 0 ? (u8)(nrip - vmcb->save.rip) : 0;
	return row;
}

#endif
