// SPDX-License-Identifier: GPL-2.0-only
/* kernel/events: all pairs of events and all combinations of sources, against the manuals' words.
 */
#include "tests/unit/unit.h"
#include "kernel/events.h"

/* SDM table 6-4. */
static bool is_contributory(u8 v)
{
	return v == 0 || (v >= 10 && v <= 13) || v == 21 || v == 29 || v == 30;
}

static bool is_page_fault(u8 v)
{
	return v == 14 || v == 20;
}

static struct virt_event exception(u8 vector)
{
	return (struct virt_event){.type = VIRT_EVENT_EXCEPTION,
				   .vector = vector,
				   .has_error = true,
				   .error = 0x1000u + vector};
}

static struct events interrupted_by(struct virt_event event)
{
	struct events e;

	events_init(&e);
	events_interrupted(&e, &event);
	return e;
}

static const struct event_sources quiet = {.irq_vector = -1};

static void assert_event(const struct virt_event *e, enum virt_event_type type, u8 vector,
			 bool has_error, u32 error)
{
	assert_int_equal(e->type, type);
	assert_int_equal(e->vector, vector);
	assert_int_equal(e->has_error, has_error);
	assert_int_equal(e->error, error);
	assert_int_equal(e->insn_len, 0);
}

static void nothing(void **state)
{
	(void)state;
	struct events e;
	struct virt_inject inject;

	memset(&e, 0xff, sizeof(e));
	memset(&inject, 0xff, sizeof(inject));
	events_init(&e);
	assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
	assert_event(&inject.event, VIRT_EVENT_NONE, 0, false, 0);
	assert_false(inject.irq_offered || inject.nmi_window || inject.cr8_watch);
}

static void interrupted_events_come_again(void **state)
{
	(void)state;
	static const struct virt_event events[] = {
		{.type = VIRT_EVENT_EXTINT, .vector = 0x31},
		{.type = VIRT_EVENT_NMI, .vector = 2},
		{.type = VIRT_EVENT_EXCEPTION, .vector = 14, .has_error = true, .error = 7},
		{.type = VIRT_EVENT_SOFTINT, .vector = 0x80, .insn_len = 2},
		{.type = VIRT_EVENT_SOFTINT, .vector = 3, .insn_len = 1},
	};

	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		struct events e = interrupted_by(events[i]);
		struct virt_inject inject;

		/* An asked-for entry that did not take place may be asked for again. */
		for (int n = 0; n < 2; n++) {
			assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
			assert_int_equal(inject.event.type, events[i].type);
			assert_int_equal(inject.event.vector, events[i].vector);
			assert_int_equal(inject.event.insn_len, events[i].insn_len);
			assert_int_equal(inject.event.has_error, events[i].has_error);
			assert_int_equal(inject.event.error, events[i].error);
		}
		/* The next exit interrupted nothing: it was delivered. */
		events_interrupted(&e, &(struct virt_event){.type = VIRT_EVENT_NONE});
		assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
		assert_int_equal(inject.event.type, VIRT_EVENT_NONE);
	}
}

static void exceptions_alone(void **state)
{
	(void)state;
	for (u32 vector = 0; vector < 32; vector++) {
		for (u32 has_error = 0; has_error < 2; has_error++) {
			struct events e;
			struct virt_inject inject;

			events_init(&e);
			events_raise(&e, (u8)vector, has_error, 0x18);
			assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
			assert_event(&inject.event, VIRT_EVENT_EXCEPTION, (u8)vector, has_error,
				     has_error ? 0x18 : 0);
		}
	}
}

/* SDM 6.15, interrupt 8; APM 8.2.9. */
static void exception_during_exception(void **state)
{
	(void)state;
	for (u32 first = 0; first < 32; first++) {
		for (u32 second = 0; second < 32; second++) {
			struct events e = interrupted_by(exception((u8)first));
			struct virt_inject inject;
			bool second_bad = is_contributory((u8)second) || is_page_fault((u8)second);
			bool df = (is_contributory((u8)first) && is_contributory((u8)second)) ||
				  (is_page_fault((u8)first) && second_bad);
			bool end = first == 8 && (second_bad || second == 8);

			events_raise(&e, (u8)second, true, second);
			if (end) {
				assert_int_equal(events_next(&e, &quiet, &inject),
						 EVENTS_TRIPLE_FAULT);
				continue;
			}
			assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
			assert_event(&inject.event, VIRT_EVENT_EXCEPTION, df ? 8 : (u8)second, true,
				     df ? 0 : second);
		}
	}
}

/* #PF during the delivery of #GP during ...: from one fault to the end, and no way back. */
static void chain_to_shutdown(void **state)
{
	(void)state;
	struct events e;
	struct virt_inject inject;

	events_init(&e);
	events_raise(&e, VECTOR_GP, true, 0);
	events_raise(&e, VECTOR_PF, true, 2);
	assert_int_equal(e.queued.vector, VECTOR_PF);
	events_raise(&e, VECTOR_NP, true, 2);
	assert_int_equal(e.queued.vector, VECTOR_DF);
	events_raise(&e, VECTOR_PF, true, 2);
	assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_TRIPLE_FAULT);
	events_raise(&e, VECTOR_UD, false, 0);
	assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_TRIPLE_FAULT);
	events_init(&e);
	assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
}

/* Everything but an exception is benign as a first event. */
static void exception_during_other_events(void **state)
{
	(void)state;
	static const struct virt_event firsts[] = {
		{.type = VIRT_EVENT_EXTINT, .vector = 14},
		{.type = VIRT_EVENT_EXTINT, .vector = 8},
		{.type = VIRT_EVENT_EXTINT, .vector = 0xec},
		{.type = VIRT_EVENT_NMI, .vector = 2},
		{.type = VIRT_EVENT_SOFTINT, .vector = 13, .insn_len = 2},
	};

	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		for (u32 second = 0; second < 32; second++) {
			struct events e = interrupted_by(firsts[i]);
			struct virt_inject inject;

			events_raise(&e, (u8)second, false, 0);
			assert_int_equal(events_next(&e, &quiet, &inject), EVENTS_ENTER);
			assert_event(&inject.event, VIRT_EVENT_EXCEPTION, (u8)second, false, 0);
		}
	}
}

/* Vector 0 is one: a PIC can be programmed to it. */
static void vector_zero_is_offered(void **state)
{
	(void)state;
	struct event_sources s = {.irq_vector = 0};
	struct virt_inject inject;
	struct events e;

	events_init(&e);
	assert_int_equal(events_next(&e, &s, &inject), EVENTS_ENTER);
	assert_true(inject.irq_offered);
	assert_int_equal(inject.irq_vector, 0);
}

/* Every combination of sources with and without a queued event. */
static void sources(void **state)
{
	(void)state;
	for (u32 bits = 0; bits < 1u << 6; bits++) {
		struct event_sources s = {
			.nmi_pending = bits & 1,
			.nmi_blocked = bits >> 1 & 1,
			.shadow = bits >> 2 & 1,
			.irq_vector = bits >> 3 & 1 ? 0x55 : -1,
			.lapic_irr = bits >> 4 & 1,
		};
		bool queued = bits >> 5 & 1;
		bool nmi = s.nmi_pending && !s.nmi_blocked && !s.shadow && !queued;
		struct events e =
			interrupted_by(queued ? exception(VECTOR_GP)
					      : (struct virt_event){.type = VIRT_EVENT_NONE});
		struct virt_inject inject;

		memset(&inject, 0xff, sizeof(inject));
		assert_int_equal(events_next(&e, &s, &inject),
				 nmi ? EVENTS_ENTER_NMI : EVENTS_ENTER);
		assert_int_equal(inject.event.type, queued ? VIRT_EVENT_EXCEPTION
						    : nmi  ? VIRT_EVENT_NMI
							   : VIRT_EVENT_NONE);
		/* An NMI that cannot be delivered now opens a window; interrupts are always
		 * offered. */
		assert_int_equal(inject.nmi_window, s.nmi_pending && !nmi);
		assert_int_equal(inject.irq_offered, s.irq_vector >= 0);
		assert_int_equal(inject.irq_vector, s.irq_vector >= 0 ? 0x55 : 0);
		assert_int_equal(inject.cr8_watch, s.lapic_irr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(interrupted_events_come_again),
		cmocka_unit_test(exceptions_alone),
		cmocka_unit_test(exception_during_exception),
		cmocka_unit_test(chain_to_shutdown),
		cmocka_unit_test(exception_during_other_events),
		cmocka_unit_test(vector_zero_is_offered),
		cmocka_unit_test(sources),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
