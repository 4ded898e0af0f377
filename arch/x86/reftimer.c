// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reference timers. HPET: IA-PC HPET specification 1.0a, 2.3. PM timer: ACPI 6.4, 4.8.3.3. PIT:
 * Intel 8254 datasheet; channel 2, whose gate is at port 61h.
 */
#include "arch/x86/reftimer.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/cpu.h"

#define HPET_SIZE	   0x400u
#define HPET_PERIOD	   0x004 /* femtoseconds, high half of the capabilities */
#define HPET_CONFIG	   0x010
#define HPET_CONFIG_ENABLE BIT(0)
#define HPET_CONFIG_LEGACY BIT(1)
#define HPET_COUNTER	   0x0f0
#define HPET_PERIOD_MAX_FS 100000000u /* 2.3.4 */
#define HPET_PERIOD_MIN_FS 1000000u   /* 1 GHz: nothing real is faster */
#define FS_PER_SEC	   1000000000000000ull

#define PM_TIMER_HZ	   3579545u

#define PIT_HZ		   1193182u
#define PIT_CHANNEL2	   0x42
#define PIT_COMMAND	   0x43
#define PIT_C2_MODE0	   0xb0 /* channel 2, both bytes, interrupt on terminal count */
#define PIT_C2_LATCH	   0x80
#define GATE_PORT	   0x61
#define GATE_CHANNEL2	   BIT(0)
#define GATE_SPEAKER	   BIT(1)

static volatile u8 *hpet;
static u16 pm_timer_port;

static u32 hpet_read(void)
{
	return *(volatile u32 *)(hpet + HPET_COUNTER);
}

static bool hpet_probe(struct reftimer *timer)
{
	if (!acpi_get()->has_hpet) {
		return false;
	}
	if (hpet == NULL) {
		hpet = arch_map_mmio(acpi_get()->hpet_base, HPET_SIZE);
	}
	u32 period = hpet != NULL ? *(volatile u32 *)(hpet + HPET_PERIOD) : 0;

	if (period < HPET_PERIOD_MIN_FS || period > HPET_PERIOD_MAX_FS) {
		return false;
	}
	/* Legacy routing would take the PIT's interrupt line, which the watchdog may want. */
	u32 config = *(volatile u32 *)(hpet + HPET_CONFIG) & ~(u32)HPET_CONFIG_LEGACY;

	*(volatile u32 *)(hpet + HPET_CONFIG) = config | HPET_CONFIG_ENABLE;
	*timer = (struct reftimer){"HPET", FS_PER_SEC / period, UINT32_MAX, hpet_read};
	return true;
}

static u32 pm_timer_read(void)
{
	return inl(pm_timer_port);
}

static bool pm_timer_probe(struct reftimer *timer)
{
	const struct acpi_address *a = &acpi_get()->fadt.pm_timer;

	if (a->address == 0 || a->space != ACPI_SPACE_IO || a->address > 0xffff) {
		return false;
	}
	pm_timer_port = (u16)a->address;
	/* 24 bits are always there. */
	*timer = (struct reftimer){"PM timer", PM_TIMER_HZ, 0xffffff, pm_timer_read};
	return true;
}

static u32 pit_read(void)
{
	outb(PIT_COMMAND, PIT_C2_LATCH);
	u8 low = inb(PIT_CHANNEL2);
	u8 high = inb(PIT_CHANNEL2);

	return 0xffffu - (u32)(low | high << 8);
}

static bool pit_probe(struct reftimer *timer)
{
	outb(GATE_PORT, (inb(GATE_PORT) & ~GATE_SPEAKER) | GATE_CHANNEL2);
	outb(PIT_COMMAND, PIT_C2_MODE0);
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
	*timer = (struct reftimer){"PIT", PIT_HZ, 0xffff, pit_read};
	return true;
}

bool reftimer_get(u32 index, struct reftimer *timer)
{
	static bool (*const probes[])(struct reftimer *) = {hpet_probe, pm_timer_probe, pit_probe};

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i](timer) && index-- == 0) {
			return true;
		}
	}
	return false;
}
