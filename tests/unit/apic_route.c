// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/apic_route: SDM vol. 3, 11.6.2 and 11.12.10, every addressing mode exhaustively. */
#include "tests/unit/unit.h"
#include "tests/unit/rng.h"
#include "kernel/dev/apic_route.h"

#define COUNT 20u

static struct vlapic lapics[COUNT];
static const struct vlapic *pointers[COUNT];

static void wr(u32 i, u32 offset, u32 value)
{
	struct vlapic_time time = {0};
	struct vlapic_effect effect;

	vlapic_mmio_write(&lapics[i], offset, 4, value, &time, &effect);
}

/* APIC ids as firmware would give them with two threads in three cores a package: not dense. */
static u32 id_of(u32 i)
{
	return i / 6 * 8 + i % 6;
}

static int fresh(void **state)
{
	(void)state;
	for (u32 i = 0; i < COUNT; i++) {
		vlapic_init(&lapics[i], id_of(i), (u8)i, i == 0);
		wr(i, 0xf0, 0x1ff);
		pointers[i] = &lapics[i];
	}
	return 0;
}

static void to_x2apic(u32 i)
{
	assert_int_equal(
		vlapic_base_write(&lapics[i], vlapic_base_read(&lapics[i]) | APIC_BASE_X2APIC), 0);
}

static u32 route(struct apic_msg msg)
{
	u8 rotor = 0;

	return apic_route(&msg, pointers, COUNT, &rotor);
}

#define ALL (u32)(BIT(COUNT) - 1)

static void physical(void **state)
{
	(void)state;
	for (u32 dest = 0; dest < 256; dest++) {
		u32 expected = dest == 0xff ? ALL : 0;

		for (u32 i = 0; i < COUNT; i++) {
			expected |= id_of(i) == dest ? 1u << i : 0;
		}
		assert_int_equal(route((struct apic_msg){.dest = dest, .vector = 0x40}), expected);
	}
}

static void logical_flat(void **state)
{
	(void)state;
	for (u32 i = 0; i < COUNT; i++) {
		wr(i, 0xd0, i < 8 ? 1u << (24 + i) : 0);
	}
	for (u32 dest = 0; dest < 256; dest++) {
		assert_int_equal(route((struct apic_msg){.dest = dest, .logical = true}),
				 dest == 0xff ? ALL : dest);
	}
}

static void logical_cluster(void **state)
{
	(void)state;
	for (u32 i = 0; i < COUNT; i++) {
		/* In either order. */
		wr(i, i % 2 ? 0xe0 : 0xd0, i % 2 ? 0x0fffffff : (i / 4 << 4 | 1u << i % 4) << 24);
		wr(i, i % 2 ? 0xd0 : 0xe0, i % 2 ? (i / 4 << 4 | 1u << i % 4) << 24 : 0x0fffffff);
	}
	for (u32 dest = 0; dest < 256; dest++) {
		u32 expected = 0;

		for (u32 i = 0; i < COUNT; i++) {
			bool cluster = dest >> 4 == 0xf || dest >> 4 == i / 4;

			expected |= cluster && (dest & 1u << i % 4) ? 1u << i : 0;
		}
		assert_int_equal(route((struct apic_msg){.dest = dest, .logical = true}), expected);
	}
}

static void x2apic_physical(void **state)
{
	(void)state;
	for (u32 i = 0; i < COUNT; i++) {
		to_x2apic(i);
		assert_int_equal(route((struct apic_msg){.dest = id_of(i), .wide = true}), 1u << i);
	}
	assert_int_equal(route((struct apic_msg){.dest = UINT32_MAX, .wide = true}), ALL);
	assert_int_equal(route((struct apic_msg){.dest = 0xff, .wide = true}), 0);
	assert_int_equal(route((struct apic_msg){.dest = 0x100 | id_of(3), .wide = true}), 0);
	/* From the IOAPIC: 8 bits, and FFh is all. */
	assert_int_equal(route((struct apic_msg){.dest = 0xff}), ALL);
	assert_int_equal(route((struct apic_msg){.dest = id_of(7)}), 1u << 7);
}

static void x2apic_logical(void **state)
{
	(void)state;
	struct rng r = {.state = 3};

	for (u32 i = 0; i < COUNT; i++) {
		to_x2apic(i);
	}
	for (int n = 0; n < 100000; n++) {
		u32 dest = (u32)rng_below(&r, 4) << 16 | (u32)rng_below(&r, 0x10000);
		u32 expected = 0;

		for (u32 i = 0; i < COUNT; i++) {
			bool match = id_of(i) / 16 == dest >> 16 && (dest >> id_of(i) % 16 & 1);

			expected |= match ? 1u << i : 0;
		}
		assert_int_equal(
			route((struct apic_msg){.dest = dest, .logical = true, .wide = true}),
			expected);
	}
	assert_int_equal(
		route((struct apic_msg){.dest = UINT32_MAX, .logical = true, .wide = true}), ALL);
}

/* SDM 11.6.1, destination shorthand. */
static void shorthands(void **state)
{
	(void)state;
	for (u8 i = 0; i < COUNT; i++) {
		struct apic_msg msg = {.dest = 0x55, .source = i, .shorthand = APIC_TO_SELF};

		assert_int_equal(route(msg), 1u << i);
		msg.shorthand = APIC_TO_ALL;
		assert_int_equal(route(msg), ALL);
		msg.shorthand = APIC_TO_OTHERS;
		assert_int_equal(route(msg), ALL & ~(1u << i));
	}
}

/* SDM 11.4.7.2: a software-disabled APIC still takes NMI, INIT and SIPI; 11.4.3: a globally
 * disabled one nothing. */
static void disabled_receivers(void **state)
{
	(void)state;
	wr(2, 0xf0, 0xff);
	assert_int_equal(vlapic_base_write(&lapics[3], VLAPIC_BASE_GPA), 0);
	for (u8 delivery = 0; delivery < 8; delivery++) {
		struct apic_msg msg = {.dest = 0xff, .delivery = delivery};
		u32 expected = ALL & ~(1u << 3);
		bool essential =
			delivery == APIC_NMI || delivery == APIC_INIT || delivery == APIC_STARTUP;

		if (delivery == APIC_REMOTE_READ) {
			expected = 0;
		} else if (delivery == APIC_LOWEST) {
			expected = 1u << 1;
		} else if (!essential) {
			expected &= ~(1u << 2);
		}
		assert_int_equal(route(msg), expected);
	}
}

/* SDM 11.6.2.4. */
static void lowest_priority(void **state)
{
	(void)state;
	struct apic_msg msg = {.dest = 0x0f, .logical = true, .delivery = APIC_LOWEST};
	u32 seen = 0;
	u8 rotor = 0;

	for (u32 i = 0; i < COUNT; i++) {
		wr(i, 0xd0, i < 8 ? 1u << (24 + i) : 0);
	}
	/* Equals take turns. */
	for (u32 n = 0; n < 4; n++) {
		seen |= apic_route(&msg, pointers, COUNT, &rotor);
	}
	assert_int_equal(seen, 0x0f);
	/* The least processor priority wins, whoever's turn it is. */
	wr(0, 0x80, 0x20);
	wr(1, 0x80, 0x30);
	wr(3, 0x80, 0x11);
	vlapic_set_irr(&lapics[2], 0x91, false);
	vlapic_accept(&lapics[2], 0x91);
	for (u32 n = 0; n < 8; n++) {
		assert_int_equal(apic_route(&msg, pointers, COUNT, &rotor), 1u << 3);
	}
	/* Nobody matches: nobody. */
	msg.dest = 0;
	assert_int_equal(apic_route(&msg, pointers, COUNT, &rotor), 0);
	/* A rotor that names a vCPU that is not there is no harm. */
	msg.dest = 0xff;
	rotor = 0xff;
	assert_int_not_equal(apic_route(&msg, pointers, COUNT, &rotor), 0);
	assert_int_equal(apic_route(&msg, pointers, 0, &rotor), 0);
}

static void thirty_two_vcpus(void **state)
{
	(void)state;
	static struct vlapic many[APIC_VCPUS_MAX];
	const struct vlapic *p[APIC_VCPUS_MAX];
	struct vlapic_time time = {0};
	struct vlapic_effect effect;
	u8 rotor = 0;

	for (u32 i = 0; i < APIC_VCPUS_MAX; i++) {
		vlapic_init(&many[i], i, (u8)i, i == 0);
		vlapic_mmio_write(&many[i], 0xf0, 4, 0x1ff, &time, &effect);
		p[i] = &many[i];
	}
	assert_int_equal(apic_route(&(struct apic_msg){.dest = 0xff}, p, 32, &rotor), UINT32_MAX);
	assert_int_equal(
		apic_route(&(struct apic_msg){.dest = 31, .delivery = APIC_LOWEST}, p, 32, &rotor),
		1u << 31);
}

/* SDM 11.11: message format of MSIs. */
static void msi_messages(void **state)
{
	(void)state;
	struct apic_msg msg = apic_msg_from_msi(0xfee0700c, 0xc145);

	assert_int_equal(msg.dest, 7);
	assert_int_equal(msg.vector, 0x45);
	assert_int_equal(msg.delivery, APIC_LOWEST);
	assert_true(msg.logical);
	assert_true(msg.level);
	assert_false(msg.wide);
	assert_int_equal(msg.source, APIC_SOURCE_DEVICE);
	msg = apic_msg_from_msi(0xfee01008, 0x0030);
	assert_int_equal(msg.delivery, APIC_LOWEST);
	msg = apic_msg_from_msi(0xfee01000, 0x0430);
	assert_int_equal(msg.delivery, APIC_NMI);
	assert_false(msg.logical);
	assert_false(msg.level);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(physical, fresh),
		cmocka_unit_test_setup(logical_flat, fresh),
		cmocka_unit_test_setup(logical_cluster, fresh),
		cmocka_unit_test_setup(x2apic_physical, fresh),
		cmocka_unit_test_setup(x2apic_logical, fresh),
		cmocka_unit_test_setup(shorthands, fresh),
		cmocka_unit_test_setup(disabled_receivers, fresh),
		cmocka_unit_test_setup(lowest_priority, fresh),
		cmocka_unit_test(thirty_two_vcpus),
		cmocka_unit_test(msi_messages),
	};

	return cmocka_run_group_tests_name("apic_route", tests, NULL, NULL);
}
