// SPDX-License-Identifier: GPL-2.0-only
/* Calendar time from the machine's CMOS clock (Motorola MC146818A datasheet), read once. */
#include "arch/x86/rtc.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "kernel/lib/calendar.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71
enum {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11
};
#define RTC_A_UPDATING BIT(7)
#define RTC_B_24_HOUR  BIT(1)
#define RTC_B_BINARY   BIT(2)
#define HOUR_PM	       BIT(7)
/* An update takes 2 ms; a bus read a microsecond. */
#define UPDATE_POLLS   10000u

static u64 boot_wallclock_s;

u64 arch_boot_wallclock_s(void)
{
	return boot_wallclock_s;
}

static u8 cmos_read(u8 index)
{
	outb(RTC_INDEX, index);
	return inb(RTC_DATA);
}

static u32 decode(u8 value, u8 status_b)
{
	return (status_b & RTC_B_BINARY) != 0 ? value : (value >> 4) * 10u + (value & 15);
}

void rtc_init(void)
{
	static const u8 fields[] = {RTC_SECOND, RTC_MINUTE, RTC_HOUR, RTC_DAY, RTC_MONTH, RTC_YEAR};
	u8 raw[ARRAY_SIZE(fields)], again[ARRAY_SIZE(fields)];
	u8 b = cmos_read(RTC_B);
	bool same = false;

	/* Twice the same: no update came between. */
	for (u32 tries = 0; tries < 4 && !same; tries++) {
		for (u32 i = 0; i < UPDATE_POLLS && (cmos_read(RTC_A) & RTC_A_UPDATING) != 0; i++) {
			arch_relax();
		}
		same = true;
		for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
			again[i] = cmos_read(fields[i]);
			same = same && tries > 0 && again[i] == raw[i];
			raw[i] = again[i];
		}
	}
	u32 hour = decode(raw[2] & (u8)~HOUR_PM, b);

	if ((b & RTC_B_24_HOUR) == 0) {
		hour = hour % 12 + ((raw[2] & HOUR_PM) != 0 ? 12 : 0);
	}
	struct calendar_date date = {
		.year = 2000 + decode(raw[5], b) % 100,
		.month = MIN(MAX(decode(raw[4], b), 1u), 12u),
		.day = MAX(decode(raw[3], b), 1u),
	};

	boot_wallclock_s = (calendar_days(&date) - CALENDAR_EPOCH_DAYS) * 86400 + hour * 3600 +
			   decode(raw[1], b) * 60 + decode(raw[0], b);
}
