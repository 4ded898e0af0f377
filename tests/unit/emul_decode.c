// SPDX-License-Identifier: GPL-2.0-only
/* arch/x86/emul/decode: hand-made vectors. emul_zydis.c compares with another decoder. */
#include "tests/unit/unit.h"
#include "arch/x86/emul/decode.h"

static const struct vector {
	const char *bytes;
	u8 n;
	u8 mode;
	int result;
	u8 id, len;
} vectors[] = {
/* clang-format off */
#define V(b, mode, result, id, len) { b, sizeof(b) - 1, INSN_MODE_##mode, result, INSN_##id, len }
	V("\x0f\xa2", 64, 0, CPUID, 2),
	V("\x66\x0f\xa2", 16, 0, CPUID, 3),
	V("\xf3\x48\x0f\xa2", 64, 0, CPUID, 4),
	V("\xf4", 32, 0, HLT, 1),
	V("\xf3\x90", 64, 0, PAUSE, 2),
	V("\x0f\x32", 64, 0, RDMSR, 2),
	V("\x0f\x30", 64, 0, WRMSR, 2),
	V("\x0f\x01\xc1", 64, 0, VMCALL, 3),
	V("\x0f\x01\xd9", 32, 0, VMMCALL, 3),
	V("\x0f\x22\xc0", 64, 0, MOV_TO_CR, 3),
	V("\xf0\x0f\x20\xc1", 32, 0, MOV_FROM_CR, 4),
	V("\x0f\x22\x00", 64, 0, MOV_TO_CR, 3),
	V("\x0f\x22\xc8", 64, ERR_INVAL, NONE, 0),
	V("\x44\x0f\x23\xc0", 64, ERR_INVAL, NONE, 0),
	V("\x0f\x01\x38", 64, 0, INVLPG, 3),
	V("\x0f\x01\xdf", 64, 0, INVLPGA, 3),
	V("\xe4\x60", 16, 0, IN, 2),
	V("\xef", 16, 0, OUT, 1),
	V("\xf3\x67\x6e", 64, 0, OUTS, 3),
	V("\xf0\x0f\xa2", 64, ERR_INVAL, NONE, 0),
	V("\xf0\x89\x00", 64, ERR_INVAL, NONE, 0),
	V("\xf0\x01\xc0", 64, ERR_INVAL, NONE, 0),
	V("\xf0\x01\x00", 64, 0, ADD, 3),
	V("\x0f\xc3\xc0", 64, ERR_INVAL, NONE, 0),
	V("\x0f", 64, ERR_AGAIN, NONE, 0),
	V("", 64, ERR_AGAIN, NONE, 0),
	V("\x66\x66\x66", 64, ERR_AGAIN, NONE, 0),
	V("\x89\x05\x00\x00", 64, ERR_AGAIN, NONE, 0),
	V("\xd9\x00", 64, ERR_NOTSUP, NONE, 0),
	V("\xc5\xf8\x77", 64, ERR_NOTSUP, NONE, 0),
	V("\x62\xf1\x7c\x48\x10\x00", 64, ERR_NOTSUP, NONE, 0),
	V("\x82\x00\x00", 64, ERR_NOTSUP, NONE, 0),
	V("\x82\x00\x00", 32, 0, ADD, 3),
	V("\x66\x63\x11", 64, 0, MOVSX, 3),
	V("\x66\xff\x10", 64, ERR_NOTSUP, NONE, 0),
	/* 14 prefixes and one opcode byte fit, one prefix more does not. */
	V("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xf4", 64, 0, HLT, 15),
	V("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xf4", 64, ERR_RANGE, NONE, 0),
	V("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2", 64, ERR_RANGE, NONE, 0),
#undef V
	/* clang-format on */
};

static void vectors_decode_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct insn insn;

		assert_int_equal(
			insn_decode((const u8 *)v->bytes, v->n, (enum insn_mode)v->mode, &insn),
			v->result);
		if (v->result == 0) {
			assert_int_equal(insn.id, v->id);
			assert_int_equal(insn.len, v->len);
		}
	}
}

static void operands_of_a_move(void **state)
{
	/* mov %r10d, %fs:-8(%r12,%rcx,4), with the 16-bit and high-register forms below */
	static const u8 sib[] = {0x64, 0x45, 0x89, 0x54, 0x8c, 0xf8};
	static const u8 bp16[] = {0x88, 0x62, 0x10};
	static const u8 moffs[] = {0xa0, 1, 2, 3, 4, 5, 6, 7, 0x88};
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode(sib, sizeof(sib), INSN_MODE_64, &insn), 0);
	assert_int_equal(insn.dst.kind, OPND_MEM);
	assert_int_equal(insn.dst.size, 4);
	assert_int_equal(insn.mem.base, GPR_R12);
	assert_int_equal(insn.mem.index, GPR_RCX);
	assert_int_equal(insn.mem.scale, 4);
	assert_int_equal(insn.mem.disp, (u64)-8);
	assert_int_equal(insn.mem.seg, SEG_FS);
	assert_int_equal(insn.src.kind, OPND_GPR);
	assert_int_equal(insn.src.reg, GPR_R10);

	assert_int_equal(insn_decode(bp16, sizeof(bp16), INSN_MODE_16, &insn), 0);
	assert_int_equal(insn.mem.base, GPR_RBP);
	assert_int_equal(insn.mem.index, GPR_RSI);
	assert_int_equal(insn.mem.seg, SEG_SS);
	assert_int_equal(insn.src.kind, OPND_GPR_HIGH);
	assert_int_equal(insn.src.reg, GPR_RAX);

	assert_int_equal(insn_decode(moffs, sizeof(moffs), INSN_MODE_64, &insn), 0);
	assert_true(insn.mem.disp == 0x8807060504030201ull);
	assert_int_equal(insn.len, 9);
}

static void bytes_without_a_sign(void **state)
{
	static const u8 in[] = {0xe4, 0xfe}, int80[] = {0xcd, 0x80}, add[] = {0x83, 0x00, 0xfe};
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode(in, sizeof(in), INSN_MODE_32, &insn), 0);
	assert_true(insn.imm == 0xfe);
	assert_int_equal(insn_decode(int80, sizeof(int80), INSN_MODE_32, &insn), 0);
	assert_true(insn.imm == 0x80);
	assert_int_equal(insn_decode(add, sizeof(add), INSN_MODE_32, &insn), 0);
	assert_true(insn.imm == (u64)-2);
}

static void lengths_of_expected_instructions(void **state)
{
	static const u8 slow[] = {0x66, 0x0f, 0xa2}, vmcall[] = {0x0f, 0x01, 0xc1};

	(void)state;
	assert_int_equal(insn_len(slow, 3, INSN_MODE_64, INSN_CPUID), 3);
	assert_int_equal(insn_len(vmcall, 3, INSN_MODE_64, INSN_VMCALL), 3);
	assert_int_equal(insn_len(vmcall, 3, INSN_MODE_64, INSN_VMMCALL), ERR_NOENT);
	assert_int_equal(insn_len(slow, 3, INSN_MODE_64, INSN_HLT), ERR_NOENT);
	assert_int_equal(insn_len(slow, 2, INSN_MODE_64, INSN_CPUID), ERR_AGAIN);
	assert_string_equal(insn_name(INSN_CMPXCHG8B), "CMPXCHG8B");
	assert_string_equal(insn_name(INSN_NONE), "?");
	assert_string_equal(insn_name(255), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_decode_as_written),
		cmocka_unit_test(operands_of_a_move),
		cmocka_unit_test(bytes_without_a_sign),
		cmocka_unit_test(lengths_of_expected_instructions),
	};

	return cmocka_run_group_tests_name("emul_decode", tests, NULL, NULL);
}
