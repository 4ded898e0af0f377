// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs work for `work_us=` (1000) and then wait for each other in a loop with PAUSE, phase
 * after phase: a parallel program that suffers when one of its CPUs does not run. `RESULT barrier
 * at= cpus= phases= per_s= phase_max_us=` of the window (work.h). Undisturbed, per_s is 10^6 /
 * work_us. Before and after the window it is idle.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"

static struct barrier barrier;
static u32 cpus_running, blocks;
/* Phases until the end. Written two phases ahead, so that nobody can miss it. */
static volatile u64 last = UINT64_MAX;

static void follow(void *arg)
{
	(void)arg;
	irq_enable();
	for (u64 phase = 0; phase != last; phase++) {
		work(blocks);
		barrier_wait(&barrier, cpus_running);
	}
}

static void lead(u64 end_tsc, u64 *longest_tsc)
{
	u64 now = rdtsc();

	for (u64 phase = 0; phase != last; phase++) {
		u64 from = now;

		work(blocks);
		if (now >= end_tsc && last == UINT64_MAX) {
			last = phase + 2;
		}
		barrier_wait(&barrier, cpus_running);
		now = rdtsc();
		*longest_tsc = MAX(*longest_tsc, now - from);
	}
}

void guest_main(void)
{
	u64 longest_tsc = 0;

	blocks = work_blocks(cmdline_number("work_us", 1000));
	cpus_running = smp_start();
	struct work_window window = work_window();
	alarm_wait(window.from_tsc);
	for (u32 i = 1; i < cpus_running; i++) {
		smp_run(i, follow, NULL);
	}
	lead(window.end_tsc, &longest_tsc);
	u64 took_us = tsc_to_us(rdtsc() - window.from_tsc);
	alarm_wait(window.print_tsc);
	print("RESULT barrier at=%lu cpus=%u phases=%lu per_s=%lu phase_max_us=%lu\n",
	      window.wall_s, cpus_running, last, last * 1000000 / took_us, tsc_to_us(longest_tsc));
	for (;;) {
		irq_wait();
	}
}
