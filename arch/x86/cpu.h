/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's instructions that C has no words for, one inline function each, and MSR access that
 * survives #GP. No policy.
 */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include "arch/x86/cpuid_regs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* An instruction between labels 1 and 2 that may raise #GP; the trap handler continues at 3 then. */
#define CPU_FIXUP                            \
	".pushsection .fixups, \"a\"\n\t"    \
	".quad 1b, 3b\n\t"                   \
	".popsection\n\t"

/* As rdmsr() and wrmsr(), but ERR_NOTSUP where the machine raises #GP. */
static inline int must_check rdmsr_safe(u32 msr, u64 *value)
{
	u32 lo, hi;
	int err = ERR_NOTSUP;

	__asm__ volatile("1: rdmsr\n\t"
			 "2: xorl %[err], %[err]\n\t"
			 "3:\n\t" CPU_FIXUP
			 : "=a"(lo), "=d"(hi), [err] "+r"(err)
			 : "c"(msr)
			 : "memory");
	*value = err == 0 ? (lo | (u64)hi << 32) : 0;
	return err;
}

static inline int must_check wrmsr_safe(u32 msr, u64 value)
{
	int err = ERR_NOTSUP;

	__asm__ volatile("1: wrmsr\n\t"
			 "2: xorl %[err], %[err]\n\t"
			 "3:\n\t" CPU_FIXUP
			 : [err] "+r"(err)
			 : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
	return err;
}

static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u16 inw(u16 port)
{
	u16 v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

#define CPU_CR_ACCESSORS(n)                                                          \
	static inline u64 read_cr##n(void)                                           \
	{                                                                            \
		u64 v;                                                               \
                                                                                     \
		__asm__ volatile("movq %%cr" #n ", %0" : "=r"(v) : : "memory");      \
		return v;                                                            \
	}                                                                            \
	static inline void write_cr##n(u64 v)                                        \
	{                                                                            \
		__asm__ volatile("movq %0, %%cr" #n : : "r"(v) : "memory");          \
	}

CPU_CR_ACCESSORS(0)
CPU_CR_ACCESSORS(2)
CPU_CR_ACCESSORS(3)
CPU_CR_ACCESSORS(4)
CPU_CR_ACCESSORS(8)

static inline u64 xgetbv(u32 index)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return lo | (u64)hi << 32;
}

static inline void xsetbv(u32 index, u64 value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (u64)hi << 32;
}

/* The TSC, read neither before earlier loads are done nor after later ones begin. */
static inline u64 rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	u64 tsc = rdtsc();
	__asm__ volatile("lfence" : : : "memory");
	return tsc;
}

static inline void invlpg(const void *va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

#endif
