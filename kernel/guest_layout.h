/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things are in every guest: physical memory map, I/O ports, interrupt lines. The device models, the
 * firmware tables that describe them to the guest, the loaders and the exit handlers all take the numbers from
 * here, so that they cannot disagree. Constants only; pure.
 */
#ifndef KERNEL_GUEST_LAYOUT_H
#define KERNEL_GUEST_LAYOUT_H

/* clang-format off */

/* --- physical memory -------------------------------------------------------------------------- */

/* Conventional memory ends 1 KiB below 640 KiB: the last KiB is the extended BIOS data area, which kernels of
 * all ages expect to be able to find there. */
#define GUEST_LOW_RAM_END	0x0009fc00u
#define GUEST_EBDA_BASE		0x0009fc00u
#define GUEST_EBDA_SIZE		0x00000400u
/* 0xA0000-0xDFFFF: VGA window and option ROMs on a PC; nothing here. */
#define GUEST_VGA_HOLE_BASE	0x000a0000u
/* The BIOS area, which holds the ACPI and SMBIOS tables: kernels that are not told where those are search here. */
#define GUEST_BIOS_BASE		0x000e0000u
#define GUEST_BIOS_SIZE		0x00020000u
#define GUEST_HIGH_RAM_BASE	0x00100000u
/* RAM stops at 3 GiB, so that 32-bit PCI BARs have a window of almost 1 GiB, and goes on at 4 GiB. Fixed, whatever
 * the memory size: the boundary does not move when devices or memory are added. */
#define GUEST_LOW_RAM_LIMIT	0xc0000000ul
#define GUEST_PCI_MMIO_BASE	0xc0000000ul
#define GUEST_PCI_MMIO_END	0xfec00000ul	/* exclusive */
/* Architectural defaults (82093AA section 3; SDM vol. 3 "APIC base"): operating systems assume them. */
#define GUEST_IOAPIC_BASE	0xfec00000ul
#define GUEST_LAPIC_BASE	0xfee00000ul
#define GUEST_RAM_ABOVE_4G	0x100000000ul

/* --- I/O ports (base, count) ------------------------------------------------------------------ */

#define GUEST_PORT_PIC1		0x0020u
#define GUEST_PORT_PIC2		0x00a0u
#define GUEST_PORT_PIT		0x0040u
#define GUEST_PORT_PIT_COUNT	4u
#define GUEST_PORT_KBD_DATA	0x0060u
#define GUEST_PORT_SYSTEM_B	0x0061u		/* speaker, PIT channel 2: vpit */
#define GUEST_PORT_KBD_COMMAND	0x0064u
#define GUEST_PORT_RTC		0x0070u
#define GUEST_PORT_RTC_COUNT	4u
#define GUEST_PORT_SYSTEM_A	0x0092u		/* fast reset and A20: vreset */
#define GUEST_PORT_COM2		0x02f8u
#define GUEST_PORT_COM1		0x03f8u
#define GUEST_PORT_UART_COUNT	8u
#define GUEST_PORT_PCI_CONFIG	0x0cf8u
#define GUEST_PORT_PCI_COUNT	8u
#define GUEST_PORT_RESET	0x0cf9u		/* 1-byte accesses only, see vpci.h */
/* ACPI fixed hardware. 0x600 is outside what ISA devices decode and below what PCI windows are given. */
#define GUEST_PORT_PM		0x0600u
#define GUEST_PORT_PM_COUNT	12u

/* --- interrupts: ISA lines; GSI = line except for the PIT ------------------------------------- */

#define GUEST_IRQ_PIT		0u
#define GUEST_IRQ_COM2		3u
#define GUEST_IRQ_COM1		4u
#define GUEST_IRQ_RTC		8u
#define GUEST_IRQ_SCI		9u
/* The PIT is on I/O APIC input 2, as on every PC since input 0 went to the 8259 cascade. */
#define GUEST_GSI_PIT		2u
/* Slot s, pin p (INTA 0 .. INTD 3) is GSI GUEST_GSI_PCI + ((s + p) & 3), level, active low (_PRT in dsdt.asl). */
#define GUEST_GSI_PCI		16u
#define GUEST_GSI_COUNT		24u

/* clang-format on */

#endif
