/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test guest includes: printing, the report protocol and the end.
 *
 * Output on COM1: one line `PASS|FAIL|SKIP name: text` per check, at last `N passed, N failed, N skipped`. The guest
 * ends through the debug-exit port with 0 when nothing failed, else 1.
 */
#ifndef TESTS_GUESTS_LIB_GUEST_H
#define TESTS_GUESTS_LIB_GUEST_H

#include "kernel/lib/types.h"
#include "tests/guests/lib/x86.h"

/* The test itself; runs on the boot CPU with interrupts disabled. The report ends when it returns. */
void guest_main(void);

/* Sets up COM1; startup code only. */
void print_init(void);
void print(const char *fmt, ...) printf_like(1, 2);
size_t format(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

/* One check. `fmt` says what was seen. Any CPU. Returns `ok`. */
bool report(bool ok, const char *name, const char *fmt, ...) printf_like(3, 4);
void report_skip(const char *name, const char *fmt, ...) printf_like(2, 3);

/* As report(), for checks that an emulator is known to fail on its own; such a failure counts as skipped when the
 * command line names it: `cpu=tcg` for QEMU's emulated CPU (also below Evenkeel), `pc=qemu` or `pc=bochs` for the
 * devices of an emulator's own PC. */
bool report_tcg(bool ok, const char *name, const char *fmt, ...) printf_like(3, 4);
bool report_pc(bool ok, const char *name, const char *fmt, ...) printf_like(3, 4);

/* Prints the summary and ends the machine. */
__attribute__((noreturn)) void report_end(void);
/* Ends the machine with `code` on the debug-exit port, without a summary. */
__attribute__((noreturn)) void guest_exit(u32 code);

/* Value of `key=value` on the command line (up to the next blank), or `otherwise` when it is not there. */
u64 cmdline_number(const char *key, u64 otherwise);
bool cmdline_word(const char *key, char *buf, size_t size);

/* Spins until `condition` or for `ms` milliseconds; true when the condition came. */
#define wait_for(condition, ms) \
	({ \
		u64 wait_end_ = clock_us() + (u64)(ms)*1000; \
		bool wait_ok_; \
		while (!(wait_ok_ = (condition)) && clock_us() < wait_end_) { \
			cpu_relax(); \
		} \
		wait_ok_ || (condition); \
	})

/* As wait_for(), with interrupts open. */
#define wait_for_irq(condition, ms) \
	({ \
		irq_enable(); \
		bool irq_ok_ = wait_for(condition, ms); \
		irq_disable(); \
		irq_ok_; \
	})

/* Microseconds since boot by the TSC (clock.c). */
u64 clock_us(void);

/* Pseudo-random numbers, xorshift64*; the state must not be 0. */
u64 random_next(u64 *state);

#endif
