// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8254. A channel's state is that of one tick; channel_run() brings it forward over any number
 * of ticks in constant time, so reads are exact and an idle timer costs nothing. Channel 0's ticks
 * in the periodic modes are counted by tick_backlog, which is started from the channel's state at
 * every change of it.
 */
#include "kernel/dev/vpit.h"

#include "kernel/lib/string.h"

enum { PORT_CONTROL = 3 };
enum { ACCESS_LATCH, ACCESS_LOW, ACCESS_HIGH, ACCESS_BOTH };

/* Control word and read-back command, 8254 datasheet figures 7 and 10. */
#define CONTROL_SELECT(v) ((v) >> 6)
#define CONTROL_ACCESS(v) (((v) >> 4) & 3)
#define CONTROL_MODE(v)	  (((v) >> 1) & 7)
#define CONTROL_BCD	  0x01
#define SELECT_READ_BACK  3
#define READ_BACK_NOCOUNT 0x20
#define READ_BACK_NOSTAT  0x10
#define STATUS_OUT	  0x80
#define STATUS_NULL	  0x40

#define PORT61_GATE2	  0x01
#define PORT61_WRITE	  0x0f
#define PORT61_REFRESH	  0x10
#define PORT61_OUT2	  0x20
/* The refresh request toggles every 15.085 us on a PC. */
#define REFRESH_TICKS	  18

/* --- the tick grid ---------------------------------------------------------------------------- */

/* The number of ticks at or before `ns`. Whole seconds apart, so that nothing overflows. */
static u64 tick_at_ns(u64 ns)
{
	return ns / NSEC_PER_SEC * VPIT_HZ + ns % NSEC_PER_SEC * VPIT_HZ / NSEC_PER_SEC;
}

/* When `tick` happens: the first ns at which tick_at_ns() says it. */
static u64 ns_at_tick(u64 tick)
{
	return tick / VPIT_HZ * NSEC_PER_SEC +
	       DIV_ROUND_UP(tick % VPIT_HZ * NSEC_PER_SEC, (u64)VPIT_HZ);
}

/* --- one channel ------------------------------------------------------------------------------ */

static bool mode_is_periodic(u8 mode)
{
	return mode == 2 || mode == 3;
}

static u32 modulus(const struct vpit_channel *ch)
{
	return ch->bcd ? 10000 : 65536;
}

/* Ticks of one cycle in the periodic modes. */
static u32 period_ticks(const struct vpit_channel *ch)
{
	return MAX(ch->reload, 2u);
}

/* Mode 3: begins a half cycle. With an odd count N, N - 1 is loaded; the high half then lasts one
 * tick longer. */
static void square_load(struct vpit_channel *ch)
{
	u32 n = period_ticks(ch);

	ch->odd_half = ch->out && (n & 1);
	ch->ce = n & ~1u;
	ch->null_count = false;
}

static u32 square_left(const struct vpit_channel *ch)
{
	return ch->ce / 2 + (ch->odd_half ? 1 : 0);
}

static void square_run(struct vpit_channel *ch, u64 ticks)
{
	bool reloaded = false;

	while (ticks >= square_left(ch)) {
		ticks -= square_left(ch);
		ch->out = !ch->out;
		square_load(ch);
		if (!reloaded) {
			reloaded = true;
			ticks %= period_ticks(ch);
		}
	}
	ch->ce -= 2 * (u32)ticks;
}

static void rate_run(struct vpit_channel *ch, u64 ticks)
{
	if (ticks < ch->ce) {
		ch->ce -= (u32)ticks;
	} else {
		ch->ce = period_ticks(ch) - (u32)((ticks - ch->ce) % period_ticks(ch));
		ch->null_count = false;
	}
	ch->out = ch->ce != 1;
}

/* Modes 0, 1, 4, 5: counts down once to 0 and on around. True if the output rose at the end of the
 * count. */
static bool single_run(struct vpit_channel *ch, u64 ticks)
{
	bool strobe = ch->mode >= 4;
	bool rose = false;

	if (strobe && !ch->out) {
		ch->out = rose = true; /* the strobe lasts one tick, whatever the gate does */
	}
	if (!ch->counting || ((ch->mode == 0 || ch->mode == 4) && !ch->gate)) {
		return rose;
	}
	if (ch->strobe_armed && ticks >= ch->ce) {
		ch->strobe_armed = false;
		ch->out = !strobe || ticks > ch->ce;
		rose = ch->out;
	}
	ch->ce = (u32)((ch->ce + modulus(ch) - ticks % modulus(ch)) % modulus(ch));
	return rose;
}

static void channel_load(struct vpit_channel *ch)
{
	ch->load_pending = false;
	ch->null_count = false;
	ch->counting = true;
	ch->strobe_armed = true;
	ch->ce = ch->reload;
	if (ch->mode == 2) {
		ch->ce = period_ticks(ch);
	} else if (ch->mode == 3) {
		square_load(ch);
	} else {
		ch->out = ch->mode >= 4;
	}
}

/* Goes on to `tick`. True if a rising edge of the output ended a count in modes 0, 1, 4, 5. */
static bool channel_run(struct vpit_channel *ch, u64 tick)
{
	u64 ticks = tick - ch->tick;
	bool rose = false;

	ch->tick = tick;
	if (ticks != 0 && ch->load_pending) {
		rose = ch->mode >= 4 && !ch->out;
		channel_load(ch);
		ticks--;
	}
	if (ticks == 0) {
		return rose;
	}
	if (!mode_is_periodic(ch->mode)) {
		return single_run(ch, ticks) || rose;
	}
	if (ch->counting && ch->gate) {
		if (ch->mode == 2) {
			rate_run(ch, ticks);
		} else {
			square_run(ch, ticks);
		}
	}
	return rose;
}

static void channel_gate(struct vpit_channel *ch, bool gate)
{
	if (gate && !ch->gate && ch->loaded && ch->mode != 0 && ch->mode != 4) {
		ch->load_pending = true;
	}
	if (!gate && mode_is_periodic(ch->mode)) {
		ch->out = true;
	}
	ch->gate = gate;
}

/* The current count in the form in which it is read. */
static u16 channel_count(const struct vpit_channel *ch)
{
	u32 n = ch->ce % modulus(ch);

	if (ch->bcd) {
		n = n / 1000 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10;
	}
	return (u16)n;
}

static void channel_set_reload(struct vpit_channel *ch, u16 raw)
{
	u32 n = raw;

	if (ch->bcd) {
		/* A digit above 9 counts as what it weighs; the chip's manual does not say. */
		n = ((raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 +
		     (raw & 15)) %
		    10000;
	}
	ch->reload = n != 0 ? n : modulus(ch);
	ch->null_count = true;
	if (ch->mode == 0 || ch->mode == 4 || (mode_is_periodic(ch->mode) && !ch->loaded)) {
		ch->load_pending = true;
	}
	if (ch->mode == 0) {
		ch->out = false;
	}
	ch->loaded = true;
}

/* Returns true when the count is complete. */
static bool channel_write(struct vpit_channel *ch, u8 value)
{
	switch (ch->access) {
	case ACCESS_LOW:
		channel_set_reload(ch, value);
		return true;
	case ACCESS_HIGH:
		channel_set_reload(ch, (u16)(value << 8));
		return true;
	default:
		break;
	}
	ch->write_high_next = !ch->write_high_next;
	if (ch->write_high_next) {
		ch->written_low = value;
		if (ch->mode == 0) { /* the first byte stops mode 0 at once */
			ch->counting = false;
			ch->load_pending = false;
			ch->out = false;
		}
		return false;
	}
	channel_set_reload(ch, (u16)(value << 8 | ch->written_low));
	return true;
}

static u8 channel_read(struct vpit_channel *ch)
{
	u16 count = ch->latched_bytes != 0 ? ch->latched : channel_count(ch);
	bool high = ch->access == ACCESS_HIGH;

	if (ch->status_latched) {
		ch->status_latched = false;
		return ch->latched_status;
	}
	if (ch->access == ACCESS_BOTH) {
		high = ch->read_high_next;
		ch->read_high_next = !high;
	}
	if (ch->latched_bytes != 0) {
		ch->latched_bytes--;
	}
	return (u8)(high ? count >> 8 : count);
}

static void channel_latch_count(struct vpit_channel *ch)
{
	if (ch->latched_bytes == 0) {
		ch->latched = channel_count(ch);
		ch->latched_bytes = ch->access == ACCESS_BOTH ? 2 : 1;
		ch->read_high_next = false;
	}
}

static void channel_latch_status(struct vpit_channel *ch)
{
	if (!ch->status_latched) {
		ch->status_latched = true;
		ch->latched_status =
			(u8)((ch->out ? STATUS_OUT : 0) | (ch->null_count ? STATUS_NULL : 0) |
			     ch->access << 4 | ch->mode << 1 | (ch->bcd ? CONTROL_BCD : 0));
	}
}

static void channel_control(struct vpit_channel *ch, u8 value)
{
	u8 mode = CONTROL_MODE(value);

	ch->mode = mode > 5 ? mode - 4 : mode; /* 6 and 7 are 2 and 3 */
	ch->access = CONTROL_ACCESS(value);
	ch->bcd = value & CONTROL_BCD;
	ch->out = ch->mode != 0;
	ch->null_count = true;
	ch->loaded = ch->load_pending = ch->counting = ch->strobe_armed = false;
	ch->write_high_next = ch->read_high_next = ch->status_latched = false;
	ch->latched_bytes = 0;
}

/* --- channel 0's interrupt -------------------------------------------------------------------- */

/* The tick of the next rising edge in the periodic modes; the count is loaded or about to be. */
static u64 next_edge_tick(const struct vpit_channel *ch)
{
	if (ch->load_pending) {
		return ch->tick + 1 + period_ticks(ch);
	}
	if (ch->mode == 2) {
		return ch->tick + ch->ce;
	}
	return ch->tick + square_left(ch) + (ch->out ? period_ticks(ch) / 2 : 0);
}

/* After every change of channel 0's programming. */
static void restart_ticks(struct vpit *d)
{
	const struct vpit_channel *ch = &d->ch[0];

	d->edge = d->untaken = false;
	if (mode_is_periodic(ch->mode) && ch->loaded) {
		tick_backlog_start(&d->backlog, ns_at_tick(next_edge_tick(ch)),
				   tick_period_from_clock(period_ticks(ch), VPIT_HZ));
	} else {
		tick_backlog_stop(&d->backlog);
	}
}

static void present_ticks(struct vpit *d)
{
	u64 expired = d->backlog.expired;

	tick_backlog_advance(&d->backlog, d->looked_ns);
	if (!d->untaken) {
		d->untaken = tick_backlog_take(&d->backlog, d->looked_ns);
		d->edge = d->edge || d->untaken;
	} else if (d->backlog.expired != expired) {
		d->edge = true;
	}
}

/* Brings everything to `now_ns`. */
static void sync(struct vpit *d, u64 now_ns)
{
	u64 tick;

	d->looked_ns = MAX(d->looked_ns, now_ns);
	tick = tick_at_ns(d->looked_ns);
	if (channel_run(&d->ch[0], tick)) {
		d->edge = true;
	}
	channel_run(&d->ch[1], tick);
	channel_run(&d->ch[2], tick);
	present_ticks(d);
}

/* --- ports ------------------------------------------------------------------------------------ */

static void write_control(struct vpit *d, u8 value)
{
	u8 select = CONTROL_SELECT(value);

	if (select == SELECT_READ_BACK) {
		for (u8 i = 0; i < ARRAY_SIZE(d->ch); i++) {
			if (!(value >> (i + 1) & 1)) {
				continue;
			}
			if (!(value & READ_BACK_NOCOUNT)) {
				channel_latch_count(&d->ch[i]);
			}
			if (!(value & READ_BACK_NOSTAT)) {
				channel_latch_status(&d->ch[i]);
			}
		}
	} else if (CONTROL_ACCESS(value) == ACCESS_LATCH) {
		channel_latch_count(&d->ch[select]);
	} else {
		channel_control(&d->ch[select], value);
		if (select == 0) {
			restart_ticks(d);
		}
	}
}

u32 vpit_read(struct vpit *d, u16 offset, u8 size, u64 now_ns)
{
	u32 value = 0;

	sync(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		u32 port = offset + i;
		u8 byte = port < PORT_CONTROL ? channel_read(&d->ch[port]) : 0xff;

		value |= (u32)byte << (8 * i);
	}
	return value;
}

void vpit_write(struct vpit *d, u16 offset, u8 size, u32 value, u64 now_ns)
{
	sync(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		u32 port = offset + i;
		u8 byte = (u8)(value >> (8 * i));

		if (port == PORT_CONTROL) {
			write_control(d, byte);
		} else if (port < PORT_CONTROL && channel_write(&d->ch[port], byte) && port == 0) {
			restart_ticks(d);
		}
	}
}

u8 vpit_port61_read(struct vpit *d, u64 now_ns)
{
	bool refresh;

	sync(d, now_ns);
	refresh = tick_at_ns(d->looked_ns) / REFRESH_TICKS & 1;
	return (u8)(d->port61 | (refresh ? PORT61_REFRESH : 0) | (d->ch[2].out ? PORT61_OUT2 : 0));
}

void vpit_port61_write(struct vpit *d, u8 value, u64 now_ns)
{
	sync(d, now_ns);
	d->port61 = value & PORT61_WRITE;
	channel_gate(&d->ch[2], value & PORT61_GATE2);
}

/* --- life ------------------------------------------------------------------------------------- */

void vpit_init(struct vpit *d, u64 now_ns)
{
	memset(d, 0, sizeof(*d));
	tick_backlog_init(&d->backlog);
	vpit_reset(d, now_ns);
}

void vpit_reset(struct vpit *d, u64 now_ns)
{
	d->looked_ns = MAX(d->looked_ns, now_ns);
	d->port61 = 0;
	for (u8 i = 0; i < ARRAY_SIZE(d->ch); i++) {
		memset(&d->ch[i], 0, sizeof(d->ch[i]));
		d->ch[i].tick = tick_at_ns(d->looked_ns);
		d->ch[i].reload = 65536;
		d->ch[i].gate = i != 2;
		channel_control(&d->ch[i], ACCESS_BOTH << 4);
	}
	restart_ticks(d);
}

void vpit_advance(struct vpit *d, u64 now_ns)
{
	sync(d, now_ns);
}

u64 vpit_deadline_ns(const struct vpit *d)
{
	const struct vpit_channel *ch = &d->ch[0];

	if (mode_is_periodic(ch->mode)) {
		return tick_backlog_deadline_ns(&d->backlog, !d->untaken);
	}
	if (ch->load_pending) {
		return ns_at_tick(ch->tick + 1 + ch->reload + (ch->mode == 4 ? 1 : 0));
	}
	if (ch->mode == 4 && !ch->out) {
		return ns_at_tick(ch->tick + 1);
	}
	if (ch->counting && ch->strobe_armed) {
		return ns_at_tick(ch->tick + ch->ce + (ch->mode == 4 ? 1 : 0));
	}
	return NEVER_NS;
}

bool vpit_take_edge(struct vpit *d)
{
	bool edge = d->edge;

	d->edge = false;
	return edge;
}

void vpit_ack(struct vpit *d, u64 now_ns)
{
	sync(d, now_ns);
	if (d->untaken) {
		d->untaken = d->edge = false;
		present_ticks(d);
	}
}

void vpit_unmasked(struct vpit *d, u64 now_ns)
{
	sync(d, now_ns);
	/* The one edge of the other modes stays: the PIC keeps it while it is masked. */
	if (mode_is_periodic(d->ch[0].mode)) {
		tick_backlog_drop(&d->backlog);
		d->untaken = d->edge = false;
	}
}
