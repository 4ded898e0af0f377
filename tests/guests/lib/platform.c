// SPDX-License-Identifier: GPL-2.0-only
/* PIC pair (8259A), PIT (8254), PM timer, PCI configuration mechanism 1, and the TSC clock
 * calibrated with them. */
#include "tests/guests/lib/platform.h"

#define CALIBRATE_MS 20
#define PAIR_TRIES   8

static u64 tsc_khz, tsc_base;

void pic_init(u8 base)
{
	outb(0x20, 0x11);
	outb(0x21, base);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa0, 0x11);
	outb(0xa1, (u8)(base + 8));
	outb(0xa1, 2);
	outb(0xa1, 1);
	pic_mask(0xffff);
}

void pic_mask(u16 mask)
{
	outb(0x21, (u8)mask);
	outb(0xa1, (u8)(mask >> 8));
}

void pic_eoi(u32 irq)
{
	if (irq >= 8) {
		outb(0xa0, 0x20);
	}
	outb(0x20, 0x20);
}

void pit_mode(u32 channel, u32 mode, u16 count)
{
	outb(0x43, (u8)(channel << 6 | 3 << 4 | mode << 1));
	outb((u16)(0x40 + channel), (u8)count);
	outb((u16)(0x40 + channel), (u8)(count >> 8));
}

u16 pit_read(u32 channel)
{
	outb(0x43, (u8)(channel << 6));
	u8 low = inb((u16)(0x40 + channel));

	return (u16)(low | inb((u16)(0x40 + channel)) << 8);
}

u32 pm_timer(void)
{
	return inl((u16)acpi_pm_timer_port());
}

u32 pci_read32(u32 bdf, u32 reg)
{
	outl(0xcf8, 0x80000000u | bdf << 8 | (reg & 0xfc));
	return inl(0xcfc);
}

void pci_write32(u32 bdf, u32 reg, u32 value)
{
	outl(0xcf8, 0x80000000u | bdf << 8 | (reg & 0xfc));
	outl(0xcfc, value);
}

u64 clock_pair(u32 (*read)(u32 arg), u32 arg, u32 *value)
{
	u64 best = UINT64_MAX, at = 0;

	for (u32 i = 0; i < PAIR_TRIES; i++) {
		u64 before = rdtsc();
		u32 v = read(arg);
		u64 after = rdtsc();
		if (after - before < best) {
			best = after - before;
			at = before + best / 2;
			*value = v;
		}
	}
	return at;
}

static u32 read_port(u32 port)
{
	return inl((u16)port);
}

static u64 calibrate_pm_timer(u32 port)
{
	u32 from = 0, to = 0, wanted = PM_TIMER_HZ / 1000 * CALIBRATE_MS;
	u64 tsc = clock_pair(read_port, port, &from), end;

	do {
		end = clock_pair(read_port, port, &to);
	} while (((to - from) & 0xffffff) < wanted);
	return (end - tsc) * (PM_TIMER_HZ / 1000) / ((to - from) & 0xffffff);
}

/* Channel 2 in mode 0, its gate and output at port 61h. */
static u64 calibrate_pit(void)
{
	u8 port61 = inb(0x61);

	outb(0x61, (u8)((port61 & ~2) | 1));
	pit_mode(2, 0, PIT_HZ / 1000 * CALIBRATE_MS);
	u64 tsc = rdtsc();
	while ((inb(0x61) & 0x20) == 0) {
		cpu_relax();
	}
	tsc = rdtsc() - tsc;
	outb(0x61, port61);
	return tsc / CALIBRATE_MS;
}

void clock_init(void)
{
	u32 port = acpi_pm_timer_port();

	tsc_khz = port != 0 ? calibrate_pm_timer(port) : calibrate_pit();
	tsc_base = rdtsc();
}

u64 clock_tsc_khz(void)
{
	return tsc_khz;
}

u64 clock_us(void)
{
	return (rdtsc() - tsc_base) * 1000 / tsc_khz;
}

void clock_delay_us(u64 us)
{
	u64 end = clock_us() + us;

	while (clock_us() < end) {
		cpu_relax();
	}
}
