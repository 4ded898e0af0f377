// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/dev/vrtc: time and date against the C library over random jumps and formats, the UIP
 * promise, setting the clock as operating systems do, alarms against second-by-second stepping, and
 * conservation of periodic ticks.
 */
#include <time.h>

#include "tests/unit/unit.h"
#include "kernel/dev/vrtc.h"

static u64 random_state = 11;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % n;
}

static u8 get(struct vrtc *d, u8 reg, u64 now)
{
	vrtc_write(d, 0, 1, reg, now);
	return (u8)vrtc_read(d, 1, 1, now);
}

static void set(struct vrtc *d, u8 reg, u8 value, u64 now)
{
	vrtc_write(d, 0, 1, reg, now);
	vrtc_write(d, 1, 1, value, now);
}

#define EPOCH_S 1700000000ull /* 2023-11-14 22:13:20 UTC */

static u8 bcd(int n)
{
	return (u8)(n / 10 << 4 | n % 10);
}

static u8 hour_byte(int hour, u8 b)
{
	int h = b & 2 ? hour : (hour + 11) % 12 + 1;

	return (u8)((b & 4 ? h : bcd(h)) | (!(b & 2) && hour >= 12 ? 0x80 : 0));
}

/* The time registers, as the C library says that they must be for that second. */
static void expect_time(struct vrtc *d, u64 epoch_s, u64 now)
{
	time_t t = (time_t)epoch_s;
	struct tm tm;
	u8 b = get(d, 0x0b, now);

	gmtime_r(&t, &tm);
#define FORM(n) ((b & 4) ? (u8)(n) : bcd(n))
	assert_int_equal(get(d, 0x00, now), FORM(tm.tm_sec));
	assert_int_equal(get(d, 0x02, now), FORM(tm.tm_min));
	assert_int_equal(get(d, 0x04, now), hour_byte(tm.tm_hour, b));
	assert_int_equal(get(d, 0x06, now), FORM(tm.tm_wday + 1));
	assert_int_equal(get(d, 0x07, now), FORM(tm.tm_mday));
	assert_int_equal(get(d, 0x08, now), FORM(tm.tm_mon + 1));
	assert_int_equal(get(d, 0x09, now), FORM(tm.tm_year % 100));
	assert_int_equal(get(d, 0x32, now), FORM((tm.tm_year + 1900) / 100));
}

/* Sets the clock with the SET bit, in the format `b`. */
static void set_clock(struct vrtc *d, u64 epoch_s, u8 b, u64 now)
{
	time_t t = (time_t)epoch_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	set(d, 0x0b, b | 0x80, now);
	set(d, 0x00, FORM(tm.tm_sec), now);
	set(d, 0x02, FORM(tm.tm_min), now);
	set(d, 0x04, hour_byte(tm.tm_hour, b), now);
	set(d, 0x06, FORM(tm.tm_wday + 1), now);
	set(d, 0x07, FORM(tm.tm_mday), now);
	set(d, 0x08, FORM(tm.tm_mon + 1), now);
	set(d, 0x09, FORM(tm.tm_year % 100), now);
	set(d, 0x32, FORM((tm.tm_year + 1900) / 100), now);
	set(d, 0x0b, b, now);
#undef FORM
}

static void keeps_the_time_of_the_wall_clock(void **state)
{
	struct vrtc d;
	u64 start = 123456789012ull, now = start;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), now);
	assert_int_equal(get(&d, 0x0d, now), 0x80);
	assert_int_equal(get(&d, 0x0b, now), 0x02);
	for (int i = 0; i < 20000; i++) {
		now += (u64)random_below(2000000000) *
		       (random_below(10) ? 1 : random_below(100000));
		expect_time(&d, EPOCH_S + now / NSEC_PER_SEC, now);
		if (random_below(50) == 0) {
			vrtc_reset(&d, now);
		}
	}
	assert_true(now > 20ull * 365 * 86400 * NSEC_PER_SEC / 10);
}

static void can_be_set_in_every_format(void **state)
{
	struct vrtc d;
	u64 now = 0;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), 0);
	for (int i = 0; i < 20000; i++) {
		u8 b = (u8)(random_below(4) << 1);
		u64 t = (u64)random_below(2000000000) * 2 + random_below(2), seconds;

		now += random_below(2000000000);
		seconds = now / NSEC_PER_SEC;
		set_clock(&d, t, b, now);
		expect_time(&d, t, now);
		now += random_below(2000000000);
		expect_time(&d, t + now / NSEC_PER_SEC - seconds, now);
	}
}

/* What Linux does: hold the divider while setting; the first update follows half a second after the
 * release. */
static void divider_reset_gives_half_a_second(void **state)
{
	struct vrtc d;
	u64 now = 10 * NSEC_PER_SEC + 777777777, released;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), 0);
	for (int i = 0; i < 100; i++) {
		u64 t = 1000000000 + random_below(1000000000);

		set(&d, 0x0b, 0x82, now);
		set(&d, 0x0a, 0x76, now);
		now += random_below(2000000000);
		set_clock(&d, t, 0x02, now);
		set(&d, 0x0b, 0x82, now);
		expect_time(&d, t, now);
		set(&d, 0x0b, 0x02, now);
		now += random_below(2000000000);
		expect_time(&d, t, now); /* held */
		assert_int_equal(get(&d, 0x0a, now), 0x76);
		released = now;
		set(&d, 0x0a, 0x26, released);
		assert_int_equal(get(&d, 0x0a, released + 490000000), 0x26);
		assert_int_equal(get(&d, 0x0a, released + 499000000), 0xa6);
		expect_time(&d, t, released + NSEC_PER_SEC / 2 - 1);
		expect_time(&d, t + 1, released + NSEC_PER_SEC / 2);
		expect_time(&d, t + 1, released + 3 * NSEC_PER_SEC / 2 - 1);
		expect_time(&d, t + 2, released + 3 * NSEC_PER_SEC / 2);
		now = released + 2 * NSEC_PER_SEC;
	}
}

static void uip_announces_updates(void **state)
{
	struct vrtc d;
	u64 now = 5 * NSEC_PER_SEC;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), now);
	assert_int_equal(get(&d, 0x0a, now) & 0x80, 0);
	assert_int_equal(get(&d, 0x0a, now + NSEC_PER_SEC - 2228001) & 0x80, 0);
	assert_int_equal(get(&d, 0x0a, now + NSEC_PER_SEC - 2228000) & 0x80, 0x80);
	assert_int_equal(get(&d, 0x0a, now + NSEC_PER_SEC - 1) & 0x80, 0x80);
	assert_int_equal(get(&d, 0x0a, now + NSEC_PER_SEC) & 0x80, 0);
	/* a clear UIP promises 244 us without change */
	now += 2 * NSEC_PER_SEC;
	for (int i = 0; i < 20000; i++) {
		now += random_below(3000000);
		if (!(get(&d, 0x0a, now) & 0x80)) {
			u8 before = get(&d, 0, now);

			assert_int_equal(get(&d, 0, now + 244000), before);
			now += 244000;
		}
	}
	set(&d, 0x0b, 0x82, now);
	for (int i = 0; i < 2000; i++) {
		now += 999999;
		assert_int_equal(get(&d, 0x0a, now) & 0x80, 0);
	}
}

static void update_ended_interrupt_every_second(void **state)
{
	struct vrtc d;
	u64 now = 300000000;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), now);
	set(&d, 0x0a, 0x20, now); /* no periodic flag */
	assert_true(vrtc_deadline_ns(&d) == NEVER_NS);
	set(&d, 0x0b, 0x12, now);
	for (u64 s = 1; s < 1000; s++) {
		assert_true(vrtc_deadline_ns(&d) == s * NSEC_PER_SEC);
		vrtc_advance(&d, s * NSEC_PER_SEC - 1);
		assert_false(vrtc_irq(&d));
		vrtc_advance(&d, s * NSEC_PER_SEC);
		assert_true(vrtc_irq(&d));
		assert_true(vrtc_deadline_ns(&d) == NEVER_NS);
		assert_int_equal(get(&d, 0x0c, s * NSEC_PER_SEC), 0x90);
		assert_false(vrtc_irq(&d));
		assert_int_equal(get(&d, 0x0c, s * NSEC_PER_SEC), 0);
	}
	/* SET forbids it */
	set(&d, 0x0b, 0x92, 999 * NSEC_PER_SEC);
	assert_int_equal(get(&d, 0x0b, 999 * NSEC_PER_SEC), 0x82);
	/* without the enable bit the flag comes alone */
	set(&d, 0x0b, 0x02, 999 * NSEC_PER_SEC);
	assert_int_equal(get(&d, 0x0c, 1000 * NSEC_PER_SEC), 0x10);
}

/* Whether alarm byte `alarm` lets `value` (0 .. 59) pass. */
static bool alarm_lets(u8 alarm, u8 value_byte)
{
	return alarm >= 0xc0 || alarm == value_byte;
}

static void alarms_come_in_the_right_second(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct vrtc d;
		u8 b = (u8)(random_below(4) << 1), al[3];
		u64 t = 1600000000 + random_below(100000000), now = 0, due = 0, deadline;
		time_t c;
		struct tm tm;

		vrtc_init(&d, t, MIB(512), now);
		set(&d, 0x0a, 0x20, now);
		set_clock(&d, t, b, now);
		al[0] = (u8)(random_below(3) == 0 ? 0xc0 + random_below(64) : random_below(64));
		al[1] = (u8)(random_below(3) == 0 ? 0xff : random_below(64));
		al[2] = random_below(3) == 0 ? 0xff : hour_byte((int)random_below(24), b);
		set(&d, 1, b & 4 ? al[0] : al[0] < 0xc0 ? (al[0] = bcd(al[0])) : al[0], now);
		set(&d, 3, b & 4 ? al[1] : al[1] < 0xc0 ? (al[1] = bcd(al[1])) : al[1], now);
		set(&d, 5, al[2], now);
		set(&d, 0x0b, b | 0x20, now);
		for (u64 s = 1; s <= 86400 && due == 0; s++) {
			c = (time_t)(t + s);
			gmtime_r(&c, &tm);
			if (alarm_lets(al[0], b & 4 ? (u8)tm.tm_sec : bcd(tm.tm_sec)) &&
			    alarm_lets(al[1], b & 4 ? (u8)tm.tm_min : bcd(tm.tm_min)) &&
			    alarm_lets(al[2], hour_byte(tm.tm_hour, b))) {
				due = s;
			}
		}
		deadline = vrtc_deadline_ns(&d);
		if (due == 0) {
			assert_true(deadline == NEVER_NS);
			vrtc_advance(&d, 200000 * NSEC_PER_SEC);
			assert_false(vrtc_irq(&d));
			continue;
		}
		assert_true(deadline == due * NSEC_PER_SEC);
		vrtc_advance(&d, deadline / 2);
		assert_true(vrtc_deadline_ns(&d) == deadline);
		vrtc_advance(&d, deadline - 1);
		assert_false(vrtc_irq(&d));
		/* in time, or found after the fact */
		now = deadline + (random_below(2) ? 0 : random_below(2000000000) * 100ull);
		vrtc_advance(&d, now);
		assert_true(vrtc_irq(&d));
		assert_int_equal(get(&d, 0x0c, now) & 0xb0, 0xb0);
		assert_false(vrtc_irq(&d));
	}
}

/* Rate select against the datasheet's table, in Hz. */
static void periodic_rates_are_exact(void **state)
{
	static const u32 hz[16] = {0,	256, 128, 8192, 4096, 2048, 1024, 512,
				   256, 128, 64,  32,	16,   8,    4,	  2};

	(void)state;
	for (u8 rate = 0; rate < 16; rate++) {
		struct vrtc d;
		u64 now = random_below(1000000000);
		u64 first = (now * 32768 / NSEC_PER_SEC) * hz[rate] / 32768 + 1;

		vrtc_init(&d, EPOCH_S, MIB(512), now);
		set(&d, 0x0a, 0x20 | rate, now);
		set(&d, 0x0b, 0x42, now);
		if (rate == 0) {
			assert_true(vrtc_deadline_ns(&d) == NEVER_NS);
			continue;
		}
		for (u64 k = first; k < first + 3 * hz[rate]; k++) {
			u64 due = (k * NSEC_PER_SEC + hz[rate] - 1) / hz[rate];
			u64 deadline = vrtc_deadline_ns(&d);

			assert_in_range(deadline, due - 1, due + 1);
			vrtc_advance(&d, deadline - 1);
			assert_false(vrtc_irq(&d));
			vrtc_advance(&d, deadline);
			assert_true(vrtc_irq(&d));
			assert_int_equal(get(&d, 0x0c, deadline) & 0xe0, 0xc0);
			assert_false(vrtc_irq(&d));
		}
	}
}

static void no_periodic_tick_is_lost_and_none_is_early(void **state)
{
	(void)state;
	for (int round = 0; round < 60; round++) {
		struct vrtc d;
		u32 rate = 3 + random_below(13);
		u64 ticks = 1ull << (rate - 1), period = ticks * NSEC_PER_SEC / 32768;
		u64 start = random_below(2000000000), now = start, taken = 0, due;

		vrtc_init(&d, EPOCH_S, MIB(512), now);
		set(&d, 0x0a, (u8)(0x20 | rate), now);
		set(&d, 0x0b, 0x42, now);
		for (int step = 0; step < 4000; step++) {
			u64 deadline = vrtc_deadline_ns(&d);

			if (random_below(4) == 0) {
				now += random_below((u32)(period * 4));
			} else if (deadline != NEVER_NS) {
				now = MAX(now, deadline) + random_below(2000);
			}
			vrtc_advance(&d, now);
			tick_backlog_check(&d.backlog);
			due = (u64)((unsigned __int128)now * 32768 / NSEC_PER_SEC) / ticks -
			      (u64)((unsigned __int128)start * 32768 / NSEC_PER_SEC) / ticks;
			if (vrtc_irq(&d) && random_below(3) != 0) {
				assert_int_equal(get(&d, 0x0c, now) & 0xc0, 0xc0);
				assert_false(vrtc_irq(&d));
				taken++;
				assert_true(taken <= due + 1);
			}
		}
		taken += vrtc_irq(&d) + d.backlog.pending + d.backlog.given_up;
		assert_in_range(taken, due == 0 ? 0 : due - 1, due + 1);
	}
}

static void polling_without_enable_leaves_no_backlog(void **state)
{
	struct vrtc d;
	u64 now = 3 * NSEC_PER_SEC + 1000;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), 0);
	vrtc_advance(&d, now);
	assert_int_equal(get(&d, 0x0c, now), 0x50);
	set(&d, 0x0b, 0x42, now);
	assert_false(vrtc_irq(&d));
	vrtc_advance(&d, 3 * NSEC_PER_SEC + 976561);
	assert_false(vrtc_irq(&d));
	vrtc_advance(&d, 3 * NSEC_PER_SEC + 976564);
	assert_true(vrtc_irq(&d));
	vrtc_advance(&d, 4 * NSEC_PER_SEC + 1000);
	assert_int_equal(d.backlog.pending, 1023);
	vrtc_reset(&d, 4 * NSEC_PER_SEC + 1000);
	assert_false(vrtc_irq(&d));
	assert_int_equal(d.backlog.pending, 0);
}

static u32 cmos_le(struct vrtc *d, u8 reg, int bytes)
{
	u32 value = 0;

	for (int i = 0; i < bytes; i++) {
		value |= (u32)get(d, (u8)(reg + i), 0) << (8 * i);
	}
	return value;
}

static void memory_sizes_are_in_cmos(void **state)
{
	struct vrtc d;
	u32 sum = 0;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(48), 0);
	assert_int_equal(cmos_le(&d, 0x15, 2), 640);
	assert_int_equal(cmos_le(&d, 0x17, 2), 47 * 1024);
	assert_int_equal(cmos_le(&d, 0x30, 2), 47 * 1024);
	assert_int_equal(cmos_le(&d, 0x34, 2), 32 * 16);
	assert_int_equal(cmos_le(&d, 0x5b, 3), 0);
	vrtc_init(&d, EPOCH_S, GIB(7), 0);
	assert_int_equal(cmos_le(&d, 0x17, 2), 0xffff);
	assert_int_equal(cmos_le(&d, 0x34, 2), (3072 - 16) * 16);
	assert_int_equal(cmos_le(&d, 0x5b, 3), 4096 * 16);
	for (u8 r = 0x10; r <= 0x2d; r++) {
		sum += get(&d, r, 0);
	}
	assert_int_equal(get(&d, 0x2e, 0), sum >> 8 & 0xff);
	assert_int_equal(get(&d, 0x2f, 0), sum & 0xff);
}

static void ports_and_banks(void **state)
{
	struct vrtc d;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), 0);
	vrtc_write(&d, 0, 1, 0xd0, 0);
	assert_true(vrtc_nmi_masked(&d));
	assert_int_equal(vrtc_read(&d, 0, 1, 0), 0xd0);
	vrtc_write(&d, 1, 1, 0xa5, 0);
	vrtc_write(&d, 0, 1, 0x50, 0);
	assert_false(vrtc_nmi_masked(&d));
	assert_int_equal(vrtc_read(&d, 1, 1, 0), 0xa5);
	vrtc_write(&d, 2, 1, 0xd0, 0);
	assert_int_equal(vrtc_read(&d, 3, 1, 0), 0);
	vrtc_write(&d, 2, 2, 0x5a50, 0); /* index and data at once */
	assert_int_equal(vrtc_read(&d, 3, 1, 0), 0x5a);
	assert_int_equal(vrtc_read(&d, 1, 1, 0), 0xa5);
	vrtc_write(&d, 0, 1, 0xd0, 0);
	vrtc_reset(&d, 0);
	assert_false(vrtc_nmi_masked(&d));
	assert_int_equal(vrtc_read(&d, 0, 1, 0), 0);
	set(&d, 0x0c, 0xff, 0);
	set(&d, 0x0d, 0x00, 0);
	assert_int_equal(get(&d, 0x0d, 0), 0x80);
	assert_int_equal(vrtc_read(&d, 4, 1, 0), 0xff);
	assert_int_equal(vrtc_read(&d, 0xffff, 4, 0), 0xffffffff);
}

/* Whatever is written, and however time jumps: no crash, no hang, time registers valid again after
 * an update. */
static void garbage_is_survived(void **state)
{
	struct vrtc d;
	u64 now = 0;

	(void)state;
	vrtc_init(&d, EPOCH_S, MIB(512), 0);
	for (int i = 0; i < 300000; i++) {
		u8 reg = (u8)(random_below(2) ? random_below(14) : random_below(256));

		now += (u64)random_below(2000000000) * (random_below(30) ? 1 : 1000000);
		now = now > NEVER_NS / 4 ? NEVER_NS / 4 : now;
		if (random_below(3) != 0) {
			set(&d, reg, (u8)random_below(256), now);
		} else {
			(void)get(&d, reg, now);
		}
		(void)vrtc_deadline_ns(&d);
		tick_backlog_check(&d.backlog);
	}
	set(&d, 0x0a, 0x26, now);
	set(&d, 0x0b, 0x06, now);
	now += 90000 * NSEC_PER_SEC;
	assert_in_range(get(&d, 0, now), 0, 59);
	assert_in_range(get(&d, 2, now), 0, 59);
	assert_in_range(get(&d, 4, now), 0, 23);
	assert_in_range(get(&d, 6, now), 1, 7);
	assert_in_range(get(&d, 7, now), 1, 31);
	assert_in_range(get(&d, 8, now), 1, 12);
	assert_in_range(get(&d, 9, now), 0, 99);
	assert_in_range(get(&d, 0x32, now), 0, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_time_of_the_wall_clock),
		cmocka_unit_test(can_be_set_in_every_format),
		cmocka_unit_test(divider_reset_gives_half_a_second),
		cmocka_unit_test(uip_announces_updates),
		cmocka_unit_test(update_ended_interrupt_every_second),
		cmocka_unit_test(alarms_come_in_the_right_second),
		cmocka_unit_test(periodic_rates_are_exact),
		cmocka_unit_test(no_periodic_tick_is_lost_and_none_is_early),
		cmocka_unit_test(polling_without_enable_leaves_no_backlog),
		cmocka_unit_test(memory_sizes_are_in_cmos),
		cmocka_unit_test(ports_and_banks),
		cmocka_unit_test(garbage_is_survived),
	};

	return cmocka_run_group_tests_name("vrtc", tests, NULL, NULL);
}
