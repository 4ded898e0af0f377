// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measuring instructions that are not in the code cache, or that are no plain 64-bit ones. The
 * tables are read without setting accessed bits, and reserved bits count for little: the CPU has
 * just executed what is fetched here.
 */
#include "arch/x86/virt/svm/svm_fetch.h"

#include "arch/x86/cpu_features.h"
#include "arch/x86/emul/fetch.h"
#include "arch/x86/regs.h"

/* Length by the decoder; 0: cannot be read, or is another instruction by now. */
static u8 length_decode(struct svm_vcpu *v, const struct guest_state *gs, enum insn_id expected)
{
	enum insn_mode code = insn_mode_of(gs->efer, gs->seg[SEG_CS].attr);
	struct insn_bytes bytes;
	struct walk_mode mode;

	walk_mode_of(gs, cpu_phys_bits(), true, 0, &mode);
	/* Fewer bytes may be enough. */
	(void)!insn_fetch(gs, &mode, v->base.vm->mem, WALK_FETCH | WALK_PEEK, &bytes);
	int len = insn_len(bytes.byte, bytes.count, code, expected);

	return len > 0 ? (u8)len : 0;
}

/* The way of svm_fetch(), after finding out where the bytes are. */
static bool fetch_plain(struct svm_vcpu *v, const struct svm_insn *insn, struct vm_exit *exit)
{
	const struct vmcb_save *save = &v->vmcb->save;
	const struct code_spot *spot;

	if ((save->cr4 & CR4_LA57) != 0) {
		return false;
	}
	spot = code_cache_fill(&v->base.code, v->base.vm->mem, save->cr3, save->rip);
	if (spot == NULL || !svm_insn_matches(insn, spot->bytes)) {
		return false;
	}
	exit->next_rip = save->rip + insn->len;
	return true;
}

void svm_fetch_slow(struct svm_vcpu *v, const struct svm_insn *insn, struct vm_exit *exit)
{
	enum insn_id id = exit->kind == EXIT_WRMSR ? INSN_WRMSR : insn->id;
	struct guest_state gs;

	svm_state_get(v->vmcb, GS_RIP | GS_CONTROL | GS_CODE, &gs);
	if (insn_mode_of(gs.efer, gs.seg[SEG_CS].attr) == INSN_MODE_64 &&
	    fetch_plain(v, insn, exit)) {
		return;
	}
	u8 len = length_decode(v, &gs, id);

	if (len == 0) {
		exit->kind = EXIT_HANDLED;
		return;
	}
	exit->next_rip = svm_state_wrap(&v->vmcb->save, gs.rip + len);
}
