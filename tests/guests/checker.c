// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs beside misbehaving guests for `seconds=` (default 5) and checks all the while that its own
 * machine stays whole: memory keeps its patterns, registers and SSE state theirs, timer interrupts
 * keep coming at no more than their rate, clocks go forward and agree.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_TICK 0x40
#define TICK_US	 10000
#define PAGES	 1024
/* Longest time without a tick that is still only the load of an emulated machine. */
#define GAP_US	 2000000

static volatile u64 ticks, longest_gap_us, last_tick_us;
static u64 *pages;

static void on_tick(struct trap_frame *frame)
{
	u64 now = clock_us();

	(void)frame;
	if (last_tick_us != 0 && now - last_tick_us > longest_gap_us) {
		longest_gap_us = now - last_tick_us;
	}
	last_tick_us = now;
	ticks++;
	lapic_eoi();
}

static u64 pattern(u64 page, u64 round)
{
	return (page * 0x9e3779b97f4a7c15ull) ^ (round << 32) ^ round;
}

static u32 check_memory(u64 round)
{
	u32 wrong = 0;

	for (u64 p = 0; p < PAGES; p++) {
		u64 *word = &pages[p * 512 + (p * 7) % 512];
		wrong += *word != pattern(p, round);
		*word = pattern(p, round + 1);
	}
	return wrong;
}

/* Registers and XMM0 keep their values over a while with interrupts and exits. */
static u32 check_registers(u64 value)
{
	u64 xmm, r12, rbx;

	__asm__ volatile("movq %3, %%xmm0; mov %3, %%r12; mov %3, %%rbx; mov $2000, %%ecx; sti; "
			 "1: pause; dec %%ecx; jnz 1b; in $0x21, %%al; cli; "
			 "movq %%xmm0, %0; mov %%r12, %1; mov %%rbx, %2"
			 : "=r"(xmm), "=r"(r12), "=r"(rbx)
			 : "r"(value)
			 : "rax", "rcx", "r12", "rbx", "memory");
	return (xmm != value) + (r12 != value) + (rbx != value);
}

void guest_main(void)
{
	u64 seconds = cmdline_number("seconds", 5), random = cmdline_number("seed", 1);
	u64 round = 0, memory_wrong = 0, registers_wrong = 0, steps_back = 0, pm_us = 0;

	pages = page_alloc(PAGES);
	for (u64 p = 0; p < PAGES; p++) {
		pages[p * 512 + (p * 7) % 512] = pattern(p, 0);
	}
	trap_handle(VEC_TICK, on_tick);
	u64 from = clock_us(), end = from + seconds * 1000000, last = from;
	u32 pm = pm_timer();
	lapic_timer(LVT_PERIODIC, VEC_TICK, lapic_timer_ticks(TICK_US));
	print("checker: running\n");
	while (clock_us() < end) {
		memory_wrong += check_memory(round);
		registers_wrong += check_registers(random_next(&random));
		round++;
		u64 now = clock_us();
		u32 pm_now = pm_timer();
		steps_back += now < last;
		pm_us += (u64)((pm_now - pm) & 0xffffff) * 1000000 / PM_TIMER_HZ;
		pm = pm_now;
		last = now;
	}
	u64 us = clock_us() - from;
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	report(memory_wrong == 0 && round > 0, "memory", "%lu rounds over %u pages, %lu wrong",
	       round, PAGES, memory_wrong);
	report(registers_wrong == 0, "registers", "%lu wrong", registers_wrong);
	/* The timer's rate was measured in 10 ms, on a machine that others use too. */
	u64 most = us / TICK_US * 105 / 100 + 2;
	report(ticks > 0 && ticks <= most && longest_gap_us < GAP_US, "timer",
	       "%lu ticks of %u us in %lu us, longest gap %lu us", ticks, TICK_US, us,
	       longest_gap_us);
	report(steps_back == 0 && pm_us > us / 10 * 8 && pm_us < us / 10 * 12, "clocks",
	       "%lu steps back, TSC %lu us, PM timer %lu us", steps_back, us, pm_us);
}
