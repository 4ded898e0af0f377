// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID tells the truth: what a leaf offers works, what it denies faults, topology is consistent,
 * bits that follow CR4, XCR0 or the APIC do so, and all CPUs say the same. SDM volume 2 "CPUID",
 * APM volume 3 appendix E.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "kernel/lib/string.h"

static u32 max_basic, max_extended;

static void test_leaves(void)
{
	char vendor[13] = "";
	struct cpuid l0 = cpuid(0, 0), beyond;

	memcpy(vendor, &l0.ebx, 4);
	memcpy(vendor + 4, &l0.edx, 4);
	memcpy(vendor + 8, &l0.ecx, 4);
	max_basic = l0.eax;
	max_extended = cpuid(0x80000000, 0).eax;
	report(max_basic >= 1 && max_basic < 0x40, "highest basic leaf", "0x%x, %s", max_basic,
	       vendor);
	report(max_extended >= 0x80000008 && max_extended < 0x80000040, "highest extended leaf",
	       "0x%x", max_extended);
	struct cpuid e0 = cpuid(0x80000000, 0);
	bool amd = strcmp(vendor, "AuthenticAMD") == 0 || strcmp(vendor, "HygonGenuine") == 0;
	report(!amd || (e0.ebx == l0.ebx && e0.ecx == l0.ecx), "vendor in both ranges", "%x",
	       e0.ebx);
	beyond = cpuid(0x8fffffff, 0);
	report_pc(!amd || (beyond.eax | beyond.ebx | beyond.ecx | beyond.edx) == 0,
		  "leaf beyond the last", "%x %x %x %x", beyond.eax, beyond.ebx, beyond.ecx,
		  beyond.edx);
}

static void test_hypervisor(void)
{
	bool bit = (cpuid(1, 0).ecx & BIT(31)) != 0;
	struct cpuid h = cpuid(0x40000000, 0);
	char name[13] = "";

	memcpy(name, &h.ebx, 4);
	memcpy(name + 4, &h.ecx, 4);
	memcpy(name + 8, &h.edx, 4);
	for (u32 i = 0; i < 12; i++) {
		name[i] = name[i] != 0 && (name[i] < ' ' || name[i] > '~') ? '?' : name[i];
	}
	if (bit) {
		report(h.eax >= 0x40000000 && h.eax < 0x40010000, "hypervisor leaves",
		       "%s, up to 0x%x", name, h.eax);
	} else {
		report(memcmp(name, "VMware", 6) != 0 && memcmp(name, "KVMKVM", 6) != 0 &&
			       memcmp(name, "TCG", 3) != 0,
		       "no hypervisor shows", "%s", name);
	}
}

static void test_osxsave(void)
{
	bool xsave = (cpuid(1, 0).ecx & BIT(26)) != 0;

	if (!xsave) {
		report_skip("OSXSAVE", "no XSAVE");
		report((cpuid(1, 0).ecx & (BIT(27) | BIT(28))) == 0, "no AVX without XSAVE",
		       "ECX %x", cpuid(1, 0).ecx);
		return;
	}
	report((cpuid(1, 0).ecx & BIT(27)) == 0, "OSXSAVE clear", "CR4 %lx", read_cr4());
	write_cr4(read_cr4() | CR4_OSXSAVE);
	report((cpuid(1, 0).ecx & BIT(27)) != 0, "OSXSAVE follows CR4", "CR4 %lx", read_cr4());
}

static void do_bad_xcr0(void *arg)
{
	xsetbv(0, (u64)(uintptr_t)arg);
}

static void test_xsave_sizes(void)
{
	if ((cpuid(1, 0).ecx & BIT(27)) == 0 || max_basic < 0xd) {
		report_skip("XSAVE sizes", "no XSAVE");
		return;
	}
	struct cpuid main = cpuid(0xd, 0);
	u64 offered = (u64)main.edx << 32 | main.eax;
	u32 largest = 576;

	report((offered & 3) == 3, "XCR0 bits offered", "0x%lx", offered);
	for (u32 i = 2; i < 63; i++) {
		if ((offered >> i & 1) != 0) {
			struct cpuid c = cpuid(0xd, i);
			largest = MAX(largest, c.eax + c.ebx);
		}
	}
	report(main.ecx == largest, "size of all components", "%u, components reach %u", main.ecx,
	       largest);
	xsetbv(0, 3);
	report(xgetbv(0) == 3 && cpuid(0xd, 0).ebx == 576, "size of x87 and SSE", "%u",
	       cpuid(0xd, 0).ebx);
	if ((offered & 4) != 0) {
		struct cpuid avx = cpuid(0xd, 2);
		xsetbv(0, 7);
		report(cpuid(0xd, 0).ebx == avx.eax + avx.ebx, "size with AVX", "%u",
		       cpuid(0xd, 0).ebx);
	}
	expect_fault("XCR0 without x87", VEC_GP, 0, do_bad_xcr0, (void *)2);
	expect_fault("XCR0 with AVX but no SSE", VEC_GP, 0, do_bad_xcr0, (void *)5);
	expect_fault("XCR0 with bits not offered", VEC_GP, 0, do_bad_xcr0,
		     (void *)(uintptr_t)(1ull << 62 | 3));
	xsetbv(0, 3);
}

/* Leaves whose answers depend on the CPU are compared without the parts that do. */
static const u32 common_leaves[] = {0, 7, 0xd, 0x15, 0x80000000, 0x80000001, 0x80000008};
static struct cpuid seen[ARRAY_SIZE(common_leaves)];
static u32 differences, ids_wrong;
static u32 leaf1_edx;

static void compare_leaves(void *arg)
{
	(void)arg;
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	for (u32 i = 0; i < ARRAY_SIZE(common_leaves); i++) {
		struct cpuid c = cpuid(common_leaves[i], 0);
		if (common_leaves[i] == 0xd) {
			c.ebx = 0;
		}
		differences += memcmp(&c, &seen[i], sizeof(c)) != 0;
	}
	differences += cpuid(1, 0).edx != leaf1_edx;
	ids_wrong += cpuid(1, 0).ebx >> 24 != (lapic_id() & 0xff);
	ids_wrong += max_basic >= 0xb && cpuid(0xb, 0).edx != lapic_id();
}

static void test_all_cpus(void)
{
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	leaf1_edx = cpuid(1, 0).edx;
	for (u32 i = 0; i < ARRAY_SIZE(common_leaves); i++) {
		seen[i] = cpuid(common_leaves[i], 0);
		if (common_leaves[i] == 0xd) {
			seen[i].ebx = 0;
		}
	}
	u32 running = smp_start();
	compare_leaves(NULL);
	for (u32 i = 1; i < cpu_count(); i++) {
		smp_run(i, compare_leaves, NULL);
		smp_wait(i, 2000);
	}
	report(differences == 0, "the same on all CPUs", "%u CPUs, %u differences", running,
	       differences);
	report(ids_wrong == 0, "APIC ids in leaves 1 and 0Bh", "%u wrong", ids_wrong);
}

static void test_topology(void)
{
	u32 logical = cpuid(1, 0).ebx >> 16 & 0xff;

	if (cpu_count() == 1) {
		report((cpuid(1, 0).edx & BIT(28)) == 0 || logical >= 1, "one CPU", "%u", logical);
	} else {
		report_pc((cpuid(1, 0).edx & BIT(28)) != 0 && logical >= cpu_count(),
			  "HTT and count", "%u of %u", logical, cpu_count());
	}
	if (max_basic < 0xb || cpuid(0xb, 0).ebx == 0) {
		report_skip("leaf 0Bh", "not there");
		return;
	}
	struct cpuid smt = cpuid(0xb, 0), core = cpuid(0xb, 1), end = cpuid(0xb, 2);
	report_pc((smt.ecx >> 8 & 0xff) == 1 && (core.ecx >> 8 & 0xff) == 2 &&
			  (end.ecx >> 8 & 0xff) == 0,
		  "leaf 0Bh levels", "%x %x %x", smt.ecx, core.ecx, end.ecx);
	report_pc((core.ebx & 0xffff) >= cpu_count() && core.eax >= smt.eax &&
			  (1u << core.eax) >= cpu_count(),
		  "leaf 0Bh counts", "%u threads, shift %u", core.ebx & 0xffff, core.eax);
}

static void do_rdtscp(void *arg)
{
	(void)arg;
	__asm__ volatile("rdtscp" : : : "rax", "rcx", "rdx");
}

static void do_vmrun(void *arg)
{
	(void)arg;
	__asm__ volatile("mov $0x1000, %%eax; vmrun" : : : "rax");
}

static void do_vmxon(void *arg)
{
	static u64 region;

	(void)arg;
	__asm__ volatile("vmxon %0" : : "m"(region));
}

static void do_avx(void *arg)
{
	(void)arg;
	__asm__ volatile("vzeroupper");
}

static void do_monitor(void *arg)
{
	__asm__ volatile("monitor" : : "a"(arg), "c"(0), "d"(0));
}

/* What a feature bit denies must not work, what it offers must. */
static void test_features_work(void)
{
	static u64 line;

	if ((cpuid(0x80000001, 0).edx & BIT(27)) != 0) {
		expect_no_fault("RDTSCP offered", do_rdtscp, NULL);
	}
	if ((cpuid(0x80000001, 0).ecx & BIT(2)) == 0) {
		expect_fault("no SVM: VMRUN", VEC_UD, 0, do_vmrun, NULL);
	}
	if ((cpuid(1, 0).ecx & BIT(5)) == 0) {
		expect_fault("no VMX: VMXON", VEC_UD, 0, do_vmxon, NULL);
	}
	if ((cpuid(1, 0).ecx & BIT(3)) == 0) {
		int v = trap_try(do_monitor, &line);
		report_tcg(v == VEC_UD, "no MONITOR: MONITOR", "vector %d", v);
	} else {
		expect_no_fault("MONITOR offered", do_monitor, &line);
	}
	expect_fault("VZEROUPPER without OSXSAVE", VEC_UD, 0, do_avx, NULL);
}

static void test_address_widths(void)
{
	struct cpuid c = cpuid(0x80000008, 0);

	report((c.eax & 0xff) >= 36 && (c.eax & 0xff) <= 52, "physical address width", "%u",
	       c.eax & 0xff);
	report((c.eax >> 8 & 0xff) == 48 || (c.eax >> 8 & 0xff) == 57, "linear address width", "%u",
	       c.eax >> 8 & 0xff);
}

void guest_main(void)
{
	test_leaves();
	test_hypervisor();
	test_osxsave();
	test_xsave_sizes();
	test_address_widths();
	test_topology();
	test_all_cpus();
	test_features_work();
}
