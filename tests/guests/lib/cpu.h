/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's CPUs: per-CPU data (GS base) and work on other CPUs. */
#ifndef TESTS_GUESTS_LIB_CPU_H
#define TESTS_GUESTS_LIB_CPU_H

#include "tests/guests/lib/trap.h"

#define CPUS_MAX 32

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap;
} packed_struct;

struct cpu {
	struct cpu *self;
	u64 recovery; /* stack pointer of the innermost trap_try() */
	u64 vector;   /* what ended it */
	u32 index, apic_id;
	struct trap_frame last;
	u64 last_cr2;
	volatile bool online;
	void (*volatile job)(void *);
	void *volatile job_arg;
	struct tss tss;
	u64 gdt[16];
	u8 stack[16384] aligned_to(16); /* APs run on it */
	u8 stack0[8192] aligned_to(16); /* RSP0 */
	u8 ist[3][4096] aligned_to(16); /* #DF, NMI, #MC */
};

assert_offset(struct cpu, recovery, 8);
assert_offset(struct cpu, vector, 16);

extern struct cpu cpus[CPUS_MAX];

enum { SEL_CODE64 = 0x08, SEL_DATA = 0x10, SEL_CODE32 = 0x18, SEL_UDATA = 0x2b, SEL_UCODE = 0x33,
       SEL_CODE16 = 0x38, SEL_DATA16 = 0x40, SEL_SPARE = 0x48, SEL_SPARE2 = 0x50, SEL_TSS = 0x58 };
enum { IST_DF = 1, IST_NMI, IST_MC };

static inline struct cpu *cpu_this(void)
{
	struct cpu *c;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(c));
	return c;
}

/* Writes GS base of the calling CPU; needed after code that has loaded GS. */
void cpu_set_base(struct cpu *cpu);

/* CPUs that the MADT lists as enabled, the boot CPU first; at least 1. */
u32 cpu_count(void);

/* Starts all other CPUs by INIT-SIPI; returns how many run, the caller included. */
u32 smp_start(void);
/* Starts one; true when it runs. */
bool smp_start_one(u32 index);
/* Runs fn(arg) on another CPU (interrupts disabled there), without waiting / waits for the end. */
void smp_run(u32 index, void (*fn)(void *), void *arg);
bool smp_wait(u32 index, u32 timeout_ms);
/* Runs fn(arg) on every running CPU at once, this one included, and waits. */
bool smp_run_all(void (*fn)(void *), void *arg, u32 timeout_ms);

#endif
