/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests' x87, SSE, AVX, AVX-512 and PKRU state. The hypervisor uses none of these registers, so they change
 * hands only when another vCPU is bound to the pCPU. Shared by svm/ and vmx/. A struct xstate belongs to
 * the pCPU that owns its vCPU.
 *
 * Source: SDM vol. 1, chapter 13; APM vol. 2, 11.5.
 */
#ifndef ARCH_X86_VIRT_XSTATE_H
#define ARCH_X86_VIRT_XSTATE_H

#include "kernel/lib/types.h"

#define XSTATE_ALIGN 64u

struct xstate {
	u8 *area; /* xstate_size() bytes, aligned to XSTATE_ALIGN */
	u64 xcr0; /* of the guest, while it is not in the machine's XCR0 */
};

/* Finds out what the CPU has. Bootstrap pCPU, once, before the others. */
void xstate_probe(void);

/* Turns XSAVE on on the calling pCPU; every pCPU once. */
void xstate_pcpu_enable(void);

/* Bits of XCR0 that guests may set; 0 without XSAVE. */
u64 xstate_supported(void);

/* Bytes of a save area. */
u32 xstate_size(void);

/* Power-on values (SDM vol. 3, table 9-1) in the save area, XCR0 1. */
void xstate_reset(struct xstate *x);

/* Loads the registers from the save area. */
void xstate_restore(const struct xstate *x);

/* Puts the guest's XCR0 into the machine: after xstate_restore() or when the registers are in place. */
void xstate_enter(const struct xstate *x);

/* The guest's XCR0, which it may have changed without an exit; between xstate_enter() and xstate_leave(). */
u64 xstate_fetch_xcr0(struct xstate *x);

/* Fetches the guest's XCR0; the machine's is all of xstate_supported() again. */
void xstate_leave(struct xstate *x);

/* Stores the registers in the save area; after xstate_leave(). They stay loaded. */
void xstate_save(struct xstate *x);

/* Is this a value that XSETBV would accept on a machine that supports `supported`? Pure. */
static inline bool xstate_xcr0_valid(u64 xcr0, u64 supported)
{
	const u64 x87 = BIT(0), sse = BIT(1), avx = BIT(2), avx512 = BIT(5) | BIT(6) | BIT(7);

	if ((xcr0 & ~supported) != 0 || (xcr0 & x87) == 0) {
		return false;
	}
	if ((xcr0 & avx) != 0 && (xcr0 & sse) == 0) {
		return false;
	}
	return (xcr0 & avx512) == 0 || ((xcr0 & avx512) == avx512 && (xcr0 & avx) != 0);
}

#endif
