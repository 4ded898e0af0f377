/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by cpuid_host.c, cpuid_policy.c and cpuid_lookup.c only. Pure. */
#ifndef KERNEL_CPUID_POLICY_PRIV_H
#define KERNEL_CPUID_POLICY_PRIV_H

#include "kernel/cpuid_policy.h"

#define EXT 0x80000000u /* first of the extended leaves */

enum { EAX, EBX, ECX, EDX };

/* cpuid_entry.dynamic: the answer depends on the vCPU's present state. */
enum {
	DYNAMIC_NONE,
	DYNAMIC_FEATURES, /* leaf 1 */
	DYNAMIC_TOPOLOGY, /* leaf 0Bh */
	DYNAMIC_XSAVE,	  /* leaf 0Dh */
	DYNAMIC_APIC_ID,  /* leaf 8000001Eh */
};

#define XSTATE_X87_SSE	   0x3u
#define XSTATE_AVX	   0x4u
#define XSTATE_AVX512	   0xe0u
#define XSAVE_LEGACY_BYTES 576u /* legacy region and header */

/* The recorded registers of a leaf; all zero when the machine does not have it. */
const struct cpuid_regs *cpuid_host_find(const struct cpuid_host *host, u32 leaf, u32 subleaf);

/* Bytes of the standard or the compacted XSAVE area with these components (SDM vol. 1, 13.4). */
u32 cpuid_xsave_size(const struct cpuid_table *t, u64 xcr0, bool compacted);

#endif
