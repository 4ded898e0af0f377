/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions and interrupts: handlers per vector, recovery from faults, user mode. The IDT is common to all CPUs. */
#ifndef TESTS_GUESTS_LIB_TRAP_H
#define TESTS_GUESTS_LIB_TRAP_H

#include "tests/guests/lib/guest.h"

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

struct idt_gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, zero;
};

extern struct idt_gate idt[256];

#define GATE_INTERRUPT 0x8e
#define GATE_TRAP      0x8f
#define GATE_DPL3      0x60
#define VEC_USER_EXIT  0x80 /* `int $0x80` leaves user mode */

/* Sets up IDT, GDT, TSS of the boot CPU or of an AP; startup code only. */
void trap_init(void);
void trap_load_cpu(void);

typedef void (*trap_handler)(struct trap_frame *frame);
/* NULL: back to recovery by trap_try(), or to ending the guest with a FAIL line. */
void trap_handle(u8 vector, trap_handler handler);
void trap_set_gate(u8 vector, u64 address, u8 type, u8 ist);

/* Runs fn(arg). Returns -1 when it returned, else the vector of the exception that ended it, of which
 * trap_last() then tells more. Nests. Interrupt flag and direction flag are restored. */
int trap_try(void (*fn)(void *), void *arg);
const struct trap_frame *trap_last(void);
u64 trap_last_cr2(void);
/* From a handler: makes trap_try() return `frame->vector` after the handler has returned. */
void trap_give_up(struct trap_frame *frame);

/* Runs fn(arg) and reports under `name` whether it ended by `vector` with error code `error`. */
bool expect_fault(const char *name, int vector, u64 error, void (*fn)(void *), void *arg);
bool expect_no_fault(const char *name, void (*fn)(void *), void *arg);

/* Runs fn at CPL 3 with `rflags`; it must end by `int $0x80` or a fault. Returns the vector. */
int user_try(void (*fn)(void), u64 rflags);

/* MSR access that survives #GP: true when it worked. */
bool rdmsr_safe(u32 msr, u64 *value);
bool wrmsr_safe(u32 msr, u64 value);

#endif
