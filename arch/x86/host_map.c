// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the hypervisor's page tables (SDM vol. 3, 4.5), with the largest pages that fit. Table
 * pages come from early memory, later from a reserve that was set aside for device mappings. Lock:
 * `host_map`, taken by mappings made on request.
 */
#include "arch/x86/host_map.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_features.h"
#include "arch/x86/layout.h"
#include "kernel/early_memory.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lock.h"
#include "kernel/log.h"

#define PTE_P		   BIT(0)
#define PTE_W		   BIT(1)
#define PTE_PWT		   BIT(3)
#define PTE_PCD		   BIT(4)
#define PTE_A		   BIT(5)
#define PTE_D		   BIT(6)
#define PTE_PS		   BIT(7)  /* of a directory entry */
#define PTE_PAT		   BIT(7)  /* of a 4 KiB page */
#define PTE_PAT_PS	   BIT(12) /* of a larger page */
#define PTE_G		   BIT(8)
#define PTE_NX		   BIT(63)
#define PTE_ADDRESS	   0x000ffffffffff000ul
#define TABLE_LEVELS	   4
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * ((level)-1))

/* Table pages for mappings after start-up: 64 of them map 128 MiB in 4 KiB pages. */
#define RESERVE_PAGES	   64u

/* Legacy video memory: the only part of the first MiB that is surely not RAM or ROM. */
#define VGA_START	   0xa0000u
#define VGA_END		   0xc0000u

/* linker.ld */
extern const u8 image_text_start[], image_text_end[], image_rodata_start[], image_data_start[],
	image_end[];

static u64 *root;
static u8 *reserve;
static u32 reserve_used;
static u64 window_next = LAYOUT_WINDOW_BASE;
static struct spinlock map_lock;
static u64 displacement;

static u64 *table_alloc(void)
{
	if (early_memory_is_open()) {
		return early_memory_get(PAGE_SIZE);
	}
	return reserve_used < RESERVE_PAGES ? (u64 *)(reserve + PAGE_SIZE * reserve_used++) : NULL;
}

static u64 leaf_bits(u32 flags, u32 level)
{
	u64 bits = PTE_P | PTE_A | PTE_D | PTE_G;

	bits |= (flags & HOST_MAP_WRITE) != 0 ? PTE_W : 0;
	bits |= (flags & HOST_MAP_EXEC) != 0 ? 0 : PTE_NX;
	bits |= (flags & HOST_MAP_UNCACHED) != 0 ? PTE_PCD | PTE_PWT : 0;
	bits |= level > 1 ? PTE_PS : 0;
	if ((flags & HOST_MAP_WRITE_COMBINING) != 0) { /* entry 4 of the PAT, cpu_features.c */
		bits |= level > 1 ? PTE_PAT_PS : PTE_PAT;
	}
	return bits;
}

/* The entry for va at `level`, tables above it made as needed; NULL: no memory, or a larger page
 * there. */
static u64 *entry_at(u64 va, u32 level)
{
	u64 *table = root;

	for (u32 l = TABLE_LEVELS; l > level; l--) {
		u64 *entry = &table[(va >> LEVEL_SHIFT(l)) & 511];

		if ((*entry & PTE_P) == 0) {
			u64 *below = table_alloc();

			if (below == NULL) {
				return NULL;
			}
			*entry = va_to_hpa(below).v | PTE_P | PTE_W | PTE_A;
		} else if ((*entry & PTE_PS) != 0) {
			return NULL;
		}
		table = hpa_to_va(hpa(*entry & PTE_ADDRESS));
	}
	return &table[(va >> LEVEL_SHIFT(level)) & 511];
}

static u32 largest_level(u64 va, u64 pa, u64 size)
{
	u32 level = cpu_has(CPU_PAGE1GB) ? 3 : 2;

	for (; level > 1; level--) {
		u64 page = 1ul << LEVEL_SHIFT(level);

		if (((va | pa) & (page - 1)) == 0 && size >= page) {
			break;
		}
	}
	return level;
}

int host_map(u64 va, hpa_t base, u64 size_bytes, u32 flags)
{
	u64 pa = base.v;

	assert(((va | pa | size_bytes) & PAGE_MASK) == 0);
	while (size_bytes > 0) {
		u32 level = largest_level(va, pa, size_bytes);
		u64 *entry = entry_at(va, level);

		if (entry == NULL) {
			return ERR_NOMEM;
		}
		if ((*entry & PTE_P) != 0) {
			return ERR_EXIST;
		}
		*entry = pa | leaf_bits(flags, level);
		va += 1ul << LEVEL_SHIFT(level);
		pa += 1ul << LEVEL_SHIFT(level);
		size_bytes -= 1ul << LEVEL_SHIFT(level);
	}
	return ERR_OK;
}

void *host_map_window(hpa_t base, u64 size_bytes, u32 flags)
{
	u64 offset = base.v & PAGE_MASK;
	u64 start = base.v - offset;
	u64 size = ALIGN_UP(offset + size_bytes, PAGE_SIZE);
	/* Large pages are used where virtual and physical addresses agree below their size. */
	u64 align = size >= LARGE_SIZE ? LARGE_SIZE : PAGE_SIZE;
	void *result = NULL;

	if (size_bytes == 0 || size < size_bytes || size > LAYOUT_WINDOW_SIZE ||
	    start + size > BIT(cpu_phys_bits())) {
		return NULL;
	}
	spin_lock(&map_lock);
	u64 va = ALIGN_UP(window_next, align) + (start & (align - 1));

	if (va + size <= LAYOUT_WINDOW_BASE + LAYOUT_WINDOW_SIZE) {
		window_next = va + size;
		if (host_map(va, hpa(start), size, flags) == ERR_OK) {
			result = (void *)(uintptr_t)(va + offset);
		}
	}
	spin_unlock(&map_lock);
	return result;
}

void *arch_map_mmio(hpa_t base, u64 size_bytes)
{
	return host_map_window(base, size_bytes, HOST_MAP_WRITE | HOST_MAP_UNCACHED);
}

static bool is_mapped(u64 va)
{
	const u64 *table = root;

	for (u32 l = TABLE_LEVELS; l > 0; l--) {
		u64 entry = table[(va >> LEVEL_SHIFT(l)) & 511];

		if ((entry & PTE_P) == 0) {
			return false;
		}
		if (l > 1 && (entry & PTE_PS) != 0) {
			return true;
		}
		table = hpa_to_va(hpa(entry & PTE_ADDRESS));
	}
	return true;
}

bool host_map_is_direct(hpa_t base, u64 size_bytes)
{
	u64 start = ALIGN_DOWN(base.v, PAGE_SIZE);

	if (base.v + size_bytes < base.v || base.v + size_bytes > LAYOUT_DIRECT_MAP_SIZE) {
		return false;
	}
	for (u64 at = start; at < base.v + size_bytes; at += PAGE_SIZE) {
		if (!is_mapped(ARCH_DIRECT_MAP_BASE + at)) {
			return false;
		}
	}
	return true;
}

static void must_map(u64 va, u64 pa, u64 size_bytes, u32 flags)
{
	int err = size_bytes == 0 ? ERR_OK : host_map(va, hpa(pa), size_bytes, flags);

	if (err != ERR_OK) {
		panic("cannot map %#llx: %s", (unsigned long long)va, err_name(err));
	}
}

static void map_image(void)
{
	const struct {
		const u8 *start, *end;
		u32 flags;
	} parts[] = {
		{image_text_start, image_text_end, HOST_MAP_EXEC},
		{image_rodata_start, image_data_start, 0},
		{image_data_start, image_end, HOST_MAP_WRITE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		u64 va = (u64)(uintptr_t)parts[i].start;
		u64 end = ALIGN_UP((u64)(uintptr_t)parts[i].end, PAGE_SIZE);

		must_map(va, va - LAYOUT_IMAGE_BASE + displacement, end - va, parts[i].flags);
	}
}

/* [base, end) of RAM in the direct map; what the image must not write through it either stays
 * read-only. */
static void map_ram(u64 base, u64 end, u64 ro_start, u64 ro_end)
{
	const struct {
		u64 start, end;
		u32 flags;
	} parts[] = {
		{base, MIN(end, MAX(base, ro_start)), HOST_MAP_WRITE},
		{MAX(base, ro_start), MIN(end, ro_end), 0},
		{MAX(base, ro_end), end, HOST_MAP_WRITE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].start < parts[i].end) {
			must_map(ARCH_DIRECT_MAP_BASE + parts[i].start, parts[i].start,
				 parts[i].end - parts[i].start, parts[i].flags);
		}
	}
}

static void map_all_ram(const struct boot_info *info, u64 ro_start, u64 ro_end)
{
	/* The first MiB whole: RAM, and ROM with what the BIOS left there. */
	map_ram(0, VGA_START, 0, 0);
	map_ram(VGA_END, MIB(1), 0, 0);
	for (u32 i = 0; i < info->range_count;) {
		u64 base = info->ranges[i].base.v;
		u64 end = base;

		/* Neighbours together, for larger pages. */
		for (; i < info->range_count && info->ranges[i].base.v == end; i++) {
			if (info->ranges[i].type == BOOT_RESERVED) {
				break;
			}
			end += info->ranges[i].size_bytes;
		}
		if (end == base) { /* reserved */
			i++;
			continue;
		}
		base = MAX(base, MIB(1));
		if (end > LAYOUT_DIRECT_MAP_SIZE) {
			panic("RAM above %llu TiB is not supported",
			      (unsigned long long)(LAYOUT_DIRECT_MAP_SIZE >> 40));
		}
		if (base < end) {
			map_ram(base, end, ro_start, ro_end);
		}
	}
}

void host_map_init(const struct boot_info *info)
{
	u64 text = (u64)(uintptr_t)image_text_start - LAYOUT_IMAGE_BASE;
	u64 data = (u64)(uintptr_t)image_data_start - LAYOUT_IMAGE_BASE;

	displacement = info->image_base.v + info->image_size_bytes -
		       ((u64)(uintptr_t)image_end - LAYOUT_IMAGE_BASE);
	root = early_memory_get(PAGE_SIZE);
	reserve = early_memory_get(RESERVE_PAGES * PAGE_SIZE);
	map_image();
	map_all_ram(info, text + displacement, data + displacement);
}

u64 host_map_displacement(void)
{
	return displacement;
}

void host_map_load(void)
{
	write_cr3(va_to_hpa(root).v);
}
