// SPDX-License-Identifier: GPL-2.0-only
/*
 * Panic: one pCPU speaks, the others stop. No locks: their holders may be stopped. The stack trace
 * follows frame pointers as long as they lead upwards in mapped stacks.
 */
#include "kernel/panic.h"
#include "arch/arch.h"
#include "kernel/cmdline.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/symbols.h"

#define TRACE_MAX      24
#define PANIC_LOG_TAIL 2048u
#define EXIT_STATUS    2 /* QEMU ends with 5: (2 << 1) | 1 */

static enum { PANIC_HALT, PANIC_REBOOT, PANIC_EXIT } panic_action;
static u32 panic_owner = PCPU_NONE;
/* The owner's: a console that faults must not be tried for ever. */
static bool panic_nested;

void panic_init(const char *cmdline)
{
	char action[8];

	cmdline_get(cmdline, "panic", action, sizeof(action));
	if (strcmp(action, "reboot") == 0) {
		panic_action = PANIC_REBOOT;
	} else if (strcmp(action, "exit") == 0) {
		panic_action = PANIC_EXIT;
	} else if (action[0] != '\0' && strcmp(action, "halt") != 0) {
		log_warn("panic=%s: expected halt, reboot or exit", action);
	}
}

static __attribute__((noreturn)) void act(void)
{
	console_flush();
	if (panic_action == PANIC_EXIT) {
		arch_emulator_exit(EXIT_STATUS);
	}
	if (panic_action == PANIC_REBOOT) {
		arch_reboot();
	}
	arch_halt();
}

void panic_begin(void)
{
	u32 nobody = PCPU_NONE;
	u32 self = arch_pcpu_id();

	if (!__atomic_compare_exchange_n(&panic_owner, &nobody, self, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		if (nobody == self && !panic_nested) {
			panic_nested = true;
			console_close_current();
			log_emergency("panic within panic");
		}
		if (nobody == self) {
			act();
		}
		arch_halt();
	}
	arch_stop_others();
}

static void print_trace(u64 pc, u64 frame)
{
	u64 callers[TRACE_MAX];
	char name[96];
	u32 count = arch_backtrace(frame, callers, ARRAY_SIZE(callers));

	if (pc != 0) {
		log_emergency("  at %s", symbols_format(pc, name, sizeof(name)));
	}
	for (u32 i = 0; i < count; i++) {
		/* A return address may be the start of the next function: look one byte before. */
		log_emergency("  by %s", symbols_format(callers[i] - 1, name, sizeof(name)));
	}
}

static void print_log_tail(void)
{
	static char text[PANIC_LOG_TAIL];
	size_t n = log_read_tail(text, sizeof(text));

	console_write_unlocked("last log lines:\n", 16);
	console_write_unlocked(text, n);
}

void panic_end(u64 pc, u64 frame)
{
	print_trace(pc, frame);
	print_log_tail();
	console_write_unlocked("end of panic\n", 13);
	act();
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	panic_begin();
	va_start(ap, fmt);
	fmt_vprint(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_emergency("panic on pCPU %u: %s", arch_pcpu_id(), text);
	panic_end(0, (u64)(uintptr_t)__builtin_frame_address(0));
}

void assert_failed(const char *expr, const char *file, int line)
{
	panic("%s:%d: assertion failed: %s", file, line, expr);
}
