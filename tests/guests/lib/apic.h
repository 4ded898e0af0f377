/* SPDX-License-Identifier: GPL-2.0-only */
/* Local APIC (in xAPIC or x2APIC mode, whichever is on) and IOAPIC. SDM volume 3 chapter 11; 82093AA data sheet. */
#ifndef TESTS_GUESTS_LIB_APIC_H
#define TESTS_GUESTS_LIB_APIC_H

#include "tests/guests/lib/guest.h"

#define LAPIC_BASE 0xfee00000u

enum {
	LAPIC_ID = 0x20, LAPIC_VERSION = 0x30, LAPIC_TPR = 0x80, LAPIC_PPR = 0xa0, LAPIC_EOI = 0xb0,
	LAPIC_LDR = 0xd0, LAPIC_DFR = 0xe0, LAPIC_SVR = 0xf0, LAPIC_ISR = 0x100, LAPIC_TMR = 0x180,
	LAPIC_IRR = 0x200, LAPIC_ESR = 0x280, LAPIC_ICR = 0x300, LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320, LAPIC_LVT_LINT0 = 0x350, LAPIC_LVT_LINT1 = 0x360, LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INIT = 0x380, LAPIC_TIMER_CURRENT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
	X2APIC_SELF_IPI = 0x3f0,
};

#define LVT_MASKED       BIT(16)
#define LVT_PERIODIC     BIT(17)
#define LVT_TSC_DEADLINE BIT(18)
#define LVT_EXTINT       0x700u

#define ICR_FIXED     0x000u
#define ICR_LOWEST    0x100u
#define ICR_NMI       0x400u
#define ICR_INIT      0x500u
#define ICR_SIPI      0x600u
#define ICR_LOGICAL   BIT(11)
#define ICR_PENDING   BIT(12)
#define ICR_ASSERT    BIT(14)
#define ICR_LEVEL     BIT(15)
#define ICR_SELF      (1u << 18)
#define ICR_ALL       (2u << 18)
#define ICR_ALL_OTHER (3u << 18)

#define VEC_SPURIOUS 0xff
#define VEC_WAKE     0xf0 /* smp_run() */

/* Enables the local APIC of this CPU in its present mode. */
void lapic_init(void);
bool lapic_x2apic(void);
/* Switches this CPU to x2APIC mode; the CPU must offer it. */
void lapic_enter_x2apic(void);
u32 lapic_id(void);
u32 lapic_read(u32 reg);
void lapic_write(u32 reg, u32 value);
void lapic_eoi(void);
/* Is the bit of `vector` set in the 256-bit register `reg` (ISR, IRR, TMR)? */
bool lapic_test(u32 reg, u8 vector);
/* Sends an IPI; `low` is the lower ICR half, `dest` the destination in the mode's own form, not shifted. */
void lapic_icr(u32 dest, u32 low);
/* Timer: divide by 1, the mode's LVT bits, the vector, the count. */
void lapic_timer(u32 mode, u8 vector, u32 count);
/* Timer ticks in `us` microseconds, measured once. */
u32 lapic_timer_ticks(u32 us);

u64 ioapic_base(void);
u32 ioapic_read(u8 reg);
void ioapic_write(u8 reg, u32 value);
u64 ioapic_get(u32 pin);
void ioapic_set(u32 pin, u64 entry);
/* The pin that ISA interrupt `irq` is wired to (MADT overrides). */
u32 ioapic_isa_pin(u32 irq);
u32 ioapic_pins(void);

#define IOAPIC_MASKED     BIT(16)
#define IOAPIC_LEVEL      BIT(15)
#define IOAPIC_REMOTE_IRR BIT(14)
#define IOAPIC_LOW        BIT(13)
#define IOAPIC_DEST(id)   ((u64)(id) << 56)

#endif
