/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executes one decoded instruction for a guest: MMIO and string I/O. Registers are changed in
 * place; memory and ports are reached through the caller's bus, which decides what is RAM and what
 * is a device. Instructions that only cause exits (CPUID, MOV CR, ...) are not executed here. Pure.
 *
 * Source: SDM volume 2; faults of segmentation: SDM 3A chapters 5 and 6.
 */
#ifndef ARCH_X86_EMUL_EXEC_H
#define ARCH_X86_EMUL_EXEC_H

#include "arch/x86/emul/decode.h"
#include "arch/x86/virt/virt.h"
#include "kernel/lib/types.h"

/* A fault to inject into the guest instead of the instruction's completion. */
struct emul_fault {
	u8 vector;
	bool has_error;
	u32 error;
	u64 address; /* #PF: for CR2 */
};

enum {
	EMUL_VECTOR_DE = 0,
	EMUL_VECTOR_UD = 6,
	EMUL_VECTOR_SS = 12,
	EMUL_VECTOR_GP = 13,
	EMUL_VECTOR_PF = 14,
	EMUL_VECTOR_AC = 17,
};

/*
 * How an instruction reaches memory and ports; the caller embeds it in a struct of its own. Sizes
 * are 1, 2, 4 or 8 bytes; linear addresses are checked by the executor for segment limits,
 * canonical form and alignment, and may cross a page. All return 0, or ERR_FAULT with `fault`
 * filled (page fault of the guest's tables), or any other code, which emul_exec() hands back with
 * the guest's registers unchanged.
 */
struct emul_bus {
	/* Reads into *value, zero-extended. `for_write`: a write to the same place follows, so the
	 * translation must allow writing and a page fault be that of a write. */
	int (*read)(struct emul_bus *bus, gva_t at, u8 size, bool for_write, u64 *value);
	int (*write)(struct emul_bus *bus, gva_t at, u8 size, u64 value);
	/* Translates as for a write, without any other effect: asked before a device is read whose
	 * value is to be written there, so that a page fault loses nothing. */
	int (*probe_write)(struct emul_bus *bus, gva_t at, u8 size);
	/* Ports, size 1, 2 or 4. Hardware has checked the right to use the port (IOPL, TSS bitmap)
	 * before it exited. */
	int (*in)(struct emul_bus *bus, u16 port, u8 size, u32 *value);
	int (*out)(struct emul_bus *bus, u16 port, u8 size, u32 value);
	struct emul_fault fault;
};

/*
 * Executes `insn`, decoded from the bytes at gs->rip. Needs of *gs: GS_RIP, GS_CONTROL, GS_SEGS;
 * changes rip, rflags and shadow only, and `gpr` (order GPR_*). The caller owns the vCPU.
 *
 * A REP instruction does at most `max_iterations` (at least 1) per call, and one when RFLAGS.TF is
 * set. Every memory operand of a read-modify-write instruction is read once and written once; LOCK
 * makes it no more atomic than that.
 *
 * Returns
 *   0           done: RIP is past the instruction, RF and the interrupt shadow are clear
 *   ERR_AGAIN   iterations remain: registers are up to date, RIP is at the instruction, RF is set;
 *               calling again or entering the guest continues it
 *   ERR_FAULT   bus->fault is to be injected; RIP is at the instruction, registers as before it, or
 *               after the last finished iteration
 *   ERR_NOTSUP  this instruction (or form of it) is not executed here
 *   other       what the bus returned
 * After 0 and ERR_AGAIN a single-step trap is due when RFLAGS.TF is set.
 */
int emul_exec(const struct insn *insn, u64 gpr[GPR_COUNT], struct guest_state *gs,
	      struct emul_bus *bus, u32 max_iterations) must_check;

#endif
