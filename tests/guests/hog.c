// SPDX-License-Identifier: GPL-2.0-only
/*
 * Works without end on all its CPUs, and says how much of a CPU each of them received in the window
 * (work.h). A line per CPU: `RESULT hog at= cpu= ppm= gaps= gap_us= lag_us=`. at: when the window
 * began. ppm: millionths of a CPU, in guest mode. gaps, gap_us: how often it stood still, and the
 * longest. lag_us: how far what was received has ever been from the straight line between its begin
 * and its end in the window, first CPU only: a scheduler's long-run rate may be right and its
 * short-run one wrong. Then, or with `sum=1` nothing but, `RESULT hogs at= cpus= work_us= gaps=` of
 * all CPUs together.
 *
 * No test: whoever started the guests knows what each should get.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"

#define CORNERS_MAX 8192u

static struct hog {
	struct work_count count;
	volatile bool done;
} hogs[CPUS_MAX];

static struct work_corner corners[CORNERS_MAX];
static struct work_window window;

static u64 lag_us(const struct work_count *count)
{
	u64 length_us = tsc_to_us(window.end_tsc - window.from_tsc), worst = 0;
	u64 all_us = tsc_to_us(count->pieces * count->cost_tsc);

	for (u32 i = 0; i < count->corner_count; i++) {
		u64 fair = tsc_to_us(corners[i].tsc - window.from_tsc) * all_us / length_us;
		u64 got = tsc_to_us(corners[i].pieces * count->cost_tsc);
		worst = MAX(worst, fair > got ? fair - got : got - fair);
	}
	return worst;
}

static void hog_run(void *arg)
{
	u32 index = cpu_this()->index;
	struct hog *hog = &hogs[index];
	struct work_count ignored = {0};

	(void)arg;
	irq_enable();
	work_until(window.from_tsc, &ignored);
	if (index == 0) {
		hog->count.corners = corners;
		hog->count.corner_max = CORNERS_MAX;
	}
	work_until(window.end_tsc, &hog->count);
	work_until(window.print_tsc, &ignored);
	hog->done = true;
	if (index != 0) {
		work_forever();
	}
}

static void hog_print(u32 index)
{
	const struct work_count *c = &hogs[index].count;

	print("RESULT hog at=%lu cpu=%u ppm=%lu gaps=%lu gap_us=%lu lag_us=%lu\n", window.wall_s,
	      index, work_ppm(c, &window), c->gaps, tsc_to_us(c->gap_max_tsc),
	      index == 0 ? lag_us(c) : 0);
}

static void hogs_print(u32 count)
{
	u64 work_tsc = 0, gaps = 0;

	for (u32 i = 0; i < count; i++) {
		work_tsc += hogs[i].count.pieces * hogs[i].count.cost_tsc;
		gaps += hogs[i].count.gaps;
	}
	print("RESULT hogs at=%lu cpus=%u work_us=%lu gaps=%lu\n", window.wall_s, count,
	      tsc_to_us(work_tsc), gaps);
}

void guest_main(void)
{
	u32 cpus_running = smp_start();

	window = work_window();
	for (u32 i = 1; i < cpus_running; i++) {
		smp_run(i, hog_run, NULL);
	}
	hog_run(NULL);
	for (u32 i = 0; i < cpus_running; i++) {
		while (!hogs[i].done) {
			work(1);
		}
		if (cmdline_number("sum", 0) == 0) {
			hog_print(i);
		}
	}
	hogs_print(cpus_running);
	work_forever();
}
