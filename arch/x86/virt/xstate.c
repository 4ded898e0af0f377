// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended state by XSAVE in the standard format (XSAVEOPT where present), or by FXSAVE on CPUs
 * without. Components with MSRs or set-up of their own (MPX, CET, AMX, processor trace) are not
 * offered.
 */
#include "arch/x86/virt/xstate.h"

#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/regs.h"
#include "kernel/lib/string.h"

/* x87, SSE, AVX, the three of AVX-512, PKRU. */
#define XSTATE_OFFERED	    (BIT(0) | BIT(1) | BIT(2) | BIT(5) | BIT(6) | BIT(7) | BIT(9))
#define XSTATE_LEGACY_BYTES 512u
#define XSTATE_HEADER_BYTES 64u
#define CPUID_XSTATE	    0xdu

/* Fields of the legacy area (SDM vol. 1, table 10-2) that are not zero after power-on. */
#define LEGACY_FCW	    0u
#define LEGACY_FTW	    4u
#define LEGACY_MXCSR	    24u

enum xstate_method { XSTATE_FXSAVE, XSTATE_XSAVE, XSTATE_XSAVEOPT };

/* (o) by xstate_probe() */
static struct {
	enum xstate_method method;
	u64 supported;
	u32 size_bytes;
} xstate_cpu;

void xstate_probe(void)
{
	xstate_cpu.method = XSTATE_FXSAVE;
	xstate_cpu.supported = 0;
	xstate_cpu.size_bytes = XSTATE_LEGACY_BYTES;
	if (!cpu_has(CPU_XSAVE)) {
		return;
	}
	struct cpuid_regs main = cpuid(CPUID_XSTATE, 0);

	xstate_cpu.method = cpu_has(CPU_XSAVEOPT) ? XSTATE_XSAVEOPT : XSTATE_XSAVE;
	xstate_cpu.supported = (main.eax | (u64)main.edx << 32) & XSTATE_OFFERED;
	xstate_cpu.size_bytes = XSTATE_LEGACY_BYTES + XSTATE_HEADER_BYTES;
	for (u32 i = 2; i < 64; i++) {
		if ((xstate_cpu.supported & BIT(i)) != 0) {
			struct cpuid_regs part = cpuid(CPUID_XSTATE, i);

			xstate_cpu.size_bytes = MAX(xstate_cpu.size_bytes, part.ebx + part.eax);
		}
	}
}

void xstate_pcpu_enable(void)
{
	u64 cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	write_cr0(read_cr0() & ~(CR0_TS | CR0_EM));
	if (xstate_cpu.method == XSTATE_FXSAVE) {
		write_cr4(cr4);
		return;
	}
	write_cr4(cr4 | CR4_OSXSAVE);
	xsetbv(0, xstate_cpu.supported);
}

u64 xstate_supported(void)
{
	return xstate_cpu.supported;
}

u32 xstate_size(void)
{
	return xstate_cpu.size_bytes;
}

void xstate_reset(struct xstate *x)
{
	const u16 fcw = 0x40;
	const u8 ftw = 0xff; /* all registers hold +0.0 */
	const u32 mxcsr = 0x1f80;
	const u64 in_use = XCR0_X87 | XCR0_SSE;

	memset(x->area, 0, xstate_cpu.size_bytes);
	memcpy(x->area + LEGACY_FCW, &fcw, sizeof(fcw));
	memcpy(x->area + LEGACY_FTW, &ftw, sizeof(ftw));
	memcpy(x->area + LEGACY_MXCSR, &mxcsr, sizeof(mxcsr));
	if (xstate_cpu.method != XSTATE_FXSAVE) {
		memcpy(x->area + XSTATE_LEGACY_BYTES, &in_use, sizeof(in_use));
	}
	x->xcr0 = XCR0_X87;
}

void xstate_restore(const struct xstate *x)
{
	/* Some CPUs restore the last instruction and data pointers only with an exception pending,
	 * and would show this guest those of the one before: empty them. */
	__asm__ volatile("fninit");
	if (xstate_cpu.method == XSTATE_FXSAVE) {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(x->area) : "memory");
		return;
	}
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(x->area), "a"((u32)xstate_cpu.supported),
			   "d"((u32)(xstate_cpu.supported >> 32))
			 : "memory");
}

void xstate_enter(const struct xstate *x)
{
	if (xstate_cpu.method != XSTATE_FXSAVE && x->xcr0 != xstate_cpu.supported) {
		xsetbv(0, x->xcr0);
	}
}

u64 xstate_fetch_xcr0(struct xstate *x)
{
	if (xstate_cpu.method != XSTATE_FXSAVE) {
		/* Where XSETBV does not exit the guest may have set more than it was offered. */
		u64 xcr0 = (xgetbv(0) & xstate_cpu.supported) | XCR0_X87;

		x->xcr0 = xstate_xcr0_valid(xcr0, xstate_cpu.supported) ? xcr0 : x->xcr0;
	}
	return x->xcr0;
}

void xstate_leave(struct xstate *x)
{
	if (xstate_fetch_xcr0(x) != xstate_cpu.supported && xstate_cpu.method != XSTATE_FXSAVE) {
		xsetbv(0, xstate_cpu.supported);
	}
}

void xstate_save(struct xstate *x)
{
	u32 lo = (u32)xstate_cpu.supported;
	u32 hi = (u32)(xstate_cpu.supported >> 32);

	if (xstate_cpu.method == XSTATE_FXSAVE) {
		__asm__ volatile("fxsave64 (%0)" : : "r"(x->area) : "memory");
	} else if (xstate_cpu.method == XSTATE_XSAVE) {
		__asm__ volatile("xsave64 (%0)" : : "r"(x->area), "a"(lo), "d"(hi) : "memory");
	} else {
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(x->area), "a"(lo), "d"(hi) : "memory");
	}
}
