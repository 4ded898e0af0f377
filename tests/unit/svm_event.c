// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/svm/svm_event: EVENTINJ, EXITINTINFO and V_IRQ. */
#include "tests/unit/unit.h"
#include "arch/x86/virt/svm/svm_event.h"

static void encodes_as_the_manual_says(void **state)
{
	const struct virt_event pf = {
		.type = VIRT_EVENT_EXCEPTION, .vector = 14, .has_error = true, .error = 0x80000007};
	const struct virt_event nmi = {.type = VIRT_EVENT_NMI, .vector = 2};
	const struct virt_event irq = {.type = VIRT_EVENT_EXTINT, .vector = 0xec};

	(void)state;
	assert_int_equal(svm_event_encode(&pf), 0x8000000780000b0eull);
	assert_int_equal(svm_event_encode(&nmi), 0x80000202);
	assert_int_equal(svm_event_encode(&irq), 0x800000ec);
}

static void nothing_and_software_interrupts_are_not_injected(void **state)
{
	const struct virt_event none = {.type = VIRT_EVENT_NONE, .vector = 3};
	const struct virt_event soft = {.type = VIRT_EVENT_SOFTINT, .vector = 0x80, .insn_len = 2};

	(void)state;
	assert_int_equal(svm_event_encode(&none), 0);
	assert_int_equal(svm_event_encode(&soft), 0);
}

static void decodes_what_it_encodes(void **state)
{
	const struct virt_event events[] = {
		{.type = VIRT_EVENT_EXCEPTION, .vector = 13, .has_error = true, .error = 0x123},
		{.type = VIRT_EVENT_EXCEPTION, .vector = 14, .has_error = true},
		{.type = VIRT_EVENT_EXCEPTION, .vector = 6},
		{.type = VIRT_EVENT_EXCEPTION, .vector = 1},
		{.type = VIRT_EVENT_NMI, .vector = 2},
		{.type = VIRT_EVENT_EXTINT, .vector = 0x31},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		struct virt_event e = svm_event_decode(svm_event_encode(&events[i]), -1);

		assert_int_equal(e.type, events[i].type);
		assert_int_equal(e.vector, events[i].vector);
		assert_int_equal(e.has_error, events[i].has_error);
		assert_int_equal(e.error, events[i].error);
	}
}

static void stale_fields_are_no_event(void **state)
{
	(void)state;
	assert_int_equal(svm_event_decode(0x00000b0e, -1).type, VIRT_EVENT_NONE);
	assert_int_equal(svm_event_decode(0xffffffff00000000ull, -1).type, VIRT_EVENT_NONE);
	assert_int_equal(svm_event_decode(0, -1).vector, 0);
}

static void software_interrupts_are_executed_again(void **state)
{
	(void)state;
	assert_int_equal(svm_event_decode(0x80000480, -1).type, VIRT_EVENT_NONE); /* INT 80h */
	assert_int_equal(svm_event_decode(0x80000303, -1).type, VIRT_EVENT_NONE); /* INT3 */
	assert_int_equal(svm_event_decode(0x80000304, -1).type, VIRT_EVENT_NONE); /* INTO */
}

static void interrupts_reported_as_exceptions_are_interrupts(void **state)
{
	struct virt_event e = svm_event_decode(0x800003ec, 0xec);

	(void)state;
	assert_int_equal(e.type, VIRT_EVENT_EXTINT);
	assert_int_equal(e.vector, 0xec);
	/* The PIC's in real mode; QEMU adds an error code to vector 8. */
	e = svm_event_decode(0x80000b08, 8);
	assert_int_equal(e.type, VIRT_EVENT_EXTINT);
	assert_int_equal(e.vector, 8);
	assert_false(e.has_error);
	/* The same without an interrupt taken is a double fault. */
	e = svm_event_decode(0x80000b08, -1);
	assert_int_equal(e.type, VIRT_EVENT_EXCEPTION);
	assert_true(e.has_error);
}

static void offered_interrupts_respect_the_tpr(void **state)
{
	(void)state;
	/* V_IRQ, priority 3, vector 31h. */
	assert_int_equal(svm_event_virq(0x31, 0), 0x3100030100ull);
	assert_int_equal(svm_event_virq(0x31, 2), 0x3100030100ull);
	/* Not above the TPR: from the PIC, V_IGN_TPR. */
	assert_int_equal(svm_event_virq(0x31, 3), 0x3100130100ull);
	assert_int_equal(svm_event_virq(0x08, 0), 0x0800100100ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_as_the_manual_says),
		cmocka_unit_test(nothing_and_software_interrupts_are_not_injected),
		cmocka_unit_test(decodes_what_it_encodes),
		cmocka_unit_test(stale_fields_are_no_event),
		cmocka_unit_test(software_interrupts_are_executed_again),
		cmocka_unit_test(interrupts_reported_as_exceptions_are_interrupts),
		cmocka_unit_test(offered_interrupts_respect_the_tpr),
	};

	return cmocka_run_group_tests_name("svm_event", tests, NULL, NULL);
}
