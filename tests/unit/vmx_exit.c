// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/vmx/vmx_exit: exit reasons and qualifications to struct vm_exit. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/vmx/vmx_exit.h"

static struct vm_exit out;

static const struct vmx_exit_row *decode(u32 reason, const struct vmx_exit_info *info)
{
	const struct vmx_exit_row *row = vmx_exit_row_of(reason);

	memset(&out, 0xa5, sizeof(out));
	out.kind = row->kind;
	if (row->decode != NULL) {
		row->decode(info, &out);
	}
	return row;
}

static void qualified(u32 reason, u64 qualification)
{
	const struct vmx_exit_info info = {.qualification = qualification,
					   .guest_physical = 0xfee00080};

	(void)decode(reason, &info);
}

static void event(u32 info, u32 error, u64 qualification)
{
	const struct vmx_exit_info i = {
		.event = info, .error = error, .qualification = qualification};

	(void)decode(VMX_REASON_EVENT, &i);
}

static void kinds(void **state)
{
	static const struct {
		u32 reason;
		enum vm_exit_kind kind;
		bool insn;
	} rows[] = {
		{1, EXIT_INTR, false},
		{2, EXIT_TRIPLE_FAULT, false},
		{3, EXIT_NMI, false},
		{7, EXIT_WINDOW, false},
		{8, EXIT_NMI_WINDOW, false},
		{9, EXIT_TASK_SWITCH, false},
		{10, EXIT_CPUID, true},
		{11, EXIT_INSN_UD, false},
		{12, EXIT_HLT, true},
		{13, EXIT_WBINVD, true},
		{15, EXIT_RDPMC, false},
		{18, EXIT_HYPERCALL, true},
		{19, EXIT_INSN_UD, false},
		{27, EXIT_INSN_UD, false},
		{31, EXIT_RDMSR, true},
		{32, EXIT_WRMSR, true},
		{36, EXIT_MWAIT, false},
		{39, EXIT_MONITOR, false},
		{40, EXIT_PAUSE, false},
		{43, EXIT_WINDOW, false},
		{49, EXIT_UNKNOWN, false},
		{50, EXIT_INSN_UD, false},
		{52, EXIT_INTR, false},
		{53, EXIT_INSN_UD, false},
		{54, EXIT_WBINVD, true},
		{55, EXIT_XSETBV, true},
		{59, EXIT_INSN_UD, false},
		{60, EXIT_INSN_UD, false},
		{61, EXIT_UNKNOWN, false},
		{75, EXIT_UNKNOWN, false},
		{0x80000021, EXIT_UNKNOWN, false},
	};
	const struct vmx_exit_info info = {0};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct vmx_exit_row *row = decode(rows[i].reason, &info);

		assert_int_equal(out.kind, rows[i].kind);
		assert_int_equal(row->insn, rows[i].insn);
	}
}

static void io(void **state)
{
	(void)state;
	qualified(VMX_REASON_IO, 0x03f80000); /* out dx, al */
	assert_int_equal(out.kind, EXIT_IO);
	assert_int_equal(out.io.port, 0x3f8);
	assert_int_equal(out.io.size_bytes, 1);
	assert_false(out.io.in);
	assert_false(out.io.string);
	qualified(VMX_REASON_IO, 0x0cfc000b); /* in eax, dx */
	assert_int_equal(out.io.port, 0xcfc);
	assert_int_equal(out.io.size_bytes, 4);
	assert_true(out.io.in);
	qualified(VMX_REASON_IO, 0xffff0039); /* rep insw */
	assert_int_equal(out.io.port, 0xffff);
	assert_int_equal(out.io.size_bytes, 2);
	assert_true(out.io.in && out.io.string && out.io.rep);
}

static void control_registers(void **state)
{
	(void)state;
	qualified(VMX_REASON_CR, 0xf04); /* mov cr4, r15 */
	assert_int_equal(out.kind, EXIT_CR_ACCESS);
	assert_int_equal(out.cr.cr, 4);
	assert_true(out.cr.write);
	assert_int_equal(out.cr.gpr, GPR_R15);
	qualified(VMX_REASON_CR, 0x313); /* mov rbx, cr3 */
	assert_int_equal(out.cr.cr, 3);
	assert_false(out.cr.write);
	assert_int_equal(out.cr.gpr, GPR_RBX);
	qualified(VMX_REASON_CR, 0x12340030); /* lmsw */
	assert_int_equal(out.cr.cr, 0);
	assert_true(out.cr.write);
	assert_int_equal(out.cr.gpr, GPR_NONE);
}

static void ept_violations(void **state)
{
	(void)state;
	qualified(VMX_REASON_EPT_VIOLATION, 0x182); /* write, nothing mapped, final */
	assert_int_equal(out.kind, EXIT_S2_FAULT);
	assert_int_equal(out.s2.gpa.v, 0xfee00080);
	assert_int_equal(out.s2.access, S2_WRITE);
	assert_false(out.s2.present);
	assert_false(out.s2.table_walk);
	assert_int_equal(out.s2.insn_byte_count, 0);
	qualified(VMX_REASON_EPT_VIOLATION, 0x184);
	assert_int_equal(out.s2.access, S2_EXEC);
	qualified(VMX_REASON_EPT_VIOLATION, 0x18a); /* write to what may be read only */
	assert_true(out.s2.present);
	qualified(VMX_REASON_EPT_VIOLATION, 0x083); /* walk that sets accessed bits */
	assert_true(out.s2.table_walk);
	qualified(VMX_REASON_EPT_VIOLATION, 0x001); /* page-directory pointers */
	assert_int_equal(out.s2.access, S2_READ);
	assert_true(out.s2.table_walk);
}

static void apic_page(void **state)
{
	(void)state;
	qualified(44, 0x1390); /* a write that is left to be emulated */
	assert_int_equal(out.kind, EXIT_S2_FAULT);
	assert_int_equal(out.s2.gpa.v, 0xfee00390);
	assert_int_equal(out.s2.access, S2_WRITE);
	assert_false(out.s2.table_walk);
	qualified(44, 0x0090);
	assert_int_equal(out.s2.access, S2_READ);
	qualified(44, 0x2000);
	assert_int_equal(out.s2.access, S2_EXEC);
	qualified(44, 0x3000); /* during event delivery */
	assert_true(out.s2.table_walk);
	qualified(56, 0x300);
	assert_int_equal(out.kind, EXIT_APIC_WRITE);
	assert_int_equal(out.apic_write.offset, 0x300);
}

static void exceptions(void **state)
{
	(void)state;
	event(0x80000301, 0, 0xffff4ff3);
	assert_int_equal(out.kind, EXIT_EXCEPTION);
	assert_int_equal(out.exception.vector, VECTOR_DB);
	assert_false(out.exception.has_error);
	assert_int_equal(out.exception.address, 0x4003);
	event(0x80000b0e, 0x15, 0xdeadbeef000);
	assert_int_equal(out.exception.vector, VECTOR_PF);
	assert_true(out.exception.has_error);
	assert_int_equal(out.exception.error, 0x15);
	assert_int_equal(out.exception.address, 0xdeadbeef000);
	event(0x80000306, 0x99, 5);
	assert_int_equal(out.exception.error, 0);
	assert_int_equal(out.exception.address, 0);
}

static void the_machines_own_events(void **state)
{
	(void)state;
	event(0x80000202, 0, 0);
	assert_int_equal(out.kind, EXIT_NMI);
	event(0x80000312, 0, 0);
	assert_int_equal(out.kind, EXIT_NMI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(io),
		cmocka_unit_test(control_registers),
		cmocka_unit_test(ept_violations),
		cmocka_unit_test(apic_page),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(the_machines_own_events),
	};

	return cmocka_run_group_tests_name("vmx_exit", tests, NULL, NULL);
}
