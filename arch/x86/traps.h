/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt descriptor table and what happens on each vector. Exceptions of the hypervisor itself
 * panic, except #GP on instructions in the fixup table (rdmsr_safe); machine interrupts go to the
 * handler registered for their vector. Handlers run with interrupts disabled, only set flags, and
 * take no lock but their own; lapic_eoi() is done for them.
 */
#ifndef ARCH_X86_TRAPS_H
#define ARCH_X86_TRAPS_H

#include "kernel/lib/types.h"

/* Vectors of machine interrupts. The higher the more urgent (SDM vol. 3, 11.8.3.1). */
enum {
	VECTOR_PIC_BASE = 0x20,	   /* the two PICs, masked: spurious ones only */
	VECTOR_DEVICE_BASE = 0x30, /* 0x30 .. 0xdf: given out by traps_alloc_vector() */
	VECTOR_DEVICE_END = 0xe0,
	VECTOR_TIMER = 0xf0,
	VECTOR_KICK = 0xf1,
	VECTOR_APIC_ERROR = 0xfe,
	VECTOR_SPURIOUS = 0xff,
};

/* Registers as the entry stub (traps_entry.asm) pushes them. */
struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss; /* by hardware */
};
assert_offset(struct trap_frame, vector, 120);
assert_offset(struct trap_frame, rip, 136);

/* Builds the IDT (bootstrap pCPU, once) / loads it (every pCPU). */
void traps_init(void);
void traps_load(void);

/* Sets the handler of a machine interrupt vector (>= 0x20). Before that interrupt can come. */
void traps_set_handler(u8 vector, void (*handler)(void));

/* A free device vector, or ERR_LIMIT. Bootstrap pCPU, during initialisation. */
int traps_alloc_vector(void) must_check;

#endif
