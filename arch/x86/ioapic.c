// SPDX-License-Identifier: GPL-2.0-only
/* See ioapic.h. */
#include "arch/x86/ioapic.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"
#include "arch/x86/traps.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"

#define IOAPIC_SELECT  0x00
#define IOAPIC_DATA    0x10
#define REG_VERSION    0x01
#define REG_REDIRECT   0x10
#define REDIRECT_NMI   (4u << 8)
#define REDIRECT_LOW   BIT(13) /* active low */
#define REDIRECT_LEVEL BIT(15)
#define REDIRECT_MASK  BIT(16)

#define PIC1_COMMAND   0x20
#define PIC2_COMMAND   0xa0
#define ICW1	       0x11 /* edge, cascade, ICW4 follows */
#define ICW4	       0x01 /* 8086 mode */

static struct {
	volatile u8 *mmio;
	u32 gsi_base;
	u32 pins;
} ioapics[ACPI_IOAPICS_MAX];
static u32 ioapic_count;

static u32 reg_read(volatile u8 *mmio, u32 reg)
{
	*(volatile u32 *)(mmio + IOAPIC_SELECT) = reg;
	return *(volatile u32 *)(mmio + IOAPIC_DATA);
}

static void reg_write(volatile u8 *mmio, u32 reg, u32 value)
{
	*(volatile u32 *)(mmio + IOAPIC_SELECT) = reg;
	*(volatile u32 *)(mmio + IOAPIC_DATA) = value;
}

static void pics_mask(void)
{
	static const u8 second[2] = {VECTOR_PIC_BASE + 8, 2};
	static const u8 first[2] = {VECTOR_PIC_BASE, BIT(2)};
	static const u16 ports[2] = {PIC1_COMMAND, PIC2_COMMAND};

	for (u32 i = 0; i < 2; i++) {
		const u8 *icw = i == 0 ? first : second;

		outb(ports[i], ICW1);
		outb(ports[i] + 1, icw[0]);
		outb(ports[i] + 1, icw[1]);
		outb(ports[i] + 1, ICW4);
		outb(ports[i] + 1, 0xff);
	}
}

void ioapic_init(void)
{
	const struct acpi_madt *madt = &acpi_get()->madt;

	if (!acpi_get()->has_madt || madt->has_pics) {
		pics_mask();
	}
	for (u32 i = 0; i < madt->ioapic_count; i++) {
		volatile u8 *mmio = arch_map_mmio(madt->ioapics[i].base, PAGE_SIZE);

		if (mmio == NULL) {
			log_warn("IOAPIC %u: cannot map its registers", madt->ioapics[i].id);
			continue;
		}
		u32 pins = (reg_read(mmio, REG_VERSION) >> 16 & 0xff) + 1;

		for (u32 pin = 0; pin < pins; pin++) {
			reg_write(mmio, REG_REDIRECT + 2 * pin, REDIRECT_MASK);
		}
		ioapics[ioapic_count].mmio = mmio;
		ioapics[ioapic_count].gsi_base = madt->ioapics[i].gsi_base;
		ioapics[ioapic_count++].pins = pins;
	}
}

static int route(u8 irq, u32 apic_id, u32 low_word)
{
	const struct acpi_isa_irq *isa = &acpi_get()->madt.isa[irq];

	if (apic_id > 254) {
		return ERR_RANGE;
	}
	low_word |= isa->active_low ? REDIRECT_LOW : 0;
	low_word |= isa->level ? REDIRECT_LEVEL : 0;
	for (u32 i = 0; i < ioapic_count; i++) {
		u32 pin = isa->gsi - ioapics[i].gsi_base;

		if (isa->gsi >= ioapics[i].gsi_base && pin < ioapics[i].pins) {
			u32 reg = REG_REDIRECT + 2 * pin;

			reg_write(ioapics[i].mmio, reg, REDIRECT_MASK);
			reg_write(ioapics[i].mmio, reg + 1, apic_id << 24);
			reg_write(ioapics[i].mmio, reg, low_word);
			return ERR_OK;
		}
	}
	return ERR_NODEV;
}

int ioapic_route_isa(u8 irq, u32 apic_id, u8 vector)
{
	return route(irq, apic_id, vector);
}

int ioapic_route_isa_nmi(u8 irq, u32 apic_id)
{
	return route(irq, apic_id, REDIRECT_NMI);
}
