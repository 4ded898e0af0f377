// SPDX-License-Identifier: GPL-2.0-only
/* See smp.h. The trampoline page and its arguments are used by one starting pCPU at a time. */
#include "arch/x86/smp.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/host_map.h"
#include "arch/x86/lapic.h"
#include "arch/x86/layout.h"
#include "arch/x86/percpu.h"
#include "arch/x86/smp_priv.h"
#include "arch/x86/stack.h"
#include "arch/x86/oneshot.h"
#include "arch/x86/traps.h"
#include "arch/x86/tsc.h"
#include "kernel/early_memory.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

#define INIT_DELAY_US	 10000u
#define STARTUP_DELAY_US 300u
/* Silicon answers in microseconds; an emulator on a busy host may need this long. */
#define ANSWER_MAX_US	 2000000u

/* trampoline.asm */
extern const u8 trampoline_start[], trampoline_args[], trampoline_end[];
struct trampoline_args {
	u64 entry;
	u64 final_cr3;
	u64 stack;
	u64 percpu;
	u32 boot_cr3;
	u16 gdt_limit;
	u32 gdt_base;
	u32 jump32;
	u16 jump32_selector;
	u32 jump64;
	u16 jump64_selector;
} packed_struct;
assert_offset(struct trampoline_args, percpu, 24);
assert_offset(struct trampoline_args, jump64, 48);

extern const u8 boot_tables[]; /* boot/entry.asm */

static void (*released_to)(u32 pcpu);

static struct trampoline_args *trampoline_install(hpa_t page, u64 boot_tables_pa)
{
	u8 *copy = hpa_to_va(page);
	struct trampoline_args *args;

	memcpy(copy, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	args = (struct trampoline_args *)(copy + (trampoline_args - trampoline_start));
	args->gdt_base += (u32)page.v;
	args->jump32 += (u32)page.v;
	args->jump64 += (u32)page.v;
	args->boot_cr3 = (u32)boot_tables_pa;
	args->final_cr3 = read_cr3();
	return args;
}

static bool wait_online(const struct percpu *p, u64 us)
{
	u64 start = arch_now_ns();

	while (__atomic_load_n(&p->online, __ATOMIC_ACQUIRE) == 0) {
		if (arch_now_ns() - start > us * NSEC_PER_USEC) {
			return false;
		}
		arch_relax();
	}
	return true;
}

/* On the starting pCPU. */
void smp_ap_main(struct percpu *p)
{
	percpu_load(p);
	traps_load();
	cpu_init_control_registers();
	lapic_enable();
	while (lapic_id() != p->apic_id) {
		cpu_halt(); /* one that was given up woke after all: these are not its arguments */
	}
	__atomic_store_n(&p->online, 1, __ATOMIC_RELEASE);
	tsc_sync_ap();
	oneshot_start();

	void (*go)(u32 pcpu);

	while ((go = __atomic_load_n(&released_to, __ATOMIC_ACQUIRE)) == NULL) {
		arch_idle();
	}
	go(p->id);
	panic("pCPU %u came back from its main loop", p->id);
}

static bool start_one(struct trampoline_args *args, u8 page, u32 apic_id)
{
	struct percpu *p = early_memory_get(sizeof(*p));

	percpu_add(p, apic_id);
	if (stack_create(p) != ERR_OK) {
		log_error("pCPU %u: no memory for its stacks", p->id);
		percpu_remove_last();
		return false;
	}
	args->stack = p->stack_top;
	args->percpu = (u64)(uintptr_t)p;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	lapic_send_startup(apic_id, page);
	if (!wait_online(p, STARTUP_DELAY_US)) {
		lapic_send_startup(apic_id, page);
		if (!wait_online(p, ANSWER_MAX_US)) {
			lapic_send_init(apic_id); /* keep it quiet */
			log_warn("the CPU with APIC id %u does not start: left out", apic_id);
			percpu_remove_last();
			return false;
		}
	}
	tsc_sync_bsp(p);
	return true;
}

/* All at once, so that the delay that INIT wants is spent once. */
static void send_init_to_all(const struct acpi_madt *madt)
{
	for (u32 i = 0; i < madt->cpu_count; i++) {
		if (madt->apic_ids[i] != arch_pcpu_apic_id(0)) {
			lapic_send_init(madt->apic_ids[i]);
		}
	}
	if (madt->cpu_count > 1) {
		tsc_delay_us(INIT_DELAY_US);
	}
}

void smp_start(u32 max)
{
	const struct acpi_madt *madt = &acpi_get()->madt;
	hpa_t page;
	u32 left_out = 0;
	u64 image = (u64)(uintptr_t)boot_tables - LAYOUT_IMAGE_BASE;

	if (early_memory_alloc(1, MIB(1), &page) != ERR_OK) {
		log_warn("no free page below 1 MiB: running on one pCPU");
		return;
	}
	struct trampoline_args *args = trampoline_install(page, image + host_map_displacement());

	send_init_to_all(madt);
	for (u32 i = 0; i < madt->cpu_count; i++) {
		if (madt->apic_ids[i] == arch_pcpu_apic_id(0)) {
			continue;
		}
		if (arch_pcpu_count() >= max) {
			left_out++;
		} else {
			left_out += start_one(args, (u8)(page.v >> PAGE_SHIFT), madt->apic_ids[i])
					    ? 0
					    : 1;
		}
	}
	log_info("CPUs: %u running, %u left out, %u disabled by firmware", arch_pcpu_count(),
		 left_out + madt->dropped_count, madt->disabled_count);
	tsc_sync_report();
}

void smp_release(void (*main)(u32 pcpu))
{
	__atomic_store_n(&released_to, main, __ATOMIC_RELEASE);
	for (u32 i = 1; i < arch_pcpu_count(); i++) {
		arch_kick(i);
	}
	main(0);
	panic("pCPU 0 came back from its main loop");
}
