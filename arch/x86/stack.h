/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks of the pCPUs: each pCPU has one for all its work and one for each of NMI, #DF and #MC, in
 * a window of the address space of their own with an unmapped guard page below each.
 */
#ifndef ARCH_X86_STACK_H
#define ARCH_X86_STACK_H

#include "arch/x86/percpu.h"
#include "kernel/lib/types.h"

/* Allocates and maps the stacks of a pCPU that has its id; sets p->stack_top and the IST entries.
 * ERR_NOMEM. Bootstrap pCPU, final page tables in use. */
int stack_create(struct percpu *p) must_check;

/* Are [address, address + size) inside a mapped stack (the boot stack included)? Any context. */
bool stack_contains(u64 address, u64 size_bytes);

/* Does `address` lie in a guard page? Then `pcpu` says whose. */
bool stack_is_guard(u64 address, u32 *pcpu);

/* Goes on in fn on the main stack of p, the caller's pCPU, from its beginning. */
__attribute__((noreturn)) void stack_switch(struct percpu *p, void (*fn)(void));

#endif
