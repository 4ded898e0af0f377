// SPDX-License-Identifier: GPL-2.0-only
/*
 * Costs of exits as the guest sees them: RDTSC before and after, median of many rounds, the cost of
 * the two RDTSC subtracted. Prints `BENCH name value unit`. Under -icount a tick is an instruction:
 * `unit=instructions`. No test: there is no right value.
 */
#include "guest-tools/abi/evenkeel.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define ROUNDS	   10000u
#define FEW_ROUNDS 2000u

static u32 deltas[ROUNDS];
static u32 empty_p50;
static char unit[16] = "ticks";
static const char *vendor_suffix;

/* A loop over `payload` in one piece of assembly, so that nothing else is measured. RSI counts, RDI
 * is where results go, R9 an address for the payload. */
#define LOOP(name, payload)                                                                        \
	static void loop_##name(u32 *out, u64 rounds, u64 address)                                 \
	{                                                                                          \
		__asm__ volatile("1: rdtsc; mov %%eax, %%r8d; " payload                            \
				 "; rdtsc; sub %%r8d, %%eax; "                                     \
				 "mov %%eax, (%%rdi); add $4, %%rdi; dec %%rsi; jnz 1b"            \
				 : "+D"(out), "+S"(rounds)                                         \
				 : "b"(0), "r"(address)                                            \
				 : "rax", "rcx", "rdx", "r8", "r10", "r11", "memory", "cc");       \
	}

/* clang-format off */
LOOP(empty, "")
LOOP(cpuid, "mov %%rbx, %%r10; xor %%eax, %%eax; xor %%ecx, %%ecx; cpuid; mov %%r10, %%rbx")
LOOP(vmcall, "mov $0x45564b00, %%eax; vmcall")
LOOP(vmmcall, "mov $0x45564b00, %%eax; vmmcall")
LOOP(pio, "mov $0x70, %%edx; mov $0x0f, %%al; out %%al, %%dx")
LOOP(pio_in, "mov $0x71, %%edx; in %%dx, %%al")
LOOP(rdmsr, "mov $0x1b, %%ecx; rdmsr")
LOOP(wrmsr, "mov $0x250, %%ecx; mov $0x06060606, %%eax; mov %%eax, %%edx; wrmsr")
LOOP(mmio, "movl $0, 0x80(%3)")
LOOP(mmio_eoi, "movl $0, 0xb0(%3)")
LOOP(mmio_read, "movl 0x30(%3), %%eax")
/* clang-format on */

static_assert(EVK_CALL_NOP == 0x45564b00, "the loops above");

static void sort(u32 *v, u32 n)
{
	for (u32 gap = n / 2; gap > 0; gap /= 2) {
		for (u32 i = gap; i < n; i++) {
			u32 x = v[i], j = i;
			for (; j >= gap && v[j - gap] > x; j -= gap) {
				v[j] = v[j - gap];
			}
			v[j] = x;
		}
	}
}

static void show(const char *name, u32 n, u32 overhead)
{
	sort(deltas, n);
	u32 p50 = deltas[n / 2];

	print("BENCH %s_%s %u %s\n", name, vendor_suffix, p50 > overhead ? p50 - overhead : 0,
	      unit);
}

struct bench {
	const char *name;
	void (*loop)(u32 *out, u64 rounds, u64 address);
	u32 rounds;
	u64 address;
};

static void run_loop(void *arg)
{
	const struct bench *b = arg;

	b->loop(deltas, b->rounds, b->address);
}

static void bench(const char *name, void (*loop)(u32 *out, u64 rounds, u64 address), u32 rounds,
		  u64 address)
{
	struct bench once = {name, loop, 1, address}, all = {name, loop, rounds, address};

	if (trap_try(run_loop, &once) >= 0) {
		print("bench: %s is not offered here\n", name);
		return;
	}
	trap_try(run_loop, &all);
	show(name, rounds, empty_p50);
}

/* Touches `n` pages of fresh memory at `first`. */
static void touch(u64 first, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		volatile u8 *p = (volatile u8 *)(uintptr_t)(first + i * PAGE_SIZE);
		u64 from = rdtsc();
		*p = 1;
		deltas[i] = (u32)(rdtsc() - from);
	}
}

/* First touch of a page that the hypervisor has zeroed in idle time, as it does by the time a
 * machine has been up for a moment; then, with more touched than it keeps zeroed, of pages that it
 * has to zero first. */
static void bench_touch(void)
{
	u64 first = ALIGN_UP(page_free_base() + MIB(4), LARGE_SIZE);

	if (ram_top() < first + (3 * FEW_ROUNDS + ROUNDS) * PAGE_SIZE) {
		print("bench: too little memory for first touches\n");
		return;
	}
	touch(first, FEW_ROUNDS);
	show("exit_touch4k", FEW_ROUNDS, empty_p50);
	touch(first + FEW_ROUNDS * PAGE_SIZE, ROUNDS);
	touch(first + (FEW_ROUNDS + ROUNDS) * PAGE_SIZE, FEW_ROUNDS);
	show("exit_touch4k_zeroing", FEW_ROUNDS, empty_p50);
}

static volatile u64 woken_tsc;
static volatile u32 pongs;

static void on_timer(struct trap_frame *frame)
{
	(void)frame;
	woken_tsc = rdtsc();
	lapic_eoi();
}

/* From the instant the timer was due to the first instruction of the handler. The deadline is a TSC
 * value, so that no error of a calibration comes in. */
static void bench_hlt(void)
{
	u32 n = 200;
	u64 tsc = clock_tsc_khz() / 5;

	if ((cpuid(1, 0).ecx & BIT(24)) == 0) {
		print("bench: no TSC-deadline timer\n");
		return;
	}
	trap_handle(0x40, on_timer);
	lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | 0x40);
	for (u32 i = 0; i < n; i++) {
		u64 due = rdtsc() + tsc;

		woken_tsc = 0;
		wrmsr(MSR_TSC_DEADLINE, due);
		while (woken_tsc == 0) {
			irq_wait();
		}
		deltas[i] = woken_tsc > due ? (u32)(woken_tsc - due) : 0;
	}
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	show("hlt_wakeup", n, 0);
}

static void on_pong(struct trap_frame *frame)
{
	(void)frame;
	lapic_eoi();
	if (cpu_this()->index == 0) {
		pongs++;
	} else {
		lapic_icr(cpus[0].apic_id, ICR_FIXED | ICR_ASSERT | 0x52);
	}
}

/* An IPI to a halted CPU, which answers with one while this CPU is halted. */
static void bench_ipi(void)
{
	u32 n = 500;

	if (smp_start() < 2) {
		print("bench: one CPU, no IPIs\n");
		return;
	}
	trap_handle(0x52, on_pong);
	for (u32 i = 0; i < n; i++) {
		u32 before = pongs;
		u64 from = rdtsc();
		lapic_icr(cpus[1].apic_id, ICR_FIXED | ICR_ASSERT | 0x52);
		while (pongs == before) {
			irq_wait();
		}
		deltas[i] = (u32)(rdtsc() - from);
	}
	show("ipi_roundtrip", n, empty_p50);
}

void guest_main(void)
{
	bool amd = cpuid(0, 0).ebx == 0x68747541 || cpuid(0, 0).ebx == 0x6f677948;

	vendor_suffix = amd ? "amdv" : "vtx";
	cmdline_word("unit", unit, sizeof(unit));
	loop_empty(deltas, ROUNDS, 0);
	sort(deltas, ROUNDS);
	empty_p50 = deltas[ROUNDS / 2];
	print("bench: an empty round takes %u %s\n", empty_p50, unit);
	bench("exit_cpuid", loop_cpuid, ROUNDS, 0);
	bench("exit_hypercall", amd ? loop_vmmcall : loop_vmcall, ROUNDS, 0);
	bench("exit_pio", loop_pio, ROUNDS, 0);
	bench("exit_pio_in", loop_pio_in, ROUNDS, 0);
	bench("exit_rdmsr", loop_rdmsr, ROUNDS, 0);
	bench("exit_wrmsr", loop_wrmsr, ROUNDS, 0);
	bench("exit_mmio_lapic", loop_mmio, ROUNDS, LAPIC_BASE);
	bench("exit_mmio_eoi", loop_mmio_eoi, ROUNDS, LAPIC_BASE);
	bench("exit_mmio_lapic_read", loop_mmio_read, ROUNDS, LAPIC_BASE);
	bench_hlt(); /* lets the hypervisor idle, too */
	bench_touch();
	bench_ipi();
	report(true, "bench", "done");
}
