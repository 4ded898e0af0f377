/* SPDX-License-Identifier: GPL-2.0-only */
/* Would VMRUN accept this guest state? (APM vol. 2, 15.5.1, canonicalisation and consistency checks.) Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_CHECK_H
#define ARCH_X86_VIRT_SVM_SVM_CHECK_H

#include "arch/x86/virt/svm/svm_state.h"

/* Checks the groups in `mask` of *state, together with what of *save stays. 0 or ERR_INVAL. */
int svm_check_state(const struct vmcb_save *save, const struct guest_limits *limits, u32 mask,
		    const struct guest_state *state) must_check;

#endif
