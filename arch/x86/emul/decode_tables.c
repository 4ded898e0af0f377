// SPDX-License-Identifier: GPL-2.0-only
/*
 * The opcode maps of the decoder, as constant data: one entry per opcode, rows of eight where ModRM
 * or a prefix chooses. What is absent is not known to the decoder. Order and names follow the
 * opcode maps of SDM volume 2 appendix A; AMD-V instructions APM volume 3 appendix A.
 */
#include "arch/x86/emul/decode_priv.h"

/* clang-format off */

#define I(name, d, s, z, f) { INSN_##name, O_##d, O_##s, S_##z, f }
/* An instruction without operands. */
#define N(name, f)          { INSN_##name, O_NONE, O_NONE, S_0, f }
#define BY(what, row)       { DESC_BY_##what, row, 0, 0, 0 }

enum {
	ROW_GRP1_BYTE, ROW_GRP1_FULL, ROW_GRP1_SHORT, ROW_GRP1A,
	ROW_GRP2_BYTE_IMM, ROW_GRP2_FULL_IMM, ROW_GRP2_BYTE_1, ROW_GRP2_FULL_1, ROW_GRP2_BYTE_CL,
	ROW_GRP2_FULL_CL, ROW_GRP3_BYTE, ROW_GRP3_FULL, ROW_GRP4, ROW_GRP5, ROW_GRP11_BYTE,
	ROW_GRP11_FULL, ROW_NOP, ROW_GRP6, ROW_GRP7, ROW_GRP7_MEM, ROW_GRP7_REG, ROW_GRP7_C0,
	ROW_GRP7_C8, ROW_GRP7_D0, ROW_GRP7_D8, ROW_GRP7_F8, ROW_GRP7_FA, ROW_GRP8, ROW_GRP9,
	ROW_GRP9_MEM, ROW_GRP9_REG, ROW_GRP9_M6, ROW_GRP9_R6, ROW_GRP9_R7, ROW_MOVBE_LOAD,
	ROW_MOVBE_STORE, ROW_INVEPT, ROW_INVVPID, ROW_INVPCID, ROW_COUNT
};

/* The four memory forms of the eight two-operand instructions at 00, 08, .. 38. */
#define ALU(op, name, lock)                                                     \
	[(op) + 0] = I(name, RM, REG, B, lock), [(op) + 1] = I(name, RM, REG, V, lock), \
	[(op) + 2] = I(name, REG, RM, B, 0),    [(op) + 3] = I(name, REG, RM, V, 0)

const struct insn_desc decode_map_1b[256] = {
	ALU(0x00, ADD, F_LOCK), ALU(0x08, OR, F_LOCK),  ALU(0x10, ADC, F_LOCK), ALU(0x18, SBB, F_LOCK),
	ALU(0x20, AND, F_LOCK), ALU(0x28, SUB, F_LOCK), ALU(0x30, XOR, F_LOCK), ALU(0x38, CMP, 0),
	[0x63] = I(MOVSX, REG, RM, V, F_ONLY64 | F_SRC32),
	[0x6c] = I(INS, DI, DX, B, 0),
	[0x6d] = I(INS, DI, DX, Z, 0),
	[0x6e] = I(OUTS, DX, SI, B, 0),
	[0x6f] = I(OUTS, DX, SI, Z, 0),
	[0x80] = BY(REG, ROW_GRP1_BYTE),
	[0x81] = BY(REG, ROW_GRP1_FULL),
	[0x82] = { DESC_BY_REG, ROW_GRP1_BYTE, 0, 0, F_NO64 },
	[0x83] = BY(REG, ROW_GRP1_SHORT),
	[0x84] = I(TEST, RM, REG, B, 0),
	[0x85] = I(TEST, RM, REG, V, 0),
	[0x86] = I(XCHG, RM, REG, B, F_LOCK),
	[0x87] = I(XCHG, RM, REG, V, F_LOCK),
	[0x88] = I(MOV, RM, REG, B, 0),
	[0x89] = I(MOV, RM, REG, V, 0),
	[0x8a] = I(MOV, REG, RM, B, 0),
	[0x8b] = I(MOV, REG, RM, V, 0),
	[0x8f] = BY(REG, ROW_GRP1A),
	[0x90] = BY(PREFIX, ROW_NOP),
	[0x9c] = I(PUSHF, NONE, NONE, STK, 0),
	[0x9d] = I(POPF, NONE, NONE, STK, 0),
	[0xa0] = I(MOV, ACC, MOFFS, B, 0),
	[0xa1] = I(MOV, ACC, MOFFS, V, 0),
	[0xa2] = I(MOV, MOFFS, ACC, B, 0),
	[0xa3] = I(MOV, MOFFS, ACC, V, 0),
	[0xa4] = I(MOVS, DI, SI, B, 0),
	[0xa5] = I(MOVS, DI, SI, V, 0),
	[0xa6] = I(CMPS, SI, DI, B, 0),
	[0xa7] = I(CMPS, SI, DI, V, 0),
	[0xaa] = I(STOS, DI, ACC, B, 0),
	[0xab] = I(STOS, DI, ACC, V, 0),
	[0xac] = I(LODS, ACC, SI, B, 0),
	[0xad] = I(LODS, ACC, SI, V, 0),
	[0xae] = I(SCAS, ACC, DI, B, 0),
	[0xaf] = I(SCAS, ACC, DI, V, 0),
	[0xc0] = BY(REG, ROW_GRP2_BYTE_IMM),
	[0xc1] = BY(REG, ROW_GRP2_FULL_IMM),
	[0xc6] = BY(REG, ROW_GRP11_BYTE),
	[0xc7] = BY(REG, ROW_GRP11_FULL),
	[0xcc] = N(INT3, 0),
	[0xcd] = I(INT, IMM8U, NONE, B, 0),
	[0xce] = N(INTO, F_NO64),
	[0xcf] = I(IRET, NONE, NONE, V, 0),
	[0xd0] = BY(REG, ROW_GRP2_BYTE_1),
	[0xd1] = BY(REG, ROW_GRP2_FULL_1),
	[0xd2] = BY(REG, ROW_GRP2_BYTE_CL),
	[0xd3] = BY(REG, ROW_GRP2_FULL_CL),
	[0xe4] = I(IN, ACC, IMM8U, B, 0),
	[0xe5] = I(IN, ACC, IMM8U, Z, 0),
	[0xe6] = I(OUT, IMM8U, ACC, B, 0),
	[0xe7] = I(OUT, IMM8U, ACC, Z, 0),
	[0xec] = I(IN, ACC, DX, B, 0),
	[0xed] = I(IN, ACC, DX, Z, 0),
	[0xee] = I(OUT, DX, ACC, B, 0),
	[0xef] = I(OUT, DX, ACC, Z, 0),
	[0xf1] = N(ICEBP, 0),
	[0xf4] = N(HLT, 0),
	[0xf6] = BY(REG, ROW_GRP3_BYTE),
	[0xf7] = BY(REG, ROW_GRP3_FULL),
	[0xfe] = BY(REG, ROW_GRP4),
	[0xff] = BY(REG, ROW_GRP5),
};

#define CMOV(op) [op] = I(CMOVCC, REG, RM, V, F_COND)
#define SET(op)  [op] = I(SETCC, RM, NONE, B, F_COND)
#define SIXTEEN(x, op) \
	x(op), x((op) + 1), x((op) + 2), x((op) + 3), x((op) + 4), x((op) + 5), x((op) + 6), \
	x((op) + 7), x((op) + 8), x((op) + 9), x((op) + 10), x((op) + 11), x((op) + 12), \
	x((op) + 13), x((op) + 14), x((op) + 15)

const struct insn_desc decode_map_0f[256] = {
	[0x00] = BY(REG, ROW_GRP6),
	[0x01] = BY(MOD, ROW_GRP7),
	[0x06] = N(CLTS, 0),
	[0x08] = N(INVD, 0),
	[0x09] = N(WBINVD, 0), /* with F3 WBNOINVD, which is intercepted alike */
	[0x20] = I(MOV_FROM_CR, RM, CR, Y, F_REG | F_LOCK),
	[0x21] = I(MOV_FROM_DR, RM, DR, Y, F_REG),
	[0x22] = I(MOV_TO_CR, CR, RM, Y, F_REG | F_LOCK),
	[0x23] = I(MOV_TO_DR, DR, RM, Y, F_REG),
	[0x30] = N(WRMSR, 0),
	[0x31] = N(RDTSC, 0),
	[0x32] = N(RDMSR, 0),
	[0x33] = N(RDPMC, 0),
	SIXTEEN(CMOV, 0x40),
	[0x78] = I(VMREAD, RM, REG, Y, F_NP),
	[0x79] = I(VMWRITE, REG, RM, Y, F_NP),
	SIXTEEN(SET, 0x90),
	[0xa2] = N(CPUID, 0),
	[0xa3] = I(BT, RM, REG, V, 0),
	[0xaa] = N(RSM, 0),
	[0xab] = I(BTS, RM, REG, V, F_LOCK),
	[0xb0] = I(CMPXCHG, RM, REG, B, F_LOCK),
	[0xb1] = I(CMPXCHG, RM, REG, V, F_LOCK),
	[0xb3] = I(BTR, RM, REG, V, F_LOCK),
	[0xb6] = I(MOVZX, REG, RM, V, F_SRC8),
	[0xb7] = I(MOVZX, REG, RM, V, F_SRC16),
	[0xba] = BY(REG, ROW_GRP8),
	[0xbb] = I(BTC, RM, REG, V, F_LOCK),
	[0xbe] = I(MOVSX, REG, RM, V, F_SRC8),
	[0xbf] = I(MOVSX, REG, RM, V, F_SRC16),
	[0xc0] = I(XADD, RM, REG, B, F_LOCK),
	[0xc1] = I(XADD, RM, REG, V, F_LOCK),
	[0xc3] = I(MOVNTI, RM, REG, DQ, F_MEM | F_NP),
	[0xc7] = BY(MOD, ROW_GRP9),
};

const struct insn_desc decode_map_0f38[256] = {
	[0x80] = BY(PREFIX, ROW_INVEPT),
	[0x81] = BY(PREFIX, ROW_INVVPID),
	[0x82] = BY(PREFIX, ROW_INVPCID),
	[0xf0] = BY(PREFIX, ROW_MOVBE_LOAD),
	[0xf1] = BY(PREFIX, ROW_MOVBE_STORE),
};

/* The eight instructions of group 1 and 2 with source `s` and size `z`. */
#define GRP1(s, z) { \
	I(ADD, RM, s, z, F_LOCK), I(OR, RM, s, z, F_LOCK),  I(ADC, RM, s, z, F_LOCK), \
	I(SBB, RM, s, z, F_LOCK), I(AND, RM, s, z, F_LOCK), I(SUB, RM, s, z, F_LOCK), \
	I(XOR, RM, s, z, F_LOCK), I(CMP, RM, s, z, 0) }
/* /6 is another encoding of SHL. */
#define GRP2(s, z) { \
	I(ROL, RM, s, z, 0), I(ROR, RM, s, z, 0), I(RCL, RM, s, z, 0), I(RCR, RM, s, z, 0), \
	I(SHL, RM, s, z, 0), I(SHR, RM, s, z, 0), I(SHL, RM, s, z, 0), I(SAR, RM, s, z, 0) }

const struct insn_desc decode_rows[][8] = {
	[ROW_GRP1_BYTE] = GRP1(IMM, B),
	[ROW_GRP1_FULL] = GRP1(IMM, V),
	[ROW_GRP1_SHORT] = GRP1(IMM8, V),
	[ROW_GRP1A] = { [0] = I(POP, RM, NONE, STK, 0) },
	[ROW_GRP2_BYTE_IMM] = GRP2(IMM8U, B),
	[ROW_GRP2_FULL_IMM] = GRP2(IMM8U, V),
	[ROW_GRP2_BYTE_1] = GRP2(ONE, B),
	[ROW_GRP2_FULL_1] = GRP2(ONE, V),
	[ROW_GRP2_BYTE_CL] = GRP2(CL, B),
	[ROW_GRP2_FULL_CL] = GRP2(CL, V),
	/* /1 is another encoding of TEST. */
	[ROW_GRP3_BYTE] = { [0] = I(TEST, RM, IMM, B, 0), [1] = I(TEST, RM, IMM, B, 0),
			    [2] = I(NOT, RM, NONE, B, F_LOCK), [3] = I(NEG, RM, NONE, B, F_LOCK) },
	[ROW_GRP3_FULL] = { [0] = I(TEST, RM, IMM, V, 0), [1] = I(TEST, RM, IMM, V, 0),
			    [2] = I(NOT, RM, NONE, V, F_LOCK), [3] = I(NEG, RM, NONE, V, F_LOCK) },
	[ROW_GRP4] = { [0] = I(INC, RM, NONE, B, F_LOCK), [1] = I(DEC, RM, NONE, B, F_LOCK) },
	[ROW_GRP5] = { [0] = I(INC, RM, NONE, V, F_LOCK), [1] = I(DEC, RM, NONE, V, F_LOCK),
		       [2] = I(CALL, RM, NONE, BR, 0), [4] = I(JMP, RM, NONE, BR, 0),
		       [6] = I(PUSH, RM, NONE, STK, 0) },
	[ROW_GRP11_BYTE] = { [0] = I(MOV, RM, IMM, B, 0) },
	[ROW_GRP11_FULL] = { [0] = I(MOV, RM, IMM, V, 0) },
	[ROW_NOP] = { [2] = N(PAUSE, 0) },
	[ROW_GRP6] = { [0] = I(SLDT, RM, NONE, MSW, 0), [1] = I(STR, RM, NONE, MSW, 0),
		       [2] = I(LLDT, RM, NONE, W, 0), [3] = I(LTR, RM, NONE, W, 0) },
	[ROW_GRP7] = { [0] = BY(REG, ROW_GRP7_MEM), [1] = BY(REG, ROW_GRP7_REG) },
	[ROW_GRP7_MEM] = { [0] = I(SGDT, RM, NONE, T, 0), [1] = I(SIDT, RM, NONE, T, 0),
			   [2] = I(LGDT, RM, NONE, T, 0), [3] = I(LIDT, RM, NONE, T, 0),
			   [4] = I(SMSW, RM, NONE, MSW, 0), [6] = I(LMSW, RM, NONE, W, 0),
			   [7] = I(INVLPG, RM, NONE, 0, 0) },
	[ROW_GRP7_REG] = { [0] = BY(RM, ROW_GRP7_C0), [1] = BY(RM, ROW_GRP7_C8),
			   [2] = BY(RM, ROW_GRP7_D0), [3] = BY(RM, ROW_GRP7_D8),
			   [4] = I(SMSW, RM, NONE, MSW, 0), [6] = I(LMSW, RM, NONE, W, 0),
			   [7] = BY(RM, ROW_GRP7_F8) },
	[ROW_GRP7_C0] = { [1] = N(VMCALL, F_NP), [2] = N(VMLAUNCH, F_NP),
			  [3] = N(VMRESUME, F_NP), [4] = N(VMXOFF, F_NP) },
	[ROW_GRP7_C8] = { [0] = N(MONITOR, F_NP), [1] = N(MWAIT, F_NP) },
	[ROW_GRP7_D0] = { [1] = N(XSETBV, F_NP), [4] = N(VMFUNC, F_NP) },
	/* VMMCALL with F2 or F3 is VMGEXIT, which is VMMCALL where SEV-ES is off. */
	[ROW_GRP7_D8] = { [0] = N(VMRUN, 0), [1] = N(VMMCALL, 0), [2] = N(VMLOAD, 0),
			  [3] = N(VMSAVE, 0), [4] = N(STGI, 0), [5] = N(CLGI, 0),
			  [6] = N(SKINIT, 0), [7] = N(INVLPGA, 0) },
	[ROW_GRP7_F8] = { [1] = N(RDTSCP, 0), [2] = BY(PREFIX, ROW_GRP7_FA),
			  [3] = N(MWAITX, F_NP), [5] = N(RDPRU, 0), [6] = N(INVLPGB, F_NP),
			  [7] = N(TLBSYNC, F_NP) },
	[ROW_GRP7_FA] = { [0] = N(MONITORX, 0), [2] = N(MCOMMIT, 0) },
	[ROW_GRP8] = { [4] = I(BT, RM, IMM8U, V, 0), [5] = I(BTS, RM, IMM8U, V, F_LOCK),
		       [6] = I(BTR, RM, IMM8U, V, F_LOCK), [7] = I(BTC, RM, IMM8U, V, F_LOCK) },
	[ROW_GRP9] = { [0] = BY(REG, ROW_GRP9_MEM), [1] = BY(REG, ROW_GRP9_REG) },
	[ROW_GRP9_MEM] = { [1] = I(CMPXCHG8B, RM, NONE, CX, F_LOCK), [6] = BY(PREFIX, ROW_GRP9_M6),
			   [7] = I(VMPTRST, RM, NONE, Q, F_NP) },
	[ROW_GRP9_REG] = { [6] = BY(PREFIX, ROW_GRP9_R6), [7] = BY(PREFIX, ROW_GRP9_R7) },
	[ROW_GRP9_M6] = { [0] = I(VMPTRLD, RM, NONE, Q, 0), [1] = I(VMCLEAR, RM, NONE, Q, 0),
			  [2] = I(VMXON, RM, NONE, Q, 0) },
	[ROW_GRP9_R6] = { [0] = I(RDRAND, RM, NONE, V, 0), [1] = I(RDRAND, RM, NONE, V, 0) },
	[ROW_GRP9_R7] = { [0] = I(RDSEED, RM, NONE, V, 0), [1] = I(RDSEED, RM, NONE, V, 0) },
	[ROW_MOVBE_LOAD] = { [0] = I(MOVBE, REG, RM, V, F_MEM), [1] = I(MOVBE, REG, RM, V, F_MEM) },
	[ROW_MOVBE_STORE] = { [0] = I(MOVBE, RM, REG, V, F_MEM), [1] = I(MOVBE, RM, REG, V, F_MEM) },
	[ROW_INVEPT] = { [1] = I(INVEPT, REG, RM, Y, F_MEM | F_SRC128) },
	[ROW_INVVPID] = { [1] = I(INVVPID, REG, RM, Y, F_MEM | F_SRC128) },
	[ROW_INVPCID] = { [1] = I(INVPCID, REG, RM, Y, F_MEM | F_SRC128) },
};
static_assert(ARRAY_SIZE(decode_rows) == ROW_COUNT, "every row has its entries");

/* clang-format on */
