/* SPDX-License-Identifier: GPL-2.0-only */
/* The arithmetic of KVM's guest clocks (guest-tools/abi/kvm.h). Pure. */
#ifndef KERNEL_GUESTIF_PVCLOCK_H
#define KERNEL_GUESTIF_PVCLOCK_H

#include "guest-tools/abi/kvm.h"
#include "kernel/lib/types.h"

/* What turns TSC ticks into ns: (ticks << shift) * mul >> 32, `mul` with its top bit set. */
struct pvclock_scale {
	u32 mul;
	s8 shift;
};

/* For a TSC of `tsc_khz` (1 .. 2^30): ns are too few by less than one in 2^31. */
struct pvclock_scale pvclock_scale_of(u64 tsc_khz);

/* The contents of a clock page but for its version; `tsc_zero` is the guest's TSC at system time 0. */
void pvclock_fill(struct kvm_clock *clock, u64 tsc_khz, u64 tsc_zero, bool stable);

/* What a guest reads off the page when its TSC is `tsc`. */
u64 pvclock_read(const struct kvm_clock *clock, u64 tsc);

/* `ns` in ticks of a TSC of `tsc_khz` (up to 2^30), rounded down; `ns` up to 2^53, a hundred days. */
u64 pvclock_ns_to_tsc(u64 ns, u64 tsc_khz);

#endif
