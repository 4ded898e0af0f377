// SPDX-License-Identifier: GPL-2.0-only
/* RTC and CMOS (MC146818A): time goes on, formats, update-in-progress, periodic, alarm and update
 * interrupts. */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_RTC 0x48
#define REG_A	0x0a
#define REG_B	0x0b
#define REG_C	0x0c
#define REG_D	0x0d
#define B_24H	0x02
#define B_DM	0x04
#define B_UIE	0x10
#define B_PIE	0x40

static volatile u32 irqs;
static volatile u8 causes;

static u8 cmos_read(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static void cmos_write(u8 reg, u8 v)
{
	outb(0x70, reg);
	outb(0x71, v);
}

static u32 bcd(u8 v)
{
	return (u32)(v >> 4) * 10 + (v & 15);
}

static void on_rtc(struct trap_frame *frame)
{
	(void)frame;
	irqs++;
	causes |= cmos_read(REG_C);
	lapic_eoi();
}

/* Seconds of the day, read outside updates. */
static u32 seconds_of_day(void)
{
	wait_for((cmos_read(REG_A) & 0x80) == 0, 100);
	return bcd(cmos_read(4)) * 3600 + bcd(cmos_read(2)) * 60 + bcd(cmos_read(0));
}

static void test_registers(void)
{
	report((cmos_read(REG_D) & 0x80) != 0, "valid RAM and time", "D %x", cmos_read(REG_D));
	report((cmos_read(REG_B) & (B_24H | B_DM)) == B_24H, "24 h, BCD", "B %x", cmos_read(REG_B));
	u32 year = bcd(cmos_read(9)), month = bcd(cmos_read(8)), day = bcd(cmos_read(7));
	u32 century = bcd(cmos_read(0x32));
	report(month >= 1 && month <= 12 && day >= 1 && day <= 31 && year <= 99 && century >= 19,
	       "date", "%02u%02u-%02u-%02u", century, year, month, day);
	u8 old = cmos_read(0x40);
	cmos_write(0x40, 0xa5);
	report(cmos_read(0x40) == 0xa5, "CMOS RAM", "%x", cmos_read(0x40));
	cmos_write(0x40, old);
}

static void test_time_goes_on(void)
{
	u32 a = seconds_of_day();
	u64 from = clock_us();

	wait_for(seconds_of_day() != a, 3000);
	u32 b = seconds_of_day();
	u64 first_edge = clock_us();
	wait_for(seconds_of_day() != b, 3000);
	u64 us = clock_us() - first_edge;
	report(b != a, "seconds tick", "%u to %u in %lu us", a, b, first_edge - from);
	report(us > 800000 && us < 1500000, "a second lasts a second", "%lu us", us);
}

static void test_uip(void)
{
	u32 seen = 0;
	u64 end = clock_us() + 6000000;

	while (seen == 0 && clock_us() < end) {
		seen += (cmos_read(REG_A) & 0x80) != 0;
	}
	report(seen != 0, "update in progress", "seen %u", seen);
}

static void test_periodic(u8 pin)
{
	u8 a = cmos_read(REG_A), b = cmos_read(REG_B);

	trap_handle(VEC_RTC, on_rtc);
	ioapic_set(pin, IOAPIC_DEST(lapic_id()) | VEC_RTC);
	cmos_write(REG_A, (u8)((a & 0xf0) | 10)); /* 64 Hz */
	cmos_write(REG_B, b | B_PIE);
	(void)cmos_read(REG_C);
	irqs = 0;
	causes = 0;
	u64 from = clock_us();
	wait_for_irq(irqs >= 16, 5000);
	u64 us = clock_us() - from;
	report(irqs >= 16 && us > 200000 && (causes & 0xc0) == 0xc0, "periodic interrupt",
	       "16 of 64 Hz in %lu us, C %x", us, causes);
	cmos_write(REG_B, b);
	(void)cmos_read(REG_C);
	irq_window();
	u32 before = irqs;
	u64 end = clock_us() + 50000;
	wait_for_irq(clock_us() > end, 200);
	report(irqs == before, "periodic off", "%u more", irqs - before);
	cmos_write(REG_B, b | B_UIE);
	causes = 0;
	wait_for_irq(irqs > before, 3000);
	report(irqs == before + 1 && (causes & 0x90) == 0x90, "update interrupt", "C %x", causes);
	cmos_write(REG_B, b);
	cmos_write(REG_A, a);
	ioapic_set(pin, IOAPIC_MASKED);
}

void guest_main(void)
{
	test_registers();
	test_time_goes_on();
	test_uip();
	test_periodic((u8)ioapic_isa_pin(8));
}
