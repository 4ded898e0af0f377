/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the executor share: one instruction in execution, access to its operands and to
 * memory, and the arithmetic on values and flags.
 */
#ifndef ARCH_X86_EMUL_EXEC_PRIV_H
#define ARCH_X86_EMUL_EXEC_PRIV_H

#include "arch/x86/emul/exec.h"

enum {
	FLAG_CF = BIT(0),
	FLAG_PF = BIT(2),
	FLAG_AF = BIT(4),
	FLAG_ZF = BIT(6),
	FLAG_SF = BIT(7),
	FLAG_TF = BIT(8),
	FLAG_DF = BIT(10),
	FLAG_OF = BIT(11),
	FLAG_RF = BIT(16),
	FLAG_VM = BIT(17),
	FLAG_AC = BIT(18),
	FLAGS_ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
};

/* An instruction in execution. rflags and rip_next become the guest's when it has succeeded. */
struct exec {
	const struct insn *insn;
	u64 *gpr;
	struct guest_state *gs;
	struct emul_bus *bus;
	u64 rflags;
	u64 rip_next;
	u32 max_iterations;
	u8 rsp_bias; /* POP: RSP counts as that much higher in the address of the operand */
};

/* The low `size` (1, 2, 4, 8) bytes set. */
static inline u64 size_mask(u8 size)
{
	return ~0ull >> (64 - 8 * size);
}

static inline u64 sign_extend(u64 value, u8 size)
{
	return (u64)((s64)(value << (64 - 8 * size)) >> (64 - 8 * size));
}

/* --- exec_mem.c: addresses and memory --------------------------------------------------------- */

enum { MEM_READ, MEM_WRITE };

/* Fills bus->fault, returns ERR_FAULT. */
int exec_fault(struct exec *x, u8 vector);

/* Whether `address` is canonical for the guest's number of paging levels. */
bool exec_is_canonical(const struct exec *x, u64 address);

/* Segmentation: seg:offset, checked for `size` bytes of `access`, to a linear address. */
int exec_linear(struct exec *x, u8 seg, u64 offset, u8 size, int access, gva_t *at) must_check;

/* Offset of the memory operand in its segment. */
u64 exec_offset(const struct exec *x);

/* Registers by operand; writes of 4 bytes clear bits 63:32, of 1 and 2 bytes keep the others. */
u64 exec_reg_read(const struct exec *x, const struct insn_operand *o);
void exec_reg_write(struct exec *x, const struct insn_operand *o, u64 value);

/* The low `size` bytes of register `reg` as an address register (string index, counter, RSP). */
u64 exec_addr_reg(const struct exec *x, u8 reg, u8 size);
void exec_addr_reg_set(struct exec *x, u8 reg, u8 size, u64 value);

/* Reads an operand, zero-extended from its size. `access` is MEM_WRITE when it will be written,
 * too. */
int exec_read(struct exec *x, const struct insn_operand *o, int access, u64 *value) must_check;
int exec_write(struct exec *x, const struct insn_operand *o, u64 value) must_check;

/* --- exec_alu.c: arithmetic ------------------------------------------------------------------- */

/* Result of `a op b` on `size` bytes; the flags that op defines are changed in *rflags. Operations
 * of one operand ignore b. */
typedef u64 (*alu_fn)(u64 a, u64 b, u8 size, u64 *rflags);

u64 alu_add(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_adc(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_sub(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_sbb(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_and(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_or(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_xor(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_not(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_neg(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_inc(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_dec(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_rol(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_ror(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_rcl(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_rcr(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_shl(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_shr(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_sar(u64 a, u64 b, u8 size, u64 *rflags);

/* b is the bit number, already below the operand's width. */
u64 alu_bt(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_bts(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_btr(u64 a, u64 b, u8 size, u64 *rflags);
u64 alu_btc(u64 a, u64 b, u8 size, u64 *rflags);

/* Whether condition `cond` (low opcode bits of Jcc, SETcc) holds. */
bool alu_condition(u8 cond, u64 rflags);

/* --- exec_string.c ---------------------------------------------------------------------------- */

/* MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS with their repeat prefixes; IN; OUT. */
int exec_string(struct exec *x) must_check;
int exec_in(struct exec *x) must_check;
int exec_out(struct exec *x) must_check;

#endif
