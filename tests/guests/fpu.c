// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended state survives exits and preemption: x87, SSE and, where offered, AVX registers, MXCSR,
 * control word. Meant to run as two VMs with different `seed=` on one pCPU, for `seconds=` (default
 * 2): a register of the other VM showing up here is a failure, a security one.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

static u8 image[2][4096] aligned_to(64), readback[4096] aligned_to(64);
static u64 mask;

static void load(const void *area)
{
	if (mask != 0) {
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)mask), "d"(0) : "memory");
	} else {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
	}
}

static void save(void *area)
{
	if (mask != 0) {
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((u32)mask), "d"(0) : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
	}
}

/* A legal image with random registers: FXSAVE layout (SDM volume 1, 10.5.1), XSAVE header, YMM
 * halves. */
static void make_image(u8 *area, u64 *random)
{
	memset(area, 0, 4096);
	u16 control = 0x037f;
	u32 mxcsr = 0x1f80;
	memcpy(area, &control, 2);
	area[4] = 0xff; /* all eight x87 registers hold something */
	memcpy(area + 24, &mxcsr, 4);
	for (u32 i = 0; i < 8; i++) {
		u64 mantissa = random_next(random) | BIT(63);
		u16 exponent = 0x3fff;
		memcpy(area + 32 + i * 16, &mantissa, 8);
		memcpy(area + 40 + i * 16, &exponent, 2);
	}
	for (u32 i = 0; i < 32; i++) {
		u64 v = random_next(random);
		memcpy(area + 160 + i * 8, &v, 8);
	}
	if (mask != 0) {
		memcpy(area + 512, &mask, 8);
	}
	if ((mask & 4) != 0) {
		u32 offset = cpuid(0xd, 2).ebx;
		for (u32 i = 0; i < 32; i++) {
			u64 v = random_next(random);
			memcpy(area + offset + i * 8, &v, 8);
		}
	}
}

static bool same(const u8 *a, const u8 *b)
{
	u32 offset = (mask & 4) != 0 ? cpuid(0xd, 2).ebx : 0;
	u32 different = memcmp(a + 24, b + 24, 4) != 0 || memcmp(a + 160, b + 160, 256) != 0;

	different += memcmp(a, b, 2) != 0;
	for (u32 i = 0; i < 8; i++) {
		different += memcmp(a + 32 + i * 16, b + 32 + i * 16, 10) != 0;
	}
	different += offset != 0 && memcmp(a + offset, b + offset, 256) != 0;
	return different == 0;
}

static void enable(void)
{
	if ((cpuid(1, 0).ecx & BIT(26)) == 0) {
		return;
	}
	write_cr4(read_cr4() | CR4_OSXSAVE);
	mask = cpuid(0xd, 0).eax & 7;
	xsetbv(0, mask);
}

static void on_timer(struct trap_frame *frame)
{
	(void)frame;
	lapic_eoi();
}

/* Rounds of: load one pattern, spend time computing, in exits or halted, compare. */
static void test_rounds(u64 seed, u64 seconds)
{
	u64 random = seed * 0x9e3779b97f4a7c15ull + 1, rounds = 0, wrong = 0;
	u64 end = clock_us() + seconds * 1000000;

	trap_handle(0x40, on_timer);
	make_image(image[0], &random);
	make_image(image[1], &random);
	while (clock_us() < end && wrong == 0) {
		const u8 *now = image[rounds & 1];
		load(now);
		switch (rounds % 3) {
		case 0:
			clock_delay_us(500);
			break;
		case 1:
			for (u32 i = 0; i < 50; i++) {
				cpuid(0, 0);
			}
			break;
		default:
			lapic_timer(0, 0x40, lapic_timer_ticks(300));
			irq_wait();
		}
		save(readback);
		wrong += !same(now, readback);
		rounds++;
	}
	report(rounds > 10 && wrong == 0, "patterns survive",
	       "seed %lu, %lu rounds, %lu wrong, mask %lx", seed, rounds, wrong, mask);
}

void guest_main(void)
{
	enable();
	test_rounds(cmdline_number("seed", 1), cmdline_number("seconds", 2));
}
