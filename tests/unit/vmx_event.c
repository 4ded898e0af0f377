// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/vmx/vmx_event: events to and from interruption information. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmcs.h"
#include "arch/x86/virt/vmx/vmx_event.h"

/* What VM entry takes (SDM vol. 3, table 24-16), bit by bit. */
static void encoding(void **state)
{
	static const struct {
		struct virt_event event;
		bool protected;
		u32 info;
	} rows[] = {
		{{.type = VIRT_EVENT_NONE}, true, 0},
		{{.type = VIRT_EVENT_EXTINT, .vector = 0xef}, true, 0x800000ef},
		{{.type = VIRT_EVENT_EXTINT, .vector = 8}, true, 0x80000008},
		{{.type = VIRT_EVENT_NMI, .vector = 2}, true, 0x80000202},
		{{.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_UD}, true, 0x80000306},
		{{.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_GP, .has_error = true},
		 true,
		 0x80000b0d},
		/* No error codes in real mode; always one in protected mode where there belongs
		   one. */
		{{.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_GP, .has_error = true},
		 false,
		 0x8000030d},
		{{.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_AC}, true, 0x80000b11},
		{{.type = VIRT_EVENT_EXCEPTION, .vector = VECTOR_DB, .has_error = true},
		 true,
		 0x80000301},
		{{.type = VIRT_EVENT_SOFTINT, .vector = 0x80, .insn_len = 2}, true, 0x80000480},
		{{.type = VIRT_EVENT_SOFTINT, .vector = 3, .insn_len = 1}, true, 0x80000603},
		{{.type = VIRT_EVENT_SOFTINT, .vector = 3, .insn_len = 2}, true, 0x80000403},
		{{.type = VIRT_EVENT_SOFTINT, .vector = 4, .insn_len = 1}, true, 0x80000604},
		{{.type = VIRT_EVENT_SOFTINT, .vector = 1, .insn_len = 1}, true, 0x80000501},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(vmx_event_encode(&rows[i].event, rows[i].protected), rows[i].info);
	}
}

static void decoding(void **state)
{
	struct virt_event e;

	(void)state;
	e = vmx_event_decode(0x000000ef, 1, 2);
	assert_int_equal(e.type, VIRT_EVENT_NONE);
	e = vmx_event_decode(0x800000ef, 7, 2);
	assert_int_equal(e.type, VIRT_EVENT_EXTINT);
	assert_int_equal(e.vector, 0xef);
	assert_int_equal(e.insn_len, 0);
	assert_false(e.has_error);
	e = vmx_event_decode(0x80000b0e, 0x15, 0);
	assert_int_equal(e.type, VIRT_EVENT_EXCEPTION);
	assert_int_equal(e.vector, VECTOR_PF);
	assert_true(e.has_error);
	assert_int_equal(e.error, 0x15);
	e = vmx_event_decode(0x80000202, 0, 0);
	assert_int_equal(e.type, VIRT_EVENT_NMI);
	/* Undefined bits, bit 12 among them, mean nothing. */
	e = vmx_event_decode(0x80001306, 9, 0);
	assert_int_equal(e.type, VIRT_EVENT_EXCEPTION);
	assert_int_equal(e.error, 0);
}

/* What an exit interrupted is what the next entry delivers. */
static void there_and_back(void **state)
{
	static const u32 infos[] = {0x800000ef, 0x80000202, 0x80000306, 0x80000b0d,
				    0x80000480, 0x80000603, 0x80000501};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(infos); i++) {
		u32 type = infos[i] >> VMX_EVENT_TYPE_SHIFT & VMX_EVENT_TYPE;
		struct virt_event e = vmx_event_decode(infos[i], 0x1234, type == 4 ? 2 : 1);

		assert_int_equal(vmx_event_encode(&e, true), infos[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding),
		cmocka_unit_test(decoding),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests_name("vmx_event", tests, NULL, NULL);
}
