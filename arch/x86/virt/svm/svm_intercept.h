/* SPDX-License-Identifier: GPL-2.0-only */
/* What every guest is intercepted on, and the permission maps of ports and MSRs. Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_INTERCEPT_H
#define ARCH_X86_VIRT_SVM_SVM_INTERCEPT_H

#include "arch/x86/virt/svm/vmcb.h"
#include "kernel/lib/types.h"

/* Conditions of some intercepts. */
enum {
	SVM_NEEDS_NOTHING = 0,
	SVM_NEEDS_PAUSE = BIT(0), /* the VM asks for it and the CPU filters */
	SVM_NEEDS_RDPRU = BIT(1), /* the CPU has RDPRU */
};

/* Sets the intercepts of a guest; `have` holds the conditions that are true, `exceptions` a bit per vector that
 * exits in addition. */
void svm_intercept_setup(struct vmcb_control *control, u32 have, u32 exceptions);

/* Both maps are the same for all guests, and constant. Sizes: APM vol. 2, 15.10.1 and 15.11. */
#define SVM_IOPM_BYTES	(3 * PAGE_SIZE)
#define SVM_MSRPM_BYTES (2 * PAGE_SIZE)

/* All ports exit. */
void svm_intercept_fill_iopm(u8 iopm[SVM_IOPM_BYTES]);

/* All MSRs exit but those that hardware switches with the guest. */
void svm_intercept_fill_msrpm(u8 msrpm[SVM_MSRPM_BYTES]);

#endif
