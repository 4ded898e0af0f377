/* SPDX-License-Identifier: GPL-2.0-only */
/* Would VM entry accept this guest state? (SDM vol. 3, 26.3.1.) And the form it wants segments in. Pure. */
#ifndef ARCH_X86_VIRT_VMX_VMX_CHECK_H
#define ARCH_X86_VIRT_VMX_VMX_CHECK_H

#include "arch/x86/virt/guest_check.h"

/* The segment as VM entry wants it: accessed, granularity as the limit needs it, nothing in reserved bits. */
struct virt_segment vmx_segment_normalise(enum virt_seg which, const struct virt_segment *seg);

/* As guest_check(), and what only VM entry asks for. With GS_SEGS or GS_CODE the segments are normalised already. */
int vmx_check_state(const struct guest_limits *limits, u32 mask, const struct guest_state *state) must_check;

/* Page-directory pointers (PAE paging): a present one must have its reserved bits clear. */
bool vmx_pdptes_valid(const u64 pdpte[4], u64 phys_mask);

#endif
