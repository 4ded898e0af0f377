// SPDX-License-Identifier: GPL-2.0-only
/* See oneshot.h. State is per pCPU and touched with interrupts disabled only: no locks. */
#include "arch/x86/oneshot.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/lapic.h"
#include "arch/x86/percpu.h"
#include "arch/x86/regs.h"
#include "arch/x86/traps.h"
#include "arch/x86/tsc.h"
#include "arch/x86/watchdog.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"

/* A rate wrong by a permille only makes interrupts late by as much: early ones are armed again. */
#define MEASURE_US    500u
#define MEASURE_TRIES 4u
/* A second at the fastest bus clock fits the counter; longer waits are made of several. */
#define COUNT_MAX     UINT32_MAX

static bool use_deadline;
static u64 count_khz;

static void program(struct percpu *p)
{
	u64 due = MIN(p->timer_deadline_ns, p->watchdog_next_ns);

	if (use_deadline) {
		/* Deadline 0 disarms. */
		wrmsr(MSR_TSC_DEADLINE, due == NEVER_NS ? 0 : MAX(tsc_from_ns(due), 1ul));
		return;
	}
	if (due == NEVER_NS) {
		lapic_timer_oneshot(VECTOR_TIMER, 0);
		return;
	}
	u64 now = arch_now_ns();
	u64 wait_ns = due > now ? MIN(due - now, NSEC_PER_SEC * 2) : 0;
	u64 count = wait_ns * count_khz / NSEC_PER_MSEC + 1;

	lapic_timer_oneshot(VECTOR_TIMER, (u32)MIN(count, COUNT_MAX));
}

void arch_timer_arm(u64 deadline_ns)
{
	struct percpu *p = percpu_this();

	p->timer_deadline_ns = deadline_ns;
	program(p);
}

static void oneshot_interrupt(void)
{
	struct percpu *p = percpu_this();
	u64 now = arch_now_ns();

	watchdog_tick(now);
	if (now >= p->timer_deadline_ns) {
		p->timer_deadline_ns = NEVER_NS; /* one shot */
	}
	program(p);
}

/* One measurement; *doubt: how long the two readings took, in TSC ticks. */
static u64 measure_once(u64 *doubt)
{
	u64 before_start = rdtsc_ordered();

	lapic_timer_oneshot(VECTOR_TIMER, COUNT_MAX);

	u64 after_start = rdtsc_ordered();

	tsc_delay_us(MEASURE_US);

	u64 before_end = rdtsc_ordered();
	u32 remaining = lapic_timer_remaining();
	u64 after_end = rdtsc_ordered();
	u64 elapsed = (before_end + after_end) / 2 - (before_start + after_start) / 2;

	lapic_timer_oneshot(VECTOR_TIMER, 0);
	*doubt = (after_start - before_start) + (after_end - before_end);
	return (u64)(COUNT_MAX - remaining) * arch_tsc_khz() / elapsed;
}

/* Counts per millisecond of the local APIC's timer: the least doubtful of several measurements,
 * since emulators and SMIs interrupt some. */
static u64 measure_count_khz(void)
{
	u64 best = UINT64_MAX;
	u64 khz = 0;

	for (u32 i = 0; i < MEASURE_TRIES; i++) {
		u64 doubt;
		u64 result = measure_once(&doubt);

		if (doubt < best) {
			best = doubt;
			khz = result;
		}
	}
	return khz;
}

int oneshot_init(void)
{
	traps_set_handler(VECTOR_TIMER, oneshot_interrupt);
	use_deadline = cpu_has(CPU_TSC_DEADLINE);
	if (use_deadline) {
		log_info("time: TSC-deadline timers");
		return ERR_OK;
	}
	count_khz = measure_count_khz();
	if (count_khz == 0) {
		log_error("time: the local APIC's timer does not run");
		return ERR_NODEV;
	}
	log_info("time: local APIC timers at %llu.%03llu MHz",
		 (unsigned long long)(count_khz / 1000), (unsigned long long)(count_khz % 1000));
	return ERR_OK;
}

void oneshot_start(void)
{
	struct percpu *p = percpu_this();

	if (use_deadline) {
		lapic_timer_deadline_mode(VECTOR_TIMER);
	}
	watchdog_start(arch_now_ns());
	program(p);
}
