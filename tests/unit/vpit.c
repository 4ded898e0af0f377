// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/dev/vpit against a second 8254 that is written from the datasheet's wording and moves one
 * clock at a time, over random programming; the examples that operating systems depend on; and tick
 * conservation: over random schedules no tick of channel 0 is lost, none comes early.
 */
#include "tests/unit/unit.h"
#include "kernel/dev/vpit.h"

/* --- time ------------------------------------------------------------------------------------- */

static u64 ns_of_tick(u64 tick)
{
	unsigned __int128 n = (unsigned __int128)tick * NSEC_PER_SEC;

	return (u64)((n + VPIT_HZ - 1) / VPIT_HZ);
}

static u64 random_state = 1;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % n;
}

/* --- the reference model: one channel, one clock at a time ------------------------------------ */

struct model {
	int mode, access;
	bool bcd, gate, out, have_count, load, running, armed, second, null_count, odd;
	u8 low;
	u32 cr, ce;
	u64 rises; /* of the output, by counting */
};

static u32 model_wrap(const struct model *m)
{
	return m->bcd ? 9999 : 65535;
}

static void model_control(struct model *m, u8 v)
{
	m->mode = v >> 1 & 7;
	if (m->mode >= 6) {
		m->mode -= 4;
	}
	m->access = v >> 4 & 3;
	m->bcd = v & 1;
	m->out = m->mode != 0;
	m->have_count = m->load = m->running = m->armed = m->second = false;
	m->null_count = true;
}

static void model_count(struct model *m, u32 raw)
{
	u32 n = raw;

	if (m->bcd) {
		n = (raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
		n %= 10000;
	}
	m->cr = n == 0 ? model_wrap(m) + 1 : n;
	m->null_count = true;
	if (m->mode == 0) {
		m->out = false;
	}
	/* modes 0 and 4 load at the next clock; 2 and 3 the first time only; 1 and 5 when triggered
	 */
	if (m->mode == 0 || m->mode == 4 || (!m->have_count && (m->mode == 2 || m->mode == 3))) {
		m->load = true;
	}
	m->have_count = true;
}

static void model_write(struct model *m, u8 v)
{
	if (m->access == 1) {
		model_count(m, v);
	} else if (m->access == 2) {
		model_count(m, (u32)v << 8);
	} else if (m->second) {
		m->second = false;
		model_count(m, m->low | (u32)v << 8);
	} else {
		m->second = true;
		m->low = v;
		if (m->mode == 0) {
			m->out = false;
			m->running = m->load = false;
		}
	}
}

static void model_gate(struct model *m, bool gate)
{
	bool rising = gate && !m->gate;

	m->gate = gate;
	if (m->mode == 2 || m->mode == 3) {
		if (!gate) {
			m->out = true;
		}
	}
	if (rising && m->have_count && m->mode != 0 && m->mode != 4) {
		m->load = true;
	}
}

static void model_out(struct model *m, bool out)
{
	if (out && !m->out) {
		m->rises++;
	}
	m->out = out;
}

/* Loads the counting element from the count register. */
static void model_load(struct model *m)
{
	u32 n = m->cr;

	if ((m->mode == 2 || m->mode == 3) && n == 1) {
		n = 2;
	}
	m->null_count = false;
	m->odd = n & 1;
	m->ce = m->mode == 3 && m->odd ? n - 1 : n;
}

static void model_clock(struct model *m)
{
	bool enabled = m->mode == 1 || m->mode == 5 || m->gate;

	if (m->mode >= 4 && !m->out) {
		model_out(m, true);
	}
	if (m->load) {
		m->load = false;
		m->running = m->armed = true;
		model_load(m);
		if (m->mode == 1) {
			m->out = false;
		}
		return;
	}
	if (!m->running || !enabled) {
		return;
	}
	switch (m->mode) {
	case 2:
		m->ce--;
		if (m->ce == 0) {
			model_load(m);
		}
		model_out(m, m->ce != 1);
		break;
	case 3:
		/* an odd count's high half shows 0 for one clock before it ends */
		if (m->ce == 0) {
			model_out(m, false);
			model_load(m);
			break;
		}
		m->ce -= 2;
		if (m->ce == 0 && !(m->odd && m->out)) {
			model_out(m, !m->out);
			model_load(m);
		}
		break;
	default:
		m->ce = m->ce == 0 ? model_wrap(m) : m->ce - 1;
		if (m->ce == 0 && m->armed) {
			m->armed = false;
			model_out(m, m->mode < 4);
		}
		break;
	}
}

static u16 model_read(const struct model *m)
{
	u32 n = m->ce % (model_wrap(m) + 1);

	return (u16)(m->bcd ? n / 1000 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10 : n);
}

static u8 model_status(const struct model *m)
{
	return (u8)(m->out << 7 | m->null_count << 6 | m->access << 4 | m->mode << 1 | m->bcd);
}

/* --- random programming against the model ----------------------------------------------------- */

/* Latches status and count of a channel, compares both with the model, reads count back as the
 * access mode says. */
static void compare(struct vpit *d, u8 i, const struct model *m, u64 now)
{
	u16 port = i;
	u16 count = model_read(m);

	vpit_write(d, 3, 1, 0xc0u | 2u << i, now);
	assert_int_equal(vpit_read(d, port, 1, now), model_status(m));
	if (m->access != 2) {
		assert_int_equal(vpit_read(d, port, 1, now), count & 0xff);
	}
	if (m->access != 1) {
		assert_int_equal(vpit_read(d, port, 1, now), count >> 8);
	}
}

static u8 random_count_byte(void)
{
	return random_below(3) == 0 ? (u8)random_below(256) : (u8)random_below(8);
}

static void random_action(struct vpit *d, struct model m[3], u64 now)
{
	u8 i = (u8)random_below(3);

	switch (random_below(5)) {
	case 0: {
		u8 v = (u8)(i << 6 | (1 + random_below(3)) << 4 | random_below(16));

		vpit_write(d, 3, 1, v, now);
		model_control(&m[i], v);
		break;
	}
	case 1: {
		bool gate = random_below(2);

		vpit_port61_write(d, (u8)gate, now);
		model_gate(&m[2], gate);
		break;
	}
	default: {
		u8 v = random_count_byte();

		vpit_write(d, i, 1, v, now);
		model_write(&m[i], v);
		break;
	}
	}
}

static u32 random_gap(void)
{
	switch (random_below(4)) {
	case 0:
		return random_below(3);
	case 1:
		return random_below(3000);
	default:
		return random_below(20);
	}
}

static void follows_the_datasheet_model(void **state)
{
	struct vpit d;
	struct model m[3];
	u64 tick = 1000;

	(void)state;
	vpit_init(&d, ns_of_tick(tick));
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 3; i++) {
		model_control(&m[i], 0x30);
		m[i].gate = i != 2;
	}
	for (int step = 0; step < 200000; step++) {
		u32 gap = random_gap();
		u64 now;

		tick += gap;
		for (u32 g = 0; g < gap; g++) {
			for (int i = 0; i < 3; i++) {
				model_clock(&m[i]);
			}
		}
		now = ns_of_tick(tick) + random_below(838);
		if (random_below(3) == 0) {
			u8 i = (u8)random_below(3);

			compare(&d, i, &m[i], now);
		} else {
			random_action(&d, m, now);
		}
	}
}

/* --- ticks of channel 0 ----------------------------------------------------------------------- */

static void program(struct vpit *d, u8 control, u16 count, u64 now)
{
	vpit_write(d, 3, 1, control, now);
	vpit_write(d, control >> 6, 1, count & 0xff, now);
	vpit_write(d, control >> 6, 1, count >> 8, now);
}

/*
 * A guest that is often away: time passes in jumps, the deadline is kept or missed, acknowledging
 * is late. Edge k is due at `first + k * period` of the exact grid.
 */
static void no_tick_is_lost_and_none_is_early(void **state)
{
	static const u16 counts[] = {24, 25, 1193, 11931, 11932, 4772, 0};

	(void)state;
	for (u32 round = 0; round < 60; round++) {
		struct vpit d;
		u16 count = counts[round % ARRAY_SIZE(counts)];
		u64 period = count == 0 ? 65536 : count;
		u64 start = 1 + random_below(1000000), now = ns_of_tick(start), taken = 0, due = 0;
		bool owes_ack = false;

		vpit_init(&d, now);
		program(&d, round & 1 ? 0x34 : 0x36, count, now);
		for (int step = 0; step < 3000; step++) {
			u64 deadline = vpit_deadline_ns(&d);

			assert_true(deadline != NEVER_NS);
			if (random_below(4) == 0) {
				now += random_below(1 + (u32)(period * 838 * 5));
			} else {
				now = MAX(now, deadline) + random_below(500);
			}
			vpit_advance(&d, now);
			tick_backlog_check(&d.backlog);
			if (vpit_take_edge(&d) && !owes_ack) {
				/* first presentation, not a repetition */
				taken++;
				owes_ack = true;
				assert_true(now + 1 >= ns_of_tick(start + 1 + taken * period));
			}
			if (owes_ack && random_below(3) != 0) {
				owes_ack = false;
				vpit_ack(&d, now);
				if (vpit_take_edge(&d)) {
					taken++;
					owes_ack = true;
				}
			}
		}
		while (ns_of_tick(start + 1 + (due + 1) * period) <= now) {
			due++;
		}
		/* the backlog's own phase may be one ns off at the very end */
		assert_true(taken + d.backlog.pending + d.backlog.given_up + 1 >= due);
		assert_true(taken + d.backlog.pending + d.backlog.given_up <= due + 1);
	}
}

static void a_guest_that_keeps_up_gets_each_tick_at_its_time(void **state)
{
	struct vpit d;
	u64 now = ns_of_tick(5000);

	(void)state;
	vpit_init(&d, now);
	program(&d, 0x34, 11932, now); /* 100 Hz */
	for (u64 k = 1; k <= 200000; k++) {
		u64 due = ns_of_tick(5000 + 1 + k * 11932);
		u64 deadline = vpit_deadline_ns(&d);

		/* the backlog keeps the period in 2^-32 ns */
		assert_true(deadline + 1 >= due && deadline <= due + 1);
		vpit_advance(&d, deadline - 2);
		assert_false(vpit_take_edge(&d));
		vpit_advance(&d, deadline);
		assert_true(vpit_take_edge(&d));
		assert_false(vpit_take_edge(&d));
		vpit_ack(&d, deadline + 1000);
		assert_false(vpit_take_edge(&d));
	}
}

/* A count written while a periodic mode runs takes effect at the end of the (half) cycle. */
static void a_new_count_takes_over_at_the_end_of_the_cycle(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct vpit d;
		struct model m = {.gate = true};
		u8 control = random_below(2) ? 0x14 : 0x16;
		u64 tick = 100 + random_below(1000), counts[2];
		u64 rises = 0;

		vpit_init(&d, ns_of_tick(tick));
		vpit_write(&d, 3, 1, control, ns_of_tick(tick));
		model_control(&m, control);
		for (int i = 0; i < 2; i++) {
			counts[i] = 40 + random_below(100);
			vpit_write(&d, 0, 1, (u32)counts[i], ns_of_tick(tick));
			model_write(&m, (u8)counts[i]);
			for (u32 n = 1 + random_below(300); i == 0 && n > 0; n--) {
				model_clock(&m);
				tick++;
			}
		}
		m.rises = 0;
		while (rises < 3) {
			u64 due;

			for (rises++; m.rises < rises; tick++) {
				model_clock(&m);
			}
			due = ns_of_tick(tick);
			vpit_advance(&d, due - 2);
			assert_false(vpit_take_edge(&d));
			vpit_advance(&d, due + 2);
			assert_true(vpit_take_edge(&d));
			vpit_ack(&d, due + 2);
		}
	}
}

static void an_edge_not_taken_is_shown_again(void **state)
{
	struct vpit d;
	u64 deadline = 0;

	(void)state;
	vpit_init(&d, 0);
	program(&d, 0x36, 1193, 0);
	for (int i = 0; i < 50; i++) {
		deadline = vpit_deadline_ns(&d);
		vpit_advance(&d, deadline);
		assert_true(vpit_take_edge(&d));
	}
	assert_int_equal(d.backlog.pending, 49);
	vpit_unmasked(&d, deadline);
	assert_int_equal(d.backlog.pending, 0);
	assert_false(vpit_take_edge(&d));
	assert_true(vpit_deadline_ns(&d) > deadline);
	vpit_advance(&d, vpit_deadline_ns(&d));
	assert_true(vpit_take_edge(&d));
}

/* Unmasking drops periodic ticks of the past, never the one edge that a one-shot count gives. */
static void a_one_shot_edge_outlives_unmasking(void **state)
{
	struct vpit d;

	(void)state;
	vpit_init(&d, 0);
	program(&d, 0x30, 1000, 0);
	vpit_unmasked(&d, vpit_deadline_ns(&d) + NSEC_PER_MSEC);
	assert_true(vpit_take_edge(&d));
	assert_false(vpit_take_edge(&d));
}

/* What a tickless kernel does: mode 0 or 4, a new count from each interrupt. */
static void one_shot_modes_give_one_edge_per_count(void **state)
{
	(void)state;
	for (int strobe = 0; strobe < 2; strobe++) {
		struct vpit d;
		u64 tick = 777;
		u64 now = ns_of_tick(tick);

		vpit_init(&d, now);
		vpit_write(&d, 3, 1, strobe ? 0x38 : 0x30, now);
		assert_true(vpit_deadline_ns(&d) == NEVER_NS);
		for (int i = 0; i < 1000; i++) {
			u16 count = (u16)(1 + random_below(65535));
			u64 due = ns_of_tick(tick + 1 + count + (u64)strobe);

			now = ns_of_tick(tick);
			vpit_write(&d, 0, 1, count & 0xff, now);
			vpit_write(&d, 0, 1, count >> 8, now);
			assert_true(vpit_deadline_ns(&d) == due);
			vpit_advance(&d, now + random_below((u32)(due - now)));
			assert_false(vpit_take_edge(&d));
			assert_true(vpit_deadline_ns(&d) == due);
			vpit_advance(&d, due - 1);
			assert_false(vpit_take_edge(&d));
			vpit_advance(&d, due);
			assert_true(vpit_take_edge(&d));
			assert_true(vpit_deadline_ns(&d) == NEVER_NS);
			vpit_ack(&d, due);
			tick += 1 + count + (u64)strobe + random_below(1000);
			vpit_advance(&d, ns_of_tick(tick));
			assert_false(vpit_take_edge(&d));
		}
	}
}

/* --- what kernels rely on --------------------------------------------------------------------- */

/* Calibration through channel 2, mode 0: output high after exactly count + 1 clocks, seen at port
 * 0x61. */
static void channel_2_measures_an_interval(void **state)
{
	struct vpit d;
	u64 tick = 123456789;
	u64 now = ns_of_tick(tick), due = ns_of_tick(tick + 59659 + 1); /* 50 ms */

	(void)state;
	vpit_init(&d, now);
	vpit_port61_write(&d, 0x01, now);
	program(&d, 0xb0, 59659, now);
	assert_int_equal(vpit_port61_read(&d, now) & 0x2f, 0x01);
	assert_int_equal(vpit_port61_read(&d, due - 1) & 0x20, 0);
	assert_int_equal(vpit_port61_read(&d, due) & 0x2f, 0x21);
	/* the count goes on and can be read, low byte first */
	assert_int_equal(vpit_read(&d, 2, 1, due), 0);
	assert_int_equal(vpit_read(&d, 2, 1, due), 0);
	due = ns_of_tick(tick + 59659 + 1 + 256);
	assert_int_equal(vpit_read(&d, 2, 1, due), 0);
	assert_int_equal(vpit_read(&d, 2, 1, due), 0xff);
}

/* Reading a gated-on channel 2 that counts from 0xffff, most significant byte changing every 256
 * ticks. */
static void most_significant_byte_falls_every_256_ticks(void **state)
{
	struct vpit d;
	u64 tick = 42;

	(void)state;
	vpit_init(&d, ns_of_tick(tick));
	vpit_port61_write(&d, 1, ns_of_tick(tick));
	program(&d, 0xb0, 0xffff, ns_of_tick(tick));
	for (u32 k = 0; k < 65536; k++) {
		u64 now = ns_of_tick(tick + 1 + k);

		vpit_read(&d, 2, 1, now);
		assert_int_equal(vpit_read(&d, 2, 1, now), (0xffff - k) >> 8);
	}
}

static void the_grid_is_exact_after_years(void **state)
{
	struct vpit d;
	u64 years = 20ull * 365 * 86400;

	(void)state;
	vpit_init(&d, 0);
	program(&d, 0x34, 0, 0);
	for (u64 s = years; s < years + 20; s++) {
		u64 ticks = s * VPIT_HZ - 1; /* since the load at tick 1 */
		u16 expected = (u16)(65536 - ticks % 65536);

		vpit_write(&d, 3, 1, 0x00, s * NSEC_PER_SEC);
		assert_int_equal(vpit_read(&d, 0, 1, s * NSEC_PER_SEC), expected & 0xff);
		assert_int_equal(vpit_read(&d, 0, 1, s * NSEC_PER_SEC), expected >> 8);
	}
}

static void latched_count_waits_until_it_is_read(void **state)
{
	struct vpit d;
	u64 now = ns_of_tick(10);

	(void)state;
	vpit_init(&d, now);
	program(&d, 0x34, 1000, now);
	now = ns_of_tick(10 + 1 + 300);
	vpit_write(&d, 3, 1, 0x00, now);
	vpit_write(&d, 3, 1, 0x00, ns_of_tick(500));
	assert_int_equal(vpit_read(&d, 0, 1, ns_of_tick(600)), 700 & 0xff);
	assert_int_equal(vpit_read(&d, 0, 1, ns_of_tick(700)), 700 >> 8);
	/* live again */
	assert_int_equal(vpit_read(&d, 0, 1, ns_of_tick(711)), 300 & 0xff);
	assert_int_equal(vpit_read(&d, 0, 1, ns_of_tick(711)), 300 >> 8);
}

static void refresh_bit_toggles_every_15_us(void **state)
{
	struct vpit d;
	u32 toggles = 0;
	u8 last = 0;

	(void)state;
	vpit_init(&d, 0);
	for (u64 now = 0; now < NSEC_PER_SEC / 10; now += 1000) {
		u8 bit = vpit_port61_read(&d, now) & 0x10;

		toggles += bit != last;
		last = bit;
	}
	assert_in_range(toggles, 6627, 6630);
}

static void wide_and_stray_accesses_are_bytewise(void **state)
{
	struct vpit d;

	(void)state;
	vpit_init(&d, 0);
	vpit_write(&d, 2, 2, 0xb0 << 8, 0); /* data to channel 2, control word to port 0x43 */
	assert_int_equal(d.ch[2].mode, 0);
	assert_int_equal(d.ch[2].access, 3);
	assert_int_equal(vpit_read(&d, 3, 1, 0), 0xff);
	assert_int_equal(vpit_read(&d, 3, 4, 0), 0xffffffff);
	assert_int_equal(vpit_read(&d, 0xffff, 4, 0), 0xffffffff);
	assert_int_equal(vpit_read(&d, 0, 0, 0), 0);
	vpit_write(&d, 0xffff, 4, 0xffffffff, 0);
	vpit_write(&d, 0, 200, 0x12345678, 0);
	(void)vpit_read(&d, 0, 200, 0);
}

static void reset_stops_it_and_time_never_goes_back(void **state)
{
	struct vpit d;

	(void)state;
	vpit_init(&d, 1000000);
	program(&d, 0x34, 1000, 1000000);
	vpit_advance(&d, 3000000);
	vpit_advance(&d, 0);
	vpit_reset(&d, 500);
	assert_true(vpit_deadline_ns(&d) == NEVER_NS);
	assert_false(vpit_take_edge(&d));
	assert_int_equal(d.looked_ns, 3000000);
	assert_int_equal(vpit_port61_read(&d, 3000000) & 0x0f, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_datasheet_model),
		cmocka_unit_test(no_tick_is_lost_and_none_is_early),
		cmocka_unit_test(a_guest_that_keeps_up_gets_each_tick_at_its_time),
		cmocka_unit_test(a_new_count_takes_over_at_the_end_of_the_cycle),
		cmocka_unit_test(an_edge_not_taken_is_shown_again),
		cmocka_unit_test(one_shot_modes_give_one_edge_per_count),
		cmocka_unit_test(channel_2_measures_an_interval),
		cmocka_unit_test(most_significant_byte_falls_every_256_ticks),
		cmocka_unit_test(the_grid_is_exact_after_years),
		cmocka_unit_test(a_one_shot_edge_outlives_unmasking),
		cmocka_unit_test(latched_count_waits_until_it_is_read),
		cmocka_unit_test(refresh_bit_toggles_every_15_us),
		cmocka_unit_test(wide_and_stray_accesses_are_bytewise),
		cmocka_unit_test(reset_stops_it_and_time_never_goes_back),
	};

	return cmocka_run_group_tests_name("vpit", tests, NULL, NULL);
}
