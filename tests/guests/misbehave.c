// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that do what no guest should, chosen by `mode=`; run beside a checker, which must not
 * notice. `seconds=` bounds the modes that could go on for ever (default: for ever). What happens
 * to this VM does not matter.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

static u64 random, end_us;

static bool going_on(void)
{
	return clock_us() < end_us;
}

static void triple(void)
{
	struct {
		u16 limit;
		u64 base;
	} packed_struct none = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

/* SSE loads from device memory: legal for a CPU, not for a device, and no kernel does it. */
static void mmio(void)
{
	__asm__ volatile("movdqu (%0), %%xmm0" : : "r"((u64)LAPIC_BASE + LAPIC_ID) : "memory");
	print("misbehave: went on behind it\n");
}

/* Code fetched from device memory. */
static void fetch(void)
{
	((void (*)(void))(uintptr_t)LAPIC_BASE)();
}

/* Page tables in device memory. */
static void tables(void)
{
	write_cr3(LAPIC_BASE);
}

static void loop(void)
{
	__asm__ volatile("cli; 1: jmp 1b");
}

static void flood(void)
{
	while (going_on()) {
		outb(0x3f8, 'x');
	}
}

static void poweroff(void)
{
	outw((u16)acpi_pm1a_control_port(), (u16)((u32)acpi_s5_type() << 10 | BIT(13)));
}

/* As soon as it runs: the hypervisor is to load it again and again. */
static void reset(void)
{
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	for (;;) {
		cpu_relax();
	}
}

static void ports(void)
{
	while (going_on()) {
		for (u32 port = 0; port < 0x10000; port++) {
			u64 v = random_next(&random);
			outb((u16)port, (u8)v);
			outw((u16)port, (u16)v);
			outl((u16)port, (u32)v);
			(void)inb((u16)port);
			(void)inw((u16)port);
			(void)inl((u16)port);
		}
		print("misbehave: all ports written\n");
	}
}

static void msr_garbage(u32 msr)
{
	u64 v;

	/* Those that would take the ground from under this very loop are left alone. */
	if (msr == MSR_EFER || msr == MSR_GS_BASE) {
		return;
	}
	rdmsr_safe(msr, &v);
	wrmsr_safe(msr, random_next(&random));
}

static void msrs(void)
{
	static const u32 bases[] = {0,		0x400,	    0x800,	0x40000000,
				    0x4b564d00, 0xc0000000, 0xc0010000, 0xc0011000};

	while (going_on()) {
		for (u32 i = 0; i < ARRAY_SIZE(bases) * 0x400; i++) {
			msr_garbage(bases[i / 0x400] + i % 0x400);
		}
		msr_garbage((u32)random_next(&random));
		print("misbehave: MSRs written\n");
	}
}

static void apic_garbage(void)
{
	u64 io = ioapic_base();

	while (going_on()) {
		for (u32 i = 0; i < 4096; i++) {
			u64 v = random_next(&random);
			mmio_write32(LAPIC_BASE + (u32)(v & 0xff0), (u32)(v >> 32));
			mmio_write32(io, (u32)(v >> 8 & 0x3f));
			mmio_write32(io + 0x10, (u32)random_next(&random));
		}
	}
}

static u8 *code;

static void run_code(void *arg)
{
	(void)arg;
	/* Registers full of plausible addresses, so that memory operands hit something. */
	__asm__ volatile(
		"mov %0, %%rax; mov %0, %%rbx; mov %0, %%rcx; mov %0, %%rsi; mov %0, %%rdi; "
		"call *%1"
		:
		: "r"(page_free_base() + MIB(1)), "r"(code)
		: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
}

static void on_timer(struct trap_frame *frame)
{
	lapic_eoi();
	if (cpu_this()->recovery != 0) {
		trap_give_up(frame);
	}
}

static void random_code(void)
{
	u64 runs = 0;

	code = page_alloc(1);
	trap_handle(0x40, on_timer);
	while (going_on()) {
		for (u32 i = 0; i < 64; i += 8) {
			u64 v = random_next(&random);
			memcpy(code + i, &v, 8);
		}
		memset(code + 64, 0xcc, 64);
		lapic_timer(0, 0x40, lapic_timer_ticks(1000));
		irq_enable();
		trap_try(run_code, NULL);
		irq_disable();
		if (++runs % 1000 == 0) {
			print("misbehave: %lu pieces of random code\n", runs);
		}
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{"triple", triple}, {"mmio", mmio},	    {"fetch", fetch},	     {"tables", tables},
	{"loop", loop},	    {"flood", flood},	    {"off", poweroff},	     {"ports", ports},
	{"msrs", msrs},	    {"apic", apic_garbage}, {"random", random_code}, {"reset", reset},
};

void guest_main(void)
{
	char mode[16] = "loop";
	u64 seconds = cmdline_number("seconds", 0);

	cmdline_word("mode", mode, sizeof(mode));
	random = cmdline_number("seed", 1);
	end_us = seconds != 0 ? clock_us() + seconds * 1000000 : ~0ull;
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(mode, modes[i].name) == 0) {
			print("misbehave: %s\n", mode);
			modes[i].run();
			report(true, mode, "done");
			return;
		}
	}
	report(false, mode, "no such mode");
}
