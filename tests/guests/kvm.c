// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's guest interface (guest-tools/abi/kvm.h): leaves, kvmclock against the TSC and between CPUs,
 * steal time, for which two vCPUs share one pCPU, and addresses and calls that must be refused.
 */
#include "guest-tools/abi/evenkeel.h"
#include "guest-tools/abi/kvm.h"
#include "guest-tools/abi/vmware.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/steal.h"
#include "kernel/lib/string.h"

#define RACE_ROUNDS 1000u

static volatile struct kvm_clock clocks[2] aligned_to(64);
static volatile struct kvm_steal_time steals[1] aligned_to(64);

/* --- leaves and calls ------------------------------------------------------------------------- */

static void test_leaves(void)
{
	struct cpuid base = cpuid(KVM_CPUID_BASE, 0), features = cpuid(KVM_CPUID_FEATURES, 0);
	u64 measured = clock_tsc_khz(), told = cpuid(KVM_CPUID_TIMING, 0).eax;

	report(memcmp(&base.ebx, "KVMKVMKVM\0\0\0", 12) == 0 && base.eax >= KVM_CPUID_FEATURES,
	       "signature", "up to 0x%x", base.eax);
	report(features.eax == (KVM_FEATURE_NOP_IO_DELAY | KVM_FEATURE_CLOCKSOURCE2 |
				KVM_FEATURE_STEAL_TIME | KVM_FEATURE_CLOCKSOURCE_STABLE),
	       "features", "%x", features.eax);
	report(told > measured - measured / 50 && told < measured + measured / 50, "TSC rate",
	       "told %lu kHz, measured %lu", told, measured);
}

static s64 hypercall(u64 number)
{
	s64 result = (s64)number;

	if ((cpuid(EVK_CPUID_VERSION, 0).ebx & EVK_FEATURE_VMMCALL) != 0) {
		__asm__ volatile("vmmcall" : "+a"(result) : : "memory");
	} else {
		__asm__ volatile("vmcall" : "+a"(result) : : "memory");
	}
	return result;
}

static void user_inl(void)
{
	__asm__ volatile("inl %%dx, %%eax; int $0x80"
			 :
			 : "a"(VMWARE_MAGIC), "c"(VMWARE_GETVERSION), "d"(VMWARE_PORT)
			 : "memory", "rbx");
}

static void test_calls(void)
{
	u32 eax = VMWARE_MAGIC, ebx = 0;

	report(hypercall(5) == KVM_ENOSYS, "no KVM call is offered", "%ld", hypercall(5));
	report(hypercall(EVK_CALL_VERSION) == EVK_ABI_VERSION, "Evenkeel's calls stand beside",
	       "%ld", hypercall(EVK_CALL_VERSION));
	report(hypercall(VMWARE_MAGIC) == KVM_ENOSYS, "VMware's call is not offered", "%ld",
	       hypercall(VMWARE_MAGIC));
	__asm__ volatile("inl %%dx, %%eax"
			 : "+a"(eax), "+b"(ebx)
			 : "c"(VMWARE_GETVERSION), "d"(VMWARE_PORT)
			 : "memory");
	report(eax == UINT32_MAX && ebx == 0, "VMware's port is not offered", "%x %x", eax, ebx);
	int vector = user_try(user_inl, 0);

	report(vector == VEC_GP, "nor in user mode", "vector %d", vector);
}

/* --- kvmclock --------------------------------------------------------------------------------- */

static u64 address_of(const volatile void *p)
{
	return (u64)(uintptr_t)p;
}

/* The time that a page tells, by the protocol. */
static u64 clock_read(const volatile struct kvm_clock *c)
{
	u32 version;
	u64 ns;

	do {
		version = c->version & ~1u;
		__asm__ volatile("lfence" : : : "memory");
		u64 ticks = rdtsc() - c->tsc_timestamp;

		ticks = c->tsc_shift >= 0 ? ticks << c->tsc_shift : ticks >> -c->tsc_shift;
		ns = c->system_time + (u64)((unsigned __int128)ticks * c->tsc_to_system_mul >> 32);
		__asm__ volatile("lfence" : : : "memory");
	} while (c->version != version);
	return ns;
}

static void test_clock(void)
{
	bool on = wrmsr_safe(KVM_MSR_SYSTEM_TIME, address_of(&clocks[0]) | KVM_MSR_ON);
	u64 from_us = clock_us(), from = clock_read(&clocks[0]);

	report(on && clocks[0].version != 0 && clocks[0].version % 2 == 0, "clock page is filled",
	       "version %u", clocks[0].version);
	report(rdmsr(KVM_MSR_SYSTEM_TIME) == (address_of(&clocks[0]) | KVM_MSR_ON),
	       "MSR reads as written", "%lx", rdmsr(KVM_MSR_SYSTEM_TIME));
	clock_delay_us(50000);
	u64 passed = clock_read(&clocks[0]) - from, by_tsc = (clock_us() - from_us) * 1000;

	/* The TSC's rate is measured here, and told there. */
	report(passed > 50000000 - 1000000 && passed < by_tsc + by_tsc / 50, "system time goes on",
	       "%lu ns, TSC %lu", passed, by_tsc);
	report((clocks[0].flags & KVM_CLOCK_TSC_STABLE) != 0, "the same on all CPUs", "flags %x",
	       clocks[0].flags);
}

static void test_wall_clock(void)
{
	static volatile struct kvm_wall_clock wall;
	bool written = wrmsr_safe(KVM_MSR_WALL_CLOCK, address_of(&wall));

	report(written && wall.version != 0 && wall.version % 2 == 0 && wall.sec > 1577836800 &&
		       wall.nsec < 1000000000,
	       "calendar time", "%u.%u", wall.sec, wall.nsec);
}

static volatile u64 newest;
static volatile u32 behind;

/* Whoever reads later reads more, on whichever CPU. */
static void race(void *arg)
{
	u32 me = cpu_this()->index;

	(void)arg;
	for (u32 i = 0; i < RACE_ROUNDS; i++) {
		u64 before = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
		u64 now = clock_read(&clocks[me]);

		if (now < before) {
			__atomic_add_fetch(&behind, 1, __ATOMIC_RELAXED);
		}
		if (now > before) {
			__atomic_compare_exchange_n(&newest, &before, now, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED);
		}
	}
}

static void clock_on(void *arg)
{
	wrmsr(KVM_MSR_SYSTEM_TIME, address_of(arg) | KVM_MSR_ON);
}

static void test_clock_smp(void)
{
	smp_run(1, clock_on, (void *)&clocks[1]);
	smp_wait(1, 5000);
	bool ended = smp_run_all(race, NULL, 10000);

	report(ended && behind == 0, "never behind the other CPU", "%u of %u times", behind,
	       2 * RACE_ROUNDS);
}

/* System time is the VM's: it does not follow a TSC that the guest moves. */
static void test_clock_moved(void)
{
	u64 from = clock_read(&clocks[0]);

	wrmsr(MSR_TSC, rdmsr(MSR_TSC) + (1ull << 40));
	u64 passed = clock_read(&clocks[0]) - from;

	report(passed < 10 * NSEC_PER_SEC, "a moved TSC moves no time", "%lu ns", passed);
	report(clocks[0].flags == 0, "no longer the same on all CPUs", "flags %x", clocks[0].flags);
	wrmsr(MSR_TSC, rdmsr(MSR_TSC) - (1ull << 40));
}

/* --- what is refused -------------------------------------------------------------------------- */

static void test_refused(void)
{
	const struct {
		const char *name;
		u32 msr;
		u64 value;
	} cases[] = {
		{"system time: reserved bit", KVM_MSR_SYSTEM_TIME, address_of(clocks) | 3},
		{"system time: no RAM", KVM_MSR_SYSTEM_TIME, 0xfee00000 | KVM_MSR_ON},
		{"system time: half beyond RAM", KVM_MSR_SYSTEM_TIME,
		 (ram_top() - 16) | KVM_MSR_ON},
		{"system time: nowhere", KVM_MSR_SYSTEM_TIME, 0xfffffffffffffffd},
		{"wall clock: not aligned", KVM_MSR_WALL_CLOCK, address_of(clocks) | 1},
		{"wall clock: no RAM", KVM_MSR_WALL_CLOCK, ram_top()},
		{"steal time: not aligned", KVM_MSR_STEAL_TIME,
		 (address_of(steals) + 32) | KVM_MSR_ON},
		{"steal time: reserved bit", KVM_MSR_STEAL_TIME, address_of(steals) | 2},
		{"steal time: no RAM", KVM_MSR_STEAL_TIME, ram_top() | KVM_MSR_ON},
		{"steal time: nowhere", KVM_MSR_STEAL_TIME, 0xffffffffffffffc1},
		{"legacy system time", 0x12, address_of(clocks) | KVM_MSR_ON},
		{"asynchronous page faults", 0x4b564d02, 0},
		{"EOI by memory", 0x4b564d04, 0},
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		bool written = wrmsr_safe(cases[i].msr, cases[i].value);

		report_pc(!written, cases[i].name, "%s", written ? "accepted" : "#GP");
	}
}

/* --- steal time ------------------------------------------------------------------------------- */

static volatile u32 seen_preempted;

/* Looks at vCPU 0 while it runs itself: then the other does not. */
static void look(void)
{
	seen_preempted += steals[0].preempted == KVM_PREEMPTED;
}

static u64 steal_read_us(void)
{
	u32 version;
	u64 steal;

	do {
		version = steals[0].version & ~1u;
		steal = steals[0].steal;
	} while (steals[0].version != version);
	return steal / 1000;
}

static void test_steal(void)
{
	bool on = wrmsr_safe(KVM_MSR_STEAL_TIME, address_of(steals) | KVM_MSR_ON);

	report(on && steals[0].version % 2 == 0 && steals[0].version != 0, "steal time is filled",
	       "version %u", steals[0].version);
	steal_watch(steal_read_us, look);
	report(seen_preempted != 0, "pre-empted shows to others", "%u times", seen_preempted);
	report(steals[0].preempted == 0, "and ends", "%u", steals[0].preempted);
	wrmsr(KVM_MSR_STEAL_TIME, 0);
}

void guest_main(void)
{
	test_leaves();
	test_calls();
	test_clock();
	test_wall_clock();
	irq_enable(); /* the other vCPU gets its turn: see lib/steal.c */
	u32 running = smp_start();

	irq_disable();
	if (running >= 2) {
		test_clock_smp();
		test_steal();
	} else {
		report(false, "two CPUs", "the second does not start");
	}
	test_clock_moved();
	test_refused();
}
