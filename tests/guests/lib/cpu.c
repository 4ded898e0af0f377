// SPDX-License-Identifier: GPL-2.0-only
/*
 * From start.asm to guest_main(), and the other CPUs: start by INIT-SIPI-SIPI (SDM volume
 * 3, 8.4.4.1), then each waits in HLT for work that smp_run() hands it with an IPI. One BSP runs
 * the test and hands out work; no locks.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"
#include "kernel/lib/string.h"

#define AP_TRAMPOLINE	0x8000
#define MULTIBOOT_MAGIC 0x2badb002
#define AP_INIT_US	10000
#define AP_SIPI_US	200
#define AP_START_MS	2000

struct cpu cpus[CPUS_MAX] aligned_to(4096);
char boot_cmdline[256];
u32 ap_stack_top;

extern u32 boot_mbi, boot_magic;
extern u8 ap_trampoline[], ap_trampoline_end[];
void boot_main(void);
void ap_main(void);

static struct cpu *volatile ap_starting;

static bool madt_lists_enabled(const u8 *entry, u32 *apic_id)
{
	if (entry[0] == 0 && (entry[4] & 1) != 0) {
		*apic_id = entry[3];
		return true;
	}
	if (entry[0] == 9 && (entry[8] & 1) != 0) {
		memcpy(apic_id, entry + 4, 4);
		return true;
	}
	return false;
}

/* Fills cpus[].apic_id from the MADT once. */
u32 cpu_count(void)
{
	static u32 count;
	const struct acpi_header *madt = acpi_find("APIC");
	u32 id;

	if (count != 0) {
		return count;
	}
	cpus[0].apic_id = lapic_id();
	count = 1;
	if (madt == NULL) {
		return count;
	}
	const u8 *p = (const u8 *)madt + 44, *end = (const u8 *)madt + madt->length;
	for (; p + 2 <= end && p[1] >= 2; p += p[1]) {
		if (madt_lists_enabled(p, &id) && id != cpus[0].apic_id && count < CPUS_MAX) {
			cpus[count].index = count;
			cpus[count++].apic_id = id;
		}
	}
	return count;
}

void cpu_set_base(struct cpu *c)
{
	c->self = c;
	wrmsr(MSR_GS_BASE, (u64)(uintptr_t)c);
}

static void copy_cmdline(void)
{
	const u32 *mbi = (const u32 *)(uintptr_t)boot_mbi;

	if (boot_magic == MULTIBOOT_MAGIC && (mbi[0] & 4) != 0) {
		const char *s = (const char *)(uintptr_t)mbi[4];
		memcpy(boot_cmdline, s, strnlen(s, sizeof(boot_cmdline) - 1));
	}
}

void boot_main(void)
{
	copy_cmdline();
	cpu_set_base(&cpus[0]);
	cpus[0].online = true;
	print_init();
	trap_init();
	trap_load_cpu();
	pic_init(0x20);
	lapic_init();
	clock_init();
	guest_main();
	report_end();
}

void ap_main(void)
{
	struct cpu *c = ap_starting;

	cpu_set_base(c);
	c->recovery = 0;
	trap_load_cpu();
	lapic_init();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	for (;;) {
		void (*job)(void *) = c->job;
		if (job != NULL) {
			job(c->job_arg);
			__atomic_store_n(&c->job, NULL, __ATOMIC_RELEASE);
		} else {
			irq_wait();
		}
	}
}

static void ap_init(u32 index)
{
	cpus[index].online = false;
	cpus[index].job = NULL;
	lapic_icr(cpus[index].apic_id, ICR_INIT | ICR_ASSERT | ICR_LEVEL);
}

/* Waits without PAUSE, which an emulator takes long for, and which says that somebody else should
 * run. */
static bool ap_wait(const struct cpu *c, u64 us)
{
	u64 end = clock_us() + us;

	while (!c->online && clock_us() < end) {
		work(1);
	}
	return c->online;
}

/* Some time after INIT. One CPU at a time: they share the stack pointer's place. */
static bool ap_startup(u32 index)
{
	struct cpu *c = &cpus[index];

	memcpy((void *)AP_TRAMPOLINE, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	ap_starting = c;
	ap_stack_top = (u32)(uintptr_t)(c->stack + sizeof(c->stack));
	for (u32 i = 0; i < 2 && !c->online; i++) {
		lapic_icr(c->apic_id, ICR_SIPI | ICR_ASSERT | AP_TRAMPOLINE >> 12);
		ap_wait(c, AP_SIPI_US);
	}
	return ap_wait(c, AP_START_MS * 1000);
}

bool smp_start_one(u32 index)
{
	ap_init(index);
	ap_wait(&cpus[index], AP_INIT_US);
	return ap_startup(index);
}

u32 smp_start(void)
{
	u32 running = 1;

	for (u32 i = 1; i < cpu_count(); i++) {
		if (!cpus[i].online) {
			ap_init(i);
		}
	}
	if (cpu_count() > 1) {
		ap_wait(&cpus[cpu_count() - 1], AP_INIT_US);
	}
	for (u32 i = 1; i < cpu_count(); i++) {
		running += cpus[i].online || ap_startup(i);
	}
	return running;
}

void smp_run(u32 index, void (*fn)(void *), void *arg)
{
	struct cpu *c = &cpus[index];

	c->job_arg = arg;
	__atomic_store_n(&c->job, fn, __ATOMIC_RELEASE);
	lapic_icr(c->apic_id, ICR_FIXED | ICR_ASSERT | VEC_WAKE);
}

bool smp_wait(u32 index, u32 timeout_ms)
{
	return wait_for(cpus[index].job == NULL, timeout_ms);
}

bool smp_run_all(void (*fn)(void *), void *arg, u32 timeout_ms)
{
	bool ok = true;

	for (u32 i = 1; i < cpu_count(); i++) {
		if (cpus[i].online) {
			smp_run(i, fn, arg);
		}
	}
	fn(arg);
	for (u32 i = 1; i < cpu_count(); i++) {
		ok &= !cpus[i].online || smp_wait(i, timeout_ms);
	}
	return ok;
}
