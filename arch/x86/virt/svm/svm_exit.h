/* SPDX-License-Identifier: GPL-2.0-only */
/* From the VMCB's exit information to struct vm_exit, by one table. Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_EXIT_H
#define ARCH_X86_VIRT_SVM_SVM_EXIT_H

#include "arch/x86/virt/svm/vmcb.h"
#include "arch/x86/virt/virt.h"
#include "kernel/lib/string.h"

/* The instruction behind an exit, for machines without next-RIP saving: its length when it has no prefixes. */
struct svm_insn {
	u32 mask, bytes; /* so it begins, read as a little-endian word */
	u8 len;		 /* 0: the exit is no instruction's, or its decoder knows better */
	u8 id;		 /* enum insn_id */
};

static_assert(CODE_CACHE_BYTES >= sizeof(u32), "read as a word");

/* Is it the form without prefixes? The guest may write the bytes meanwhile: read once. */
static inline bool svm_insn_matches(const struct svm_insn *insn, const u8 *bytes)
{
	u32 word;

	memcpy(&word, bytes, sizeof(word));
	return (word & insn->mask) == insn->bytes;
}

struct svm_exit_row {
	/* Fills in the rest of *exit; NULL: the kind says all. */
	void (*decode)(const struct vmcb *vmcb, struct vm_exit *exit);
	struct svm_insn insn;
	u8 kind;      /* enum vm_exit_kind */
	bool special; /* svm_run.c has work to do itself; only looked at where there is no `insn` */
};

/* By exit code; the last row is for all codes from SVM_EXIT_ROWS on. */
#define SVM_EXIT_ROWS 0x8fu
extern const struct svm_exit_row svm_exit_rows[SVM_EXIT_ROWS + 1];

/* Fills in what all exits have; the row's decoder is the caller's to call. */
static inline const struct svm_exit_row *svm_exit_common(const struct vmcb *vmcb,
							 struct vm_exit *exit)
{
	u64 code = vmcb->control.exit_code;
	const struct svm_exit_row *row = &svm_exit_rows[SVM_EXIT_ROWS];

	if (likely((u32)code < SVM_EXIT_ROWS)) {
		row = &svm_exit_rows[(u32)code];
	}
	exit->kind = row->kind;
	exit->hw_reason = code;
	return row;
}

#endif
