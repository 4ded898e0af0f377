/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of a guest's instruction, by its segment and page tables. Pure. */
#ifndef ARCH_X86_EMUL_FETCH_H
#define ARCH_X86_EMUL_FETCH_H

#include "arch/x86/emul/decode.h"
#include "arch/x86/emul/walk.h"

struct insn_bytes {
	u8 byte[INSN_LEN_MAX];
	u8 count;
	gva_t fault_address; /* when ERR_FAULT was returned */
	u32 fault_error;
};

/* Fetches up to INSN_LEN_MAX bytes at gs->rip; needs GS_RIP and GS_CODE of *gs, and `access` is WALK_FETCH, perhaps
 * with WALK_PEEK. Less than all of them only with an error: ERR_FAULT: #PF for the first one missing;
 * ERR_NOENT: that is not in RAM; what walk() returns. */
int insn_fetch(const struct guest_state *gs, const struct walk_mode *mode, struct walk_mem *mem,
	       u32 access, struct insn_bytes *out) must_check;

#endif
