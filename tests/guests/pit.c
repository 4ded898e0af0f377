// SPDX-License-Identifier: GPL-2.0-only
/* PIT (8254): counting modes, latch, read-back, BCD, gate and output of channel 2, rate against the
 * PM timer. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

#define READ_BACK_COUNT	 0xd0
#define READ_BACK_STATUS 0xe0

static u8 status(u32 channel)
{
	outb(0x43, (u8)(READ_BACK_STATUS | 2u << channel));
	return inb((u16)(0x40 + channel));
}

/* Counts down by roughly the time that passes, in every mode that counts. */
static void test_counting(u32 channel, u32 mode)
{
	char name[32];

	format(name, sizeof(name), "channel %u mode %u counts", channel, mode);
	pit_mode(channel, mode, 0xffff);
	clock_delay_us(100);
	u64 from = clock_us();
	u16 a = pit_read(channel);
	clock_delay_us(10000);
	u16 b = pit_read(channel);
	u64 us = clock_us() - from;
	u64 wanted = us * PIT_HZ / 1000000 * (mode == 3 ? 2 : 1);
	u64 gone = (u16)(a - b);
	if (us > 25000) {
		report_skip(name, "%lu us passed instead of 10 ms", us);
		return;
	}
	report(gone > wanted * 8 / 10 && gone < wanted * 12 / 10, name, "%lu counts in %lu us",
	       gone, us);
}

static void test_status(void)
{
	static const u8 modes[] = {0, 1, 2, 3, 4, 5};

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		pit_mode(2, modes[i], 1000);
		if ((status(2) & 0x3e) != (0x30 | modes[i] << 1)) {
			report(false, "status shows mode", "mode %u status %x", modes[i],
			       status(2));
			return;
		}
	}
	report(true, "status shows mode", "modes 0 to 5");
}

static void test_latch(void)
{
	pit_mode(2, 0, 0xffff);
	outb(0x61, (u8)((inb(0x61) & ~2) | 1));
	clock_delay_us(1000);
	outb(0x43, 0x80);
	clock_delay_us(3000);
	u16 latched = inb(0x42);
	latched = (u16)(latched | inb(0x42) << 8);
	u16 now = pit_read(2);
	report((u16)(latched - now) > 2500, "latch holds the count", "%u, then %u", latched, now);
	outb(0x43, READ_BACK_COUNT | 8);
	clock_delay_us(2000);
	u16 back = inb(0x42);
	back = (u16)(back | inb(0x42) << 8);
	now = pit_read(2);
	report((u16)(back - now) > 1500, "read-back latches", "%u, then %u", back, now);
}

static void test_gate(void)
{
	outb(0x61, inb(0x61) & ~3);
	pit_mode(2, 0, 0x8000);
	clock_delay_us(100);
	u16 a = pit_read(2);
	clock_delay_us(2000);
	u16 b = pit_read(2);
	report_pc(a == b, "gate low stops channel 2", "%u, %u", a, b);
	outb(0x61, inb(0x61) | 1);
	clock_delay_us(2000);
	b = pit_read(2);
	report(a != b, "gate high counts", "%u, %u", a, b);
}

static void test_output(void)
{
	outb(0x61, (u8)((inb(0x61) & ~2) | 1));
	pit_mode(2, 0, PIT_HZ / 200); /* 5 ms */
	u64 from = clock_us();
	bool low = (inb(0x61) & 0x20) == 0;
	bool high = wait_for((inb(0x61) & 0x20) != 0, 1000);
	u64 us = clock_us() - from;
	report(low && high && us >= 4900, "mode 0 output", "rises after %lu us, 5000 wanted", us);
	pit_mode(2, 3, PIT_HZ / 500); /* square wave of 2 ms */
	u32 edges = 0;
	u8 last = inb(0x61) & 0x20;
	from = clock_us();
	while (clock_us() - from < 20000) {
		u8 now = inb(0x61) & 0x20;
		edges += now != last;
		last = now;
	}
	us = clock_us() - from;
	report(edges >= 4 && edges <= us / 1000 + 2, "mode 3 output", "%u edges in %lu us", edges,
	       us);
}

static void test_bytes(void)
{
	outb(0x43, 2 << 6 | 1 << 4); /* low byte only, mode 0 */
	outb(0x42, 0xff);
	outb(0x61, inb(0x61) & ~1); /* stop */
	clock_delay_us(50);
	report((status(2) & 0x30) == 0x10, "low-byte access mode", "status %x", status(2));
	outb(0x43, 2 << 6 | 2 << 4);
	outb(0x42, 0x12);
	clock_delay_us(50);
	report_pc(inb(0x42) == 0x12, "high-byte access mode", "reads back");
}

static void test_rate(void)
{
	if (acpi_pm_timer_port() == 0) {
		report_skip("rate against PM timer", "no PM timer");
		return;
	}
	u64 ratio = 0;
	/* A pause between the two reads spoils a round: the best of five counts. */
	for (u32 i = 0; i < 5; i++) {
		pit_mode(0, 2, 0);
		u16 a = pit_read(0);
		u32 pa = pm_timer();
		clock_delay_us(20000);
		u16 b = pit_read(0);
		u32 pb = pm_timer();
		u64 gone = (u16)(a - b);
		ratio = (u64)((pb - pa) & 0xffffff) * 1000 / MAX(gone, 1);
		if (ratio > 2970 && ratio < 3030) {
			break;
		}
	}
	report(ratio > 2970 && ratio < 3030, "rate against PM timer", "%lu.%03lu, 3.000 wanted",
	       ratio / 1000, ratio % 1000);
}

void guest_main(void)
{
	outb(0x61, (u8)((inb(0x61) & ~2) | 1));
	test_counting(0, 0);
	test_counting(0, 2);
	test_counting(0, 3);
	test_counting(2, 0);
	test_counting(2, 2);
	test_counting(2, 3);
	test_counting(2, 4);
	test_status();
	test_latch();
	test_gate();
	test_output();
	test_bytes();
	test_rate();
}
