// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wakes every `period_us=` (10000) and works for `work_us=` (1000), like a program that answers
 * somebody. One CPU. `RESULT interactive at= wakes= missed= p50_us= p99_us= max_us=` of the window
 * (work.h): latencies from the instant the timer was due to the first instructions of its handler;
 * missed: periods that began while it still worked.
 */
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"

#define WAKES_MAX 16384u

static u32 late_us[WAKES_MAX];
static u32 wakes, missed;

static void sort(u32 *v, u32 n)
{
	for (u32 gap = n / 2; gap > 0; gap /= 2) {
		for (u32 i = gap; i < n; i++) {
			u32 x = v[i], j = i;
			for (; j >= gap && v[j - gap] > x; j -= gap) {
				v[j] = v[j - gap];
			}
			v[j] = x;
		}
	}
}

/* Returns the first time due after `end_tsc`. */
static u64 answer_until(u64 due_tsc, u64 end_tsc, u32 blocks, bool record)
{
	u64 period_tsc = us_to_tsc(cmdline_number("period_us", 10000));

	while (due_tsc < end_tsc) {
		u64 late_tsc = alarm_wait(due_tsc) - due_tsc;

		if (record && wakes < WAKES_MAX) {
			late_us[wakes++] = (u32)tsc_to_us(late_tsc);
		}
		work(blocks);
		for (due_tsc += period_tsc; due_tsc < rdtsc(); due_tsc += period_tsc) {
			missed += record;
		}
	}
	return due_tsc;
}

void guest_main(void)
{
	u32 blocks = work_blocks(cmdline_number("work_us", 1000));
	struct work_window window = work_window();
	u64 due = answer_until(rdtsc(), window.from_tsc, blocks, false);

	due = answer_until(due, window.end_tsc, blocks, true);
	due = answer_until(due, window.print_tsc, blocks, false);
	sort(late_us, wakes);
	print("RESULT interactive at=%lu wakes=%u missed=%u p50_us=%u p99_us=%u max_us=%u\n",
	      window.wall_s, wakes, missed, late_us[wakes / 2], late_us[wakes * 99 / 100],
	      late_us[wakes - 1]);
	answer_until(due, UINT64_MAX, blocks, false);
}
