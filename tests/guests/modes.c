// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operating modes: 64-bit, compatibility 32 and 16, protected without paging, with 32-bit and with
 * PAE paging, 16-bit protected, real mode; in each, instructions that exit. modes.asm does the
 * walk, this checks what it saw.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define LOW	0x7000
#define RESULTS 0x5000

struct result {
	u32 cpuid, cpuid_prefixed;
	u8 pic1, pic2, unused[2];
	u32 efer, esi, lapic_version;
	u8 mark, unused2[7];
};

extern u8 modes_low[], modes_low_end[];
void modes_run(void);

u32 modes_pd32[1024] aligned_to(4096);
u64 modes_pdpt[4] aligned_to(4096);
extern u64 boot_pd[];

static const struct {
	const char *name;
	bool long_mode, mmio;
} modes[] = {
	{"64-bit mode", true, true},
	{"compatibility mode, 32-bit", true, true},
	{"compatibility mode, 16-bit", true, true},
	{"protected mode", false, true},
	{"32-bit paging", false, true},
	{"PAE paging", false, true},
	{"16-bit protected mode", false, true},
	{"real mode", false, false},
};

static void check(u32 i)
{
	struct result r;

	memcpy(&r, (const void *)(uintptr_t)(RESULTS + i * sizeof(r)), sizeof(r));
	u32 vendor = cpuid(0, 0).ebx;
	bool ok = r.mark == i + 1 && r.cpuid == vendor && r.cpuid_prefixed == vendor;

	ok = ok && r.pic1 == 0xfe && r.pic2 == 0x5b && r.esi == RESULTS + 3;
	ok = ok && ((r.efer & EFER_LMA) != 0) == modes[i].long_mode;
	ok = ok && (!modes[i].mmio || r.lapic_version == lapic_read(LAPIC_VERSION));
	report(ok, modes[i].name, "mark %u CPUID %x %x PIC %x %x EFER %x ESI %x LAPIC %x", r.mark,
	       r.cpuid, r.cpuid_prefixed, r.pic1, r.pic2, r.efer, r.esi, r.lapic_version);
}

static void do_ud2(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

void guest_main(void)
{
	const volatile u8 *events =
		(const volatile u8 *)(uintptr_t)(RESULTS + 8 * sizeof(struct result));
	uintptr_t low = LOW, results = RESULTS;

	for (u32 i = 0; i < 1024; i++) {
		modes_pd32[i] = i << 22 | 0x87;
	}
	for (u32 i = 0; i < 4; i++) {
		modes_pdpt[i] = ((u64)(uintptr_t)&boot_pd[i * 512]) | 1;
	}
	memset((void *)results, 0, 9 * sizeof(struct result));
	memcpy((void *)low, modes_low, (size_t)(modes_low_end - modes_low));
	lapic_write(LAPIC_LVT_LINT0, LVT_EXTINT);
	pit_mode(0, 2, PIT_HZ / 100);
	pic_mask(0x5bfe);
	modes_run();
	pic_mask(0xffff);
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		check(i);
	}
	report(events[0] == 1, "INT n in real mode", "%u", events[0]);
	report(events[1] >= 1, "interrupt and HLT in real mode", "%u", events[1]);
	report(events[2] == 1, "#UD in real mode", "%u", events[2]);
	expect_fault("exceptions after the return", VEC_UD, 0, do_ud2, NULL);
}
