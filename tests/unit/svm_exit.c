// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/virt/svm/svm_exit: exit information of the VMCB to struct vm_exit. */
#include "tests/unit/unit.h"
#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_exit.h"

static struct vmcb vmcb;
static struct vm_exit out;

static const struct svm_exit_row *decode(u64 code, u64 info1, u64 info2)
{
	memset(&out, 0xa5, sizeof(out));
	vmcb.control.exit_code = code;
	vmcb.control.exit_info1 = info1;
	vmcb.control.exit_info2 = info2;
	const struct svm_exit_row *row = svm_exit_common(&vmcb, &out);

	if (row->decode != NULL) {
		row->decode(&vmcb, &out);
	}
	return row;
}

static int setup(void **state)
{
	(void)state;
	memset(&vmcb, 0, sizeof(vmcb));
	return 0;
}

static void kinds(void **state)
{
	static const struct {
		u32 code;
		enum vm_exit_kind kind;
	} rows[] = {
		{0x60, EXIT_INTR},	  {0x61, EXIT_NMI},	     {0x62, EXIT_NMI},
		{0x63, EXIT_NMI},	  {0x52, EXIT_NMI},	     {0x6f, EXIT_RDPMC},
		{0x72, EXIT_CPUID},	  {0x74, EXIT_NMI_WINDOW},   {0x76, EXIT_WBINVD},
		{0x77, EXIT_PAUSE},	  {0x78, EXIT_HLT},	     {0x7a, EXIT_INSN_UD},
		{0x7d, EXIT_TASK_SWITCH}, {0x7f, EXIT_TRIPLE_FAULT}, {0x80, EXIT_INSN_UD},
		{0x81, EXIT_HYPERCALL},	  {0x82, EXIT_INSN_UD},	     {0x86, EXIT_INSN_UD},
		{0x89, EXIT_WBINVD},	  {0x8a, EXIT_MONITOR},	     {0x8b, EXIT_MWAIT},
		{0x8d, EXIT_XSETBV},	  {0x8e, EXIT_INSN_UD},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)decode(rows[i].code, 0, 0);
		assert_int_equal(out.kind, rows[i].kind);
		assert_int_equal(out.hw_reason, rows[i].code);
	}
}

/* Whatever hardware says ends in a kind, and what was not asked for in EXIT_UNKNOWN. */
static void every_code_has_a_row(void **state)
{
	(void)state;
	for (u32 code = 0; code < 0x500; code++) {
		const struct svm_exit_row *row = decode(code, UINT64_MAX, UINT64_MAX);

		assert_non_null(row);
		assert_true(out.kind < EXIT_KIND_COUNT);
		assert_true(out.kind != EXIT_INTR || code == 0x60);
	}
	(void)decode(0x20, 0, 0);
	assert_int_equal(out.kind, EXIT_UNKNOWN);
	(void)decode(0x8f, 0, 0);
	assert_int_equal(out.kind, EXIT_UNKNOWN);
	(void)decode(0x402, 0, 0);
	assert_int_equal(out.kind, EXIT_UNKNOWN);
}

static void refused_entry_is_told_by_32_bits(void **state)
{
	(void)state;
	(void)decode(0x00000000ffffffffull, 0, 0);
	assert_int_equal(out.kind, EXIT_ENTRY_FAILED);
	(void)decode(UINT64_MAX, 0, 0);
	assert_int_equal(out.kind, EXIT_ENTRY_FAILED);
}

/* Where the length is needed and hardware may not say it, there is an instruction to look for. */
static void plain_instructions(void **state)
{
	static const struct {
		u32 code, info1;
		u8 len;
		u8 bytes[4];
	} insns[] = {
		{0x72, 0, 2, {0x0f, 0xa2, 0x90, 0x90}}, {0x78, 0, 1, {0xf4, 0x0f, 0x0f, 0x0f}},
		{0x81, 0, 3, {0x0f, 0x01, 0xd9, 0xff}}, {0x7c, 0, 2, {0x0f, 0x32, 0, 0}},
		{0x7c, 1, 2, {0x0f, 0x30, 0, 0}},	{0x76, 0, 2, {0x0f, 0x08, 0, 0}},
		{0x89, 0, 2, {0x0f, 0x09, 0, 0}},	{0x8d, 0, 3, {0x0f, 0x01, 0xd1, 0}},
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		const struct svm_insn *insn = &decode(insns[i].code, insns[i].info1, 0)->insn;
		u8 prefixed[4] = {0x66, insns[i].bytes[0], insns[i].bytes[1], insns[i].bytes[2]};

		assert_int_equal(insn->len, insns[i].len);
		assert_true(svm_insn_matches(insn, insns[i].bytes));
		assert_false(svm_insn_matches(insn, prefixed));
	}
	/* Other moves to CR8 are left to the decoder. */
	assert_false(svm_insn_matches(&decode(0x18, 0, 0)->insn, (const u8[4]){0}));
	assert_int_not_equal(decode(0x18, 0, 0)->insn.len, 0);
	assert_int_equal(decode(0x400, 0, 0)->insn.len, 0);
	assert_int_equal(decode(0x60, 0, 0)->insn.len, 0);
}

static void hypercall(void **state)
{
	(void)state;
	vmcb.save.cpl = 3;
	(void)decode(0x81, 0, 0);
	assert_int_equal(out.kind, EXIT_HYPERCALL);
	assert_int_equal(out.hypercall.cpl, 3);
}

static void io(void **state)
{
	(void)state;
	vmcb.save.rip = 0x7c00;
	/* IN AL, 3FDh, two bytes long */
	(void)decode(0x7b, 0x03fd0011, 0x7c02);
	assert_int_equal(out.kind, EXIT_IO);
	assert_int_equal(out.io.port, 0x3fd);
	assert_int_equal(out.io.size_bytes, 1);
	assert_true(out.io.in);
	assert_false(out.io.string);
	assert_false(out.io.rep);
	assert_int_equal(out.next_rip, 0x7c02);
	/* REP OUTSD to FFFFh */
	(void)decode(0x7b, 0xffff004c, 0x7c03);
	assert_int_equal(out.io.port, 0xffff);
	assert_int_equal(out.io.size_bytes, 4);
	assert_false(out.io.in);
	assert_true(out.io.string);
	assert_true(out.io.rep);
	assert_int_equal(out.next_rip, 0x7c03);
}

static void msr(void **state)
{
	(void)state;
	(void)decode(0x7c, 0, 0);
	assert_int_equal(out.kind, EXIT_RDMSR);
	(void)decode(0x7c, 1, 0);
	assert_int_equal(out.kind, EXIT_WRMSR);
}

static void nested_fault(void **state)
{
	(void)state;
	(void)decode(0x400, 0x100000004ull, 0xfee000b0);
	assert_int_equal(out.kind, EXIT_S2_FAULT);
	assert_int_equal(out.s2.gpa.v, 0xfee000b0);
	assert_int_equal(out.s2.access, S2_READ);
	assert_false(out.s2.present);
	assert_false(out.s2.table_walk);
	assert_int_equal(out.s2.insn_byte_count, 0);
	(void)decode(0x400, 0x200000007ull, 0x1000);
	assert_int_equal(out.s2.access, S2_WRITE);
	assert_true(out.s2.present);
	assert_true(out.s2.table_walk);
	vmcb.control.insn_byte_count = 0xff;
	(void)decode(0x400, 0x100000015ull, 0x1000);
	assert_int_equal(out.s2.access, S2_EXEC);
	assert_int_equal(out.s2.insn_byte_count, 15);
	assert_ptr_equal(out.s2.insn_bytes, vmcb.control.insn_bytes);
}

static void exceptions(void **state)
{
	(void)state;
	(void)decode(0x4d, 0x18, 0);
	assert_int_equal(out.kind, EXIT_EXCEPTION);
	assert_int_equal(out.exception.vector, 13);
	assert_true(out.exception.has_error);
	assert_int_equal(out.exception.error, 0x18);
	assert_int_equal(out.exception.address, 0);
	(void)decode(0x4e, 2, 0xdeadbeef);
	assert_int_equal(out.exception.error, 2);
	assert_int_equal(out.exception.address, 0xdeadbeef);
	vmcb.save.dr6 = 0xffff4ff1;
	(void)decode(0x41, 0x55, 0);
	assert_int_equal(out.exception.vector, 1);
	assert_false(out.exception.has_error);
	assert_int_equal(out.exception.error, 0);
	assert_int_equal(out.exception.address, 0x4001);
	(void)decode(0x51, 0, 0);
	assert_int_equal(out.exception.vector, 17);
	assert_true(out.exception.has_error);
}

static void control_registers(void **state)
{
	(void)state;
	(void)decode(0x18, 0, 0);
	assert_int_equal(out.kind, EXIT_CR_ACCESS);
	assert_int_equal(out.cr.cr, 8);
	assert_true(out.cr.write);
	assert_int_equal(out.cr.gpr, GPR_NONE);
	(void)decode(0x00, BIT(63) | 11, 0);
	assert_int_equal(out.cr.cr, 0);
	assert_false(out.cr.write);
	assert_int_equal(out.cr.gpr, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(kinds, setup),
		cmocka_unit_test_setup(every_code_has_a_row, setup),
		cmocka_unit_test_setup(refused_entry_is_told_by_32_bits, setup),
		cmocka_unit_test_setup(plain_instructions, setup),
		cmocka_unit_test_setup(hypercall, setup),
		cmocka_unit_test_setup(io, setup),
		cmocka_unit_test_setup(msr, setup),
		cmocka_unit_test_setup(nested_fault, setup),
		cmocka_unit_test_setup(exceptions, setup),
		cmocka_unit_test_setup(control_registers, setup),
	};

	return cmocka_run_group_tests_name("svm_exit", tests, NULL, NULL);
}
