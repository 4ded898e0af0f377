// SPDX-License-Identifier: GPL-2.0-only
/* See gdt.h. Long mode ignores most of a descriptor: flat code and data, and the TSS for its
 * stacks. */
#include "arch/x86/gdt.h"
#include "arch/x86/regs.h"

#define DESCRIPTOR_CODE64 0x00209b0000000000ul /* present, ring 0, execute-read, accessed, L */
#define DESCRIPTOR_DATA	  0x00cf93000000fffful /* present, ring 0, read-write, accessed */
#define DESCRIPTOR_TSS	  0x0000890000000000ul /* present, 64-bit TSS, available */

void gdt_init(struct gdt_area *area)
{
	u64 base = (u64)(uintptr_t)&area->tss;
	u64 limit = sizeof(area->tss) - 1;

	area->gdt[0] = 0;
	area->gdt[GDT_CODE64 / 8] = DESCRIPTOR_CODE64;
	area->gdt[GDT_DATA / 8] = DESCRIPTOR_DATA;
	area->gdt[GDT_TSS / 8] =
		DESCRIPTOR_TSS | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	area->gdt[GDT_TSS / 8 + 1] = base >> 32;
	area->tss.iomap_base = sizeof(area->tss); /* no I/O bitmap */
}

void gdt_load(struct gdt_area *area)
{
	const struct {
		u16 limit;
		u64 base;
	} packed_struct pointer = {sizeof(area->gdt) - 1, (u64)(uintptr_t)area->gdt};

	__asm__ volatile("lgdt %[gdt]\n\t"
			 "pushq %[code]\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n\t"
			 "1: movl %[data], %%ds\n\t"
			 "movl %[data], %%es\n\t"
			 "movl %[data], %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%fs\n\t"
			 "movl %%eax, %%gs\n\t"
			 "lldt %%ax\n\t"
			 "ltr %w[tss]\n\t"
			 :
			 : [gdt] "m"(pointer), [code] "i"(GDT_CODE64), [data] "r"(GDT_DATA),
			   [tss] "r"(GDT_TSS)
			 : "rax", "memory");
}
