// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executor's operands: registers, effective addresses, segmentation checks, and the way to the
 * bus. Limits and types of segments: SDM 3A 5.3 and 5.5; canonical addresses: SDM 1 3.3.7.1.
 */
#include "arch/x86/emul/exec_priv.h"

#include "arch/x86/regs.h"

/* Bits of a segment's type. */
enum {
	TYPE_WRITABLE = BIT(1), /* data; readable for code */
	TYPE_DOWN = BIT(2),	/* data */
	TYPE_CODE = BIT(3),
};

int exec_fault(struct exec *x, u8 vector)
{
	/* All faults raised here but #UD and #DE push an error code, and it is 0. */
	x->bus->fault = (struct emul_fault){.vector = vector, .has_error = true};
	return ERR_FAULT;
}

bool exec_is_canonical(const struct exec *x, u64 address)
{
	u8 unused = (x->gs->cr4 & CR4_LA57) != 0 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(address << unused) >> unused) == address;
}

static bool type_allows(const struct exec *x, const struct virt_segment *s, int access)
{
	u32 type = SEG_ATTR_TYPE(s->attr);

	if ((x->gs->cr0 & CR0_PE) == 0 || (x->gs->rflags & FLAG_VM) != 0) {
		return true;
	}
	if ((s->attr & SEG_ATTR_UNUSABLE) != 0) {
		return false;
	}
	if (access == MEM_WRITE) {
		return (type & (TYPE_CODE | TYPE_WRITABLE)) == TYPE_WRITABLE;
	}
	return (type & (TYPE_CODE | TYPE_WRITABLE)) != TYPE_CODE;
}

static bool limit_allows(const struct virt_segment *s, u64 offset, u8 size)
{
	u32 type = SEG_ATTR_TYPE(s->attr);
	u64 last = offset + size - 1;

	if ((type & (TYPE_CODE | TYPE_DOWN)) == TYPE_DOWN) {
		return offset > s->limit &&
		       last <= ((s->attr & SEG_ATTR_DB) != 0 ? UINT32_MAX : UINT16_MAX);
	}
	return last <= s->limit;
}

static bool is_misaligned(const struct exec *x, u64 at, u8 size)
{
	return x->gs->cpl == 3 && (x->gs->cr0 & CR0_AM) != 0 && (x->gs->rflags & FLAG_AC) != 0 &&
	       (at & (size - 1u)) != 0;
}

int exec_linear(struct exec *x, u8 seg, u64 offset, u8 size, int access, gva_t *at)
{
	const struct virt_segment *s = &x->gs->seg[seg];
	bool allowed;

	if (x->insn->mode == INSN_MODE_64) {
		at->v = offset + (seg == SEG_FS || seg == SEG_GS ? s->base : 0);
		allowed = exec_is_canonical(x, at->v) && exec_is_canonical(x, at->v + size - 1);
	} else {
		at->v = (u32)(s->base + offset);
		allowed = type_allows(x, s, access) && limit_allows(s, offset, size);
	}
	if (!allowed) {
		return exec_fault(x, seg == SEG_SS ? EMUL_VECTOR_SS : EMUL_VECTOR_GP);
	}
	return is_misaligned(x, at->v, size) ? exec_fault(x, EMUL_VECTOR_AC) : 0;
}

u64 exec_offset(const struct exec *x)
{
	const struct insn_mem *mem = &x->insn->mem;
	u64 offset = mem->disp;

	if (mem->rip_relative) {
		offset += x->rip_next;
	}
	if (mem->base != GPR_NONE) {
		offset += x->gpr[mem->base] + (mem->base == GPR_RSP ? x->rsp_bias : 0);
	}
	if (mem->index != GPR_NONE) {
		offset += x->gpr[mem->index] * mem->scale;
	}
	return offset & size_mask(x->insn->adsize);
}

u64 exec_reg_read(const struct exec *x, const struct insn_operand *o)
{
	u64 value = x->gpr[o->reg];

	return (o->kind == OPND_GPR_HIGH ? value >> 8 : value) & size_mask(o->size);
}

void exec_reg_write(struct exec *x, const struct insn_operand *o, u64 value)
{
	u64 mask = o->size == 4 ? ~0ull : size_mask(o->size);

	value &= size_mask(o->size);
	if (o->kind == OPND_GPR_HIGH) {
		value <<= 8;
		mask <<= 8;
	}
	x->gpr[o->reg] = (x->gpr[o->reg] & ~mask) | value;
}

u64 exec_addr_reg(const struct exec *x, u8 reg, u8 size)
{
	return x->gpr[reg] & size_mask(size);
}

void exec_addr_reg_set(struct exec *x, u8 reg, u8 size, u64 value)
{
	const struct insn_operand o = {OPND_GPR, reg, size};

	exec_reg_write(x, &o, value);
}

/* The linear address of an operand in memory. */
static int operand_linear(struct exec *x, const struct insn_operand *o, int access, gva_t *at)
{
	u8 adsize = x->insn->adsize;

	switch (o->kind) {
	case OPND_STR_DI:
		return exec_linear(x, SEG_ES, exec_addr_reg(x, GPR_RDI, adsize), o->size, access,
				   at);
	case OPND_STR_SI:
		return exec_linear(x, x->insn->mem.seg, exec_addr_reg(x, GPR_RSI, adsize), o->size,
				   access, at);
	default:
		return exec_linear(x, x->insn->mem.seg, exec_offset(x), o->size, access, at);
	}
}

int exec_read(struct exec *x, const struct insn_operand *o, int access, u64 *value)
{
	gva_t at;
	int err;

	switch (o->kind) {
	case OPND_GPR:
	case OPND_GPR_HIGH:
		*value = exec_reg_read(x, o);
		return 0;
	case OPND_IMM:
		*value = x->insn->imm & size_mask(o->size);
		return 0;
	default:
		break;
	}
	err = operand_linear(x, o, access, &at);
	if (err == 0) {
		err = x->bus->read(x->bus, at, o->size, access == MEM_WRITE, value);
	}
	if (err == 0) {
		*value &= size_mask(o->size);
	}
	return err;
}

int exec_write(struct exec *x, const struct insn_operand *o, u64 value)
{
	gva_t at;
	int err;

	if (o->kind == OPND_GPR || o->kind == OPND_GPR_HIGH) {
		exec_reg_write(x, o, value);
		return 0;
	}
	err = operand_linear(x, o, MEM_WRITE, &at);
	return err != 0 ? err : x->bus->write(x->bus, at, o->size, value & size_mask(o->size));
}
