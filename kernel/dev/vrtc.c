// SPDX-License-Identifier: GPL-2.0-only
/*
 * MC146818. The time of day lives in the CMOS bytes, in whatever format the guest chose, and is
 * moved on by as many seconds as have passed when somebody looks. Alarms are found by the same
 * arithmetic, not by stepping.
 */
#include "kernel/dev/vrtc.h"

#include "kernel/guest_layout.h"
#include "kernel/lib/calendar.h"
#include "kernel/lib/string.h"

enum { PORT_INDEX, PORT_DATA, PORT_INDEX2, PORT_DATA2, PORT_COUNT };

/* MC146818A figure 9; PC/AT CMOS layout. */
enum {
	RTC_SECONDS = 0x00,
	RTC_SECONDS_ALARM = 0x01,
	RTC_MINUTES = 0x02,
	RTC_MINUTES_ALARM = 0x03,
	RTC_HOURS = 0x04,
	RTC_HOURS_ALARM = 0x05,
	RTC_WEEKDAY = 0x06,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_A = 0x0a,
	RTC_B = 0x0b,
	RTC_C = 0x0c,
	RTC_D = 0x0d,
	CMOS_EQUIPMENT = 0x14,
	CMOS_BASE_KIB = 0x15,
	CMOS_EXTENDED_KIB = 0x17,
	CMOS_CHECKSUM_FIRST = 0x10,
	CMOS_CHECKSUM_LAST = 0x2d,
	CMOS_CHECKSUM = 0x2e,
	CMOS_EXTENDED_KIB2 = 0x30,
	RTC_CENTURY = 0x32,
	CMOS_ABOVE_16M = 0x34, /* in 64 KiB */
	CMOS_ABOVE_4G = 0x5b,  /* in 64 KiB, 24 bits */
};

#define A_UIP	      0x80
#define A_DIVIDER     0x70
#define A_RATE	      0x0f
#define A_DEFAULT     0x26 /* 32,768 Hz crystal, 1,024 Hz */
#define DIVIDER_ON    0x20 /* and below: the chain runs */

#define B_SET	      0x80
#define B_PIE	      0x40
#define B_AIE	      0x20
#define B_UIE	      0x10
#define B_SQWE	      0x08
#define B_BINARY      0x04
#define B_24H	      0x02

#define C_IRQF	      0x80
#define C_PF	      0x40 /* the flags are at the places of their enable bits in B */
#define C_AF	      0x20
#define C_UF	      0x10
#define C_FLAGS	      (C_PF | C_AF | C_UF)

#define D_VALID	      0x80
#define HOUR_PM	      0x80
#define ALARM_ANY     0xc0
#define EQUIPMENT_FPU 0x02

#define CLOCK_HZ      32768u
#define NOTICE_NS     (244 * NSEC_PER_USEC)
#define UPDATE_NS     (1984 * NSEC_PER_USEC)
/* After the divider was held, the first update comes half a second after its release. */
#define RELEASE_NS    (NSEC_PER_SEC / 2)
#define DAY_S	      86400u
#define ALARM_NEVER   UINT64_MAX

/* --- bytes in the guest's format -------------------------------------------------------------- */

static u32 decode(const struct vrtc *d, u8 byte)
{
	return d->cmos[RTC_B] & B_BINARY ? byte : (u32)(byte >> 4) * 10 + (byte & 15);
}

static u8 encode(const struct vrtc *d, u32 value)
{
	return (u8)(d->cmos[RTC_B] & B_BINARY ? value : value / 10 << 4 | value % 10);
}

static u32 decode_hour(const struct vrtc *d, u8 byte)
{
	if (d->cmos[RTC_B] & B_24H) {
		return decode(d, byte);
	}
	return decode(d, byte & (u8)~HOUR_PM) % 12 + (byte & HOUR_PM ? 12 : 0);
}

static u8 encode_hour(const struct vrtc *d, u32 hour)
{
	if (d->cmos[RTC_B] & B_24H) {
		return encode(d, hour);
	}
	return (u8)(encode(d, (hour + 11) % 12 + 1) | (hour >= 12 ? HOUR_PM : 0));
}

/* Seconds since midnight; what a guest wrote beyond the ranges counts on into the next day. */
static u32 time_of_day(const struct vrtc *d)
{
	return decode_hour(d, d->cmos[RTC_HOURS]) * 3600 + decode(d, d->cmos[RTC_MINUTES]) * 60 +
	       decode(d, d->cmos[RTC_SECONDS]);
}

static void set_time_of_day(struct vrtc *d, u32 second)
{
	d->cmos[RTC_SECONDS] = encode(d, second % 60);
	d->cmos[RTC_MINUTES] = encode(d, second / 60 % 60);
	d->cmos[RTC_HOURS] = encode_hour(d, second / 3600);
}

static void set_date(struct vrtc *d, const struct calendar_date *date)
{
	d->cmos[RTC_DAY] = encode(d, date->day);
	d->cmos[RTC_MONTH] = encode(d, date->month);
	d->cmos[RTC_YEAR] = encode(d, date->year % 100);
	d->cmos[RTC_CENTURY] = encode(d, date->year / 100);
}

/* Moves the time of day and the date on. */
static void add_seconds(struct vrtc *d, u64 seconds)
{
	u64 second = time_of_day(d) + seconds, days = second / DAY_S;

	set_time_of_day(d, (u32)(second % DAY_S));
	if (days != 0) {
		struct calendar_date date = {
			.year = decode(d, d->cmos[RTC_CENTURY]) * 100 +
				decode(d, d->cmos[RTC_YEAR]),
			.month = MAX(decode(d, d->cmos[RTC_MONTH]), 1u),
			.day = MAX(decode(d, d->cmos[RTC_DAY]), 1u),
		};
		u32 weekday = decode(d, d->cmos[RTC_WEEKDAY]);

		date = calendar_date_of(calendar_days(&date) + days);
		set_date(d, &date);
		d->cmos[RTC_WEEKDAY] = encode(d, (u32)((weekday + 6 + days) % 7) + 1);
	}
}

/* --- updates and alarm ------------------------------------------------------------------------ */

static bool divider_runs(const struct vrtc *d)
{
	return (d->cmos[RTC_A] & A_DIVIDER) <= DIVIDER_ON;
}

static bool updates_run(const struct vrtc *d)
{
	return divider_runs(d) && !(d->cmos[RTC_B] & B_SET);
}

static bool alarm_matches(u8 byte, u32 alarm, u32 now)
{
	return byte >= ALARM_ANY || alarm == now;
}

/* Seconds from second `from` of a day to the next one that the alarm matches, 1 .. 86,400. */
static u64 alarm_delay(const struct vrtc *d, u32 from)
{
	u8 h_byte = d->cmos[RTC_HOURS_ALARM], m_byte = d->cmos[RTC_MINUTES_ALARM];
	u8 s_byte = d->cmos[RTC_SECONDS_ALARM];
	u32 h = decode_hour(d, h_byte), m = decode(d, m_byte), s = decode(d, s_byte);
	u32 t = from + 1;

	if ((h_byte < ALARM_ANY && h > 23) || (m_byte < ALARM_ANY && m > 59) ||
	    (s_byte < ALARM_ANY && s > 59)) {
		return ALARM_NEVER;
	}
	/* At most 25 hours, then 60 minutes twice, then 60 seconds twice are passed over. */
	while (t <= from + DAY_S) {
		if (!alarm_matches(h_byte, h, t / 3600 % 24)) {
			t = (t / 3600 + 1) * 3600;
		} else if (!alarm_matches(m_byte, m, t / 60 % 60)) {
			t = (t / 60 + 1) * 60;
		} else if (!alarm_matches(s_byte, s, t % 60)) {
			t++;
		} else {
			return t - from;
		}
	}
	return ALARM_NEVER;
}

static void run_updates(struct vrtc *d)
{
	u64 seconds = (d->looked_ns - d->origin_ns) / NSEC_PER_SEC,
	    passed = seconds - d->seconds_done;

	d->seconds_done = seconds;
	if (passed == 0 || !updates_run(d)) {
		return;
	}
	d->cmos[RTC_C] |= C_UF;
	if (passed >= alarm_delay(d, time_of_day(d) % DAY_S)) {
		d->cmos[RTC_C] |= C_AF;
	}
	add_seconds(d, passed);
}

static bool update_in_progress(const struct vrtc *d)
{
	u64 left = NSEC_PER_SEC - (d->looked_ns - d->origin_ns) % NSEC_PER_SEC;

	return updates_run(d) && left <= NOTICE_NS + UPDATE_NS;
}

/* --- periodic interrupt ----------------------------------------------------------------------- */

/* In clock ticks; a power of two. 0: off. Rates 1 and 2 are as 8 and 9 (MC146818A table 5). */
static u32 periodic_ticks(const struct vrtc *d)
{
	u32 rate = d->cmos[RTC_A] & A_RATE;

	if (rate == 0 || !divider_runs(d)) {
		return 0;
	}
	return rate <= 2 ? 1u << (rate + 6) : 1u << (rate - 1);
}

/* After a change of rate or divider. */
static void restart_periodic(struct vrtc *d)
{
	u64 since = d->looked_ns - d->origin_ns, ticks = periodic_ticks(d), next;

	if (ticks == 0) {
		tick_backlog_stop(&d->backlog);
		return;
	}
	next = since % NSEC_PER_SEC * CLOCK_HZ / NSEC_PER_SEC / ticks * ticks + ticks;
	tick_backlog_start(&d->backlog,
			   d->looked_ns - since % NSEC_PER_SEC +
				   DIV_ROUND_UP(next * NSEC_PER_SEC, CLOCK_HZ),
			   tick_period_from_clock(ticks, CLOCK_HZ));
}

static void run_periodic(struct vrtc *d)
{
	tick_backlog_advance(&d->backlog, d->looked_ns);
	if (!(d->cmos[RTC_B] & B_PIE)) {
		/* Nobody is interrupted: the flag is all that there is. */
		if (d->backlog.pending != 0) {
			d->cmos[RTC_C] |= C_PF;
			tick_backlog_drop(&d->backlog);
		}
	} else if (!(d->cmos[RTC_C] & C_PF) && tick_backlog_take(&d->backlog, d->looked_ns)) {
		d->cmos[RTC_C] |= C_PF;
	}
}

void vrtc_advance(struct vrtc *d, u64 now_ns)
{
	d->looked_ns = MAX(d->looked_ns, now_ns);
	run_updates(d);
	run_periodic(d);
}

bool vrtc_irq(const struct vrtc *d)
{
	return d->cmos[RTC_C] & d->cmos[RTC_B] & C_FLAGS;
}

u64 vrtc_deadline_ns(const struct vrtc *d)
{
	u8 wanted = d->cmos[RTC_B] & (u8)~d->cmos[RTC_C];
	u64 deadline = NEVER_NS;

	if (wanted & B_PIE) {
		deadline = tick_backlog_deadline_ns(&d->backlog, true);
	}
	if ((wanted & (B_AIE | B_UIE)) && updates_run(d)) {
		u64 delay = wanted & B_UIE ? 1 : alarm_delay(d, time_of_day(d) % DAY_S);
		u64 next = d->origin_ns + (d->seconds_done + delay) * NSEC_PER_SEC;

		deadline = delay == ALARM_NEVER ? deadline : MIN(deadline, next);
	}
	return deadline;
}

/* --- ports ------------------------------------------------------------------------------------ */

static void write_a(struct vrtc *d, u8 value)
{
	bool ran = divider_runs(d);
	u8 old = d->cmos[RTC_A];

	d->cmos[RTC_A] = value & (u8)~A_UIP;
	if (!ran && divider_runs(d)) {
		d->origin_ns = d->looked_ns - RELEASE_NS;
		d->seconds_done = 0;
	}
	if (d->cmos[RTC_A] != old) {
		restart_periodic(d);
	}
}

static void write_b(struct vrtc *d, u8 value)
{
	if (value & ~d->cmos[RTC_B] & B_SET) {
		value &= (u8)~B_UIE; /* MC146818A: SET going high clears UIE */
	}
	d->cmos[RTC_B] = value;
}

static void write_data(struct vrtc *d, u8 at, u8 value)
{
	switch (at) {
	case RTC_A:
		write_a(d, value);
		break;
	case RTC_B:
		write_b(d, value);
		break;
	case RTC_C:
	case RTC_D:
		break;
	default:
		d->cmos[at] = value;
		break;
	}
}

static u8 read_data(struct vrtc *d, u8 at)
{
	u8 value = d->cmos[at];

	if (at == RTC_A && update_in_progress(d)) {
		value |= A_UIP;
	}
	if (at == RTC_C) {
		value |= vrtc_irq(d) ? C_IRQF : 0;
		d->cmos[RTC_C] = 0;
	}
	return value;
}

static u8 read_port(struct vrtc *d, u32 offset)
{
	switch (offset) {
	case PORT_INDEX:
		return (u8)(d->index[0] | (d->nmi_masked ? 0x80 : 0));
	case PORT_DATA:
		return read_data(d, d->index[0]);
	case PORT_INDEX2:
		return d->index[1];
	case PORT_DATA2:
		return d->cmos[0x80 + d->index[1]];
	default:
		return 0xff;
	}
}

static void write_port(struct vrtc *d, u32 offset, u8 value)
{
	switch (offset) {
	case PORT_INDEX:
		d->index[0] = value & 0x7f;
		d->nmi_masked = value & 0x80;
		break;
	case PORT_DATA:
		write_data(d, d->index[0], value);
		break;
	case PORT_INDEX2:
		d->index[1] = value & 0x7f;
		break;
	case PORT_DATA2:
		d->cmos[0x80 + d->index[1]] = value;
		break;
	default:
		break;
	}
}

u32 vrtc_read(struct vrtc *d, u16 offset, u8 size, u64 now_ns)
{
	u32 value = 0;

	vrtc_advance(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		value |= (u32)read_port(d, offset + i) << (8 * i);
	}
	return value;
}

void vrtc_write(struct vrtc *d, u16 offset, u8 size, u32 value, u64 now_ns)
{
	vrtc_advance(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		write_port(d, offset + i, (u8)(value >> (8 * i)));
	}
}

bool vrtc_nmi_masked(const struct vrtc *d)
{
	return d->nmi_masked;
}

/* --- life ------------------------------------------------------------------------------------- */

static void put_le(struct vrtc *d, u8 at, u64 value, u8 bytes)
{
	for (u8 i = 0; i < bytes; i++) {
		d->cmos[at + i] = (u8)(value >> (8 * i));
	}
}

/* The sizes that firmware and old kernels read from here. */
static void set_memory_size(struct vrtc *d, u64 memsize_bytes)
{
	u64 low = MIN(memsize_bytes, GUEST_LOW_RAM_LIMIT), high = memsize_bytes - low;
	u64 above_1m = low > MIB(1) ? low - MIB(1) : 0,
	    above_16m = low > MIB(16) ? low - MIB(16) : 0;
	u16 sum = 0;

	d->cmos[CMOS_EQUIPMENT] = EQUIPMENT_FPU;
	put_le(d, CMOS_BASE_KIB, 640, 2);
	put_le(d, CMOS_EXTENDED_KIB, MIN(above_1m / KIB(1), 0xffffull), 2);
	put_le(d, CMOS_EXTENDED_KIB2, MIN(above_1m / KIB(1), 0xffffull), 2);
	put_le(d, CMOS_ABOVE_16M, MIN(above_16m / KIB(64), 0xffffull), 2);
	put_le(d, CMOS_ABOVE_4G, MIN(high / KIB(64), 0xffffffull), 3);
	for (u8 i = CMOS_CHECKSUM_FIRST; i <= CMOS_CHECKSUM_LAST; i++) {
		sum = (u16)(sum + d->cmos[i]);
	}
	d->cmos[CMOS_CHECKSUM] = (u8)(sum >> 8); /* high byte first */
	d->cmos[CMOS_CHECKSUM + 1] = (u8)sum;
}

void vrtc_init(struct vrtc *d, u64 base_epoch_s, u64 memsize_bytes, u64 now_ns)
{
	u64 wall_s = base_epoch_s + now_ns / NSEC_PER_SEC, days = wall_s / DAY_S;
	struct calendar_date date = calendar_date_of(CALENDAR_EPOCH_DAYS + days);

	memset(d, 0, sizeof(*d));
	tick_backlog_init(&d->backlog);
	d->cmos[RTC_A] = A_DEFAULT;
	d->cmos[RTC_B] = B_24H;
	d->cmos[RTC_D] = D_VALID;
	set_memory_size(d, memsize_bytes);
	set_time_of_day(d, (u32)(wall_s % DAY_S));
	set_date(d, &date);
	d->cmos[RTC_WEEKDAY] = encode(d, (u32)((days + 4) % 7) + 1); /* Sunday is 1 */
	d->looked_ns = now_ns;
	d->seconds_done = now_ns / NSEC_PER_SEC;
	restart_periodic(d);
}

void vrtc_reset(struct vrtc *d, u64 now_ns)
{
	vrtc_advance(d, now_ns);
	d->cmos[RTC_B] &= (u8) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
	d->cmos[RTC_C] = 0;
	d->index[0] = d->index[1] = 0;
	d->nmi_masked = false;
	tick_backlog_drop(&d->backlog);
}
