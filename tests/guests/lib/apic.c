// SPDX-License-Identifier: GPL-2.0-only
/* Local APIC and IOAPIC access; see apic.h. */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_ENABLE BIT(11)
#define SVR_ENABLE	 BIT(8)

bool lapic_x2apic(void)
{
	return (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;
}

u32 lapic_read(u32 reg)
{
	return lapic_x2apic() ? (u32)rdmsr(MSR_X2APIC + (reg >> 4)) : mmio_read32(LAPIC_BASE + reg);
}

void lapic_write(u32 reg, u32 value)
{
	if (lapic_x2apic()) {
		wrmsr(MSR_X2APIC + (reg >> 4), value);
	} else {
		mmio_write32(LAPIC_BASE + reg, value);
	}
}

u32 lapic_id(void)
{
	return lapic_x2apic() ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void lapic_init(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	if (!lapic_x2apic()) {
		lapic_write(LAPIC_DFR, 0xffffffff);
		lapic_write(LAPIC_LDR, 1u << (24 + (cpu_this()->index & 7)));
	}
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_MASKED);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VEC_SPURIOUS);
}

void lapic_enter_x2apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VEC_SPURIOUS);
}

bool lapic_test(u32 reg, u8 vector)
{
	return (lapic_read(reg + (vector / 32u) * 16) >> (vector % 32) & 1) != 0;
}

void lapic_icr(u32 dest, u32 low)
{
	if (lapic_x2apic()) {
		wrmsr(MSR_X2APIC + (LAPIC_ICR >> 4), (u64)dest << 32 | low);
		return;
	}
	while ((lapic_read(LAPIC_ICR) & ICR_PENDING) != 0) {
		cpu_relax();
	}
	lapic_write(LAPIC_ICR_HIGH, dest << 24);
	lapic_write(LAPIC_ICR, low);
}

void lapic_timer(u32 mode, u8 vector, u32 count)
{
	lapic_write(LAPIC_TIMER_DIVIDE, 0xb);
	lapic_write(LAPIC_LVT_TIMER, mode | vector);
	lapic_write(LAPIC_TIMER_INIT, count);
}

u32 lapic_timer_ticks(u32 us)
{
	static u64 ticks_per_ms;

	if (ticks_per_ms == 0) {
		u32 first = 0, last = 0;
		lapic_timer(LVT_MASKED, 0, 0xffffffff);
		u64 from = clock_pair(lapic_read, LAPIC_TIMER_CURRENT, &first);
		clock_delay_us(10000);
		u64 to = clock_pair(lapic_read, LAPIC_TIMER_CURRENT, &last);
		lapic_write(LAPIC_TIMER_INIT, 0);
		ticks_per_ms = (u64)(first - last) * clock_tsc_khz() / (to - from);
	}
	return (u32)(ticks_per_ms * us / 1000);
}

/* The first MADT entry of `type`, from `after` on (NULL: the first). */
static const u8 *madt_next(u8 type, const u8 *after)
{
	const struct acpi_header *madt = acpi_find("APIC");
	const u8 *p = after != NULL ? after + after[1] : (const u8 *)madt + 44;

	if (madt == NULL) {
		return NULL;
	}
	for (; p + 2 <= (const u8 *)madt + madt->length && p[1] >= 2; p += p[1]) {
		if (p[0] == type) {
			return p;
		}
	}
	return NULL;
}

u64 ioapic_base(void)
{
	const u8 *e = madt_next(1, NULL);
	u32 base;

	if (e == NULL) {
		return 0;
	}
	memcpy(&base, e + 4, 4);
	return base;
}

u32 ioapic_isa_pin(u32 irq)
{
	for (const u8 *e = madt_next(2, NULL); e != NULL; e = madt_next(2, e)) {
		if (e[2] == 0 && e[3] == irq) {
			return e[4];
		}
	}
	return irq;
}

u32 ioapic_read(u8 reg)
{
	mmio_write32(ioapic_base(), reg);
	return mmio_read32(ioapic_base() + 0x10);
}

void ioapic_write(u8 reg, u32 value)
{
	mmio_write32(ioapic_base(), reg);
	mmio_write32(ioapic_base() + 0x10, value);
}

u64 ioapic_get(u32 pin)
{
	return (u64)ioapic_read((u8)(0x11 + 2 * pin)) << 32 | ioapic_read((u8)(0x10 + 2 * pin));
}

void ioapic_set(u32 pin, u64 entry)
{
	ioapic_write((u8)(0x10 + 2 * pin), IOAPIC_MASKED);
	ioapic_write((u8)(0x11 + 2 * pin), (u32)(entry >> 32));
	ioapic_write((u8)(0x10 + 2 * pin), (u32)entry);
}

u32 ioapic_pins(void)
{
	return (ioapic_read(1) >> 16 & 0xff) + 1;
}
