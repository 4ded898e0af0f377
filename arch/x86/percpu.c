// SPDX-License-Identifier: GPL-2.0-only
/* The pCPUs' areas by id. Written by the bootstrap pCPU during start-up only. */
#include "arch/x86/percpu.h"
#include "arch/x86/cpu.h"
#include "arch/x86/regs.h"
#include "kernel/lib/assert.h"

static struct percpu *areas[PCPU_MAX];
static u32 area_count;

struct percpu *percpu_get(u32 pcpu)
{
	assert(pcpu < area_count);
	return areas[pcpu];
}

void percpu_add(struct percpu *p, u32 apic_id)
{
	assert(area_count < PCPU_MAX);
	p->self = p;
	p->id = area_count;
	p->apic_id = apic_id;
	p->timer_deadline_ns = NEVER_NS;
	gdt_init(&p->gdt);
	areas[area_count++] = p;
}

void percpu_remove_last(void)
{
	assert(area_count > 1);
	area_count--;
}

void percpu_load(struct percpu *p)
{
	gdt_load(&p->gdt);
	wrmsr(MSR_GS_BASE, (u64)(uintptr_t)p);
}

u32 arch_pcpu_count(void)
{
	return area_count;
}

u32 arch_pcpu_apic_id(u32 pcpu)
{
	return percpu_get(pcpu)->apic_id;
}

struct arch_place arch_pcpu_place(u32 pcpu)
{
	return percpu_get(pcpu)->place;
}
