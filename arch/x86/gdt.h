/* SPDX-License-Identifier: GPL-2.0-only */
/* Segment descriptors and task-state segment of one pCPU (SDM vol. 3, 3.4.5 and 8.7). */
#ifndef ARCH_X86_GDT_H
#define ARCH_X86_GDT_H

#include "kernel/lib/types.h"

/* Interrupt stack table slots of the vectors that must not trust the current stack. */
enum { IST_NONE, IST_NMI, IST_DF, IST_MC, IST_COUNT };

struct tss64 {
	u32 reserved0;
	u64 rsp[3];
	u64 ist[8]; /* ist[0] is reserved */
	u64 reserved1;
	u16 reserved2;
	u16 iomap_base;
} packed_struct;
static_assert(sizeof(struct tss64) == 104, "TSS size, SDM figure 8-11");
assert_offset(struct tss64, ist, 28);

struct gdt_area {
	u64 gdt[5]; /* null, code, data, TSS (two entries) */
	struct tss64 tss aligned_to(16);
};

/* Fills the descriptors; tss.ist[] is the caller's. */
void gdt_init(struct gdt_area *area);

/* Loads GDT, segment registers and task register of this pCPU. GS base becomes 0. */
void gdt_load(struct gdt_area *area);

#endif
