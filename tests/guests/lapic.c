// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC of one CPU: identity, priorities, timer modes, error register, self-IPIs, x2APIC mode.
 * SDM volume 3 chapter 11.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_TIMER 0x40
#define VEC_LOW	  0x51
#define VEC_HIGH  0x62
#define VEC_ERROR 0x73

static volatile u32 ticks;
static volatile u8 order[8];
static volatile u32 order_len;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	lapic_eoi();
}

static void on_ordered(struct trap_frame *frame)
{
	if (order_len < sizeof(order)) {
		order[order_len++] = (u8)frame->vector;
	}
	lapic_eoi();
}

static void test_identity(void)
{
	u32 version = lapic_read(LAPIC_VERSION);

	report(lapic_id() == cpus[0].apic_id, "id", "%u", lapic_id());
	report(lapic_id() == cpuid(1, 0).ebx >> 24, "id agrees with CPUID", "%u",
	       cpuid(1, 0).ebx >> 24);
	report((version & 0xff) >= 0x10 && (version & 0xff) <= 0x15 && (version >> 16 & 0xff) >= 3,
	       "version", "0x%x", version);
	report((rdmsr(MSR_APIC_BASE) & 0x900) == 0x900, "APIC base", "0x%lx: enabled, BSP",
	       rdmsr(MSR_APIC_BASE));
}

static void self_ipi(u8 vector)
{
	lapic_icr(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | vector);
}

static void test_priority(void)
{
	trap_handle(VEC_LOW, on_ordered);
	trap_handle(VEC_HIGH, on_ordered);
	order_len = 0;
	self_ipi(VEC_LOW);
	self_ipi(VEC_HIGH);
	report(lapic_test(LAPIC_IRR, VEC_LOW) && lapic_test(LAPIC_IRR, VEC_HIGH), "IRR",
	       "both pending");
	irq_window();
	wait_for_irq(order_len == 2, 100);
	report(order_len == 2 && order[0] == VEC_HIGH && order[1] == VEC_LOW, "higher vector first",
	       "%u delivered, %x then %x", order_len, order[0], order[1]);
	order_len = 0;
	lapic_write(LAPIC_TPR, 0x50);
	report(lapic_read(LAPIC_PPR) == 0x50, "PPR follows TPR", "0x%x", lapic_read(LAPIC_PPR));
	report(lapic_x2apic() || read_cr8() == 5, "CR8 is TPR", "CR8 %lu", read_cr8());
	self_ipi(VEC_LOW);
	self_ipi(VEC_HIGH);
	wait_for_irq(order_len == 2, 20);
	report(order_len == 1 && order[0] == VEC_HIGH, "TPR holds back", "%u delivered", order_len);
	write_cr8(0);
	wait_for_irq(order_len == 2, 100);
	report(order_len == 2 && order[1] == VEC_LOW, "CR8 write releases", "%u delivered",
	       order_len);
	report(lapic_read(LAPIC_TPR) == 0, "TPR follows CR8", "0x%x", lapic_read(LAPIC_TPR));
}

static u8 nested_seen;

static void on_low_nesting(struct trap_frame *frame)
{
	(void)frame;
	trap_handle(VEC_LOW, on_ordered);
	nested_seen = lapic_test(LAPIC_ISR, VEC_LOW) ? 1 : 0;
	report(lapic_read(LAPIC_PPR) == (VEC_LOW & 0xf0), "PPR in service", "0x%x",
	       lapic_read(LAPIC_PPR));
	self_ipi(VEC_HIGH);
	self_ipi(VEC_LOW);
	wait_for_irq(order_len == 1, 100);
	nested_seen |= order_len == 1 ? 2 : 0;
	lapic_eoi();
}

static void test_nesting(void)
{
	trap_handle(VEC_LOW, on_low_nesting);
	order_len = 0;
	nested_seen = 0;
	self_ipi(VEC_LOW);
	irq_window();
	report(nested_seen == 3, "higher class interrupts handler", "seen %u", nested_seen);
	/* The second VEC_LOW stayed pending until the EOI. */
	wait_for_irq(order_len == 2, 100);
	report(order_len == 2 && !lapic_test(LAPIC_ISR, VEC_LOW) && !lapic_test(LAPIC_IRR, VEC_LOW),
	       "EOI clears ISR", "order_len %u", order_len);
}

static void test_one_shot(void)
{
	u32 count = lapic_timer_ticks(2000);

	ticks = 0;
	lapic_timer(0, VEC_TIMER, count);
	u32 seen = lapic_read(LAPIC_TIMER_CURRENT);
	report(seen <= count && count != 0, "timer counts down", "%u of %u", seen, count);
	wait_for_irq(ticks > 0, 500);
	u64 end = clock_us() + 10000;
	wait_for_irq(clock_us() > end, 100);
	report(ticks == 1, "one-shot", "%u interrupts", ticks);
	report(lapic_read(LAPIC_TIMER_CURRENT) == 0, "one-shot stops at 0", "count %u",
	       lapic_read(LAPIC_TIMER_CURRENT));
	ticks = 0;
	lapic_timer(LVT_MASKED, VEC_TIMER, lapic_timer_ticks(500));
	wait_for_irq(ticks > 0, 10);
	report(ticks == 0, "masked timer", "%u interrupts", ticks);
	lapic_timer(0, VEC_TIMER, lapic_timer_ticks(50000));
	lapic_write(LAPIC_TIMER_INIT, 0);
	wait_for_irq(ticks > 0, 80);
	report(ticks == 0, "count 0 stops the timer", "%u interrupts", ticks);
}

static void test_periodic(void)
{
	ticks = 0;
	u64 from = clock_us();
	lapic_timer(LVT_PERIODIC, VEC_TIMER, lapic_timer_ticks(5000));
	wait_for_irq(ticks >= 20, 3000);
	u64 us = clock_us() - from;
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | LVT_PERIODIC | VEC_TIMER);
	/* Late is a matter of load; early is an error. */
	report(ticks >= 20 && us >= 95000, "periodic", "20 periods of 5 ms in %lu us", us);
	report(lapic_read(LAPIC_TIMER_CURRENT) != 0, "periodic reloads", "count %u",
	       lapic_read(LAPIC_TIMER_CURRENT));
	lapic_write(LAPIC_TIMER_INIT, 0);
	irq_window();
}

static void test_divide(void)
{
	u32 gone[2];

	for (u32 i = 0; i < 2; i++) {
		lapic_timer(LVT_MASKED, VEC_TIMER, 0xffffffff);
		lapic_write(LAPIC_TIMER_DIVIDE, i == 0 ? 0xb : 0x2); /* 1, 8 */
		lapic_write(LAPIC_TIMER_INIT, 0xffffffff);
		u64 from = clock_us();
		clock_delay_us(5000);
		gone[i] = (u32)((0xffffffff - lapic_read(LAPIC_TIMER_CURRENT)) * 10000ull /
				(clock_us() - from));
	}
	lapic_write(LAPIC_TIMER_INIT, 0);
	report(gone[1] > gone[0] / 10 && gone[1] < gone[0] / 6, "divide by 8",
	       "%u and %u counts in 10 ms", gone[0], gone[1]);
}

static void test_deadline(void)
{
	if ((cpuid(1, 0).ecx & BIT(24)) == 0) {
		report_skip("TSC deadline", "not offered by CPUID");
		return;
	}
	ticks = 0;
	lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | VEC_TIMER);
	u64 deadline = rdtsc() + clock_tsc_khz() * 3;
	wrmsr(MSR_TSC_DEADLINE, deadline);
	report(rdmsr(MSR_TSC_DEADLINE) == deadline || ticks > 0, "deadline reads back", "%lx",
	       rdmsr(MSR_TSC_DEADLINE));
	wait_for_irq(ticks > 0, 500);
	report(ticks == 1 && rdtsc() >= deadline, "TSC deadline", "%u interrupts", ticks);
	report_pc(rdmsr(MSR_TSC_DEADLINE) == 0, "deadline is 0 afterwards", "%lx",
		  rdmsr(MSR_TSC_DEADLINE));
	wrmsr(MSR_TSC_DEADLINE, 1);
	wait_for_irq(ticks > 1, 500);
	report(ticks == 2, "deadline in the past", "%u interrupts", ticks);
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + clock_tsc_khz() * 50);
	wrmsr(MSR_TSC_DEADLINE, 0);
	wait_for_irq(ticks > 2, 80);
	report(ticks == 2, "deadline disarmed", "%u interrupts", ticks);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
}

static void test_errors(void)
{
	ticks = 0;
	trap_handle(VEC_ERROR, on_tick);
	trap_handle(5, on_tick); /* QEMU delivers it */
	lapic_write(LAPIC_LVT_ERROR, VEC_ERROR);
	lapic_write(LAPIC_ESR, 0);
	self_ipi(5); /* vectors below 16 are illegal */
	wait_for_irq(ticks > 0, 20);
	lapic_write(LAPIC_ESR, 0);
	u32 esr = lapic_read(LAPIC_ESR);
	report_pc((esr & 0x60) != 0, "ESR illegal vector", "ESR 0x%x", esr);
	lapic_write(LAPIC_ESR, 0);
	report(lapic_read(LAPIC_ESR) == 0, "ESR clears", "0x%x", lapic_read(LAPIC_ESR));
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	trap_handle(5, NULL);
}

static void test_software_disable(void)
{
	u32 svr = lapic_read(LAPIC_SVR);

	lapic_write(LAPIC_LVT_TIMER, VEC_TIMER);
	lapic_write(LAPIC_SVR, svr & ~BIT(8));
	report_pc((lapic_read(LAPIC_LVT_TIMER) & LVT_MASKED) != 0, "software disable masks LVTs",
		  "0x%x", lapic_read(LAPIC_LVT_TIMER));
	lapic_write(LAPIC_SVR, svr);
}

static void read_x2apic(void *arg)
{
	*(u64 *)arg = rdmsr(MSR_X2APIC + 2);
}

static void read_dfr(void *arg)
{
	(void)arg;
	rdmsr(MSR_X2APIC + (LAPIC_DFR >> 4));
}

static void write_id(void *arg)
{
	(void)arg;
	wrmsr(MSR_X2APIC + 2, 1);
}

static void test_x2apic(void)
{
	u64 v;

	if ((cpuid(1, 0).ecx & BIT(21)) == 0) {
		report_skip("x2APIC", "not offered by CPUID");
		return;
	}
	u32 id = lapic_id();
	expect_fault("x2APIC MSRs in xAPIC mode", VEC_GP, 0, read_x2apic, &v);
	lapic_enter_x2apic();
	report(lapic_id() == id && cpuid(0xb, 0).edx == id, "x2APIC id", "%u, CPUID 0Bh says %u",
	       lapic_id(), cpuid(0xb, 0).edx);
	report(lapic_read(LAPIC_LDR) == ((id >> 4) << 16 | 1u << (id & 15)), "x2APIC LDR", "0x%x",
	       lapic_read(LAPIC_LDR));
	expect_fault("no DFR in x2APIC mode", VEC_GP, 0, read_dfr, NULL);
	expect_fault("x2APIC id is read-only", VEC_GP, 0, write_id, NULL);
	order_len = 0;
	lapic_write(X2APIC_SELF_IPI, VEC_LOW);
	wait_for_irq(order_len == 1, 100);
	report(order_len == 1, "x2APIC self-IPI", "%u delivered", order_len);
	test_priority();
	test_one_shot();
	test_periodic();
	report(!wrmsr_safe(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~BIT(10)),
	       "x2APIC to xAPIC directly", "must be #GP");
}

void guest_main(void)
{
	trap_handle(VEC_TIMER, on_tick);
	test_identity();
	test_priority();
	test_nesting();
	test_one_shot();
	test_periodic();
	test_divide();
	test_deadline();
	test_errors();
	test_software_disable();
	lapic_init();
	test_x2apic();
}
