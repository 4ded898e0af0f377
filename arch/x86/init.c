// SPDX-License-Identifier: GPL-2.0-only
/*
 * The start-up part of arch/arch.h: which piece of hardware is set up when. And the idle and kick
 * functions, which are a few instructions each.
 */
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/cpu_identity.h"
#include "arch/x86/host_map.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/lapic.h"
#include "arch/x86/percpu.h"
#include "arch/x86/power.h"
#include "arch/x86/regs.h"
#include "arch/x86/rtc.h"
#include "arch/x86/smp.h"
#include "arch/x86/stack.h"
#include "arch/x86/oneshot.h"
#include "arch/x86/topology.h"
#include "arch/x86/traps.h"
#include "arch/x86/tsc.h"
#include "arch/x86/watchdog.h"
#include "kernel/cmdline.h"
#include "kernel/drivers/framebuffer.h"
#include "kernel/drivers/uart.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"

#define COM1_IRQ       4
#define APIC_BASE_MASK 0x000ffffffffff000ul

static struct percpu bootstrap;
/* For NMI, #DF and #MC until there are guarded stacks. */
static u8 early_ist_stack[4096] aligned_to(16);

void arch_init_early(const char *cmdline)
{
	power_init(cmdline);
	for (u32 i = 1; i < IST_COUNT; i++) {
		bootstrap.gdt.tss.ist[i] =
			(u64)(uintptr_t)(early_ist_stack + sizeof(early_ist_stack));
	}
	percpu_add(&bootstrap, 0);
	percpu_load(&bootstrap);
	traps_init();
	traps_load();
}

void arch_init_memory(const struct boot_info *info, void (*next)(void))
{
	const struct boot_framebuffer *fb = &info->framebuffer;

	if (!cpu_features_init()) {
		panic("this machine cannot run Evenkeel");
	}
	cpu_init_control_registers();
	host_map_init(info);
	if (stack_create(&bootstrap) != ERR_OK) {
		panic("no memory for the first stack");
	}
	log_info("CPU: %s%s", cpu_brand(), cpu_has(CPU_HYPERVISOR) ? " (virtual machine)" : "");
	void *screen = fb->base.v == 0
			       ? NULL
			       : host_map_window(fb->base, (u64)fb->pitch_bytes * fb->height_px,
						 HOST_MAP_WRITE | HOST_MAP_WRITE_COMBINING);

	/* The boot stack is part of the image and stays mapped. */
	host_map_load();
	framebuffer_remap(screen);
	stack_switch(&bootstrap, next);
}

static enum lapic_mode_wish x2apic_wish(const char *cmdline)
{
	char value[8];

	cmdline_get(cmdline, "x2apic", value, sizeof(value));
	if (strcmp(value, "on") == 0) {
		return LAPIC_X2APIC;
	}
	if (strcmp(value, "off") == 0) {
		return LAPIC_XAPIC;
	}
	if (value[0] != '\0' && strcmp(value, "auto") != 0) {
		log_warn("x2apic=%s: expected on, off or auto", value);
	}
	return LAPIC_AUTO;
}

static void init_lapic(const char *cmdline)
{
	const struct acpi_madt *madt = &acpi_get()->madt;
	hpa_t base = acpi_get()->has_madt ? madt->lapic_base
					  : hpa(rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK);
	u32 max_id = 0;

	for (u32 i = 0; i < madt->cpu_count; i++) {
		max_id = MAX(max_id, madt->apic_ids[i]);
	}
	int err = lapic_init(base, max_id, x2apic_wish(cmdline));

	if (err != ERR_OK) {
		panic("the local APIC cannot be used: %s", err_name(err));
	}
	lapic_enable();
	bootstrap.apic_id = lapic_id();
	bootstrap.online = 1;
}

static void route_uart(void)
{
	int vector = traps_alloc_vector();

	if (vector < 0) {
		return;
	}
	traps_set_handler((u8)vector, uart_interrupt);
	if (ioapic_route_isa(COM1_IRQ, bootstrap.apic_id, (u8)vector) == ERR_OK) {
		uart_enable_rx_interrupt(UART_COM1);
	} else {
		log_warn("COM1 has no interrupt: its input is polled");
	}
}

static void kick_interrupt(void)
{
	/* Having interrupted is all it is for. */
}

void arch_init_machine(const struct boot_info *info)
{
	acpi_init(info);
	traps_set_handler(VECTOR_KICK, kick_interrupt);
	ioapic_init();
	init_lapic(info->cmdline);
	watchdog_init(info->cmdline);
	if (tsc_init() != ERR_OK || oneshot_init() != ERR_OK) {
		panic("without a timer Evenkeel cannot run");
	}
	rtc_init();
	oneshot_start();
	route_uart();
	log_info("interrupts: %s, %u IOAPICs", lapic_is_x2apic() ? "x2APIC" : "xAPIC",
		 acpi_get()->madt.ioapic_count);
}

/* All CPUs of a machine divide their APIC ids in the same way. */
static void find_places(void)
{
	const struct acpi_srat *srat = acpi_get()->has_srat ? &acpi_get()->srat : NULL;
	struct topology_widths widths;

	topology_widths_read(cpu_read_cpuid, &widths);
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		percpu_get(i)->place = topology_place(&widths, srat, arch_pcpu_apic_id(i));
	}
	log_debug("APIC ids: %u bits within a core, %u within a cache, %u within a package",
		  widths.core_bits, widths.cache_bits, widths.package_bits);
}

void arch_start_pcpus(const struct boot_info *info)
{
	bool bad = false;
	u64 max = cmdline_get_u64(info->cmdline, "maxcpus", PCPU_MAX, &bad);

	if (bad || max == 0) {
		log_warn("maxcpus=: expected a number of at least 1");
		max = PCPU_MAX;
	}
	smp_start((u32)MIN(max, PCPU_MAX));
	find_places();
	watchdog_start_alone();
}

void arch_run_pcpus(void (*pcpu_main)(u32 pcpu))
{
	smp_release(pcpu_main);
}

void arch_kick(u32 pcpu)
{
	lapic_send_fixed(arch_pcpu_apic_id(pcpu), VECTOR_KICK);
}

void arch_irq_window(void)
{
	/* STI holds interrupts off for one more instruction. */
	__asm__ volatile("sti; nop; cli" : : : "memory");
}

void arch_idle(void)
{
	/* Between STI and HLT no interrupt is taken (SDM vol. 2, STI): one that is pending ends the
	 * HLT. */
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

void arch_zero_page(void *va)
{
	memset(va, 0, PAGE_SIZE);
}
