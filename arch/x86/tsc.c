// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rate and agreement of the TSCs. The rate is measured, rounded to kHz so that arch_tsc_khz() and
 * arch_now_ns() say the same, and CPUID's word for it (leaf 15h) is taken only where the
 * measurement bears it out.
 */
#include "arch/x86/tsc.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/reftimer.h"
#include "arch/x86/regs.h"
#include "kernel/lib/clock.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"

/* 20 ms: with readings good to a microsecond the rate is good to 50 ppm, and boot does not notice.
 */
#define MEASURE_PER_SEC	   50u
#define SAMPLE_TRIES	   8u
/* A timer that does not move for this many TSC ticks is broken: a second at 4 GHz. */
#define DEAD_TICKS	   BIT(32)
/* CPUID is believed within 0.2 %. */
#define CPUID_PERMILLE_X10 20u

#define SYNC_ROUNDS	   64u
#define SYNC_MAX_US	   20000u
#define SYNC_TOLERANCE_NS  1000

static struct clock clock;
static u64 tsc_khz;

u64 arch_tsc(void)
{
	return rdtsc();
}

u64 arch_tsc_khz(void)
{
	return tsc_khz;
}

u64 arch_tsc_to_ns(u64 tsc)
{
	return clock_tsc_to_ns(&clock, tsc);
}

u64 arch_now_ns(void)
{
	return tsc_khz != 0 ? clock_tsc_to_ns(&clock, rdtsc()) : 0;
}

u64 tsc_from_ns(u64 ns)
{
	return clock_ns_to_tsc(&clock, ns);
}

void tsc_delay_us(u64 us)
{
	u64 start = rdtsc();

	while (rdtsc() - start < us * tsc_khz / 1000) {
		arch_relax();
	}
}

/* --- rate ------------------------------------------------------------------------------------- */

/* One instant on both clocks: the reading of the timer that took the least time, of several. */
static void sample(const struct reftimer *timer, u64 *tsc, u32 *reading)
{
	u64 best = UINT64_MAX;

	for (u32 i = 0; i < SAMPLE_TRIES; i++) {
		u64 before = rdtsc_ordered();
		u32 value = timer->read();
		u64 after = rdtsc_ordered();

		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*reading = value;
		}
	}
}

/* TSC ticks per second, or 0 when the timer stands still. */
static u64 measure_hz(const struct reftimer *timer)
{
	u64 tsc_start, tsc_end;
	u32 start, end;

	sample(timer, &tsc_start, &start);
	while (((timer->read() - start) & timer->mask) < timer->hz / MEASURE_PER_SEC) {
		if (rdtsc() - tsc_start > DEAD_TICKS) {
			return 0;
		}
		arch_relax();
	}
	sample(timer, &tsc_end, &end);
	return (tsc_end - tsc_start) * timer->hz / ((end - start) & timer->mask);
}

/* The rate by CPUID leaf 15h (SDM vol. 3, 19.7.3), 0: not told. */
static u64 cpuid_hz(void)
{
	if (cpuid(0, 0).eax < 0x15) {
		return 0;
	}
	struct cpuid_regs r = cpuid(0x15, 0);

	return r.eax != 0 ? (u64)r.ecx * r.ebx / r.eax : 0;
}

int tsc_init(void)
{
	u64 base = rdtsc();
	struct reftimer timer = {0};
	u64 hz = 0;

	for (u32 i = 0; hz == 0 && reftimer_get(i, &timer); i++) {
		hz = measure_hz(&timer);
		if (hz == 0) {
			log_warn("time: the %s does not run", timer.name);
		}
	}
	if (hz / 1000 == 0 || hz / 1000 > CLOCK_KHZ_MAX) {
		log_error("time: no usable timer to measure the TSC by (HPET, PM timer, PIT)");
		return ERR_NODEV;
	}
	u64 told = cpuid_hz();
	u64 off = told > hz ? told - hz : hz - told;
	bool believe = told != 0 && off <= hz * CPUID_PERMILLE_X10 / 10000;

	tsc_khz = ((believe ? told : hz) + 500) / 1000;
	clock_init(&clock, tsc_khz, base);
	log_info("time: TSC %llu.%03llu MHz by %s%s", (unsigned long long)(tsc_khz / 1000),
		 (unsigned long long)(tsc_khz % 1000), timer.name,
		 believe ? " and CPUID" : (told != 0 ? "; CPUID says otherwise" : ""));
	if (!cpu_has(CPU_INVARIANT_TSC) && !cpu_has(CPU_HYPERVISOR)) {
		log_warn("time: this CPU's TSC may change its rate or stop in idle states");
	}
	return ERR_OK;
}

/* --- agreement -------------------------------------------------------------------------------- */

/* The ping-pong: the bootstrap pCPU asks for round n, the other answers with its TSC. */
static struct {
	u32 asked aligned_to(64);
	u32 answered aligned_to(64);
	u64 tsc;
	s64 correction; /* ticks that the other shall add to its counter; then `asked` is SYNC_END
			 */
} sync aligned_to(64);
#define SYNC_END UINT32_MAX

static u64 worst_bound_ns; /* largest difference there can be, by what was measured */
static u32 corrected;

void tsc_sync_ap(void)
{
	for (u32 round = 1;; round++) {
		u32 asked;

		do {
			asked = __atomic_load_n(&sync.asked, __ATOMIC_ACQUIRE);
			arch_relax();
		} while (asked != round && asked != SYNC_END);
		if (asked == SYNC_END) {
			break;
		}
		sync.tsc = rdtsc_ordered();
		__atomic_store_n(&sync.answered, round, __ATOMIC_RELEASE);
	}
	if (sync.correction != 0) {
		wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) + (u64)sync.correction);
	}
	__atomic_store_n(&sync.answered, SYNC_END, __ATOMIC_RELEASE);
}

/* How far the other's counter is ahead (ticks), by the quickest of several rounds; *error: half of
 * its time. */
static s64 ping_pong(u64 *error)
{
	u64 start = rdtsc();
	u64 best = UINT64_MAX;
	s64 ahead = 0;

	for (u32 round = 1; round <= SYNC_ROUNDS; round++) {
		u64 before = rdtsc_ordered();

		__atomic_store_n(&sync.asked, round, __ATOMIC_RELEASE);
		while (__atomic_load_n(&sync.answered, __ATOMIC_ACQUIRE) != round) {
			arch_relax();
		}
		u64 after = rdtsc_ordered();

		if (after - before < best) {
			best = after - before;
			ahead = (s64)(sync.tsc - (before + best / 2));
		}
		if (after - start > SYNC_MAX_US * tsc_khz / 1000) {
			break;
		}
	}
	*error = best / 2;
	return ahead;
}

static u64 ticks_to_ns(u64 ticks)
{
	return ticks * 1000000 / tsc_khz;
}

void tsc_sync_bsp(const struct percpu *ap)
{
	u64 error;
	s64 ahead = ping_pong(&error);
	u64 off_ns = ticks_to_ns((u64)(ahead < 0 ? -ahead : ahead));
	u64 error_ns = ticks_to_ns(error);
	bool differs = off_ns > error_ns + SYNC_TOLERANCE_NS;

	sync.correction = differs && cpu_has(CPU_TSC_ADJUST) ? -ahead : 0;
	corrected += sync.correction != 0 ? 1 : 0;
	__atomic_store_n(&sync.asked, SYNC_END, __ATOMIC_RELEASE);
	while (__atomic_load_n(&sync.answered, __ATOMIC_ACQUIRE) != SYNC_END) {
		arch_relax();
	}
	__atomic_store_n(&sync.asked, 0, __ATOMIC_RELEASE);
	if (differs && sync.correction == 0) {
		log_warn("time: the TSC of pCPU %u is %llu ns %s and cannot be set", ap->id,
			 (unsigned long long)off_ns, ahead < 0 ? "behind" : "ahead");
	}
	worst_bound_ns = MAX(worst_bound_ns, error_ns + (sync.correction == 0 ? off_ns : 0));
}

void tsc_sync_report(void)
{
	if (arch_pcpu_count() > 1) {
		log_info("time: TSCs of all pCPUs agree within %llu ns%s",
			 (unsigned long long)worst_bound_ns,
			 corrected != 0 ? ", some after correction" : "");
	}
}
