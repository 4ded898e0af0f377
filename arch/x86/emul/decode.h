/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instruction decoder for 16-, 32- and 64-bit code: the length and identity of every instruction
 * that can cause an exit, and the operands of the integer instructions that a guest uses on MMIO
 * and for string I/O. It knows these instructions only and says so of all others. Pure.
 *
 * Source: SDM volume 2 chapter 2 and appendix A; APM volume 3 chapter 1 and appendix A.
 */
#ifndef ARCH_X86_EMUL_DECODE_H
#define ARCH_X86_EMUL_DECODE_H

#include "arch/x86/virt/virt.h"
#include "kernel/lib/err.h"
#include "kernel/lib/types.h"

/* No instruction is longer; one that would be raises #GP(0). */
#define INSN_LEN_MAX 15

/* The code segment's kind. Real and virtual-8086 mode are INSN_MODE_16 (CS.D is clear there). */
enum insn_mode { INSN_MODE_16, INSN_MODE_32, INSN_MODE_64 };

/* Every instruction the decoder knows. X(name) */
/* clang-format off */
#define INSN_LIST(X) \
	/* arithmetic, logic and moves: executed by emul_exec() */ \
	X(ADD) X(OR) X(ADC) X(SBB) X(AND) X(SUB) X(XOR) X(CMP) X(TEST) \
	X(NOT) X(NEG) X(INC) X(DEC) \
	X(ROL) X(ROR) X(RCL) X(RCR) X(SHL) X(SHR) X(SAR) \
	X(BT) X(BTS) X(BTR) X(BTC) \
	X(MOV) X(MOVZX) X(MOVSX) X(MOVBE) X(MOVNTI) X(SETCC) X(CMOVCC) \
	X(XCHG) X(XADD) X(CMPXCHG) X(CMPXCHG8B) \
	X(PUSH) X(POP) X(CALL) X(JMP) \
	/* strings and ports: executed by emul_exec() */ \
	X(MOVS) X(CMPS) X(STOS) X(LODS) X(SCAS) X(INS) X(OUTS) X(IN) X(OUT) \
	/* cause exits: length and register operand */ \
	X(CPUID) X(HLT) X(PAUSE) X(RDMSR) X(WRMSR) X(RDTSC) X(RDTSCP) X(RDPMC) X(RDPRU) \
	X(INVD) X(WBINVD) X(MONITOR) X(MWAIT) X(MONITORX) X(MWAITX) X(XSETBV) \
	X(CLTS) X(LMSW) X(SMSW) X(MOV_FROM_CR) X(MOV_TO_CR) X(MOV_FROM_DR) X(MOV_TO_DR) \
	X(INVLPG) X(INVPCID) X(INVLPGA) X(INVLPGB) X(TLBSYNC) X(MCOMMIT) \
	X(SGDT) X(SIDT) X(LGDT) X(LIDT) X(SLDT) X(STR) X(LLDT) X(LTR) \
	X(PUSHF) X(POPF) X(IRET) X(INT) X(INT3) X(INTO) X(ICEBP) X(RSM) X(RDRAND) X(RDSEED) \
	/* hypercalls, AMD-V and VT-x */ \
	X(VMCALL) X(VMMCALL) X(VMRUN) X(VMLOAD) X(VMSAVE) X(STGI) X(CLGI) X(SKINIT) \
	X(VMLAUNCH) X(VMRESUME) X(VMXOFF) X(VMXON) X(VMCLEAR) X(VMPTRLD) X(VMPTRST) \
	X(VMREAD) X(VMWRITE) X(INVEPT) X(INVVPID) X(VMFUNC)
#define INSN_ENUM(name) INSN_##name,
enum insn_id { INSN_NONE, INSN_LIST(INSN_ENUM) INSN_COUNT };
#undef INSN_ENUM
/* clang-format on */

enum insn_operand_kind {
	OPND_NONE,
	OPND_GPR,      /* general register `reg` */
	OPND_GPR_HIGH, /* AH, CH, DH, BH: bits 15:8 of general register `reg` (0..3) */
	OPND_MEM,      /* insn.mem */
	OPND_IMM,      /* insn.imm */
	OPND_CR,       /* control register `reg` */
	OPND_DR,       /* debug register `reg` */
	OPND_DX,       /* the port number in DX */
	OPND_STR_SI,   /* insn.mem.seg : rSI of the address size */
	OPND_STR_DI,   /* ES : rDI of the address size */
};

struct insn_operand {
	u8 kind; /* enum insn_operand_kind */
	u8 reg;	 /* GPR_* or number */
	u8 size; /* bytes; 0 for what is only an address (INVLPG) */
};

/* Effective address: base + index * scale + disp, cut to the address size, in segment `seg`. */
struct insn_mem {
	u8 seg;		   /* enum virt_seg, overrides applied */
	u8 base;	   /* GPR_*, GPR_NONE for none */
	u8 index;	   /* GPR_*, GPR_NONE for none */
	u8 scale;	   /* 1, 2, 4, 8 */
	bool rip_relative; /* base is the address of the next instruction */
	u64 disp;	   /* sign-extended; absolute address for MOV A0..A3 */
};

enum {
	INSN_PREFIX_OPSIZE = BIT(0), /* 66 */
	INSN_PREFIX_ADSIZE = BIT(1), /* 67 */
	INSN_PREFIX_LOCK = BIT(2),   /* F0 */
	INSN_PREFIX_REPNE = BIT(3),  /* F2, when it came after any F3 */
	INSN_PREFIX_REP = BIT(4),    /* F3, when it came after any F2 */
};

struct insn {
	u8 id;			      /* enum insn_id */
	u8 len;			      /* bytes, prefixes included */
	u8 mode;		      /* enum insn_mode it was decoded for */
	u8 prefixes;		      /* INSN_PREFIX_* */
	u8 rex;			      /* the REX byte that counts, or 0 */
	u8 opcode;		      /* last opcode byte */
	u8 modrm;		      /* 0 when there is none */
	u8 opsize;		      /* effective operand size attribute: 2, 4, 8 bytes */
	u8 adsize;		      /* effective address size: 2, 4, 8 bytes */
	u8 cond;		      /* condition code of SETCC and CMOVCC */
	struct insn_operand dst, src; /* dst alone for instructions of one operand */
	struct insn_mem mem;
	u64 imm; /* sign-extended to the operand size, upper bits as that extension leaves them */
};

/*
 * Decodes the instruction at bytes[0..n-1]. More than INSN_LEN_MAX bytes are not looked at. Returns
 *   0           *insn is filled
 *   ERR_AGAIN   not decided by n bytes, and n < INSN_LEN_MAX: fetch more
 *   ERR_NOTSUP  not an instruction this decoder knows
 *   ERR_INVAL   raises #UD: LOCK where it may not stand, an operand form that does not exist
 *   ERR_RANGE   raises #GP(0): longer than INSN_LEN_MAX
 * *insn is undefined unless 0 is returned. Whatever the bytes are, reads stay inside them.
 */
int insn_decode(const u8 *bytes, size_t n, enum insn_mode mode, struct insn *insn) must_check;

/* Its mnemonic in upper case ("CPUID"), "?" when `id` is none. */
const char *insn_name(u8 id);

/* The mode of code running with this EFER and CS attributes. */
static inline enum insn_mode insn_mode_of(u64 efer, u32 cs_attr)
{
	if ((efer & BIT(10)) != 0 && (cs_attr & SEG_ATTR_L) != 0) {
		return INSN_MODE_64;
	}
	return (cs_attr & SEG_ATTR_DB) != 0 ? INSN_MODE_32 : INSN_MODE_16;
}

/* Length (1..15) of the instruction at `bytes`. ERR_NOENT when it is a known
 * instruction but not `expected` (the guest changed its code meanwhile), else errors as
 * insn_decode(). */
int insn_len(const u8 *bytes, size_t n, enum insn_mode mode, enum insn_id expected) must_check;

#endif
