// SPDX-License-Identifier: GPL-2.0-only
/* Fetching goes page by page: an instruction lies in two at most. Pure. */
#include "arch/x86/emul/fetch.h"

#include "kernel/lib/string.h"

static gva_t code_address(const struct guest_state *gs, u64 offset)
{
	u64 rip = gs->rip + offset;

	if (insn_mode_of(gs->efer, gs->seg[SEG_CS].attr) == INSN_MODE_64) {
		return gva(rip);
	}
	return gva((u32)(gs->seg[SEG_CS].base + (u32)rip));
}

int insn_fetch(const struct guest_state *gs, const struct walk_mode *mode, struct walk_mem *mem,
	       u32 access, struct insn_bytes *out)
{
	out->count = 0;
	while (out->count < INSN_LEN_MAX) {
		gva_t at = code_address(gs, out->count);
		size_t room = PAGE_SIZE - (at.v & PAGE_MASK);
		size_t chunk = MIN((size_t)INSN_LEN_MAX - out->count, room);
		struct walk_result where = {.error = 0};
		int err = walk(mode, mem, at, access, &where);

		if (err != 0) {
			out->fault_address = at;
			out->fault_error = where.error;
			return err;
		}
		const u8 *page = mem->page(mem, gpa(where.gpa.v & ~PAGE_MASK));

		if (page == NULL) {
			return ERR_NOENT;
		}
		memcpy(out->byte + out->count, page + (at.v & PAGE_MASK), chunk);
		out->count += chunk;
	}
	return 0;
}
