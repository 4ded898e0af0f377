/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decoder and its opcode tables share: how one table entry describes an instruction.
 */
#ifndef ARCH_X86_EMUL_DECODE_PRIV_H
#define ARCH_X86_EMUL_DECODE_PRIV_H

#include "arch/x86/emul/decode.h"

/* Entries that are no instruction but choose one of the eight entries of row `dst`. */
enum {
	DESC_BY_REG = 0xf0, /* by ModRM.reg */
	DESC_BY_RM = 0xf1,  /* by ModRM.rm */
	DESC_BY_MOD = 0xf2, /* 0: memory form, 1: register form */
	DESC_BY_PREFIX =
		0xf3, /* 0: none, 1: 66, 2: F3, 3: F2; the last of F2 and F3 wins over 66 */
};
static_assert((int)INSN_COUNT <= (int)DESC_BY_REG, "instruction ids and selectors share a byte");

/* Where an operand is encoded. */
enum {
	O_NONE,
	O_RM,	 /* ModRM.rm: register or memory */
	O_REG,	 /* ModRM.reg */
	O_ACC,	 /* rAX */
	O_CL,	 /* CL */
	O_ONE,	 /* the constant 1 */
	O_IMM,	 /* immediate of the operand size, at most 4 bytes, sign-extended */
	O_IMM8,	 /* immediate byte, sign-extended */
	O_IMM8U, /* immediate byte, zero-extended */
	O_MOFFS, /* memory at an absolute offset of the address size */
	O_DX,
	O_SI,
	O_DI,
	O_CR, /* ModRM.reg names a control register */
	O_DR,
};

/* Operand size. S_B to S_O: bytes. */
enum {
	S_0 = 0,
	S_B = 1,
	S_W = 2,
	S_D = 4,
	S_T = 6, /* 6, or 10 in 64-bit mode: pseudo-descriptors */
	S_Q = 8,
	S_O = 16,
	S_V,   /* operand size attribute: 2, 4, 8 */
	S_Z,   /* the same, but at most 4 */
	S_Y,   /* 8 in 64-bit mode, else 4; no prefix changes it */
	S_DQ,  /* 4, with REX.W 8 */
	S_STK, /* as S_V, but 8 by default in 64-bit mode */
	S_BR,  /* 8 in 64-bit mode, else as S_V */
	S_MSW, /* 2 in memory, S_V in a register */
	S_CX,  /* 8, with REX.W 16 */
};

enum {
	F_LOCK = BIT(0),   /* LOCK is legal with a memory destination */
	F_MEM = BIT(1),	   /* only the memory form exists */
	F_REG = BIT(2),	   /* ModRM.mod is ignored: always a register */
	F_NO64 = BIT(3),   /* not in 64-bit mode */
	F_ONLY64 = BIT(4), /* only in 64-bit mode */
	F_NP = BIT(5),	   /* with 66, F2 or F3 this is another instruction or none */
	F_SRC8 = BIT(6),   /* source is 1, 2, at most 4, 16 bytes whatever the operand size is */
	F_SRC16 = BIT(7),
	F_SRC32 = BIT(8),
	F_SRC128 = BIT(9),
	F_COND = BIT(10), /* low four opcode bits are a condition */
};

struct insn_desc {
	u8 id; /* INSN_*, DESC_BY_*; INSN_NONE: not known */
	u8 dst, src;
	u8 size;
	u16 flags;
};

extern const struct insn_desc decode_map_1b[256];
extern const struct insn_desc decode_map_0f[256];
extern const struct insn_desc decode_map_0f38[256];
extern const struct insn_desc decode_rows[][8];

#define NO_SEG 0xff

enum { REX_B = BIT(0), REX_X = BIT(1), REX_R = BIT(2), REX_W = BIT(3) };

/* What is known while decoding goes on. `err` is sticky: once set, what is read has no meaning. */
struct cursor {
	const u8 *bytes;
	u8 n;	/* bytes given, at most INSN_LEN_MAX */
	u8 pos; /* bytes consumed */
	u8 seg; /* segment override that counts, or NO_SEG */
	bool has_modrm;
	int err;
	struct insn *insn;
};

static inline u8 mod_of(const struct insn *insn)
{
	return insn->modrm >> 6;
}

static inline u8 reg_of(const struct insn *insn)
{
	return (insn->modrm >> 3) & 7;
}

static inline u8 rm_of(const struct insn *insn)
{
	return insn->modrm & 7;
}

/* The next byte; 0 and c->err set when there is none. */
u8 decode_next_u8(struct cursor *c);

/* Reads SIB and displacement of a ModRM whose mod is not 3 into insn->mem. */
void decode_memory(struct cursor *c);

/* Fills dst and src as `d` says, reading immediates and absolute offsets. */
void decode_operands(struct cursor *c, const struct insn_desc *d);

#endif
