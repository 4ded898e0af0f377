// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs: those every 64-bit kernel uses hold what is written and refuse reserved bits; those that do
 * not exist fault. SDM volume 4; APM volume 2 appendix A. TCG's CPU checks few reserved bits and
 * knows no unknown MSR.
 */
#include "tests/guests/lib/cpu.h"

struct rw_case {
	const char *name;
	u32 msr;
	u64 value;
};

static const struct rw_case plain[] = {
	{"STAR", MSR_STAR, 0x0023001000000000},
	{"LSTAR", MSR_LSTAR, 0xffff800000001234},
	{"CSTAR", MSR_CSTAR, 0xffff800000005678},
	{"SFMASK", MSR_SFMASK, 0x47700},
	{"KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, 0xffff888800001000},
	{"FS_BASE", MSR_FS_BASE, 0x00007fff12345000},
	{"SYSENTER_CS", MSR_SYSENTER_CS, 0x10},
	{"SYSENTER_ESP", MSR_SYSENTER_ESP, 0xffff800000009000},
	{"SYSENTER_EIP", MSR_SYSENTER_EIP, 0xffff80000000a000},
	{"PAT", MSR_PAT, 0x0007010600070106},
};

static void test_plain(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(plain); i++) {
		const struct rw_case *c = &plain[i];
		u64 old, now = 0;
		bool ok = rdmsr_safe(c->msr, &old) && wrmsr_safe(c->msr, c->value) &&
			  rdmsr_safe(c->msr, &now);

		ok = ok && now == c->value && wrmsr_safe(c->msr, old);
		report(ok, c->name, "wrote %lx, read %lx", c->value, now);
	}
	u64 tsc_aux;
	if ((cpuid(0x80000001, 0).edx & BIT(27)) != 0) {
		u32 aux;
		wrmsr_safe(MSR_TSC_AUX, 0x123);
		__asm__ volatile("rdtscp" : "=c"(aux) : : "rax", "rdx");
		bool ok = rdmsr_safe(MSR_TSC_AUX, &tsc_aux);
		report(ok && tsc_aux == 0x123 && aux == 0x123, "TSC_AUX", "%lx, RDTSCP %x", tsc_aux,
		       aux);
	}
}

struct refused {
	const char *name;
	u32 msr;
	u64 value;
	bool cpu; /* checked by the CPU itself, which TCG's does not do */
};

static const struct refused refused[] = {
	{"EFER reserved bit", MSR_EFER, 0x80000000000d01, false},
	{"EFER.LME off with paging on", MSR_EFER, EFER_SCE, false},
	{"PAT reserved type", MSR_PAT, 0x0007010600070102, false},
	{"LSTAR not canonical", MSR_LSTAR, 0x8000000000000000, true},
	{"KERNEL_GS_BASE not canonical", MSR_KERNEL_GS_BASE, 0x0000900000000000, true},
	{"APIC base reserved bits", MSR_APIC_BASE, 0xfee00900 | 0x80, false},
	{"MTRR default type reserved", MSR_MTRR_DEFTYPE, 0x802, false},
};

static void test_refused(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++) {
		u64 old;
		bool read = rdmsr_safe(refused[i].msr, &old);
		bool wrote = wrmsr_safe(refused[i].msr, refused[i].value);

		if (wrote && read) {
			wrmsr_safe(refused[i].msr, old);
		}
		(refused[i].cpu ? report_tcg : report_pc)(!wrote, refused[i].name, "%s",
							  wrote ? "accepted" : "#GP");
	}
}

static const u32 unknown[] = {0x12345,	  0x40000000, 0x4b564d01, 0xc0000200,
			      0xc0020000, 0xdeadbeef, 0xffffffff};

static void test_unknown(void)
{
	u32 read = 0, written = 0;
	u64 v;

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		read += rdmsr_safe(unknown[i], &v);
		written += wrmsr_safe(unknown[i], 0);
	}
	report_pc(read == 0, "unknown MSRs: reads fault", "%u of %u worked", read,
		  (u32)ARRAY_SIZE(unknown));
	report_pc(written == 0, "unknown MSRs: writes fault", "%u of %u worked", written,
		  (u32)ARRAY_SIZE(unknown));
	if ((cpuid(0x80000001, 0).ecx & BIT(2)) == 0) {
		bool hsave = rdmsr_safe(0xc0010117, &v);
		report_pc(!hsave, "no SVM: VM_HSAVE_PA faults", "%s", hsave ? "read" : "#GP");
	}
}

static void test_efer(void)
{
	u64 efer = rdmsr(MSR_EFER);

	report((efer & (EFER_LME | EFER_LMA)) == (EFER_LME | EFER_LMA), "EFER", "%lx", efer);
	wrmsr(MSR_EFER, efer & ~EFER_SCE);
	report((rdmsr(MSR_EFER) & EFER_SCE) == 0, "EFER.SCE off", "%lx", rdmsr(MSR_EFER));
	wrmsr(MSR_EFER, efer);
	wrmsr(MSR_EFER, efer & ~EFER_LMA);
	report((rdmsr(MSR_EFER) & EFER_LMA) != 0, "EFER.LMA is read-only", "%lx", rdmsr(MSR_EFER));
	if ((cpuid(0x80000001, 0).ecx & BIT(2)) == 0) {
		bool svme = wrmsr_safe(MSR_EFER, efer | BIT(12));
		report_pc(!svme, "no SVM: EFER.SVME refused", "%lx", rdmsr(MSR_EFER));
		wrmsr(MSR_EFER, efer);
	}
}

static void test_mtrr(void)
{
	u64 cap, v;

	if ((cpuid(1, 0).edx & BIT(12)) == 0) {
		report_skip("MTRR", "not offered");
		return;
	}
	rdmsr_safe(MSR_MTRRCAP, &cap);
	report((cap & 0xff) <= 32, "MTRRCAP", "%lx", cap);
	report_pc(!wrmsr_safe(MSR_MTRRCAP, cap), "MTRRCAP is read-only", "%lx", cap);
	if ((cap & 0xff) > 0) {
		u64 base = rdmsr(0x200), mask = rdmsr(0x201);
		wrmsr(0x201, 0xfe0000000);
		wrmsr(0x200, 0x80000006);
		report(rdmsr(0x200) == 0x80000006 && rdmsr(0x201) == 0xfe0000000, "variable MTRR",
		       "%lx %lx", rdmsr(0x200), rdmsr(0x201));
		wrmsr(0x200, base);
		wrmsr(0x201, mask);
	}
	if ((cap & BIT(8)) != 0) {
		u64 old = rdmsr(0x250);
		wrmsr(0x250, 0x0606060606060606);
		bool ok = rdmsr_safe(0x250, &v) && v == 0x0606060606060606;
		report(ok, "fixed MTRR", "%lx", v);
		wrmsr(0x250, old);
	}
}

static void test_tsc(void)
{
	u64 before = rdtsc(), v;

	if (wrmsr_safe(MSR_TSC, before + 1000000000000ull)) {
		u64 now = rdtsc();
		report_tcg(now >= before + 1000000000000ull && now < before + 1010000000000ull,
			   "TSC write", "moved by %lu", now - before);
		wrmsr(MSR_TSC, rdtsc() - 1000000000000ull);
	}
	if (cpuid(0, 0).eax >= 7 && (cpuid(7, 0).ebx & BIT(1)) != 0 &&
	    rdmsr_safe(MSR_TSC_ADJUST, &v)) {
		before = rdtsc();
		wrmsr(MSR_TSC_ADJUST, v + 5000000000000ull);
		u64 now = rdtsc();
		report_tcg(now - before >= 5000000000000ull && now - before < 5010000000000ull,
			   "TSC_ADJUST moves TSC", "by %lu", now - before);
		wrmsr(MSR_TSC_ADJUST, v);
	} else {
		report_skip("TSC_ADJUST", "not offered");
	}
}

void guest_main(void)
{
	test_plain();
	test_refused();
	test_unknown();
	test_efer();
	test_mtrr();
	test_tsc();
}
