// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries to cheat a scheduler that charges whoever runs when a clock ticks: works from just after
 * one tick to just before the next, and sleeps over it. `tick_us=` (1000), `guard_us=` (50 before
 * and after). One CPU. `RESULT sleeper at= ppm= turns= late_max_us=` of the window (work.h): what
 * it received, in millionths of a CPU.
 */
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"

struct sleeper {
	struct work_count count;
	u64 turns, late_max_tsc;
};

static void sleep_over_ticks(u64 end_tsc, struct sleeper *s)
{
	u64 tick_tsc = us_to_tsc(cmdline_number("tick_us", 1000));
	u64 guard_tsc = us_to_tsc(cmdline_number("guard_us", 50));

	while (rdtsc() < end_tsc) {
		u64 tick = (rdtsc() / tick_tsc + 1) * tick_tsc;

		work_until(tick - guard_tsc, &s->count);
		u64 woken = alarm_wait(MAX(tick + guard_tsc, rdtsc()));
		u64 late = woken > tick + guard_tsc ? woken - tick - guard_tsc : 0;
		s->late_max_tsc = MAX(s->late_max_tsc, late);
		s->turns++;
	}
}

void guest_main(void)
{
	struct sleeper before = {0}, in = {0}, after = {0};
	struct work_window window = work_window();

	irq_enable();
	sleep_over_ticks(window.from_tsc, &before);
	sleep_over_ticks(window.end_tsc, &in);
	sleep_over_ticks(window.print_tsc, &after);
	print("RESULT sleeper at=%lu ppm=%lu turns=%lu late_max_us=%lu\n", window.wall_s,
	      work_ppm(&in.count, &window), in.turns, tsc_to_us(in.late_max_tsc));
	sleep_over_ticks(UINT64_MAX, &after);
}
