// SPDX-License-Identifier: GPL-2.0-only
/* See svm_check.h. VMRUN asks for no more than what every guest state must satisfy. */
#include "arch/x86/virt/svm/svm_check.h"

#include "arch/x86/regs.h"

/* The state as it will be: the groups in `mask` from *state, the others from *save. */
static void state_merge(const struct vmcb_save *save, u32 mask, const struct guest_state *state,
			struct guest_state *out)
{
	*out = *state;
	if ((mask & GS_CONTROL) == 0) {
		out->cr0 = save->cr0;
		out->cr4 = save->cr4;
		out->efer = save->efer & ~EFER_SVME;
	}
	if ((mask & GS_RIP) == 0) {
		out->rflags = save->rflags;
	}
	if ((mask & (GS_SEGS | GS_CODE)) == 0) {
		out->seg[SEG_CS] = svm_segment_get(&save->cs);
	}
}

int svm_check_state(const struct vmcb_save *save, const struct guest_limits *limits, u32 mask,
		    const struct guest_state *state)
{
	struct guest_state merged;

	state_merge(save, mask, state, &merged);
	return guest_check(limits, mask, &merged);
}
