// SPDX-License-Identifier: GPL-2.0-only
/* ACPI PM timer: found by the FADT, monotonic, 24 or 32 bits, 3.579545 MHz against the PIT.
 * ACPI 6.4, 4.8.3.3. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

static void test_monotonic(void)
{
	u32 last = pm_timer(), backwards = 0;

	for (u32 i = 0; i < 20000; i++) {
		u32 now = pm_timer();
		/* A step of more than half the range is one backwards. */
		backwards += ((now - last) & 0xffffff) > 0x800000;
		last = now;
	}
	report(backwards == 0, "monotonic", "%u steps back in 20000 reads", backwards);
}

static void test_widths(u16 port)
{
	u32 before = inl(port);
	u8 low = inb(port);
	u16 word = inw(port);
	u32 after = inl(port);

	report(((after - before) & 0xffffff) < 0x100000, "reads agree", "%x %x %x %x", before, low,
	       word, after);
	outl(port, 0);
	report(((pm_timer() - after) & 0xffffff) < 0x100000, "read-only", "%x", pm_timer());
}

/* Against PIT channel 2, 20 ms; best of five, since a pause between reads spoils one. */
static void test_rate(void)
{
	u64 hz = 0;

	for (u32 i = 0; i < 5; i++) {
		outb(0x61, (u8)((inb(0x61) & ~2) | 1));
		pit_mode(2, 0, 0xffff);
		u16 a = pit_read(2);
		u32 from = pm_timer();
		clock_delay_us(20000);
		u16 b = pit_read(2);
		u32 gone = (pm_timer() - from) & 0xffffff;
		hz = (u64)gone * PIT_HZ / MAX((u16)(a - b), 1);
		if (hz > PM_TIMER_HZ * 99ull / 100 && hz < PM_TIMER_HZ * 101ull / 100) {
			break;
		}
	}
	report(hz > PM_TIMER_HZ * 99ull / 100 && hz < PM_TIMER_HZ * 101ull / 100,
	       "rate against PIT", "%lu Hz", hz);
}

static void test_tsc(void)
{
	u64 khz[3];

	for (u32 i = 0; i < 3; i++) {
		u32 from = pm_timer();
		u64 tsc = rdtsc();
		clock_delay_us(50000);
		u32 gone = (pm_timer() - from) & 0xffffff;
		khz[i] = (rdtsc() - tsc) * (PM_TIMER_HZ / 1000) / gone;
	}
	report(khz[0] * 100 > khz[2] * 97 && khz[0] * 97 < khz[2] * 100, "TSC rate is steady",
	       "%lu, %lu, %lu kHz", khz[0], khz[1], khz[2]);
}

void guest_main(void)
{
	u32 port = acpi_pm_timer_port();

	if (!report(port != 0, "in FADT", "port 0x%x", port)) {
		return;
	}
	test_monotonic();
	test_widths((u16)port);
	test_rate();
	test_tsc();
}
