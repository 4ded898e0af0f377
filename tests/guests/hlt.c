// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting: `sti; hlt` woken by a timer thousands of times without losing one wake-up, NMI to a
 * halted CPU, HLT at the end of an interrupt shadow. A lost wake-up shows as a time-out, since a
 * second timer breaks the wait.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_TIMER     0x40
#define VEC_RESCUE    0x41
#define PIT_PIN	      ioapic_isa_pin(0)

#define SHADOW_ROUNDS 100
#define OP_NOP	      0x90
#define OP_TWO_BYTE   0x0f /* CPUID */

static volatile u32 ticks, rescues;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	lapic_eoi();
}

static void on_rescue(struct trap_frame *frame)
{
	(void)frame;
	rescues++;
	lapic_eoi();
}

/* The PIT interrupts at 18 Hz whatever happens, so that a lost wake-up does not hang the test. */
static void start_rescue(void)
{
	trap_handle(VEC_RESCUE, on_rescue);
	pit_mode(0, 2, 0);
	ioapic_set(PIT_PIN, IOAPIC_DEST(lapic_id()) | VEC_RESCUE);
}

static void test_wakeups(u32 rounds, u32 us)
{
	u32 lost = 0;
	u32 count = lapic_timer_ticks(us);

	for (u32 i = 0; i < rounds; i++) {
		u32 before = ticks;
		u64 from = clock_us();
		lapic_timer(0, VEC_TIMER, count);
		while (ticks == before) {
			irq_wait();
		}
		lost += clock_us() - from > 2000000;
	}
	report(ticks >= rounds && lost == 0, "timer wakes HLT",
	       "%u rounds of %u us, %u late by 2 s", rounds, us, lost);
}

/* The timer is due already, or becomes so, exactly between STI and HLT. */
static void test_shadow(u32 rounds)
{
	u32 stuck = 0;

	for (u32 i = 0; i < rounds; i++) {
		u32 before = ticks, rescued = rescues;
		u64 from = clock_us();
		lapic_timer(0, VEC_TIMER, 1 + i % 512 * 8);
		irq_wait();
		/* Woken by the rescuer long after the timer was due. */
		if (ticks == before && rescues != rescued && clock_us() - from > 5000) {
			stuck++;
		}
		wait_for_irq(ticks != before, 1000);
	}
	report(stuck == 0, "no wake-up lost around STI; HLT", "%u lost of %u", stuck, rounds);
}

static volatile u32 in_shadow, taken;

/* An interrupt may come only behind the instruction after STI; on a CPU that is taken away from the
 * guest just then, it may come later than that. */
static void on_shadow(struct trap_frame *frame)
{
	u8 next = *(const u8 *)(uintptr_t)frame->rip;

	in_shadow += next == OP_NOP || next == OP_TWO_BYTE;
	taken++;
	lapic_eoi();
}

static void expect_shadow(const char *name)
{
	trap_handle(VEC_TIMER, on_tick);
	irq_window();
	report(in_shadow == 0 && taken > SHADOW_ROUNDS / 2, name, "%u of %u interrupts inside it",
	       in_shadow, taken);
	in_shadow = 0;
	taken = 0;
}

static void test_sti_shadow(void)
{
	trap_handle(VEC_TIMER, on_shadow);
	for (u32 i = 0; i < SHADOW_ROUNDS; i++) {
		lapic_icr(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | VEC_TIMER);
		__asm__ volatile("sti; nop; cli" : : : "memory");
	}
	expect_shadow("interrupt shadow of STI");
	trap_handle(VEC_TIMER, on_shadow);
	for (u32 i = 0; i < SHADOW_ROUNDS; i++) {
		lapic_icr(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | VEC_TIMER);
		/* CPUID exits inside the shadow. */
		__asm__ volatile("xor %%eax, %%eax; sti; cpuid; cli"
				 :
				 :
				 : "rax", "rbx", "rcx", "rdx", "memory");
	}
	expect_shadow("shadow over an exit");
}

static volatile u32 nmis;

static void on_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

static volatile bool awake;

static void send_nmi_later(void *arg)
{
	/* Again, should one come before the HLT that it is to wake. */
	for (u32 i = 0; i < 50 && !awake; i++) {
		clock_delay_us(5000);
		lapic_icr((u32)(uintptr_t)arg, ICR_NMI | ICR_ASSERT);
		clock_delay_us(5000);
	}
}

static void test_nmi(void)
{
	trap_handle(VEC_NMI, on_nmi);
	lapic_icr(lapic_id(), ICR_NMI | ICR_ASSERT);
	wait_for(nmis == 1, 1000);
	report(nmis == 1, "NMI to itself", "%u", nmis);
	if (smp_start() < 2) {
		report_skip("cli; hlt woken by NMI", "one CPU");
		return;
	}
	smp_run(1, send_nmi_later, (void *)(uintptr_t)lapic_id());
	irq_disable();
	halt();
	awake = true;
	smp_wait(1, 1000);
	report(nmis >= 2, "cli; hlt woken by NMI", "%u NMIs", nmis);
}

void guest_main(void)
{
	u32 rounds = (u32)cmdline_number("rounds", 2000);

	trap_handle(VEC_TIMER, on_tick);
	test_sti_shadow();
	start_rescue();
	test_wakeups(rounds, 100);
	test_wakeups(20, 10000);
	test_shadow(rounds);
	ioapic_set(PIT_PIN, IOAPIC_MASKED);
	irq_window();
	test_nmi();
}
