// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/vioapic: 82093AA registers and the life of level and edge interrupts. */
#include "tests/unit/unit.h"
#include "tests/unit/rng.h"
#include "kernel/dev/vioapic.h"

#define LEVEL	   BIT(15)
#define MASKED	   BIT(16)
#define REMOTE_IRR BIT(14)

static struct apic_msg_list sent;

static u32 rd(const struct vioapic *io, u8 reg)
{
	struct vioapic copy = *io;

	vioapic_write(&copy, 0, 4, reg, &sent);
	return (u32)vioapic_read(&copy, 0x10, 4);
}

/* Returns how many messages the write sent; they are in `sent`. */
static u32 wr(struct vioapic *io, u8 reg, u32 value)
{
	sent.count = 0;
	vioapic_write(io, 0, 1, reg, &sent);
	vioapic_write(io, 0x10, 4, value, &sent);
	vioapic_check(io);
	return sent.count;
}

static u32 entry(struct vioapic *io, u32 pin, u64 value)
{
	u32 n = wr(io, (u8)(0x11 + 2 * pin), (u32)(value >> 32));

	return n + wr(io, (u8)(0x10 + 2 * pin), (u32)value);
}

static u32 line(struct vioapic *io, u32 pin, bool asserted)
{
	sent.count = 0;
	vioapic_set_line(io, pin, asserted, &sent);
	vioapic_check(io);
	return sent.count;
}

static u32 eoi(struct vioapic *io, u8 vector)
{
	sent.count = 0;
	vioapic_eoi(io, vector, &sent);
	vioapic_check(io);
	return sent.count;
}

static struct vioapic ioapic(void)
{
	struct vioapic io;

	vioapic_init(&io, 5);
	vioapic_check(&io);
	return io;
}

static void registers(void **state)
{
	(void)state;
	struct vioapic io = ioapic();

	assert_int_equal(rd(&io, 0), 5u << 24);
	assert_int_equal(rd(&io, 1), 0x00170020);
	assert_int_equal(rd(&io, 2), 5u << 24);
	wr(&io, 0, 0xffffffff);
	assert_int_equal(rd(&io, 0), 0x0f000000);
	wr(&io, 1, 0xffffffff);
	assert_int_equal(rd(&io, 1), 0x00170020);
	for (u32 reg = 0; reg < 256; reg++) {
		bool is_entry = reg >= 0x10 && reg < 0x10 + 2 * VIOAPIC_PINS;

		if (is_entry) {
			assert_int_equal(rd(&io, (u8)reg), reg % 2 ? 0 : MASKED);
			wr(&io, (u8)reg, 0xffffffff);
			assert_int_equal(rd(&io, (u8)reg), reg % 2 ? 0xff000000 : 0x1afff);
		} else if (reg > 2) {
			wr(&io, (u8)reg, 0xffffffff);
			assert_int_equal(rd(&io, (u8)reg), 0);
		}
	}
	wr(&io, 0x3f, 0);
	vioapic_reset(&io);
	assert_int_equal(vioapic_read(&io, 0, 4), 0);
	assert_int_equal(rd(&io, 0x10), MASKED);
}

static void widths(void **state)
{
	(void)state;
	struct vioapic io = ioapic();

	vioapic_write(&io, 0, 4, 0x12345611, &sent);
	assert_int_equal(vioapic_read(&io, 0, 4), 0x11);
	vioapic_write(&io, 1, 1, 0x99, &sent);
	assert_int_equal(vioapic_read(&io, 0, 1), 0x11);
	vioapic_write(&io, 0x13, 1, 0x7a, &sent);
	assert_int_equal(vioapic_read(&io, 0x10, 4), 0x7a000000);
	assert_int_equal(vioapic_read(&io, 0x13, 1), 0x7a);
	assert_int_equal(vioapic_read(&io, 0x12, 2), 0x7a00);
	assert_int_equal(vioapic_read(&io, 0x10, 8), 0x7a000000);
	vioapic_write(&io, 0, 1, 0x10, &sent);
	vioapic_write(&io, 0x10, 1, 0x31, &sent);
	assert_int_equal(vioapic_read(&io, 0x10, 4), MASKED | 0x31);
	vioapic_write(&io, 0x10, 8, 0xffffffff00010041, &sent);
	assert_int_equal(vioapic_read(&io, 0x10, 4), MASKED | 0x41);
	assert_int_equal(rd(&io, 0x11), 0x7a000000);
	assert_int_equal(vioapic_read(&io, 0x20, 4), 0);
	vioapic_write(&io, 0xffc, 4, 1, &sent);
}

static void message_fields(void **state)
{
	(void)state;
	for (u32 delivery = 0; delivery < 8; delivery++) {
		for (u32 bits = 0; bits < 8; bits++) {
			struct vioapic io = ioapic();
			bool level = (bits & 1) != 0, waits = level && delivery <= APIC_LOWEST;

			entry(&io, 7,
			      0xabull << 56 | (u64)delivery << 8 | (level ? LEVEL : 0) |
				      (bits & 2 ? BIT(11) : 0) | (bits & 4 ? BIT(13) : 0) | 0x5c);
			assert_int_equal(line(&io, 7, true), 1);
			assert_int_equal(sent.msg[0].dest, 0xab);
			assert_int_equal(sent.msg[0].vector, 0x5c);
			assert_int_equal(sent.msg[0].delivery, delivery);
			assert_int_equal(sent.msg[0].logical, (bits & 2) != 0);
			assert_int_equal(sent.msg[0].level, waits);
			assert_int_equal(sent.msg[0].shorthand, APIC_TO_DEST);
			assert_int_equal(sent.msg[0].source, APIC_SOURCE_DEVICE);
			assert_false(sent.msg[0].wide);
			assert_int_equal(rd(&io, 0x1e) & REMOTE_IRR, waits ? REMOTE_IRR : 0);
		}
	}
}

static void edge(void **state)
{
	(void)state;
	struct vioapic io = ioapic();

	entry(&io, 2, 0x40);
	assert_int_equal(line(&io, 2, true), 1);
	assert_int_equal(line(&io, 2, true), 0);
	assert_int_equal(line(&io, 2, false), 0);
	assert_int_equal(line(&io, 2, true), 1);
	assert_int_equal(eoi(&io, 0x40), 0);
	line(&io, 2, false);
	/* Masked: lost (82093AA 3.2.4, bit 16). */
	entry(&io, 2, MASKED | 0x40);
	assert_int_equal(line(&io, 2, true), 0);
	assert_int_equal(entry(&io, 2, 0x40), 0);
}

static void level(void **state)
{
	(void)state;
	struct vioapic io = ioapic();

	entry(&io, 16, LEVEL | 0x61);
	assert_int_equal(line(&io, 16, true), 1);
	/* Not again before the EOI, whatever the line does. */
	assert_int_equal(line(&io, 16, false), 0);
	assert_int_equal(line(&io, 16, true), 0);
	assert_int_equal(eoi(&io, 0x62), 0);
	assert_int_equal(eoi(&io, 0x61), 1);
	assert_int_equal(line(&io, 16, false), 0);
	assert_int_equal(eoi(&io, 0x61), 0);
	assert_int_equal(rd(&io, 0x30) & REMOTE_IRR, 0);
	/* Masked while asserted; unmasking sends. */
	entry(&io, 16, MASKED | LEVEL | 0x61);
	assert_int_equal(line(&io, 16, true), 0);
	assert_int_equal(entry(&io, 16, LEVEL | 0x61), 1);
	/* Masked between delivery and EOI: the EOI counts, the next one waits for the unmask. */
	entry(&io, 16, MASKED | LEVEL | 0x61);
	assert_int_equal(rd(&io, 0x30) & REMOTE_IRR, REMOTE_IRR);
	assert_int_equal(eoi(&io, 0x61), 0);
	assert_int_equal(entry(&io, 16, LEVEL | 0x61), 1);
	/* Unmasked before the EOI: one, after it. */
	entry(&io, 16, MASKED | LEVEL | 0x61);
	assert_int_equal(entry(&io, 16, LEVEL | 0x61), 0);
	assert_int_equal(eoi(&io, 0x61), 1);
	/* Through edge mode remote IRR is cleared. */
	entry(&io, 16, MASKED | 0x61);
	assert_int_equal(rd(&io, 0x30) & REMOTE_IRR, 0);
	assert_int_equal(entry(&io, 16, LEVEL | 0x61), 1);
	/* The EOI register, and nothing else. */
	sent.count = 0;
	vioapic_write(&io, 0x00, 4, 0x61, &sent);
	vioapic_write(&io, 0x10, 4, 0x61, &sent);
	vioapic_write(&io, 0x44, 4, 0x61, &sent);
	vioapic_write(&io, 0x41, 1, 0x61, &sent);
	assert_int_equal(sent.count, 0);
	sent.count = 0;
	vioapic_write(&io, 0x40, 4, 0x61, &sent);
	assert_int_equal(sent.count, 1);
	line(&io, 16, false);
	vioapic_write(&io, 0x40, 1, 0x61, &sent);
	assert_int_equal(rd(&io, 0x30) & REMOTE_IRR, 0);
}

static void all_pins_share_a_vector(void **state)
{
	(void)state;
	struct vioapic io = ioapic();

	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		entry(&io, pin, LEVEL | 0x70 | (u64)pin << 56);
		assert_int_equal(line(&io, pin, true), 1);
	}
	assert_int_equal(eoi(&io, 0x70), VIOAPIC_PINS);
	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		assert_int_equal(sent.msg[pin].dest, pin);
	}
}

/*
 * Random devices, masks and EOIs. Model of a level interrupt: after a message the pin is silent
 * until the EOI; a pin that is asserted, unmasked and not waiting has always just sent.
 */
static void random_levels(void **state)
{
	(void)state;
	struct rng r = {.state = 82093};
	struct vioapic io = ioapic();
	bool asserted[VIOAPIC_PINS] = {0}, masked[VIOAPIC_PINS] = {0}, waiting[VIOAPIC_PINS] = {0};

	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		entry(&io, pin, LEVEL | (0x30 + pin));
	}
	for (int step = 0; step < 300000; step++) {
		u32 pin = (u32)rng_below(&r, VIOAPIC_PINS), n = 0;
		bool expected;

		switch (rng_below(&r, 4)) {
		case 0:
		case 1:
			asserted[pin] = rng_below(&r, 2);
			n = line(&io, pin, asserted[pin]);
			break;
		case 2:
			masked[pin] = rng_below(&r, 2);
			n = wr(&io, (u8)(0x10 + 2 * pin),
			       (u32)(LEVEL | (masked[pin] ? MASKED : 0) | (0x30 + pin)));
			break;
		default:
			waiting[pin] = false;
			n = eoi(&io, (u8)(0x30 + pin));
			break;
		}
		expected = asserted[pin] && !masked[pin] && !waiting[pin];
		assert_int_equal(n, expected);
		waiting[pin] |= expected;
		assert_int_equal((rd(&io, (u8)(0x10 + 2 * pin)) & REMOTE_IRR) != 0, waiting[pin]);
	}
}

static void random_accesses(void **state)
{
	(void)state;
	struct rng r = {.state = 17};
	struct vioapic io = ioapic();

	for (int step = 0; step < 300000; step++) {
		u8 size = (u8)(1u << rng_below(&r, 4));
		u32 offset = rng_below(&r, 2) ? (u32)rng_below(&r, 0x44)
					      : (u32)rng_below(&r, VIOAPIC_MMIO_SIZE);

		sent.count = 0;
		vioapic_write(&io, offset, size, rng_next(&r), &sent);
		vioapic_check(&io);
		(void)vioapic_read(&io, (u32)rng_below(&r, VIOAPIC_MMIO_SIZE), size);
		line(&io, (u32)rng_below(&r, VIOAPIC_PINS), rng_below(&r, 2));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),	  cmocka_unit_test(widths),
		cmocka_unit_test(message_fields), cmocka_unit_test(edge),
		cmocka_unit_test(level),	  cmocka_unit_test(all_pins_share_a_vector),
		cmocka_unit_test(random_levels),  cmocka_unit_test(random_accesses),
	};

	return cmocka_run_group_tests_name("vioapic", tests, NULL, NULL);
}
