/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's local APICs, as xAPIC (MMIO) or x2APIC (MSRs): SDM vol. 3 chapter 11. All functions
 * act on the calling pCPU's APIC; no locks. Not the guests' APICs (kernel/dev/vlapic).
 */
#ifndef ARCH_X86_LAPIC_H
#define ARCH_X86_LAPIC_H

#include "kernel/lib/types.h"

enum lapic_mode_wish { LAPIC_AUTO, LAPIC_XAPIC, LAPIC_X2APIC };

/* Chooses the mode for all pCPUs: x2APIC if firmware enabled it, an APIC id needs it, or it is
 * wished for and present. `max_apic_id` over all pCPUs to be started. Bootstrap pCPU. ERR_NODEV
 * when firmware has disabled the local APIC for good. */
int lapic_init(hpa_t base, u32 max_apic_id, enum lapic_mode_wish wish) must_check;

/* Enables this pCPU's APIC in the chosen mode, everything masked. */
void lapic_enable(void);

bool lapic_is_x2apic(void);
u32 lapic_id(void);
void lapic_eoi(void);

/* Sends a fixed-vector interrupt, an NMI, INIT, or start-up (page number of the code). */
void lapic_send_fixed(u32 apic_id, u8 vector);
void lapic_send_nmi(u32 apic_id);
void lapic_send_nmi_others(void);
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u8 page);

/* The timer in one-shot mode, counting down from `count` at bus clock / 1; 0 stops it. */
void lapic_timer_oneshot(u8 vector, u32 count);
u32 lapic_timer_remaining(void);
/* The timer in TSC-deadline mode; then MSR_TSC_DEADLINE arms it. */
void lapic_timer_deadline_mode(u8 vector);

#endif
