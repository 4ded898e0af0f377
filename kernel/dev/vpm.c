// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI fixed hardware. The timer is a function of time, so nothing is stored for it; only its
 * carries (a change of bit 31, every 10 minutes) have to be noticed for TMR_STS.
 */
#include "kernel/dev/vpm.h"

#include "kernel/lib/string.h"

enum { REG_STATUS = 0, REG_ENABLE = 2, REG_CONTROL = 4, REG_TIMER = 8, REG_END = 12 };

/* ACPI 6.4 tables 4.11 and 4.12. */
#define STS_TIMER	  0x0001
#define STS_GLOBAL	  0x0020
#define STS_POWER_BUTTON  0x0100
#define STS_SLEEP_BUTTON  0x0200
#define STS_RTC		  0x0400
#define ENABLE_BITS	  (STS_TIMER | STS_GLOBAL | STS_POWER_BUTTON | STS_SLEEP_BUTTON | STS_RTC)

/* ACPI 6.4 table 4.13. */
#define CNT_SCI_EN	  0x0001
#define CNT_BM_RLD	  0x0002
#define CNT_SLP_TYP	  0x1c00
#define CNT_SLP_TYP_SHIFT 10
#define CNT_SLP_EN	  0x2000
#define CNT_STORED	  (CNT_BM_RLD | CNT_SLP_TYP)

#define CARRY_TICKS	  BIT(31)

/* Timer ticks at or before `ns`, not yet cut to 32 bits. */
static u64 timer_at_ns(u64 ns)
{
	return ns / NSEC_PER_SEC * VPM_TIMER_HZ + ns % NSEC_PER_SEC * VPM_TIMER_HZ / NSEC_PER_SEC;
}

static u64 ns_at_timer(u64 ticks)
{
	return ticks / VPM_TIMER_HZ * NSEC_PER_SEC +
	       DIV_ROUND_UP(ticks % VPM_TIMER_HZ * NSEC_PER_SEC, (u64)VPM_TIMER_HZ);
}

void vpm_init(struct vpm *d, u64 now_ns)
{
	memset(d, 0, sizeof(*d));
	vpm_reset(d, now_ns);
}

void vpm_reset(struct vpm *d, u64 now_ns)
{
	d->status = d->enable = 0;
	d->control = CNT_SCI_EN;
	d->poweroff = false;
	d->looked_ns = MAX(d->looked_ns, now_ns);
}

void vpm_advance(struct vpm *d, u64 now_ns)
{
	u64 carries = timer_at_ns(d->looked_ns) / CARRY_TICKS;

	d->looked_ns = MAX(d->looked_ns, now_ns);
	if (timer_at_ns(d->looked_ns) / CARRY_TICKS != carries) {
		d->status |= STS_TIMER;
	}
}

u64 vpm_deadline_ns(const struct vpm *d)
{
	if (!(d->enable & STS_TIMER) || (d->status & STS_TIMER)) {
		return NEVER_NS;
	}
	return ns_at_timer((timer_at_ns(d->looked_ns) / CARRY_TICKS + 1) * CARRY_TICKS);
}

/* The registers as the bytes that a guest can read. */
static void image(const struct vpm *d, u8 regs[REG_END])
{
	u32 timer = (u32)timer_at_ns(d->looked_ns);

	memset(regs, 0, REG_END);
	memcpy(&regs[REG_STATUS], &d->status, sizeof(d->status));
	memcpy(&regs[REG_ENABLE], &d->enable, sizeof(d->enable));
	memcpy(&regs[REG_CONTROL], &d->control, sizeof(d->control));
	memcpy(&regs[REG_TIMER], &timer, sizeof(timer));
}

u32 vpm_read(struct vpm *d, u16 offset, u8 size, u64 now_ns)
{
	u8 regs[REG_END];
	u32 value = 0;

	vpm_advance(d, now_ns);
	image(d, regs);
	for (u32 i = 0; i < size && i < sizeof(value) && offset + i < REG_END; i++) {
		value |= (u32)regs[offset + i] << (8 * i);
	}
	return value;
}

/* `value` of a 16-bit register after the guest has written one of its bytes. */
static u16 with_byte(u16 value, u32 offset, u8 byte)
{
	u32 shift = 8 * (offset & 1);

	return (u16)((value & ~(0xffu << shift)) | (u32)byte << shift);
}

static void write_control(struct vpm *d, u32 offset, u8 byte)
{
	u16 value = with_byte(d->control & CNT_STORED, offset, byte);

	d->control = CNT_SCI_EN | (value & CNT_STORED);
	/* SLP_EN is a trigger and is not stored, so only this byte can have set it. */
	if ((value & CNT_SLP_EN) && (value & CNT_SLP_TYP) >> CNT_SLP_TYP_SHIFT == VPM_SLP_TYP_S5) {
		d->poweroff = true;
	}
}

void vpm_write(struct vpm *d, u16 offset, u8 size, u32 value, u64 now_ns)
{
	vpm_advance(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		u32 at = offset + i;
		u8 byte = (u8)(value >> (8 * i));

		switch (at & ~1u) {
		case REG_STATUS:
			d->status &= (u16)~with_byte(0, at, byte);
			break;
		case REG_ENABLE:
			d->enable = with_byte(d->enable, at, byte) & ENABLE_BITS;
			break;
		case REG_CONTROL:
			write_control(d, at, byte);
			break;
		default:
			break;
		}
	}
}

bool vpm_irq(const struct vpm *d)
{
	return d->status & d->enable;
}

void vpm_press_power_button(struct vpm *d)
{
	d->status |= STS_POWER_BUTTON;
}

bool vpm_poweroff_requested(const struct vpm *d)
{
	return d->poweroff;
}
