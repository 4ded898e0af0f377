// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several CPUs: start by INIT-SIPI (the trampoline is real-mode code), IPIs of every kind between
 * them, a CPU parked by INIT and started again. SDM volume 3, 8.4 and 11.6. Run with 2 or more
 * CPUs.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_PING  0x51
#define PINGS	  200
#define LOGICAL_8 8

static volatile u32 hits[CPUS_MAX], nmis[CPUS_MAX];
static u32 count;

static void on_ping(struct trap_frame *frame)
{
	(void)frame;
	__atomic_fetch_add(&hits[cpu_this()->index], 1, __ATOMIC_RELAXED);
	lapic_eoi();
}

static void on_nmi(struct trap_frame *frame)
{
	(void)frame;
	__atomic_fetch_add(&nmis[cpu_this()->index], 1, __ATOMIC_RELAXED);
}

static void clear(void)
{
	for (u32 i = 0; i < count; i++) {
		hits[i] = nmis[i] = 0;
	}
}

static u32 sum(volatile u32 *counters)
{
	u32 n = 0;

	for (u32 i = 0; i < count; i++) {
		n += counters[i];
	}
	return n;
}

/* Waits until all CPUs together have got `n`, then a little for surplus ones. */
static u32 settle(volatile u32 *counters, u32 n)
{
	wait_for_irq(sum(counters) >= n, 2000);
	u64 end = clock_us() + 2000;
	wait_for_irq(clock_us() >= end, 100);
	return sum(counters);
}

#define ANY CPUS_MAX

/* `n` in all, all of them at CPU `where` unless that is ANY. */
static void expect(const char *name, volatile u32 *counters, u32 n, u32 where)
{
	u32 seen = settle(counters, n);

	report(seen == n && (where == ANY || counters[where] == n), name, "%u of %u, self %u", seen,
	       n, counters[0]);
}

static void test_fixed(void)
{
	u32 good = 0;

	for (u32 i = 1; i < count; i++) {
		clear();
		lapic_icr(cpus[i].apic_id, ICR_FIXED | ICR_ASSERT | VEC_PING);
		good += settle(hits, 1) == 1 && hits[i] == 1;
	}
	report(good == count - 1, "fixed IPI to each", "%u of %u", good, count - 1);
	clear();
	u32 lost = 0;
	for (u32 i = 0; i < PINGS; i++) {
		u32 before = hits[1];
		lapic_icr(cpus[1].apic_id, ICR_FIXED | ICR_ASSERT | VEC_PING);
		lost += !wait_for(hits[1] == before + 1, 2000);
	}
	report(lost == 0, "IPIs wake from HLT", "%u lost of %u", lost, PINGS);
}

static void test_shorthands(void)
{
	clear();
	lapic_icr(0, ICR_ALL_OTHER | ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("all but self", hits, count - 1, ANY);
	report(hits[0] == 0, "all but self spares self", "%u", hits[0]);
	clear();
	lapic_icr(0, ICR_ALL | ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("all and self", hits, count, ANY);
	clear();
	lapic_icr(lapic_x2apic() ? 0xffffffff : 0xff, ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("broadcast destination", hits, count, ANY);
	clear();
	lapic_icr(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("self", hits, 1, 0);
	clear();
	lapic_icr(lapic_x2apic() ? 0x7ff0 : 0x7f, ICR_FIXED | ICR_ASSERT | VEC_PING);
	clock_delay_us(2000);
	expect("no such CPU", hits, 0, ANY);
}

static void test_logical(void)
{
	if (count > LOGICAL_8) {
		report_skip("logical destinations", "flat model has 8 CPUs");
		return;
	}
	clear();
	lapic_icr(2, ICR_LOGICAL | ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("logical, one", hits, 1, 1);
	clear();
	lapic_icr((1u << count) - 1, ICR_LOGICAL | ICR_FIXED | ICR_ASSERT | VEC_PING);
	expect("logical, all", hits, count, ANY);
	clear();
	lapic_icr((1u << count) - 1, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | VEC_PING);
	expect("lowest priority goes to one", hits, 1, ANY);
}

static void test_nmi(void)
{
	trap_handle(VEC_NMI, on_nmi);
	clear();
	lapic_icr(cpus[1].apic_id, ICR_NMI | ICR_ASSERT);
	expect("NMI IPI", nmis, 1, 1);
	clear();
	lapic_icr(0, ICR_ALL_OTHER | ICR_NMI | ICR_ASSERT);
	expect("NMI to all others", nmis, count - 1, ANY);
}

/* cli; hlt wakes for an NMI only. */
static void halt_without_interrupts(void *arg)
{
	volatile u32 *woken = arg;

	irq_disable();
	*woken = 1;
	halt();
	*woken = 2;
}

static void test_nmi_wakes(void)
{
	static volatile u32 woken;

	clear();
	woken = 0;
	smp_run(1, halt_without_interrupts, (void *)&woken);
	wait_for(woken == 1, 1000);
	clock_delay_us(2000);
	lapic_icr(cpus[1].apic_id, ICR_FIXED | ICR_ASSERT | VEC_PING);
	clock_delay_us(5000);
	report(woken == 1 && hits[1] == 0, "cli; hlt ignores interrupts", "state %u", woken);
	lapic_icr(cpus[1].apic_id, ICR_NMI | ICR_ASSERT);
	wait_for(woken == 2, 1000);
	report(woken == 2 && nmis[1] == 1, "cli; hlt wakes for NMI", "state %u, NMIs %u", woken,
	       nmis[1]);
	smp_wait(1, 1000);
	expect("held interrupt follows", hits, 1, 1);
}

static void spin_forever(void *arg)
{
	volatile u32 *n = arg;

	irq_disable();
	for (;;) {
		(*n)++;
	}
}

static bool stands_still(const volatile u32 *counter)
{
	u32 before = *counter;

	clock_delay_us(20000);
	return *counter == before;
}

static void test_init(void)
{
	static volatile u32 spins;

	smp_run(1, spin_forever, (void *)&spins);
	wait_for(spins > 0, 1000);
	lapic_icr(cpus[1].apic_id, ICR_INIT | ICR_ASSERT | ICR_LEVEL);
	/* When it arrives is a matter of load. */
	bool parked = wait_for(stands_still(&spins), 2000);
	report(parked && spins != 0, "INIT parks a running CPU", "%u spins", spins);
	clear();
	lapic_icr(cpus[1].apic_id, ICR_FIXED | ICR_ASSERT | VEC_PING);
	lapic_icr(cpus[1].apic_id, ICR_NMI | ICR_ASSERT);
	clock_delay_us(5000);
	report(hits[1] == 0 && nmis[1] == 0, "parked CPU takes no IPIs", "%u, %u", hits[1],
	       nmis[1]);
	bool up = smp_start_one(1);
	report(up, "started again", "online %u", up);
	if (up) {
		clear();
		lapic_icr(cpus[1].apic_id, ICR_FIXED | ICR_ASSERT | VEC_PING);
		expect("takes IPIs again", hits, 1, 1);
	}
}

static u32 storm_seen[CPUS_MAX];

/* Everybody interrupts everybody. */
static void storm(void *arg)
{
	u32 me = cpu_this()->index;

	(void)arg;
	irq_enable();
	for (u32 i = 0; i < PINGS; i++) {
		lapic_icr(cpus[(me + 1 + i % (count - 1)) % count].apic_id,
			  ICR_FIXED | ICR_ASSERT | VEC_PING);
	}
	irq_disable();
	storm_seen[me] = hits[me];
}

static void enter_x2apic(void *arg)
{
	(void)arg;
	lapic_enter_x2apic();
}

void guest_main(void)
{
	count = cpu_count();
	if (count < 2) {
		report_skip("ipi", "one CPU");
		return;
	}
	trap_handle(VEC_PING, on_ping);
	u32 running = smp_start();
	if (!report(running == count, "INIT-SIPI", "%u of %u run", running, count)) {
		return;
	}
	test_fixed();
	test_shorthands();
	test_logical();
	test_nmi();
	test_nmi_wakes();
	clear();
	bool done = smp_run_all(storm, NULL, 10000);
	settle(hits, 1);
	report(done && sum(hits) >= count, "storm", "%u interrupts for %u IPIs", sum(hits),
	       count * PINGS);
	test_init();
	if ((cpuid(1, 0).ecx & BIT(21)) == 0) {
		report_skip("x2APIC IPIs", "not offered by CPUID");
		return;
	}
	smp_run_all(enter_x2apic, NULL, 1000);
	test_fixed();
	test_shorthands();
	test_nmi();
}
