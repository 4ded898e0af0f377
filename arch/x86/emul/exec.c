// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executor: a table from instruction to handler, and the handlers of what is neither arithmetic
 * on flags (exec_alu.c) nor a string instruction (exec_string.c). A handler writes general
 * registers only after the last memory access that can fail; flags and RIP are the guest's only at
 * the end.
 */
#include "arch/x86/emul/exec.h"

#include "arch/x86/emul/exec_priv.h"

/* How an instruction is executed. */
struct exec_op {
	int (*run)(struct exec *x);
	alu_fn alu;
	bool discards; /* only the flags count */
};

static const struct exec_op exec_table[INSN_COUNT];

/* --- arithmetic ------------------------------------------------------------------------------- */

static int exec_binary(struct exec *x)
{
	const struct exec_op *op = &exec_table[x->insn->id];
	const struct insn_operand *dst = &x->insn->dst;
	u64 a = 0, b = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &b);

	if (err == 0) {
		err = exec_read(x, dst, op->discards ? MEM_READ : MEM_WRITE, &a);
	}
	if (err == 0) {
		a = op->alu(a, b, dst->size, &x->rflags);
		err = op->discards ? 0 : exec_write(x, dst, a);
	}
	return err;
}

static int exec_unary(struct exec *x)
{
	u64 a = 0;
	int err = exec_read(x, &x->insn->dst, MEM_WRITE, &a);

	if (err != 0) {
		return err;
	}
	a = exec_table[x->insn->id].alu(a, 0, x->insn->dst.size, &x->rflags);
	return exec_write(x, &x->insn->dst, a);
}

/* The operand that a bit string's signed bit offset selects, as displacement from the address that
 * is encoded (SDM 2 BT; volume 2 3.1.1.9). */
static u64 bit_displacement(const struct exec *x, u64 offset)
{
	u8 size = x->insn->dst.size;
	s64 bit = (s64)sign_extend(offset, size);

	return (u64)(bit >> (size == 2 ? 4 : size == 4 ? 5 : 6)) * size;
}

static int exec_bit(struct exec *x)
{
	struct insn moved = *x->insn;
	struct exec y = *x;
	const struct exec_op *op = &exec_table[x->insn->id];
	u64 a = 0, b = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &b);

	if (err == 0 && x->insn->src.kind == OPND_GPR) {
		moved.mem.disp += bit_displacement(x, b);
	}
	y.insn = &moved;
	if (err == 0) {
		err = exec_read(&y, &moved.dst, op->discards ? MEM_READ : MEM_WRITE, &a);
	}
	if (err == 0) {
		a = op->alu(a, b & (8 * moved.dst.size - 1u), moved.dst.size, &x->rflags);
		err = op->discards ? 0 : exec_write(&y, &moved.dst, a);
	}
	return err;
}

/* --- moves ------------------------------------------------------------------------------------ */

static int exec_mov(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	return err != 0 ? err : exec_write(x, &x->insn->dst, value);
}

static int exec_movsx(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	return err != 0 ? err : exec_write(x, &x->insn->dst, sign_extend(value, x->insn->src.size));
}

static int exec_movbe(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	value = __builtin_bswap64(value) >> (64 - 8 * x->insn->src.size);
	return err != 0 ? err : exec_write(x, &x->insn->dst, value);
}

static int exec_setcc(struct exec *x)
{
	return exec_write(x, &x->insn->dst, alu_condition(x->insn->cond, x->rflags));
}

/* The source is read, and bits 63:32 of a 4-byte destination cleared, whatever the condition. */
static int exec_cmovcc(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	if (err != 0) {
		return err;
	}
	if (!alu_condition(x->insn->cond, x->rflags)) {
		value = exec_reg_read(x, &x->insn->dst);
	}
	return exec_write(x, &x->insn->dst, value);
}

/* --- exchanges -------------------------------------------------------------------------------- */

static int exec_xchg(struct exec *x)
{
	u64 a = 0;
	u64 b = exec_reg_read(x, &x->insn->src);
	int err = exec_read(x, &x->insn->dst, MEM_WRITE, &a);

	if (err == 0) {
		err = exec_write(x, &x->insn->dst, b);
	}
	if (err == 0) {
		exec_reg_write(x, &x->insn->src, a);
	}
	return err;
}

static int exec_xadd(struct exec *x)
{
	const struct insn_operand *dst = &x->insn->dst;
	u64 a = 0, sum;
	int err = exec_read(x, dst, MEM_WRITE, &a);

	if (err != 0) {
		return err;
	}
	sum = alu_add(a, exec_reg_read(x, &x->insn->src), dst->size, &x->rflags);
	if (dst->kind != OPND_MEM) {
		/* The sum is what stays when both are one register. */
		exec_reg_write(x, &x->insn->src, a);
	}
	err = exec_write(x, dst, sum);
	if (err == 0 && dst->kind == OPND_MEM) {
		exec_reg_write(x, &x->insn->src, a);
	}
	return err;
}

/* Memory is written in any case: with its old value when the comparison fails. */
static int exec_cmpxchg(struct exec *x)
{
	const struct insn_operand *dst = &x->insn->dst;
	const struct insn_operand acc = {OPND_GPR, GPR_RAX, dst->size};
	u64 old = 0;
	int err = exec_read(x, dst, MEM_WRITE, &old);
	bool equal;

	if (err != 0) {
		return err;
	}
	alu_sub(exec_reg_read(x, &acc), old, dst->size, &x->rflags);
	equal = (x->rflags & FLAG_ZF) != 0;
	if (equal || dst->kind == OPND_MEM) {
		err = exec_write(x, dst, equal ? exec_reg_read(x, &x->insn->src) : old);
	}
	if (err == 0 && !equal) {
		exec_reg_write(x, &acc, old);
	}
	return err;
}

static int exec_cmpxchg8b(struct exec *x)
{
	u64 expected = (x->gpr[GPR_RDX] << 32) | (u32)x->gpr[GPR_RAX];
	u64 next = (x->gpr[GPR_RCX] << 32) | (u32)x->gpr[GPR_RBX];
	u64 old = 0;
	int err;

	if (x->insn->dst.size != 8) {
		return ERR_NOTSUP; /* CMPXCHG16B: the bus moves 8 bytes at once */
	}
	err = exec_read(x, &x->insn->dst, MEM_WRITE, &old);
	if (err == 0) {
		err = exec_write(x, &x->insn->dst, old == expected ? next : old);
	}
	if (err != 0) {
		return err;
	}
	if (old == expected) {
		x->rflags |= FLAG_ZF;
		return 0;
	}
	x->rflags &= ~(u64)FLAG_ZF;
	x->gpr[GPR_RAX] = (u32)old;
	x->gpr[GPR_RDX] = old >> 32;
	return 0;
}

/* --- stack and branches ----------------------------------------------------------------------- */

static u8 stack_size(const struct exec *x)
{
	if (x->insn->mode == INSN_MODE_64) {
		return 8;
	}
	return (x->gs->seg[SEG_SS].attr & SEG_ATTR_DB) != 0 ? 4 : 2;
}

/* Where a push of the operand's size goes, known to be writable. */
static int push_probe(struct exec *x, u64 *rsp, gva_t *at)
{
	u8 size = x->insn->dst.size;
	int err;

	*rsp = (x->gpr[GPR_RSP] - size) & size_mask(stack_size(x));
	err = exec_linear(x, SEG_SS, *rsp, size, MEM_WRITE, at);
	return err != 0 ? err : x->bus->probe_write(x->bus, *at, size);
}

static int exec_push(struct exec *x)
{
	u64 value = 0, rsp;
	gva_t at;
	int err = push_probe(x, &rsp, &at);

	if (err == 0) {
		err = exec_read(x, &x->insn->dst, MEM_READ, &value);
	}
	if (err == 0) {
		err = x->bus->write(x->bus, at, x->insn->dst.size, value);
	}
	if (err == 0) {
		exec_addr_reg_set(x, GPR_RSP, stack_size(x), rsp);
	}
	return err;
}

static int exec_pop(struct exec *x)
{
	u8 size = x->insn->dst.size;
	u64 rsp = exec_addr_reg(x, GPR_RSP, stack_size(x));
	u64 value = 0;
	gva_t at;
	int err = exec_linear(x, SEG_SS, rsp, size, MEM_READ, &at);

	if (err == 0) {
		err = x->bus->read(x->bus, at, size, false, &value);
	}
	if (err != 0) {
		return err;
	}
	if (x->insn->dst.kind != OPND_MEM) {
		exec_addr_reg_set(x, GPR_RSP, stack_size(x), rsp + size);
		return exec_write(x, &x->insn->dst, value);
	}
	x->rsp_bias = size;
	err = exec_write(x, &x->insn->dst, value);
	if (err == 0) {
		exec_addr_reg_set(x, GPR_RSP, stack_size(x), rsp + size);
	}
	return err;
}

static int read_target(struct exec *x, u64 *target)
{
	int err = exec_read(x, &x->insn->dst, MEM_READ, target);
	bool allowed;

	if (err != 0) {
		return err;
	}
	allowed = x->insn->mode == INSN_MODE_64 ? exec_is_canonical(x, *target)
						: *target <= x->gs->seg[SEG_CS].limit;
	return allowed ? 0 : exec_fault(x, EMUL_VECTOR_GP);
}

static int exec_jmp(struct exec *x)
{
	u64 target = 0;
	int err = read_target(x, &target);

	if (err == 0) {
		x->rip_next = target;
	}
	return err;
}

static int exec_call(struct exec *x)
{
	u8 size = x->insn->dst.size;
	u64 target = 0, rsp;
	gva_t at;
	int err = push_probe(x, &rsp, &at);

	if (err == 0) {
		err = read_target(x, &target);
	}
	if (err == 0) {
		err = x->bus->write(x->bus, at, size, x->rip_next & size_mask(size));
	}
	if (err == 0) {
		exec_addr_reg_set(x, GPR_RSP, stack_size(x), rsp);
		x->rip_next = target;
	}
	return err;
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct exec_op exec_table[INSN_COUNT] = {
	[INSN_ADD] = {exec_binary, alu_add, false},  [INSN_OR] = {exec_binary, alu_or, false},
	[INSN_ADC] = {exec_binary, alu_adc, false},  [INSN_SBB] = {exec_binary, alu_sbb, false},
	[INSN_AND] = {exec_binary, alu_and, false},  [INSN_SUB] = {exec_binary, alu_sub, false},
	[INSN_XOR] = {exec_binary, alu_xor, false},  [INSN_CMP] = {exec_binary, alu_sub, true},
	[INSN_TEST] = {exec_binary, alu_and, true},
	[INSN_ROL] = {exec_binary, alu_rol, false},  [INSN_ROR] = {exec_binary, alu_ror, false},
	[INSN_RCL] = {exec_binary, alu_rcl, false},  [INSN_RCR] = {exec_binary, alu_rcr, false},
	[INSN_SHL] = {exec_binary, alu_shl, false},  [INSN_SHR] = {exec_binary, alu_shr, false},
	[INSN_SAR] = {exec_binary, alu_sar, false},
	[INSN_NOT] = {exec_unary, alu_not, false},   [INSN_NEG] = {exec_unary, alu_neg, false},
	[INSN_INC] = {exec_unary, alu_inc, false},   [INSN_DEC] = {exec_unary, alu_dec, false},
	[INSN_BT] = {exec_bit, alu_bt, true},	     [INSN_BTS] = {exec_bit, alu_bts, false},
	[INSN_BTR] = {exec_bit, alu_btr, false},     [INSN_BTC] = {exec_bit, alu_btc, false},
	[INSN_MOV] = {exec_mov, NULL, false},	     [INSN_MOVZX] = {exec_mov, NULL, false},
	[INSN_MOVNTI] = {exec_mov, NULL, false},     [INSN_MOVSX] = {exec_movsx, NULL, false},
	[INSN_MOVBE] = {exec_movbe, NULL, false},    [INSN_SETCC] = {exec_setcc, NULL, false},
	[INSN_CMOVCC] = {exec_cmovcc, NULL, false},  [INSN_XCHG] = {exec_xchg, NULL, false},
	[INSN_XADD] = {exec_xadd, NULL, false},	     [INSN_CMPXCHG] = {exec_cmpxchg, NULL, false},
	[INSN_CMPXCHG8B] = {exec_cmpxchg8b, NULL, false},
	[INSN_PUSH] = {exec_push, NULL, false},	     [INSN_POP] = {exec_pop, NULL, false},
	[INSN_CALL] = {exec_call, NULL, false},	     [INSN_JMP] = {exec_jmp, NULL, false},
	[INSN_MOVS] = {exec_string, NULL, false},    [INSN_CMPS] = {exec_string, NULL, false},
	[INSN_STOS] = {exec_string, NULL, false},    [INSN_LODS] = {exec_string, NULL, false},
	[INSN_SCAS] = {exec_string, NULL, false},    [INSN_INS] = {exec_string, NULL, false},
	[INSN_OUTS] = {exec_string, NULL, false},
	[INSN_IN] = {exec_in, NULL, false},	     [INSN_OUT] = {exec_out, NULL, false},
};
/* clang-format on */

int emul_exec(const struct insn *insn, u64 gpr[GPR_COUNT], struct guest_state *gs,
	      struct emul_bus *bus, u32 max_iterations)
{
	struct exec x = {
		.insn = insn,
		.gpr = gpr,
		.gs = gs,
		.bus = bus,
		.rflags = gs->rflags,
		.rip_next = gs->rip + insn->len,
		.max_iterations = max_iterations,
	};
	int err;

	if (insn->mode != INSN_MODE_64) {
		x.rip_next &= UINT32_MAX;
	}
	if (exec_table[insn->id].run == NULL) {
		return ERR_NOTSUP;
	}
	err = exec_table[insn->id].run(&x);
	if (err == 0) {
		gs->rip = x.rip_next;
		gs->rflags = x.rflags & ~(u64)FLAG_RF;
		gs->shadow = false;
	} else if (err == ERR_AGAIN) {
		/* An instruction breakpoint on it has been taken already (SDM 3B 18.3.1.1). */
		gs->rflags = x.rflags | FLAG_RF;
	}
	return err;
}
