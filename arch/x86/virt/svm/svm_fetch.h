/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the next instruction begins, on CPUs without next-RIP saving: the one that exited is read from
 * guest memory and measured. Called after an exit, on the pCPU that owns the vCPU.
 */
#ifndef ARCH_X86_VIRT_SVM_SVM_FETCH_H
#define ARCH_X86_VIRT_SVM_SVM_FETCH_H

#include "arch/x86/virt/svm/svm_exit.h"
#include "arch/x86/virt/svm/svm_priv.h"

/* The whole way. exit->next_rip is set, or the kind becomes EXIT_HANDLED when the guest has changed the instruction
 * meanwhile or it cannot be read: entered again it meets what is there now. */
void svm_fetch_slow(struct svm_vcpu *v, const struct svm_insn *insn, struct vm_exit *exit);

/* The same, `vmcb` being the vCPU's: at once for a plain instruction in 64-bit code that exited before. */
static inline __attribute__((always_inline)) void
svm_fetch(struct svm_vcpu *v, const struct vmcb *vmcb, const struct svm_insn *insn,
	  struct vm_exit *exit)
{
	const struct vmcb_save *save = &vmcb->save;
	u64 rip = save->rip;

	if (likely((save->efer & EFER_LMA) != 0 && (save->cs.attr & VMCB_SEG_L) != 0)) {
		const struct code_spot *spot = code_cache_find(&v->base.code, rip, save->cr3);

		if (likely(spot != NULL && svm_insn_matches(insn, spot->bytes))) {
			exit->next_rip = rip + insn->len;
			return;
		}
	}
	svm_fetch_slow(v, insn, exit);
}

#endif
