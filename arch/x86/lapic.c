// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC access in both modes behind one pair of functions: register n is at MMIO offset 16 n
 * or at MSR 0x800 + n. SDM vol. 3, chapter 11.
 */
#include "arch/x86/lapic.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/regs.h"
#include "arch/x86/traps.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"

/* Registers by number (SDM vol. 3, table 11-6: MSR address - 0x800). */
enum {
	REG_ID = 0x02,
	REG_VERSION = 0x03,
	REG_TPR = 0x08,
	REG_EOI = 0x0b,
	REG_LDR = 0x0d,
	REG_DFR = 0x0e,
	REG_SVR = 0x0f,
	REG_ESR = 0x28,
	REG_LVT_CMCI = 0x2f,
	REG_ICR = 0x30,
	REG_ICR_HIGH = 0x31, /* xAPIC only */
	REG_LVT_TIMER = 0x32,
	REG_LVT_THERMAL = 0x33,
	REG_LVT_PMU = 0x34,
	REG_LVT_LINT0 = 0x35,
	REG_LVT_LINT1 = 0x36,
	REG_LVT_ERROR = 0x37,
	REG_TIMER_INITIAL = 0x38,
	REG_TIMER_CURRENT = 0x39,
	REG_TIMER_DIVIDE = 0x3e,
};

#define SVR_ENABLE	   BIT(8)
#define LVT_MASKED	   BIT(16)
#define LVT_NMI		   (4u << 8)
#define LVT_TIMER_DEADLINE (2u << 17)
#define DIVIDE_BY_1	   0xb
#define ICR_FIXED	   (0u << 8)
#define ICR_NMI		   (4u << 8)
#define ICR_INIT	   (5u << 8)
#define ICR_STARTUP	   (6u << 8)
#define ICR_PENDING	   BIT(12)
#define ICR_ASSERT	   BIT(14)
#define ICR_ALL_BUT_SELF   (3u << 18)
#define VERSION_MAX_LVT(v) (((v) >> 16) & 0xff)
/* An xAPIC accepts an interrupt command within microseconds; then it is broken, and waiting longer
 * is no use. */
#define ICR_POLLS	   1000000u

static volatile u32 *mmio; /* NULL in x2APIC mode */

static u32 reg_read(u32 reg)
{
	return mmio != NULL ? mmio[reg * 4] : (u32)rdmsr(MSR_X2APIC_BASE + reg);
}

static void reg_write(u32 reg, u32 value)
{
	if (mmio != NULL) {
		mmio[reg * 4] = value;
	} else {
		wrmsr(MSR_X2APIC_BASE + reg, value);
	}
}

static bool choose_x2apic(u32 max_apic_id, enum lapic_mode_wish wish)
{
	bool firmware = (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;

	if (!cpu_has(CPU_X2APIC)) {
		if (wish == LAPIC_X2APIC) {
			log_warn("x2apic=on: this CPU has no x2APIC");
		}
		return false;
	}
	if (wish == LAPIC_XAPIC && (firmware || max_apic_id > 254)) {
		log_warn("x2apic=off ignored: %s",
			 firmware ? "firmware has turned x2APIC on" : "APIC ids above 254");
		return true;
	}
	return wish == LAPIC_X2APIC || firmware || max_apic_id > 254;
}

int lapic_init(hpa_t base, u32 max_apic_id, enum lapic_mode_wish wish)
{
	if ((rdmsr(MSR_APIC_BASE) & APIC_BASE_ENABLE) == 0) {
		return ERR_NODEV;
	}
	if (!choose_x2apic(max_apic_id, wish)) {
		mmio = arch_map_mmio(base, PAGE_SIZE);
		return mmio != NULL ? ERR_OK : ERR_NOMEM;
	}
	return ERR_OK;
}

void lapic_enable(void)
{
	if (mmio == NULL) {
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	} else {
		reg_write(REG_DFR, 0xffffffff);
	}
	u32 lvts = VERSION_MAX_LVT(reg_read(REG_VERSION)) + 1;

	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI); /* where PCs wire the chipset's NMI */
	if (lvts >= 5) {
		reg_write(REG_LVT_PMU, LVT_MASKED);
	}
	if (lvts >= 6) {
		reg_write(REG_LVT_THERMAL, LVT_MASKED);
	}
	if (lvts >= 7) {
		reg_write(REG_LVT_CMCI, LVT_MASKED);
	}
	reg_write(REG_LVT_ERROR, LVT_MASKED | VECTOR_APIC_ERROR);
	reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	/* Interrupts that were in service when firmware left. */
	for (u32 i = 0; i < 256; i++) {
		reg_write(REG_EOI, 0);
	}
}

bool lapic_is_x2apic(void)
{
	return mmio == NULL;
}

u32 lapic_id(void)
{
	return mmio != NULL ? reg_read(REG_ID) >> 24 : reg_read(REG_ID);
}

void lapic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

static void wait_icr(void)
{
	for (u32 i = 0; i < ICR_POLLS && (reg_read(REG_ICR) & ICR_PENDING) != 0; i++) {
		arch_relax();
	}
}

static void send(u32 apic_id, u32 command)
{
	if (mmio == NULL) {
		/* Stores before the interrupt must be visible to its handler: WRMSR to x2APIC does
		 * not order them (SDM vol. 3, 11.12.3). */
		__asm__ volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC_BASE + REG_ICR, (u64)apic_id << 32 | command);
		return;
	}
	wait_icr();
	reg_write(REG_ICR_HIGH, apic_id << 24);
	reg_write(REG_ICR, command);
	wait_icr();
}

void lapic_send_fixed(u32 apic_id, u8 vector)
{
	send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void lapic_send_nmi(u32 apic_id)
{
	send(apic_id, ICR_NMI | ICR_ASSERT);
}

void lapic_send_nmi_others(void)
{
	send(0, ICR_NMI | ICR_ASSERT | ICR_ALL_BUT_SELF);
}

void lapic_send_init(u32 apic_id)
{
	send(apic_id, ICR_INIT | ICR_ASSERT);
}

void lapic_send_startup(u32 apic_id, u8 page)
{
	send(apic_id, ICR_STARTUP | ICR_ASSERT | page);
}

void lapic_timer_oneshot(u8 vector, u32 count)
{
	reg_write(REG_LVT_TIMER, vector);
	reg_write(REG_TIMER_INITIAL, count);
}

u32 lapic_timer_remaining(void)
{
	return reg_read(REG_TIMER_CURRENT);
}

void lapic_timer_deadline_mode(u8 vector)
{
	reg_write(REG_LVT_TIMER, LVT_TIMER_DEADLINE | vector);
	/* The mode must be set before the first deadline is (SDM vol. 3, 11.5.4.1). */
	__asm__ volatile("mfence" : : : "memory");
}
