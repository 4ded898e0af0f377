// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder's second half: what follows the opcode. ModRM addressing forms, displacement and
 * immediates become the operands of struct insn. No state, no locks.
 */
#include "arch/x86/emul/decode_priv.h"
#include "kernel/lib/string.h"

/* Whether `size` more bytes are there; sets c->err when not. */
static bool have(struct cursor *c, u8 size)
{
	if (likely(c->n - c->pos >= size)) {
		return true;
	}
	c->err = c->n == INSN_LEN_MAX ? ERR_RANGE : ERR_AGAIN;
	return false;
}

u8 decode_next_u8(struct cursor *c)
{
	return have(c, 1) ? c->bytes[c->pos++] : 0;
}

/* The next `size` (0, 1, 2, 4, 8) bytes, little-endian, sign-extended; 0 when they are not there.
 */
static u64 next_signed(struct cursor *c, u8 size)
{
	u64 v = 0;

	if (size == 0 || !have(c, size)) {
		return 0;
	}
	/* A constant size each, which the compiler makes one load. */
	switch (size) {
	case 1:
		v = c->bytes[c->pos];
		break;
	case 2:
		memcpy(&v, c->bytes + c->pos, 2);
		break;
	case 4:
		memcpy(&v, c->bytes + c->pos, 4);
		break;
	default:
		memcpy(&v, c->bytes + c->pos, 8);
		break;
	}
	c->pos += size;
	return (u64)((s64)(v << (64 - 8 * size)) >> (64 - 8 * size));
}

/* --- memory operand --------------------------------------------------------------------------- */

static const struct {
	u8 base, index;
} modrm16[8] = {
	{GPR_RBX, GPR_RSI},  {GPR_RBX, GPR_RDI},  {GPR_RBP, GPR_RSI},  {GPR_RBP, GPR_RDI},
	{GPR_RSI, GPR_NONE}, {GPR_RDI, GPR_NONE}, {GPR_RBP, GPR_NONE}, {GPR_RBX, GPR_NONE},
};

static void read_mem16(struct cursor *c)
{
	struct insn_mem *mem = &c->insn->mem;
	u8 mod = mod_of(c->insn);
	u8 rm = rm_of(c->insn);

	if (mod == 0 && rm == 6) {
		mem->disp = next_signed(c, 2);
		return;
	}
	mem->base = modrm16[rm].base;
	mem->index = modrm16[rm].index;
	mem->disp = next_signed(c, mod);
}

/* Returns the displacement's size. */
static u8 read_sib(struct cursor *c)
{
	struct insn_mem *mem = &c->insn->mem;
	u8 mod = mod_of(c->insn);
	u8 sib = decode_next_u8(c);
	u8 rex = c->insn->rex;
	u8 index = ((sib >> 3) & 7) | ((rex & REX_X) != 0 ? 8 : 0);

	if (index != GPR_RSP) {
		mem->index = index;
		mem->scale = (u8)(1 << (sib >> 6));
	}
	if (mod == 0 && (sib & 7) == GPR_RBP) {
		return 4;
	}
	mem->base = (sib & 7) | ((rex & REX_B) != 0 ? 8 : 0);
	return mod == 2 ? 4 : mod;
}

static void read_mem32(struct cursor *c)
{
	struct insn_mem *mem = &c->insn->mem;
	u8 mod = mod_of(c->insn);
	u8 rm = rm_of(c->insn);
	u8 disp_size = mod == 2 ? 4 : mod;

	if (rm == GPR_RSP) {
		disp_size = read_sib(c);
	} else if (mod == 0 && rm == GPR_RBP) {
		mem->rip_relative = c->insn->mode == INSN_MODE_64;
		disp_size = 4;
	} else {
		mem->base = rm | ((c->insn->rex & REX_B) != 0 ? 8 : 0);
	}
	mem->disp = next_signed(c, disp_size);
}

void decode_memory(struct cursor *c)
{
	struct insn_mem *mem = &c->insn->mem;

	if (c->insn->adsize == 2) {
		read_mem16(c);
	} else {
		read_mem32(c);
	}
	if (c->seg == NO_SEG && (mem->base == GPR_RSP || mem->base == GPR_RBP)) {
		mem->seg = SEG_SS;
	}
}

/* --- operands --------------------------------------------------------------------------------- */

static u8 operand_size(const struct insn *insn, u8 code)
{
	switch (code) {
	case S_T:
		return insn->mode == INSN_MODE_64 ? 10 : 6;
	case S_V:
	case S_STK:
	case S_BR:
		return insn->opsize;
	case S_Z:
		return MIN(insn->opsize, 4);
	case S_Y:
		return insn->mode == INSN_MODE_64 ? 8 : 4;
	case S_MSW:
		return mod_of(insn) == 3 ? insn->opsize : 2;
	case S_DQ:
		return (insn->rex & REX_W) != 0 ? 8 : 4;
	case S_CX:
		return (insn->rex & REX_W) != 0 ? 16 : 8;
	default:
		return code;
	}
}

/* A general register; bytes 4..7 are AH..BH unless a REX prefix is there. */
static struct insn_operand gpr_operand(const struct insn *insn, u8 reg, u8 size)
{
	if (size == 1 && insn->rex == 0 && reg >= 4 && reg < 8) {
		return (struct insn_operand){OPND_GPR_HIGH, reg - 4, 1};
	}
	return (struct insn_operand){OPND_GPR, reg, size};
}

static struct insn_operand rm_operand(const struct insn *insn, u8 size)
{
	if (mod_of(insn) != 3) {
		return (struct insn_operand){OPND_MEM, GPR_NONE, size};
	}
	return gpr_operand(insn, rm_of(insn) | ((insn->rex & REX_B) != 0 ? 8 : 0), size);
}

static u8 full_reg(const struct insn *insn)
{
	return reg_of(insn) | ((insn->rex & REX_R) != 0 ? 8 : 0);
}

static struct insn_operand immediate(struct cursor *c, u8 where, u8 size)
{
	c->insn->imm = next_signed(c, where == O_IMM ? MIN(size, 4) : 1);
	if (where == O_IMM8U) {
		c->insn->imm &= 0xff;
	}
	return (struct insn_operand){OPND_IMM, GPR_NONE, where == O_IMM8U ? 1 : size};
}

static struct insn_operand moffs(struct cursor *c, u8 size)
{
	u8 adsize = c->insn->adsize;

	c->insn->mem.disp = next_signed(c, adsize);
	if (adsize < 8) {
		c->insn->mem.disp &= BIT(8 * adsize) - 1;
	}
	return (struct insn_operand){OPND_MEM, GPR_NONE, size};
}

static struct insn_operand read_operand(struct cursor *c, u8 where, u8 size)
{
	struct insn *insn = c->insn;

	switch (where) {
	case O_RM:
		return rm_operand(insn, size);
	case O_REG:
		return gpr_operand(insn, full_reg(insn), size);
	case O_ACC:
		return (struct insn_operand){OPND_GPR, GPR_RAX, size};
	case O_CL:
		return (struct insn_operand){OPND_GPR, GPR_RCX, 1};
	case O_ONE:
		insn->imm = 1;
		return (struct insn_operand){OPND_IMM, GPR_NONE, 1};
	case O_MOFFS:
		return moffs(c, size);
	case O_DX:
		return (struct insn_operand){OPND_DX, GPR_RDX, 2};
	case O_SI:
		return (struct insn_operand){OPND_STR_SI, GPR_RSI, size};
	case O_DI:
		return (struct insn_operand){OPND_STR_DI, GPR_RDI, size};
	case O_CR:
		return (struct insn_operand){OPND_CR, full_reg(insn), size};
	case O_DR:
		return (struct insn_operand){OPND_DR, full_reg(insn), size};
	case O_NONE:
		return (struct insn_operand){OPND_NONE, GPR_NONE, 0};
	default:
		return immediate(c, where, size);
	}
}

static u8 source_size(const struct insn_desc *d, u8 size)
{
	if ((d->flags & F_SRC8) != 0) {
		return 1;
	}
	if ((d->flags & F_SRC16) != 0) {
		return 2;
	}
	if ((d->flags & F_SRC128) != 0) {
		return 16;
	}
	return (d->flags & F_SRC32) != 0 ? MIN(size, 4) : size;
}

void decode_operands(struct cursor *c, const struct insn_desc *d)
{
	struct insn *insn = c->insn;
	u8 size = operand_size(insn, d->size);

	insn->dst = read_operand(c, d->dst, size);
	insn->src = read_operand(c, d->src, source_size(d, size));
	if ((d->flags & F_COND) != 0) {
		insn->cond = insn->opcode & 0xf;
	}
}
