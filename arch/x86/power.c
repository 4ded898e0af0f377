// SPDX-License-Identifier: GPL-2.0-only
/* Halting, rebooting, powering off, and leaving an emulator. */
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"
#include "arch/x86/power.h"
#include "arch/x86/watchdog.h"
#include "kernel/cmdline.h"
#include "kernel/lib/string.h"

#define QEMU_EXIT_PORT	 0xf4 /* isa-debug-exit, where the command line puts it */
#define BOCHS_EXIT_PORT	 0x8900
#define RESET_PORT	 0xcf9 /* chipset reset control, Intel ICH */
#define KBC_PORT	 0x64  /* keyboard controller */
#define KBC_PULSE_RESET	 0xfe
/* How long a way to reset is given before the next is tried, in bus reads of a microsecond. */
#define RESET_WAIT_READS 100000u

static enum { EMULATOR_NONE, EMULATOR_QEMU, EMULATOR_BOCHS } emulator;

void power_init(const char *cmdline)
{
	char name[8];

	cmdline_get(cmdline, "emulator", name, sizeof(name));
	if (strcmp(name, "qemu") == 0) {
		emulator = EMULATOR_QEMU;
	} else if (strcmp(name, "bochs") == 0) {
		emulator = EMULATOR_BOCHS;
	}
}

void arch_halt(void)
{
	if (arch_pcpu_count() > 0) { /* not before arch_init_early() */
		watchdog_leave();
	}
	for (;;) {
		irq_disable();
		cpu_halt();
	}
}

void arch_emulator_exit(u8 code)
{
	static const char shutdown[] = "Shutdown";

	if (emulator == EMULATOR_QEMU) {
		outl(QEMU_EXIT_PORT, code);
	} else if (emulator == EMULATOR_BOCHS && code == 0) {
		outb(BOCHS_EXIT_PORT, 'D');
	} else if (emulator == EMULATOR_BOCHS) {
		for (size_t i = 0; i < sizeof(shutdown) - 1; i++) {
			outb(BOCHS_EXIT_PORT, (u8)shutdown[i]);
		}
	}
}

static void wait_for_reset(void)
{
	for (u32 i = 0; i < RESET_WAIT_READS; i++) {
		(void)inb(0x80);
	}
}

void arch_reboot(void)
{
	irq_disable();
	acpi_reset();
	wait_for_reset();
	outb(RESET_PORT, 0x02);
	outb(RESET_PORT, 0x06);
	wait_for_reset();
	outb(KBC_PORT, KBC_PULSE_RESET);
	wait_for_reset();
	/* A triple fault resets any PC: an interrupt through an empty IDT. */
	const struct {
		u16 limit;
		u64 base;
	} packed_struct empty = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(empty));
	arch_halt();
}

void arch_poweroff(void)
{
	irq_disable();
	arch_emulator_exit(0);
	acpi_poweroff();
	wait_for_reset();
	arch_halt();
}
