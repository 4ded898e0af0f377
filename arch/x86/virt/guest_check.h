/* SPDX-License-Identifier: GPL-2.0-only */
/* Would hardware run this guest state? What both vendors ask for (APM vol. 2, 15.5.1; SDM vol. 3, 26.3.1). Pure. */
#ifndef ARCH_X86_VIRT_GUEST_CHECK_H
#define ARCH_X86_VIRT_GUEST_CHECK_H

#include "arch/x86/virt/virt.h"

/* What this machine accepts. */
struct guest_limits {
	u64 cr4;	/* bits that may be set */
	u64 efer;	/* likewise, SVME not counted */
	u64 phys_mask;	/* bits of a physical address */
	u8 linear_bits; /* of a linear address: 48 or 57 */
};

/* Checks the groups in `mask`; CR0, CR4, EFER, RFLAGS and CS of *state are what will be in force with them. 0 or
 * ERR_INVAL. */
int guest_check(const struct guest_limits *limits, u32 mask, const struct guest_state *state) must_check;

/* What the running machine accepts (guest_limits.c); not pure. */
void guest_limits_probe(struct guest_limits *limits);

#endif
