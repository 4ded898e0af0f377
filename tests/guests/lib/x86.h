/* SPDX-License-Identifier: GPL-2.0-only */
/* One inline function per privileged instruction, and the register bits that test guests use (SDM volume 3). */
#ifndef TESTS_GUESTS_LIB_X86_H
#define TESTS_GUESTS_LIB_X86_H

#include "kernel/lib/types.h"

enum {
	VEC_DE, VEC_DB, VEC_NMI, VEC_BP, VEC_OF, VEC_BR, VEC_UD, VEC_NM, VEC_DF,
	VEC_TS = 10, VEC_NP, VEC_SS, VEC_GP, VEC_PF, VEC_MF = 16, VEC_AC, VEC_MC, VEC_XM,
};

enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };

#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)

#define CR4_DE      BIT(3)
#define CR4_PAE     BIT(5)
#define CR4_OSXSAVE BIT(18)

#define RFLAGS_CF BIT(0)
#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)
#define RFLAGS_DF BIT(10)
#define RFLAGS_AC BIT(18)

#define MSR_TSC            0x10u
#define MSR_APIC_BASE      0x1bu
#define MSR_TSC_ADJUST     0x3bu
#define MSR_MTRRCAP        0xfeu
#define MSR_SYSENTER_CS    0x174u
#define MSR_SYSENTER_ESP   0x175u
#define MSR_SYSENTER_EIP   0x176u
#define MSR_MISC_ENABLE    0x1a0u
#define MSR_PAT            0x277u
#define MSR_MTRR_DEFTYPE   0x2ffu
#define MSR_TSC_DEADLINE   0x6e0u
#define MSR_X2APIC         0x800u
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_SFMASK         0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX        0xc0000103u

#define EFER_SCE BIT(0)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

#define PORT_IN(name, type, suffix) \
	static inline type name(u16 port) \
	{ \
		type v; \
		__asm__ volatile("in" suffix " %1, %0" : "=a"(v) : "Nd"(port) : "memory"); \
		return v; \
	}
#define PORT_OUT(name, type, suffix) \
	static inline void name(u16 port, type v) \
	{ \
		__asm__ volatile("out" suffix " %0, %1" : : "a"(v), "Nd"(port) : "memory"); \
	}
PORT_IN(inb, u8, "b")
PORT_IN(inw, u16, "w")
PORT_IN(inl, u32, "l")
PORT_OUT(outb, u8, "b")
PORT_OUT(outw, u16, "w")
PORT_OUT(outl, u32, "l")

#define CR_ACCESS(n) \
	static inline u64 read_cr##n(void) \
	{ \
		u64 v; \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory"); \
		return v; \
	} \
	static inline void write_cr##n(u64 v) \
	{ \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); \
	}
CR_ACCESS(0)
CR_ACCESS(2)
CR_ACCESS(3)
CR_ACCESS(4)
CR_ACCESS(8)

#define DR_ACCESS(n) \
	static inline u64 read_dr##n(void) \
	{ \
		u64 v; \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v)); \
		return v; \
	} \
	static inline void write_dr##n(u64 v) \
	{ \
		__asm__ volatile("mov %0, %%dr" #n : : "r"(v)); \
	}
DR_ACCESS(0)
DR_ACCESS(6)
DR_ACCESS(7)

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (u64)hi << 32 | lo;
}

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf)
			 : "memory");
	return r;
}

static inline u64 xgetbv(u32 i)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(i));
	return (u64)hi << 32 | lo;
}

static inline void xsetbv(u32 i, u64 v)
{
	__asm__ volatile("xsetbv" : : "c"(i), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 read_flags(void)
{
	u64 v;

	__asm__ volatile("pushfq; pop %0" : "=r"(v) : : "memory");
	return v;
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

/* Waits for an interrupt and takes it: no interrupt is lost between STI and HLT. */
static inline void irq_wait(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Opens interrupts for an instant. */
static inline void irq_window(void)
{
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
}

static inline void invlpg(u64 va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline u32 mmio_read32(u64 a)
{
	u32 v;

	__asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline void mmio_write32(u64 a, u32 v)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(v), "r"(a) : "memory");
}

#endif
