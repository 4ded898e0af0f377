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
	bool insn;    /* caused by an instruction, at RIP, not executed */
	bool special; /* svm_run.c has work to do itself */
};

/* Exit codes below SVM_EXIT_ROWS index the table; svm_exit_row_find() knows the others. */
#define SVM_EXIT_ROWS 0x8fu
extern const struct svm_exit_row svm_exit_rows[SVM_EXIT_ROWS];
const struct svm_exit_row *svm_exit_row_find(u32 code);

static inline const struct svm_exit_row *svm_exit_row(u32 code)
{
	return likely(code < SVM_EXIT_ROWS) ? &svm_exit_rows[code] : svm_exit_row_find(code);
}

/* Fills kind, insn_len, hw_reason and the kind's details of *exit. */
static inline const struct svm_exit_row *svm_exit_decode(const struct vmcb *vmcb,
							 struct vm_exit *exit)
{
	u32 code = (u32)vmcb->control.exit_code;
	const struct svm_exit_row *row = svm_exit_row(code);

	exit->kind = row->kind;
	exit->hw_reason = code;
	/* nrip stays 0 where hardware does not save it. Both wrap at the code size: the low byte is right. */
	exit->insn_len = row->insn && vmcb->control.nrip != 0 ?
				 (u8)(vmcb->control.nrip - vmcb->save.rip) :
				 0;
	if (row->decode != NULL) {
		row->decode(vmcb, exit);
	}
	return row;
}

#endif
