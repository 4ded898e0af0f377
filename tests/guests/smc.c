// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code that changes: self-modifying, through another mapping, by another CPU, and instructions that
 * exit to the hypervisor whose bytes changed since they last did.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define CROSS_ROUNDS 400u

typedef u64 (*code_fn)(void);

static u8 *code;

static u64 run(void)
{
	return ((code_fn)(uintptr_t)code)();
}

static void emit(const void *bytes, size_t n)
{
	memcpy(code, bytes, n);
	/* A serialising instruction, as SDM volume 3, 8.1.3 asks for. */
	cpuid(0, 0);
}

static void test_plain(void)
{
	u32 good = 0;

	emit("\xb8\x00\x00\x00\x00\xc3", 6); /* mov $0, %eax; ret */
	for (u32 i = 0; i < 1000; i++) {
		memcpy(code + 1, &i, 4);
		cpuid(0, 0);
		good += run() == i;
	}
	report(good == 1000, "self-modified immediate", "%u of 1000", good);
}

static void test_alias(void)
{
	u32 good = 0;

	page_map(MAP_WINDOW, (u64)(uintptr_t)code, PTE_P | PTE_W);
	emit("\xb8\x00\x00\x00\x00\xc3", 6);
	for (u32 i = 0; i < 1000; i++) {
		memcpy((u8 *)MAP_WINDOW + 1, &i, 4);
		cpuid(0, 0);
		good += run() == i;
	}
	report(good == 1000, "changed through another mapping", "%u of 1000", good);
}

/* One place holds different exiting instructions in turn; each must do its own work and no other.
 */
static void test_exits(void)
{
	u32 good = 0;

	outb(0x21, 0xa5);
	outb(0xa1, 0x5a);
	for (u32 i = 0; i < 300; i++) {
		u64 value, wanted;

		switch (i % 3) {
		case 0: /* xor eax, eax; in al, 21h; ret */
			emit("\x31\xc0\xe4\x21\xc3", 5);
			wanted = 0xa5;
			break;
		case 1: /* xor eax, eax; in al, A1h; ret */
			emit("\x31\xc0\xe4\xa1\xc3", 5);
			wanted = 0x5a;
			break;
		default: /* push rbx; xor eax, eax; cpuid; mov eax, ebx; pop rbx; ret */
			emit("\x53\x31\xc0\x0f\xa2\x89\xd8\x5b\xc3", 9);
			wanted = cpuid(0, 0).ebx;
		}
		value = run();
		good += value == wanted;
	}
	report(good == 300, "changing exiting instructions", "%u of 300", good);
}

/* MMIO instructions of different length and operation at one address. */
static void test_mmio(void)
{
	u32 good = 0;
	u32 reg = LAPIC_BASE + LAPIC_TIMER_INIT;

	for (u32 i = 0; i < 300; i++) {
		mmio_write32(reg, 0x1000 + i);
		if (i % 2 == 0) { /* mov edi, reg; mov eax, [rdi]; ret */
			emit("\xbf\x00\x00\x00\x00\x8b\x07\xc3", 8);
		} else { /* mov edi, reg; mov eax, 0; add eax, [rdi+0]; ret */
			emit("\xbf\x00\x00\x00\x00\x31\xc0\x03\x47\x00\xc3", 11);
		}
		memcpy(code + 1, &reg, 4);
		cpuid(0, 0);
		good += run() == 0x1000 + i;
	}
	mmio_write32(reg, 0);
	report(good == 300, "changing MMIO instructions", "%u of 300", good);
}

static volatile bool stop;
static volatile u64 seen_high, bad;

static void execute_until_stop(void *arg)
{
	u64 last = 0;

	(void)arg;
	while (!stop) {
		u64 v = run();
		bad += v < last;
		last = v;
		seen_high = v;
	}
}

/* The immediate, aligned to 4 bytes, is written by one CPU while another executes it: old or new,
 * never a mixture. */
static void test_cross(void)
{
	if (smp_start() < 2) {
		report_skip("cross-modifying code", "one CPU");
		return;
	}
	/* Three bytes of NOP put the immediate on a 4-byte boundary; the IN makes the loop exit. */
	emit("\x90\x90\x90\xb8\x00\x00\x00\x00\x50\xe4\x80\x58\xc3", 13);
	stop = false;
	smp_run(1, execute_until_stop, NULL);
	for (u32 i = 1; i <= CROSS_ROUNDS; i++) {
		__atomic_store_n((u32 *)(uintptr_t)(code + 4), i, __ATOMIC_SEQ_CST);
		if (i % 20 == 0) {
			wait_for(seen_high == i, 2000);
		}
	}
	bool caught_up = wait_for(seen_high == CROSS_ROUNDS, 2000);
	stop = true;
	smp_wait(1, 2000);
	report(caught_up && bad == 0, "cross-modifying code", "%lu seen last, %lu steps back",
	       seen_high, bad);
}

void guest_main(void)
{
	code = page_alloc(1);
	test_plain();
	test_alias();
	test_exits();
	test_mmio();
	test_cross();
}
