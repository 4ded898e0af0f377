/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest state between the VMCB's save area and struct guest_state. Pure. */
#ifndef ARCH_X86_VIRT_SVM_SVM_STATE_H
#define ARCH_X86_VIRT_SVM_SVM_STATE_H

#include "arch/x86/regs.h"
#include "arch/x86/virt/guest_check.h"
#include "arch/x86/virt/svm/vmcb.h"
#include "arch/x86/virt/virt.h"

struct virt_segment svm_segment_get(const struct vmcb_segment *seg);
struct vmcb_segment svm_segment_set(const struct virt_segment *seg);

/* Reads the groups in `mask`; all but tsc_aux, which is not in the VMCB. */
void svm_state_get(const struct vmcb *vmcb, u32 mask, struct guest_state *state);

/* Writes the groups in `mask`, all or none, and takes the clean bits of what was written off. ERR_INVAL:
 * VMRUN would refuse the result, or the guest could not have established it. */
int svm_state_set(struct vmcb *vmcb, const struct guest_limits *limits, u32 mask,
		  const struct guest_state *state) must_check;

/* Reset state (SDM vol. 3, table 9-1) of everything in the save area. */
void svm_state_reset(struct vmcb *vmcb);

/* `rip` is that of *save and a few bytes more: wrapped to the code size. 64-bit code does not wrap; 16-bit code
 * does at 64 KiB, unless it ran beyond that already (the limit of CS can be larger in real mode). */
u64 svm_state_wrap(const struct vmcb_save *save, u64 rip);

#endif
