// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to end or restart a machine, chosen by `how=`: s5 (ACPI power-off), cf9, kbd, fast (port
 * 92h), triple, init (INIT to the bootstrap processor), exit. A restart shows in CMOS, which
 * outlives a reset: the second start says so and ends with status 0 by the debug-exit port. What
 * must not return reports a failure when it does.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define CMOS_MARK 0x5e
#define MARK	  0xa6
#define SLP_EN	  BIT(13)

static u8 mark(void)
{
	outb(0x70, CMOS_MARK);
	return inb(0x71);
}

static void set_mark(u8 v)
{
	outb(0x70, CMOS_MARK);
	outb(0x71, v);
}

static void end_s5(void)
{
	int type = acpi_s5_type();
	u32 port = acpi_pm1a_control_port();

	if (report(type >= 0 && port != 0, "S5 in the tables", "type %d port 0x%x", type, port)) {
		print("ending: S5\n");
		outw((u16)port, (u16)((u32)type << 10 | SLP_EN));
	}
}

static void end_cf9(void)
{
	outb(0xcf9, 2);
	outb(0xcf9, 6);
}

static void end_kbd(void)
{
	outb(0x64, 0xfe);
}

static void end_fast(void)
{
	outb(0x92, inb(0x92) | 1);
}

static void end_triple(void)
{
	struct {
		u16 limit;
		u64 base;
	} packed_struct none = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

/* INIT takes effect at once: the instruction after it would end the run with a failure. */
static void end_init(void)
{
	mmio_write32(LAPIC_BASE + LAPIC_ICR_HIGH, 0);
	mmio_write32(LAPIC_BASE + LAPIC_ICR, ICR_INIT | ICR_ASSERT);
	outl(0xf4, 1);
}

static void end_exit(void)
{
	guest_exit((u32)cmdline_number("code", 5));
}

static const struct {
	const char *name;
	void (*end)(void);
} ways[] = {
	{"s5", end_s5},		{"cf9", end_cf9},   {"kbd", end_kbd},	{"fast", end_fast},
	{"triple", end_triple}, {"init", end_init}, {"exit", end_exit},
};

void guest_main(void)
{
	char how[16] = "s5";

	if (mark() == MARK) {
		set_mark(0);
		report(true, "restarted", "CMOS kept its mark");
		return;
	}
	cmdline_word("how", how, sizeof(how));
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(how, ways[i].name) == 0) {
			print("ending: %s\n", how);
			set_mark(MARK);
			ways[i].end();
			clock_delay_us(1000000);
		}
	}
	set_mark(0);
	report(false, how, "the machine goes on");
}
