// SPDX-License-Identifier: GPL-2.0-only
/* See cpu_features.h. CPUID bits: SDM vol. 2, CPUID; APM vol. 3, appendix E. */
#include "arch/x86/cpu_features.h"
#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "kernel/lib/bitmap.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

/* Write-back, write-through, UC-, UC; write-combining, write-through, UC-, UC: the reset value but
 * for entry 4 (SDM vol. 3, 12.12.4). */
#define PAT_VALUE 0x0007040100070406ul

enum { EAX, EBX, ECX, EDX };

static const struct {
	enum cpu_feature feature;
	const char *name;
	u32 leaf;
	u32 subleaf;
	u8 reg;
	u8 bit;
	const char *required_for; /* NULL: optional */
} features[] = {
	/* clang-format off */
	{CPU_TSC,           "TSC",          1, 0, EDX, 4,  "keeping time"},
	{CPU_MSR,           "MSR",          1, 0, EDX, 5,  "everything"},
	{CPU_APIC,          "local APIC",   1, 0, EDX, 9,  "timers and interrupts between pCPUs"},
	{CPU_PGE,           "PGE",          1, 0, EDX, 13, NULL},
	{CPU_PAT,           "PAT",          1, 0, EDX, 16, "uncached mappings of devices"},
	{CPU_FXSR,          "FXSAVE",       1, 0, EDX, 24, "keeping guests' registers apart"},
	{CPU_SSE2,          "SSE2",         1, 0, EDX, 26, "running 64-bit guests"},
	{CPU_CX16,          "CMPXCHG16B",   1, 0, ECX, 13, NULL},
	{CPU_NX,            "NX",           0x80000001, 0, EDX, 20, "keeping data from being executed"},
	{CPU_PAGE1GB,       "1 GiB pages",  0x80000001, 0, EDX, 26, NULL},
	{CPU_XSAVE,         "XSAVE",        1, 0, ECX, 26, NULL},
	{CPU_XSAVEOPT,      "XSAVEOPT",     0xd, 1, EAX, 0, NULL},
	{CPU_SMEP,          "SMEP",         7, 0, EBX, 7,  NULL},
	{CPU_SMAP,          "SMAP",         7, 0, EBX, 20, NULL},
	{CPU_UMIP,          "UMIP",         7, 0, ECX, 2,  NULL},
	{CPU_FSGSBASE,      "FSGSBASE",     7, 0, EBX, 0,  NULL},
	{CPU_RDTSCP,        "RDTSCP",       0x80000001, 0, EDX, 27, NULL},
	{CPU_INVARIANT_TSC, "invariant TSC", 0x80000007, 0, EDX, 8, NULL},
	{CPU_TSC_ADJUST,    "TSC_ADJUST",   7, 0, EBX, 1,  NULL},
	{CPU_TSC_DEADLINE,  "TSC deadline", 1, 0, ECX, 24, NULL},
	{CPU_X2APIC,        "x2APIC",       1, 0, ECX, 21, NULL},
	{CPU_MWAIT,         "MONITOR",      1, 0, ECX, 3,  NULL},
	{CPU_HYPERVISOR,    "hypervisor",   1, 0, ECX, 31, NULL},
	{CPU_SVM,           "AMD-V",        0x80000001, 0, ECX, 2, NULL},
	{CPU_VMX,           "VT-x",         1, 0, ECX, 5,  NULL},
	/* clang-format on */
};
static_assert(ARRAY_SIZE(features) == CPU_FEATURE_COUNT, "one line for each feature");

static u64 present[BITMAP_WORDS(CPU_FEATURE_COUNT)];
static char vendor[13];
static char brand[49];
static u32 phys_bits;

static u32 max_leaf(u32 leaf)
{
	u32 base = leaf & 0xffff0000;
	struct cpuid_regs r = cpuid(base, 0);

	/* Where a range does not exist, other leaves' data comes back. */
	return (r.eax & 0xffff0000) == base ? r.eax : 0;
}

static bool cpuid_bit(u32 leaf, u32 subleaf, u8 reg, u8 bit)
{
	if (leaf > max_leaf(leaf)) {
		return false;
	}
	struct cpuid_regs r = cpuid(leaf, subleaf);
	const u32 regs[] = {r.eax, r.ebx, r.ecx, r.edx};

	return (regs[reg] >> bit) & 1;
}

static void put_regs(char *dst, u32 a, u32 b, u32 c, u32 d)
{
	const u32 regs[] = {a, b, c, d};

	memcpy(dst, regs, sizeof(regs));
}

static void read_names(void)
{
	struct cpuid_regs r = cpuid(0, 0);
	char text[16];

	put_regs(text, r.ebx, r.edx, r.ecx, 0);
	memcpy(vendor, text, 12);
	phys_bits = 36;
	if (max_leaf(0x80000000) >= 0x80000008) {
		phys_bits = cpuid(0x80000008, 0).eax & 0xff;
	}
	if (max_leaf(0x80000000) < 0x80000004) {
		return;
	}
	for (u32 i = 0; i < 3; i++) {
		r = cpuid(0x80000002 + i, 0);
		put_regs(brand + 16 * i, r.eax, r.ebx, r.ecx, r.edx);
	}
	for (size_t n = strlen(brand); n > 0 && brand[n - 1] == ' '; n--) {
		brand[n - 1] = '\0';
	}
}

bool cpu_features_init(void)
{
	bool ok = true;

	read_names();
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		bool has = cpuid_bit(features[i].leaf, features[i].subleaf, features[i].reg,
				     features[i].bit);

		if (has) {
			bitmap_set(present, features[i].feature);
		} else if (features[i].required_for != NULL) {
			log_error("this CPU lacks %s, which Evenkeel needs for %s",
				  features[i].name, features[i].required_for);
			ok = false;
		}
	}
	return ok;
}

bool cpu_has(enum cpu_feature feature)
{
	return bitmap_test(present, feature);
}

/* Guests are told (DE_CFG in kernel/msr_policy.c) that LFENCE waits for all before it, and lean on
 * that against speculation past bounds checks. AMD: true by itself, or by this bit (APM vol. 2,
 * LFENCE). */
static void init_lfence(void)
{
	u64 de_cfg;

	if (strcmp(vendor, "AuthenticAMD") != 0 && strcmp(vendor, "HygonGenuine") != 0) {
		return;
	}
	if (rdmsr_safe(MSR_DE_CFG, &de_cfg) != 0 ||
	    wrmsr_safe(MSR_DE_CFG, de_cfg | DE_CFG_LFENCE_SERIALIZE) != 0) {
		return; /* the oldest families: LFENCE needs no help there */
	}
}

void cpu_init_control_registers(void)
{
	u64 cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	/* #MC is reported by its handler; without CR4.MCE it would shut the machine down. */
	cr4 |= cpu_has(CPU_PGE) ? CR4_PGE : 0;
	cr4 |= cpu_has(CPU_SMEP) ? CR4_SMEP : 0;
	cr4 |= cpu_has(CPU_SMAP) ? CR4_SMAP : 0;
	cr4 |= cpu_has(CPU_UMIP) ? CR4_UMIP : 0;
	cr4 |= cpu_has(CPU_XSAVE) ? CR4_OSXSAVE : 0;
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	write_cr4(cr4);
	if (cpu_has(CPU_XSAVE)) {
		xsetbv(0, XCR0_X87 | XCR0_SSE);
	}
	wrmsr(MSR_EFER, (rdmsr(MSR_EFER) & EFER_SVME) | EFER_LME | EFER_LMA | EFER_NXE);
	wrmsr(MSR_PAT, PAT_VALUE);
	init_lfence();
}

const char *cpu_vendor(void)
{
	return vendor;
}

const char *cpu_brand(void)
{
	const char *text = brand;

	while (*text == ' ') {
		text++;
	}
	return *text != '\0' ? text : vendor;
}

u32 cpu_phys_bits(void)
{
	return phys_bits;
}
