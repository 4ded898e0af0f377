// SPDX-License-Identifier: GPL-2.0-only
/* Memory map of the Multiboot loader, pages for tests, 4 KiB mappings outside the one-to-one
 * region. BSP only. */
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define ENTRY_TABLE (PTE_P | PTE_W | PTE_U)
#define PTE_ADDRESS 0x000ffffffffff000ull

extern u32 boot_mbi;
extern u8 guest_image_end[];
extern u64 boot_pml4[512];

static u64 free_base;

struct multiboot_range {
	u32 size;
	u64 base, length;
	u32 type;
} packed_struct;

u64 ram_top(void)
{
	const u32 *mbi = (const u32 *)(uintptr_t)boot_mbi;

	return MIB(1) + KIB(mbi[2]);
}

void ram_for_each(void (*fn)(u64 base, u64 size, void *arg), void *arg)
{
	const u32 *mbi = (const u32 *)(uintptr_t)boot_mbi;
	const u8 *p = (const u8 *)(uintptr_t)mbi[12], *end = p + mbi[11];

	if ((mbi[0] & BIT(6)) == 0) {
		fn(MIB(1), KIB(mbi[2]), arg);
		return;
	}
	while (p < end) {
		const struct multiboot_range *r = (const struct multiboot_range *)p;
		if (r->type == 1) {
			fn(r->base, r->length, arg);
		}
		p += r->size + 4;
	}
}

u64 page_free_base(void)
{
	const u32 *mbi = (const u32 *)(uintptr_t)boot_mbi;

	if (free_base == 0) {
		/* Loaders put their information anywhere; QEMU right behind the image. */
		free_base = ALIGN_UP((u64)(uintptr_t)guest_image_end + MIB(1), LARGE_SIZE);
		if (boot_mbi >= MIB(1) && free_base < boot_mbi + MIB(1)) {
			free_base = ALIGN_UP((u64)boot_mbi + MIB(1), LARGE_SIZE);
		}
		if (free_base >= MIB(1) + KIB(mbi[2])) {
			free_base = (u64)(uintptr_t)guest_image_end;
		}
	}
	return free_base;
}

void *page_alloc(u32 n)
{
	u64 a = page_free_base();

	free_base += n * PAGE_SIZE;
	if (free_base > ram_top()) {
		report(false, "page_alloc", "out of memory at %lx", a);
		report_end();
	}
	return memset((void *)(uintptr_t)a, 0, n * PAGE_SIZE);
}

u64 *page_entry(u64 va)
{
	u64 *table = boot_pml4;

	for (u32 shift = 39; shift > 12; shift -= 9) {
		u64 *e = &table[va >> shift & 511];
		if ((*e & PTE_P) == 0) {
			*e = (u64)(uintptr_t)page_alloc(1) | ENTRY_TABLE;
		}
		table = (u64 *)(uintptr_t)(*e & PTE_ADDRESS);
	}
	return &table[va >> 12 & 511];
}

void page_map(u64 va, u64 pa, u64 flags)
{
	*page_entry(va) = flags != 0 ? pa | flags : 0;
	invlpg(va);
}
