// SPDX-License-Identifier: GPL-2.0-only
/*
 * String instructions and port I/O. An iteration either finishes, index registers and counter
 * included, or leaves no trace; so a fault or a bounded call continues where it stopped (SDM 2
 * REP).
 */
#include "arch/x86/emul/exec_priv.h"

static u16 port_of(const struct exec *x, const struct insn_operand *o)
{
	return o->kind == OPND_DX ? (u16)x->gpr[GPR_RDX] : (u16)(x->insn->imm & 0xff);
}

int exec_in(struct exec *x)
{
	const struct insn_operand *dst = &x->insn->dst;
	u32 value = 0;
	int err = x->bus->in(x->bus, port_of(x, &x->insn->src), dst->size, &value);

	if (err == 0) {
		exec_reg_write(x, dst, value);
	}
	return err;
}

int exec_out(struct exec *x)
{
	const struct insn_operand *src = &x->insn->src;

	return x->bus->out(x->bus, port_of(x, &x->insn->dst), src->size,
			   (u32)exec_reg_read(x, src));
}

/* Checks that ES:rDI can be written before something with a side effect is read for it. */
static int probe_destination(struct exec *x)
{
	u8 size = x->insn->dst.size;
	u64 offset = exec_addr_reg(x, GPR_RDI, x->insn->adsize);
	gva_t at;
	int err = exec_linear(x, SEG_ES, offset, size, MEM_WRITE, &at);

	return err != 0 ? err : x->bus->probe_write(x->bus, at, size);
}

/* --- one iteration each ----------------------------------------------------------------------- */

static int do_move(struct exec *x)
{
	u64 value = 0;
	int err = probe_destination(x);

	if (err == 0) {
		err = exec_read(x, &x->insn->src, MEM_READ, &value);
	}
	return err != 0 ? err : exec_write(x, &x->insn->dst, value);
}

/* STOS and LODS: one side is the accumulator. */
static int do_copy(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	return err != 0 ? err : exec_write(x, &x->insn->dst, value);
}

static int do_compare(struct exec *x)
{
	u64 a = 0, b = 0;
	int err = exec_read(x, &x->insn->dst, MEM_READ, &a);

	if (err == 0) {
		err = exec_read(x, &x->insn->src, MEM_READ, &b);
	}
	if (err == 0) {
		alu_sub(a, b, x->insn->dst.size, &x->rflags);
	}
	return err;
}

static int do_input(struct exec *x)
{
	u32 value = 0;
	int err = probe_destination(x);

	if (err == 0) {
		err = x->bus->in(x->bus, (u16)x->gpr[GPR_RDX], x->insn->dst.size, &value);
	}
	return err != 0 ? err : exec_write(x, &x->insn->dst, value);
}

static int do_output(struct exec *x)
{
	u64 value = 0;
	int err = exec_read(x, &x->insn->src, MEM_READ, &value);

	if (err != 0) {
		return err;
	}
	return x->bus->out(x->bus, (u16)x->gpr[GPR_RDX], x->insn->src.size, (u32)value);
}

static const struct {
	int (*run)(struct exec *x);
	bool si, di;	    /* index registers that move on */
	bool until_compare; /* ZF ends a repetition, too */
} string_table[] = {
	[INSN_MOVS - INSN_MOVS] = {do_move, true, true, false},
	[INSN_CMPS - INSN_MOVS] = {do_compare, true, true, true},
	[INSN_STOS - INSN_MOVS] = {do_copy, false, true, false},
	[INSN_LODS - INSN_MOVS] = {do_copy, true, false, false},
	[INSN_SCAS - INSN_MOVS] = {do_compare, false, true, true},
	[INSN_INS - INSN_MOVS] = {do_input, false, true, false},
	[INSN_OUTS - INSN_MOVS] = {do_output, true, false, false},
};

/* --- repetition ------------------------------------------------------------------------------- */

static void move_on(struct exec *x, u8 reg)
{
	u8 adsize = x->insn->adsize;
	u8 size = x->insn->dst.kind == OPND_DX ? x->insn->src.size : x->insn->dst.size;
	u64 delta = (x->rflags & FLAG_DF) != 0 ? 0 - (u64)size : size;

	exec_addr_reg_set(x, reg, adsize, exec_addr_reg(x, reg, adsize) + delta);
}

static int iterate(struct exec *x)
{
	u32 kind = x->insn->id - INSN_MOVS;
	int err = string_table[kind].run(x);

	if (err != 0) {
		return err;
	}
	if (string_table[kind].si) {
		move_on(x, GPR_RSI);
	}
	if (string_table[kind].di) {
		move_on(x, GPR_RDI);
	}
	return 0;
}

/* Counts one iteration; true when it was the last. */
static bool is_last(struct exec *x)
{
	u8 adsize = x->insn->adsize;
	u64 left = exec_addr_reg(x, GPR_RCX, adsize) - 1;
	bool zero = (x->rflags & FLAG_ZF) != 0;

	exec_addr_reg_set(x, GPR_RCX, adsize, left);
	if (left == 0) {
		return true;
	}
	return string_table[x->insn->id - INSN_MOVS].until_compare &&
	       zero != ((x->insn->prefixes & INSN_PREFIX_REP) != 0);
}

int exec_string(struct exec *x)
{
	u32 bound = (x->rflags & FLAG_TF) != 0 ? 1 : MAX(x->max_iterations, 1);

	if ((x->insn->prefixes & (INSN_PREFIX_REP | INSN_PREFIX_REPNE)) == 0) {
		return iterate(x);
	}
	if (exec_addr_reg(x, GPR_RCX, x->insn->adsize) == 0) {
		return 0;
	}
	for (u32 i = 0; i < bound; i++) {
		int err = iterate(x);

		if (err != 0) {
			return err;
		}
		if (is_last(x)) {
			return 0;
		}
	}
	return ERR_AGAIN;
}
