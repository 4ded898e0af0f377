// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch/x86/emul/decode with Zydis as the oracle: all opcodes with all ModRM bytes, and random
 * bytes. EMUL_ROUNDS=n makes the random part n times as long.
 */
#include "tests/unit/unit.h"
#include "arch/x86/emul/decode.h"

#include <Zydis/Zydis.h>

static const struct {
	u16 mnemonic;
	u8 id;
} same_name[] = {
/* clang-format off */
#define S(name) { ZYDIS_MNEMONIC_##name, INSN_##name }
#define A(name, id) { ZYDIS_MNEMONIC_##name, INSN_##id }
	S(ADD), S(OR), S(ADC), S(SBB), S(AND), S(SUB), S(XOR), S(CMP), S(TEST), S(NOT), S(NEG), S(INC),
	S(DEC), S(ROL), S(ROR), S(RCL), S(RCR), S(SHL), S(SHR), S(SAR), S(BT), S(BTS), S(BTR), S(BTC),
	S(MOV), S(MOVZX), S(MOVSX), A(MOVSXD, MOVSX), S(MOVBE), S(MOVNTI), S(XCHG), S(XADD), S(CMPXCHG),
	S(CMPXCHG8B), A(CMPXCHG16B, CMPXCHG8B), S(PUSH), S(POP), S(CALL), S(JMP),
	A(SETB, SETCC), A(SETBE, SETCC), A(SETL, SETCC), A(SETLE, SETCC), A(SETNB, SETCC),
	A(SETNBE, SETCC), A(SETNL, SETCC), A(SETNLE, SETCC), A(SETNO, SETCC), A(SETNP, SETCC),
	A(SETNS, SETCC), A(SETNZ, SETCC), A(SETO, SETCC), A(SETP, SETCC), A(SETS, SETCC), A(SETZ, SETCC),
	A(CMOVB, CMOVCC), A(CMOVBE, CMOVCC), A(CMOVL, CMOVCC), A(CMOVLE, CMOVCC), A(CMOVNB, CMOVCC),
	A(CMOVNBE, CMOVCC), A(CMOVNL, CMOVCC), A(CMOVNLE, CMOVCC), A(CMOVNO, CMOVCC), A(CMOVNP, CMOVCC),
	A(CMOVNS, CMOVCC), A(CMOVNZ, CMOVCC), A(CMOVO, CMOVCC), A(CMOVP, CMOVCC), A(CMOVS, CMOVCC),
	A(CMOVZ, CMOVCC),
	A(MOVSB, MOVS), A(MOVSW, MOVS), A(MOVSD, MOVS), A(MOVSQ, MOVS), A(CMPSB, CMPS), A(CMPSW, CMPS),
	A(CMPSD, CMPS), A(CMPSQ, CMPS), A(STOSB, STOS), A(STOSW, STOS), A(STOSD, STOS), A(STOSQ, STOS),
	A(LODSB, LODS), A(LODSW, LODS), A(LODSD, LODS), A(LODSQ, LODS), A(SCASB, SCAS), A(SCASW, SCAS),
	A(SCASD, SCAS), A(SCASQ, SCAS), A(INSB, INS), A(INSW, INS), A(INSD, INS), A(OUTSB, OUTS),
	A(OUTSW, OUTS), A(OUTSD, OUTS), S(IN), S(OUT),
	S(CPUID), S(HLT), S(PAUSE), S(RDMSR), S(WRMSR), S(RDTSC), S(RDTSCP), S(RDPMC), S(RDPRU), S(INVD),
	S(WBINVD), S(MONITOR), S(MWAIT), S(MONITORX), S(MWAITX), S(XSETBV), S(CLTS),
	S(LMSW), S(SMSW), S(INVLPG), S(INVPCID), S(INVLPGA), S(INVLPGB), S(TLBSYNC), S(MCOMMIT), S(SGDT),
	S(SIDT), S(LGDT), S(LIDT), S(SLDT), S(STR), S(LLDT), S(LTR), S(PUSHF), A(PUSHFD, PUSHF),
	A(PUSHFQ, PUSHF), S(POPF), A(POPFD, POPF), A(POPFQ, POPF), S(IRET), A(IRETD, IRET), A(IRETQ, IRET),
	S(INT), S(INT3), S(INTO), A(INT1, ICEBP), S(RSM), S(RDRAND), S(RDSEED), S(VMCALL), S(VMMCALL),
	S(VMRUN), S(VMLOAD), S(VMSAVE), S(STGI), S(CLGI), S(SKINIT), S(VMLAUNCH), S(VMRESUME), S(VMXOFF),
	S(VMXON), S(VMCLEAR), S(VMPTRLD), S(VMPTRST), S(VMREAD), S(VMWRITE), S(INVEPT), S(INVVPID),
	S(VMFUNC),
	/* clang-format on */
};

static u8 id_of_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1];
static ZydisDecoder decoders[3];

struct oracle {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZyanStatus status;
	u8 id; /* ours, INSN_NONE when we do not know it */
};

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same_name); i++) {
		id_of_mnemonic[same_name[i].mnemonic] = same_name[i].id;
	}
	ZydisDecoderInit(&decoders[INSN_MODE_16], ZYDIS_MACHINE_MODE_LEGACY_16,
			 ZYDIS_STACK_WIDTH_16);
	ZydisDecoderInit(&decoders[INSN_MODE_32], ZYDIS_MACHINE_MODE_LEGACY_32,
			 ZYDIS_STACK_WIDTH_32);
	ZydisDecoderInit(&decoders[INSN_MODE_64], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return 0;
}

/* The operand of ours that is in control or debug registers makes MOV another instruction. */
static u8 id_of_mov(const ZydisDecodedOperand *ops)
{
	switch (ZydisRegisterGetClass(ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER ? ops[0].reg.value
										 : 0)) {
	case ZYDIS_REGCLASS_CONTROL:
		return INSN_MOV_TO_CR;
	case ZYDIS_REGCLASS_DEBUG:
		return INSN_MOV_TO_DR;
	case ZYDIS_REGCLASS_SEGMENT:
	case ZYDIS_REGCLASS_TEST:
		return INSN_NONE;
	default:
		break;
	}
	switch (ZydisRegisterGetClass(ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER ? ops[1].reg.value
										 : 0)) {
	case ZYDIS_REGCLASS_CONTROL:
		return INSN_MOV_FROM_CR;
	case ZYDIS_REGCLASS_DEBUG:
		return INSN_MOV_FROM_DR;
	case ZYDIS_REGCLASS_SEGMENT:
	case ZYDIS_REGCLASS_TEST:
		return INSN_NONE;
	default:
		return INSN_MOV;
	}
}

static u8 id_of(const struct oracle *o)
{
	const ZydisDecodedInstruction *z = &o->insn;

	if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || z->opcode_map > 3 ||
	    z->raw.prefix_count > 15) {
		return INSN_NONE;
	}
	if ((z->mnemonic == ZYDIS_MNEMONIC_MOVSD || z->mnemonic == ZYDIS_MNEMONIC_CMPSD) &&
	    z->meta.category != ZYDIS_CATEGORY_STRINGOP) {
		return INSN_NONE;
	}
	if (z->mnemonic == ZYDIS_MNEMONIC_MOV) {
		return id_of_mov(o->operands);
	}
	return id_of_mnemonic[z->mnemonic];
}

static void ask(struct oracle *o, const u8 *bytes, size_t n, u8 mode)
{
	o->status = ZydisDecoderDecodeFull(&decoders[mode], bytes, n, &o->insn, o->operands);
	o->id = ZYAN_SUCCESS(o->status) ? id_of(o) : INSN_NONE;
}

static void show(const char *why, const u8 *bytes, size_t n, u8 mode)
{
	fprintf(stderr, "%s: mode %d:", why, 16 << mode);
	for (size_t i = 0; i < n; i++) {
		fprintf(stderr, " %02x", bytes[i]);
	}
	fprintf(stderr, "\n");
}

static u8 gpr_number(ZydisRegister reg)
{
	ZyanI8 id = ZydisRegisterGetId(reg);

	return reg == ZYDIS_REGISTER_NONE ? GPR_NONE : (u8)id;
}

static const ZydisRegister segments[] = {ZYDIS_REGISTER_ES, ZYDIS_REGISTER_CS, ZYDIS_REGISTER_SS,
					 ZYDIS_REGISTER_DS, ZYDIS_REGISTER_FS, ZYDIS_REGISTER_GS};

static const char *differ_register(const struct insn_operand *ours, ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);
	u8 number = (u8)ZydisRegisterGetId(reg);
	bool high = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;

	if (high) {
		return ours->kind == OPND_GPR_HIGH && ours->reg == reg - ZYDIS_REGISTER_AH ? NULL
											   : "high";
	}
	if (class == ZYDIS_REGCLASS_GPR8 && reg >= ZYDIS_REGISTER_SPL) {
		number = (u8)(4 + reg - ZYDIS_REGISTER_SPL);
	}
	if (ours->kind == OPND_DX) {
		return reg == ZYDIS_REGISTER_DX ? NULL : "dx";
	}
	if ((ours->kind == OPND_CR) != (class == ZYDIS_REGCLASS_CONTROL) ||
	    (ours->kind == OPND_DR) != (class == ZYDIS_REGCLASS_DEBUG)) {
		return "register class";
	}
	return ours->reg == number ? NULL : "register";
}

static const char *differ_memory(const struct insn *insn, const struct insn_operand *ours,
				 const ZydisDecodedOperand *op)
{
	const struct insn_mem *mem = &insn->mem;
	u64 mask = insn->adsize == 8 ? ~0ull : BIT(8 * insn->adsize) - 1;
	bool rip = op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP;

	if (op->mem.segment != segments[mem->seg]) {
		return "segment";
	}
	if (ours->kind != OPND_MEM || rip != mem->rip_relative) {
		return "memory operand";
	}
	if ((!rip && gpr_number(op->mem.base) != mem->base) ||
	    gpr_number(op->mem.index) != mem->index) {
		return "base or index";
	}
	if (mem->index != GPR_NONE && MAX(op->mem.scale, 1) != mem->scale) {
		return "scale";
	}
	return (((u64)op->mem.disp.value ^ mem->disp) & mask) == 0 ? NULL : "displacement";
}

static const char *differ_operand(const struct insn *insn, const struct insn_operand *ours,
				  const ZydisDecodedOperand *op)
{
	u64 mask = ours->size >= 8 ? ~0ull : BIT(8 * ours->size) - 1;
	const char *why = NULL;

	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		why = differ_register(ours, op->reg.value);
		break;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		why = differ_memory(insn, ours, op);
		break;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		if (ours->kind != OPND_IMM || ((op->imm.value.u ^ insn->imm) & mask) != 0) {
			return "immediate";
		}
		return NULL;
	default:
		return "operand type";
	}
	if (why == NULL && ours->size != 0 && op->size != 8 * ours->size) {
		return "operand size";
	}
	return why;
}

/* String instructions: the oracle's operands are hidden and in another order. Each memory operand
 * must be one of ours, of the same size and segment. */
static const char *differ_string(const struct insn *insn, const struct oracle *o)
{
	const struct insn_operand *ours[2] = {&insn->dst, &insn->src};
	int seen = 0;

	for (int i = 0; i < o->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &o->operands[i];
		bool si = gpr_number(op->mem.base) == GPR_RSI;
		u8 kind = si ? OPND_STR_SI : OPND_STR_DI;
		const struct insn_operand *our = ours[0]->kind == kind ? ours[0] : ours[1];

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY) {
			continue;
		}
		seen++;
		if (our->kind != kind || op->size != 8 * our->size) {
			return "string operand";
		}
		if (op->mem.segment != (si ? segments[insn->mem.seg] : ZYDIS_REGISTER_ES)) {
			return "string segment";
		}
	}
	return seen == (insn->id == INSN_MOVS || insn->id == INSN_CMPS ? 2 : 1) ? NULL : "string";
}

/* Compares everything the decoder says of an accepted instruction with what the oracle says. */
static const char *differ(const struct insn *insn, const struct oracle *o)
{
	const struct insn_operand *ours[2] = {&insn->dst, &insn->src};
	int k = 0;

	if (insn->len != o->insn.length) {
		return "length";
	}
	if (insn->id != o->id) {
		return "identity";
	}
	if (8 * insn->adsize != o->insn.address_width) {
		return "address size";
	}
	if (insn->id >= INSN_MOVS && insn->id <= INSN_OUTS) {
		return differ_string(insn, o);
	}
	for (int i = 0; i < o->insn.operand_count && k < 2; i++) {
		const ZydisDecodedOperand *op = &o->operands[i];
		const char *why;

		if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
		    op->type != ZYDIS_OPERAND_TYPE_MEMORY) {
			continue;
		}
		if (ours[k]->kind == OPND_NONE) {
			break;
		}
		why = differ_operand(insn, ours[k++], op);
		if (why != NULL) {
			return why;
		}
	}
	return k == 2 || ours[k]->kind == OPND_NONE ? NULL : "number of operands";
}

/* Whether what the oracle sees is in the decoder's promise: of the arithmetic ones the forms with
 * a memory operand, of the others all. */
static bool is_promised(const struct oracle *o)
{
	const ZydisDecodedInstruction *z = &o->insn;

	if (o->id == INSN_NONE) {
		return false;
	}
	if (o->id >= INSN_MOVS) {
		return true;
	}
	if ((o->id == INSN_CALL || o->id == INSN_JMP) &&
	    (z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
	     (z->machine_mode == ZYDIS_MACHINE_MODE_LONG_64 &&
	      (z->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0))) {
		return false;
	}
	for (int i = 0; i < z->operand_count_visible; i++) {
		if (o->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
			return true;
		}
	}
	return false;
}

/*
 * Where Zydis 4.0 is known to be no oracle:
 * - MOVSXD with 66 reads 16 bits (SDM 2 MOVSXD; tried on silicon), Zydis says 32.
 * - ModRM.mod 0 with SIB.base 5 has no base whatever REX.B is (SDM 2 table 2-5; tried on silicon);
 *   with 67 Zydis names r13d and forgets the displacement.
 * - 3E on a near indirect branch is a DS override as well as CET's NOTRACK (SDM 2 2.1.1), Zydis
 *   forgets the override.
 * - LOCK MOV CR0 is MOV CR8 on AMD (APM 3), Zydis refuses it.
 */
static bool is_known_difference(const struct insn *insn, const struct oracle *o)
{
	if (insn->id == INSN_MOV_FROM_CR || insn->id == INSN_MOV_TO_CR) {
		return (insn->prefixes & INSN_PREFIX_LOCK) != 0 && !ZYAN_SUCCESS(o->status);
	}
	if (!ZYAN_SUCCESS(o->status) || insn->len != o->insn.length || insn->id != o->id) {
		return false;
	}
	if (insn->id == INSN_MOVSX && insn->opcode == 0x63 && insn->opsize == 2) {
		return insn->src.size == 2 && insn->dst.size == 2;
	}
	if (insn->id == INSN_CALL || insn->id == INSN_JMP) {
		return (o->insn.attributes & ZYDIS_ATTRIB_HAS_NOTRACK) != 0 &&
		       insn->mem.seg == SEG_DS;
	}
	return insn->mode == INSN_MODE_64 && insn->adsize == 4 && (insn->modrm & 0xc7) == 4 &&
	       insn->mem.base == GPR_NONE && (insn->rex & 1) != 0;
}

static void compare(const u8 *bytes, size_t n, u8 mode)
{
	struct insn insn;
	struct oracle o;
	int err = insn_decode(bytes, n, (enum insn_mode)mode, &insn);
	const char *why = NULL;

	ask(&o, bytes, n, mode);
	if (err == 0) {
		why = ZYAN_SUCCESS(o.status) ? differ(&insn, &o) : "accepted what does not exist";
	} else if (ZYAN_SUCCESS(o.status) && is_promised(&o)) {
		why = "refused";
	}
	if (why != NULL && (err != 0 || !is_known_difference(&insn, &o))) {
		show(why, bytes, n, mode);
		fprintf(stderr, "  ours: %d %s len %d; oracle: %08x %s len %d\n", err,
			insn_name(insn.id), insn.len, o.status,
			ZYAN_SUCCESS(o.status) ? ZydisMnemonicGetString(o.insn.mnemonic) : "-",
			o.insn.length);
		if (getenv("KEEP") == NULL)
			fail();
	}
}

static u64 random_state = 0x9e3779b97f4a7c15ull;

static u64 random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void random_fill(u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bytes[i] = (u8)(random_u64() >> 24);
	}
}

static const u8 single_prefixes[] = {0, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x65};
static const u8 rexes[] = {0, 0x40, 0x41, 0x42, 0x44, 0x48, 0x4f};

/* One opcode with all ModRM bytes behind each prefix. */
static void compare_opcode(u8 mode, const u8 *opcode, size_t opcode_len, int modrm_step)
{
	size_t rex_count = mode == INSN_MODE_64 ? ARRAY_SIZE(rexes) : 1;

	for (size_t p = 0; p < ARRAY_SIZE(single_prefixes) * rex_count; p++) {
		u8 prefix = single_prefixes[p / rex_count], rex = rexes[p % rex_count];

		for (int modrm = (int)(random_u64() % (u64)modrm_step); modrm < 256;
		     modrm += modrm_step) {
			u8 bytes[INSN_LEN_MAX];
			size_t n = 0;

			random_fill(bytes, sizeof(bytes));
			bytes[n] = prefix;
			n += prefix != 0;
			bytes[n] = rex;
			n += rex != 0;
			memcpy(bytes + n, opcode, opcode_len);
			bytes[n + opcode_len] = (u8)modrm;
			compare(bytes, sizeof(bytes), mode);
		}
	}
}

static void all_opcodes_agree_with_zydis(void **state)
{
	static const u8 lead[3][2] = {{0}, {0x0f}, {0x0f, 0x38}};

	(void)state;
	for (u8 mode = 0; mode < 3; mode++) {
		for (int i = 0; i < 3 * 256; i++) {
			u8 opcode[3];
			size_t n = (size_t)i / 256;

			memcpy(opcode, lead[n], n);
			opcode[n] = (u8)i;
			compare_opcode(mode, opcode, n + 1, 1);
		}
	}
}

/* Up to five prefixes, biased to what the maps know, then random bytes. */
static void random_bytes_agree_with_zydis(void **state)
{
	static const u8 some[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x36,
				  0x3e, 0x64, 0x65, 0x48, 0x41, 0x4f, 0x40, 0x44};
	const char *rounds = getenv("EMUL_ROUNDS");
	u64 total = 600000ull * (rounds != NULL ? strtoul(rounds, NULL, 10) : 1);

	(void)state;
	for (u64 i = 0; i < total; i++) {
		u8 bytes[INSN_LEN_MAX];
		u64 r = random_u64();
		size_t prefixes = r % 6;

		random_fill(bytes, sizeof(bytes));
		for (size_t k = 0; k < prefixes; k++) {
			bytes[k] = some[(r >> (8 + 4 * k)) % ARRAY_SIZE(some)];
		}
		if ((r >> 40) % 3 == 0) {
			bytes[prefixes] = 0x0f;
		}
		compare(bytes, 1 + (r >> 48) % sizeof(bytes), (u8)((r >> 60) % 3));
	}
}

/* Every proper prefix of an accepted instruction asks for more, reading nothing behind its end. */
static void truncated_instructions_ask_for_more(void **state)
{
	int found = 0;

	(void)state;
	while (found < 20000) {
		u8 bytes[INSN_LEN_MAX], mode = (u8)(random_u64() % 3);
		struct insn insn;

		random_fill(bytes, sizeof(bytes));
		if (insn_decode(bytes, sizeof(bytes), (enum insn_mode)mode, &insn) != 0) {
			continue;
		}
		found++;
		for (size_t n = 0; n < insn.len; n++) {
			u8 *exact = malloc(n != 0 ? n : 1);
			struct insn other;

			memcpy(exact, bytes, n);
			assert_int_equal(insn_decode(exact, n, (enum insn_mode)mode, &other),
					 ERR_AGAIN);
			free(exact);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_opcodes_agree_with_zydis),
		cmocka_unit_test(random_bytes_agree_with_zydis),
		cmocka_unit_test(truncated_instructions_ask_for_more),
	};

	return cmocka_run_group_tests_name("emul_zydis", tests, setup, NULL);
}
