/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI fixed hardware: PM1a event and control blocks and the 32-bit power-management timer. Source:
 * ACPI 6.x section 4.8. There is no SMI command port: the machine is always in ACPI mode (SCI_EN
 * reads 1). No general purpose events. Pure.
 *
 * Offsets from GUEST_PORT_PM: 0 PM1_STS, 2 PM1_EN, 4 PM1_CNT (16 bits each), 8 PM_TMR (32 bits).
 * Accesses of any size and alignment work bytewise on these registers; the rest reads 0.
 */
#ifndef KERNEL_DEV_VPM_H
#define KERNEL_DEV_VPM_H

#include "kernel/lib/types.h"

#define VPM_TIMER_HZ   3579545u

/* The SLP_TYP value of the soft-off state; the DSDT's \_S5 package says the same. */
#define VPM_SLP_TYP_S5 5u

struct vpm {
	u16 status;  /* PM1_STS */
	u16 enable;  /* PM1_EN */
	u16 control; /* PM1_CNT as read */
	bool poweroff;
	u64 looked_ns;
};

void vpm_init(struct vpm *d, u64 now_ns);
/* System reset: as init; a pending power-off request is forgotten. */
void vpm_reset(struct vpm *d, u64 now_ns);

u32 vpm_read(struct vpm *d, u16 offset, u8 size, u64 now_ns);
void vpm_write(struct vpm *d, u16 offset, u8 size, u32 value, u64 now_ns);

/* Notices carries out of the timer (TMR_STS). */
void vpm_advance(struct vpm *d, u64 now_ns);
u64 vpm_deadline_ns(const struct vpm *d);

/* Level of the SCI (ISA IRQ 9, GSI 9, level triggered, active high). */
bool vpm_irq(const struct vpm *d);
/* The user pressed the power button: the guest is asked to shut down. */
void vpm_press_power_button(struct vpm *d);
/* The guest asked for S5: power the VM off. Stays true until reset. */
bool vpm_poweroff_requested(const struct vpm *d);

#endif
