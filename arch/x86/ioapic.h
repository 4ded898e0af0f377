/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's IOAPICs and its legacy PICs: everything masked at start, single ISA interrupts
 * routed on request. Bootstrap pCPU, during start-up; no locks. Intel 82093AA datasheet.
 */
#ifndef ARCH_X86_IOAPIC_H
#define ARCH_X86_IOAPIC_H

#include "kernel/lib/types.h"

/* Maps and masks all IOAPICs of the MADT; moves the PICs to VECTOR_PIC_BASE and masks them. */
void ioapic_init(void);

/* Routes an ISA interrupt (0-15) to a pCPU's local APIC. ERR_NODEV: no IOAPIC has the pin;
 * ERR_RANGE: the APIC id does not fit the 8 bits there are without interrupt remapping. */
int ioapic_route_isa(u8 irq, u32 apic_id, u8 vector) must_check;
int ioapic_route_isa_nmi(u8 irq, u32 apic_id) must_check;

#endif
