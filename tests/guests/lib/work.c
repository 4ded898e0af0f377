// SPDX-License-Identifier: GPL-2.0-only
/* Work of a known cost, and measuring how much of a CPU one gets. No locks; counts belong to one
 * CPU. */
#include "tests/guests/lib/work.h"
#include "guest-tools/abi/vmware.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define COST_TRIES  16
#define COST_BLOCKS 20u
#define GAP_US	    100

static volatile u64 alarm_tsc[CPUS_MAX];
static u32 piece_blocks = 20;

u64 tsc_to_us(u64 tsc)
{
	return tsc * 1000 / clock_tsc_khz();
}

u64 us_to_tsc(u64 us)
{
	return us * clock_tsc_khz() / 1000;
}

static u64 cost_tsc(u32 blocks)
{
	u64 best = UINT64_MAX;

	for (u32 i = 0; i < COST_TRIES; i++) {
		u64 from = rdtsc();

		work(blocks);
		u64 took = rdtsc() - from;
		best = MIN(best, took);
	}
	return best;
}

u32 work_blocks(u64 us)
{
	u64 blocks = us_to_tsc(us) * COST_BLOCKS / cost_tsc(COST_BLOCKS);

	return (u32)MAX(blocks, 1ull);
}

/* The machine's time in us and the TSC then, by VMware's interface; 0: not there. */
static u64 wall_us(u64 *tsc)
{
	u32 eax = VMWARE_MAGIC, us = 0, ecx = VMWARE_GETTIMEFULL, low = VMWARE_PORT, high = 0;
	u64 before = rdtsc();

	__asm__ volatile("in %%dx, %%eax"
			 : "+a"(eax), "+b"(us), "+c"(ecx), "+d"(low), "+S"(high)
			 :
			 : "rdi", "memory");
	*tsc = before / 2 + rdtsc() / 2;
	return eax == VMWARE_MAGIC ? ((u64)high << 32 | low) * 1000000 + us : 0;
}

/* Of several tries the quickest, since a CPU that is taken away spoils one. */
static u64 wall_pair(u64 *tsc)
{
	u64 best = UINT64_MAX, wall = 0;

	for (u32 i = 0; i < COST_TRIES; i++) {
		u64 at, from = rdtsc(), us = wall_us(&at), took = rdtsc() - from;

		if (took < best) {
			best = took;
			wall = us;
			*tsc = at;
		}
	}
	return wall;
}

struct work_window work_window(void)
{
	struct work_window w = {0};
	u64 step_us = cmdline_number("wall", 1) * 1000000, at_tsc = 0;
	u64 from_tsc = us_to_tsc(cmdline_number("from", 500) * 1000);
	u64 now_us = wall_pair(&at_tsc);

	w.from_tsc = MAX(from_tsc, rdtsc());
	if (now_us != 0 && step_us != 0) {
		u64 due_us = now_us + tsc_to_us(w.from_tsc - at_tsc);
		due_us = (due_us / step_us + 1) * step_us;
		w.from_tsc = at_tsc + us_to_tsc(due_us - now_us);
		w.wall_s = due_us / 1000000;
	}
	w.end_tsc = w.from_tsc + us_to_tsc(cmdline_number("ms", 2000) * 1000);
	w.print_tsc = w.end_tsc + us_to_tsc(cmdline_number("after", 300) * 1000);
	piece_blocks = (u32)MAX(cmdline_number("piece", 20), 1ull);
	return w;
}

void work_forever(void)
{
	for (;;) {
		work(COST_BLOCKS);
	}
}

static void count_gap(struct work_count *count, u64 from_tsc, u64 now_tsc)
{
	u64 gap_tsc = now_tsc - from_tsc - count->cost_tsc;

	count->gaps++;
	count->gap_max_tsc = MAX(count->gap_max_tsc, gap_tsc);
	if (count->corner_count + 2 <= count->corner_max) {
		count->corners[count->corner_count++] =
			(struct work_corner){from_tsc, count->pieces - 1};
		count->corners[count->corner_count++] =
			(struct work_corner){now_tsc, count->pieces};
	}
}

void work_until(u64 end_tsc, struct work_count *count)
{
	u64 last = rdtsc(), gap_tsc = us_to_tsc(GAP_US);

	if (count->cost_tsc == 0) {
		count->cost_tsc = UINT64_MAX;
	}
	while (last < end_tsc) {
		work(piece_blocks);
		u64 now = rdtsc();
		count->pieces++;
		count->cost_tsc = MIN(count->cost_tsc, now - last);
		if (now - last > count->cost_tsc + gap_tsc) {
			count_gap(count, last, now);
		}
		last = now;
	}
}

u64 work_ppm(const struct work_count *count, const struct work_window *window)
{
	return count->pieces * count->cost_tsc * 1000 /
	       ((window->end_tsc - window->from_tsc) / 1000);
}

static void on_alarm(struct trap_frame *frame)
{
	(void)frame;
	alarm_tsc[cpu_this()->index] = rdtsc();
	lapic_eoi();
}

static void alarm_set(u64 due_tsc)
{
	if ((cpuid(1, 0).ecx & BIT(24)) != 0) {
		lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | VEC_ALARM);
		wrmsr(MSR_TSC_DEADLINE, due_tsc);
		return;
	}
	u64 now = rdtsc();
	u64 us = due_tsc > now ? tsc_to_us(due_tsc - now) : 0;

	lapic_timer(0, VEC_ALARM, lapic_timer_ticks((u32)us) + 1);
}

u64 alarm_wait(u64 due_tsc)
{
	volatile u64 *rang = &alarm_tsc[cpu_this()->index];

	trap_handle(VEC_ALARM, on_alarm);
	irq_disable();
	do {
		*rang = 0;
		alarm_set(due_tsc);
		while (*rang == 0) {
			irq_wait();
		}
	} while (*rang <
		 due_tsc); /* the one-shot timer's rate is measured, and may be a little early */
	irq_enable();
	return *rang;
}

void barrier_wait(struct barrier *b, u32 count)
{
	u32 generation = __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == count) {
		b->arrived = 0;
		__atomic_store_n(&b->generation, generation + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) == generation) {
		cpu_relax();
	}
}
