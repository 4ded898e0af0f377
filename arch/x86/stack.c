// SPDX-License-Identifier: GPL-2.0-only
/*
 * See stack.h. Each pCPU has a slot of the stack window; in it, from low to high addresses: guard
 * page, main stack, guard page, stack of NMI, guard page, of #DF, guard page, of #MC.
 */
#include "arch/x86/stack.h"
#include "arch/x86/host_map.h"
#include "arch/x86/layout.h"
#include "kernel/early_memory.h"
#include "kernel/lib/err.h"

#define MAIN_PAGES 8u
#define IST_PAGES  2u
#define SLOT_SIZE  KIB(128)

/* First page of each stack in its slot; the page below is its guard. Index: IST_NONE is the main
 * stack. */
static const struct {
	u32 first_page, pages;
} stacks[IST_COUNT] = {
	[IST_NONE] = {1, MAIN_PAGES},
	[IST_NMI] = {MAIN_PAGES + 2, IST_PAGES},
	[IST_DF] = {MAIN_PAGES + IST_PAGES + 3, IST_PAGES},
	[IST_MC] = {MAIN_PAGES + 2 * IST_PAGES + 4, IST_PAGES},
};

extern const u8 boot_tables[], boot_stack_top[]; /* boot/entry.asm: the boot stack lies between */
__attribute__((noreturn)) void stack_switch_asm(u64 top, void (*fn)(void));

static u64 slot_base(u32 pcpu)
{
	return LAYOUT_STACKS_BASE + pcpu * SLOT_SIZE;
}

int stack_create(struct percpu *p)
{
	for (u32 i = 0; i < IST_COUNT; i++) {
		u64 va = slot_base(p->id) + stacks[i].first_page * PAGE_SIZE;
		u64 size = stacks[i].pages * PAGE_SIZE;
		hpa_t at;
		int err = early_memory_alloc(stacks[i].pages, GIB(4), &at);

		if (err == ERR_OK) {
			err = host_map(va, at, size, HOST_MAP_WRITE);
		}
		if (err != ERR_OK) {
			return err;
		}
		if (i == IST_NONE) {
			p->stack_top = va + size;
		} else {
			p->gdt.tss.ist[i] = va + size;
		}
	}
	return ERR_OK;
}

/* The page of a slot in which an address of the stack window lies; false: not in the window. */
static bool find_page(u64 address, u32 *pcpu, u32 *page)
{
	u64 offset = address - LAYOUT_STACKS_BASE;

	if (address < LAYOUT_STACKS_BASE || offset >= PCPU_MAX * SLOT_SIZE) {
		return false;
	}
	*pcpu = (u32)(offset / SLOT_SIZE);
	*page = (u32)(offset % SLOT_SIZE / PAGE_SIZE);
	return *pcpu < arch_pcpu_count();
}

bool stack_contains(u64 address, u64 size_bytes)
{
	u32 pcpu, page, last_pcpu, last_page;

	if (address >= (u64)(uintptr_t)boot_tables &&
	    address + size_bytes <= (u64)(uintptr_t)boot_stack_top) {
		return true;
	}
	if (!find_page(address, &pcpu, &page) ||
	    !find_page(address + size_bytes - 1, &last_pcpu, &last_page) || pcpu != last_pcpu) {
		return false;
	}
	for (u32 i = 0; i < IST_COUNT; i++) {
		if (page >= stacks[i].first_page &&
		    last_page < stacks[i].first_page + stacks[i].pages && page <= last_page) {
			return true;
		}
	}
	return false;
}

bool stack_is_guard(u64 address, u32 *pcpu)
{
	u32 page;

	if (!find_page(address, pcpu, &page)) {
		return false;
	}
	for (u32 i = 0; i < IST_COUNT; i++) {
		if (page == stacks[i].first_page - 1) {
			return true;
		}
	}
	return false;
}

void stack_switch(struct percpu *p, void (*fn)(void))
{
	stack_switch_asm(p->stack_top, fn);
}
