// SPDX-License-Identifier: GPL-2.0-only
/* Time: the TSC never steps back, not even between CPUs; PIT, PM timer, RTC, LAPIC timer and TSC
 * agree on its rate. */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define ROUNDS 20000

static volatile u64 last_tsc;
static u32 lock, backwards;
static u64 worst;

static void look(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
			cpu_relax();
		}
		u64 now = rdtsc();
		if (now < last_tsc) {
			backwards++;
			worst = MAX(worst, last_tsc - now);
		} else {
			last_tsc = now;
		}
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}

static u32 rtc_second(void)
{
	outb(0x70, 0);
	return inb(0x71);
}

/* Counts every clock over `ms` milliseconds of the PM timer. */
static void test_rates(void)
{
	u32 pit_rolls = 0;

	pit_mode(0, 2, 0);
	u32 ticks_per_ms = lapic_timer_ticks(1000);
	lapic_timer(LVT_MASKED, 0, 0xffffffff);
	u16 pit = pit_read(0), pit_first = pit;
	u32 lapic = lapic_read(LAPIC_TIMER_CURRENT), pm = pm_timer(), gone = 0;
	u64 tsc = rdtsc();
	while (gone < PM_TIMER_HZ / 2) {
		u32 now = pm_timer();
		gone += (now - pm) & 0xffffff;
		pm = now;
		u16 count = pit_read(0);
		pit_rolls += count > pit;
		pit = count;
	}
	u64 tsc_us = (rdtsc() - tsc) * 1000 / clock_tsc_khz();
	u64 lapic_us = (u64)(lapic - lapic_read(LAPIC_TIMER_CURRENT)) * 1000 / ticks_per_ms;
	u64 pit_us = ((u64)pit_rolls * 65536 + pit_first - pit) * 1000000 / PIT_HZ;
	u64 pm_us = (u64)gone * 1000000 / PM_TIMER_HZ;
	report(tsc_us > pm_us * 98 / 100 && tsc_us < pm_us * 102 / 100, "TSC and PM timer",
	       "%lu us and %lu us", tsc_us, pm_us);
	report(lapic_us > pm_us * 95 / 100 && lapic_us < pm_us * 105 / 100, "LAPIC and PM timer",
	       "%lu us and %lu us", lapic_us, pm_us);
	/* A pause of more than 55 ms between reads hides a roll of the PIT. */
	report(pit_us < pm_us * 102 / 100, "PIT and PM timer", "%lu us and %lu us", pit_us, pm_us);
}

static void test_rtc(void)
{
	u32 s = rtc_second();

	wait_for(rtc_second() != s, 3000);
	u64 from = clock_us();
	s = rtc_second();
	wait_for(rtc_second() != s, 3000);
	u64 us = clock_us() - from;
	report(us > 900000 && us < 1300000, "RTC second and TSC", "%lu us", us);
}

void guest_main(void)
{
	u32 running = smp_start();

	bool done = smp_run_all(look, NULL, 20000);
	report(done && backwards == 0, "TSC monotone across CPUs",
	       "%u CPUs, %u steps back, the longest %lu ticks", running, backwards, worst);
	test_rates();
	test_rtc();
}
