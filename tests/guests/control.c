// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control and debug registers: what may be set reads back, what may not faults and changes nothing
 * (SDM volume 2, "MOV - Move to/from Control Registers"); single-stepping over writes that exit;
 * debug registers of two CPUs.
 */
#include "guest-tools/abi/evenkeel.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define CR4_MCE BIT(6)
#define CR4_PGE BIT(7)

static void set_cr0(void *arg)
{
	write_cr0((u64)(uintptr_t)arg);
}

static void set_cr4(void *arg)
{
	write_cr4((u64)(uintptr_t)arg);
}

static void set_cr8(void *arg)
{
	__asm__ volatile("mov %0, %%cr8" : : "r"((u64)(uintptr_t)arg));
}

static u64 get_cr8(void)
{
	u64 v;

	__asm__ volatile("mov %%cr8, %0" : "=r"(v));
	return v;
}

/* Set, seen, cleared, seen. */
static void cr0_takes(const char *name, u64 bit)
{
	u64 was = read_cr0();

	write_cr0(was | bit);
	u64 set = read_cr0();

	write_cr0(was & ~bit);
	u64 clear = read_cr0();

	write_cr0(was);
	report(set == (was | bit) && clear == (was & ~bit), name, "%lx %lx of %lx", set, clear,
	       was);
}

static void cr4_takes(const char *name, u64 bit)
{
	u64 was = read_cr4();

	write_cr4(was | bit);
	u64 set = read_cr4();

	write_cr4(was & ~bit);
	u64 clear = read_cr4();

	write_cr4(was);
	report(set == (was | bit) && clear == (was & ~bit), name, "%lx %lx of %lx", set, clear,
	       was);
}

/* On QEMU's emulated CPU, also below Evenkeel. */
static bool is_tcg(void)
{
	char cpu[8];

	return cmdline_word("cpu", cpu, sizeof(cpu)) && cpu[0] == 't';
}

static bool is_evenkeel(void)
{
	return (cpuid(1, 0).ecx >> 31) != 0 && cpuid(EVK_CPUID_BASE, 0).ebx == EVK_SIGNATURE_EBX;
}

static void test_cr0_faults(u64 was)
{
	expect_fault("CR0.NW without CD", VEC_GP, 0, set_cr0, (void *)(was | CR0_NW));
	expect_fault("CR0 above bit 31", VEC_GP, 0, set_cr0, (void *)(was | BIT(32)));
	expect_fault("CR0.PG cleared in 64-bit code", VEC_GP, 0, set_cr0, (void *)(was & ~CR0_PG));
	expect_fault("CR0.PG without PE", VEC_GP, 0, set_cr0, (void *)(was & ~BIT(0)));
	expect_fault("CR0.PG cleared, CD set", VEC_GP, 0, set_cr0,
		     (void *)((was & ~CR0_PG) | CR0_CD));
}

static void test_cr0(void)
{
	u64 was = read_cr0();

	cr0_takes("CR0.CD", CR0_CD);
	cr0_takes("CR0.CD and NW", CR0_CD | CR0_NW);
	cr0_takes("CR0.NE", BIT(5));
	cr0_takes("CR0.WP", BIT(16));
	if (is_tcg()) {
		report_skip("CR0 values that fault", "QEMU's CPU takes them");
	} else {
		test_cr0_faults(was);
	}
	report(read_cr0() == was, "CR0 as before", "%lx, was %lx", read_cr0(), was);
}

/* CR4 bits and the CPUID bits of their features. */
static const struct {
	const char *name;
	u64 cr4;
	u32 leaf;
	u8 ecx, bit;
} cr4_features[] = {
	{"CR4.UMIP", BIT(11), 7, 1, 2},	    {"CR4.LA57", BIT(12), 7, 1, 16},
	{"CR4.VMXE", BIT(13), 1, 1, 5},	    {"CR4.SMXE", BIT(14), 1, 1, 6},
	{"CR4.FSGSBASE", BIT(16), 7, 0, 0}, {"CR4.PCIDE", BIT(17), 1, 1, 17},
	{"CR4.OSXSAVE", BIT(18), 1, 1, 26}, {"CR4.SMEP", BIT(20), 7, 0, 7},
	{"CR4.SMAP", BIT(21), 7, 0, 20},    {"CR4.PKE", BIT(22), 7, 1, 3},
	{"CR4.CET", BIT(23), 7, 1, 7},
};

/* What CPUID does not show cannot be turned on. LA57 never can in long mode. */
static void test_cr4_features(u64 was)
{
	for (u32 i = 0; i < ARRAY_SIZE(cr4_features); i++) {
		u32 leaf = cr4_features[i].leaf;
		struct cpuid r = cpuid(leaf, 0);
		u32 reg = cr4_features[i].ecx != 0 ? r.ecx : r.ebx;

		if (cpuid(0, 0).eax >= leaf && (reg >> cr4_features[i].bit & 1) != 0) {
			continue;
		}
		expect_fault(cr4_features[i].name, VEC_GP, 0, set_cr4,
			     (void *)(was | cr4_features[i].cr4));
	}
}

static void test_cr4_faults(u64 was)
{
	test_cr4_features(was);
	expect_fault("CR4.PAE cleared in long mode", VEC_GP, 0, set_cr4, (void *)(was & ~CR4_PAE));
	expect_fault("CR4 bit 31", VEC_GP, 0, set_cr4, (void *)(was | BIT(31)));
	expect_fault("CR4 above bit 31", VEC_GP, 0, set_cr4, (void *)(was | BIT(40)));
}

static void test_cr4(void)
{
	u64 was = read_cr4();

	cr4_takes("CR4.MCE", CR4_MCE);
	cr4_takes("CR4.PGE", CR4_PGE);
	cr4_takes("CR4.MCE and PGE", CR4_MCE | CR4_PGE);
	if (is_tcg() && !is_evenkeel()) {
		report_skip("CR4 values that fault", "QEMU's CPU takes them");
	} else {
		test_cr4_faults(was);
	}
	report(read_cr4() == was, "CR4 as before", "%lx, was %lx", read_cr4(), was);
}

static void test_cr8(void)
{
	set_cr8((void *)9);
	report(get_cr8() == 9 && lapic_read(0x80) == 0x90, "CR8 and TPR", "%lu, TPR %x", get_cr8(),
	       lapic_read(0x80));
	lapic_write(0x80, 0x35);
	report(get_cr8() == 3, "TPR and CR8", "%lu", get_cr8());
	if (is_tcg()) {
		report_skip("CR8 above 15", "QEMU's CPU takes it");
	} else {
		expect_fault("CR8 above 15", VEC_GP, 0, set_cr8, (void *)16);
	}
	set_cr8(NULL);
}

static volatile u32 steps;
static volatile u64 step_rip;

static void on_db(struct trap_frame *frame)
{
	steps++;
	step_rip = frame->rip;
	frame->rflags &= ~BIT(8);
}

/* The trap comes behind the one instruction executed with TF set, here one that hypervisors may
 * have to carry out themselves. */
static void test_single_step(void)
{
	u64 was = read_cr0(), behind;

	trap_handle(VEC_DB, on_db);
	steps = 0;
	write_dr6(0);
	__asm__ volatile("lea 1f(%%rip), %0; pushfq; orq $0x100, (%%rsp); popfq; mov %1, %%cr0; "
			 "1: nop"
			 : "=&r"(behind)
			 : "r"(was ^ CR0_CD)
			 : "memory", "cc");
	u64 dr6 = read_dr6();

	write_cr0(was);
	report(steps == 1 && step_rip == behind && (dr6 & BIT(14)) != 0, "single step over CR0.CD",
	       "%u traps, %ld bytes off, DR6 %lx", steps, (long)(step_rip - behind), dr6);
	trap_handle(VEC_DB, NULL);
}

/* --- registers that hardware may not switch with the guest ------------------------------------ */

#define ROUNDS 20u

static volatile u32 differences;

static u64 pattern(u32 index, u32 n)
{
	return (0x1000ull * (n + 1) + index * 0x100000ull) & ~7ull;
}

static u64 read_register(u32 n)
{
	static const u32 msrs[] = {MSR_LSTAR, MSR_CSTAR, MSR_KERNEL_GS_BASE};
	u64 v;

	switch (n) {
	case 0:
		__asm__ volatile("mov %%dr0, %0" : "=r"(v));
		return v;
	case 1:
		__asm__ volatile("mov %%dr3, %0" : "=r"(v));
		return v;
	case 2:
		return read_cr2();
	default:
		return rdmsr(msrs[n - 3]);
	}
}

static void write_register(u32 n, u64 v)
{
	static const u32 msrs[] = {MSR_LSTAR, MSR_CSTAR, MSR_KERNEL_GS_BASE};

	switch (n) {
	case 0:
		__asm__ volatile("mov %0, %%dr0" : : "r"(v));
		break;
	case 1:
		__asm__ volatile("mov %0, %%dr3" : : "r"(v));
		break;
	case 2:
		__asm__ volatile("mov %0, %%cr2" : : "r"(v));
		break;
	default:
		wrmsr(msrs[n - 3], v);
	}
}

/* On both CPUs at once: each keeps its own, however often they take turns. */
static void keep_registers(void *arg)
{
	u32 index = cpu_this()->index;

	(void)arg;
	for (u32 n = 0; n < 6; n++) {
		write_register(n, pattern(index, n));
	}
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 end = clock_us() + 2000;

		while (clock_us() < end) {
			cpu_relax();
		}
		for (u32 n = 0; n < 6; n++) {
			if (read_register(n) != pattern(index, n)) {
				__atomic_add_fetch(&differences, 1, __ATOMIC_RELAXED);
			}
		}
	}
	for (u32 n = 0; n < 6; n++) {
		write_register(n, 0);
	}
}

static void test_registers(void)
{
	if (smp_start() < 2) {
		report_skip("registers of two CPUs", "one CPU");
		return;
	}
	bool done = smp_run_all(keep_registers, NULL, 5000);

	report(done && differences == 0, "registers of two CPUs", "%u differences", differences);
}

void guest_main(void)
{
	test_cr0();
	test_cr4();
	test_cr8();
	test_single_step();
	test_registers();
}
