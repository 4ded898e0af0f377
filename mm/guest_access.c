// SPDX-License-Identifier: GPL-2.0-only
/* Copies page by page through the direct map. */
#include "mm/guest_access.h"

#include "arch/arch.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

static int page_find(struct p2m *p2m, gfn_t gfn, mfn_t *out)
{
	if (!p2m_is_ram(p2m, gfn)) {
		return ERR_FAULT; /* there may be a page all the same: p2m_back_device() */
	}
	if (p2m_lookup(p2m, gfn, out) == 0) {
		return 0;
	}
	return p2m_touch(p2m, gfn, out);
}

void *guest_page(struct p2m *p2m, gfn_t gfn)
{
	mfn_t page;

	return page_find(p2m, gfn, &page) == 0 ? mfn_to_va(page) : NULL;
}

int guest_read(struct p2m *p2m, gpa_t from, void *to, u64 size_bytes)
{
	u8 *dst = to;

	while (size_bytes > 0) {
		u64 offset = from.v & PAGE_MASK;
		u64 n = MIN(size_bytes, PAGE_SIZE - offset);
		mfn_t page;
		int err = page_find(p2m, gpa_to_gfn(from), &page);

		if (err != 0) {
			return err;
		}
		memcpy(dst, (u8 *)mfn_to_va(page) + offset, n);
		dst += n;
		from.v += n;
		size_bytes -= n;
	}
	return 0;
}

int guest_write(struct p2m *p2m, gpa_t to, const void *from, u64 size_bytes)
{
	const u8 *src = from;

	while (size_bytes > 0) {
		u64 offset = to.v & PAGE_MASK;
		u64 n = MIN(size_bytes, PAGE_SIZE - offset);
		mfn_t page;
		int err = page_find(p2m, gpa_to_gfn(to), &page);

		if (err != 0) {
			return err;
		}
		memcpy((u8 *)mfn_to_va(page) + offset, src, n);
		src += n;
		to.v += n;
		size_bytes -= n;
	}
	return 0;
}

int guest_write_u64(struct p2m *p2m, gpa_t to, u64 value)
{
	mfn_t page;
	int err = page_find(p2m, gpa_to_gfn(to), &page);

	assert(to.v % sizeof(value) == 0);
	if (err == 0) {
		__atomic_store_n((u64 *)((u8 *)mfn_to_va(page) + (to.v & PAGE_MASK)), value,
				 __ATOMIC_RELAXED);
	}
	return err;
}
